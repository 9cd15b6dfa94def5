"""Find where in a job's log the failure is told: a few short stretches of lines, the best first.

One pass over blocks of lines of any number in bounded memory: only the best candidates and the last lines are kept,
and only in blocks in which there is anything to be found are lines looked at one by one. It does not say what kind of
failure it is, `categorise` does; nor does it redact, `log` does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final

from github_app.rules.anchors import ALARM, DIFFERENCES, EXIT, SCANNER, SCANNERS, WORST, Anchor
from github_app.rules.block import Block, kept
from github_app.rules.echo import BEGINS, is_action, is_of_leak, repeated
from github_app.rules.lines import unstamped
from github_app.rules.marks import Mark, anchors_in, found_in, mark_of, may_tell
from github_app.rules.overlaps import clear_of
from github_app.rules.scanned import Scanned

EXCERPTS: Final = 5
HEIGHT: Final = 80
"""Lines of one excerpt at most."""

MARGIN: Final = 24
"""Lines kept on both sides of a stretch, for whoever redacts it: a credential may reach over its edge."""

_MORE: Final = 5  # what a stretch gains by lines more that look like a failure
_WORK_OF_MARK: Final = 10  # what it costs to begin a stretch, in lines looked at
_ALIKE: Final = 4  # of these, candidates of one kind
_UNHIDDEN: Final = frozenset({WORST, SCANNER, DIFFERENCES})  # what may never be overridden is never pushed out (T15)
_SHOWN_ALIKE: Final = 2  # excerpts of one kind while there are others
_KEPT: Final = 12  # candidates remembered while reading; the failing step may turn out only at its end
_FAILED_STEP: Final = (80, 20)  # what a candidate gains when its step then fails, in the first that does and in others
_TAIL: Final = 1  # weight of the last lines, which are better than nothing
_RECENT: Final = 300  # lines before a block that are kept, unless they are many megabytes
_RECENT_BLOCKS: Final = 100
_SIGN_OFF: Final = ("Cleaning up orphan processes", "Post job cleanup.")
_SCRIPT: Final = 250  # lines that the runner may need to repeat a step's own text
_FROM_SCRIPT: Final = 15  # weight of what may be a line of an action's input


@dataclass(slots=True)
class Stretch:
    """Lines that may tell of the failure; `lines` begin with `first`, at most `MARGIN` before `start`."""

    start: int
    last: int
    step: str
    step_number: int
    first: int = 0
    lines: list[str] = field(default_factory=list)
    weight: int = 0
    why: str = ""
    anchors: int = 0
    bonus: int = 0

    @property
    def end(self) -> int:
        """The last line that is there."""
        return min(self.last, self.first + len(self.lines) - 1)

    @property
    def standing(self) -> tuple[int, int]:
        """Better is higher; of equals the earlier one, since what broke first broke the rest."""
        return (self.weight + self.bonus + min(self.anchors, _MORE), -self.start)

    def grow(self, block: Block) -> bool:
        """Take what belongs to it from the next block; say whether there is more to come."""
        if not self.lines:
            self.first = max(self.start - MARGIN, block.start)
            self.start = max(self.start, self.first)
        if self.first > block.end:
            return True
        self.lines += map(kept, block.part(self.first + len(self.lines), self.last + MARGIN))
        return block.end < self.last + MARGIN


@dataclass(slots=True)
class _Script:
    """What may be a step's own text, not its output (X30); `held` is what was found in it, should it be none (T15)."""

    start: int
    held: list[tuple[int, Anchor]] = field(default_factory=list)


