from __future__ import annotations

import pytest
from policies import builtin, layered, usable

from github_app.rules.policy import effective_mode
from github_app.rules.policy_layers import resolve
from github_app.rules.policy_schema import Tier
from github_app.rules.verdicts import Mode, Permission
from pytest_failure_review.report import Severity

NEVER, APPROVAL, HOTFIX = Permission.NEVER, Permission.APPROVAL, Permission.HOTFIX
HOUR = 3600


def test_a_later_file_replaces_an_earlier_one_and_names_its_line() -> None:
    policy = layered("categories:\n  build:\n    sla: 30m\n", org="categories: {build: {sla: 1h, tier: digest}}")
    rule = policy.rule_for("build")
    assert (rule.sla_s, rule.provenance["sla"]) == (HOUR // 2, ".github/failure-review.yml line 3")
    assert (rule.tier, rule.provenance["tier"]) == (Tier.DIGEST, "organisation policy line 1")


def test_a_source_that_a_repository_names_stands_beside_its_line() -> None:
    policy = layered("categories: {build: {sla: 30m, source: {sla: ADR 7}}}")
    assert policy.rule_for("build").provenance["sla"] == ".github/failure-review.yml line 1 (ADR 7)"


def test_the_version_changes_with_what_can_change_a_verdict_and_with_nothing_else() -> None:
    plain = layered()
    assert len(plain.version) == 12
    assert layered("name: Ours\n# a comment\n").version == plain.version
    assert layered("categories: {build: {sla: 2h}}").version == plain.version
    assert layered("categories: {build: {sla: 1h}}").version != plain.version
    assert layered("roles: {backend_dev: {users: [ada]}}").version != plain.version


@pytest.mark.parametrize("case", ["generator_drift", "security.secret", "security.secret.test_key", "performance"])
def test_a_repository_cannot_loosen_a_never(case: str) -> None:
    policy = layered(f"categories:\n  {case}:\n    override: approval\n")
    assert policy.rule_for(case).permission is NEVER
    assert [p.line for p in policy.problems] == [3]


def test_the_refusal_to_loosen_says_which_case_it_is_about() -> None:
    policy = layered("categories: {security.vulnerability: {override: approval}}")
    [problem] = policy.problems
    assert str(problem) == (
        ".github/failure-review.yml line 1, column 39: categories.security.vulnerability.override: "
        "`never` cannot be loosened here for critical"
    )


def test_a_table_that_leaves_the_never_alone_is_taken() -> None:
    policy = layered("categories: {security.vulnerability: {override: {high: hotfix}}}")
    assert policy.problems == ()
    assert policy.rule_for("security.vulnerability", severity=Severity.HIGH).permission is HOTFIX


def test_an_organisation_may_loosen_drift_but_neither_secrets_nor_critical_vulnerabilities() -> None:
    policy = layered(
        org="categories: {generator_drift: {override: approval}, security.secret: {override: approval},"
        " security.vulnerability: {override: approval}}"
    )
    assert policy.rule_for("generator_drift").permission is APPROVAL
    assert policy.rule_for("security.secret").permission is NEVER
    assert policy.rule_for("security.vulnerability", severity=Severity.CRITICAL).permission is NEVER
    assert len(policy.problems) == 2


def test_a_never_of_the_organisation_binds_the_repository() -> None:
    """T14: the organisation's policy is a floor."""
    org = "categories: {build.lint: {override: never}}"
    policy = layered("categories: {build.lint: {override: approval}, build.lint.js: {override: approval}}", org=org)
    assert policy.rule_for("build.lint.js").permission is NEVER
    assert len(policy.problems) == 2


def test_a_file_may_be_stricter_about_a_family_than_about_a_kind_of_it() -> None:
    policy = layered("categories: {test: {override: never}, test.unit: {override: hotfix}}")
    assert policy.problems == ()
    assert policy.rule_for("test.unit").permission is HOTFIX
    assert policy.rule_for("test.integration").permission is NEVER


def test_a_repository_may_lower_the_limit_of_regressions_but_not_raise_it() -> None:
    assert layered("regression_limit_percent: 5").regression_limit == 5
    raised = layered("regression_limit_percent: 50")
    assert raised.regression_limit == 20
    assert [p.sentence for p in raised.problems] == [
        "regression_limit_percent: a repository may only lower it; it is 20"
    ]
    assert layered(org="regression_limit_percent: 50").regression_limit == 50


@pytest.mark.requirement("S1-046")
def test_a_repository_adds_protected_paths_and_takes_none_away() -> None:
    policy = layered("protected_paths: {auth: [login/*], money: [billing/*]}")
    changed = [
        ["src/oauth_client.py"],
        ["src/auth/token.py"],
        ["web/OAuthClient.ts"],
        ["login/form.py"],
        ["billing/tax.py"],
        ["src/page.py"],
    ]
    assert [policy.protected_path(paths) for paths in changed] == [*(paths[0] for paths in changed[:5]), None]


def test_an_organisation_replaces_protected_paths_of_the_built_in_matrix() -> None:
    assert layered(org="protected_paths: {auth: [sso/*]}").protected_paths == {"auth": ("sso/*",)}


# --- the gate --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("repo", "org", "ever_had_file", "mode"),
    [
        (None, None, False, Mode.OBSERVE),
        (None, None, True, Mode.ENFORCE),
        ("mode: observe", None, True, Mode.OBSERVE),
        ("mode: enforce", None, False, Mode.ENFORCE),
        (None, "mode: enforce", False, Mode.ENFORCE),
        (None, "mode: observe", True, Mode.OBSERVE),
        ("mode: enforce", "mode: observe", True, Mode.ENFORCE),
        ("mode: observe", "mode: enforce", True, Mode.ENFORCE),
    ],
)
def test_observing_is_the_default_only_until_there_is_a_policy_file(
    repo: str | None, org: str | None, ever_had_file: bool, mode: Mode
) -> None:
    assert effective_mode(layered(repo, org), ever_had_file=ever_had_file) is mode


