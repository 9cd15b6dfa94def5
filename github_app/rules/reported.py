"""What the pytest plugin saw at the source, as one finding.

The report was written by code of the pull request: it is displayed and believed about kinds of failure, but it can
neither hide what the log says about security nor, from a fork, talk a failure down (T15, T16).
"""

from __future__ import annotations

from collections import Counter

from github_app.rules.advice import remedy_for
from github_app.rules.model import FailedGate, ReportedFailure, TestReport
from github_app.rules.precedence import Finding, Weight, root_cause_rank
from github_app.rules.redaction import redact
from github_app.rules.verdicts import Line, Verdict
from pytest_failure_review.report import Category

_SHOWN = 5
_WIDTH = 300
_TRUST = 0.95  # the most that is believed of a report
_DOUBT = 0.7  # and of a fork's, or of one that breaks off


def report_finding(report: TestReport) -> Finding | None:
    """Give the worst of the reported failures, or None when the report names none of a known kind."""
    categories = reported_categories(report)
    if not categories:
        return None
    worst = next(failure for failure in report.failures if failure.category is categories[0])
    of_kind = [failure for failure in report.failures if failure.category is worst.category]
    sure = report.complete and report.trusted
    remedy = remedy_for(worst.category)
    verdict = Verdict(
        category=worst.category,
        reason=_reason(report, worst),
        rule=f"report:{worst.category}",
        source="report",
        confidence=max(0.0, min(worst.confidence, _TRUST if sure else _DOUBT)),
        evidence=tuple(_line(failure) for failure in of_kind[:_SHOWN]),
        description=f"decided by the plugin's rule `{worst.rule}`",
        causes=remedy.causes,
        advice=remedy.advice,
        replay=worst.replay,
    )
    return Finding(verdict, Weight.REPORT if sure else Weight.TEXT)


def reported_categories(report: TestReport) -> tuple[Category, ...]:
    """Give the known kinds of failure that the report names, the worst first."""
    named = {failure.category for failure in report.failures} - {Category.UNKNOWN}
    return tuple(sorted(named, key=root_cause_rank, reverse=True))


def of_gates(report: TestReport | None) -> str:
    """Say in a sentence which quality gates failed beside the tests; "" where none did (S2-059 to S2-062).

    That pytest failed is told by its failures already, where there are any.
    """
    if report is None:
        return ""
    gates = [gate for gate in report.gates if gate.name != "pytest" or not report.total]
    told = "; ".join(_gate(gate) for gate in gates[:_SHOWN])
    more = f"; and {len(gates) - _SHOWN} more" if len(gates) > _SHOWN else ""
    return f" Quality gates failed: {told}{more}." if told else ""


def _gate(gate: FailedGate) -> str:
    said = _plain(redact(" ".join(gate.summary.split())).text).removesuffix(".")[:160]
    return f"`{_plain(redact(gate.name).text)}`" + (f" ({said})" if said else "")


def _reason(report: TestReport, worst: ReportedFailure) -> str:
    counts = Counter(failure.category for failure in report.failures)
    kinds = sorted(counts, key=lambda category: -root_cause_rank(category))
    listed = ", ".join(f"{counts[category]} {category}" for category in kinds)
    total = max(report.total, len(report.failures))
    noun = "failure" if total == 1 else "failures"
    cut = f", of which it lists {len(report.failures)}" if total > len(report.failures) else ""
    told = "".join((_death(report), _again(report), _trust(report)))
    said = f": {_said(worst)}" if worst.message else ""
    name = _plain(worst.nodeid)[:_WIDTH]
    return f"The test report names {total} {noun}{cut} ({listed}); the worst is `{name}`{said}.{told}"


def _death(report: TestReport) -> str:
    if report.complete:
        return ""
    where = f" in `{_plain(report.died_in)[:_WIDTH]}`" if report.died_in else ""
    return f" It breaks off, so the test run itself died{where}."


def _again(report: TestReport) -> str:
    if not report.flaky:
        return ""
    return f" {report.flaky} more {'test' if report.flaky == 1 else 'tests'} passed only when tried again."


def _trust(report: TestReport) -> str:
    if report.trusted:
        return ""
    why = f"is not certain to be of this job: {report.doubt}" if report.doubt else "comes from a fork"
    return f" It {why}, so the log is believed where it is stricter."


def _said(failure: ReportedFailure) -> str:
    first = failure.message.strip().partition("\n")[0]
    return f"`{_plain(redact(first).text)[:160]}`"


def _line(failure: ReportedFailure) -> Line:
    return Line(0, redact(f"{failure.nodeid}: {failure.message}".partition("\n")[0]).text[:_WIDTH], failure.rule)


def _plain(text: str) -> str:
    return text.replace("`", "'")
