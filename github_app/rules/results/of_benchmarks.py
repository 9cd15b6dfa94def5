"""What benchmarks say: how much slower, how well measured, and whether it may be the machine (S1-027, S1-136)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from github_app.rules.advice import remedy_for
from github_app.rules.ownership import BENCHMARK
from github_app.rules.policy import REGRESSION, rounded
from github_app.rules.precedence import Finding, Weight
from github_app.rules.results.values import Benchmark, FileReport
from github_app.rules.results.wording import SOURCE, confidence, counted, quoted, remarks
from github_app.rules.verdicts import Line, Verdict
from pytest_failure_review.report import Category

LEAST: Final = 5.0
"""Percent below which a change is not spoken of: machines differ by as much from run to run."""

LEAST_SAMPLES: Final = 3
_SHOWN: Final = 5
_LAST: Final = 9
_MANY: Final = 4
_MOST_OF_THEM: Final = 0.8
_OF_NOISE: Final = 0.4


def benchmark_findings(report: FileReport, *, is_told: bool) -> Iterator[Finding]:
    """Yield the worst change for the worse, if there is one that is more than noise.

    `is_told` is whether the log says that something got slower: figures alone turn no job red.
    """
    slower = [each for each in report.benchmarks if each.slower is not None and each.slower >= LEAST]
    if not slower:
        return
    worst = next((each for each in slower if not _weakness(each)), slower[0])
    weakness = _weakness(worst)
    suspect = _is_machine(report, slower)
    measures = _measures(worst, doubtful=bool(weakness), suspect=suspect, trusted=report.trusted)
    verdict = Verdict(
        category=Category.PERFORMANCE,
        reason=_reason(report, worst, slower, weakness, suspect=suspect),
        rule="results:benchmark",
        source=SOURCE,
        confidence=_OF_NOISE if weakness or suspect else confidence([report]),
        subcategory="benchmark",
        evidence=tuple(Line(0, _told(each)[:300], "benchmark") for each in slower[:_SHOWN]),
        description="a benchmark got slower",
        causes=remedy_for(Category.PERFORMANCE).causes,
        advice=remedy_for(Category.PERFORMANCE).advice,
        measures=MappingProxyType(measures),
    )
    yield Finding(verdict, Weight.TEXT, _place(is_told=is_told, is_weak=bool(weakness) or suspect))


def _place(*, is_told: bool, is_weak: bool) -> int:
    return 0 if is_told else _LAST if is_weak else 1


def _weakness(each: Benchmark) -> str:
    """Return why a measurement proves little, or "" (S1-027)."""
    if each.samples == 0:
        return "The file does not say on how many samples it rests"
    if each.samples < LEAST_SAMPLES:
        return f"It rests on {counted(each.samples, 'sample')} only"
    if each.spread is not None and each.slower is not None and each.spread > each.slower:
        return f"The samples spread by {each.spread:.1f} %, more than the change"
    return ""


def _is_machine(report: FileReport, slower: Sequence[Benchmark]) -> bool:
    """Whether nearly everything got slower at once, as it does on a slow machine (S1-136)."""
    compared = [each for each in report.benchmarks if each.slower is not None]
    return len(compared) >= _MANY and len(slower) >= _MOST_OF_THEM * len(compared)


def _reason(report: FileReport, worst: Benchmark, slower: Sequence[Benchmark], weakness: str, *, suspect: bool) -> str:
    others = f"; {counted(len(slower) - 1, 'other')} got slower too" if slower[1:] else ""
    doubt = f" {weakness}, so QA should check the measurement." if weakness else ""
    machine = " Nearly all benchmarks got slower at once, so the machine may be the reason." if suspect else ""
    figures = f"{worst.slower:.1f} % slower ({_figure(worst.value, worst)} against {_figure(worst.baseline, worst)})"
    said = f"{report.tool} measured {quoted(worst.name)} {figures}"
    return f"{said}, of {counted(report.total, 'benchmark')}{others}.{doubt}{machine}{remarks([report])}"


def _measures(worst: Benchmark, *, doubtful: bool, suspect: bool, trusted: bool) -> dict[str, str]:
    """Return the figures of the record; a fork's percentage is not one, since none counts as the worst (T15)."""
    told = {
        BENCHMARK: worst.name[:120],
        REGRESSION: str(rounded(Decimal(str(worst.slower)))) if trusted else "",
        "baseline": _figure(worst.baseline, worst),
        "value": _figure(worst.value, worst),
        "samples": str(worst.samples) if worst.samples else "",
        "spread_percent": f"{worst.spread:.2f}" if worst.spread is not None else "",
        "needs_qa_review": "yes" if doubtful else "",
        "suspect_infra": "yes" if suspect else "",
    }
    return {name: value for name, value in told.items() if value}


def _figure(value: float | None, benchmark: Benchmark) -> str:
    return "" if value is None else f"{value:.4g} {benchmark.unit}".strip()


def _told(each: Benchmark) -> str:
    return (
        f"{each.name}: {each.slower:.1f} % slower, {_figure(each.value, each)} against {_figure(each.baseline, each)}"
    )
