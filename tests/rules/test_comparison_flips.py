"""How often a failure flipped of late, and what of it is shown (X72)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import ADA, A, B, C, at, job, only, pull, seen, told
from test_comparison import BEA, MINE, NOW, NOWHERE, OTHER, SAME, SHA, TEST, evidence, failed, judged, on_main

from github_app.rules.around import around
from github_app.rules.comparison import Sibling, compared, flakiness
from github_app.rules.model import BaseJob, BaseState
from github_app.rules.records import Failure, FailureState, Ref


def flipped(sibling: Sibling, *minutes: float) -> Sibling:
    return replace(sibling, failure=replace(sibling.failure, flips=tuple(map(at, minutes))))


def test_flips_of_the_same_failure_are_counted_everywhere_for_seven_days() -> None:
    """X72, C23: an outage proves nothing about a test."""
    mine = flipped(MINE, -7 * 24 * 60 + 59, 10, 20)
    others = [flipped(failed(SAME, 12, ADA, B), 30), flipped(failed(OTHER, 13, BEA, C), 30), mine]
    assert flakiness(mine.failure, others, NOW) == 3
    outage = flipped(failed("curl: (6) Could not resolve host: registry.example.org"), 10)
    assert flakiness(outage.failure, [outage], NOW) == 0


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ((), ""),
        ((10,), "Flaky: flipped once in 7 days, red and then green on one commit."),
        ((10, 20, 30), "Flaky: flipped 3 times in 7 days, red and then green on one commit."),
    ],
)
def test_a_flaky_failure_says_how_often_it_flipped(minutes: tuple[float, ...], said: str) -> None:
    assert around(flipped(MINE, *minutes).failure, MINE.ref, (), NOW).flaky == said


def test_everything_that_was_or_was_not_compared_is_said() -> None:
    assert around(MINE.failure, MINE.ref, (), NOW).news == (
        "Not compared with a green run.",
        "Not compared with main.",
        NOWHERE,
    )


def test_what_was_fixed_on_main_meanwhile_is_only_behind() -> None:
    main = on_main(minute=5)
    told = compared(judged(), MINE.failure.fingerprint, at(10), MINE.ref, [main], wholly=False)
    inherited = replace(MINE.failure, comparison=told)
    fixed = replace(main, failure=replace(main.failure, state=FailureState.CLOSED, fixed_by=B))
    forgotten = replace(fixed, failure=replace(fixed.failure, fixed_by=None))

    def news(*siblings: Sibling, failure: Failure = inherited, ref: Ref | None = MINE.ref) -> str:
        return " ".join(around(failure, ref, siblings, NOW).news)

    assert f"It was fixed on main by {B[:12]}: bring this branch up to date." in news(fixed)
    assert "It was fixed on main: bring this branch up to date." in news(forgotten)
    for silent in (news(), news(main), news(fixed, main), news(fixed, failure=MINE.failure), news(fixed, ref=None)):
        assert "bring this branch" not in silent


@given(says=st.sampled_from((TEST, OTHER, "the machine hums")), state=st.sampled_from(list(BaseState)))
def test_no_comparison_opens_the_gate(says: str, state: BaseState) -> None:
    at_base = BaseJob("main", SHA, state, seen=(11,))
    alone = told(seen(A, job(evidence=evidence(says)), pulls=(pull(A),)))
    with_base = told(seen(A, job(evidence=evidence(says, base=at_base)), pulls=(pull(A),)))
    one, other = only(alone), only(with_base)
    assert (one.state, one.verdict, one.override) == (other.state, other.verdict, other.override)
