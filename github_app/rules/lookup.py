"""Which lines of a failure's excerpts stood in another job's log as well: the log is searched, and nothing of it kept.

A line that cannot be looked for (no word in it, or too much to read) counts as not seen, which is the stricter answer;
but neither does it count as missing there, so which lines these are is told as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from github_app.rules.fingerprints import line_print
from github_app.rules.lines import unstamped
from github_app.rules.log import MAX_LINE
from github_app.rules.model import Excerpt

MOST_LINES: Final = 20_000
"""Lines of the other log that are read closely: those in which a word of ours occurs."""

MOST_OF_A_WORD: Final = 2_000
"""Of these, lines for the same word: a word that is everywhere must not use up what the others need."""

_WORD: Final = re.compile(r"[A-Za-z]{4,}")


class Lookup:
    """Takes a log's bytes as they come, cut anywhere; its work is bounded whatever stands in it (T17)."""

    def __init__(self, excerpts: Sequence[Excerpt]) -> None:
        self._wanted: dict[str, list[int]] = {}
        for excerpt in excerpts:
            for number, line in enumerate(excerpt.lines, start=excerpt.start):
                self._wanted.setdefault(line_print(line), []).append(number)
        self._words = {said: word for said in self._wanted if (word := _rarest(said))}
        self._wordless = [said for said in self._wanted if said not in self._words]
        self._given_up: set[bytes] = set()
        self._seen: set[int] = set()
        self._rest = b""
        self._left = MOST_LINES
        self._tried: Counter[bytes] = Counter()

    @property
    def seen(self) -> tuple[int, ...]:
        """The numbers of our lines that were found so far."""
        return tuple(sorted(self._seen))

    @property
    def unsought(self) -> tuple[int, ...]:
        """The numbers of our lines that have no word by which they could be looked for."""
        return self._numbers(self._wordless)

    @property
    def unfinished(self) -> tuple[int, ...]:
        """The numbers of our lines that were not found, though they may stand in what was not read."""
        return self._numbers(said for said, word in self._words.items() if word in self._given_up)

    def give_up(self) -> None:
        """The log goes on, but no more of it is read."""
        self._given_up.update(self._words.values())

    def take(self, chunk: bytes) -> None:
        lines, _, self._rest = (self._rest + chunk).rpartition(b"\n")
        self._search(lines)
        self._rest = self._rest[-MAX_LINE:]

    def end(self) -> None:
        """Search what is still held; everything was taken."""
        self._search(self._rest)

    def _search(self, block: bytes) -> None:
        read: set[tuple[int, int]] = set()
        for word in sorted(set(self._words.values()) - self._given_up):
            for start, end in _lines_with(word, block):
                if self._left <= 0 or self._tried[word] >= MOST_OF_A_WORD:
                    self._given_up.add(word)
                    break
                self._tried[word] += 1
                if (start, end) not in read:
                    read.add((start, end))
                    self._left -= 1
                    self._compare(block[start : min(end, start + MAX_LINE)])

    def _compare(self, line: bytes) -> None:
        said = line_print(unstamped(line.decode("utf-8", "replace"))[1])
        if said in self._words:
            del self._words[said]
            self._seen.update(self._wanted[said])

    def _numbers(self, lines: Iterable[str]) -> tuple[int, ...]:
        return tuple(sorted(number for said in lines for number in self._wanted[said]))


def _rarest(said: str) -> bytes:
    """Give the word that a line is searched by: its longest, since long words are rare; b"" when it has none."""
    return max(_WORD.findall(said), key=len, default="").encode()


def _lines_with(word: bytes, block: bytes) -> Iterator[tuple[int, int]]:
    """Give where the lines begin and end in which a word occurs."""
    at = block.find(word)
    while at >= 0:
        start, end = block.rfind(b"\n", 0, at) + 1, block.find(b"\n", at)
        end = len(block) if end < 0 else end
        yield start, end
        at = block.find(word, end)
