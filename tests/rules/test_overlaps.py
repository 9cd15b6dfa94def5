"""Of lines that are shown already, only what is left is shown again."""

from __future__ import annotations

import pytest

from github_app.rules.overlaps import Span, clear_of


@pytest.mark.parametrize(
    ("span", "others", "left"),
    [
        ((1, 9), [], (1, 9)),
        ((1, 9), [(20, 30)], (1, 9)),
        ((1, 9), [(5, 30)], (1, 4)),
        ((5, 30), [(1, 9)], (10, 30)),
        ((5, 8), [(1, 9)], None),
        ((1, 30), [(5, 9)], (1, 4)),
        ((1, 30), [(20, 40), (1, 9)], (10, 19)),
    ],
)
def test_what_is_left_of_a_span_is_what_no_other_shows(span: Span, others: list[Span], left: Span | None) -> None:
    assert clear_of(span, others) == left
