"""Whether a test failed because its code could not even be loaded, and whether files are only laid out otherwise.

The law: a test becomes a build that fails, which is stricter; nothing here makes a verdict milder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from github_app.rules.context import beside, has
from github_app.rules.precedence import Finding, Weight
from github_app.rules.redaction import redact
from github_app.rules.said import Said
from github_app.rules.verdicts import Line, Verdict
from pytest_failure_review.report import Category

_NOT_LOADED: Final = r"^\s*● Test suite failed to run"
_RAN: Final = (r"^\s*● .* \x{203a} |^\s*[✕✗✘] \S|^Tests:\s+.*\b[1-9]\d* failed", r"\bobsolete\b")
_FRAME: Final = r'^\s*File "[^"]+", line \d+, in '
_AT_TOP: Final = r'^\s*File "[^"]+", line \d+, in <module>$'
_FRAME_TO_ERROR: Final = 6  # lines from the last frame of a traceback to what was raised

_ALIKE: Final = 3  # lines that return with other blanks
_MOST: Final = 0.6  # of those that were taken away
_TELLING: Final = 8  # characters of a line that could hardly return by chance
_CONFIDENCE: Final = 0.4
_SURE: Final = 0.6  # how sure an error is with what is said around it


def with_loading(findings: Sequence[Finding], lines: Sequence[Said]) -> list[Finding]:
    """Give the findings; a test that failed before it began is one of the build."""
    return [_as_not_loaded(finding, lines) for finding in findings]


def _as_not_loaded(finding: Finding, lines: Sequence[Said]) -> Finding:
    verdict = finding.verdict
    if verdict.category not in {Category.TEST_UNIT, Category.TEST_INTEGRATION}:
        return finding
    story = beside(finding, lines)
    cause = _no_suite(story) if finding.weight is Weight.TEXT else _at_top(story, verdict)
    if not cause:
        return finding
    reason = f"{verdict.reason.removesuffix('.')}, but {cause}."
    return replace(
        finding,
        weight=Weight.TEXT,
        verdict=replace(
            verdict,
            category=Category.BUILD_COMPILE,
            subcategory="import_error",
            reason=reason,
            confidence=max(verdict.confidence, _SURE),
        ),
    )


def _no_suite(story: Sequence[Said]) -> str:
    loaded = any(has(_RAN, line.text) for line in story)
    return (
        "its file could not be loaded" if not loaded and any(has((_NOT_LOADED,), each.text) for each in story) else ""
    )


def _at_top(story: Sequence[Said], verdict: Verdict) -> str:
    """Say that an error was raised outside of every function, if so: while a module was loaded."""
    number = verdict.evidence[0].line
    if verdict.rule != "program-error":
        return ""
    frames = [
        line.text for line in story if number - _FRAME_TO_ERROR <= line.number < number and has((_FRAME,), line.text)
    ]
    return "it was raised while a module was loaded" if frames and has((_AT_TOP,), frames[-1]) else ""


def layout_findings(lines: Sequence[Said]) -> Iterator[Finding]:
    """Give that a difference which the log shows takes lines away only to bring them back with other blanks."""
    taken = {line.text[1:].strip(): line for line in lines if line.source == "log" and line.text.startswith("-")}
    brought = {line.text[1:].strip() for line in lines if line.text.startswith("+")}
    back = [line for text, line in taken.items() if len(text) >= _TELLING and text in brought]
    if len(back) < max(_ALIKE, _MOST * len(taken)):
        return
    first = min(back, key=lambda line: (line.place, line.number))
    text = redact(first.text).text
    verdict = Verdict(
        Category.BUILD_LINT,
        f"The log shows {len(back)} lines that are to be laid out otherwise, the first is line {first.number}.",
        "layout-differs",
        "log",
        confidence=_CONFIDENCE,
        subcategory="format",
        evidence=(Line(first.number, text[:300], "layout-differs"),),
        region=first.region,
        description="files are not laid out as the project wants",
        causes=("The formatter was not run.",),
        advice=("Run the formatter and commit.",),
    )
    yield Finding(verdict, Weight.WEAK, first.place)
