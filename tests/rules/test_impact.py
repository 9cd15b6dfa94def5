"""Whom a failure holds up, in the words that people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from stories import ADA, DRIFT, UNIT, A, B, C, at, decided, job, only, pull, seen, told

from github_app.rules.case import Case
from github_app.rules.comparison import Sibling
from github_app.rules.effects import PublishComment, PublishGate
from github_app.rules.impact import Impact, impact
from github_app.rules.model import Person
from github_app.rules.records import FailureState
from github_app.rules.verdicts import Owner, Party

BEA, CAL = Person(2, "bea"), Person(3, "cal")
SAME = UNIT.replace("3 == 4", "7 == 8")
OTHER = "FAILED tests/unit/test_tax.py::test_tax - assert 3 == 4"

FIRST = ["detected", "triaged", "assigned", "notified", "impact", "clock", "tracked"]


def failed(number: int = 1, author: Person = ADA, says: str = SAME, **more: Any) -> Sibling:
    its = pull(f"{number:040}", number=number, author=author, head_ref=f"work-{number}", **more)
    case = told(seen(its.head_sha, job(says=says), pulls=(its,)))
    return Sibling(only(case), case.refs[0])


def on(branch: str, says: str = SAME) -> Sibling:
    case = told(seen(C, job(says=says), branch=branch))
    return Sibling(only(case), case.refs[0])


def owned_by(sibling: Sibling, party: Party) -> Sibling:
    return replace(sibling, failure=replace(sibling.failure, owner=Owner(party)))


MINE = failed(says=UNIT)
MAIN_AND_PULLS = "All development is held up: it is on main, and pull requests meet it."


def hits(*others: Sibling, mine: Sibling = MINE) -> Impact:
    return impact(mine.failure, mine.ref, others)


def test_a_failure_that_nobody_else_has_holds_up_its_own_line_of_work_alone() -> None:
    alone = hits(MINE, failed(12, BEA, OTHER))
    assert (alone.pulls, alone.branches, alone.everybody, alone.is_shared) == ((1,), (), None, False)
    assert alone.sentence == "Nobody else is known to be held up."


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ([failed(12)], "The same failure holds up #12 as well."),
        ([failed(12, BEA)], "The same failure holds up #12 as well (2 authors)."),
        (
            [failed(12, BEA), failed(15)],
            (
                "All development is held up: at least 3 open pull requests of at least 2 people meet it. "
                "The same failure holds up #12, #15 as well (2 authors)."
            ),
        ),
        ([failed(12), failed(15)], "The same failure holds up #12, #15 as well."),
        ([on("main")], f"{MAIN_AND_PULLS} The same failure holds up main as well."),
        ([on("next"), failed(12)], "The same failure holds up #12 and next as well."),
        ([on("work-1")], "Nobody else is known to be held up."),
    ],
    ids=["one author", "two", "three of two", "three of one", "main", "a branch", "its own branch"],
)
def test_whom_the_same_failure_holds_up_is_said(others: list[Sibling], sentence: str) -> None:
    assert hits(*others).sentence == sentence


def test_what_is_over_holds_up_nobody() -> None:
    fixed, closed = failed(12, BEA), failed(15, CAL)
    fixed = replace(fixed, failure=replace(fixed.failure, state=FailureState.RESOLVED_UNVERIFIED))
    closed = replace(closed, ref=replace(closed.ref, open=False))
    assert hits(fixed, closed).pulls == (1,)


def test_a_red_main_holds_up_everybody_when_the_policy_says_so_or_pull_requests_meet_it() -> None:
    """S1-008."""
    red, drift = on("main"), on("main", DRIFT)
    assert hits(mine=red).everybody is None
    assert hits(failed(12), mine=red).everybody == "it is on main, and pull requests meet it"
    assert hits(mine=drift).sentence == (
        "All development is held up: main is red, and the policy says that this kind holds up everybody."
    )


def test_what_the_policy_lets_nobody_pass_over_is_not_said_to_hold_up_nobody() -> None:
    """S1-008."""
    drift = failed(says=DRIFT)
    told = hits(mine=drift)
    assert (told.everybody, told.sentence) == (
        None,
        "No other line of work is known to have it, but the policy says that this kind holds up everybody.",
    )


def test_the_teams_are_those_whose_the_failure_is_here_and_there() -> None:
    """S1-041: teams by name, else people, else the role that nobody fills."""
    mine = owned_by(MINE, Party("code_author", (ADA,)))
    others = (
        owned_by(failed(12), Party("backend_dev", (BEA,), ("octo/backend",))),
        owned_by(failed(13), Party("qa_analyst")),
        owned_by(failed(14), Party("code_author", (ADA,))),
    )
    assert hits(*others, mine=mine).teams == ("ada", "octo/backend", "qa_analyst")


def test_many_pull_requests_are_not_counted_so_that_the_words_settle() -> None:
    """G13."""
    many = [failed(number, BEA) for number in range(10, 17)]
    assert hits(*many[:6]).sentence == hits(*many).sentence
    assert hits(*many).sentence.endswith("The same failure holds up #10, #11, #12, #13, #14 and more as well.")


# --- the others are told ---------------------------------------------------------------------------------------------


def test_lines_of_work_with_the_same_failure_are_shown_anew_when_one_begins_or_ends() -> None:
    other = failed(12, BEA)
    before = Case(siblings=(other, failed(13, BEA, OTHER), on("main")))
    echoes = (PublishGate(7, other.ref.head_sha), PublishComment(7, 12))
    red = decided(seen(A, job(), pulls=(pull(A),)), case=before)[0]
    assert red.echoes == echoes
    again = decided(seen(A, job(attempt=2, minute=20), pulls=(pull(A),)), case=red.case)[0]
    assert again.echoes == ()
    green = decided(seen(A, job("success", attempt=3, minute=30), pulls=(pull(A),)), case=again.case)[0]
    assert green.echoes == echoes


def test_a_closed_pull_request_is_not_shown_anew() -> None:
    other = failed(12, BEA)
    closed = replace(other, ref=replace(other.ref, open=False))
    assert decided(seen(A, job(), pulls=(pull(A),)), case=Case(siblings=(closed,)))[0].echoes == ()


def test_the_journal_tells_of_the_impact_before_the_clock() -> None:
    """S1-041."""
    before = Case(siblings=(failed(12, BEA),))
    notes = decided(seen(B, job(), pulls=(pull(B),)), case=before)[0].notes
    assert [note.kind for note in notes] == FIRST
    assert notes[4].reason == "The same failure holds up #12 as well (2 authors)."
    assert notes[3].at == at(10.1)


@pytest.mark.requirement("S1-145")
def test_what_it_costs_is_the_waiting_of_every_line_of_work() -> None:
    begun = MINE.failure.opened_at
    later = failed(12, BEA)
    later = replace(later, failure=replace(later.failure, opened_at=begun + timedelta(hours=1)))
    told = hits(later)
    assert told.teams == ("ada", "bea")
    assert told.cost(begun + timedelta(hours=3)) == (
        "2 red jobs on 2 lines of work; the waiting of all together comes to 5 h."
    )


def test_a_failure_of_one_line_of_work_costs_its_own_waiting() -> None:
    told = hits()
    assert told.cost(MINE.failure.opened_at + timedelta(minutes=90)) == (
        "1 red job on 1 line of work; the waiting of all together comes to 1 h 30 min."
    )


def test_the_branch_that_a_pull_request_comes_from_waits_no_second_time() -> None:
    told = hits(on("work-1"))
    assert (told.jobs, len(told.since)) == (1, 1)
