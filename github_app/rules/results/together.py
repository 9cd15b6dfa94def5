"""The reports of many files as one of each tool: Surefire, for one, writes a file a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from github_app.rules.results.junit import KEPT_TESTS
from github_app.rules.results.measuring import with_earlier
from github_app.rules.results.scans import KEPT_FLAWS, merged_flaws, worst_flaws
from github_app.rules.results.values import FileKind, FileReport

KEPT_REPORTS: Final = 20


def joined_reports(reports: Iterable[FileReport]) -> tuple[FileReport, ...]:
    """Return one report of each tool and kind, in the order in which they were told."""
    groups: dict[tuple[FileKind, str, bool], list[FileReport]] = {}
    for report in reports:
        # What one file of a scanner lacks, another does not make good.
        groups.setdefault((report.kind, report.tool, bool(report.problem)), []).append(report)
    return tuple(_JOIN[key[0]](group) for key, group in groups.items())[:KEPT_REPORTS]


def _tests(reports: Sequence[FileReport]) -> FileReport:
    return replace(
        reports[0],
        name=_name([report for report in reports if report.failed] or reports),
        tests=tuple(test for report in reports for test in report.tests)[:KEPT_TESTS],
        total=sum(report.total for report in reports),
        failed=sum(report.failed for report in reports),
        trusted=all(report.trusted for report in reports),
        complete=all(report.complete for report in reports),
    )


def _scans(reports: Sequence[FileReport]) -> FileReport:
    told = [flaw for report in reports for flaw in report.flaws]
    flaws = merged_flaws(told)
    again = len(told) - len(flaws)
    return replace(
        reports[0],
        name=_name([report for report in reports if report.flaws] or reports),
        flaws=tuple(worst_flaws(flaws)[:KEPT_FLAWS]),
        total=sum(report.total for report in reports) - again,
        failed=max(0, sum(report.failed for report in reports) - again),
        trusted=all(report.trusted for report in reports),
        complete=all(report.complete for report in reports),
    )


def _benchmarks(reports: Sequence[FileReport]) -> FileReport:
    return replace(with_earlier(reports), trusted=all(report.trusted for report in reports))


def _name(reports: Sequence[FileReport]) -> str:
    more = f" and {len(reports) - 1} more" if reports[1:] else ""
    return f"{reports[0].name}{more}"


_JOIN: Final = {FileKind.TESTS: _tests, FileKind.SCAN: _scans, FileKind.BENCHMARKS: _benchmarks}
