"""How often the App was right, from closed records and what people said about them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from commanding import BOB, given, heard, red
from stories import A, at, job, only, seen

from github_app.rules.accuracy import Figures, among, figures
from github_app.rules.commands import parse
from github_app.rules.records import Failure, FailureState


def after(*lines: str, state: FailureState = FailureState.CLOSED) -> Failure:
    """A record that ended after some commands of bob's."""
    case = red()
    for number, line in enumerate(lines):
        case = heard(case, given(*parse(line), number=number, minute=20 + number)).case
    return replace(only(case), state=state)


CORRECTED, LOOKED_AT = after("/recategorize infra.runner x"), after("/recategorize test.unit")
SAME_OWNER = after("/recategorize build.lint x")
TAKEN_BACK = after("/recategorize infra.runner x", "/recategorize auto")
UNTOUCHED = after()


@pytest.mark.requirement("S1-171")
@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], Figures()),
        ([UNTOUCHED], Figures(closed=1)),
        ([LOOKED_AT, UNTOUCHED], Figures(closed=2, looked_at=1)),
        ([CORRECTED, LOOKED_AT], Figures(closed=2, looked_at=2, corrected=1, rerouted=1)),
        ([TAKEN_BACK], Figures(closed=1, looked_at=1)),
        ([after("/recategorize infra.runner x", state=FailureState.ASSIGNED)], Figures()),
        ([after("/recategorize infra.runner x", state=FailureState.OBSOLETE)], Figures()),
    ],
)
def test_closed_records_are_counted_by_what_people_said(records: list[Failure], expected: Figures) -> None:
    assert figures(records) == expected


def test_a_correction_that_leaves_it_with_its_owner_is_no_error_of_routing() -> None:
    same = replace(SAME_OWNER, owner=UNTOUCHED.owner)
    assert figures([same]) == Figures(closed=1, looked_at=1, corrected=1)


def test_a_correction_taken_over_from_the_record_before_counts_there_alone() -> None:
    case = heard(red(), given(*parse("/recategorize infra.runner x"))).case
    green = heard(case, seen(A, job("success", attempt=2, minute=30), minute=30.1)).case
    later = heard(green, seen(A, job(attempt=3, minute=3000), minute=3000.1)).case
    new = max(later.failures, key=lambda failure: failure.series)
    closed = replace(new, state=FailureState.CLOSED)
    assert figures([closed]) == Figures(closed=1)
    again = replace(closed, looked_by=(BOB,))
    assert figures([again]) == Figures(closed=1, looked_at=1)
    assert closed.opened_at > at(20)


@pytest.mark.requirement("S1-135")
def test_the_figures_are_shares_of_what_they_rest_on() -> None:
    told = among(Figures(closed=4, looked_at=4, corrected=1, rerouted=1), 10)
    assert (told.accuracy, told.routing) == (0.75, 0.9)


def test_without_records_there_is_no_figure() -> None:
    assert (Figures().accuracy, Figures().routing) == (None, None)
