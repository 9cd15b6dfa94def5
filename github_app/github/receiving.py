"""`POST /webhook`: judged by its headers and signature, kept, and only then answered 202 (G1, law 3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from aiohttp import web

from github_app.github.webhook import SIGNATURE_REFUSED, refusal, verify
from github_app.inbox import Delivery
from github_app.loops import StoreUnavailable

MAX_BODY = 26 * 1024 * 1024
"""Bytes; GitHub sends up to 25 MB (G7, L12)."""

READ_SECONDS = 10
"""How long a body may take to arrive; GitHub itself hangs up after so long (G1)."""

BIG_BODY = 1024 * 1024
BIG_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Receiver:
    """Takes deliveries; `accept` keeps one and returns after the commit.

    `acknowledged` hears how many seconds that took, `refused` the status of every other answer.
    """

    secrets: Sequence[bytes]
    accept: Callable[[Delivery], Awaitable[bool]]
    acknowledged: Callable[[float], None]
    refused: Callable[[int], None]
    now: Callable[[], datetime]
    read_seconds: float = READ_SECONDS
    _big: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BIG_AT_ONCE))

    @property
    def routes(self) -> list[web.RouteDef]:
        return [web.post("/webhook", self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        """Answer 202 for what is kept, 4xx for what is no delivery of GitHub's, 503 when it cannot be kept."""
        answer = await self._answer(request)
        if answer.status != HTTPStatus.ACCEPTED:
            self.refused(answer.status)
        return answer

    async def _answer(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        refused = refusal(request.headers)
        if refused is not None:
            answer = web.Response(status=refused[0], text=refused[1] + "\n")
            if "Content-Encoding" in request.headers:
                await _hang_up(request, answer)
            return answer
        signature = request.headers.get("X-Hub-Signature-256")
        body = await self._body(request) if signature else b""
        if isinstance(body, web.Response):
            return body
        if verify(body, signature, self.secrets) is None:
            return web.Response(status=401, text=SIGNATURE_REFUSED + "\n")
        headers = request.headers
        delivery = Delivery(headers["X-GitHub-Delivery"].lower(), headers["X-GitHub-Event"], body, self.now())
        try:
            await self.accept(delivery)
        except StoreUnavailable:
            return web.Response(status=503, text="Cannot be kept just now\n", headers={"Retry-After": "60"})
        self.acknowledged(time.perf_counter() - began)
        return web.Response(status=202, text="Kept\n")

    async def _body(self, request: web.Request) -> bytes | web.Response:
        """Read the body within its limits; a few large ones at a time, so that they cannot fill the memory (T5)."""
        length = request.content_length or 0
        if length > MAX_BODY:
            return web.Response(status=413, text="The body is larger than 26 MiB\n")
        try:
            async with asyncio.timeout(self.read_seconds):
                if 0 < length <= BIG_BODY:
                    return await request.read()
                async with self._big:
                    return await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=413, text="The body is larger than 26 MiB\n")
        except (ConnectionError, web.RequestPayloadError):  # whoever sent it is gone, or sends no chunks of a body
            return web.Response(status=400, text="The body broke off\n")
        except TimeoutError:
            return web.Response(status=408, text="The body did not arrive in time\n")


async def _hang_up(request: web.Request, answer: web.Response) -> None:
    """Answer without reading on: aiohttp would unpack what a stranger packed, and log what is wrong in it (T5)."""
    await answer.prepare(request)
    await answer.write_eof()
    request.protocol.force_close()