@dataclass(slots=True)
class Regions:
    """Reads a log block by block; feed it everything, then ask for `stretches`."""

    count: int = 0  # lines read
    work: int = 0  # spent on them, in lines looked at one by one
    alarmed: bool = False  # whether a secret scanner has spoken
    scanned: Scanned = field(default_factory=lambda: Scanned(EXCERPTS * HEIGHT))
    _recent: deque[Block] = field(default_factory=deque)
    _floor: int = 1  # no stretch begins before this line
    _gap: int = 1  # the first line after what was skipped
    _best: list[Stretch] = field(default_factory=list)
    _growing: list[Stretch] = field(default_factory=list)
    _open: Stretch | None = None
    _alarm: Stretch | None = None  # the first; always among the excerpts
    _firsts: dict[str, Stretch] = field(default_factory=dict)  # of what is `_UNHIDDEN`, in a step that failed
    _job: str = ""
    _step: str = ""
    _step_number: int = 0
    _script: _Script | None = None
    _cyan: int = 0  # the first line in the colour in which the runner repeats scripts
    _stamped: bool = False
    _failed_steps: int = 0
    _told: bool = True  # whether anything was told since a step last failed
    _bars: dict[str, int] = field(default_factory=dict)  # standing that stretches of a kind must exceed to be kept
    _room: int = 0  # what a stretch may gain over its first line

    def read(self, raw: bytes, text: bytes, found: tuple[int, ...] | None = None, *, hurry: bool = False) -> None:
        """Read whole lines, `raw` and tidy; `found` is what is in them, if known.

        In a hurry what repeats is passed over sooner.
        """
        if not text:
            return
        block = Block(self.count + 1, raw, text)
        if self.count == 0:
            self._stamped = unstamped(block.lines[0].decode())[0] is not None
        self.count = block.end
        self._cyan = self._cyan or block.first_cyan()
        self._remember(block)
        self._room = 1 if hurry else _MORE
        there = anchors_in(found_in(text) if found is None else found)
        if there is None or self.scanned.wants(there) or any(map(self._may_matter, there)):
            self.work += len(block.lines)
            for number, mark in _marks(block):
                self._see(number, mark, block)
        self._growing = [each for each in self._growing if each.grow(block)]

    def wanted(self, *, lastly: bool = False) -> frozenset[str]:
        """Give the kinds that may never be overridden of which nothing was found yet; lastly only leaks (T15, T17)."""
        kinds = frozenset(why for why in _UNHIDDEN if not lastly and not self.has_first(why))
        return kinds if self.alarmed else kinds | {ALARM}

    def skip(self, lines: int, found: tuple[int, ...] = ()) -> None:
        """Count lines that were not read: no excerpt reaches over the gap, and which step is running is unknown.

        Nor is it known whether the step failed that ran before; what was found in it counts as if it had (T15).
        """
        if may_tell(found, SCANNERS):
            self.scanned.miss()
        self._favour(self._firsts.values())
        self._leave_script()
        self._close()
        self.count += lines
        self._next_step("")
        self._recent.clear()
        self._growing.clear()
        self._floor = self._gap = self.count + 1

    @property
    def partial(self) -> bool:
        """Whether a job's log stops before the runner has signed off (X27)."""
        tail = self._part(max(self.count - HEIGHT + 1, self._gap), self.count)
        return self._stamped and not any(unstamped(line.decode())[1].startswith(_SIGN_OFF) for line in tail)

    def stretches(self) -> list[Stretch]:
        """Give at most `EXCERPTS` stretches that do not overlap, the likeliest first."""
        self._leave_script()
        ranked = sorted(
            [*self._best, *([self._open] if self._open else ()), *self._last_lines()], key=attrgetter("standing")
        )
        likeliest = [*self._undeniable(), *reversed(ranked)]
        chosen: list[Stretch] = []
        for most in (_SHOWN_ALIKE, EXCERPTS):
            for each in likeliest:
                alike = sum(other.why == each.why for other in chosen)
                free = clear_of((each.start, each.end), [(other.start, other.end) for other in chosen])
                if alike < most and free is not None:
                    chosen.append(replace(each, start=free[0], last=free[1]))
        return sorted(chosen[:EXCERPTS], key=attrgetter("standing"), reverse=True)

    def _undeniable(self) -> list[Stretch]:
        """Give what no later text may push out of sight (T15)."""
        kinds = [why for why in self._firsts if self.has_first(why) and not (why == SCANNER and self.has_first(WORST))]
        return [*filter(None, [self._alarm]), *(self._firsts[why] for why in kinds)]

    def has_first(self, why: str) -> bool:
        """Whether something of a kind was found in a step that failed, or that still may."""
        first = self._firsts.get(why)
        return first is not None and (first.bonus > 0 or first.step_number == self._step_number)

    def _remember(self, block: Block) -> None:
        self._recent.append(block)
        while block.start - self._recent[0].end > _RECENT or len(self._recent) > _RECENT_BLOCKS:
            if self._script is not None and self._script.start <= self._recent[0].end:
                self._let_go(self._script)
            self._recent.popleft()

    def _part(self, first: int, last: int) -> list[bytes]:
        return [line for block in self._recent for line in block.part(first, last)]

    def _see(self, number: int, mark: Mark, block: Block) -> None:
        if mark.jobbed:
            self._follow(unstamped(block.lines[number - block.start].decode())[0] or "", number)
        if mark.opens:
            self._enter_script(number, block.said(number))
        elif mark.closes and self._script is not None:
            self._end_script(self._script, number)
        elif mark.anchor is not None:
            self._count(number, mark.anchor, block)
            if self._is_turn(mark.anchor) or self._may_matter(mark.anchor):
                self._weigh(number, mark.anchor, block)

    def _count(self, number: int, anchor: Anchor, block: Block) -> None:
        if anchor.why in SCANNERS and not (self._script is not None and block.is_cyan(number)):
            self.scanned.note(number, self._step_number, block.said(number))

    def _is_turn(self, anchor: Anchor) -> bool:
        """Whether a line matters however many like it were seen."""
        return (anchor.why == EXIT and self._told) or (anchor.why == ALARM and not self.alarmed)

    def _may_matter(self, anchor: Anchor) -> bool:
        """Whether such a line could still be kept: a flood of equals is told by its first ones."""
        if anchor.why in _UNHIDDEN and not self.has_first(anchor.why):
            return True
        bar = self._bars.get(anchor.why)
        if bar is None:
            alike = [each for each in self._best if each.why == anchor.why]
            rivals = alike if len(alike) >= _ALIKE else self._best if len(self._best) >= _KEPT else ()
            gain = _bonus(self._failed_steps)
            bar = self._bars[anchor.why] = min(map(self._hope, rivals))[0] - gain if rivals else 0
        return anchor.weight + self._room > bar

    def _hope(self, stretch: Stretch) -> tuple[int, int]:
        """Give what a stretch may stand at if the present step fails: only what was shown in it gains by that."""
        may_gain = stretch.step_number == self._step_number and not stretch.bonus
        standing, place = stretch.standing
        return standing + (_bonus(self._failed_steps) if may_gain else 0), place

    def _weigh(self, number: int, anchor: Anchor, block: Block) -> None:
        if self._script is None or not self._hides(self._script, number, anchor, block):
            self._mark(number, anchor, anchor.weight)

    def _follow(self, job: str, number: int) -> None:
        """Notice where one job's lines end and another's begin, in a log of a whole run."""
        if job != self._job:
            self._leave_script()
            self._close(number)
            self._job, self._failed_steps = job, 0
            self._next_step("")
            self._floor = number

    def _next_step(self, title: str) -> None:
        self._step, self._step_number = title, self._step_number + 1
        self._bars.clear()

    def _enter_script(self, number: int, title: str) -> None:
        self.work += _WORK_OF_MARK
        self._leave_script()
        self._close(number)
        self._next_step(title.removeprefix(BEGINS))
        self._floor = number + 1  # should the script be forged, nothing may take what follows for its text
        self._script = _Script(number)

    def _leave_script(self) -> None:
        """Count what was found in a script that was none, since the runner ends what it begins."""
        script, self._script = self._script, None
        if script is not None:
            self._let_go(script)

    def _let_go(self, script: _Script) -> None:
        held, script.held = script.held, []
        for number, anchor in held:
            self._mark(number, anchor, anchor.weight)

    def _end_script(self, script: _Script, end: int) -> None:
        """Count what was found in a group that has ended, but for what the runner itself has repeated in it."""
        lines = self._part(script.start, end - 1) if script.held and end - script.start <= _SCRIPT else []
        self.work += len(lines)
        group = [unstamped(line.decode())[1] for line in lines]
        whole = len(group) == end - script.start
        own = repeated(group, coloured=0 < self._cyan < end) if whole else frozenset()
        weak = whole and is_action(group)
        self._script = None
        for number, anchor in script.held:
            if number - script.start not in own:
                strong = not weak or anchor.why in {ALARM, SCANNER}
                self._mark(number, anchor, anchor.weight if strong else _FROM_SCRIPT)
        self._floor = end + 1

    def _hides(self, script: _Script, number: int, anchor: Anchor, block: Block) -> bool:
        """Whether a line may be one of a step's own text; of what has not its colour, that is known at its end."""
        if block.is_cyan(number):
            return not is_of_leak(block.said(number))
        if block.said(number).startswith("##[") or number - script.start > _SCRIPT:
            self._leave_script()
            return False
        script.held.append((number, anchor))
        return True

    def _mark(self, number: int, anchor: Anchor, weight: int) -> None:
        self.work += _WORK_OF_MARK
        self._told = anchor.why != EXIT
        stretch = self._open
        if stretch is None or number > stretch.last or number >= stretch.start + HEIGHT:
            self._close(number)
            stretch = self._begin(max(self._floor, number - anchor.before), number)
        stretch.last = min(max(stretch.last, number + anchor.after), stretch.start + HEIGHT - 1)
        if number < self._recent[-1].start:
            self._catch_up(stretch)
        stretch.anchors += 1
        if weight > stretch.weight:
            stretch.weight, stretch.why = weight, anchor.why
        if anchor.why in _UNHIDDEN and not self.has_first(anchor.why):
            self._firsts[anchor.why] = stretch
        if anchor.why == ALARM:
            self._alarm = self._alarm or stretch
            self.alarmed = True
        if anchor.why == EXIT:
            self._close(number + 1)
            self._step_failed()

    def _begin(self, start: int, number: int) -> Stretch:
        stretch = Stretch(start, number, self._step, self._step_number)
        self._open = stretch
        self._fill(stretch)
        self._growing.append(stretch)
        return stretch

    def _fill(self, stretch: Stretch) -> None:
        """Give a stretch its lines that have been read already."""
        for block in self._recent:
            if block.end >= stretch.start - MARGIN:
                stretch.grow(block)

    def _catch_up(self, stretch: Stretch) -> None:
        """Let a stretch reach as far as it would, had what is counted now not been held."""
        self._fill(stretch)
        if not any(each is stretch for each in self._growing):
            self._growing.append(stretch)

    def _step_failed(self) -> None:
        """Favour what this step has shown; the first step that failed more than those that ran regardless of it."""
        self._favour((*self._best, *self._firsts.values()))
        self._failed_steps += 1
        self._bars.clear()

    def _favour(self, candidates: Iterable[Stretch]) -> None:
        for candidate in candidates:
            if candidate.step_number == self._step_number and not candidate.bonus:
                candidate.bonus = _bonus(self._failed_steps)

    def _close(self, before: int | None = None) -> None:
        """End the open stretch, at the latest before a line."""
        if self._open is not None:
            if before is not None:
                self._open.last = min(self._open.last, before - 1)
            self._best.append(self._open)
            self._open = None
            self._forget_least()
            self._bars.clear()

    def _forget_least(self) -> None:
        """Keep room for what is told otherwise: a thousand failing tests may hide the one line that says why."""
        alike = [each for each in self._best if each.why == self._best[-1].why]
        if len(alike) > _ALIKE or len(self._best) > _KEPT:
            rivals = alike if len(alike) > _ALIKE else self._best
            self._best.remove(min(rivals, key=self._hope))

    def _last_lines(self) -> list[Stretch]:
        start = max(self.count - HEIGHT + 1, self._gap)
        stretch = Stretch(start, self.count, self._step, self._step_number, weight=_TAIL, why="last lines")
        self._fill(stretch)
        return [stretch] if start <= self.count else []


def _marks(block: Block) -> Iterator[tuple[int, Mark]]:
    for number, line in enumerate(block.lines, block.start):
        mark = mark_of(line)
        if mark is not None:
            yield number, mark


def _bonus(failed_steps: int) -> int:
    return _FAILED_STEP[min(failed_steps, 1)]
