"""The data of github-action-benchmark: its history (`data.js` or JSON), or a custom benchmark's list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from math import isfinite
from typing import Any, Final

from github_app.rules.results.loose import MAX_ITEMS, MAX_TEXT, Loose, Many, Number, Text, mapping
from github_app.rules.results.measuring import benchmark_report, compared
from github_app.rules.results.values import Benchmark, FileReport

TOOL: Final = "github-action-benchmark"
PREFIX: Final = b"window.BENCHMARK_DATA"
_MORE_IS_BETTER: Final = frozenset({"customBiggerIsBetter", "benchmarkjs", "pytest"})
_RATE: Final = re.compile(r"(?i)^(?:ops|iter|req\w*|calls)\s*/\s*s(?:ec)?$")
_ROUNDS: Final = re.compile(r"\brounds: (\d{1,9})\b|\b(\d{1,9}) (?:samples|runs sampled|times)\b")
_FIGURE: Final = re.compile(r"(\d[\d,]{0,18}(?:\.\d{1,30})?(?:e-?\d{1,3})?)\s*(%?)")
_MEAN: Final = re.compile(r"\bmean: (\d{1,30}(?:\.\d{1,30})?(?:e-?\d{1,3})?) ([mun]?)sec\b")
_OF_SECOND: Final = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


class _Bench(Loose):
    name: Text = ""
    value: Number = None
    unit: Text = ""
    range: Text = ""
    extra: Text = ""


class _Entry(Loose):
    date: Text = ""
    tool: Text = ""
    benches: Many[_Bench] = ()


def is_action_benchmark(document: Any) -> bool:
    """Whether a document is the history, or a custom benchmark's list."""
    first = mapping(document[0]) if isinstance(document, list) and document else {}
    entries = mapping(document).get("entries")
    return ("lastUpdate" in mapping(document) and isinstance(entries, dict)) or first.keys() >= {
        "name",
        "unit",
        "value",
    }


def read_action_benchmark(name: str, document: Any, *, complete: bool) -> Iterator[FileReport]:
    """Yield one report a suite: the newest entry, compared with the one before it."""
    if isinstance(document, list):
        benches = [_Bench.model_validate(each) for each in document[:MAX_ITEMS] if isinstance(each, dict)]
        measured = [found for each in benches if (found := _benchmark(each, "")) is not None]
        yield benchmark_report(TOOL, name, measured, complete=complete)
        return
    for suite, listed in islice(mapping(document["entries"]).items(), 20):
        yield _of_suite(name, suite, listed, complete=complete)


def _of_suite(name: str, suite: str, listed: Any, *, complete: bool) -> FileReport:
    told = listed[-2:] if isinstance(listed, list) else []
    entries = [_Entry.model_validate(each) for each in told if isinstance(each, dict)]
    newest = entries[-1] if entries else _Entry()
    before: Mapping[str, float | None] = {each.name: each.value for each in entries[0].benches} if entries[1:] else {}
    found = [each for bench in newest.benches if (each := _benchmark(bench, newest.tool)) is not None]
    tool = f"{TOOL}, {suite[:MAX_TEXT]}" if suite not in {"", "Benchmark"} else TOOL
    measured = [compared(each, before.get(each.name)) for each in found]
    return benchmark_report(tool, name, measured, complete=complete, at=newest.date)


def _benchmark(told: _Bench, tool: str) -> Benchmark | None:
    if told.value is None:
        return None
    rounds = _ROUNDS.search(told.extra[:2000])
    samples = int(rounds[1] or rounds[2]) if rounds else 0
    more = tool in _MORE_IS_BETTER or (tool in {"", "jmh"} and bool(_RATE.match(told.unit)))
    return Benchmark(told.name, told.value, told.unit, samples, _spread(told), more_is_better=more)


def _spread(told: _Bench) -> float | None:
    """Return the spread in percent: a share, or in the value's own unit; pytest's in seconds, beside a rate."""
    found = _FIGURE.search(told.range[:80])
    if found is None:
        return None
    figure = float(found[1].replace(",", ""))
    if found[2]:
        return figure
    mean = _MEAN.search(told.extra[:2000]) if told.range.startswith("stddev") else None
    whole = float(mean[1]) * _OF_SECOND[mean[2]] if mean else abs(told.value or 0)
    return figure / whole * 100 if whole and isfinite(figure / whole) else None
