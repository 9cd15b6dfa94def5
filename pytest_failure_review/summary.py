"""The short table at the end of a run: one line per cause, the most frequent first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from .marker import MISREAD
from .report import Failure

_WIDEST_OWNER: Final = 24
_MOST_LINES: Final = 20
_MOST_NOTES: Final = 5
_MANY: Final = 3
"""So many failures with one fingerprint stand in one line."""
_NARROWEST_TEST: Final = 20


def render(failures: Sequence[Failure], width: int) -> list[str]:
    """The table's lines: how often, category, owner, test; at most `width` characters unless that is very narrow."""
    rows = [
        (f"{count}x" if count > 1 else "", f["category"], _owner(f), _test(f, count)) for f, count in _causes(failures)
    ]
    shown = rows[:_MOST_LINES]
    widths = [max((len(row[column]) for row in shown), default=0) for column in range(3)]
    lines = [_line(row, widths, width) for row in shown]
    more = [f"and {len(rows) - _MOST_LINES} more lines in the report"] if len(rows) > _MOST_LINES else []
    return lines + more + _notes(failures, width)


def distinct(failures: Iterable[Failure]) -> list[Failure]:
    """The failures without what only repeats: a file that cannot be collected fails in every worker."""
    kept: list[Failure] = []
    seen: set[str] = set()
    for failure in failures:
        if failure["phase"] == "collect":
            if failure["nodeid"] in seen:
                continue
            seen.add(failure["nodeid"])
        kept.append(failure)
    return kept


def _causes(failures: Sequence[Failure]) -> list[tuple[Failure, int]]:
    groups: dict[str, list[Failure]] = {}
    for failure in distinct(failures):
        groups.setdefault(failure["fingerprint"], []).append(failure)
    causes: list[tuple[Failure, int]] = []
    for group in sorted(groups.values(), key=len, reverse=True):
        causes += [(group[0], len(group))] if len(group) >= _MANY else [(failure, 1) for failure in group]
    return causes


def _notes(failures: Sequence[Failure], width: int) -> list[str]:
    """What was ignored of markers, each once: a class's marker is read by all its tests."""
    found: dict[str, str] = {}
    for failure in failures:
        for words in failure["rule"].split(f" ({MISREAD}")[1:]:
            found.setdefault(printable(words.removesuffix(")")), printable(failure["nodeid"]))
    shown = list(found.items())[:_MOST_NOTES]
    return [_shortened(f"note: {MISREAD}{words}"[:width].rstrip() + ": ", test, width) for words, test in shown]


def printable(text: str) -> str:
    """One line whatever the text is: what could end a line would become a workflow command of GitHub's."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _owner(failure: Failure) -> str:
    names = " ".join(failure["owner"]["names"]) or "no owner"
    return names if len(names) <= _WIDEST_OWNER else names[: _WIDEST_OWNER - 3] + "..."


def _test(failure: Failure, count: int) -> str:
    where = "" if failure["phase"] == "call" else f" ({failure['phase']})"
    outcome = f" ({failure['outcome']})" if failure["outcome"] in ("crashed", "interrupted") else ""
    more = f" and {count - 1} more" if count > 1 else ""
    return f"{printable(failure['nodeid'])}{where}{outcome}{more}"


def _line(row: tuple[str, str, str, str], widths: Sequence[int], width: int) -> str:
    *columns, test = row
    padded = [column.ljust(room) for column, room in zip(columns, widths, strict=True) if room]
    left = "  ".join(padded) + "  "
    return _shortened(left, test, width)


def _shortened(left: str, test: str, width: int) -> str:
    room = max(width - len(left), _NARROWEST_TEST)
    # The end of a test's name tells more than the folders at its beginning.
    return left + (test if len(test) <= room else "..." + test[len(test) - room + 3 :])
