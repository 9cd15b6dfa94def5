"""What is read fast is read right: a block tells the same as its lines, however a log is cut into blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from github_app.rules.anchors import ANCHORS, EXIT
from github_app.rules.lines import tidy, tidy_block, unstamped
from github_app.rules.marks import found_in, mark_of
from github_app.rules.regex import ENGINE
from github_app.rules.regions import Regions

STAMP = "2026-01-02T03:04:05.1234567Z "
ODD = [
    "\x1b[31m",
    "\x1b]8;;x",
    "\x07",
    "\x1b",
    "\x9b0m",
    "\ufe0f",
    "\u200b",
    "\ufeff",
    "\x0b",
    "\x00",
    "\u3164",
    "\xa0",
]
ODD += ["✓", "\x1b[0;1m", f"\t{STAMP}", "\r", "\t", " ", "0", "é", "\ud800", STAMP, f"job\tstep\t{STAMP}", "∩╗┐"]
TOLD = ["##[error]x", "FAILED a.py::b", "--- FAIL: T (0s)", "E   assert 3", "= FAILURES =", "a.c:1: error", "## x"]
TOLD += ["Caused by: a.b.Exception: c", "error: x", "Killed", "leaks found: 2", "npm error code E", "Failures:"]
TOLD += ["##[group]Run make", "##[endgroup]", "##[error]Process completed with exit code 1.", "\x1b[36;1mmake\x1b[0m"]
TEXT = st.lists(st.sampled_from([*ODD, *TOLD, "\n", "\r\n", "\n" + STAMP]), max_size=30).map("".join)


def raw(text: str) -> bytes:
    return text.encode(errors="replace")


@given(TEXT)
def test_a_block_is_tidied_as_its_lines_are(text: str) -> None:
    """X28."""
    lines = raw(text).decode().split("\n")
    assert tidy_block(raw(text)).decode().split("\n") == [tidy(line) for line in lines]


@given(st.lists(st.one_of(st.sampled_from([*ODD, "\n", "\r\n"]).map(raw), st.binary(max_size=2))).map(b"".join))
def test_a_block_of_bytes_that_are_no_text_is_tidied_as_its_lines_are(block: bytes) -> None:
    """X28."""
    lines = block.decode(errors="replace").split("\n")
    assert tidy_block(block).decode().split("\n") == [tidy(line) for line in lines]


@given(TEXT)
def test_a_block_tells_all_that_its_lines_tell(text: str) -> None:
    """The other way round, a block may promise what no line of it keeps: then its lines are looked at for nothing."""
    block = tidy_block(raw(text))
    marks = [mark for line in block.split(b"\n") if (mark := mark_of(line))]
    found = found_in(block)
    assert found or not marks
    assert {ANCHORS.index(mark.anchor) for mark in marks if mark.anchor and not mark.jobbed} <= set(found)


PATTERNS = [ENGINE.pattern(anchor.pattern) for anchor in ANCHORS]


@given(TEXT)
def test_what_a_line_tells_is_what_each_anchor_finds_in_its_clean_text(text: str) -> None:
    for line in tidy_block(raw(text)).decode().split("\n"):
        said = unstamped(line)[1]
        if unstamped(said)[0] is not None:
            continue  # a second time stamp is text, but nothing is told by it
        hits = [anchor for anchor, pattern in zip(ANCHORS, PATTERNS, strict=True) if pattern.search(said)]
        mark = mark_of(line.encode())
        strongest = max(hits, key=lambda anchor: (anchor.why == EXIT, anchor.weight), default=None)
        assert (mark.anchor if mark else None) == strongest


@given(
    st.lists(st.sampled_from([*TOLD, "x", STAMP, f"a\tb\t{STAMP}x", f"c\td\t{STAMP}##[error]x"]), max_size=200),
    st.data(),
)
def test_it_does_not_matter_how_a_log_is_cut_into_blocks(lines: list[str], data: st.DataObject) -> None:
    whole, pieces = Regions(), Regions()
    text = raw("".join(f"{line}\n" for line in lines))
    whole.read(text, tidy_block(text))
    while lines:
        size = data.draw(st.integers(1, 40))
        part, lines = raw("".join(f"{line}\n" for line in lines[:size])), lines[size:]
        pieces.read(part, tidy_block(part))
    assert pieces.stretches() == whole.stretches()
    assert (pieces.count, pieces.partial, pieces.alarmed) == (whole.count, whole.partial, whole.alarmed)
