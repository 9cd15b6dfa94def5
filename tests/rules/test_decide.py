"""What is written down, when to look again, and what the world is asked to show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stories import (
    NETWORK,
    REPO,
    A,
    B,
    at,
    decided,
    fired,
    job,
    moved,
    only,
    pull,
    pushed,
    queued,
    run,
    seen,
    told,
)

from github_app.rules.case import Alarm, Case, Decision, Note
from github_app.rules.decide import CLOSE, DEADLINE, SETTLE
from github_app.rules.effects import (
    Effect,
    PublishComment,
    PublishGate,
    PublishLabels,
)
from github_app.rules.events import Event, RefreshAsked
from github_app.rules.records import FailureState

OPENED = moved(pull(), "opened")
RED = seen(A, job())
GREEN = seen(A, job("success", run=11, minute=40), minute=41)


def last(*events: Event) -> Decision:
    return decided(*events)[-1]


def kinds(decision: Decision) -> list[str]:
    return [note.kind for note in decision.notes]


def on_pull(sha: str = A, number: int = 1) -> tuple[Effect, ...]:
    return PublishGate(REPO.id, sha), PublishComment(REPO.id, number), PublishLabels(REPO.id, number)


# --- the journal -----------------------------------------------------------------------------------------------------


SHOWN = "failure-review/gate and the comment"
ENDED = "2026-11-24 08:10 UTC"


@pytest.mark.requirement("S1-041")
def test_the_journal_tells_of_a_failure_from_its_detection_to_its_end_in_order() -> None:
    """The clock is anchored at the job's end, not at its delivery (C58, C59)."""
    told_red = last(OPENED, RED)
    failure = only(told_red.case)
    assert told_red.notes == (
        Note(failure.id, "detected", "unit failed on pull/1", at(10)),
        Note(failure.id, "triaged", failure.verdict.reason, at(10.1)),
        Note(failure.id, "assigned", "code_author: ada opened pull request #1", at(10.1)),
        Note(failure.id, "notified", f"ada reads of it in the check {SHOWN} on pull request #1", at(10.1)),
        Note(failure.id, "impact", "Nobody else is known to be held up.", at(10.1)),
        Note(failure.id, "clock", f"Runs since the job ended, {ENDED}: {failure.clock.explanation}", at(10)),
        Note(failure.id, "tracked", "Watched until every job of it is green, due 2026-11-24 12:10 UTC", at(10.1)),
    )
    assert last(OPENED, RED, GREEN).notes == (
        Note(failure.id, "resolved_unverified", "Green at aaaaaaaaaaaa on the same commit that had been red", at(40)),
        Note(failure.id, "flip", "It flipped: red, then green on the same commit", at(40)),
    )


def test_on_a_branch_nobody_is_said_to_read_a_check() -> None:
    notes = last(seen(A, job(event="push"), branch="main")).notes
    [told_of] = [note.reason for note in notes if note.kind == "notified"]
    assert told_of.endswith(" reads of it on the failure's page alone: branch/main has no check of ours")


@pytest.mark.parametrize(("minute", "is_late"), [(10, False), (15, False), (15.01, True), (70, True)])
def test_a_failure_that_is_heard_of_late_says_how_late(minute: float, is_late: bool) -> None:
    """C59: more than five minutes after the job ended."""
    notes = last(OPENED, seen(A, job(minute=10), minute=minute)).notes
    assert ("late_delivery" in [note.kind for note in notes]) is is_late


def test_how_late_is_said_in_words() -> None:
    notes = last(OPENED, seen(A, job(minute=10), minute=70)).notes
    assert notes[-1].reason == "GitHub told of it 1 h after the job had ended"


def test_a_fix_names_the_commit_that_brought_it() -> None:
    moved_on = decided(moved(pull(B, minute=20)), case=replace(told(OPENED, RED), commit=None))[0].case
    fixed = decided(seen(B, job("success", run=11, minute=40)), case=moved_on)[0]
    assert [note.reason for note in fixed.notes] == ["Green at bbbbbbbbbbbb"]


def test_more_jobs_of_the_same_cause_are_seen_again() -> None:
    more = seen(A, job(name="unit (3.12)"), job(name="unit (3.13)"))
    assert [(note.kind, note.reason) for note in last(OPENED, RED, more).notes] == [
        ("seen", "Seen again: unit (3.12), unit (3.13)")
    ]


def test_a_newer_job_that_says_something_else_is_judged_anew() -> None:
    again = seen(A, job(attempt=2, minute=30, says="FAILED tests/unit/test_cart.py::test_tax - assert 1 == 2"))
    assert kinds(last(OPENED, RED, again)) == ["judged"]


