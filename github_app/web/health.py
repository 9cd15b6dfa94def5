"""Whether the process lives (`/healthz`) and whether it can do its work (`/readyz`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from aiohttp import web

Check = Callable[[], Awaitable[str | None]]
"""Answers why a part cannot work just now, in a sentence without secrets, or None when it can."""

PATIENCE_S: Final = 2.0

_log = structlog.get_logger()


class Health:
    """The two answers; `checks` are asked side by side, each for at most two seconds."""

    def __init__(self, checks: Mapping[str, Check], patience_s: float = PATIENCE_S) -> None:
        self._checks = checks
        self._patience_s = patience_s

    @property
    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self.alive), web.get("/readyz", self.ready)]

    async def alive(self, request: web.Request) -> web.Response:  # noqa: ARG002  (a handler)
        """Answer that the event loop turns; nothing else is asked, so that a database outage restarts nobody."""
        return web.Response(text="alive\n")

    async def ready(self, request: web.Request) -> web.Response:  # noqa: ARG002  (a handler)
        asked = (asyncio.wait_for(check(), self._patience_s) for check in self._checks.values())
        answers = await asyncio.gather(*asked, return_exceptions=True)
        reasons = {
            name: self._reason(name, answer)
            for name, answer in zip(self._checks, answers, strict=True)
            if answer is not None
        }
        body = {"ready": not reasons, "reasons": reasons}
        return web.json_response(body, status=503 if reasons else 200)

    def _reason(self, name: str, answer: str | BaseException) -> str:
        if isinstance(answer, str):
            return answer
        if isinstance(answer, TimeoutError):
            return f"no answer within {self._patience_s:g} s"
        # Its message may hold an address with a password; the log is for people who may see that.
        _log.error("a readiness check broke", check=name, exc_info=answer)
        return "the check itself broke; the log says how"
