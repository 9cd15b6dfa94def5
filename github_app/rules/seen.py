"""Which findings count once it is known what the last green run of the job shows as well.

The law: what stood in a green log explains no failure, but it is set aside only while something else explains it, never
when it is about security, and never without a word (T15). So a comparison can make nothing milder in silence, nor lift
a refusal: what was set aside is still told of beside the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from github_app.rules.model import Baseline, Evidence
from github_app.rules.precedence import Finding, Weight
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import is_at_or_below

SHORT_SHA: Final = 12

_OF_OLD: Final = 0.4
"""How sure a verdict is at most that rests on lines of a green log."""


def that_count(findings: Sequence[Finding], evidence: Evidence) -> list[Finding]:
    """Return the findings whose lines the last green run did not show, or all when these explain nothing."""
    kept = [finding for finding in findings if not _is_old(finding.verdict, evidence.baseline)]
    explains = any(finding.weight >= Weight.TEXT for finding in kept)
    return kept if explains else list(findings)


def with_old_news(verdict: Verdict, findings: Sequence[Finding], evidence: Evidence) -> Verdict:
    """Return the verdict with a sentence about what the last green run shows too; `findings` are all there were."""
    baseline = evidence.baseline
    if baseline is None or not baseline.seen:
        return verdict
    place = f"the last green run on {baseline.branch} ({baseline.sha[:SHORT_SHA]})"
    if _is_old(verdict, baseline):
        reason = f"{verdict.reason} The log of {place} shows the same, so it may not be the cause."
        return replace(verdict, reason=reason, confidence=min(verdict.confidence, _OF_OLD))
    old = (finding.verdict for finding in findings if _is_old(finding.verdict, baseline))
    kinds = dict.fromkeys(each.category for each in old if each.category is not verdict.category)
    if not kinds:
        return verdict
    return replace(verdict, reason=f"{verdict.reason} Not counted, for {place} shows it too: {', '.join(kinds)}.")


def _is_old(verdict: Verdict, baseline: Baseline | None) -> bool:
    lines = [line.line for line in verdict.evidence]
    if baseline is None or verdict.source != "log" or not lines or is_at_or_below(verdict.category, "security"):
        return False
    return all(line in baseline.seen for line in lines)