def test_a_repository_hears_that_its_organisation_pins_the_mode() -> None:
    policy = layered("\nmode: observe\n", org="mode: enforce")
    assert [str(problem) for problem in policy.problems] == [
        ".github/failure-review.yml line 2, column 1: mode: the organisation pins `enforce`"
    ]


def test_a_repository_says_which_jobs_gate() -> None:
    gate = layered("gate: {jobs: [ci / *], ignore: [nightly], settle: 10m}").gate
    assert (gate.jobs, gate.ignore, gate.settle_s) == (("ci / *",), ("nightly",), 600)
    assert layered().gate.jobs == ()


NARROWED = "every job gates by the organisation's policy; a repository cannot narrow that"
IGNORED = "the organisation says which jobs gate; a repository may only add to them"
PINS = ["mode: enforce", "gate: {jobs: []}", "gate: {ignore: []}"]


@pytest.mark.parametrize("org", PINS)
def test_a_repository_takes_no_job_out_of_a_gate_that_its_organisation_pins(org: str) -> None:
    """T14: enforcing would mean nothing if a repository said what is enforced."""
    policy = layered("gate:\n  jobs: [nothing-*]\n  ignore: ['*']\n", org=org)
    assert (policy.gate.jobs, policy.gate.ignore) == ((), ())
    assert [(p.line, p.sentence) for p in policy.problems] == [
        (2, f"gate.jobs: {NARROWED}"),
        (3, f"gate.ignore: {IGNORED}"),
    ]


def test_jobs_that_the_organisation_names_gate_whatever_the_repository_says() -> None:
    policy = layered("gate: {jobs: [docs], ignore: ['*']}", org="gate: {jobs: [security / *]}")
    assert (policy.gate.jobs, policy.gate.ignore) == (("security / *", "docs"), ())
    assert [p.sentence for p in policy.problems] == [f"gate.ignore: {IGNORED}"]


