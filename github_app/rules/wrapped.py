"""Credentials that a terminal or a tool has broken over several lines: the pieces, put together to be looked at.

It only says which lines belong together; what is a credential is decided where the text is redacted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from github_app.rules.lines import unstamped

_WIDE: Final = 40  # characters of a line that may have been wrapped
_PIECE: Final = 4  # characters that a piece of a token has at least
_BLOCK_LINE: Final = re.compile(r"\s*[A-Za-z0-9+/_-]{40,}={0,2}\s*")
_BLOCK_END: Final = re.compile(r"\s*[A-Za-z0-9+/_-]{1,200}={0,2}\s*")
_HEAD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Broken:
    """The end of line `index` from `tail` on, and the span `head` of the line after it."""

    index: int
    tail: int
    head: tuple[int, int]
    text: str
    border: int  # where in `text` the second line begins


def broken_words(lines: Sequence[str]) -> Iterator[Broken]:
    """Give the words that may go on in the next line: those at the end of a wide line."""
    for index, (line, following) in enumerate(pairwise(lines)):
        if len(line) < _WIDE or not following:
            continue
        begin = len(line) - len(line.rsplit(None, 1)[-1]) if not line[-1].isspace() else len(line)
        start = len(following) - len(unstamped(following)[1])
        head = _HEAD.match(following, start)
        if head is not None and min(len(line) - begin, head.end() - start) >= _PIECE:
            text = line[begin:] + head[0]
            yield Broken(index, begin, head.span(), text, len(line) - begin)


def blocks(lines: Sequence[str]) -> Iterator[tuple[range, str]]:
    """Give the runs of lines that are nothing but base64, as tools wrap it, and the runs' characters in one.

    The last line of such a run is shorter, and padded to a multiple of four characters (RFC 4648).
    """
    start: int | None = None
    bodies = [unstamped(line)[1] for line in lines]
    for index, body in enumerate([*bodies, ""]):
        if _BLOCK_LINE.fullmatch(body):
            start = index if start is None else start
        elif start is not None:
            end = index + 1 if _BLOCK_END.fullmatch(body) and len(body.strip()) % 4 == 0 else index
            if end - start > 1:
                yield range(start, end), "".join(body.strip() for body in bodies[start:end])
            start = None
