"""When a failure was red: derived from its red jobs and the greens after them, never counted along the way.

Deriving it anew makes the answer the same in whatever order the deliveries arrived (F26).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from github_app.rules.model import Green, Leg

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
    slots = sorted({leg.slot for leg in legs})
    each = (_spans_of_slot([x for x in legs if x.slot == s], [x for x in greens if x.slot == s]) for s in slots)
    return _union([span for spans in each for span in spans])


def greens_that_matter(legs: Sequence[Leg], greens: Iterable[Green]) -> tuple[Green, ...]:
    """Return the first green after each red job: those that end a span."""
    candidates = sorted(greens, key=lambda green: green.order)
    firsts = {_first_after(leg, candidates) for leg in legs} - {None}
    return tuple(sorted((green for green in firsts if green), key=lambda green: (green.slot, green.order)))


def remember_green(greens: Iterable[Green], green: Green) -> tuple[Green, ...]:
    """Return the ref's greens with one more, the newest few of each slot."""
    known = {(item.slot, item.order): item for item in (*greens, green)}
    mine = sorted(key for key in known if key[0] == green.slot)[-GREENS_KEPT:]
    return tuple(known[key] for key in sorted(known) if key[0] != green.slot or key in mine)


def without(spans: Iterable[Span], closed: Iterable[tuple[datetime, datetime | None]]) -> tuple[Span, ...]:
    """Return the parts of the spans in which the pull request was not closed (E27)."""
    parts = list(spans)
    for start, end in closed:
        parts = [part for span in parts for part in _cut(span, start, end)]
    return tuple(parts)


def _spans_of_slot(legs: list[Leg], greens: list[Green]) -> list[Span]:
    spans: list[Span] = []
    since: Leg | None = None
    shas: set[str] = set()
    events: list[Leg | Green] = [*legs, *greens]
    for event in sorted(events, key=lambda item: item.order):
        if isinstance(event, Leg):
            since = since or event
            shas.add(event.sha)
        elif since is not None:
            spans.append(Span(since.at, max(event.at, since.at), event.sha, flip=event.sha in shas))
            since, shas = None, set()
    return [*spans, Span(since.at)] if since else spans


def _union(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda item: item.start):
        last = merged[-1] if merged else None
        if last and (last.end is None or span.start <= last.end):
            merged[-1] = _joined(last, span)
        else:
            merged.append(span)
    return tuple(merged)


def _joined(first: Span, second: Span) -> Span:
    open_one = first.end is None or second.end is None
    later = second if not open_one and second.end and first.end and second.end > first.end else first
    flip = first.flip or second.flip
    return Span(first.start, None if open_one else later.end, None if open_one else later.ended_by, flip=flip)


def _first_after(leg: Leg, greens: Iterable[Green]) -> Green | None:
    return next((green for green in greens if green.slot == leg.slot and green.order > leg.order), None)


def _cut(span: Span, start: datetime, end: datetime | None) -> list[Span]:
    """Take the stretch from `start` to `end` out of a span."""
    span_end = span.end or datetime.max.replace(tzinfo=span.start.tzinfo)
    cut_end = end or datetime.max.replace(tzinfo=span.start.tzinfo)
    if cut_end <= span.start or start >= span_end:
        return [span]
    before = [Span(span.start, start)] if span.start < start else []
    after = [Span(cut_end, span.end, span.ended_by, span.flip)] if cut_end < span_end else []
    return before + after


def seconds(spans: Iterable[Span], now: datetime) -> float:
    """Return the length of the spans up to now, in seconds."""
    total = timedelta()
    for span in spans:
        total += max(timedelta(), (span.end or max(now, span.start)) - span.start)
    return total.total_seconds()
