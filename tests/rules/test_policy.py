from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from policies import layered

from github_app.rules.policy import FIELDS, rule_of
from github_app.rules.policy_schema import SlaClass, Tier
from github_app.rules.verdicts import Permission, Verdict
from pytest_failure_review.report import Category, Severity

NEVER, APPROVAL, HOTFIX = Permission.NEVER, Permission.APPROVAL, Permission.HOTFIX
IMMEDIATE, STANDARD, DIGEST = Tier.IMMEDIATE, Tier.STANDARD, Tier.DIGEST
HOUR = 3600
DAY = 24 * HOUR

# category, the case, owner, informed, seconds, class, tier, override
MATRIX = [
    pytest.param(
        "generator_drift", {}, "backend_dev", ("frontend_dev",), 2 * HOUR, "critical_path", IMMEDIATE, NEVER,
        marks=[
            pytest.mark.requirement(r)
            for r in ("S1-005", "S1-006", "S1-008", "S1-009", "S1-034", "S1-044", "S1-057")
        ],
    ),
    pytest.param(
        "test.unit", {}, "code_author", ("qa_analyst",), 4 * HOUR, "standard", STANDARD, HOTFIX,
        marks=[pytest.mark.requirement(r) for r in ("S1-011", "S1-036", "S1-061")],
    ),
    pytest.param(
        "test.integration", {}, "backend_dev", ("qa_analyst",), 8 * HOUR, "complex", STANDARD, HOTFIX,
        marks=[pytest.mark.requirement(r) for r in ("S1-012", "S1-063")],
    ),
    pytest.param(
        "test.database", {"complexity": "simple"}, "database_specialist", ("qa_analyst",), 4 * HOUR, "complex",
        STANDARD, HOTFIX, marks=pytest.mark.requirement("S1-013"),
    ),
    pytest.param(
        "test.database", {"complexity": "complex"}, "database_specialist", ("qa_analyst",), 8 * HOUR, "complex",
        STANDARD, HOTFIX, marks=pytest.mark.requirement("S1-013"),
    ),
    pytest.param(
        "test.database.schema", {"complexity": "complex"}, "database_specialist", ("qa_analyst",), 8 * HOUR, "complex",
        STANDARD, HOTFIX, marks=pytest.mark.requirement("S1-064"),
    ),
    pytest.param(
        "security.secret", {}, "security_specialist", ("original_committer",), HOUR, "critical_path", IMMEDIATE, NEVER,
        marks=[pytest.mark.requirement(r) for r in ("S1-017", "S1-032", "S1-043", "S1-058")],
    ),
    pytest.param(
        "security.vulnerability", {"severity": Severity.CRITICAL}, "security_specialist", ("code_author",), DAY,
        "standard", IMMEDIATE, NEVER, marks=[pytest.mark.requirement(r) for r in ("S1-016", "S1-032", "S1-045")],
    ),
    pytest.param(
        "security.vulnerability", {"severity": Severity.HIGH}, "security_specialist", ("code_author",), DAY,
        "standard", STANDARD, APPROVAL, marks=[pytest.mark.requirement(r) for r in ("S1-016", "S1-062")],
    ),
    pytest.param(
        "security.vulnerability", {"severity": Severity.MEDIUM}, "security_specialist", ("code_author",), 7 * DAY,
        "standard", STANDARD, APPROVAL, marks=pytest.mark.requirement("S1-062"),
    ),
    pytest.param(
        "security.vulnerability", {"severity": Severity.LOW}, "security_specialist", ("code_author",), None,
        "standard", DIGEST, APPROVAL, marks=pytest.mark.requirement("S1-062"),
    ),
    pytest.param(
        "infra.runner", {}, "devops_specialist", (), HOUR, "critical_path", IMMEDIATE, APPROVAL,
        marks=[pytest.mark.requirement(r) for r in ("S1-019", "S1-033", "S1-059")],
    ),
    pytest.param(
        "infra.database", {}, "devops_specialist", ("database_specialist",), HOUR // 2, "critical_path", IMMEDIATE,
        APPROVAL, marks=[pytest.mark.requirement(r) for r in ("S1-020", "S1-033", "S1-059")],
    ),
    pytest.param("infra.container", {}, "devops_specialist", (), HOUR, "critical_path", STANDARD, APPROVAL),
    pytest.param("infra.network", {}, "devops_specialist", (), HOUR, "critical_path", STANDARD, APPROVAL),
    pytest.param("infra.test_environment", {}, "devops_specialist", (), HOUR, "standard", STANDARD, APPROVAL),
    pytest.param(
        "build", {}, "code_author", (), 2 * HOUR, "standard", STANDARD, APPROVAL,
        marks=[pytest.mark.requirement(r) for r in ("S1-024", "S1-025", "S1-060")],
    ),
    pytest.param(
        "build.compile", {}, "code_author", (), 2 * HOUR, "standard", STANDARD, APPROVAL,
        marks=pytest.mark.requirement("S1-037"),
    ),
    pytest.param(
        "build.lint", {}, "code_author", (), 2 * HOUR, "standard", STANDARD, APPROVAL,
        marks=pytest.mark.requirement("S1-037"),
    ),
    pytest.param("build.dependencies", {}, "code_author", (), 2 * HOUR, "standard", STANDARD, APPROVAL),
    pytest.param(
        "performance", {"regression": Decimal("19.99")}, "domain_specialist", (), DAY, "complex", DIGEST, APPROVAL,
        marks=[pytest.mark.requirement(r) for r in ("S1-028", "S1-038", "S1-065")],
    ),
    pytest.param(
        "performance", {"regression": Decimal("20.00")}, "domain_specialist", (), DAY, "complex", STANDARD, NEVER,
        marks=[pytest.mark.requirement(r) for r in ("S1-029", "S1-038")],
    ),
    pytest.param("unknown", {}, "qa_analyst", (), 4 * HOUR, "standard", STANDARD, APPROVAL),
]  # fmt: skip


