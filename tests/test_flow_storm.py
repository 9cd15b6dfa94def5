"""Forty jobs that fail within seconds, from the signed deliveries to the pull request."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from math import ceil

import pytest
from world import AppWorld, running_app

from github_app.github.publishing import GAP
from github_app.sandbox.scenario import Sandbox

LOG = """2026-11-24T08:00:01.0000000Z FAILED tests/unit/test_cart.py::test_total - assert 3 == 4
2026-11-24T08:00:02.0000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:03.0000000Z Cleaning up orphan processes
"""
MOST_WRITES = 8
"""For the gate, the comment and the labels together; the gate that waits at first is one of them (G13)."""
STORM = 8
"""Seconds for which that holds. On a busy machine it lasts longer, and each further gap allows gate and comment one."""


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, sqlite_database_url) as world:
        yield world


async def test_forty_failing_jobs_cost_at_most_eight_writes(app: AppWorld) -> None:
    """G13, X65: results are gathered, and the same thing is not written twice within three seconds."""
    github = app.sandbox
    await github.put_file(app.repo, ".github/failure-review.yml", "schema: 1\nmode: enforce\n")
    pull = await github.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    began = time.monotonic()
    names = [f"unit {number}" for number in range(40)]
    run = await github.start_run(app.repo, pull.head_sha, jobs=names)
    for name in names:
        await github.finish_job(github.job(run, name), "failure", log=LOG)
        await asyncio.sleep(0.05)
    await github.finish_run(run)
    await app.quiet()
    gaps_more = ceil(max(0.0, time.monotonic() - began - STORM) / GAP.total_seconds())
    gate = app.gate(pull.head_sha)
    assert gate.conclusion == "failure"
    assert gate.summary.count("| `CI / unit ") == 40
    writes = Counter(
        f"{each.method} {each.path.rpartition('/')[2] if each.method == 'POST' else each.path.split('/')[-2]}"
        for each in github.requests
        if each.method != "GET" and "access_tokens" not in each.path
    )
    assert writes.total() <= MOST_WRITES + 2 * gaps_more, writes
    assert len(github.comments(pull)) == 1
