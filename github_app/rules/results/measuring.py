"""Benchmarks compared: with an earlier measurement in the same file, or in another file of the same tool (S1-027)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Final

from github_app.rules.results.values import Benchmark, FileKind, FileReport

KEPT_BENCHMARKS: Final = 100
_MOST: Final = 1_000_000.0
"""Percent beyond which a change is a mistake of units, and no more is said than this."""


def benchmark_report(
    tool: str, name: str, benchmarks: Iterable[Benchmark], *, complete: bool, at: str = ""
) -> FileReport:
    """Return the report of one measurement, the worst changes kept."""
    found = list(benchmarks)
    kept = tuple(worst_first(found)[:KEPT_BENCHMARKS])
    return FileReport(tool, FileKind.BENCHMARKS, name, benchmarks=kept, total=len(found), complete=complete, at=at[:40])


def worst_first(benchmarks: Iterable[Benchmark]) -> list[Benchmark]:
    """Return them by how much slower each got; what was not compared comes last."""
    return sorted(benchmarks, key=lambda each: (each.slower is None, -(each.slower or 0.0)))


def compared(new: Benchmark, old: float | None) -> Benchmark:
    """Return a measurement with its baseline; nothing is said of one that no share can be taken of."""
    if old is None or not old > 0 or not isfinite(new.value):
        return new
    worse = (old - new.value if new.more_is_better else new.value - old) / old * 100
    return replace(new, baseline=old, slower=max(-_MOST, min(worse, _MOST)))


def with_earlier(reports: Sequence[FileReport]) -> FileReport:
    """Return the newest of one tool's reports, what has no baseline yet compared with the one before it."""
    *_, before, newest = sorted(reports, key=lambda report: report.at) if len(reports) > 1 else (None, reports[0])
    if before is None:
        return newest
    earlier: Mapping[str, float] = {each.name: each.value for each in before.benchmarks}
    told = [each if each.slower is not None else compared(each, earlier.get(each.name)) for each in newest.benchmarks]
    return replace(newest, benchmarks=tuple(worst_first(told)), complete=newest.complete and before.complete)
