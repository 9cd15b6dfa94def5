"""What is new about a failure, from the signed delivery to the check: compared with green, with main, with others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from world import AppWorld, running_app

from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.state import Pull

POLICY = "schema: 1\nmode: enforce\n"
NOISE = "psycopg.OperationalError: could not connect to server: Connection refused"
BROKEN = "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4"


def log(*lines: str, minute: int = 1) -> str:
    told = (*lines, "##[error]Process completed with exit code 1.", "Cleaning up orphan processes")
    return "".join(f"2026-11-24T08:{minute:02}:{number:02}.0000000Z {line}\n" for number, line in enumerate(told))


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, sqlite_database_url) as world:
        await sandbox.put_file(world.repo, ".github/failure-review.yml", POLICY)
        yield world


async def ran(app: AppWorld, sha: str, conclusion: str, *said: str, event: str = "pull_request") -> Any:
    """The job `unit` runs on a commit; returns the gate, None on a branch."""
    github = app.sandbox
    run = await github.start_run(app.repo, sha, jobs=["unit"], event=event)
    await github.finish_job(github.job(run, "unit"), conclusion, log=log(*said))
    await github.finish_run(run)
    await app.quiet()
    return app.gate(sha)


async def pull_by(app: AppWorld, author: str) -> Pull:
    return await app.sandbox.open_pull(app.repo, f"work-of-{author}", author=author, title=f"Work of {author}")


def main(app: AppWorld) -> str:
    return str(app.repo.branches["main"])


async def test_a_line_that_the_last_green_run_on_main_shows_too_is_not_the_cause(app: AppWorld) -> None:
    base = main(app)
    await ran(app, base, "success", NOISE, event="push")
    pull = await pull_by(app, "ada")
    gate = await ran(app, pull.head_sha, "failure", NOISE, BROKEN)
    assert gate.title.startswith("test.unit (ada")
    assert f"Not counted, for the last green run on main ({base[:12]}) shows it too: infra.database" in gate.summary
    assert f"New since the last green run of this job on main ({base[:12]})" in gate.summary
    assert f"New with this change: the job passed on main at {base[:12]}, where this change began." in gate.summary


async def test_a_forks_own_green_run_is_never_the_baseline(app: AppWorld) -> None:
    """T15: its branch may be called main, too, and its author can print any line there."""
    github = app.sandbox
    fork = github.fork(app.repo, "eve")
    await github.put_files(fork, {"mine.md": "mine\n"}, "main", "eve")
    first = await github.open_pull(app.repo, "main", "eve", "From my main", fork_from=fork)
    await ran(app, first.head_sha, "success", NOISE)
    gate = await ran(app, first.head_sha, "failure", NOISE)
    assert "Not compared with the last green run of this job on main: there is none." in gate.summary
    assert "infra.database" in gate.title


async def test_a_job_that_never_ran_on_main_is_neither_blamed_nor_excused(app: AppWorld) -> None:
    """X71."""
    pull = await pull_by(app, "ada")
    gate = await ran(app, pull.head_sha, "failure", BROKEN)
    said = f"This job did not run on main at {main(app)[:12]}, where this change began: nothing says whether"
    assert said in gate.summary
    assert gate.title.startswith("test.unit (ada")


async def test_when_github_does_not_answer_nothing_is_compared_and_everything_is_judged(app: AppWorld) -> None:
    pull = await pull_by(app, "ada")
    for path in (r".*/workflows/\d+/runs", r".*/compare/.*", r".*/pulls/1/commits"):
        app.sandbox.fault("status", "GET", path, status=500, times=9)
    gate = await ran(app, pull.head_sha, "failure", BROKEN)
    assert gate.title.startswith("test.unit (ada")
    said = "Not compared with the last green run of this job on main: GitHub did not tell just now."
    assert said in gate.summary
