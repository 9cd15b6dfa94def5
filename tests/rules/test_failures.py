"""One failure, from its first red job to its end; what it becomes when its line of work ends first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stories import (
    NETWORK,
    UNIT,
    A,
    B,
    C,
    at,
    decided,
    fired,
    foreign,
    job,
    moved,
    only,
    pull,
    pushed,
    queued,
    run,
    seen,
    told,
    why,
)

from github_app.rules.case import Case
from github_app.rules.decide import CLOSE
from github_app.rules.events import Event
from github_app.rules.failures import LEGS_KEPT, SERIES_AT_ONCE, later_ids
from github_app.rules.records import FailureState
from github_app.rules.sla import spent

OPENED = moved(pull(), "opened")
DAY = 24 * 60


def go_on(case: Case, *events: Event, policy: str | None = None) -> Case:
    return decided(*events, case=case, policy=policy)[-1].case


# --- one record a cause ----------------------------------------------------------------------------------------------


def test_a_red_job_opens_one_failure_that_is_assigned() -> None:
    failure = only(told(OPENED, seen(A, job())))
    assert (failure.ref, failure.state, failure.open) == ("pull/1", FailureState.ASSIGNED, True)
    assert failure.open_key == f"7/pull/1/{failure.fingerprint}"


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "startup_failure", "error"])
def test_what_ends_badly_opens_a_failure(conclusion: str) -> None:
    """E33."""
    assert only(told(OPENED, seen(A, job(conclusion, evidence=why(UNIT))))).open


@pytest.mark.parametrize("conclusion", ["success", "neutral", "skipped", "action_required", "cancelled", "stale", None])
def test_nothing_else_opens_one(conclusion: str | None) -> None:
    """E33, X12."""
    assert told(OPENED, seen(A, job(conclusion, evidence=why(UNIT)))).failures == ()


def test_a_red_job_without_evidence_is_not_judged_yet() -> None:
    assert told(OPENED, seen(A, job(evidence=None))).failures == ()


def test_legs_of_a_matrix_are_one_failure() -> None:
    """E32."""
    failure = only(told(OPENED, seen(A, job(name="test (3.11)")), seen(A, job(name="test (3.12)"))))
    assert (failure.job, len(failure.legs)) == ("test", 2)


def test_another_cause_is_another_failure() -> None:
    assert len(told(OPENED, seen(A, job(), job(name="net", says=NETWORK))).failures) == 2


def test_the_same_cause_in_two_workflows_is_two_failures() -> None:
    """X45."""
    assert len(told(OPENED, seen(A, job(), job(run=11, workflow_id=6))).failures) == 2


def test_the_same_cause_in_the_checks_of_two_apps_is_two_failures() -> None:
    assert len(told(OPENED, seen(A, foreign(), foreign(app="third", id=901))).failures) == 2


def test_of_very_many_legs_the_first_and_the_newest_are_remembered() -> None:
    legs = [job(name=f"test ({n})", id=n + 1, minute=n / 100) for n in range(LEGS_KEPT + 5)]
    case = told(OPENED, seen(A, *legs))
    kept = [leg.job_id for leg in only(case).legs]
    assert kept == [1, *range(7, LEGS_KEPT + 6)]
    assert only(go_on(case, seen(A, *legs))).legs == only(case).legs


# --- lines of work ---------------------------------------------------------------------------------------------------


def test_every_pull_request_of_a_commit_has_its_own_failure() -> None:
    """X14."""
    case = told(OPENED, moved(pull(number=2), "opened"), seen(A, job()))
    assert [failure.ref for failure in sorted(case.failures, key=lambda each: each.ref)] == ["pull/1", "pull/2"]


def test_a_pull_request_that_is_heard_of_later_has_the_failures_of_its_commit() -> None:
    """X13, F26: its jobs were red before anybody knew of it, and nobody has to read their logs again."""
    early = only(told(seen(A, job()), OPENED))
    assert early == only(told(OPENED, seen(A, job())))


def test_a_green_that_was_heard_of_before_its_pull_request_moved_ends_the_failure() -> None:
    ran = (seen(A, job()), seen(B, job("success", run=11, minute=20), minute=21))
    case = told(OPENED, ran[0])
    green_first = told(ran[1])
    merged = replace(case, commit=green_first.commit)
    assert only(go_on(merged, moved(pull(B, minute=15)))).fixed_by == B


def test_a_merge_group_has_its_failures_until_it_is_destroyed() -> None:
    """E34, X40."""
    case = told(queued(A, 1), seen(A, job()))
    assert only(case).ref.startswith("queue/main/pr-1-")
    assert only(go_on(case, queued(A, 20, destroyed=True))).state is FailureState.OBSOLETE


def test_a_merge_group_stays_destroyed_when_its_beginning_is_heard_of_afterwards() -> None:
    case = told(queued(A, 20, destroyed=True), queued(A, 1), seen(A, job()))
    assert only(case).state is FailureState.OBSOLETE


# --- its end ---------------------------------------------------------------------------------------------------------


def test_the_first_green_of_the_same_job_resolves_it() -> None:
    """C60, E30."""
    failure = only(told(OPENED, seen(A, job()), seen(A, job("success", run=11, minute=40), minute=41)))
    assert (failure.state, failure.fixed_by, failure.resolved_at) == (FailureState.RESOLVED_UNVERIFIED, A, at(40))
    assert (failure.clock.outcome, failure.clock.spent_s, failure.open_key) == ("met", 30 * 60, None)


def test_a_later_commit_fixes_it() -> None:
    """E30: red at A, red at B, green at C."""
    case = told(OPENED, seen(A, job()))
    case = go_on(replace(case, commit=None), moved(pull(B, minute=12)), seen(B, job(run=11, minute=20)))
    case = go_on(replace(case, commit=None), moved(pull(C, minute=22)), seen(C, job("success", run=12, minute=30)))
    failure = only(case)
    assert (failure.fixed_by, failure.flip, len(failure.legs)) == (C, False, 2)


def test_a_re_run_of_the_same_commit_that_is_green_is_a_flip() -> None:
    failure = only(told(OPENED, seen(A, job()), seen(A, job("success", attempt=2, minute=20))))
    assert (failure.state, failure.flip) == (FailureState.RESOLVED_UNVERIFIED, True)


def test_it_is_green_only_when_all_its_legs_are() -> None:
    """E32."""
    legs = seen(A, job(name="test (3.11)"), job(name="test (3.12)"))
    one = told(OPENED, legs, seen(A, job("success", "test (3.11)", attempt=2, minute=20)))
    assert only(one).open
    both = go_on(one, seen(A, job("success", "test (3.12)", attempt=2, minute=25)))
    assert (only(both).state, only(both).resolved_at) == (FailureState.RESOLVED_UNVERIFIED, at(25))


def test_skipping_the_job_ends_nothing() -> None:
    assert only(told(OPENED, seen(A, job()), seen(A, job("skipped", run=11, minute=20)))).open


def test_a_force_push_leaves_it_open_until_the_new_head_has_a_result() -> None:
    """E28."""
    case = told(OPENED, seen(A, job()))
    assert only(go_on(replace(case, commit=None), moved(pull(B, minute=15)))).open


def test_red_again_within_a_day_is_the_same_failure_with_its_spent_time() -> None:
    """E42: 23 hours of quiet."""
    fixed = told(OPENED, seen(A, job()), seen(A, job("success", run=11, minute=40)))
    failure = only(go_on(fixed, seen(A, job(run=12, minute=40 + DAY - 60))))
    assert (failure.series, failure.generation, failure.state) == (1, 2, FailureState.ASSIGNED)
    assert spent(failure.clock, at(40 + DAY - 60) + timedelta(minutes=5)) == 35 * 60


def test_a_breach_is_not_forgiven_by_a_fix() -> None:
    """E42."""
    fixed = told(OPENED, seen(A, job()), seen(A, job("success", run=11, minute=10 + 5 * 60)))
    again = only(go_on(fixed, seen(A, job(run=12, minute=10 + 6 * 60))))
    assert (only(fixed).clock.outcome, again.clock.breached_at) == ("breached", at(10 + 4 * 60))


def test_red_again_after_a_day_of_quiet_is_the_next_of_its_series() -> None:
    """E42: 25 hours; whether the timer has closed the first one by then or not."""
    fixed = told(OPENED, seen(A, job()), seen(A, job("success", run=11, minute=40)))
    closed = go_on(fixed, fired(only(fixed).id, CLOSE, 40 + DAY))
    assert only(closed).state is FailureState.CLOSED
    for before in (fixed, closed):
        case = go_on(before, seen(A, job(run=12, minute=40 + DAY + 60)))
        second = max(case.failures, key=lambda each: each.series)
        assert [failure.series for failure in sorted(case.failures, key=lambda each: each.series)] == [1, 2]
        assert (second.clock.anchor_at, second.clock.spent_s) == (at(40 + DAY + 60), 0)


def test_a_fix_and_a_red_job_a_day_later_that_come_together_are_two_of_a_series() -> None:
    both = seen(A, job("success", run=11, minute=40), job(run=12, minute=40 + DAY + 60), minute=41 + DAY + 60)
    assert {each.series for each in told(OPENED, seen(A, job()), both).failures} == {1, 2}


def test_the_green_that_ended_a_span_is_remembered_however_many_follow() -> None:
    greens = (job("success", run=number, minute=number) for number in range(40, 50))
    fixed = told(OPENED, seen(A, job()), *(seen(A, green) for green in greens))
    again = only(go_on(fixed, seen(A, job(run=60, minute=60))))
    assert (again.generation, again.clock.spent_s) == (2, 30 * 60)


def test_a_red_job_of_before_the_close_is_of_the_closed_failure() -> None:
    """Heard of late: it neither opens a second record nor opens the first one again."""
    fixed = told(OPENED, seen(A, job()), seen(A, job("success", run=12, minute=40)))
    closed = go_on(fixed, fired(only(fixed).id, CLOSE, 40 + DAY))
    failure = only(go_on(closed, seen(A, job(run=11, minute=30), minute=50 + DAY)))
    assert (failure.state, len(failure.legs)) == (FailureState.RESOLVED_UNVERIFIED, 2)


def test_a_redelivered_red_job_leaves_the_closed_failure_closed() -> None:
    fixed = told(OPENED, seen(A, job()), seen(A, job("success", run=11, minute=40)))
    closed = go_on(fixed, fired(only(fixed).id, CLOSE, 40 + DAY))
    assert go_on(closed, seen(A, job(), minute=90 + DAY)) == closed


def test_a_closed_failure_can_have_had_no_more_series_than_are_looked_for() -> None:
    failure = only(told(OPENED, seen(A, job())))
    assert later_ids(failure)[0] == failure.id
    assert len(set(later_ids(failure))) == SERIES_AT_ONCE


def test_a_check_that_its_app_updates_to_green_resolves_its_failure() -> None:
    failure = only(told(OPENED, seen(A, foreign()), seen(A, foreign("success", minute=20))))
    assert failure.state is FailureState.RESOLVED_UNVERIFIED


def test_a_check_that_its_app_updates_to_red_again_is_open_again() -> None:
    ends = (foreign(), foreign("success", minute=20), foreign(minute=30))
    failure = only(told(OPENED, *(seen(A, each) for each in ends)))
    assert (failure.state, failure.generation) == (FailureState.ASSIGNED, 2)


# --- tolerated -------------------------------------------------------------------------------------------------------


def test_a_failure_that_its_workflow_tolerates_is_obsolete_and_takes_no_time() -> None:
    """`continue-on-error`."""
    failure = only(told(OPENED, seen(A, job()), seen(A, runs=(run("success"),))))
    assert (failure.state, failure.clock.outcome, failure.clock.spent_s) == (FailureState.OBSOLETE, "obsolete", 0)


def test_a_tolerated_failure_stays_so_when_another_commit_is_looked_at() -> None:
    case = told(OPENED, seen(A, job()), seen(A, runs=(run("success"),)))
    assert only(go_on(replace(case, commit=None), moved(pull(B, minute=15)))).state is FailureState.OBSOLETE


def test_a_failure_is_open_again_where_its_workflow_no_longer_tolerates_it() -> None:
    case = told(OPENED, seen(A, job()), seen(A, runs=(run("success"),)))
    case = go_on(
        replace(case, commit=None), moved(pull(B, minute=15)), seen(B, job(run=11, minute=20), runs=(run(id=11),))
    )
    failure = only(case)
    assert (failure.state, failure.clock.anchor_at) == (FailureState.ASSIGNED, at(20))


# --- its line of work ends first -------------------------------------------------------------------------------------


def test_closing_the_pull_request_makes_it_obsolete_and_stops_the_clock() -> None:
    """E27."""
    failure = only(told(OPENED, seen(A, job()), moved(pull(minute=40, open=False), "closed")))
    assert (failure.state, failure.open_key) == (FailureState.OBSOLETE, None)
    assert (failure.clock.outcome, failure.clock.spent_s) == ("obsolete", 30 * 60)


def test_reopening_keeps_the_spent_time_and_leaves_the_closed_time_out() -> None:
    """E27, however the two are heard of."""
    closed, reopened = moved(pull(minute=40, open=False), "closed"), moved(pull(minute=100), "reopened")
    for order in ((closed, reopened), (reopened, closed)):
        failure = only(told(OPENED, seen(A, job()), *order))
        assert (failure.state, spent(failure.clock, at(110))) == (FailureState.ASSIGNED, 40 * 60)


def test_a_label_on_a_closed_pull_request_opens_nothing() -> None:
    shut = moved(pull(minute=40, open=False), "closed")
    labelled = moved(pull(minute=60, open=False, labels=("x",)), "labeled")
    failure = only(told(OPENED, seen(A, job()), shut, labelled))
    assert (failure.state, failure.clock.spent_s) == (FailureState.OBSOLETE, 30 * 60)


def branch(*events: Event) -> Case:
    return told(pushed("cart", A, 0), seen(A, job(event="push"), branch="cart"), *events)


def test_deleting_the_branch_makes_it_obsolete() -> None:
    """E26."""
    failure = only(branch(pushed("cart", "0" * 40, 40, deleted=True)))
    assert (failure.state, failure.clock.spent_s) == (FailureState.OBSOLETE, 30 * 60)


def test_a_branch_made_anew_does_not_bring_the_failure_back() -> None:
    """E26: the name is the same, the branch is not; in whatever order its end and its beginning are heard of."""
    moves = (pushed("cart", "0" * 40, 40, deleted=True), pushed("cart", B, 50))
    for order in (moves, moves[::-1]):
        case = branch(*order)
        assert only(case).state is FailureState.OBSOLETE
        again = go_on(replace(case, commit=None), seen(B, job(run=11, minute=60, event="push"), branch="cart"))
        assert {(each.series, each.state) for each in again.failures} == {
            (1, FailureState.OBSOLETE),
            (2, FailureState.ASSIGNED),
        }


def test_a_branch_that_only_its_jobs_tell_of_is_open() -> None:
    assert only(told(seen(A, job(event="push"), branch="cart"))).state is FailureState.ASSIGNED
