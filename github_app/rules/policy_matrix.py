"""The whole policy as a table for people and as plain values for machines (S1-178)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from github_app.rules.policy import Policy, Rule
from github_app.rules.sla import duration_in_words
from pytest_failure_review.report import Category

HEADER: Final = ("Category", "Accountable", "Informed", "Fix within", "People hear of it", "Override")


def rules(policy: Policy) -> Iterator[tuple[str, Rule]]:
    """Go through every category and kind that the policy describes, with each case in which its rule differs."""
    kinds = (name for name in policy.settings if any(name.startswith(f"{category}.") for category in Category))
    for name in sorted({*Category, *kinds}, key=_order):
        for case in policy.cases_of(name):
            yield case, policy.rule_in(name, (case,) if case else ())


def markdown(policy: Policy) -> str:
    """Render the matrix as a Markdown table."""
    rows = [HEADER, ("---",) * len(HEADER), *(_row(case, rule) for case, rule in rules(policy))]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def as_json(policy: Policy) -> dict[str, Any]:
    """Return what the policy says of itself, and its matrix."""
    about = policy.about
    return {
        "name": about.name,
        "version": about.version,
        "decided_on": about.decided_on and about.decided_on.isoformat(),
        "participants": list(about.participants),
        "status": about.status,
        "related": list(about.related),
        "review_by": about.review_by and about.review_by.isoformat(),
        "policy_version": policy.version,
        "mode": policy.mode,
        "gate": {
            "jobs": list(policy.gate.jobs),
            "ignore": list(policy.gate.ignore),
            "settle_s": policy.gate.settle_s,
            "pinned": list(policy.gate.pinned),
        },
        "retention_days": policy.retention_days,
        "artifacts": list(policy.artifacts),
        "contracts": {"openapi": list(policy.contracts.openapi), "components": dict(policy.contracts.components)},
        "verification": {
            "contract_checks": list(policy.verification.contract_checks),
            "test_jobs": list(policy.verification.test_jobs),
        },
        "matrix": [{"case": case or None, **rule_as_json(rule)} for case, rule in rules(policy)],
        "provenance": dict(policy.provenance),
    }


def rule_as_json(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain values; durations are seconds."""
    return {
        "category": str(rule.name),
        "accountable": rule.owners[0],
        "informed": list(rule.informed),
        "sla_s": rule.sla_s,
        "at_risk_s": rule.at_risk_s,
        "class": rule.sla_class,
        "tier": rule.tier,
        "override": rule.permission,
        "why": rule.why,
        "needs": list(rule.needs),
        "approver": rule.approver,
        "runbook": rule.runbook,
        "blocks_all": rule.blocks_all,
        "qa": rule.qa,
        "provenance": dict(rule.provenance),
    }


def _order(name: str) -> tuple[int, str]:
    """Order of the list of categories, kinds behind theirs."""
    known = [
        position for position, category in enumerate(Category) if name == category or name.startswith(f"{category}.")
    ]
    return known[-1], name


def _row(case: str, rule: Rule) -> tuple[str, ...]:
    return (
        f"`{rule.name}`" + (f" ({case})" if case else ""),
        rule.owners[0],
        ", ".join(rule.informed),
        "no deadline" if rule.sla_s is None else duration_in_words(rule.sla_s),
        rule.tier,
        f"{rule.permission}: {rule.why}",
    )
