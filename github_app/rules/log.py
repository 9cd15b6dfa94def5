"""Turn a job's log, as it comes in bytes, into the few redacted stretches that may tell of the failure.

The law: no text leaves but in the excerpts, and these are redacted. What is not kept need not be, so that a log is
read as fast as its lines can be told apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from github_app.rules.block import HEADLESS, ROOM
from github_app.rules.lines import WIDTH, tidy_block, unstamped
from github_app.rules.marks import found_in, has_key, may_tell, place_of
from github_app.rules.model import Evidence, Excerpt
from github_app.rules.redaction import LEAKS, OVERLAP, Leak, Redactor, mark
from github_app.rules.regions import EXCERPTS, Regions, Stretch

TAIL: Final = 2 * 1024 * 1024
"""Bytes at the end of a log, where jobs tell why they failed, that are read whatever came before them."""

HURRY: Final = 200_000
"""Lines looked at one by one after which of what repeats less is looked at."""

CLOSELY: Final = 500_000
"""Lines before the end that are looked at one by one; in ordinary logs only a few lines are worth it."""

LASTLY: Final = 4 * CLOSELY
"""Lines after which, before the end, only the word of a secret scanner is still looked for."""

MAX_LINE: Final = 256 * 1024
"""A line without an end is cut here, so that it cannot fill the memory (X28)."""

_BLOCK: Final = 16 * 1024
_END: Final = 200  # characters that are kept of the end of a line that is too long
_TOLD: Final = 320  # and of its middle around an anchor, of these so many before it:
_BEFORE: Final = 80


class LogReader:
    """Turns a log's bytes into excerpts as they come, in bounded memory and work (T17, X28).

    All of it is searched. Of a log that is one flood of ends of steps, what lies between the first of them and the last
    `TAIL` bytes is in the end only searched for the first of each kind that may never be overridden, and in the very
    end of leaks alone; `unread` counts the lines of it that were not looked at.
    """

    def __init__(self, known: Sequence[str], key: bytes = b"") -> None:
        """Read with our own secrets `known`; under a `key`, what is taken out leaves its print."""
        self._known, self._key = tuple(known), key
        self._regions = Regions()
        self._in_keys = Redactor(self._known, key)  # of the blocks in which a private key stands
        self._line = b""  # without its end yet
        self._cut = False  # whether the rest of that line is dropped
        self._waiting: deque[bytes] = deque()  # the last blocks, which may be the end
        self._waiting_size = 0
        self.unread = 0

    @property
    def state(self) -> str:
        """The word for `Evidence.log`, once everything was read.

        A log that stops before the runner signed off is partial (X27), whether its middle was read or not.
        """
        if self._regions.partial:
            return "partial"
        return "middle_unread" if self.unread else "read"

    @property
    def lines(self) -> int:
        """How many lines were read, once everything was."""
        return self._regions.count

    @property
    def evidence(self) -> Evidence:
        """What the log is evidence of, once everything was read."""
        excerpts, redactors = self._shown()
        kinds, leaks = _kinds(excerpts, redactors), _leaks(excerpts, redactors)
        elsewhere = self._regions.scanned.elsewhere([(each.start, each.end) for each in excerpts])
        return Evidence(excerpts, self.state, secrets=kinds, leaks=leaks, elsewhere=elsewhere, unread=self.unread)

    def _shown(self) -> tuple[tuple[Excerpt, ...], tuple[Redactor, ...]]:
        redactors = [Redactor(self._known, self._key) for _ in range(EXCERPTS)]
        pairs = zip(self._regions.stretches(), redactors, strict=False)
        return tuple(_excerpt(stretch, redactor) for stretch, redactor in pairs), (self._in_keys, *redactors)

    def take(self, chunk: bytes) -> None:
        """Take the next bytes, cut anywhere; only whole lines are redacted and read."""
        if self._cut:
            _, end, rest = chunk.partition(b"\n")
            self._cut, chunk = not end, end + rest
        lines, end, self._line = (self._line + chunk).rpartition(b"\n")
        if len(self._line) > MAX_LINE:
            last = self._line.rfind(b"\r", 0, -1) + 1  # of a bar that redraws itself
            self._cut = len(self._line) - last > MAX_LINE
            self._line = self._line[last : last + MAX_LINE]
        for block in _blocks(lines + end):
            self._wait(block)

    def end(self) -> None:
        """Read what is still held; everything was taken."""
        for block in (*self._waiting, self._line):
            self._read(block, is_tail=True)
        self._waiting.clear()
        self._line = b""

    def _wait(self, block: bytes) -> None:
        self._waiting.append(block)
        self._waiting_size += len(block)
        while self._waiting_size - len(self._waiting[0]) >= TAIL:
            oldest = self._waiting.popleft()
            self._waiting_size -= len(oldest)
            self._read(oldest)

    def _read(self, raw: bytes, *, is_tail: bool = False) -> None:
        text = tidy_block(raw)
        found = found_in(text)
        work = self._regions.work
        wanted = self._regions.wanted(lastly=work > LASTLY) if work > CLOSELY and not is_tail else frozenset()
        if found and work > CLOSELY and not (is_tail or (wanted and may_tell(found, wanted))):
            self.unread += text.count(b"\n")
            self._regions.skip(text.count(b"\n"), found)
            self._in_keys.skip()
            return
        if has_key(found) or self._in_keys.in_key:
            text = self._without_keys(text)
        self._regions.read(raw, text, found, hurry=work > HURRY)

    def _without_keys(self, text: bytes) -> bytes:
        """Take private keys out at once, since one is only known by its first line, which need not be kept."""
        lines = text.removesuffix(b"\n").decode().split("\n")
        end = b"\n" if text.endswith(b"\n") else b""
        self._regions.work += len(lines)
        return "\n".join(self._in_keys.without_keys(lines, self._regions.count + 1)).encode() + end


def _kinds(excerpts: Sequence[Excerpt], redactors: Sequence[Redactor]) -> tuple[str, ...]:
    text = "\n".join(line for excerpt in excerpts for line in (excerpt.step, *excerpt.lines))
    kinds = dict.fromkeys(kind for redactor in redactors for kind in redactor.kinds)
    return tuple(kind for kind in kinds if mark(kind).removesuffix("]") in text)


def _leaks(excerpts: Sequence[Excerpt], redactors: Sequence[Redactor]) -> tuple[Leak, ...]:
    found = sorted({leak for redactor in redactors for leak in redactor.leaks}, key=lambda leak: leak.line)
    return tuple(leak for leak in found if any(each.start <= leak.line <= each.end for each in excerpts))[:LEAKS]


def _blocks(lines: bytes) -> Iterator[bytes]:
    """Cut whole lines into small blocks of whole lines."""
    start = 0
    while start < len(lines):
        end = lines.rfind(b"\n", start, start + _BLOCK) + 1 or lines.index(b"\n", start) + 1
        yield lines[start:end]
        start = end


def _excerpt(stretch: Stretch, redactor: Redactor) -> Excerpt:
    """Redact a stretch together with the lines around it."""
    done = redactor.lines(stretch.lines, stretch.first)
    lines = [_cut(unstamped(_whole(line, out))[1]) for line, out in zip(stretch.lines, done, strict=True)]
    shown = lines[stretch.start - stretch.first : stretch.end - stretch.first + 1]
    [title] = redactor.lines([stretch.step], 0)
    return Excerpt(stretch.start, tuple(shown), stretch.why, title[:WIDTH])


def _whole(line: str, out: str) -> str:
    """Drop of a redacted line what may be half a credential, since it was cut there before."""
    start = OVERLAP if line.startswith(HEADLESS) else 0
    return out[start : -OVERLAP if len(line) >= ROOM else None]


def _cut(line: str) -> str:
    """Shorten a redacted line: its beginning says who speaks, its end often what broke, and its anchor tells it."""
    if len(line) <= WIDTH:
        return line
    end = _from_word(line[-_END:])
    head = line[: WIDTH - len(end) - 3]
    place = place_of(line)
    if place is None or place[1] <= len(head) or place[0] >= len(line) - len(end):
        return f"{head} … {end}"
    start = max(place[0] - _BEFORE, 0)
    told = _from_word(line[start : place[0]]) + line[place[0] : start + _TOLD]
    return f"{line[: WIDTH - len(told) - len(end) - 6]} … {told} … {end}"


def _from_word(text: str) -> str:
    """Leave out the half of a word at the beginning, so that no half of a mark stands alone."""
    return text[text.find(" ") + 1 :]
