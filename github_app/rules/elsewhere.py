"""What a verdict owes to the parts of a log that are not shown.

The law: what is not shown may be worse than what is, so it makes no verdict milder (T15).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from github_app.rules.model import Evidence
from github_app.rules.precedence import SEVERITIES, Finding
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category, Severity


def as_severe_as_elsewhere(finding: Finding, evidence: Evidence) -> Finding:
    """Give a vulnerability that the log tells of, at least as severe as what its scanners say outside the excerpts."""
    verdict = finding.verdict
    if not evidence.elsewhere or not _is_of_scanner(verdict):
        return finding
    severity = max(verdict.severity, _worst(evidence), key=SEVERITIES.index)
    return finding if severity is verdict.severity else replace(finding, verdict=replace(verdict, severity=severity))


def of_elsewhere(verdict: Verdict, evidence: Evidence) -> str:
    """Say in a sentence that vulnerabilities are told of which are not shown; "" where there are none."""
    if not evidence.elsewhere or not _is_of_scanner(verdict):
        return ""
    worst = _worst(evidence)
    known = f"{worst} at worst" if worst else "and how severe these are is not known"
    return f" The log tells of more vulnerabilities than are shown, {known}."


def of_unread(evidence: Evidence) -> str:
    """Say in a sentence that a part of the log was not looked at; "" where all of it was (T17)."""
    if not evidence.unread and evidence.log != _SKIPPED:
        return ""
    lines = f"{evidence.unread} lines" if evidence.unread else "Lines"
    return f" {lines} in the middle of the log were at most searched for leaks, vulnerabilities and drift."


_SKIPPED: Final = "middle_unread"


def _is_of_scanner(verdict: Verdict) -> bool:
    return verdict.source == "log" and verdict.category is Category.SECURITY_VULNERABILITY


def _worst(evidence: Evidence) -> Severity | None:
    return next((each for each in Severity if str(each) == evidence.elsewhere), None)
