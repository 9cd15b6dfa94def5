"""What happens on GitHub, from the delivery to the gate: forks, queues, re-runs, other CI, renames, lost deliveries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from world import AppWorld, running_app, until

from github_app.sandbox.scenario import Sandbox

WORKFLOW = ".github/workflows/ci.yml"
ENFORCE = "schema: 1\nmode: enforce\n"
RED_LOG = "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4\n##[error]Process completed with exit code 1.\n"


@pytest.fixture
async def app(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AppWorld]:
    """The App, installed on a repository that enforces."""
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as world:
        await enforce(world)
        yield world


@pytest.fixture
async def app_on_postgres(sandbox: Sandbox, postgres_database_url: str) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, postgres_database_url) as world:
        await enforce(world)
        yield world


async def enforce(world: AppWorld) -> None:
    world.sandbox.world.clock = world.parts.now
    await world.sandbox.put_file(world.repo, ".github/failure-review.yml", ENFORCE)


async def rest(app: AppWorld) -> None:
    """Wait until nothing is left to do; time runs fast meanwhile, for both sides."""

    async def idle() -> bool:
        told = await app.parts.store.stats(app.parts.now())
        waiting = sum(told.deliveries.get(state, 0) for state in ("new", "ready", "running"))
        unsent = sum(told.outbox.get(state, 0) for state in ("pending", "running"))
        app.ahead += timedelta(seconds=1)
        return waiting + unsent == 0

    await app.sandbox.settled()
    await until(idle, "the App to come to rest")


async def red_pull(app: AppWorld, **how: Any) -> tuple[Any, Any]:
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart", **how)
    return pull, await red_run(app, pull.head_sha)


async def red_run(app: AppWorld, sha: str, job: str = "unit", **how: Any) -> Any:
    run = await app.sandbox.start_run(app.repo, sha, "CI", WORKFLOW, jobs=[job], **how)
    await app.sandbox.finish_job(app.sandbox.job(run, job), "failure", log=RED_LOG)
    await app.sandbox.finish_run(run)
    return run


async def green_run(app: AppWorld, sha: str, job: str = "unit") -> Any:
    run = await app.sandbox.start_run(app.repo, sha, "CI", WORKFLOW, jobs=[job])
    await app.sandbox.finish_job(app.sandbox.job(run, job), "success")
    await app.sandbox.finish_run(run)
    return run


def shown(app: AppWorld, sha: str) -> tuple[str | None, str]:
    gate = app.gate(sha)
    return gate.conclusion, gate.title


RED = ("failure", "test.unit (ada, 4 h to fix)")


async def test_a_new_pull_request_has_a_gate_before_its_first_job(app: AppWorld) -> None:
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await rest(app)
    assert (app.gate(pull.head_sha).status, shown(app, pull.head_sha)) == (
        "in_progress",
        (None, "Waiting for the first job"),
    )


async def test_nothing_to_judge_after_the_settling_time_opens_the_gate(app: AppWorld) -> None:
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Change the words")
    await rest(app)
    app.ahead += timedelta(minutes=6)
    await until(lambda: app.gate(pull.head_sha).conclusion, "the gate to settle")
    assert shown(app, pull.head_sha) == ("success", "Nothing to judge: no job was expected")


async def test_a_red_run_of_a_fork_is_found_by_its_head(app: AppWorld) -> None:
    """E25, X13, G20: GitHub names no pull request in a fork's runs."""
    pull, _ = await red_pull(app, fork_from=app.sandbox.fork(app.repo, "ada"))
    await rest(app)
    assert shown(app, pull.head_sha) == RED


async def test_one_commit_in_two_pull_requests_shuts_both(app: AppWorld) -> None:
    """X14, X15."""
    first = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await app.sandbox.put_file(app.repo, "notes", "x", branch="release")
    second = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="The same, for the release")
    assert first.head_sha == second.head_sha
    await red_run(app, first.head_sha)
    await rest(app)
    assert [len(app.sandbox.comments(pull)) for pull in (first, second)] == [1, 1]
    assert shown(app, first.head_sha) == RED


