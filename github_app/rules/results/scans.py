"""What scanners' reports have in common: the worst is kept, all is counted, what is told twice is one (S1-127)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from github_app.rules.results.values import FileKind, FileReport, Flaw, FlawKind
from pytest_failure_review.report import Severity

KEPT_FLAWS: Final = 50
_ORDER: Final = tuple(Severity)


def scan_report(tool: str, name: str, flaws: Iterable[Flaw], *, complete: bool = True, problem: str = "") -> FileReport:
    """Return the report of one scan; what was found twice is counted once."""
    found = merged_flaws(flaws)
    return FileReport(
        tool,
        FileKind.SCAN,
        name,
        flaws=tuple(worst_flaws(found)[:KEPT_FLAWS]),
        total=len(found),
        failed=sum(not is_note(flaw) for flaw in found),
        problem=problem,
        complete=complete,
    )


def worst_flaws(flaws: Iterable[Flaw]) -> list[Flaw]:
    """Return them the worst first, secrets before everything, of equals the one told first.

    What nobody graded counts as the worst, as it does in the policy.
    """
    return sorted(flaws, key=_rank)


def is_note(flaw: Flaw) -> bool:
    """Whether the tool itself calls it no problem."""
    return flaw.level == "note" and flaw.kind is not FlawKind.SECRET


def merged_flaws(flaws: Iterable[Flaw]) -> list[Flaw]:
    """Return each once, whatever tools found it: by rule and place, or by package and advisory (S1-127)."""
    found: list[Flaw] = []
    places: dict[tuple[str, ...], int] = {}
    for flaw in flaws:
        keys = _keys(flaw)
        place = next((places[key] for key in keys if key in places), None)
        if place is None:
            place = len(found)
            found.append(flaw)
        else:
            found[place] = _joined(found[place], flaw)
        for key in keys:
            places.setdefault(key, place)
    return found


def _keys(flaw: Flaw) -> list[tuple[str, ...]]:
    if flaw.kind is FlawKind.DEPENDENCY and flaw.package:
        return [(flaw.kind, flaw.package.lower(), name) for name in sorted(flaw.names)]
    place = f"{flaw.path}:{flaw.line}"
    if flaw.kind is FlawKind.SECRET and flaw.path and flaw.line:
        return [(flaw.kind, place)]  # two tools' names for one credential differ
    return [(flaw.kind, place, flaw.package.lower(), flaw.rule.upper())]


def _joined(one: Flaw, other: Flaw) -> Flaw:
    """Return both as one: the worse severity, and whatever the first lacks."""
    grades = [flaw.severity for flaw in (one, other) if flaw.severity]
    return replace(
        one,
        tools=tuple(dict.fromkeys((*one.tools, *other.tools))),
        severity=min(grades, key=_ORDER.index, default=None),
        level=one.level if other.level in {one.level, "note"} else other.level,
        version=one.version or other.version,
        fixed=one.fixed or other.fixed,
        advisories=tuple(dict.fromkeys((*one.advisories, *_others(one, other))))[:10],
        cwe=one.cwe or other.cwe,
        path=one.path or other.path,
        line=one.line or other.line,
        verified=one.verified or other.verified,
    )


def _others(one: Flaw, other: Flaw) -> Sequence[str]:
    if one.kind is not FlawKind.DEPENDENCY:
        return ()
    return [name for name in (other.rule, *other.advisories) if name.upper() not in one.names]


def _rank(flaw: Flaw) -> tuple[bool, bool, bool, int]:
    grade = _ORDER.index(flaw.severity) if flaw.severity else 0
    return (flaw.kind is not FlawKind.SECRET, flaw.kind is FlawKind.LINT, is_note(flaw), grade)
