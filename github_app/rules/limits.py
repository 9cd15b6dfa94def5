"""Whether a failing test failed because its own assertion holds a time to a limit: then that is what is told.

The law: only an assertion that names its limit counts, and where more tests failed than there are such, none does. The
failing test stays among what else was found (T15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from github_app.rules.context import beside, has
from github_app.rules.precedence import Finding, Weight
from github_app.rules.regex import compiled
from github_app.rules.said import Said
from pytest_failure_review.report import Category

ASSERTED: Final = "asserted-limit"
"""The signature of a comparison that failed; whether it is one of time is said by the lines around it."""

_CONFIDENCE: Final = 0.6
_NEAR: Final = 6  # lines around a comparison that may say what is compared

_WORDS: Final = (
    r"budgets?|quick(?:ly)?|fast|elapsed"
    r"|latency|perf|performance|benchmarks?|slow|slower|took|timings?|durations?|wall[- _]?clock"
    r"|throughput|millis\w*|(?:micro|nano)seconds?|ops_?per_?sec\w*|speed ?up|fps|p9[059]|median|milliseconds?"
    r"|rps|load[ _]?tests?|requests?[ _]per[ _]?s\w*|time constraints?"
)
_CLOCKS: Final = (
    r"\b(?:Date|performance)\.now\(\)|\bperf_counter\b|\btime\.(?:time|monotonic)\(|\bStopwatch\b|\bInstant::now\b"
    r"|\btime\.Since\b|\bnanoTime\b|\bcurrentTimeMillis\b|Duration::|\bchrono::"
)
_OF_TIME: Final = (
    rf"(?i)(?:\b|_)(?:{_WORDS})(?:\b|_)",
    _CLOCKS,
    r"\b\w*(?:Elapsed|Duration|Latency|Millis|Perf)\w*\b|\w+Ms\b",
    r"\b(?:under|within|below|in less than|faster than|at most) \d+(?:\.\d+)? ?(?:ms|s|secs?|seconds?|milliseconds?)\b",
    r"<=? ?\d+(?:\.\d+)? ?(?:ms|s|secs?|seconds?|milliseconds?)\b",
)
_OF_RUN: Final = (  # what every test tool says of itself
    r"(?i)Time elapsed:|^\s*(?:Finished|Ran \d+|Time|Duration|Elapsed|Total time)\b|--durations|slowest|^\s*[✓✔√] "
)
_SPANS: Final = r"[\[(]\d+(?:\.\d+)? ?m?s[\])]"
_WAITED: Final = r"(?i)time[- ]?out|timed out|\bdeadline\b"
_ASSERTS: Final = (
    r"(?i)assert|expect|\bfail|^E |Error\b|^\s*[✕✗✘✖\x{d7}●>]|\bwant\b|_test\.go:\d+|panicked"
    r"|\bexceed(?:s|ed) (?:the )?SL[AO]\b|\bto perform\b.*\bbut performed\b"
    r"|\bwas limited to\b.*\bbut\b|^\d\d:\d\d \+\d+.* \[E\]$"
    r"|\b(?:took|lasted)\b.* (?:budget|limit|allowed|at most|max\w*)\b\D{0,12}\d"
)
_FAILURES: Final = (
    r"(?i)\b(?:[2-9]|[1-9]\d+) (?:tests? |specs? |examples? )?(?:failed|failing|failures|fail)\b"
    r"|\b(?:failures|failed|errors)[:=] ?(?:[2-9]|[1-9]\d+)\b"
)


def with_limits(findings: Sequence[Finding], lines: Sequence[Said]) -> list[Finding]:
    """Give the findings, those marked that are limits of an assertion; a comparison of no time is left out."""
    marked = [each for finding in findings if (each := _marked(finding, lines)) is not None]
    numbers = sorted({finding.verdict.evidence[0].line for finding in marked if finding.is_limit})
    apart = [number for before, number in pairwise([-_NEAR - 1, *numbers]) if number - before > _NEAR]
    many = len(apart) == 1 and any(has((_FAILURES,), line.text) for line in lines)
    return [replace(each, is_limit=False) for each in marked] if many else marked


def _marked(finding: Finding, lines: Sequence[Said]) -> Finding | None:
    verdict = finding.verdict
    if verdict.rule == ASSERTED:
        return _as_limit(finding) if _is_of_time(finding, lines) else None
    if verdict.category is not Category.PERFORMANCE or verdict.subcategory != "time_budget":
        return finding
    text = verdict.evidence[0].text
    asserts = finding.weight is Weight.TEXT and has((_ASSERTS,), text) and not has((_WAITED,), text)
    return replace(finding, is_limit=asserts)


def _as_limit(finding: Finding) -> Finding:
    """Believe a comparison of which the lines around it say that it is one of time: by itself it tells little."""
    verdict = replace(finding.verdict, confidence=max(finding.verdict.confidence, _CONFIDENCE))
    return replace(finding, weight=Weight.TEXT, is_limit=True, verdict=verdict)


def _is_of_time(finding: Finding, lines: Sequence[Said]) -> bool:
    number = finding.verdict.evidence[0].line
    near = [line.text for line in beside(finding, lines) if not number or abs(line.number - number) <= _NEAR]
    return any(map(_speaks_of_time, near)) and not any(has((_WAITED,), text) for text in near)


def _speaks_of_time(text: str) -> bool:
    return not has((_OF_RUN,), text) and has(_OF_TIME, compiled(_SPANS).sub(lambda _: " ", text))
