"""What a commit's jobs mean together: of every conclusion, attempt and run that speaks in another's place."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from stories import REPO, T0, A, foreign, job, run, seen

from github_app.rules.commits import (
    Standing,
    awaited_runs,
    is_allowed_to_fail,
    join,
    new_commit,
    standing,
    stands_for_run,
    with_refs,
)
from github_app.rules.events import JobsSeen
from github_app.rules.model import Job, Run, Source
from github_app.rules.records import Commit


def commit_of(*events: JobsSeen) -> Commit:
    commit = new_commit(REPO, A, T0)
    for event in events:
        commit = join(commit, event)
    return commit


def standings(commit: Commit) -> dict[tuple[int, int], Standing | None]:
    return {(each.run_id, each.attempt): standing(each, commit) for each in commit.jobs}


STANDINGS = [
    ("success", Standing.PASSED),
    ("neutral", Standing.PASSED),
    ("skipped", Standing.PASSED),
    ("failure", Standing.RED),
    ("timed_out", Standing.RED),
    ("startup_failure", Standing.RED),
    ("error", Standing.RED),
    ("cancelled", Standing.CANCELLED),
    ("stale", Standing.CANCELLED),
    ("action_required", Standing.APPROVAL),
    ("something GitHub has not thought of yet", Standing.CANCELLED),
    ("", Standing.CANCELLED),
]


@pytest.mark.parametrize(("conclusion", "expected"), STANDINGS)
def test_every_conclusion_has_one_meaning_and_an_unknown_one_never_passes(conclusion: str, expected: Standing) -> None:
    """E33, X12, G21."""
    told = job(conclusion)
    assert standing(told, commit_of(seen(A, told))) is expected


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting", "requested", "pending", "new to us"])
def test_a_job_without_an_end_is_running(status: str) -> None:
    told = job(None, status=status)
    assert standing(told, commit_of(seen(A, told))) is Standing.RUNNING


def test_a_conclusion_ends_a_job_whatever_its_status_says() -> None:
    """X10."""
    told = job("failure", status="in_progress")
    assert standing(told, commit_of(seen(A, told))) is Standing.RED


def test_a_job_that_is_completed_without_a_conclusion_has_not_passed() -> None:
    told = job(None, status="completed")
    assert standing(told, commit_of(seen(A, told))) is Standing.CANCELLED


@pytest.mark.parametrize("conclusion", [conclusion for conclusion, _ in STANDINGS])
@pytest.mark.parametrize("newer", ["success", "failure", None])
def test_a_newer_attempt_speaks_for_an_older_one(conclusion: str, newer: str | None) -> None:
    """X8, X18."""
    older = job(conclusion)
    assert standing(older, commit_of(seen(A, older, job(newer, attempt=2)))) is None


@pytest.mark.parametrize("conclusion", ["failure", "success"])
@pytest.mark.parametrize("silent", ["skipped", "cancelled", "stale", "never heard of"])
def test_an_attempt_without_a_verdict_speaks_for_none(conclusion: str, silent: str) -> None:
    """Whoever can cancel or skip a job must not be able to wash a red one green."""
    older, newer = job(conclusion), job(silent, attempt=2)
    assert standing(older, commit_of(seen(A, older, newer))) is not None


def test_a_cancelled_and_then_skipped_job_does_not_wash_a_red_one_green() -> None:
    red, cancelled, skipped = job("failure"), job("cancelled", run=11), job("skipped", run=12)
    runs = (run("failure"), run("cancelled", id=11), run("success", id=12))
    commit = commit_of(seen(A, red, cancelled, skipped, runs=runs))
    assert standing(red, commit) is Standing.RED


def test_of_two_pull_requests_with_one_head_neither_speaks_for_the_other() -> None:
    """X15: the stricter holds."""
    red, green = job("failure"), job("success", run=11)
    both = ["pull/1", "pull/2"]
    commit = with_refs(commit_of(seen(A, red, green, runs=(run("failure"), run("success", id=11)))), both)
    assert standing(red, commit) is Standing.RED
    rerun = job("success", attempt=2)
    again = with_refs(commit_of(seen(A, red, green, rerun, runs=(run("success", attempt=2),))), both)
    assert standing(red, again) is None


def test_an_approved_run_goes_on_in_its_own_attempt() -> None:
    waiting = job("action_required", "CI", id=-10)
    asked = seen(A, waiting, runs=(run("action_required"),))
    assert standing(waiting, commit_of(asked)) is Standing.APPROVAL
    for later in (run(), run("success")):
        assert standing(waiting, commit_of(asked, seen(A, runs=(later,)))) is None
        assert standing(waiting, commit_of(seen(A, runs=(later,)), asked)) is None


def test_a_red_job_that_is_green_by_now_does_not_explain_a_red_run() -> None:
    told = run("failure", attempt=2)
    jobs = (job("failure"), job("success", "lint"), job("success", attempt=2))
    assert awaited_runs(commit_of(seen(A, *jobs, runs=(told,)))) == (told,)


def test_a_red_run_of_which_no_red_job_was_heard_is_awaited() -> None:
    """X66: the run's delivery overtook those of its jobs."""
    told = run("failure")
    assert awaited_runs(commit_of(seen(A, job("success"), runs=(told,)))) == (told,)
    assert awaited_runs(commit_of(seen(A, job("failure"), runs=(told,)))) == ()
    assert awaited_runs(commit_of(seen(A, job("success", run=11), runs=(told, run("success", id=11))))) == ()


