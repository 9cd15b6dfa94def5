from __future__ import annotations

import pytest
from policies import layered

from github_app.rules.overrides import eligibility
from github_app.rules.policy import Policy, rule_of
from github_app.rules.verdicts import Override, Permission, Verdict
from pytest_failure_review.report import Category, Severity


def judged(
    category: Category,
    severity: Severity | None = None,
    regression: str | None = None,
    path: str | None = None,
    policy: Policy | None = None,
) -> Override:
    measures = {} if regression is None else {"regression_percent": regression}
    verdict = Verdict(category, "it failed", "rule", "log", 0.9, severity=severity, measures=measures)
    policy = policy or layered()
    return eligibility(verdict, rule_of(verdict, policy), policy, path)


@pytest.mark.requirement("S1-009")
@pytest.mark.requirement("S1-044")
def test_drift_is_never_overridable() -> None:
    assert judged(Category.GENERATOR_DRIFT) == Override(
        permission=Permission.NEVER,
        reason="not overridable: drift indicates a real contract issue",
        policy_line="escalation-matrix.md L23, L83, L282",
    )


@pytest.mark.requirement("S1-018")
@pytest.mark.requirement("S1-043")
def test_a_secret_is_never_overridable() -> None:
    answer = judged(Category.SECURITY_SECRET)
    assert (answer.permission, answer.needs) == (Permission.NEVER, ())
    assert answer.reason == "not overridable: an exposed credential cannot be bypassed, it must be rotated"


@pytest.mark.requirement("S1-018")
@pytest.mark.requirement("S1-045")
@pytest.mark.parametrize(
    ("severity", "permission", "reason"),
    [
        (Severity.CRITICAL, "never", "not overridable: a critical vulnerability is never waved through"),
        (Severity.HIGH, "approval", "overridable with approval: the security team decides"),
        (Severity.MEDIUM, "approval", "overridable with approval: the security team decides"),
        (
            None,
            "never",
            (
                "not overridable: the scanner gave no severity, so it is taken as critical;"
                " a critical vulnerability is never waved through"
            ),
        ),
    ],
)
def test_vulnerabilities_are_overridable_below_critical(
    severity: Severity | None, permission: str, reason: str
) -> None:
    """C03."""
    answer = judged(Category.SECURITY_VULNERABILITY, severity)
    assert (answer.permission, answer.reason) == (Permission(permission), reason)


@pytest.mark.requirement("S1-018")
def test_a_high_vulnerability_needs_the_security_team() -> None:
    assert judged(Category.SECURITY_VULNERABILITY, Severity.HIGH).needs == (
        "validation by qa_analyst",
        "approval by security_specialist",
    )


@pytest.mark.requirement("S1-015")
@pytest.mark.parametrize("category", [Category.TEST_UNIT, Category.TEST_INTEGRATION, Category.TEST_DATABASE])
def test_a_failing_test_is_overridable_only_for_a_hotfix(category: Category) -> None:
    """C16."""
    answer = judged(category)
    assert answer.permission is Permission.HOTFIX
    assert answer.reason == (
        "overridable only for a critical production hotfix with a Linear ticket: a failing test is a code quality issue"
    )
    assert answer.needs[0] == "ticket: the Linear issue of the hotfix"


@pytest.mark.requirement("S1-021")
@pytest.mark.requirement("S1-047")
@pytest.mark.parametrize(
    "category", [Category.INFRA_RUNNER, Category.INFRA_DATABASE, Category.INFRA_CONTAINER, Category.INFRA_NETWORK]
)
def test_infrastructure_is_overridable_when_the_cause_is_known_and_a_fix_under_way(category: Category) -> None:
    answer = judged(category)
    assert answer.reason == "overridable with approval: when the root cause is identified and a fix is in progress"
    assert answer.needs == (
        "root-cause: what broke",
        "fix: a link to the pull request or ticket that repairs it",
        "validation by qa_analyst",
        "approval by devops_specialist",
    )


@pytest.mark.requirement("S1-048")
def test_a_broken_test_environment_needs_qa_s_word() -> None:
    answer = judged(Category.INFRA_TEST_ENVIRONMENT)
    assert answer.reason == "overridable with approval: when only the test environment is at fault and not the code"
    assert "env-only: QA's word that no code quality issue hides behind it" in answer.needs


@pytest.mark.requirement("S1-025")
def test_a_build_is_overridable_with_approval() -> None:
    """C17."""
    assert judged(Category.BUILD_LINT).reason == (
        "overridable with approval: rarely needed, most build failures are quick to fix"
    )


@pytest.mark.requirement("S1-029")
@pytest.mark.requirement("S1-049")
@pytest.mark.parametrize(
    ("regression", "reason"),
    [
        (
            "19.99",
            "overridable with approval: a regression of 19.99 % is below 20 %; when the date of the fix is set",
        ),
        (
            "19.994",
            "overridable with approval: a regression of 19.99 % is below 20 %; when the date of the fix is set",
        ),
        (
            "19.995",
            "not overridable: a regression of 20.00 % is not below 20 %; it is too large to be accepted without a fix",
        ),
        (
            "20.00",
            "not overridable: a regression of 20.00 % is not below 20 %; it is too large to be accepted without a fix",
        ),
        (
            "+23.4%",
            "not overridable: a regression of 23.40 % is not below 20 %; it is too large to be accepted without a fix",
        ),
        (
            None,
            (
                "not overridable: the regression was not measured, so it is taken as 20 % or more;"
                " it is too large to be accepted without a fix"
            ),
        ),
    ],
)
def test_a_regression_is_overridable_below_the_limit(regression: str | None, reason: str) -> None:
    """C06."""
    assert judged(Category.PERFORMANCE, regression=regression).reason == reason


@pytest.mark.requirement("S1-049")
def test_a_small_regression_needs_a_date_and_a_ticket() -> None:
    assert judged(Category.PERFORMANCE, regression="5").needs == (
        "fix-by: the date of the fix",
        "ticket: the tracked remediation plan",
        "validation by qa_analyst",
        "approval by senior_dev_triage",
    )


@pytest.mark.requirement("S1-046")
@pytest.mark.parametrize("category", Category)
def test_a_protected_path_rules_out_every_override(category: Category) -> None:
    """C18."""
    assert judged(category, path="src/auth/token.py") == Override(
        permission=Permission.NEVER,
        reason="not overridable: the change touches src/auth/token.py, a protected path",
        policy_line="escalation-matrix.md L85; C18",
    )


def test_what_nobody_knows_is_overridable_after_analysis() -> None:
    assert judged(Category.UNKNOWN).reason == (
        "overridable with approval: nobody knows yet what failed, so a person has to look"
    )


def test_a_repository_s_own_rule_names_its_line() -> None:
    policy = layered("categories:\n  build:\n    override: never\n    why: releases depend on it\n")
    assert judged(Category.BUILD, policy=policy) == Override(
        permission=Permission.NEVER,
        reason="not overridable: releases depend on it",
        policy_line=".github/failure-review.yml line 3",
    )


def test_a_family_without_an_approver_needs_only_qa() -> None:
    policy = layered(
        "categories: {generator_drift: {why: it is known}}", org="categories: {generator_drift: {override: approval}}"
    )
    assert judged(Category.GENERATOR_DRIFT, policy=policy).needs == ("validation by qa_analyst",)
