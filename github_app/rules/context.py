"""What the lines around a failing test say about it: that it needs more than its own process, or that it was stopped.

The law: a test becomes one of integration for what stands beside it, which is stricter; no test becomes milder here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import Final

from github_app.rules.precedence import Finding, Weight
from github_app.rules.regex import compiled
from github_app.rules.said import Said
from pytest_failure_review.report import Category, is_at_or_below

_AROUND: Final = 80  # lines around a failing test that may say of what kind it is

_LARGE: Final = r"integration|e2e|end[-_ ]?(?:to|2)[-_ ]?end|functional|acceptance|system|browser|gui|ui|smoke|selenium"
_TOOLS: Final = r"cypress|playwright|cucumber|behat|behave|wdio|nightwatch|testcafe|puppeteer|detox|protractor"
_SMALL: Final = r"(?i)\bunit[-_ ]?tests?\b|\btest[-_:]unit|[/.]unit/"
_BEGUN: Final = r"^\W*(?:\w+ )?(?:doing|running|starting|executing|run|begin\w*|launching)\b"

_HEADINGS: Final = (
    rf"(?i){_BEGUN}.{{0,40}}\b(?:{_LARGE})[-_ ]?test",
    rf"(?i)^(?:> |\$ |\+ |.{{0,20}}\bRunning: ).{{0,80}}\b(?:(?:{_LARGE})[-_ /:.]?(?:tests?|specs?)|{_TOOLS}|e2e)\b",
    r"^\[INFO\] --- (?:maven-)?failsafe(?:-plugin)?:|^> Task :\S*(?:[iI]ntegration|[fF]unctional|e2e|acceptance)\w*",
    rf"(?i)^\W*(?:{_LARGE})[-_ ]tests?\b[^.]{{0,20}}$",
)
_UNIT_HEADINGS: Final = (
    rf"(?i){_BEGUN}.{{0,40}}\bunit[-_ ]?tests?",
    r"(?i)^(?:> |\$ |\+ ).{0,80}\b(?:unit[-_ ]?tests?|tests?[-_:/]unit)\b|^\W*unit[-_ ]tests?\b[^.]{0,20}$",
    r"^\[INFO\] --- (?:maven-)?surefire(?:-plugin)?:|^> Task :\S*:?test\b",
)
_OF_LARGE: Final = rf"\b(?:(?:{_LARGE})[-_:]?tests?|tests?[-_:/](?:{_LARGE})|{_TOOLS}|e2e)\b"
_COMMANDS: Final = (
    rf'(?i)^(?:The command "|error: script "|npm (?:ERR!|error) .{{0,40}}|error: Recipe `).{{0,80}}{_OF_LARGE}',
    rf"(?i)^.{{0,40}}ELIFECYCLE.{{0,80}}{_OF_LARGE}",
    rf"(?i)^g?make(?:\[\d+\])?: \*\*\* \[[^\]]*\b(?:(?:{_LARGE})\w*|{_TOOLS})\b[^\]]*\] Error",
    rf"(?i)^\s*(?:ERROR:\s+)?\S*(?:{_LARGE})\S*: (?:commands failed|FAIL\b)|^nox > Session \S*(?:{_LARGE})\S* failed",
)
_BEFORE: Final = r"(?:^|[\s\"'(/\[])"
_PARTS: Final = r"integration|e2e|functional|acceptance|system|browser|gui|ui|smoke|selenium"
_FOLDER: Final = rf"(?:tests?|specs?|src|__tests__|testing)/(?:\S+/)?(?:{_PARTS})(?:[-_]?(?:tests?|specs?))?"
_FRAMES: Final = (
    rf"(?i){_BEFORE}{_FOLDER}/\S+\.\w+",
    rf"(?i){_BEFORE}(?:integration|e2e|functional|acceptance|system|gui|ui)[-_]?(?:tests?|specs?)/\S+\.\w+",
    rf"(?i){_BEFORE}(?:tests?|specs?)/(?:integration|e2e|end_to_end)[\w-]*\.(?:rs|go)\b",
    rf"(?i){_BEFORE}e2e/\S+\.\w+|/src/(?:it|itest|intTest|integrationTest|functionalTest|e2eTest|androidTest)/",
    rf"(?i){_BEFORE}\S+\.(?:e2e|integration|acceptance|functional)(?:[-.](?:spec|test))?\.[cm]?[jt]sx?\b",
    r"(?i)\b[\w.]*\b(?:e2e|(?:integration|acceptance|functional)(?:tests?)?|(?:gui_?|ui|system)tests?)\.\w[\w.$]*\(",
    rf"(?i){_BEFORE}\S*(?:puppeteer|playwright|selenium|cypress|webdriver)\S*\.(?:[cm]?[jt]sx?|py|rb|java|cs|kt):\d+",
    r"\bpage\.(?:goto|click|waitFor\w*|\$eval)\(|\bcy\.(?:visit|get)\(|\bdriver\.(?:get|find_?[eE]lement)\w*\(",
    r"FlutterDriver\b|\bflutter_driver\b|\bchromedriver\b|\bgeckodriver\b",
    r"(?i)^(?:FAILED: |FAIL |ERROR |\[ERROR\] +)?\(?(?:gui_?tests?|ui_?tests?|e2e|functional_?tests?)\.\w",
)
_NOT_OWN: Final = r"node_modules/|site-packages/|dist-packages/|/gems/|\.cargo/registry"
_ERROR: Final = "##[error]"
_CANCELLED: Final = r"(?i)^##\[error\]The (?:operation|run|job|workflow) was cancell?ed"


def in_context(findings: Sequence[Finding], lines: Sequence[Said]) -> list[Finding]:
    """Give the findings as the lines around them let them be read.

    In a job in which nothing failed but that it was stopped, weak words about code tell nothing (X11).
    """
    stopped = _only_cancelled(lines)
    return [_as_integration(each, lines) for each in findings if not (stopped and _is_symptom(each))]


def beside(finding: Finding, lines: Sequence[Said]) -> list[Said]:
    """Give what is said around the line that a finding rests on, in the order in which it was said."""
    number, source = finding.verdict.evidence[0].line, finding.verdict.source
    near = (line for line in lines if line.source == source and (not number or abs(line.number - number) <= _AROUND))
    return sorted(near, key=attrgetter("number"))


@lru_cache(maxsize=4096)  # of hundreds of failing tests, most share the lines around them
def has(patterns: tuple[str, ...], text: str) -> bool:
    """Whether one of the patterns is found in the text."""
    return any(compiled(pattern).search(text) for pattern in patterns)


def _as_integration(finding: Finding, lines: Sequence[Said]) -> Finding:
    verdict = finding.verdict
    if verdict.category is not Category.TEST_UNIT or has((_SMALL,), verdict.evidence[0].text):
        return finding
    cause = next(_causes(_story(finding, lines)), None)
    if cause is None:
        return finding
    reason = f"{verdict.reason.removesuffix('.')}, and {cause}."
    return replace(finding, verdict=replace(verdict, category=Category.TEST_INTEGRATION, reason=reason))


def _causes(story: Sequence[str]) -> Iterator[str]:
    """Give why a failing test is one of several parts together, as far as its log says so."""
    if any(has(_HEADINGS, text) for text in story):
        yield "tests of several parts together were run"
    if any(has(_COMMANDS, text) for text in story):
        yield "the command that failed is for tests of several parts together"
    if any(has(_FRAMES, text) and not has((_NOT_OWN,), text) for text in story):
        yield "it is kept among tests of several parts together"


def _story(finding: Finding, lines: Sequence[Said]) -> list[str]:
    """Give the lines around a failing test up to where tests of another kind begin."""
    story: list[str] = []
    for line in beside(finding, lines):
        if has(_UNIT_HEADINGS, line.text):
            if line.number > finding.verdict.evidence[0].line:
                break
            story = []
        story.append(line.text)
    return story


def _only_cancelled(lines: Sequence[Said]) -> bool:
    """Whether nothing failed but that somebody or something stopped the job."""
    errors = [line.text for line in lines if line.text.startswith(_ERROR)]
    return bool(errors) and all(has((_CANCELLED,), text) for text in errors)


def _is_symptom(finding: Finding) -> bool:
    return finding.weight is Weight.WEAK and not is_at_or_below(finding.verdict.category, "infra")
