"""One request to GitHub's API and its answer, read within bounds of bytes and time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from gidgethub import RedirectionException
from gidgethub.abc import GitHubAPI
from yarl import URL

from github_app.github.addresses import redirected
from github_app.github.answers import MOVED, Answer, Question, judge, lost, unreadable
from github_app.github.auth import Scope
from github_app.github.cache import Shelf
from github_app.github.limits import Lane
from github_app.outcomes import GiveUp

USER_AGENT = "failure-review"
API_VERSION = "2026-03-10"
ACCEPT = "application/vnd.github+json"
LARGEST_ANSWER = 10 * 2**20
TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5, sock_read=10)
"""Seconds; aiohttp's own defaults let a silent peer hold a request for five minutes (L16)."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where GitHub is and how it is reached."""

    session: aiohttp.ClientSession
    api: URL
    log_hosts: tuple[str, ...]
    proxy: str | None = None
    timeout: aiohttp.ClientTimeout = TIMEOUT

    def proxy_for(self, url: URL) -> str | None:
        return self.proxy if url.scheme == "https" else None


class Wire(GitHubAPI):
    """gidgethub for a single call, over our own transport.

    It writes the headers and reads JSON and Link. What it would get wrong is decided before it sees the answer: limits,
    refusals, redirects and sizes (L7 to L11, L14, L15). `budgeted` is False only for minting tokens, which creates
    nothing that GitHub counts as content.
    """

    def __init__(self, site: Site, lane: Lane, *, budgeted: bool = True) -> None:
        super().__init__(USER_AGENT, base_url=f"{site.api}")
        self._site = site
        self._lane = lane
        self._budgeted = budgeted
        self._kept: Answer | None = None
        self._last: Answer | None = None

    async def call(self, method: str, url: str, body: Any, credential: Mapping[str, str]) -> tuple[Any, str | None]:
        """What GitHub answers, and the address of the next page if there is one.

        Raises Wait, Retry, GiveUp, and Unauthorized on 401.
        """
        question = _question(method, url)
        try:
            return await self._ask(question, url, body, credential)
        except RedirectionException as error:
            raise GiveUp(f"GitHub sends us elsewhere to {question.deed} ({error.status_code})") from error

    async def call_cached(
        self, url: str, credential: Mapping[str, str], shelf: Shelf, scope: Scope
    ) -> tuple[Any, str | None]:
        """A GET that sends the ETag of the answer kept for this scope, if there is one."""
        self._kept = shelf.take(scope, url)
        found = await self.call("GET", url, None, credential)
        if self._last is not None:
            shelf.keep(scope, url, self._last)
        return found

    async def location(self, url: str, credential: Mapping[str, str]) -> str:
        """Where GitHub says that a download is, for one minute (G24)."""
        try:
            await self._ask(_question("GET", url), url, None, credential)
        except RedirectionException as found:
            return found.headers.get("location", "")
        raise GiveUp("GitHub did not say where the download is")

    async def _ask(
        self, question: Question, url: str, body: Any, credential: Mapping[str, str]
    ) -> tuple[Any, str | None]:
        data = b"" if body is None else body
        extra = {"x-github-api-version": API_VERSION}
        try:
            found, more, _ = await self._make_request(
                question.method, url, None, data, ACCEPT, extra_headers=extra, **credential
            )
        except (ValueError, LookupError, RecursionError) as error:  # what broken JSON or text raises
            raise unreadable(question) from error
        return found, more

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        sent = dict(headers)
        if self._kept is not None:
            sent["if-none-match"] = self._kept.headers["etag"]
        answer = await self._exchange(method, url, sent, body)
        if answer.status in MOVED:
            answer = await self._exchange(method, redirected(self._site.api, _location(answer)), sent, body)
        if answer.status in MOVED:
            raise GiveUp("GitHub moves us from address to address", answer.status)
        if answer.status == 304 and self._kept is not None:  # noqa: PLR2004
            answer = self._kept
        self._last = answer
        return answer.status, _for_gidgethub(answer), answer.body

    async def _exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        question = _question(method, url)
        creates = self._budgeted and method in {"POST", "PUT", "PATCH"}
        async with self._lane.turn(creates=creates):
            answer = await self._fetch(question, URL(url, encoded=True), headers, body)
            self._lane.learn(answer)
        return judge(question, answer)

    async def _fetch(self, question: Question, url: URL, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            async with self._site.session.request(
                question.method,
                url,
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=self._site.timeout,
                proxy=self._site.proxy_for(url),
            ) as response:
                read = await _read(response, question)
                return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, read)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise lost(question, error) from error

    async def sleep(self, seconds: float) -> None:
        """Demanded by gidgethub and never called: a wait is an outcome here, not a pause."""
        await asyncio.sleep(seconds)


async def _read(response: aiohttp.ClientResponse, question: Question) -> bytes:
    """The body after decompression, which is what a bomb is measured by (L15)."""
    read = bytearray()
    async for chunk in response.content.iter_any():
        read += chunk
        if len(read) > LARGEST_ANSWER:
            raise GiveUp(f"GitHub's answer is larger than 10 MB when we tried to {question.deed}", response.status)
    return bytes(read)


def _question(method: str, url: str) -> Question:
    return Question(method, URL(url, encoded=True).path)


def _location(answer: Answer) -> str:
    return answer.headers.get("location", "")


def _for_gidgethub(answer: Answer) -> Mapping[str, str]:
    """Only headers that cannot make gidgethub stumble: it trips over odd rate limit numbers and charsets (L9)."""
    passed = {name: answer.headers[name] for name in ("link", "location") if name in answer.headers}
    return passed | {"content-type": "application/json; charset=utf-8"}
