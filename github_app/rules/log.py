"""Turn a job's log, as it comes in bytes, into the few redacted stretches that may tell of the failure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from github_app.rules.model import Excerpt
from github_app.rules.redaction import Leak, Redactor
from github_app.rules.regions import Regions

HEAD: Final = 256 * 1024
"""Bytes read of the beginning of a log."""

TAIL: Final = 2 * 1024 * 1024
"""Bytes read of the end of a log, where jobs tell why they failed."""

MIDDLE: Final = 512 * 1024
"""Bytes read in between, where a step says that it failed."""

MAX_LINE: Final = 256 * 1024
"""A line without an end is cut here, so that it cannot fill the memory (X28)."""


class LogReader:
    """Turns a log's bytes into excerpts as they come, in bounded memory and work (T17, X28).

    Read are the first `HEAD` and the last `TAIL` bytes, and of what lies between the blocks in which a step says
    `##[error]`, until `MIDDLE` bytes of them were read. The rest is only counted, so that line numbers stay right.
    """

    def __init__(self, known: Sequence[str], key: bytes = b"") -> None:
        """Read with our own secrets `known`; under a `key`, what is taken out leaves its print."""
        self._redactor = Redactor(tuple(known), key)
        self._regions = Regions()
        self._line = b""  # without its end yet
        self._cut = False  # whether the rest of that line is dropped
        self._head, self._middle = HEAD, MIDDLE  # bytes still to be read
        self._waiting: deque[bytes] = deque()  # the last blocks, which may be the end
        self._waiting_size = 0
        self._skipped = False

    @property
    def state(self) -> str:
        """The word for `Evidence.log`, once everything was read.

        A log that stops before the runner signed off is partial (X27), whether its middle was read or not.
        """
        if self._regions.partial:
            return "partial"
        return "middle_unread" if self._skipped else "read"

    def result(self) -> tuple[tuple[Excerpt, ...], tuple[str, ...]]:
        """Return the excerpts and the kinds of credentials that were taken out."""
        return self._regions.excerpts(), self._redactor.kinds

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """The first credentials that were taken out, with the lines in which they stood."""
        return self._redactor.leaks

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
        if end:
            self._sort(lines + end)

    def _sort(self, block: bytes) -> None:
        if self._head > 0:
            self._head -= len(block)
            self._read(block)
            return
        self._waiting.append(block)
        self._waiting_size += len(block)
        while self._waiting_size - len(self._waiting[0]) >= TAIL:
            oldest = self._waiting.popleft()
            self._waiting_size -= len(oldest)
            self._read_or_skip(oldest)

    def _read_or_skip(self, block: bytes) -> None:
        if self._middle > 0 and b"##[error]" in block:
            self._middle -= len(block)
            self._read(block)
            return
        self._skipped = True
        self._regions.skip(block.count(b"\n"))
        self._redactor.skip()

    def _read(self, block: bytes) -> None:
        lines = block.removesuffix(b"\n").decode("utf-8", "replace").split("\n")
        self._regions.feed(self._redactor.lines(lines, self._regions.count + 1))

    def end(self) -> None:
        """Read what is still held; everything was taken."""
        for block in self._waiting:
            self._read(block)
        self._waiting.clear()
        if self._line:
            self._read(self._line)