def test_red_again_says_for_which_time() -> None:
    notes = last(OPENED, RED, GREEN, seen(A, job(run=12, minute=60))).notes
    assert ("assigned", "Red again, for time 2") in [(note.kind, note.reason) for note in notes]


def test_the_end_of_a_line_of_work_and_its_return_are_told() -> None:
    shut = moved(pull(minute=20, open=False), "closed")
    assert kinds(last(OPENED, RED, shut)) == ["obsolete"]
    back = last(OPENED, RED, shut, moved(pull(minute=30), "reopened"))
    assert [(note.kind, note.reason) for note in back.notes] == [
        ("assigned", "It can be merged again, and is still red")
    ]


def test_a_failure_that_comes_with_its_fix_tells_the_steps_between() -> None:
    """R7."""
    both = seen(A, job(), job("success", run=11, minute=40), minute=41)
    assert kinds(last(OPENED, both)) == [
        "detected",
        "triaged",
        "assigned",
        "notified",
        "impact",
        "clock",
        "tracked",
        "late_delivery",
        "resolved_unverified",
        "flip",
    ]


# --- timers ----------------------------------------------------------------------------------------------------------


def alarms(decision: Decision) -> dict[str, Alarm]:
    return {alarm.kind: alarm for alarm in decision.alarms}


def test_an_open_failure_is_looked_at_one_second_after_its_deadline() -> None:
    decision = last(OPENED, RED)
    failure = only(decision.case)
    due = at(10) + timedelta(hours=4, seconds=1)
    assert decision.alarms == (Alarm(failure.id, DEADLINE, due, 1), Alarm(failure.id, CLOSE, None, 1))


def test_a_fixed_failure_is_looked_at_after_a_day_and_for_its_deadline_no_more() -> None:
    set_by = alarms(last(OPENED, RED, GREEN))
    assert (set_by[DEADLINE].due_at, set_by[CLOSE].due_at) == (None, at(40 + 24 * 60))


def test_a_missed_deadline_is_marked_once() -> None:
    red = told(OPENED, RED)
    timer = fired(only(red).id, DEADLINE, 10 + 4 * 60 + 1)
    first, second = decided(timer, timer, case=red)
    assert [(note.kind, note.at) for note in first.notes] == [("breached", at(10 + 4 * 60))]
    assert alarms(first)[DEADLINE].due_at is None
    assert second == Decision(first.case)


def test_a_deadline_that_has_moved_is_not_missed_by_its_old_timer() -> None:
    """R4."""
    red = told(OPENED, RED)
    assert decided(fired(only(red).id, DEADLINE, 60), case=red) == [Decision(red)]


def test_a_deadline_of_a_failure_that_was_fixed_meanwhile_is_not_missed() -> None:
    fixed = told(OPENED, RED, GREEN)
    assert decided(fired(only(fixed).id, DEADLINE, 10 + 4 * 60 + 1), case=fixed) == [Decision(fixed)]


def test_a_late_green_takes_back_a_breach_that_never_was() -> None:
    red = told(OPENED, RED)
    late = decided(fired(only(red).id, DEADLINE, 10 + 4 * 60 + 1), case=red)[0].case
    fixed = only(decided(replace(GREEN, received_at=at(400)), case=late)[0].case)
    assert (fixed.clock.breached_at, fixed.clock.outcome) == (None, "met")


def test_a_fixed_failure_is_closed_after_a_day() -> None:
    fixed = told(OPENED, RED, GREEN)
    [closed] = decided(fired(only(fixed).id, CLOSE, 40 + 24 * 60), case=fixed)
    assert only(closed.case).state is FailureState.CLOSED
    assert [(note.kind, note.reason) for note in closed.notes] == [
        ("closed", "Quiet for 24 hours; nobody verified the fix")
    ]


@pytest.mark.parametrize("events", [(OPENED, RED), (OPENED, RED, GREEN)])
def test_a_failure_is_not_closed_before_its_day_is_over_or_while_it_is_open(events: tuple[Event, ...]) -> None:
    case = told(*events)
    assert decided(fired(only(case).id, CLOSE, 39 + 24 * 60), case=case) == [Decision(case)]


def test_a_timer_touches_no_other_failure() -> None:
    case = told(OPENED, seen(A, job(), job(name="net", says=NETWORK)))
    first, second = case.failures
    [decision] = decided(fired(first.id, DEADLINE, 10 * 60), case=case)
    assert decision.case.failures[0].clock.breached_at
    assert decision.case.failures[1] == second


