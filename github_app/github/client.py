"""GitHub's REST API as the App sees it: templates in, JSON out, and `Wait`, `Retry` or `GiveUp` for all else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import aiohttp

from github_app.github.addresses import LOG_HOSTS, api_address, expand, on_api
from github_app.github.answers import Unauthorized
from github_app.github.auth import AppKey, Credential, InstallationToken, PersonToken, Scope, Token, Tokens
from github_app.github.cache import Shelf
from github_app.github.download import Expired, chunks_of, open_place
from github_app.github.limits import Lane
from github_app.github.wire import TIMEOUT, Site, Wire
from github_app.outcomes import GiveUp, Retry

MOST_PAGES = 100
PER_PAGE = 100
T = TypeVar("T")
Query = Mapping[str, str | int]


def open_session() -> aiohttp.ClientSession:
    """The session that `GitHub` needs: it keeps no cookies and reads nothing from the environment.

    aiohttp's `trust_env` would honour a proxy, but also put a password of ~/.netrc in the place of our token; so the
    proxy is an argument of `GitHub` instead.
    """
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


class GitHub:
    """GitHub for one App; one per process, since it holds the tokens, the lanes and the cache.

    `proxy` is used for https only. Raises ValueError for an address or a key that makes no sense.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        api_url: str,
        app_id: int,
        private_key: str,
        now: Callable[[], datetime],
        log_hosts: tuple[str, ...] = LOG_HOSTS,
        proxy: str | None = None,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        if session.trust_env:
            raise ValueError("The session must not trust the environment: a ~/.netrc would replace our token")
        self._site = Site(session, api_address(api_url), log_hosts, proxy, timeout)
        self._now = now
        self._key = AppKey(app_id, private_key, now)
        self._tokens = Tokens(self._mint, now)
        self._shelf = Shelf()
        self._app_lane = Lane(now)
        self._lanes: dict[int, Lane] = {}

    def app(self) -> Api:
        """The App itself, for `/app...` only."""
        return Api(self._site, self._key, self._app_lane)

    def installation(
        self, installation_id: int, repo_id: int | None = None, permissions: Mapping[str, str] | None = None
    ) -> Api:
        """The App in one installation, its token narrowed to that repository and those permissions (G16)."""
        scope = Scope(installation_id, repo_id, tuple(sorted((permissions or {}).items())))
        return Api(
            self._site, InstallationToken(self._tokens, scope), self._lane(installation_id), (self._shelf, scope)
        )

    def user(self, token: str) -> Api:
        """A person, by that person's own token: sees what the person may see (G17)."""
        return Api(self._site, PersonToken(token), Lane(self._now))

    def _lane(self, installation_id: int) -> Lane:
        # Never dropped: a lane that forgets its pause would send into GitHub's limit.
        return self._lanes.setdefault(installation_id, Lane(self._now))

    async def _mint(self, scope: Scope) -> Token:
        narrowed: dict[str, Any] = {"permissions": dict(scope.permissions)} if scope.permissions else {}
        if scope.repo_id is not None:
            narrowed["repository_ids"] = [scope.repo_id]
        lane = self._lane(scope.installation_id)
        api = Api(self._site, self._key, lane, budgeted=False)
        try:
            made = await api.post(
                "/app/installations/{id}/access_tokens", body=narrowed or None, id=scope.installation_id
            )
            return Token(made["token"], datetime.fromisoformat(made["expires_at"]))
        except Retry as error:
            # The write that wanted the token was not sent, so its own effect is known: none.
            raise Retry(error.reason) from error
        except (KeyError, TypeError, ValueError) as error:
            raise Retry("GitHub's answer held no token") from error
        except GiveUp as error:
            raise GiveUp(_no_token(scope, error), error.status) from error


