"""Tell what the lines of a log are to whoever looks for the failure, a whole block of them at once.

The law: what `mark_of` finds in a line, `found_in` finds in every block that has the line.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, NamedTuple

from github_app.rules.anchors import ALARM, ANCHORS, EXIT, Anchor
from github_app.rules.lines import JOBBED, STAMP, unstamped
from github_app.rules.regex import ENGINE, PatternSet, compiled, sound


class Mark(NamedTuple):
    """What one line is to whoever looks for the failure."""

    anchor: Anchor | None = None  # the strongest; but a line that ends its step is that, whatever else it looks like
    opens: bool = False  # the runner begins to repeat a step's own text
    closes: bool = False
    jobbed: bool = False  # names its job


_OPENS, _CLOSES, _JOBBED, _KEY = range(len(ANCHORS), len(ANCHORS) + 4)
_STRUCTURE: Final = (
    r"^##\[group\]Run ",
    r"^##\[endgroup\]",
    JOBBED,
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY",
)


def found_in(block: bytes) -> tuple[int, ...]:
    """Give what is found somewhere in a tidy block of lines: at least what `mark_of` finds in any one of them."""
    return _marks().hits(block)


def has_key(found: tuple[int, ...]) -> bool:
    """Whether a private key may begin in the block."""
    return _KEY in found


def may_tell(found: tuple[int, ...], kinds: frozenset[str]) -> bool:
    """Whether anchors of these kinds may be in the block; where lines name their jobs, that is not seen at once."""
    return _JOBBED in found or any(index < len(ANCHORS) and ANCHORS[index].why in kinds for index in found)


@lru_cache(maxsize=4096)
def anchors_in(found: tuple[int, ...]) -> tuple[Anchor, ...] | None:
    """Give the anchors that may be in the block; None where something else must be seen, whatever was seen before."""
    if any(index >= len(ANCHORS) and index != _KEY for index in found):
        return None
    anchors = tuple(ANCHORS[index] for index in found if index < len(ANCHORS))
    return None if any(anchor.why in {EXIT, ALARM} for anchor in anchors) else anchors


def mark_of(line: bytes) -> Mark | None:
    """Give what a tidy line is, its time stamp on or off; None for almost every line."""
    found = _marks().hits(line)
    if _JOBBED in found:
        found = (*_marks().hits(unstamped(line.decode())[1]), _JOBBED)
    return _mark(found) if found else None


def place_of(text: str) -> tuple[int, int] | None:
    """Give where in a line behind its time stamp the strongest anchor stands, from and up to which character."""
    mark = mark_of(sound(text).encode())
    found = compiled(mark.anchor.pattern).search(text) if mark and mark.anchor else None
    return found.span() if found else None


@lru_cache(maxsize=4096)
def _mark(found: tuple[int, ...]) -> Mark | None:
    anchors = [ANCHORS[index] for index in found if index < len(ANCHORS)]
    anchor = max(anchors, key=lambda each: (each.why == EXIT, each.weight), default=None)
    mark = Mark(anchor, _OPENS in found, _CLOSES in found, _JOBBED in found)
    return None if mark == Mark() else mark


@cache
def _marks() -> PatternSet:
    """Give the patterns for whole blocks, in which `^` and `$` stand for every line's beginning and end."""
    begins = [f"^(?:{STAMP})?" + ("" if anchor.why == EXIT else _BUILDKIT) for anchor in ANCHORS]
    own = [_begun(anchor.pattern, begin) for anchor, begin in zip(ANCHORS, begins, strict=True)]
    structure = [_begun(pattern, f"^(?:{STAMP})?") for pattern in _STRUCTURE if pattern != JOBBED]
    structure.insert(_JOBBED - len(ANCHORS), JOBBED)
    return ENGINE.pattern_set([f"(?m){pattern}" for pattern in (*own, *structure)])


_BUILDKIT: Final = r"(?:#\d{1,4} \d{1,6}\.\d{1,4} )?"  # what an image build writes before its commands' own words
_BEGIN: Final = re.compile(r"(?<![\[\\])\^")


def _begun(pattern: str, begin: str) -> str:
    return _BEGIN.sub(lambda _: begin, pattern)
