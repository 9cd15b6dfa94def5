"""A failure's lines are found again in another log, whatever differs from run to run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from github_app.rules import lookup
from github_app.rules.lookup import Lookup
from github_app.rules.model import Excerpt

OURS = Excerpt(
    10,
    (
        "warning: deprecated call in /home/runner/work/shop/shop/src/cart.py:14",
        "Connecting to warehouse took 31ms",
        "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4",
        "}",
    ),
    "##[error]",
)
GREEN = b"""2026-11-20T08:00:01.0000000Z warning: deprecated call in /opt/build/77/src/cart.py:19\r
2026-11-20T08:00:02.0000000Z Connecting to warehouse took 1208ms
2026-11-20T08:00:03.0000000Z 212 passed
2026-11-20T08:00:03.0000000Z }
"""


def seen(log: bytes, *cuts: int, excerpts: tuple[Excerpt, ...] = (OURS,)) -> tuple[int, ...]:
    search, start = Lookup(excerpts), 0
    for cut in (*sorted(cuts), len(log)):
        search.take(log[start:cut])
        start = max(start, cut)
    search.end()
    return search.seen


def test_a_line_is_known_again_under_other_times_numbers_and_folders() -> None:
    """A line without a word is not looked for: not seen is the stricter answer."""
    assert seen(GREEN) == (10, 11)


def test_a_line_that_stands_twice_in_the_excerpts_is_seen_in_both_places() -> None:
    assert seen(GREEN, excerpts=(OURS, Excerpt(90, OURS.lines[1:2], "last lines"))) == (10, 11, 90)


def test_a_line_that_has_words_of_two_of_ours_is_read_once_and_is_neither() -> None:
    assert seen(b"deprecated: Connecting to the other warehouse\n") == ()


def test_the_last_line_needs_no_end() -> None:
    assert seen(GREEN.splitlines()[1]) == (11,)


@given(cuts=st.lists(st.integers(0, len(GREEN)), max_size=6))
def test_it_does_not_matter_how_the_log_is_cut_into_chunks(cuts: list[int]) -> None:
    assert seen(GREEN, *cuts) == (10, 11)


@given(log=st.binary(max_size=300))
def test_any_bytes_can_be_searched(log: bytes) -> None:
    """The line that we look for is found behind whatever stands before it."""
    assert 11 in seen(log + b"\n" + GREEN)


FLOOD = b"Connecting to the other warehouse again\n" * (lookup.MOST_OF_A_WORD + 1)


def test_a_log_full_of_our_words_is_not_read_for_ever() -> None:
    assert (seen(FLOOD + GREEN), seen(GREEN + FLOOD)) == ((10,), (10, 11))


def searched(log: bytes) -> Lookup:
    search = Lookup((OURS,))
    search.take(log)
    search.end()
    return search


def test_a_line_without_a_word_is_said_not_to_have_been_looked_for() -> None:
    assert (searched(GREEN).unsought, searched(GREEN).unfinished) == ((13,), ())


def test_a_line_whose_words_flood_the_log_is_said_not_to_have_been_searched_for_to_the_end() -> None:
    """T17: the bound on the work must not turn into the answer that the line is not there."""
    assert searched(FLOOD + GREEN).unfinished == (11,)
    assert searched(GREEN + FLOOD).unfinished == ()


def test_when_all_lines_together_are_too_many_no_line_counts_as_missing() -> None:
    """T17."""
    words = [f"{chr(97 + n)}{chr(97 + m)}common" for n in range(4) for m in range(4)]
    ours = (Excerpt(1, tuple(f"{word} here" for word in words), "##[error]"),)
    search = Lookup(ours)
    for word in words:
        search.take(f"{word} there\n".encode() * (lookup.MOST_LINES // 10))
    search.end()
    assert search.unfinished == tuple(range(11, 17))


def test_after_giving_up_every_line_that_was_not_found_is_unknown() -> None:
    search = Lookup((OURS,))
    search.take(GREEN)
    search.give_up()
    assert (search.seen, search.unfinished) == ((10, 11), (12,))
