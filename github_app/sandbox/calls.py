"""A call to the REST API, what may answer it, and the table that routes are entered in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from github_app.sandbox.state import Account, App, Pull, Repository, Token
from github_app.sandbox.world import World

DOCS = "https://docs.github.com/rest"
_MOST_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: `body` as JSON, None for an empty one."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818  (an answer, not an accident)
    """GitHub says no, in its error shape."""

    def __init__(self, status: int, message: str, errors: Sequence[object] = (), **headers: str) -> None:
        super().__init__(message)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        body: dict[str, Any] = {"message": message, "documentation_url": DOCS, "status": str(status)}
        if errors:
            body["errors"] = list(errors)
        self.answer = Answer(body, status, self.headers)


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def invalid(resource: str, name: str, message: str) -> Refusal:
    """422 about one field."""
    error = {"resource": resource, "field": name, "code": "custom", "message": message}
    return Refusal(422, "Validation Failed", [error])


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: an App by its JWT, an installation by its token, a user by theirs; nobody has none of the three."""

    app: App | None = None
    token: Token | None = None
    user: Account | None = None

    @property
    def account(self) -> Account:
        """The account that an effect is attributed to: an installation acts as its App's bot."""
        if self.token is not None:
            return self.token.installation.app.bot
        assert self.user is not None
        return self.user


@dataclass(slots=True)
class Call:
    """One request, authenticated, with its repository found."""

    world: World
    method: str
    path: str
    vars: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    actor: Actor
    spent: int = 0
    found: Repository | None = None

    @property
    def repo(self) -> Repository:
        assert self.found is not None
        return self.found

    @property
    def base(self) -> str:
        return self.world.base

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object of the body; 400 when it is something else."""
        if not isinstance(self.body, dict):
            raise Refusal(400, "Problems parsing JSON")
        return self.body

    def number(self, name: str) -> int:
        """A numeric path segment; 404 when it is none."""
        text = self.vars[name]
        if not (text.isascii() and text.isdigit()):
            raise not_found()
        return int(text)

    def pull(self, name: str) -> Pull:
        pull = self.repo.pulls.get(self.number(name))
        if pull is None:
            raise not_found()
        return pull

    def page(self, items: Sequence[Any], key: str | None = None) -> Answer:
        """One page of these items with a Link header; under `key` beside `total_count` where GitHub wraps lists."""
        size = min(max(self.query_number("per_page", 30), 1), _MOST_PER_PAGE)
        number = max(self.query_number("page", 1), 1)
        part = list(items[(number - 1) * size : number * size])
        last = max((len(items) + size - 1) // size, 1)
        body = part if key is None else {"total_count": len(items), key: part}
        return Answer(body, headers=self._links(number, last))

    def _links(self, number: int, last: int) -> dict[str, str]:
        pages: dict[str, int] = {}
        if number > 1:
            pages |= {"prev": number - 1, "first": 1}
        if number < last:
            pages |= {"next": number + 1, "last": last}
        links = [
            f'<{self.base}{self.path}?{urlencode({**self.query, "page": page})}>; rel="{rel}"'
            for rel, page in pages.items()
        ]
        return {"Link": ", ".join(links)} if links else {}

    def query_number(self, name: str, default: int) -> int:
        """A number of the query; the default for what is none, as GitHub does."""
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() else default


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """A line of the table.

    `needs` says who may: `app`, `installation`, `user`, `anyone`, or a permission such as `checks:write`, or
    alternatives separated by `|`.
    """

    method: str
    path: str
    needs: str
    handler: Handler


class Routes(list[Route]):
    """The routes of one subject, entered by decorators."""

    def on(self, method: str, path: str, needs: str) -> Callable[[Handler], Handler]:
        def enter(handler: Handler) -> Handler:
            self.append(Route(method, path, needs, handler))
            return handler

        return enter

    def get(self, path: str, needs: str) -> Callable[[Handler], Handler]:
        return self.on("GET", path, needs)

    def post(self, path: str, needs: str) -> Callable[[Handler], Handler]:
        return self.on("POST", path, needs)
