"""The short table at the end of a run: one line per cause, the most frequent first, and how to see it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from .findings import Cause, Findings
from .marker import MISREAD
from .plain import harmless, printable
from .report import Failure

_WIDEST_OWNER: Final = 24
_WIDEST_SLA: Final = 12
_MOST_LINES: Final = 20
_MOST_NOTES: Final = 5
_MANY: Final = 3
"""So many failures with one fingerprint stand in one line."""
_NARROWEST_TEST: Final = 20
_COLUMNS: Final = 4


def render(findings: Findings, width: int) -> list[str]:
    """The table's lines: how often, category, owner, hours to mend it if stated, test; below each cause its replay.

    At most `width` characters unless that is very narrow; a command is never cut.
    """
    causes = sorted(findings.causes(), key=lambda cause: -cause.count)
    # No cause has less than one row: those of the first are enough.
    shown = [row for cause in causes[:_MOST_LINES] for row in _rows(cause)][:_MOST_LINES]
    left = sum(1 if _shares_a_line(cause) else len(cause.failures) for cause in causes) - len(shown)
    widths = [max((len(row[column]) for row in shown), default=0) for column in range(_COLUMNS)]
    lines = [line for row in shown for line in (_line(row[:-1], widths, width), *_below(row[-1]))]
    more = [f"and {left} more {'line' if left == 1 else 'lines'} in the report"] if left else []
    return [harmless(line) for line in lines + more + _notes(findings, width)]


def _shares_a_line(cause: Cause) -> bool:
    """Failures that have no record of their own could have no line of their own."""
    return cause.count >= _MANY or cause.count > len(cause.failures)


def _rows(cause: Cause) -> list[tuple[str, ...]]:
    """Count, category, owner, SLA, test, replay."""
    if _shares_a_line(cause):
        first = cause.first
        return [(f"{cause.count}x", *_about(first), named(first, cause.count), first.get("replay", ""))]
    return [
        ("", *_about(failure), named(failure), failure.get("replay", "") if failure is cause.first else "")
        for failure in cause.failures
    ]


def _about(failure: Failure) -> tuple[str, str, str]:
    owner, limit = printable(owners(failure) or "no owner"), printable(sla(failure))
    return (
        printable(failure["category"]),
        owner if len(owner) <= _WIDEST_OWNER else owner[: _WIDEST_OWNER - 3] + "...",
        limit if len(limit) <= _WIDEST_SLA else limit[: _WIDEST_SLA - 3] + "...",
    )


def owners(failure: Failure) -> str:
    """Who answers for it, with spaces between; empty when nobody is named."""
    return " ".join(failure["owner"]["names"])


def sla(failure: Failure) -> str:
    """How soon it must be fixed: `8h`, `7d`, or what the marker says where that is no time; empty when unsaid."""
    terms = failure.get("sla_terms")
    if not terms:
        return failure["sla"] or ""
    days, rest = divmod(terms["hours"], 24)
    return f"{days:g}d" if days > 1 and not rest else f"{terms['hours']:g}h"


def named(failure: Failure, count: int = 1) -> str:
    """The test with what is unusual about its failure, and how many more there are."""
    where = "" if failure["phase"] == "call" else f" ({failure['phase']})"
    outcome = f" ({failure['outcome']})" if failure["outcome"] in ("crashed", "interrupted") else ""
    more = f" and {count - 1} more" if count > 1 else ""
    return f"{printable(failure['nodeid'])}{where}{outcome}{more}"


def _below(replay: str) -> list[str]:
    return [f"    replay: {replay}"] if replay else []


def _notes(findings: Findings, width: int) -> list[str]:
    flaky = [
        _shortened(f"flaky, passed at attempt {test['attempts']}: ", printable(test["nodeid"]), width)
        for test in findings.flaky[:_MOST_NOTES]
    ]
    more = len(findings.flaky) - _MOST_NOTES
    return flaky + ([f"and {more} more flaky tests in the report"] if more > 0 else []) + _misread(findings, width)


def _misread(findings: Findings, width: int) -> list[str]:
    """What was ignored of markers, hooks, objects and files, each once: a class's marker is read by all its tests."""
    found: dict[str, str] = {}
    begins = f" ({MISREAD}"
    for failure in findings.records:
        rule = failure["rule"]
        for words in rule.split(begins)[1:] if begins in rule else ():
            found.setdefault(printable(MISREAD + words.removesuffix(")")), printable(failure["nodeid"]))
        for note in (*failure.get("notes", ()), *_of_checkpoints(failure)):
            found.setdefault(printable(note), printable(failure["nodeid"]))
    shown = list(found.items())[:_MOST_NOTES]
    return [_shortened(f"note: {words}"[:width].rstrip() + ": ", test, width) for words, test in shown]


def _of_checkpoints(failure: Failure) -> Iterator[str]:
    return (note for point in failure.get("checkpoints", ()) for note in point.get("notes", ()))


def _line(row: Sequence[str], widths: Sequence[int], width: int) -> str:
    *columns, test = row
    padded = [column.ljust(room) for column, room in zip(columns, widths, strict=True) if room]
    left = "  ".join(padded) + "  "
    return _shortened(left, test, width)


def _shortened(left: str, test: str, width: int) -> str:
    room = max(width - len(left), _NARROWEST_TEST)
    # The end of a test's name tells more than the folders at its beginning.
    return left + (test if len(test) <= room else "..." + test[len(test) - room + 3 :])
