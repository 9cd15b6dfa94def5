"""What failed tests in a report say: a failing test, or what broke beneath many of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from github_app.rules import facts
from github_app.rules.advice import remedy_for
from github_app.rules.model import Job
from github_app.rules.precedence import Finding, Weight, root_cause_rank
from github_app.rules.regex import compiled
from github_app.rules.results.values import FailedTest, FileReport
from github_app.rules.results.wording import SOURCE, confidence, counted, quoted, remarks, trusted
from github_app.rules.signatures import OWN, Signature, Signatures
from github_app.rules.verdicts import Line, Verdict
from pytest_failure_review.report import Category

_SHOWN: Final = 5
_LINES: Final = 80  # of one message
_LATER: Final = 5  # place of what only few of the tests say
_CAUSES: Final = frozenset(
    {
        Category.INFRA_DATABASE,
        Category.INFRA_RUNNER,
        Category.INFRA_CONTAINER,
        Category.INFRA_NETWORK,
        Category.INFRA_TEST_ENVIRONMENT,
        Category.GENERATOR_DRIFT,
        Category.BUILD_COMPILE,
        Category.BUILD_DEPENDENCIES,
        Category.TEST_DATABASE,
    }
)
"""What an error in a test may tell of that is no failing test of its own."""

_ASSERTION: Final = r"(?i)^\W*(?:[\w.\\]*(?:assert|expectation|comparison)[\w]*\b|expect(?:ed)?\b|not equal)"
"""A test that compares: what it quotes is the subject of the test, not the reason why it broke."""


class _Cause(NamedTuple):
    category: Category
    signature: Signature | None


def failing_findings(
    reports: Sequence[FileReport], job: Job, signatures: Signatures, told: Collection[Category] = ()
) -> Iterator[Finding]:
    """Yield one finding for each kind of failure that the tests tell of; `told` are the kinds that the log names."""
    groups: dict[_Cause, list[FailedTest]] = {}
    beside: dict[_Cause, list[FailedTest]] = {}
    by_id: dict[tuple[Category, str], _Cause] = {}
    plain = _plain_kind(job, told)
    for test in (test for report in reports for test in report.tests):
        for place, cause in enumerate(_causes(test, signatures, plain)):
            key = (cause.category, cause.signature.id if cause.signature else "")
            (beside if place else groups).setdefault(by_id.setdefault(key, cause), []).append(test)
    failed = [report for report in reports if report.failed]
    total = sum(map(len, groups.values()))
    main = {cause for cause, tests in groups.items() if cause.signature is None or 2 * len(tests) >= total}
    is_sure = trusted(failed) and all(report.complete for report in failed)
    # A message is text that the tests chose: a cause that is read out of it decides only where the log says nothing
    # stricter, and so does all beside it (T15).
    weight = Weight.REPORT if is_sure and all(cause.signature is None for cause in main) else Weight.TEXT
    for cause, tests in groups.items():
        in_main = cause in main
        yield Finding(_verdict(cause, tests, failed), weight if in_main else Weight.TEXT, 0 if in_main else _LATER)
    for cause, tests in beside.items():
        yield Finding(_verdict(cause, tests, failed), Weight.TEXT, _LATER)


def _plain_kind(job: Job, told: Collection[Category]) -> Category:
    """Return what a failing test is that names no cause: by the log and the job's name, the strictest first."""
    if Category.TEST_DATABASE in told:
        return Category.TEST_DATABASE
    needs_more = Category.TEST_INTEGRATION in told or facts.is_about_integration(job)
    return Category.TEST_INTEGRATION if needs_more else Category.TEST_UNIT


def _causes(test: FailedTest, signatures: Signatures, plain: Category) -> tuple[_Cause, ...]:
    """Return what broke: the causes that the message tells of, the deepest first, else the test itself.

    A policy's own signature is none beside a shipped one, as in the log (`precedence`).
    """
    if not compiled(_ASSERTION).search(test.message):
        lines = test.message.split("\n")[:_LINES]
        hits = [hit.signature for line in lines for hit in signatures.hits(line)]
        found = [one for one in hits if one.category in _CAUSES and one.strength == "plain"]
        shipped = [one for one in found if not one.id.startswith(OWN)]
        by_category = {one.category: one for one in shipped or found}
        if by_category:
            deepest = sorted(by_category, key=root_cause_rank, reverse=True)
            return tuple(_Cause(category, by_category[category]) for category in deepest)
    owner = test.name.partition("::")[0]
    if plain is Category.TEST_UNIT and any(map(facts.is_named_integration, (owner, test.path))):
        return (_Cause(Category.TEST_INTEGRATION, None),)
    return (_Cause(plain, None),)


def _verdict(cause: _Cause, tests: Sequence[FailedTest], reports: Sequence[FileReport]) -> Verdict:
    signature = cause.signature
    remedy = remedy_for(cause.category)
    rule = signature.id if signature else str(cause.category)
    return Verdict(
        category=cause.category,
        reason=_reason(cause, tests, reports),
        rule=f"results:{rule}",
        source=SOURCE,
        confidence=confidence(reports),
        subcategory=signature.subcategory if signature else None,
        severity=signature.severity if signature else None,
        evidence=tuple(_line(test, rule) for test in tests[:_SHOWN]),
        description=signature.description if signature else "a test report names the failing tests",
        causes=(signature.causes if signature else ()) or remedy.causes,
        advice=(signature.advice if signature else ()) or remedy.advice,
    )


def _reason(cause: _Cause, tests: Sequence[FailedTest], reports: Sequence[FileReport]) -> str:
    first, report = tests[0], reports[0]
    failed, total = sum(each.failed for each in reports), sum(each.total for each in reports)
    said = f": {quoted(first.message)}" if first.message else ""
    head = (
        f"The test report {quoted(report.name, 80)} ({report.tool}) names {failed} failed of {counted(total, 'test')}"
    )
    if cause.signature is None:
        return f"{head}; the first is {quoted(first.name)}{said}.{remarks(reports)}"
    share = f"{len(tests)} of the {sum(len(each.tests) for each in reports)} that it lists"
    why = cause.signature.description
    return f"{head}; {share} say the same, first {quoted(first.name)}{said}: {why}.{remarks(reports)}"


def _line(test: FailedTest, rule: str) -> Line:
    place = f"{test.path}:{test.line}: " if test.path and test.line else ""
    return Line(0, f"{place}{test.name}: {test.message}".partition("\n")[0][:300], rule)