def test_what_the_organisation_ignores_is_all_that_is_ignored() -> None:
    """T14."""
    policy = layered("gate: {ignore: ['*']}", org="gate: {ignore: [nightly]}")
    assert (policy.gate.ignore, len(policy.problems)) == (("nightly",), 1)


@pytest.mark.parametrize("repo", ["gate: {ignore: [b]}", "gate: {ignore: []}", "gate: {jobs: []}", "gate: {jobs: [a]}"])
def test_a_repository_may_repeat_what_its_organisation_says(repo: str) -> None:
    policy = layered(repo, org="gate: {jobs: [a], ignore: [b]}")
    assert (policy.gate.jobs, policy.gate.ignore, policy.problems) == (("a",), ("b",), ())


def test_a_repository_adds_to_the_organisations_jobs_without_a_word_about_ignoring() -> None:
    policy = layered("mode: enforce", org="gate: {jobs: [a], ignore: [b]}")
    assert (policy.gate.jobs, policy.gate.ignore, policy.problems) == (("a",), ("b",), ())


def test_the_organisation_s_own_jobs_are_told_from_those_that_a_repository_adds() -> None:
    policy = layered("gate: {jobs: [docs]}", org="gate: {jobs: [security / *]}")
    assert policy.gate.pinned == ("security / *",)
    assert layered("gate: {jobs: [docs]}", org="roles: {qa_analyst: {users: [quinn]}}").gate.pinned == ()


@pytest.mark.parametrize(("wanted", "seconds", "problems"), [("1m", 300, 1), ("10m", 600, 0)])
def test_a_repository_may_only_lengthen_the_wait_of_a_pinned_gate(wanted: str, seconds: int, problems: int) -> None:
    """T14: a gate that waits for nobody opens before the first job is heard of."""
    policy = layered(f"gate: {{settle: {wanted}}}", org="mode: enforce")
    assert (policy.gate.settle_s, len(policy.problems)) == (seconds, problems)
    assert [p.sentence for p in policy.problems] == [
        "gate.settle: a repository may only lengthen it; it is 5 min"
    ] * problems


@pytest.mark.parametrize("org", ["mode: observe", "gate: {settle: 10m}"])
def test_an_organisation_that_pins_no_gate_leaves_it_to_the_repository(org: str) -> None:
    policy = layered("gate: {jobs: [ci / *], ignore: [nightly], settle: 1m}", org=org)
    assert (policy.gate.jobs, policy.gate.ignore, policy.gate.settle_s) == (("ci / *",), ("nightly",), 60)
    assert policy.problems == ()


def test_values_outside_the_categories_name_their_source_too() -> None:
    where = layered("retention_days: 30").provenance
    assert where["retention_days"] == ".github/failure-review.yml line 1"
    assert where["protected_paths"] == "escalation-matrix.md L85; C18"
    assert builtin().document.retention_days == 90


def test_a_file_is_the_organisation_s_by_its_place_not_by_its_label() -> None:
    mislabelled = usable("categories: {generator_drift: {override: approval}}")
    policy = resolve(builtin(), mislabelled)
    assert policy.rule_for("generator_drift").permission is APPROVAL
    assert policy.rule_for("generator_drift").provenance["override"] == "organisation policy line 1"


def test_a_new_override_rule_does_not_keep_the_old_reason() -> None:
    policy = layered("categories: {build: {override: never}, security.vulnerability: {override: {high: never}}}")
    assert policy.rule_for("build").why == "the policy says so"
    assert policy.rule_for("security.vulnerability", severity=Severity.HIGH).why == "the policy says so"
    assert policy.rule_for("security.vulnerability", severity=Severity.LOW).why == "the security team decides"


def test_a_new_override_rule_may_bring_its_own_reason() -> None:
    assert layered("categories: {build: {override: never, why: it ships}}").rule_for("build").why == "it ships"


def test_each_file_may_name_further_artifacts_to_read() -> None:
    policy = layered('evidence: {artifacts: ["test-*", scans]}', org="evidence: {artifacts: [scans, reports]}")
    assert policy.artifacts == ("scans", "reports", "test-*")
    assert layered().artifacts == ()
