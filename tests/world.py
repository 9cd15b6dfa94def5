"""The App on a sandbox GitHub, as flow tests and failpoint tests start it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from github_app.app import Parts, opened, web_app, working
from github_app.sandbox.scenario import Sandbox
from github_app.settings import Settings, read_settings

WEBHOOK_SECRET = "a-webhook-secret-of-some-length"
PATIENCE = 60


@dataclass(slots=True)
class AppWorld:
    """A running App and the GitHub that it is installed on."""

    sandbox: Sandbox
    parts: Parts
    repo: Any
    installation_id: int
    app_id: int
    address: str
    ahead: timedelta = timedelta()

    async def until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait until something is seen on GitHub; fails with `what` was waited for."""
        return await until(condition, what)

    async def quiet(self) -> None:
        """Wait until every delivery is handled and every due wish performed."""

        async def idle() -> bool:
            told = await self.parts.store.stats(self.parts.now())
            waiting = [told.deliveries.get(state, 0) for state in ("new", "ready", "running")]
            return sum(waiting) == 0 and sum(told.outbox.get(state, 0) for state in ("pending", "running")) == 0

        await self.sandbox.settled()
        await until(idle, "the App to come to rest")

    def gate(self, sha: str) -> Any:
        """The newest gate check run of a commit, None when there is none."""
        runs = self.sandbox.check_runs(self.repo, sha, name="failure-review/gate")
        return max(runs, key=lambda run: run.id, default=None)


async def until(condition: Callable[[], Any], what: str) -> Any:
    for _ in range(PATIENCE * 20):
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


def settings_for(sandbox: Sandbox, credentials: Any, database_url: str, **more: Any) -> Settings:
    more.setdefault("port", 0)
    return read_settings(
        github_app_id=credentials.app_id,
        github_private_key=credentials.private_key_pem,
        github_webhook_secret=WEBHOOK_SECRET,
        github_api_url=sandbox.base_url,
        github_client_id=credentials.client_id,
        github_client_secret=credentials.client_secret,
        session_secret="s" * 40,
        database_url=database_url,
        app_env="test",
        **more,
    )


@asynccontextmanager
async def running_app(sandbox: Sandbox, database_url: str, *, private: bool = True) -> AsyncIterator[AppWorld]:
    """The App, started on a database and installed on one repository of the sandbox."""
    credentials = sandbox.register_app(None, WEBHOOK_SECRET)
    place = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{place.getsockname()[1]}"
    settings = settings_for(sandbox, credentials, database_url, port=place.getsockname()[1])
    world: AppWorld | None = None

    def now() -> datetime:
        return datetime.now(UTC) + (world.ahead if world else timedelta())

    async with opened(settings, now) as parts:
        runner = web.AppRunner(web_app(parts), access_log=None)
        await runner.setup()
        try:
            await web.SockSite(runner, place).start()
            sandbox.point_webhook(credentials.app_id, f"{address}/webhook")
            repo = sandbox.create_repo("octo", "shop", private=private)
            async with working(parts):
                installation_id = await sandbox.install(credentials.app_id, repo)
                world = AppWorld(sandbox, parts, repo, installation_id, credentials.app_id, address)
                yield world
        finally:
            await runner.cleanup()
