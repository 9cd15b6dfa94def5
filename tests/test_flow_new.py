"""What is new about a failure, from the signed delivery to the check: compared with green, with main, with others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from world import AppWorld, running_app

from github_app.sandbox.runs import Run
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
        sandbox.world.clock = world.parts.now  # the minute that `rested` lets pass is one at GitHub, too
        await sandbox.put_file(world.repo, ".github/failure-review.yml", POLICY)
        yield world


async def ran(app: AppWorld, sha: str, conclusion: str, *said: str, event: str = "pull_request") -> Any:
    """The job `unit` runs on a commit; returns the gate, None on a branch."""
    github = app.sandbox
    run = await github.start_run(app.repo, sha, jobs=["unit"], event=event)
    await github.finish_job(github.job(run, "unit"), conclusion, log=log(*said))
    await github.finish_run(run)
    await rested(app)
    return app.gate(sha)


async def rested(app: AppWorld) -> None:
    """Let the minute pass after which other pull requests say what they now have in common, and wait for it all."""

    async def is_handled() -> bool:
        told = await app.parts.store.stats(app.parts.now())
        return sum(told.deliveries.get(state, 0) for state in ("new", "ready", "running")) == 0

    await app.sandbox.settled()
    await app.until(is_handled, "the deliveries to be handled")
    app.ahead += timedelta(seconds=61)
    await app.quiet()


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


async def test_the_same_failure_on_main_and_on_two_peoples_pull_requests_is_told_on_each(app: AppWorld) -> None:
    """X33: what main fails of already is nobody's who meets it, and each gate names the others."""
    base = main(app)
    await ran(app, base, "success", event="push")
    first = await pull_by(app, "ada")
    alone = await ran(app, first.head_sha, "failure", BROKEN)
    assert alone.title.startswith("test.unit (ada")
    assert "* **Whom it holds up:** Nobody else is known to be held up." in alone.summary
    assert "Not seen on other people's pull requests in the last 7 days." in alone.summary

    broke = await app.sandbox.put_file(app.repo, "src/cart.py", "total = 4\n")
    await ran(app, broke, "failure", BROKEN, event="push")
    second = await pull_by(app, "bea")
    gate = await ran(app, second.head_sha, "failure", BROKEN.replace("3 == 4", "7 == 8"))

    there = f"Already failing on main since {broke[:12]}"
    assert there in gate.summary
    assert "this change did not break it." in gate.summary
    assert not gate.title.startswith("test.unit (bea")
    link = f"[#1]({app.sandbox.base_url}/octo/shop/pull/1)"
    assert f"Seen elsewhere in the last 7 days: {link} (1 author)." in gate.summary
    everybody = "All development is held up: it is on main, and pull requests meet it."
    assert f"* **Whom it holds up:** {everybody} The same failure holds up {link} and main as well" in gate.summary

    older = app.gate(first.head_sha)
    assert f"{everybody} The same failure holds up [#2]" in older.summary
    assert older.title.startswith("test.unit (ada")  # it was there before main had it
    [said] = [each.body for each in app.sandbox.comments(second)]
    assert f"**Not only here:** {there}" in said
    assert "](" not in said.split("**Not only here:**")[1].split("\n")[0]
    verdict = json.loads(gate.text.split("```json")[1].split("```")[0])["failures"][0]
    assert (verdict["compared"]["base"], verdict["impact"]) == (
        "already_red",
        {"pulls": [1, 2], "branches": ["main"], "teams": verdict["impact"]["teams"], "everybody": True},
    )

    await ran(app, await app.sandbox.put_file(app.repo, "src/cart.py", "total = 3\n"), "success", event="push")
    assert (
        f"It was fixed on main by {main(app)[:12]}: bring this branch up to date." in app.gate(second.head_sha).summary
    )


async def found_broken(app: AppWorld) -> tuple[Pull, str, Run]:
    """Main breaks after ada's branch began, then her job fails of the same; returns both and the run."""
    await ran(app, main(app), "success", event="push")
    pull = await pull_by(app, "ada")
    broke = await app.sandbox.put_file(app.repo, "src/cart.py", "total = 4\n")
    await ran(app, broke, "failure", BROKEN, event="push")
    run = await app.sandbox.start_run(app.repo, pull.head_sha, jobs=["unit"])
    await failed_again(app, run)
    return pull, broke, run


async def failed_again(app: AppWorld, run: Run) -> None:
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), "failure", log=log(BROKEN))
    await app.sandbox.finish_run(run)
    await rested(app)


def assert_not_blamed(gate: Any, broke: str) -> None:
    assert f"Already failing on main since {broke[:12]}" in gate.summary
    assert "New with this change" not in gate.summary
    assert not gate.title.startswith("test.unit (ada")


async def test_who_found_main_broken_is_not_blamed_after_the_next_push(app: AppWorld) -> None:
    """X33: a red job on another commit is compared with main just as the first one was."""
    pull, broke, _ = await found_broken(app)
    await app.sandbox.push_commit(pull, {"README.txt": "x\n"})
    gate = await ran(app, pull.head_sha, "failure", BROKEN)
    assert_not_blamed(gate, broke)


async def test_who_found_main_broken_is_not_blamed_after_a_rerun(app: AppWorld) -> None:
    """X33: and so is one of another attempt."""
    pull, broke, run = await found_broken(app)
    await app.sandbox.rerun(run, only_failed=False)
    await failed_again(app, run)
    assert_not_blamed(app.gate(pull.head_sha), broke)


async def test_a_test_that_flips_on_one_commit_is_called_flaky(app: AppWorld) -> None:
    pull = await pull_by(app, "ada")
    run = await app.sandbox.start_run(app.repo, pull.head_sha, jobs=["unit"])
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), "failure", log=log(BROKEN))
    await app.sandbox.finish_run(run)
    for conclusion in ("success", "failure"):
        await app.sandbox.rerun(run, only_failed=False)
        said = log(BROKEN) if conclusion == "failure" else "fine\n"
        await app.sandbox.finish_job(app.sandbox.job(run, "unit"), conclusion, log=said)
        await app.sandbox.finish_run(run)
    await rested(app)
    assert "* **Flaky: flipped once in 7 days, red and then green on one commit**" in app.gate(pull.head_sha).summary
    async with aiohttp.ClientSession() as session, session.get(f"{app.address}/metrics") as page:
        assert 'failure_review_flips_total{category="test.unit"} 1.0' in await page.text()
