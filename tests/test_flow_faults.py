"""GitHub fails, loses answers and asks for patience, and the pull request is right in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from world import AppWorld, running_app

from github_app.sandbox.scenario import Sandbox

LOG = """2026-11-24T08:00:01.0000000Z FAILED tests/unit/test_cart.py::test_total - assert 3 == 4
2026-11-24T08:00:02.0000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:03.0000000Z Cleaning up orphan processes
"""


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, sqlite_database_url) as world:
        yield world


async def test_the_loops_get_over_whatever_github_does(app: AppWorld) -> None:
    """F15, F16, F17, F18, L17."""
    github = app.sandbox
    await github.put_file(app.repo, ".github/failure-review.yml", "schema: 1\nmode: enforce\n")
    github.fault("status", "GET", r".*/logs", status=502)
    github.fault("truncated", "GET", r".*/actions/runs/\d+")
    github.fault("reset_after_effect", "POST", r".*/check-runs")
    github.fault("secondary_limit", "POST", r".*/comments", seconds=1)
    github.fault("reset_after_effect", "POST", r".*/comments")
    github.fault("unauthorised", "POST", r".*/labels")
    pull = await github.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    run = await github.start_run(app.repo, pull.head_sha, jobs=["unit"])
    await github.finish_job(github.job(run, "unit"), "failure", log=LOG)
    await github.finish_run(run)
    await app.quiet()
    [gate] = github.check_runs(app.repo, pull.head_sha, name="failure-review/gate")
    assert (gate.conclusion, len(gate.annotations)) == ("failure", 1)
    assert len(github.comments(pull)) == 1
    assert github.labels(pull) == ["failure-review:test.unit"]
    told = await app.parts.store.stats(app.parts.now())
    assert set(told.deliveries) <= {"done", "ignored"}
    assert set(told.outbox) == {"done"}
