"""When a failure was red: derived from its red jobs and the greens after them, never counted along the way.

Deriving it anew makes the answer the same in whatever order the deliveries arrived (F26).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from github_app.rules.records import Green, Leg

GREENS_KEPT = 4
"""Per slot on a ref: enough to find the first green after a red that is heard of late."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, UTC; `ended_by` is the commit whose green ended it, `flip` that it was red there too."""

    start: datetime
    end: datetime | None = None
    ended_by: str | None = None
    flip: bool = False


def red_spans(legs: Sequence[Leg], greens: Sequence[Green]) -> tuple[Span, ...]:
    """Return the stretches in which at least one of the failure's jobs was red (E32: green only when all are)."""
    return union([span for span, _ in _by_slot(legs, greens)])


def flips(legs: Sequence[Leg], greens: Sequence[Green]) -> tuple[datetime, ...]:
    """Return when red turned green on the same commit; many jobs that one attempt turns are one flip."""
    ends = {(green.sha, green.order): green.at for span, green in _by_slot(legs, greens) if green and span.flip}
    return tuple(sorted(ends.values()))


def greens_that_matter(legs: Sequence[Leg], greens: Iterable[Green]) -> tuple[Green, ...]:
    """Return the first green after each red job: those that end a span."""
    candidates = sorted(set(greens), key=_place)
    firsts = {_first_after(leg, candidates) for leg in legs} - {None}
    return tuple(sorted((green for green in firsts if green), key=lambda green: (green.slot, _place(green))))


def with_greens(greens: Iterable[Green], more: Iterable[Green]) -> tuple[Green, ...]:
    """Return the greens of some jobs together, in the order of each job."""
    return tuple(sorted({*greens, *more}, key=lambda green: (green.slot, _place(green))))


def remember_greens(greens: Iterable[Green], heard: Iterable[Green]) -> tuple[Green, ...]:
    """Return the ref's greens with more of them, the newest few of each slot."""
    slots: dict[str, list[Green]] = {}
    for green in sorted({*greens, *heard}, key=lambda green: (green.slot, _place(green), green.sha)):
        slots.setdefault(green.slot, []).append(green)
    return tuple(green for those in slots.values() for green in those[-GREENS_KEPT:])


def without(spans: Iterable[Span], closed: Iterable[tuple[datetime, datetime | None]]) -> tuple[Span, ...]:
    """Return the parts of the spans in which the pull request was not closed (E27)."""
    parts = list(spans)
    for start, end in closed:
        parts = [part for span in parts for part in _cut(span, start, end)]
    return tuple(parts)


def union(spans: list[Span]) -> tuple[Span, ...]:
    """Return stretches without overlaps; one that has no end lasts."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda item: item.start):
        last = merged[-1] if merged else None
        if last and (last.end is None or span.start <= last.end):
            merged[-1] = _joined(last, span)
        else:
            merged.append(span)
    return tuple(merged)


def _by_slot(legs: Sequence[Leg], greens: Sequence[Green]) -> Iterator[tuple[Span, Green | None]]:
    """Give the spans of each job, each with the green that ended it."""
    for slot in sorted({leg.slot for leg in legs}):
        yield from _spans_of_slot([x for x in legs if x.slot == slot], [x for x in greens if x.slot == slot])


def _spans_of_slot(legs: list[Leg], greens: list[Green]) -> list[tuple[Span, Green | None]]:
    spans: list[tuple[Span, Green | None]] = []
    since: Leg | None = None
    shas: set[str] = set()
    events: list[Leg | Green] = [*(green for green in greens if not _has_red_twin(green, legs)), *legs]
    for event in sorted(events, key=_place):  # a stable sort: at the same place the red one has the last word
        if isinstance(event, Leg):
            since = since or event
            shas.add(event.sha)
        elif since is not None:
            spans.append((Span(since.at, max(event.at, since.at), event.sha, flip=event.sha in shas), event))
            since, shas = None, set()
    return [*spans, (Span(since.at), None)] if since else spans


def _joined(first: Span, second: Span) -> Span:
    open_one = first.end is None or second.end is None
    later = second if not open_one and second.end and first.end and second.end > first.end else first
    flip = first.flip or second.flip
    return Span(first.start, None if open_one else later.end, None if open_one else later.ended_by, flip=flip)


def _place(item: Leg | Green) -> tuple[tuple[int, int, int], datetime]:
    """Where something stands in its slot: by creation, and by time where one check run ends more than once."""
    return item.order, item.at


def _first_after(leg: Leg, greens: Iterable[Green]) -> Green | None:
    return next((green for green in greens if green.slot == leg.slot and _is_after(green, leg)), None)


def _is_after(green: Green, leg: Leg) -> bool:
    is_same_check = green.order == leg.order and not _is_of_actions(leg)
    return green.order > leg.order or (is_same_check and green.at > leg.at)


def _has_red_twin(green: Green, legs: Iterable[Leg]) -> bool:
    """Two jobs of one run may share a name (X42): as long as one of them is red, the other one's green says nothing."""
    return _is_of_actions(green) and any(leg.order == green.order for leg in legs)


def _is_of_actions(item: Leg | Green) -> bool:
    return item.order[0] != 0


def _cut(span: Span, start: datetime, end: datetime | None) -> list[Span]:
    """Take the stretch from `start` to `end` out of a span."""
    span_end = span.end or datetime.max.replace(tzinfo=span.start.tzinfo)
    cut_end = end or datetime.max.replace(tzinfo=span.start.tzinfo)
    if cut_end <= span.start or start >= span_end:
        return [span]
    before = [Span(span.start, start)] if span.start < start else []
    after = [Span(cut_end, span.end, span.ended_by, span.flip)] if cut_end < span_end else []
    return before + after