def test_a_skipped_attempt_speaks_for_a_skipped_one() -> None:
    older = job("skipped")
    assert standing(older, commit_of(seen(A, older, job("skipped", attempt=2)))) is None


def test_creation_decides_which_of_two_runs_is_newer_not_their_end() -> None:
    """X9: the older run's cancelled job is recorded after the newer one's success."""
    newer, older = job("success", run=11, minute=5), job("cancelled", run=10, minute=9)
    assert standings(commit_of(seen(A, newer, older))) == {(10, 1): None, (11, 1): Standing.PASSED}


def test_jobs_of_the_same_name_in_two_workflows_do_not_speak_for_each_other() -> None:
    """X45."""
    ours, theirs = job("failure"), job("success", run=11, workflow_id=6)
    assert standings(commit_of(seen(A, ours, theirs))) == {(10, 1): Standing.RED, (11, 1): Standing.PASSED}


def test_two_jobs_of_one_run_that_share_a_name_both_count() -> None:
    """X42: GitHub cuts names at 100 characters."""
    red, green = job("failure", id=1), job("success", id=2)
    commit = commit_of(seen(A, red, green))
    assert [standing(each, commit) for each in commit.jobs] == [Standing.RED, Standing.PASSED]


@pytest.mark.parametrize("conclusion", ["cancelled", "stale"])
def test_what_was_cancelled_waits_for_the_run_that_takes_its_place(conclusion: str) -> None:
    cancelled = job(conclusion)
    assert standing(cancelled, commit_of(seen(A, cancelled, runs=(run(id=11),)))) is Standing.RUNNING
    done = commit_of(seen(A, cancelled, runs=(run("success", id=11),)))
    assert standing(cancelled, done) is Standing.CANCELLED
    replaced = commit_of(seen(A, cancelled, job("success", run=11), runs=(run("success", id=11),)))
    assert standing(cancelled, replaced) is None


@pytest.mark.parametrize(
    "other",
    [
        run("success", id=9),
        run("success", id=11, workflow_id=6),
        run("success", id=11, event="push"),
        run("skipped", id=11),
        run("cancelled"),
    ],
)
def test_no_other_run_speaks_for_what_was_cancelled(other: Run) -> None:
    cancelled = job("cancelled")
    assert standing(cancelled, commit_of(seen(A, cancelled, runs=(other,)))) is Standing.CANCELLED


def test_a_newer_run_does_not_speak_for_a_red_job_before_its_own_job_does() -> None:
    red = job("failure")
    assert standing(red, commit_of(seen(A, red, runs=(run(id=11),)))) is Standing.RED


def test_a_run_that_never_had_a_job_is_spoken_for_by_the_next_one() -> None:
    stillborn = job("startup_failure", "CI", id=-10)
    assert stands_for_run(stillborn)
    assert standing(stillborn, commit_of(seen(A, stillborn))) is Standing.RED
    assert standing(stillborn, commit_of(seen(A, stillborn, runs=(run(id=11),)))) is None


def test_a_job_of_actions_and_a_check_of_another_app_do_not_stand_for_runs() -> None:
    assert not stands_for_run(job())
    assert not stands_for_run(foreign(id=-1))


@pytest.mark.parametrize(
    ("conclusion", "expected"),
    [
        ("failure", Standing.RUNNING),
        ("action_required", Standing.RUNNING),
        ("cancelled", Standing.RUNNING),
        ("success", Standing.PASSED),
        ("skipped", Standing.PASSED),
    ],
)
def test_a_verdict_is_open_again_while_a_new_attempt_runs(conclusion: str, expected: Standing | None) -> None:
    """X16, X17: the job itself has not been heard of yet in the new attempt."""
    told = job(conclusion)
    assert standing(told, commit_of(seen(A, told, runs=(run(attempt=2),)))) is expected


