"""The App is removed, or a repository moves away from it: what goes, and what must stay."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from deliveries import headers_for, receiving_app
from world import AppWorld, running_app, until

from github_app.app import working
from github_app.documents import Document, to_document
from github_app.engine import Change
from github_app.rules.records import Installation
from github_app.sandbox.scenario import Sandbox
from github_app.store.schema import deliveries, records

ENFORCE = "schema: 1\nmode: enforce\n"
RED_LOG = "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4\n##[error]Process completed with exit code 1.\n"
RED = ("failure", "test.unit (ada, 4 h to fix)")


@pytest.fixture
async def app(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as world:
        sandbox.world.clock = world.parts.now
        await sandbox.put_file(world.repo, ".github/failure-review.yml", ENFORCE)
        yield world


async def red_pull(app: AppWorld) -> Any:
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    run = await app.sandbox.start_run(app.repo, pull.head_sha, jobs=["unit"])
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), "failure", log=RED_LOG)
    await app.sandbox.finish_run(run)
    await until(lambda: (gate := app.gate(pull.head_sha)) and gate.conclusion, "a verdict")
    await app.quiet()
    return pull


async def rows(app: AppWorld, *columns: sa.Column[Any]) -> list[tuple[Any, ...]]:
    query = sa.select(*columns)
    return await app.parts.store._db.read(lambda conn: [tuple(row) for row in conn.execute(query)])


async def post(app: AppWorld, payload: dict[str, Any], event: str) -> None:
    body = json.dumps(payload).encode()
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{app.address}/webhook", data=body, headers=headers_for(body, event)) as answer,
    ):
        assert answer.status == 202


async def uninstalled(app: AppWorld, installation_id: int) -> None:
    """Remove the installation, and wait until the App has forgotten it."""
    await app.sandbox.uninstall(installation_id)

    async def forgotten() -> bool:
        app.ahead += timedelta(seconds=1)
        told = await rows(app, records.c.installation_id, records.c.kind)
        return {kind for owner, kind in told if owner == installation_id} == {"installation"}

    await until(forgotten, "the installation to be forgotten")
    await app.quiet()


async def test_a_delivery_that_comes_after_the_removal_leaves_nothing_behind(app: AppWorld) -> None:
    """T32: no record begins anew, and the body is not kept."""
    pull = await red_pull(app)
    late = [each for each in app.sandbox.deliveries if each.event in {"pull_request", "workflow_run"}]
    await uninstalled(app, app.installation_id)
    for each in late:
        await post(app, each.payload, each.event)
    await app.quiet()
    kept = await rows(app, deliveries.c.state, deliveries.c.reason, deliveries.c.body)
    assert set(kept) == {("ignored", "The App is no longer installed there", b"")}
    assert await rows(app, records.c.kind) == [("installation",)]
    assert await app.parts.engine.commit(app.repo.id, pull.head_sha) is None


async def test_the_record_of_a_removal_does_not_name_the_account(app: AppWorld) -> None:
    """T32."""
    await red_pull(app)
    await uninstalled(app, app.installation_id)
    [(body,)] = await rows(app, records.c.body)
    assert "octo" not in body


async def test_a_red_job_stays_red_when_its_repository_moved_and_the_old_home_is_removed(app: AppWorld) -> None:
    """T32, F20: a transfer, the App on the new owner's account, and then its removal from the old one's."""
    pull = await red_pull(app)
    await app.sandbox.remove_repository(app.installation_id, app.repo)
    app.sandbox.world.state.repositories[app.repo.id].owner = app.sandbox.world.account("nova")
    new_home = await app.sandbox.install(app.app_id, app.repo)
    await app.sandbox.transfer_repo(app.repo, "nova")
    await app.quiet()
    await uninstalled(app, app.installation_id)
    source = await app.parts.engine.policy_source(app.repo.id)
    assert source is not None
    assert source.repo.installation_id == new_home
    failures = (await app.parts.engine.case_of(app.repo.id, pull.head_sha)).failures
    assert [failure.open for failure in failures] == [True]
    app.ahead += timedelta(minutes=6)
    run = await app.sandbox.start_run(app.repo, pull.head_sha, "Lint", ".github/workflows/lint.yml", jobs=["lint"])
    await app.sandbox.finish_job(app.sandbox.job(run, "lint"), "success")
    await app.sandbox.finish_run(run)
    await app.quiet()
    gate = app.gate(pull.head_sha)
    assert (gate.conclusion, gate.title) == RED


async def test_what_is_written_during_the_removal_goes_with_the_next_sweep(tmp_path: Path) -> None:
    """T32: a job that was being handled when the records were deleted."""
    async with receiving_app(tmp_path) as stopped:
        store, now = stopped.parts.store, stopped.parts.now()
        removed = to_document(Installation(7, "", "deleted", now), 0)
        stragglers = [Document(f"commit/70/{n}", "commit", n, 70, "{}") for n in (7, 8)]
        await store.commit(Change(documents=[removed, *stragglers]), now)

        async def left() -> bool:
            ids = ["installation/7", "commit/70/7", "commit/70/8"]
            return [each.id for each in await store.get(ids)] == ["commit/70/8", "installation/7"]

        async with working(stopped.parts):
            await until(left, "the sweep")