async def test_the_whole_way_of_a_failure_on_postgresql(app_on_postgres: AppWorld) -> None:
    await test_green_after_red_opens_the_gate_and_shrinks_the_comment(app_on_postgres)


async def test_green_after_red_opens_the_gate_and_shrinks_the_comment(app: AppWorld) -> None:
    pull, run = await red_pull(app)
    await rest(app)
    [job] = await app.sandbox.rerun(run)
    await rest(app)
    assert app.gate(pull.head_sha).status == "in_progress"
    await app.sandbox.finish_job(job, "success")
    await app.sandbox.finish_run(run)
    await rest(app)
    assert shown(app, pull.head_sha) == ("success", "All clear: 1 job passed")
    assert app.sandbox.labels(pull) == []
    [comment] = app.sandbox.comments(pull)
    assert len(comment.body.split("\n")) == 2


async def test_a_push_that_fixes_it_ends_the_failure_with_the_fixing_commit(app: AppWorld) -> None:
    """E28, E30."""
    pull, _ = await red_pull(app)
    await rest(app)
    await app.sandbox.push_commit(pull)
    await rest(app)
    assert app.gate(pull.head_sha).status == "in_progress"
    await green_run(app, pull.head_sha)
    await rest(app)
    case = await app.parts.engine.case_of(app.repo.id, pull.head_sha)
    assert [(failure.state, failure.fixed_by) for failure in case.failures] == [("verified", pull.head_sha)]


async def test_a_merge_group_has_its_own_gate(app: AppWorld) -> None:
    """X40, E34, F37: a missing check would stall the queue."""
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    sha = await app.sandbox.merge_group(app.repo, [pull])
    await red_run(app, sha, event="merge_group")
    await rest(app)
    assert app.gate(sha).conclusion == "failure"


async def test_a_cancelled_run_without_a_successor_keeps_the_gate_shut(app: AppWorld) -> None:
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    run = await app.sandbox.start_run(app.repo, pull.head_sha, "CI", WORKFLOW, jobs=["unit"])
    await app.sandbox.cancel_run(run)
    await rest(app)
    assert shown(app, pull.head_sha) == ("failure", "unit cancelled: re-run or remove")


async def test_a_lost_job_delivery_is_made_up_for_by_the_run(app: AppWorld) -> None:
    """X66: the end of the run tells of every job."""
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    run = await app.sandbox.start_run(app.repo, pull.head_sha, "CI", WORKFLOW, jobs=["unit"])
    app.sandbox.mute()
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), "failure", log=RED_LOG)
    app.sandbox.mute(muted=False)
    await app.sandbox.finish_run(run)
    await rest(app)
    assert shown(app, pull.head_sha) == RED


async def test_what_was_red_on_the_branch_is_judged_when_the_pull_request_opens(app: AppWorld) -> None:
    sha = await app.sandbox.put_file(app.repo, "cart.py", "x", branch="cart")
    await red_run(app, sha, event="push")
    await rest(app)
    assert app.gate(sha) is None
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await rest(app)
    assert pull.head_sha == sha
    assert shown(app, sha) == RED


async def test_checks_of_other_systems_are_listed_but_do_not_gate(app: AppWorld) -> None:
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    output = {"title": "2 tests failed", "summary": "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4"}
    await app.sandbox.foreign_check(app.repo, pull.head_sha, "other-ci", "tests", "failure", output=output)
    await app.sandbox.commit_status(app.repo, pull.head_sha, "ci/legacy", "failure", description="Build failed")
    await green_run(app, pull.head_sha)
    await rest(app)
    assert app.gate(pull.head_sha).conclusion == "success"
    assert "does not gate" in app.gate(pull.head_sha).summary


