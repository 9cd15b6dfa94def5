"""The sandbox GitHub as one object: start it, then do to it what people and CI systems do."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from github_app.sandbox.faults import Fault
from github_app.sandbox.journal import Exchange
from github_app.sandbox.login import login_routes
from github_app.sandbox.pages import Pages
from github_app.sandbox.server import Api, api_application
from github_app.sandbox.state import Clock, Delivery, State
from github_app.sandbox.storage import storage_application
from github_app.sandbox.verbs.ci import Ci
from github_app.sandbox.verbs.code import Code
from github_app.sandbox.verbs.people import People
from github_app.sandbox.webhooks import Hooks
from github_app.sandbox.world import World


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Sandbox(People, Code, Ci):
    """One GitHub. Every verb that Apps are told about waits until its webhooks were delivered, or failed to be.

    `clock` is GitHub's time: tokens expire and App JWTs are judged by it.
    """

    def __init__(self, clock: Clock = wall_clock) -> None:
        state = State()
        super().__init__(World(clock, Hooks(state, clock), state))
        self.api = Api(self.world)
        self.storage_requests: list[web.Request] = []
        self._runners: list[web.AppRunner] = []

    async def start(self, port: int = 0) -> str:
        """Listen on loopback, on a free port unless one is given; returns the address of API, login and pages."""
        self.world.storage = await self._listen(storage_application(self.world, self.storage_requests), 0)
        people = [*login_routes(self.world, lambda: self.browser), *Pages(self.world).routes()]
        self.world.base = await self._listen(api_application(self.api, people), port)
        self.world.hooks.start()
        return self.world.base

    async def _listen(self, app: web.Application, port: int) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self._runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening and sending."""
        await self.world.hooks.stop()
        for runner in self._runners:
            await runner.cleanup()

    @property
    def base_url(self) -> str:
        return self.world.base

    @property
    def storage_url(self) -> str:
        """The other origin, where logs and artifacts are."""
        return self.world.storage

    @property
    def requests(self) -> list[Exchange]:
        """The journal: every request to the REST API with its answer."""
        return self.api.requests

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver a webhook."""
        return self.world.state.deliveries

    def mute(self, *, muted: bool = True) -> None:
        """Lose every webhook on the way from now on, or stop losing them (F29)."""
        self.world.hooks.muted = muted

    def fault(
        self,
        kind: str,
        method: str,
        path: str,
        *,
        times: int = 1,
        skip: int = 0,
        status: int = 500,
        seconds: float | None = 60,
    ) -> None:
        """Let a route fail: see `faults.Fault`."""
        self.api.faults.add(Fault(kind, method, path, times, skip, status, seconds))