@pytest.mark.parametrize("other", [run("failure", attempt=2), run(attempt=1), run(id=11, attempt=2)])
def test_only_a_later_attempt_under_way_opens_a_verdict_again(other: Run) -> None:
    told = job("failure")
    assert standing(told, commit_of(seen(A, told, runs=(other,)))) is Standing.RED


@pytest.mark.parametrize(
    ("jobs", "result", "expected"),
    [
        ((job("failure"),), run("success"), True),
        ((job("failure"),), run("failure"), False),
        ((job("failure"),), run(), False),
        ((job("failure"),), run("success", id=11), False),
        ((job("success"),), run("success"), False),
        ((job("cancelled"),), run("success"), False),
        ((job("failure"),), run("success", attempt=2), False),  # it may have been renamed away
        ((job("failure"), job("failure", attempt=2)), run("success", attempt=2), True),
        ((job("failure"), job("success", attempt=2)), run("success", attempt=2), False),
        ((job("failure"), job(None, attempt=2)), run("success", attempt=1), False),
        ((job("failure"), job("failure", attempt=2)), run("success", attempt=1), False),
    ],
)
def test_a_job_may_fail_when_its_run_succeeds_all_the_same(jobs: tuple[Job, ...], result: Run, expected: bool) -> None:
    """`continue-on-error`; the newest attempt at the job has to be red too, or the run owes its success to that."""
    commit = commit_of(seen(A, *jobs, runs=(result,)))
    assert is_allowed_to_fail(jobs[0], commit) is expected


def test_a_job_of_an_unknown_run_may_not_fail() -> None:
    assert not is_allowed_to_fail(job(), commit_of(seen(A, job())))


def test_runs_are_awaited_until_they_end() -> None:
    commit = commit_of(seen(A, runs=(run(id=10), run("success", id=11), run(None, id=12))))
    assert [each.id for each in awaited_runs(commit)] == [10, 12]


# --- joining ---------------------------------------------------------------------------------------------------------

EARLY, LATE, END = job(None, status="queued"), job(None, status="in_progress"), job("success")


@pytest.mark.parametrize("order", list(permutations((EARLY, LATE, END))))
def test_a_job_is_as_far_as_it_was_ever_heard_to_be(order: tuple[Job, ...]) -> None:
    """E23, X66: all six orders."""
    assert commit_of(*(seen(A, each) for each in order)).jobs == (END,)


def test_a_check_that_ends_twice_counts_by_its_later_end() -> None:
    red, green = foreign("failure", minute=10), foreign("success", minute=20)
    for order in ((red, green), (green, red)):
        assert [each.conclusion for each in commit_of(*(seen(A, each) for each in order)).jobs] == ["success"]


def test_of_two_ends_in_the_same_second_the_one_that_does_not_pass_counts() -> None:
    red, green = foreign("failure"), foreign("success")
    for order in ((red, green), (green, red)):
        assert [each.conclusion for each in commit_of(*(seen(A, each) for each in order)).jobs] == ["failure"]


def test_what_stands_for_a_run_is_kept_for_each_attempt() -> None:
    first, second = job("startup_failure", "CI", id=-10), job("success", "CI", id=-10, attempt=2)
    assert standings(commit_of(seen(A, second), seen(A, first))) == {(10, 1): None, (10, 2): Standing.PASSED}


@pytest.mark.parametrize("source", list(Source))
def test_evidence_is_not_kept_with_the_job(source: Source) -> None:
    told = replace(job(), source=source)
    assert commit_of(seen(A, told), seen(A, told)).jobs == (replace(told, evidence=None),)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((run(None), run("failure")), run("failure")),
        ((run("failure"), run(None, attempt=2)), run(None, attempt=2)),
        ((run("success"), run("failure")), run("failure")),
        ((run(None), run(None)), run(None)),
    ],
)
def test_a_run_is_as_far_as_its_latest_attempt(states: tuple[Run, ...], expected: Run) -> None:
    for order in (states, states[::-1]):
        commit = commit_of(*(seen(A, runs=(each,)) for each in order))
        assert commit.runs == (expected,)


def test_a_commit_was_first_seen_when_the_earliest_delivery_came() -> None:
    assert commit_of(seen(A, minute=-5), seen(A, minute=3)).first_seen_at == seen(A, minute=-5).received_at


def test_a_new_line_of_work_is_waited_for_anew() -> None:
    settled = replace(with_refs(new_commit(REPO, A, T0), ["branch/cart"]), settled=True)
    assert with_refs(settled, ["branch/cart"]) is settled
    more = with_refs(settled, ["pull/1"])
    assert (more.refs, more.settled) == (("branch/cart", "pull/1"), False)