@pytest.mark.requirement("S1-003")
@pytest.mark.requirement("S1-177")
@pytest.mark.requirement("S1-180")
@pytest.mark.parametrize(("category", "case", "owner", "informed", "seconds", "sla_class", "tier", "override"), MATRIX)
def test_the_built_in_matrix_says_what_the_decision_record_says(  # noqa: PLR0917  (one column of the matrix each)
    category: str,
    case: dict[str, Any],
    owner: str,
    informed: tuple[str, ...],
    seconds: int | None,
    sla_class: str,
    tier: Tier,
    override: Permission,
) -> None:
    rule = layered().rule_for(category, **case)
    assert (rule.owners[0], rule.informed) == (owner, informed)
    assert (rule.sla_s, rule.sla_class) == (seconds, SlaClass(sla_class))
    assert (rule.tier, rule.permission) == (tier, override)


def test_the_matrix_above_covers_every_category() -> None:
    assert set(Category) <= {str(row.values[0]) for row in MATRIX}


@pytest.mark.parametrize("category", Category)
def test_every_value_of_every_category_names_its_source(category: Category) -> None:
    rule = layered().rule_for(category)
    assert {"owner", "sla", "class", "tier", "override", "why"} <= set(rule.provenance) <= set(FIELDS)
    assert all(
        "escalation-matrix.md L" in where or "default" in where or where == "this project"
        for where in rule.provenance.values()
    )


@pytest.mark.requirement("S1-149")
def test_the_drift_script_of_the_decision_record_loads_from_the_policy() -> None:
    rule = layered().rule_for("generator_drift")
    script = {"FAILURE_TYPE": rule.name, "PRIMARY_OWNER": rule.owners[0], "SECONDARY_OWNER": rule.owners[1]}
    assert script == {
        "FAILURE_TYPE": "generator_drift",
        "PRIMARY_OWNER": "backend_dev",
        "SECONDARY_OWNER": "frontend_dev",
    }
    assert (rule.sla_s, rule.permission) == (2 * HOUR, NEVER)


@pytest.mark.requirement("S1-001")
def test_the_policy_says_who_decided_it_and_when() -> None:
    about = layered().about
    assert (about.name, about.version) == ("CI failure escalation matrix", "1.0")
    assert (about.decided_on, about.status) == (date(2025, 8, 16), "Decisions Finalized")
    assert about.participants == ("QA Analyst (lead)", "All Specialists", "Scrum Master")
    assert about.related == ("AUT-9 CI Baseline",)


