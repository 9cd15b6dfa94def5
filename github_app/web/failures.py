"""The read-only page of one failure, `GET /failures/{id}`, for people who may read its repository.

A failure that does not exist and one that the visitor may not see look the same, so nobody learns that it exists (T24).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from aiohttp import web

from github_app.engine import Entry
from github_app.rules.around import Around
from github_app.rules.corrections import proposals_in_words
from github_app.rules.records import Failure
from github_app.web.access import Access
from github_app.web.failure_view import view, who
from github_app.web.login import NOT_SET_UP, login_path
from github_app.web.pages import Pages
from github_app.web.sessions import Sessions, Visitor

_SOURCES: Final = {
    "report": "the report of the pytest plugin",
    "file": "a file of results: a test report, a scan or a benchmark",
    "facts": "what GitHub says about the job",
    "log": "the job's log",
    "output": "the check's own output",
    "person": "what people said on the pull request",
    "none": "nothing: there was no evidence",
}
_NOT_FOUND: Final = (
    "There is no such failure, or you may not read its repository, or GitHub did not say just now whether you may.",
    "If it should be here, try again in a minute, or sign in with the account that can open the repository on GitHub.",
)


class FailureReader(Protocol):
    """Where the page gets its facts from."""

    async def failure(self, failure_id: str) -> Failure | None:
        """Return the failure under this id."""

    async def around(self, failure: Failure) -> Around:
        """Return where else the failure is and whom it holds up."""

    async def timeline(self, failure_id: str) -> Sequence[Entry]:
        """Return the journal of this failure, oldest first."""


class FailurePages:
    """The page, for whoever signed in; without `sessions` signing in is not set up, and nothing is shown."""

    def __init__(
        self,
        failures: FailureReader,
        access: Access,
        sessions: Sessions | None,
        pages: Pages,
        now: Callable[[], datetime],
    ) -> None:
        self._failures = failures
        self._access = access
        self._sessions = sessions
        self._pages = pages
        self._now = now

    async def show(self, request: web.Request) -> web.Response:
        if self._sessions is None:
            return self._pages.say("Signing in is not set up", *NOT_SET_UP, status=503)
        visitor = await self._sessions.visitor(request)
        if visitor is None:
            raise web.HTTPSeeOther(login_path(request.path))
        failure = await self._readable(request.match_info["id"], visitor)
        if failure is None:
            return self._pages.say("Not found", *_NOT_FOUND, status=404, sign_out=visitor.form_token)
        return await self._page(failure, visitor)

    async def _readable(self, failure_id: str, visitor: Visitor) -> Failure | None:
        failure = await self._failures.failure(failure_id)
        if failure is None or not await self._access.may_read(visitor.token, failure.repo):
            return None
        return failure

    async def _page(self, failure: Failure, visitor: Visitor) -> web.Response:
        timeline = await self._failures.timeline(failure.id)
        around = await self._failures.around(failure)
        seen = view(failure, self._pages.site.github_url, self._now(), around)
        return self._pages.show(
            "failure.html",
            sign_out=visitor.form_token,
            failure=failure,
            view=seen,
            shown={line.number for line in seen.log},
            timeline=[entry for entry in timeline if entry.repo_id == failure.repo.id],
            sources=_SOURCES,
            who=who,
            proposals=proposals_in_words(failure),
        )
