"""Some whole lines of a log, only split where a line is wanted."""

from __future__ import annotations

from typing import Final

from github_app.rules.echo import CYAN, is_cyan
from github_app.rules.lines import WIDTH, unstamped
from github_app.rules.marks import place_of
from github_app.rules.redaction import OVERLAP

ROOM: Final = WIDTH + 2 * OVERLAP
"""Characters kept of a line: what is shown, and what must be seen to redact it."""

HEADLESS: Final = "\0"
"""What a line begins with of which the beginning is not kept; no tidy line has it elsewhere."""


def kept(line: bytes) -> str:
    """Give what is kept of a line: of a very long one what its anchor stands in, or its beginning."""
    text = line.decode()
    place = place_of(text) if len(text) > ROOM else None
    if place is None or place[0] < WIDTH:
        return text[:ROOM]
    start = max(place[0] - ROOM // 2, 0)
    return (HEADLESS if start else "") + text[start : start + ROOM]


class Block:
    """Whole lines of the log, from `start` on, as they came and tidy."""

    def __init__(self, start: int, raw: bytes, text: bytes) -> None:
        self.start = start
        self.raw = raw
        self.text = text
        self.end = start + text.count(b"\n") - text.endswith(b"\n")
        self._lines: list[bytes] | None = None
        self._raw_lines: list[bytes] | None = None

    @property
    def lines(self) -> list[bytes]:
        if self._lines is None:
            self._lines = self.text.removesuffix(b"\n").split(b"\n")
        return self._lines

    def is_cyan(self, number: int) -> bool:
        """Whether a line is in the colour in which the runner repeats scripts."""
        if self._raw_lines is None:
            self._raw_lines = self.raw.split(b"\n")
        return is_cyan(self._raw_lines[number - self.start])

    def first_cyan(self) -> int:
        """Give the first line in which there is that colour, or 0."""
        place = self.raw.find(CYAN) if b"\x1b" in self.raw else -1
        return self.start + self.raw.count(b"\n", 0, place) if place >= 0 else 0

    def said(self, number: int) -> str:
        """Give the beginning of what a line says, behind its time stamp."""
        return unstamped(self.lines[number - self.start].decode()[:ROOM])[1]

    def part(self, first: int, last: int) -> list[bytes]:
        """Give the lines of these numbers, as far as they are in it."""
        return self.lines[max(first - self.start, 0) : max(last - self.start + 1, 0)]
