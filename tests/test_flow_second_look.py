"""The gate never opens on ignorance: what could not be read or was never told is looked for before it settles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from world import AppWorld, running_app, until

from github_app.sandbox.scenario import Sandbox

ENFORCE = "schema: 1\nmode: enforce\n"
RED_LOG = "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4\n##[error]Process completed with exit code 1.\n"
SETTLED = timedelta(minutes=6)
POLICY_IS_OLD = timedelta(minutes=11)


@pytest.fixture
async def app(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as world:
        sandbox.world.clock = world.parts.now
        await sandbox.put_file(world.repo, ".github/failure-review.yml", ENFORCE)
        yield world


async def opened_pull(app: AppWorld) -> Any:
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await until(lambda: app.gate(pull.head_sha), "a gate")
    return pull


async def red_run(app: AppWorld, sha: str) -> None:
    run = await app.sandbox.start_run(app.repo, sha, jobs=["unit"])
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), "failure", log=RED_LOG)
    await app.sandbox.finish_run(run)


async def looked_again(app: AppWorld, sha: str) -> None:
    """Wait until the App has asked for the commit's runs since now."""
    asked = len(app.sandbox.requests)
    await until(lambda: any(_asks_runs(each) for each in app.sandbox.requests[asked:]), f"a second look at {sha}")


def _asks_runs(exchange: Any) -> bool:
    return bool(exchange.method == "GET" and exchange.path.endswith("/actions/runs"))


@pytest.mark.parametrize("status", [403, 422])
@pytest.mark.parametrize(
    "path", [r".*/branches/main", r".*/contents/.*", r".*/attempts/.*/jobs", r".*/actions/runs/\d+"]
)
async def test_a_refusal_while_a_job_is_read_never_opens_the_gate(app: AppWorld, path: str, status: int) -> None:
    """T33: neither the policy nor the job could be read; that is no reason to pass."""
    pull = await opened_pull(app)
    app.ahead += POLICY_IS_OLD
    app.sandbox.fault("status", "GET", path, status=status, times=99)
    await red_run(app, pull.head_sha)
    app.ahead += SETTLED
    await asyncio.sleep(1.5)
    assert app.gate(pull.head_sha).conclusion in {None, "failure"}


async def test_a_policy_that_cannot_be_read_keeps_the_last_good_one_and_the_job_is_judged(app: AppWorld) -> None:
    """T33, X76."""
    pull = await opened_pull(app)
    app.ahead += POLICY_IS_OLD
    app.sandbox.fault("status", "GET", r".*/contents/.*", status=403, times=99)
    await red_run(app, pull.head_sha)
    gate = await until(lambda: (gate := app.gate(pull.head_sha)).conclusion and gate, "a verdict")
    assert (gate.conclusion, gate.title) == ("failure", "test.unit (ada, 4 h to fix)")


async def test_red_jobs_that_nobody_told_of_are_found_before_the_gate_settles(app: AppWorld) -> None:
    """F29, X66: every webhook of the run was lost."""
    pull = await opened_pull(app)
    app.sandbox.mute()
    await red_run(app, pull.head_sha)
    app.ahead += SETTLED
    gate = await until(lambda: (gate := app.gate(pull.head_sha)).conclusion and gate, "a verdict")
    assert (gate.conclusion, gate.title) == ("failure", "test.unit (ada, 4 h to fix)")


async def test_a_run_under_way_that_nobody_told_of_is_awaited(app: AppWorld) -> None:
    """F29."""
    pull = await opened_pull(app)
    app.sandbox.mute()
    await app.sandbox.start_run(app.repo, pull.head_sha, jobs=["unit"])
    app.ahead += SETTLED
    await until(lambda: "CI" in (app.gate(pull.head_sha).title or ""), "the run to be awaited")
    assert app.gate(pull.head_sha).conclusion is None


async def test_the_gate_does_not_settle_while_github_does_not_show_the_runs(app: AppWorld) -> None:
    """T33: as soon as it does, the gate settles."""
    pull = await opened_pull(app)
    app.sandbox.fault("status", "GET", r".*/actions/runs", status=403, times=1)
    app.ahead += SETTLED
    await looked_again(app, pull.head_sha)
    await asyncio.sleep(0.5)
    assert app.gate(pull.head_sha).conclusion is None
    app.ahead += SETTLED
    gate = await until(lambda: (gate := app.gate(pull.head_sha)).conclusion and gate, "the gate to settle")
    assert gate.title == "Nothing to judge: no job was expected"


async def test_a_quick_workflow_does_not_open_the_gate_before_a_slower_one(app: AppWorld) -> None:
    """X46: the slower one's webhooks are late; GitHub lists it already."""
    pull = await opened_pull(app)
    app.sandbox.mute()
    slow = await app.sandbox.start_run(app.repo, pull.head_sha, "Slow", ".github/workflows/slow.yml", jobs=["e2e"])
    app.sandbox.mute(muted=False)
    quick = await app.sandbox.start_run(app.repo, pull.head_sha, "Quick", ".github/workflows/quick.yml", jobs=["lint"])
    await app.sandbox.finish_job(app.sandbox.job(quick, "lint"), "success")
    await app.sandbox.finish_run(quick)
    await until(lambda: "Slow" in (app.gate(pull.head_sha).title or ""), "the slow workflow to be awaited")
    assert all(run.conclusion is None for run in app.sandbox.check_runs(app.repo, pull.head_sha, "failure-review/gate"))
    await app.sandbox.finish_job(app.sandbox.job(slow, "e2e"), "success")
    await app.sandbox.finish_run(slow)
    await until(lambda: app.gate(pull.head_sha).conclusion == "success", "the gate to open")


async def test_a_run_is_known_though_its_first_reading_had_to_be_repeated(app: AppWorld) -> None:
    """F16: what was fetched for an attempt that failed is fetched again with the next one."""
    pull = await opened_pull(app)
    app.sandbox.mute()
    run = await app.sandbox.start_run(app.repo, pull.head_sha, jobs=["unit"])
    app.sandbox.mute(muted=False)
    app.sandbox.fault("status", "GET", r".*/logs", status=502)
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), "failure", log=RED_LOG)

    async def heard() -> Any:
        app.ahead += timedelta(seconds=1)
        commit = await app.parts.engine.commit(app.repo.id, pull.head_sha)
        return commit and commit.jobs and commit

    assert [known.id for known in (await until(heard, "the job")).runs] == [run.id]


async def test_a_delivery_that_still_waits_keeps_the_gate_from_settling(app: AppWorld) -> None:
    """T33: its job could not be read yet, and meanwhile the settling time passes."""
    pull = await opened_pull(app)
    app.sandbox.fault("status", "GET", r".*/logs", status=403, times=99)
    app.sandbox.fault("status", "GET", r".*/branches/main", status=502, times=3)
    app.ahead += POLICY_IS_OLD
    await red_run(app, pull.head_sha)

    async def judged() -> Any:
        app.ahead += timedelta(seconds=2)
        return app.gate(pull.head_sha).conclusion

    assert await until(judged, "a verdict") == "failure"
    titles = [run.title for run in app.sandbox.check_runs(app.repo, pull.head_sha, "failure-review/gate")]
    assert not any("Nothing to judge" in (title or "") for title in titles)
