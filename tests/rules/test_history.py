"""When a failure was red, from its red jobs and the greens after them."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import A, B, at

from github_app.rules.history import (
    GREENS_KEPT,
    Span,
    flips,
    greens_that_matter,
    red_spans,
    remember_greens,
    without,
)
from github_app.rules.records import Green, Leg

UNIT, OTHER = "actions|github-actions|5|pull_request|unit", "actions|github-actions|5|pull_request|other"
CHECK = "check|other|0||lint"


def red(run: int, minute: float, *, slot: str = UNIT, attempt: int = 1, sha: str = A, job_id: int = 0) -> Leg:
    return Leg(job_id or run, slot, (run, attempt, 0), "unit", sha, run, attempt, "", at(minute))


def green(run: int, minute: float, *, slot: str = UNIT, attempt: int = 1, sha: str = B) -> Green:
    return Green(slot, (run, attempt, 0), sha, at(minute))


def spans(*items: Leg | Green) -> list[tuple[Span, ...]]:
    """The spans as they come out of every order."""
    found = []
    for order in permutations(items):
        legs = [item for item in order if isinstance(item, Leg)]
        greens = greens_that_matter(legs, [item for item in order if isinstance(item, Green)])
        found.append(red_spans(legs, greens))
    return found


def the_spans(*items: Leg | Green) -> tuple[Span, ...]:
    """The spans, the same in any order."""
    [only] = set(spans(*items))
    return only


def test_a_red_job_starts_a_span_that_lasts() -> None:
    assert the_spans(red(1, 10)) == (Span(at(10)),)


def test_the_first_green_of_a_newer_run_ends_it() -> None:
    """C60, E30."""
    assert the_spans(red(1, 10), green(2, 20), green(3, 30)) == (Span(at(10), at(20), B),)


def test_an_older_green_ends_nothing_however_late_it_comes() -> None:
    """E29."""
    assert the_spans(red(2, 10), green(1, 30)) == (Span(at(10)),)


def test_a_green_before_any_red_that_counts_ends_nothing() -> None:
    assert red_spans([red(3, 30)], [green(2, 20)]) == (Span(at(30)),)


def test_a_red_green_red_again_is_two_spans() -> None:
    assert the_spans(red(1, 10), green(2, 20), red(3, 30)) == (Span(at(10), at(20), B), Span(at(30)))


def test_red_on_several_commits_before_the_first_green_is_one_span() -> None:
    assert the_spans(red(1, 10), red(2, 15, sha=B), green(3, 20, sha="c")) == (Span(at(10), at(20), "c"),)


def test_green_on_the_commit_that_was_red_is_a_flip() -> None:
    assert the_spans(red(1, 10), green(1, 20, attempt=2, sha=A)) == (Span(at(10), at(20), A, flip=True),)


def test_a_green_that_ended_before_the_red_that_it_follows_takes_no_time_away() -> None:
    assert the_spans(red(1, 10), green(2, 5)) == (Span(at(10), at(10), B),)


def test_a_matrix_is_green_when_its_last_leg_is() -> None:
    """E32."""
    legs = (red(1, 10), red(1, 12, slot=OTHER, job_id=2))
    assert the_spans(*legs, green(2, 20)) == (Span(at(10)),)
    assert the_spans(*legs, green(2, 20), green(2, 25, slot=OTHER, sha="c")) == (Span(at(10), at(25), "c"),)


def test_a_flip_of_one_leg_is_a_flip_of_the_whole() -> None:
    legs = (red(1, 10), red(1, 12, slot=OTHER, job_id=2))
    whole = the_spans(*legs, green(1, 20, attempt=2, sha=A), green(2, 25, slot=OTHER))
    assert whole == (Span(at(10), at(25), B, flip=True),)


def test_a_flip_of_the_later_leg_is_one_too() -> None:
    legs = (red(1, 10), red(1, 12, slot=OTHER, job_id=2))
    whole = the_spans(*legs, green(2, 20), green(1, 25, slot=OTHER, attempt=2, sha=A))
    assert whole == (Span(at(10), at(25), A, flip=True),)


def test_a_leg_that_turns_red_as_another_one_turns_green_goes_on_with_its_span() -> None:
    legs = (red(1, 10), red(1, 20, slot=OTHER, job_id=2))
    assert the_spans(*legs, green(2, 20)) == (Span(at(10)),)


def test_an_earlier_leg_that_lasts_longer_decides_the_end() -> None:
    legs = (red(1, 10), red(1, 12, slot=OTHER, job_id=2))
    assert the_spans(*legs, green(2, 30), green(2, 25, slot=OTHER, sha="c")) == (Span(at(10), at(30), B),)


def test_of_two_jobs_that_share_a_name_the_red_one_counts() -> None:
    """X42."""
    assert the_spans(red(1, 10), green(1, 20)) == (Span(at(10)),)
    assert the_spans(red(1, 10), red(2, 20), green(2, 30), green(3, 40, sha="c")) == (Span(at(10), at(40), "c"),)


def check(minute: float) -> Leg:
    return Leg(9, CHECK, (0, 0, 9), "lint", A, 0, 1, "", at(minute))


def passed(minute: float) -> Green:
    return Green(CHECK, (0, 0, 9), A, at(minute))


def test_a_check_of_another_app_that_is_updated_in_place_ends_by_time() -> None:
    assert the_spans(check(10), passed(20)) == (Span(at(10), at(20), A, flip=True),)
    assert the_spans(check(10), passed(5)) == (Span(at(10)),)
    assert the_spans(check(10), passed(10)) == (Span(at(10)),)
    assert the_spans(check(10), passed(20), check(30)) == (Span(at(10), at(20), A, flip=True), Span(at(30)))


# --- greens ----------------------------------------------------------------------------------------------------------

GREENS = st.lists(
    st.builds(green, st.integers(1, 9), st.integers(0, 30), slot=st.sampled_from([UNIT, OTHER])), max_size=14
)


@given(greens=GREENS, cut=st.integers(0, 14))
def test_greens_are_remembered_in_any_order_and_number_of_steps(greens: list[Green], cut: int) -> None:
    once = remember_greens((), greens)
    assert remember_greens(remember_greens((), greens[cut:]), greens[:cut]) == once
    assert remember_greens(once, greens) == once


def test_of_each_slot_the_newest_few_are_remembered() -> None:
    heard = [green(number, number, slot=slot) for number in range(1, 9) for slot in (UNIT, OTHER)]
    kept = remember_greens((), heard)
    assert [item.order[0] for item in kept if item.slot == UNIT] == list(range(9 - GREENS_KEPT, 9))
    assert [item.order[0] for item in kept if item.slot == OTHER] == list(range(9 - GREENS_KEPT, 9))


def test_only_the_first_green_after_each_red_matters() -> None:
    heard = [green(number, number * 10) for number in (1, 3, 4, 6)] + [green(3, 1, slot=OTHER)]
    assert greens_that_matter([red(2, 5), red(5, 50)], heard) == (heard[1], heard[3])


# --- time taken out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "left"),
    [
        (0, 5, (Span(at(10), at(30), B),)),
        (0, 10, (Span(at(10), at(30), B),)),
        (30, 40, (Span(at(10), at(30), B),)),
        (0, 15, (Span(at(15), at(30), B),)),
        (10, 15, (Span(at(15), at(30), B),)),
        (15, 20, (Span(at(10), at(15)), Span(at(20), at(30), B))),
        (20, 40, (Span(at(10), at(20)),)),
        (20, None, (Span(at(10), at(20)),)),
        (5, None, ()),
        (0, 40, ()),
    ],
)
def test_the_time_in_which_nobody_could_merge_is_cut_out(
    start: float, end: float | None, left: tuple[Span, ...]
) -> None:
    """E27."""
    assert without([Span(at(10), at(30), B)], [(at(start), at(end) if end is not None else None)]) == left


def test_a_span_that_lasts_goes_on_after_the_cut() -> None:
    assert without([Span(at(10))], [(at(20), at(30)), (at(40), None)]) == (
        Span(at(10), at(20)),
        Span(at(30), at(40)),
    )


def test_each_attempt_that_turns_red_into_green_on_one_commit_is_a_flip() -> None:
    """X72: many jobs of one attempt are one; green on another commit is a fix."""
    legs = [red(1, 10), red(1, 10, slot=OTHER), red(1, 30, attempt=3), red(2, 50)]
    greens = [
        green(1, 20, attempt=2, sha=A),
        green(1, 20, attempt=2, sha=A, slot=OTHER),
        green(1, 40, attempt=4, sha=A),
    ]
    assert flips(legs, [*greens, green(3, 60)]) == (at(20), at(40))
    assert flips(legs[3:], [green(3, 60)]) == ()
