"""A GitHub that knows what some payloads told of, and answers 404 for everything else; it takes no writes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

Payload = Mapping[str, Any]
NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


class StandIn:
    """Objects of GitHub by kind and id, read off payloads."""

    def __init__(self, payloads: Iterable[Payload]) -> None:
        self._known: dict[tuple[str, int], dict[str, Any]] = {}
        for payload in payloads:
            for kind in ("workflow_run", "workflow_job", "check_run", "pull_request"):
                told = payload.get(kind)
                if isinstance(told, dict):
                    self._known[kind, told["number" if kind == "pull_request" else "id"]] = told
        self.asked: list[str] = []

    def answer(self, path: str) -> Any:
        """What GitHub says at an address; None for 404."""
        for pattern, say in self._answers.items():
            found = re.search(pattern, path)
            if found:
                return say(self, int(found[1] or 0))
        return None

    def _run(self, number: int) -> Any:
        """Give a run; one that is known by its jobs alone is made up around them."""
        jobs = self._jobs(number)
        told = self._known.get(("workflow_run", number))
        if told is not None or not jobs:
            return told
        return {"id": number, "workflow_id": 1, "name": "CI", "event": "push", "head_sha": jobs[0]["head_sha"]}

    def _jobs(self, run: int) -> list[dict[str, Any]]:
        return [told for (kind, _), told in self._known.items() if kind == "workflow_job" and told["run_id"] == run]

    def _runs(self) -> list[dict[str, Any]]:
        return [told for (kind, _), told in self._known.items() if kind == "workflow_run"]

    def _checks(self, suite: int) -> list[dict[str, Any]]:
        checks = [told for (kind, _), told in self._known.items() if kind == "check_run"]
        return [told for told in checks if (told.get("check_suite") or {}).get("id") == suite]

    _answers: Mapping[str, Callable[[StandIn, int], Any]] = {
        r"/actions/runs()$": lambda self, _: {"workflow_runs": self._runs()},
        r"/actions/runs/(\d+)$": _run,
        r"/actions/runs/(\d+)/attempts/\d+/jobs$": lambda self, number: {"jobs": self._jobs(number)},
        r"/actions/jobs/(\d+)$": lambda self, number: self._known.get(("workflow_job", number)),
        r"/check-suites/(\d+)/check-runs$": lambda self, number: {"check_runs": self._checks(number)},
        r"/pulls()$": lambda _, __: [],
        r"/pulls/(\d+)$": lambda self, number: self._known.get(("pull_request", number)),
    }

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if request.path.endswith("/access_tokens"):
            expires = datetime.now(UTC) + timedelta(hours=1)
            return web.json_response({"token": "ghs_standin", "expires_at": expires.isoformat()}, status=201)
        found = self.answer(request.path) if request.method == "GET" else None
        return web.json_response(NOT_FOUND if found is None else found, status=404 if found is None else 200)


@asynccontextmanager
async def standing_in(payloads: Iterable[Payload]) -> AsyncIterator[tuple[StandIn, str]]:
    """Start one; gives it and its address."""
    github = StandIn(payloads)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", github.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield github, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