def test_a_commit_settles_some_time_after_it_came_to_a_line_of_work() -> None:
    decision = last(OPENED)
    assert decision.alarms == (Alarm(f"commit/7/{A}", SETTLE, OPENED.received_at + timedelta(minutes=5), 1),)
    [settled] = decided(fired(f"commit/7/{A}", SETTLE, 6), case=decision.case)
    assert settled.case.commit is not None
    assert settled.case.commit.settled
    assert settled.effects == on_pull()


def test_a_commit_that_comes_to_another_line_of_work_settles_anew() -> None:
    settled = decided(fired(f"commit/7/{A}", SETTLE, 6), case=told(OPENED))[-1].case
    second = moved(pull(number=2, minute=100), "opened")
    [decision] = decided(second, case=settled)
    assert decision.case.commit is not None
    assert not decision.case.commit.settled
    assert alarms(decision)[SETTLE].due_at == second.received_at + timedelta(minutes=5)


def test_jobs_that_go_on_set_no_timer() -> None:
    assert last(OPENED, seen(A, job(None))).alarms == ()


# --- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "events",
    [
        (OPENED,),
        (OPENED, RED),
        (OPENED, RED, GREEN),
        (OPENED, seen(A, job("success"))),
        (OPENED, RED, seen(A, runs=(run("success"),))),
        (OPENED, RED, moved(pull(minute=20, open=False), "closed")),
        (seen(A, job("success")), OPENED),
        (RED, OPENED),
    ],
)
def test_whatever_alters_a_pull_request_is_shown_on_it(events: tuple[Event, ...]) -> None:
    assert last(*events).effects == on_pull()


@pytest.mark.parametrize("events", [(OPENED, OPENED), (OPENED, RED, RED), (OPENED, RED, GREEN, GREEN)])
def test_what_was_heard_before_asks_for_nothing(events: tuple[Event, ...]) -> None:
    assert last(*events) == Decision(last(*events[:-1]).case)


def test_a_pull_request_that_moves_shows_its_new_head() -> None:
    case = replace(told(OPENED, RED), commit=None)
    assert decided(moved(pull(B, minute=20)), case=case)[0].effects == on_pull(B)


def test_what_becomes_of_an_old_head_is_shown_on_the_new_one_too() -> None:
    """A late job of the old head is still a failure of the pull request."""
    there = told(OPENED)
    moved_on = decided(moved(pull(B, minute=5)), case=replace(there, commit=None))[0].case
    late = decided(RED, case=replace(moved_on, commit=there.commit))[0]
    assert late.effects == (PublishGate(REPO.id, A), *on_pull(B))


def test_a_missed_deadline_is_shown() -> None:
    red = told(OPENED, RED)
    [decision] = decided(fired(only(red).id, DEADLINE, 10 + 4 * 60 + 1), case=red)
    assert decision.effects == on_pull()


def test_every_pull_request_of_a_commit_is_shown() -> None:
    """X14."""
    decision = last(OPENED, moved(pull(number=2), "opened"), RED)
    assert set(decision.effects) == {*on_pull(), *on_pull(number=2)}
    assert len(decision.effects) == 5


def test_a_merge_group_has_a_gate_and_nothing_else() -> None:
    """A missing check stalls the queue."""
    assert last(queued(A, 1)).effects == (PublishGate(REPO.id, A),)
    assert last(queued(A, 1), RED).effects == (PublishGate(REPO.id, A),)


@pytest.mark.parametrize(
    "events",
    [
        (pushed("cart", A, 1),),
        (seen(A, job(event="push"), branch="cart"),),
        (pushed("cart", A, 1), pushed("cart", "0" * 40, 2, deleted=True)),
        (seen(A, job("success")),),
    ],
)
def test_where_no_gate_waits_nothing_is_shown(events: tuple[Event, ...]) -> None:
    assert last(*events).effects == ()


def test_asking_for_the_check_anew_shows_it_anew_once() -> None:
    """X16: GitHub has set the check back, so the same words have to be sent again; a redelivery asks for nothing."""
    case = told(OPENED, RED)
    refresh = RefreshAsked(repo=REPO, cause="guid", received_at=at(60), sha=A)
    [first, again] = decided(refresh, refresh, case=case)
    assert first.effects == on_pull()
    assert first.case.commit is not None
    assert first.case.commit.refreshes == 1
    assert again == Decision(first.case)


def test_asking_for_the_check_of_an_unknown_commit_leads_to_nothing() -> None:
    assert decided(RefreshAsked(repo=REPO, cause="guid", received_at=at(60), sha=A), case=Case()) == [Decision(Case())]
