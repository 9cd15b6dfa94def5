"""Find where in a job's log the failure is told: a few short stretches of lines, the best first.

One pass over lines of any number in bounded memory: only the best candidates and the last lines are kept. It does not
say what kind of failure it is; `categorise` does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final, NamedTuple

from github_app.rules.anchors import ALARM, ANCHORS, EXIT, Anchor
from github_app.rules.lines import WIDTH, unstamped
from github_app.rules.model import Excerpt
from github_app.rules.regex import ENGINE, PatternSet

EXCERPTS: Final = 3
HEIGHT: Final = 80
"""Lines of one excerpt at most."""

_KEPT: Final = 12  # candidates remembered while reading; the failing step may turn out only at its end
_FAILED_STEP: Final = 40  # what a candidate gains when its step then fails
_SHORT: Final = 60  # characters of a line whose anchor is remembered
_TAIL: Final = 1  # weight of the last lines, which are better than nothing


@dataclass(slots=True)
class _Candidate:
    start: int
    lines: list[str]
    weight: int
    why: str
    step: str
    step_number: int
    wanted: int  # lines still to be taken
    anchors: int = 1
    bonus: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.lines) - 1

    @property
    def full(self) -> bool:
        return self.wanted <= 0 or len(self.lines) >= HEIGHT

    @property
    def standing(self) -> tuple[int, int]:
        """Better is higher; of equals the earlier one, since what broke first broke the rest."""
        return (self.weight + self.bonus + min(self.anchors, 5), -self.start)

    def excerpt(self) -> Excerpt:
        return Excerpt(self.start, tuple(self.lines), self.why, self.step)


class _Numbered(NamedTuple):
    number: int
    text: str


@dataclass(slots=True)
class Regions:
    """Reads a log line by line; feed it everything, then ask for `excerpts`."""

    count: int = 0  # lines read
    _before: deque[_Numbered] = field(default_factory=lambda: deque(maxlen=HEIGHT))
    _tail: deque[_Numbered] = field(default_factory=lambda: deque(maxlen=HEIGHT))
    _best: list[_Candidate] = field(default_factory=list)
    _open: _Candidate | None = None
    _alarm: _Candidate | None = None  # the first; always among the excerpts
    _job: str = ""
    _step: str = ""
    _step_number: int = 0
    _in_script: bool = False  # between `##[group]Run ...` and `##[endgroup]`: the step's own text, not its output
    _stamped: bool = False
    _failed_steps: int = 0

    def feed(self, lines: Iterable[str]) -> None:
        """Read further lines that are clean and redacted, time stamps still on, without their line ends."""
        for line in lines:
            self._read(line)

    def skip(self, lines: int) -> None:
        """Count lines that were not read: no excerpt reaches over the gap, and which step is running is unknown."""
        self._close()
        self.count += lines
        self._step, self._step_number, self._in_script = "", self._step_number + 1, False
        self._before.clear()
        self._tail.clear()

    @property
    def partial(self) -> bool:
        """Whether a job's log stops before the runner has signed off (X27)."""
        return self._stamped and not any(line.text.startswith(_SIGN_OFF) for line in self._tail)

    def excerpts(self) -> tuple[Excerpt, ...]:
        """Give at most three excerpts that do not overlap, the likeliest first."""
        ranked = sorted([*self._best, *([self._open] if self._open else ()), *self._last_lines()], key=_standing)
        chosen: list[_Candidate] = []
        for candidate in [*([self._alarm] if self._alarm else ()), *reversed(ranked)]:
            if not any(candidate.start <= other.end and other.start <= candidate.end for other in chosen):
                chosen.append(candidate)
        best = sorted(chosen[:EXCERPTS], key=_standing, reverse=True)
        return tuple(candidate.excerpt() for candidate in best)

    def _read(self, line: str) -> None:
        self.count += 1
        job, text = unstamped(line)
        if job is not None:
            self._stamped = self._stamped or self.count == 1
            self._follow(job)
        shown = text[:WIDTH]
        numbered = _Numbered(self.count, shown)
        self._tail.append(numbered)
        if self._is_script(text):
            return
        anchor = _strongest_of_short(text) if len(text) <= _SHORT else _strongest(text)
        if anchor is not None:
            self._mark(anchor, shown)
        elif self._open is not None:
            self._open.lines.append(shown)
            self._open.wanted -= 1
        self._before.append(numbered)
        if self._open is not None and self._open.full:
            self._close()

    def _follow(self, job: str) -> None:
        """Notice where one job's lines end and another's begin, in a log of a whole run."""
        if job != self._job:
            self._close()
            self._job, self._failed_steps = job, 0
            self._step, self._step_number, self._in_script = "", self._step_number + 1, False
            self._before.clear()

    def _is_script(self, text: str) -> bool:
        if text.startswith("##[group]Run "):
            self._close()
            self._step, self._step_number = text.removeprefix("##[group]Run ")[:WIDTH], self._step_number + 1
            self._in_script = True
        elif self._in_script and text.startswith("##[endgroup]"):
            self._in_script = False
            self._before.clear()
            return True
        return self._in_script

    def _mark(self, anchor: Anchor, shown: str) -> None:
        if self._open is None:
            earlier = list(self._before)[-anchor.before :] if anchor.before else []
            start = earlier[0].number if earlier else self.count
            texts = [line.text for line in earlier]
            self._open = _Candidate(start, texts, 0, "", self._step, self._step_number, anchor.after, anchors=0)
        candidate = self._open
        candidate.lines.append(shown)
        candidate.anchors += 1
        candidate.wanted = max(candidate.wanted - 1, anchor.after)
        if anchor.weight > candidate.weight:
            candidate.weight, candidate.why = anchor.weight, anchor.why
        if anchor.why == ALARM:
            self._alarm = self._alarm or candidate
        if anchor.why == EXIT:
            self._step_failed()

    def _step_failed(self) -> None:
        """Favour what this step has shown; the first step that failed more than those that ran regardless of it."""
        self._close()
        bonus = _FAILED_STEP if self._failed_steps == 0 else _FAILED_STEP // 2
        self._failed_steps += 1
        for candidate in self._best:
            if candidate.step_number == self._step_number and not candidate.bonus:
                candidate.bonus = bonus

    def _close(self) -> None:
        if self._open is not None:
            self._best.append(self._open)
            self._open = None
            if len(self._best) > _KEPT:
                self._best.remove(min(self._best, key=_standing))

    def _last_lines(self) -> list[_Candidate]:
        if not self._tail:
            return []
        texts = [line.text for line in self._tail]
        return [_Candidate(self._tail[0].number, texts, _TAIL, "last lines", self._step, self._step_number, 0)]


_SIGN_OFF: Final = ("Cleaning up orphan processes", "Post job cleanup.")


def _standing(candidate: _Candidate) -> tuple[int, int]:
    return candidate.standing


@cache
def _anchor_set() -> PatternSet:
    return ENGINE.pattern_set([anchor.pattern for anchor in ANCHORS])


def _strongest(text: str) -> Anchor | None:
    """Give the anchor with the most weight; but a line that ends its step is that, whatever else it looks like."""
    anchors = [ANCHORS[hit] for hit in _anchor_set().hits(text)]
    return max(anchors, key=lambda anchor: (anchor.why == EXIT, anchor.weight), default=None)


@lru_cache(maxsize=4096)
def _strongest_of_short(text: str) -> Anchor | None:
    """Give the same, remembered: what floods a log with short lines is the same few over and over."""
    return _strongest(text)
