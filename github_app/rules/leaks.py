"""What is said about credentials that were taken out of a log: kind, place and print, never the value (T23)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from github_app.rules.redaction import Leak

NAMED: Final = 10
"""Credentials that are named; of more only the number is told."""


def leaks_in_words(leaks: Sequence[Leak], kinds: Sequence[str]) -> str:
    """Name each credential once, by the first line that it stood in, and then the kinds of which no line is known.

    The same credential elsewhere has the same kind and print.
    """
    firsts: dict[tuple[str, str], Leak] = {}
    for leak in leaks:
        firsts.setdefault((leak.kind, leak.print), leak)
    named = [_in_words(leak) for leak in firsts.values()]
    more = [f"{len(named) - NAMED} more"] if len(named) > NAMED else []
    unplaced = [kind for kind in kinds if kind not in {leak.kind for leak in leaks}]
    return ", ".join([*named[:NAMED], *more, *unplaced])


def _in_words(leak: Leak) -> str:
    print_ = f", print {leak.print}" if leak.print else ""
    return f"{leak.kind} (line {leak.line}{print_})"
