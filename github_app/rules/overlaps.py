"""What of one run of lines is left beside others that are shown already."""

from __future__ import annotations

from collections.abc import Sequence

Span = tuple[int, int]
"""The first and the last line."""


def clear_of(span: Span, others: Sequence[Span]) -> Span | None:
    """Give the part of a span that no other shows, the earlier of two; None when nothing is left."""
    first, last = span
    for start, end in others:
        if first <= end and start <= last:
            first, last = (first, start - 1) if first < start else (end + 1, last)
    return (first, last) if first <= last else None
