"""Whose each kind of failure is, as the decision record writes it: every category, with and without its own YAML."""

from __future__ import annotations

import pytest
from policies import BLOCK, layered

from github_app.rules.model import Hand, Person
from github_app.rules.ownership import Facts, owner_from
from pytest_failure_review.report import Category, Severity

MATRIX = {
    "generator_drift": ("backend_dev", ["frontend_dev"]),
    "test.unit": ("code_author", ["qa_analyst"]),
    "test.integration": ("backend_dev", ["qa_analyst"]),
    "test.database": ("database_specialist", ["qa_analyst"]),
    "security.secret": ("security_specialist", ["original_committer"]),
    "security.vulnerability": ("security_specialist", ["code_author"]),
    "infra.runner": ("devops_specialist", []),
    "infra.container": ("devops_specialist", []),
    "infra.database": ("devops_specialist", ["database_specialist"]),
    "infra.network": ("devops_specialist", []),
    "infra.test_environment": ("devops_specialist", []),
    "build": ("code_author", []),
    "build.compile": ("code_author", []),
    "build.lint": ("code_author", []),
    "build.dependencies": ("code_author", []),
    "performance": ("domain_specialist", []),
    "unknown": ("qa_analyst", []),
}
NAMES = {
    "backend_dev": "bea", "frontend_dev": "fay", "qa_analyst": "quinn", "database_specialist": "dan",
    "devops_specialist": "ops", "security_specialist": "sue", "domain_specialist": "dom",
}  # fmt: skip
MAPPED = "roles: {" + ", ".join(f"{role}: {{users: [{name}]}}" for role, name in NAMES.items()) + "}\n"
AUTHOR = Hand(Person(1, "ada"), "opened pull request #12")


def test_the_table_has_every_category() -> None:
    assert set(MATRIX) == set(Category)


@pytest.mark.requirement("S1-003")
@pytest.mark.requirement("S1-080")
@pytest.mark.parametrize("text", ["", BLOCK], ids=["built in", "with the record's own YAML"])
@pytest.mark.parametrize("category", MATRIX)
def test_every_kind_is_one_role_s_and_the_named_ones_are_told(category: str, text: str) -> None:
    """C14: the matrix wins over the lists of the YAML; C15, C24: the first that is named is accountable."""
    policy = layered(MAPPED + text)
    owner = owner_from(Facts(hands=(AUTHOR,)), policy.rule_for(category), policy)
    accountable, informed = MATRIX[category]
    assert owner.accountable.role == accountable
    assert [person.login for person in owner.accountable.people] == [NAMES.get(accountable, "ada")]
    assert [party.role for party in owner.informed] == informed


@pytest.mark.requirement("S1-016")
@pytest.mark.parametrize("severity", [None, *Severity])
def test_a_vulnerability_of_any_severity_is_the_security_specialist_s_and_its_author_is_told(
    severity: Severity | None,
) -> None:
    """S1-062; a severity that nobody gave counts as the worst."""
    policy = layered(MAPPED)
    rule = policy.rule_for("security.vulnerability", severity=severity)
    owner = owner_from(Facts(hands=(AUTHOR,)), rule, policy)
    assert (owner.accountable.role, [party.role for party in owner.informed]) == (
        "security_specialist",
        ["code_author"],
    )
    assert rule.sla_s == {"medium": 7 * 86_400, "low": None}.get(str(severity or ""), 86_400)
