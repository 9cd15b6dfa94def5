"""The result files of asv (airspeed velocity), version 2: one commit's measurements on one machine a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from math import isfinite
from typing import Any, Final

from github_app.rules.results.loose import MAX_ITEMS, MAX_TEXT, mapping
from github_app.rules.results.measuring import benchmark_report
from github_app.rules.results.values import Benchmark, FileReport

TOOL: Final = "asv"
_COLUMNS: Final = ("result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b",
                   "stats_q_25", "stats_q_75", "stats_number", "stats_repeat")  # fmt: skip
_LATEST_MS: Final = 4_000_000_000_000


def is_asv(document: Any) -> bool:
    """Whether a document is one of these."""
    told = mapping(document)
    return "commit_hash" in told and isinstance(told.get("results"), dict)


def read_asv(name: str, document: Mapping[str, Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report; results are named by `result_columns`, as asv may add some."""
    named = document.get("result_columns")
    columns = [str(each) for each in named] if isinstance(named, list) else list(_COLUMNS)
    results = islice(document["results"].items(), MAX_ITEMS)
    measured = [each for key, row in results for each in _benchmarks(str(key)[:MAX_TEXT], columns, row)]
    yield benchmark_report(TOOL, name, measured[:MAX_ITEMS], complete=complete, at=_at(document.get("date")))


def _benchmarks(name: str, columns: list[str], row: Any) -> Iterator[Benchmark]:
    """Yield one for each combination of parameters; a failed one has no value."""
    told = _told(columns, row)
    values = _list(told.get("result"))
    for index, value in enumerate(values[:200]):
        if not _is_number(value):
            continue
        low, high = _nth(told.get("stats_q_25"), index), _nth(told.get("stats_q_75"), index)
        spread = (high - low) / abs(value) * 100 if low is not None and high is not None and value else None
        repeats = _nth(told.get("stats_repeat"), index)
        samples = max(0, min(int(repeats), 10**9)) if repeats is not None else 0
        label = name if len(values) == 1 else f"{name} #{index + 1}"
        yield Benchmark(label, float(value), "", samples, spread)


def _told(columns: list[str], row: Any) -> Mapping[str, Any]:
    """Return a row by its columns; before asv 0.4 it was an object, or the bare figure."""
    if isinstance(row, list):
        return dict(zip(columns, row, strict=False))
    return row if isinstance(row, dict) else {"result": row}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _nth(value: Any, index: int) -> float | None:
    found = _list(value)
    return float(found[index]) if index < len(found) and _is_number(found[index]) else None


def _is_number(value: Any) -> bool:
    is_figure = isinstance(value, int | float) and not isinstance(value, bool)
    return is_figure and abs(value) < 10**300 and isfinite(value)


def _at(milliseconds: Any) -> str:
    is_time = _is_number(milliseconds) and 0 <= milliseconds < _LATEST_MS
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat() if is_time else ""
