"""A report without credentials and cut to what is kept: nothing leaves before that (T23)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from github_app.rules.results.values import Benchmark, FailedTest, FileReport, Flaw

Clean = Callable[[str, int], str]
"""Redacts a text, then cuts it to so many characters."""

MAX_MESSAGE: Final = 6_000
_HEAD, _TAIL = 2_000, 1_000
_NAME: Final = 300


def cleaned(report: FileReport, clean: Clean) -> FileReport:
    """Return a report that may be stored and shown."""
    return replace(
        report,
        tool=clean(report.tool, 80),
        name=clean(report.name, _NAME),
        problem=clean(report.problem, 500),
        tests=tuple(_test(each, clean) for each in report.tests),
        flaws=tuple(_flaw(each, clean) for each in report.flaws),
        benchmarks=tuple(_benchmark(each, clean) for each in report.benchmarks),
    )


def _test(test: FailedTest, clean: Clean) -> FailedTest:
    message = _ends(clean(test.message, MAX_MESSAGE))
    return replace(test, name=clean(test.name, _NAME), message=message, path=clean(test.path, 500))


def _flaw(flaw: Flaw, clean: Clean) -> Flaw:
    return replace(
        flaw,
        rule=clean(flaw.rule, 120),
        tools=tuple(clean(tool, 80) for tool in flaw.tools[:5]),
        text=clean(flaw.text, 500),
        package=clean(flaw.package, 120),
        version=clean(flaw.version, 60),
        fixed=clean(flaw.fixed, 120),
        advisories=tuple(clean(name, 60) for name in flaw.advisories[:10]),
        cwe=clean(flaw.cwe, 20),
        path=clean(flaw.path, 500),
    )


def _benchmark(benchmark: Benchmark, clean: Clean) -> Benchmark:
    return replace(benchmark, name=clean(benchmark.name, _NAME), unit=clean(benchmark.unit, 20))


def _ends(text: str) -> str:
    """Return the beginning and the end of a long message: a trace says what broke in one of them."""
    if len(text) <= _HEAD + _TAIL:
        return text
    return f"{text[:_HEAD]}\n[...]\n{text[-_TAIL:]}"