@pytest.mark.requirement("S1-197")
def test_the_policy_says_when_it_is_to_be_reviewed_and_a_repository_may_move_that() -> None:
    assert layered().about.review_by == date(2027, 2, 16)
    assert layered("review_by: 2028-01-01").about.review_by == date(2028, 1, 1)


def test_the_runner_warns_once_at_the_other_number_of_the_decision_record() -> None:
    """C01: 30 minutes stay visible as a notice, 60 are the deadline."""
    assert layered().rule_for("infra.runner").at_risk_s == HOUR // 2


@pytest.mark.requirement("S1-008")
@pytest.mark.parametrize(
    ("category", "blocks"), [("generator_drift", True), ("security.secret", True), ("test.unit", False)]
)
def test_critical_path_failures_hold_up_everybody(category: str, blocks: bool) -> None:
    assert layered().rule_for(category).blocks_all is blocks


# --- what is not known -----------------------------------------------------------------------------------------------


def test_a_vulnerability_without_a_severity_is_judged_as_a_critical_one() -> None:
    policy = layered()
    unknown, critical = (policy.rule_for("security.vulnerability", severity=s) for s in (None, Severity.CRITICAL))
    assert unknown == critical


def test_a_regression_that_was_not_measured_is_judged_as_a_large_one() -> None:
    policy = layered()
    assert policy.rule_for("performance") == policy.rule_for("performance", regression=Decimal(1000))


def test_a_severity_that_a_table_leaves_out_gets_the_value_for_all_others() -> None:
    policy = layered("categories: {build: {sla: {critical: 30m}}}")
    assert policy.rule_for("build", severity=Severity.LOW).sla_s == 2 * HOUR
    assert policy.rule_for("build", severity=Severity.CRITICAL).sla_s == HOUR // 2
    assert policy.rule_for("build").sla_s == HOUR // 2


@pytest.mark.parametrize(("percent", "tier"), [("19.994", DIGEST), ("19.995", STANDARD), ("-3", DIGEST)])
def test_a_regression_is_compared_after_rounding_to_two_places(percent: str, tier: Tier) -> None:
    assert layered().rule_for("performance", regression=Decimal(percent)).tier is tier


@pytest.mark.parametrize("measure", ["", "fast", "NaN", "Infinity", "1e999999"])
def test_a_measure_that_is_no_number_counts_as_not_measured(measure: str) -> None:
    verdict = Verdict(Category.PERFORMANCE, "slower", "bench", "log", 0.9, measures={"regression_percent": measure})
    assert rule_of(verdict, layered()).permission is NEVER


# --- kinds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cpp", "build.compile.cpp"])
def test_a_kind_takes_what_it_does_not_say_from_the_category_above(kind: str) -> None:
    policy = layered("categories: {build.compile.cpp: {sla: 1h}}")
    rule = policy.rule_for("build.compile", kind=kind)
    assert (rule.name, rule.sla_s, rule.owners) == ("build.compile.cpp", HOUR, ("code_author",))


def test_an_entry_for_a_kind_beats_a_later_file_about_the_category_above() -> None:
    policy = layered("categories: {build: {sla: 3h}}", org="categories: {build.lint: {sla: 30m}}")
    assert policy.rule_for("build.lint").sla_s == HOUR // 2
    assert policy.rule_for("build.compile").sla_s == 3 * HOUR


def test_a_table_for_a_kind_fills_its_gaps_from_the_table_above() -> None:
    policy = layered("categories: {security.vulnerability.npm: {sla: {high: 12h}}}")
    rules = [policy.rule_for("security.vulnerability.npm", severity=s).sla_s for s in (Severity.HIGH, Severity.MEDIUM)]
    assert rules == [12 * HOUR, 7 * DAY]


def test_a_category_that_no_file_describes_has_no_rule() -> None:
    with pytest.raises(LookupError, match="the policy says no owner, sla, class, tier, override, why for weather"):
        layered().rule_for("weather")


@pytest.mark.requirement("S1-010")
def test_the_three_kinds_of_tests_are_categories_of_one_family() -> None:
    policy = layered("categories: {test: {tier: digest}}")
    rules = [policy.rule_for(category) for category in ("test.unit", "test.integration", "test.database")]
    assert [rule.tier for rule in rules] == [DIGEST] * 3
    assert len({rule.owners for rule in rules}) == 3