async def test_a_foreign_check_that_the_policy_names_gates(app: AppWorld) -> None:
    await app.sandbox.put_file(app.repo, ".github/failure-review.yml", f"{ENFORCE}gate: {{jobs: [unit, tests]}}\n")
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    output = {"title": "2 tests failed", "summary": "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4"}
    await app.sandbox.foreign_check(app.repo, pull.head_sha, "other-ci", "tests", "failure", output=output)
    await green_run(app, pull.head_sha)
    await rest(app)
    assert shown(app, pull.head_sha) == RED


async def test_an_ignored_job_does_not_gate(app: AppWorld) -> None:
    await app.sandbox.put_file(app.repo, ".github/failure-review.yml", f"{ENFORCE}gate: {{ignore: ['CI / flaky*']}}\n")
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await red_run(app, pull.head_sha, job="flaky-browser")
    await green_run(app, pull.head_sha)
    await rest(app)
    assert app.gate(pull.head_sha).conclusion == "success"


async def test_a_repository_without_a_policy_file_is_only_observed(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as app:
        sandbox.world.clock = app.parts.now
        pull, _ = await red_pull(app)
        await rest(app)
        assert shown(app, pull.head_sha) == ("neutral", "Observing: would be failure. test.unit (ada, 4 h to fix)")
        await sandbox.put_file(app.repo, ".github/failure-review.yml", ENFORCE)
        await rest(app)
        assert shown(app, pull.head_sha) == RED


async def test_a_broken_policy_file_is_a_failing_check_and_the_last_good_one_holds(app: AppWorld) -> None:
    """X76."""
    sha = await app.sandbox.put_file(app.repo, ".github/failure-review.yml", "schema: 1\nmode: sometimes\n")
    pull, _ = await red_pull(app)
    await rest(app)
    [check] = app.sandbox.check_runs(app.repo, sha, name="failure-review/policy")
    assert check.conclusion == "failure"
    assert ".github/failure-review.yml line 2" in check.summary
    assert shown(app, pull.head_sha) == RED


async def test_a_policy_file_in_the_pull_request_changes_nothing(app: AppWorld) -> None:
    """T14, X75: only the default branch's counts."""
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await app.sandbox.push_commit(pull, {".github/failure-review.yml": "schema: 1\nmode: observe\n"})
    await red_run(app, pull.head_sha)
    await rest(app)
    assert shown(app, pull.head_sha) == RED


async def test_a_renamed_repository_is_still_the_same(app: AppWorld) -> None:
    """F20: the id is the identity."""
    pull, run = await red_pull(app)
    await rest(app)
    await app.sandbox.rename_repo(app.repo, "store")
    await rest(app)
    [job] = await app.sandbox.rerun(run)
    await app.sandbox.finish_job(job, "success")
    await app.sandbox.finish_run(run)
    await rest(app)
    assert shown(app, pull.head_sha) == ("success", "All clear: 1 job passed")


async def test_everything_of_an_installation_is_deleted_when_it_is_removed(app: AppWorld) -> None:
    """T32, F38."""
    pull, _ = await red_pull(app)
    await rest(app)
    [failure] = (await app.parts.engine.case_of(app.repo.id, pull.head_sha)).failures
    await app.sandbox.uninstall(app.installation_id)
    await rest(app)

    async def is_gone() -> bool:
        """The wishes go first, so that nothing writes what is then deleted."""
        kept = await app.parts.engine.failure(failure.id), await app.parts.engine.commit(app.repo.id, pull.head_sha)
        return kept == (None, None)

    await until(is_gone, "everything to be deleted")
    assert await app.parts.store.journal.verify() == []


async def test_a_deadline_that_passes_is_shown(app: AppWorld) -> None:
    pull, _ = await red_pull(app)
    await rest(app)
    app.ahead += timedelta(hours=4, minutes=1)
    await until(lambda: "overdue since" in app.gate(pull.head_sha).summary, "the deadline to be shown")