class Api:
    """GitHub as one of its users may use it.

    Every method raises `Wait` (a limit: nothing was sent, or it had no effect), `Retry` or `GiveUp`, nothing else.
    Paths are templates with `{name}`; names that a call leaves out or empty are refused.
    """

    def __init__(
        self,
        site: Site,
        credential: Credential,
        lane: Lane,
        shelf: tuple[Shelf, Scope] | None = None,
        *,
        budgeted: bool = True,
    ) -> None:
        self._site = site
        self._credential = credential
        self._lane = lane
        self._shelf = shelf
        self._budgeted = budgeted

    async def get(self, template: str, *, cached: bool = False, query: Query | None = None, **names: str | int) -> Any:
        """The JSON at an address.

        `cached=True` asks "has it changed?" with the ETag of the last answer in the same scope, which costs nothing of
        the limit. Never for a permission, a head or a pull request: those must be read anew (L8).
        """
        url = expand(self._site.api, template, names, query)
        if cached and self._shelf is not None:
            shelf, scope = self._shelf
            data, _ = await self._shown(lambda wire, shown: wire.call_cached(url, shown, shelf, scope))
            return data
        return (await self._call("GET", url))[0]

    async def pages(
        self,
        template: str,
        *,
        query: Query | None = None,
        items: str | None = None,
        limit: int = 1000,
        **names: str | int,
    ) -> AsyncIterator[dict[str, Any]]:
        """The entries of a list, page after page; `items` is the key of the list when an object wraps it.

        After `limit` entries a longer list is a GiveUp, because a list cut in silence would be taken for the whole.
        """
        url: str | None = expand(self._site.api, template, names, {"per_page": PER_PAGE, **(query or {})})
        left = limit
        for _ in range(MOST_PAGES):
            data, more = await self._call("GET", url or "")
            for entry in _entries(data, items):
                if left == 0:
                    raise GiveUp(f"GitHub lists more than {limit} entries at {template}")
                left -= 1
                yield entry
            if more is None:
                return
            url = on_api(self._site.api, more)
        raise GiveUp(f"GitHub lists more than {MOST_PAGES} pages at {template}")

    async def post(self, template: str, *, body: Any = None, query: Query | None = None, **names: str | int) -> Any:
        return await self._write("POST", template, body, query, names)

    async def patch(self, template: str, *, body: Any = None, query: Query | None = None, **names: str | int) -> Any:
        return await self._write("PATCH", template, body, query, names)

    async def put(self, template: str, *, body: Any = None, query: Query | None = None, **names: str | int) -> Any:
        return await self._write("PUT", template, body, query, names)

    async def delete(self, template: str, *, body: Any = None, query: Query | None = None, **names: str | int) -> Any:
        return await self._write("DELETE", template, body, query, names)

    @asynccontextmanager
    async def download(
        self, template: str, *, limit: int, **names: str | int
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """The bytes of a log or an artifact in chunks, from the place that GitHub redirects to.

        Raises TooLarge (a GiveUp) after `limit` bytes of decompressed content. An expired place is asked for once more.
        """
        url = expand(self._site.api, template, names)
        async with AsyncExitStack() as stack:
            try:
                response = await self._open(stack, url)
            except Expired:
                response = await self._open_again(stack, url)
            async with aclosing(chunks_of(response, limit)) as chunks:
                yield chunks

    async def _open(self, stack: AsyncExitStack, url: str) -> aiohttp.ClientResponse:
        place = await self._shown(lambda wire, shown: wire.location(url, shown))
        return await open_place(stack, self._site, place)

    async def _open_again(self, stack: AsyncExitStack, url: str) -> aiohttp.ClientResponse:
        try:
            return await self._open(stack, url)
        except Expired as error:
            raise GiveUp("GitHub names a download address, but it does not work") from error

    async def _write(
        self, method: str, template: str, body: Any, query: Query | None, names: Mapping[str, str | int]
    ) -> Any:
        return (await self._call(method, expand(self._site.api, template, names, query), body))[0]

    async def _call(self, method: str, url: str, body: Any = None) -> tuple[Any, str | None]:
        return await self._shown(lambda wire, shown: wire.call(method, url, body, shown))

    async def _shown(self, ask: Callable[[Wire, Mapping[str, str]], Awaitable[T]]) -> T:
        """Asks with our credential shown; one that is refused is renewed once (F18)."""
        shown = await self._credential.show()
        try:
            return await ask(self._wire(), shown)
        except Unauthorized as error:
            if not self._credential.renew(shown):
                raise GiveUp(self._credential.refusal, 401) from error
        try:
            return await ask(self._wire(), await self._credential.show())
        except Unauthorized as error:
            raise GiveUp(self._credential.refusal, 401) from error

    def _wire(self) -> Wire:
        return Wire(self._site, self._lane, budgeted=self._budgeted)


def _entries(data: Any, items: str | None) -> list[dict[str, Any]]:
    found = data.get(items) if items is not None and isinstance(data, dict) else data
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise Retry("GitHub's answer is not the list that was asked for")
    return found


def _no_token(scope: Scope, error: GiveUp) -> str:
    if error.status in {403, 404}:
        return f"The App is suspended or no longer installed (installation {scope.installation_id}, {error.status})"
    return error.reason
