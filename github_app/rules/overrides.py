"""Whether a failure could be overridden at all, and the sentence that says so; asking and granting come later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from github_app.rules.policy import REGRESSION, Policy, Rule, regression_of, rounded, rule_of
from github_app.rules.verdicts import Override, Permission, Verdict
from pytest_failure_review.report import Category, Severity, is_at_or_below

VALIDATOR: Final = "qa_analyst"

_ANSWERS: Final = {
    Permission.NEVER: "not overridable",
    Permission.APPROVAL: "overridable with approval",
    Permission.HOTFIX: "overridable only for a critical production hotfix with a Linear ticket",
}


_STRICTNESS: Final = (Permission.APPROVAL, Permission.HOTFIX, Permission.NEVER)


def eligibility(verdict: Verdict, rule: Rule, policy: Policy, protected_path: str | None = None) -> Override:
    """Say whether the gate may be opened in spite of a failure, and what that takes.

    `protected_path` is a path of the change under which nothing is overridden (S1-046, C18), if there is one. Nor is a
    failure overridden whose evidence also shows one that never is: anybody can print a line that looks like a broken
    machine, only GitHub can say that it broke (T15). A mere `hotfix` does not bind this way, since failing tests are
    how a broken database shows.
    """
    if protected_path is not None:
        line = policy.provenance.get("protected_paths", "")
        return Override(
            Permission.NEVER, f"not overridable: the change touches {protected_path}, a protected path", line
        )
    hidden = None if rule.permission is Permission.NEVER else _never_too(verdict, policy)
    if hidden is not None:
        return hidden
    return Override(rule.permission, _sentence(verdict, rule, policy), rule.provenance["override"], _needs(rule))


def is_grave(verdict: Verdict, rule: Rule, policy: Policy) -> bool:
    """Whether a failure is about security or is never overridden: a second one of its kind must not pass for the first.

    So it is when something else in its evidence is.
    """
    kinds = (verdict.category, *(other.category for other in verdict.also))
    is_never = eligibility(verdict, rule, policy).permission is Permission.NEVER
    return is_never or any(is_at_or_below(kind, "security") for kind in kinds)


def rule_in_force(verdict: Verdict, policy: Policy, complexity: str | None = None) -> Rule:
    """Return the rule for a verdict, with the target of the failure beside it that binds and has to be mended sooner.

    What keeps a failure from being overridden also says by when: no line of text buys time (T15).
    """
    rule = rule_of(verdict, policy, complexity)
    bound = [other for _, other in _binding(verdict, policy) if other.sla_s is not None]
    first = min(bound, key=lambda other: other.sla_s or 0, default=rule)
    if first.sla_s is None or (rule.sla_s is not None and rule.sla_s <= first.sla_s):
        return rule
    return replace(
        rule,
        sla_s=first.sla_s,
        at_risk_s=first.at_risk_s,
        sla_class=first.sla_class,
        target_of=first.name,
        provenance={**rule.provenance, "sla": first.provenance["sla"]},
    )


def _never_too(verdict: Verdict, policy: Policy) -> Override | None:
    """Return the refusal for the sake of another failure in the same evidence, if there is reason to."""
    least = _STRICTNESS.index(rule_of(verdict, policy).permission)
    for shown, rule in _binding(verdict, policy):
        if _STRICTNESS.index(rule.permission) <= least:
            continue
        reason = f"{_ANSWERS[rule.permission]}: the log also shows {shown.category}, {_because(shown, rule, policy)}"
        return Override(rule.permission, reason, rule.provenance["override"])
    return None


def _binding(verdict: Verdict, policy: Policy) -> Iterator[tuple[Verdict, Rule]]:
    """Yield the other failures in the same evidence that bind, and their rules.

    Those that are never overridden do, and what a likeness set aside.
    """
    # A change can hang on purpose until GitHub ends the job, but not lose a runner.
    is_alone = verdict.rests_on_fact and verdict.rule != "fact:timed-out"
    for other in () if is_alone else verdict.also:
        shown = replace(
            verdict,
            category=other.category,
            subcategory=other.subcategory,
            severity=other.severity,
            measures={REGRESSION: other.regression},
        )
        rule = rule_of(shown, policy)
        if rule.permission is Permission.NEVER or other.binds:
            yield shown, rule


def _sentence(verdict: Verdict, rule: Rule, policy: Policy) -> str:
    return f"{_ANSWERS[rule.permission]}: {_because(verdict, rule, policy)}"


def _because(verdict: Verdict, rule: Rule, policy: Policy) -> str:
    fact = _fact(verdict, policy)
    return f"{fact}; {rule.why}" if fact else rule.why


def _fact(verdict: Verdict, policy: Policy) -> str:
    """What was measured or not known, where the rule depends on it."""
    if is_at_or_below(verdict.category, Category.PERFORMANCE):
        return _regression_fact(regression_of(verdict), policy.regression_limit)
    if is_at_or_below(verdict.category, Category.SECURITY_VULNERABILITY) and verdict.severity is None:
        return f"the scanner gave no severity, so it is taken as {Severity.CRITICAL}"
    return ""


def _regression_fact(measured: Decimal | None, limit: Decimal) -> str:
    if measured is None:
        return f"the regression was not measured, so it is taken as {limit} % or more"
    percent = rounded(measured)
    return f"a regression of {percent} % is {'below' if percent < limit else 'not below'} {limit} %"


def _needs(rule: Rule) -> tuple[str, ...]:
    """Everything a request takes: its own statements, then two sign-offs by people who are not its author (C19)."""
    if rule.permission is Permission.NEVER:
        return ()
    approval = (f"approval by {rule.approver}",) if rule.approver is not None else ()
    return (*rule.needs, f"validation by {VALIDATOR}", *approval)
