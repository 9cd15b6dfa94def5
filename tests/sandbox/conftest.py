"""A shop on the sandbox GitHub, and an App that listens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from sandbox.shops import GENEROUS, Ear, Shop

from github_app.sandbox.scenario import Sandbox


@pytest.fixture
async def shop(sandbox: Sandbox) -> AsyncIterator[Shop]:
    app = sandbox.register_app(None, permissions=GENEROUS)
    repo = sandbox.create_repo("octo", "shop", org=True, private=True)
    sandbox.team("octo", "backend", ["ada", "grace"], shop="write")
    sandbox.set_role(repo, "mona", "maintain")
    installation = await sandbox.install(app.app_id, repo)
    await sandbox.put_file(repo, ".github/CODEOWNERS", "* @octo/backend\n")
    pull = await sandbox.open_pull(repo, "feature/basket", "mona", "Add a basket")
    run = await sandbox.start_run(repo, pull.head_sha, jobs=["test", "lint"])
    await sandbox.finish_job(sandbox.job(run, "test"), "failure", log="it broke\n")
    await sandbox.finish_job(sandbox.job(run, "lint"), "success", log="fine\n")
    await sandbox.finish_run(run)
    async with aiohttp.ClientSession(headers={"User-Agent": "tests"}) as session:
        yield Shop(sandbox, session, app, installation, repo, pull, run)


@pytest.fixture
async def ear() -> AsyncIterator[Ear]:
    made = Ear("", [])

    async def hear(request: web.Request) -> web.Response:
        made.heard.append((dict(request.headers), await request.read()))
        return web.Response(status=made.status)

    app = web.Application()
    app.add_routes([web.post("/webhook", hear)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
    yield made
    await runner.cleanup()
