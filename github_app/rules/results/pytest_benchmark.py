"""The JSON that pytest-benchmark saves: one measurement a file; an earlier file beside it is its baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from github_app.rules.results.loose import Loose, Many, Number, One, Text, Whole, mapping
from github_app.rules.results.measuring import benchmark_report
from github_app.rules.results.values import Benchmark, FileReport

TOOL: Final = "pytest-benchmark"


class _Stats(Loose):
    median: Number = None
    mean: Number = None
    stddev: Number = None
    rounds: Whole = 0


class _Measured(Loose):
    name: Text = ""
    fullname: Text = ""
    stats: One[_Stats] = _Stats()


class _Report(Loose):
    benchmarks: Many[_Measured] = ()
    datetime: Text = ""


def is_pytest_benchmark(document: Any) -> bool:
    """Whether a document is one of these."""
    told = mapping(document)
    return "machine_info" in told and isinstance(told.get("benchmarks"), list)


def read_pytest_benchmark(name: str, document: Mapping[str, Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report."""
    report = _Report.model_validate(document)
    measured = [found for each in report.benchmarks if (found := _benchmark(each)) is not None]
    yield benchmark_report(TOOL, name, measured, complete=complete, at=report.datetime)


def _benchmark(told: _Measured) -> Benchmark | None:
    stats = told.stats
    value = stats.median if stats.median is not None else stats.mean
    if value is None:
        return None
    spread = stats.stddev / stats.mean * 100 if stats.stddev is not None and stats.mean else None
    return Benchmark((told.fullname or told.name), value, "s", stats.rounds, spread)
