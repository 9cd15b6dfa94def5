"""What a change can print must not open the gate: more text never makes a failure overridable (T15)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policies import layered
from verdicts import FAILED_TEST, JOB, LEAK, LOST, log, note, report, reported

from github_app import builtin
from github_app.rules.categorise import categorise
from github_app.rules.model import Evidence, Excerpt
from github_app.rules.overrides import eligibility
from github_app.rules.policy import Policy, rule_of
from github_app.rules.verdicts import Other, Override, Permission
from pytest_failure_review.report import Category, Severity

SHIPPED: Final = builtin.signatures()
NO_HOST: Final = "curl: (6) Could not resolve host: registry.example"
DRIFT: Final = "Generated code is out of date"
EXAMPLES: Final = tuple(line for entry in SHIPPED.entries for line in entry.matches)
NEVER_ALONE: Final = tuple(
    line
    for entry in SHIPPED.entries
    if entry.strength != "weak" and entry.category in {Category.GENERATOR_DRIFT, Category.SECURITY_VULNERABILITY}
    for line in entry.matches
)


def answer(evidence: Evidence, policy: Policy | None = None, name: str = "job") -> Override:
    verdict = categorise(replace(JOB, name=name, evidence=evidence), SHIPPED)
    policy = policy or layered()
    return eligibility(verdict, rule_of(verdict, policy), policy)


def found(*lines: str) -> set[str]:
    return {hit.signature.id for line in lines for hit in SHIPPED.hits(line)}


def test_a_line_about_the_network_does_not_open_the_gate_for_drift() -> None:
    """T15, finding 13: root cause beats symptom in the verdict, and not in who may wave it through."""
    assert answer(log(DRIFT)).permission is Permission.NEVER
    assert answer(log(DRIFT, NO_HOST)) == Override(
        Permission.NEVER,
        "not overridable: the log also shows generator_drift, drift indicates a real contract issue",
        "escalation-matrix.md L23, L83, L282",
    )


@given(
    base=st.lists(st.sampled_from(NEVER_ALONE), min_size=1, max_size=2),
    before=st.lists(st.sampled_from(EXAMPLES) | st.text(max_size=40), max_size=3),
    after=st.lists(st.sampled_from(EXAMPLES) | st.text(max_size=40), max_size=3),
    apart=st.booleans(),
)
def test_no_text_around_it_makes_a_failure_overridable_that_never_is(
    base: list[str], before: list[str], after: list[str], *, apart: bool
) -> None:
    """T15. Further lines of the same signature are left out: they say how severe it is."""
    more = [[line for line in lines if not found(line) & found(*base)] for lines in (before, after)]
    extra = tuple(line for lines in more for line in lines)
    spread = Evidence(excerpts=(Excerpt(1, extra, ""), Excerpt(99, tuple(base), "")))
    laden = spread if apart else log(*more[0], *base, *more[1])
    if answer(log(*base)).permission is Permission.NEVER:
        assert answer(laden).permission is Permission.NEVER


@pytest.mark.parametrize("end", ["##[error]Process completed with exit code 1.", "##[group]Run make"])
def test_a_group_that_looks_like_a_step_s_commands_hides_no_drift(end: str) -> None:
    """T15, X30: a change may print `::group::Run` itself; the runner closes its own before anything runs."""
    assert answer(log("##[group]Run true", DRIFT, end)).permission is Permission.NEVER
    assert answer(log("##[group]Run true", DRIFT, "##[endgroup]", end)).permission is Permission.APPROVAL


def test_an_annotation_and_a_report_are_text_too() -> None:
    drift_reported = report(reported(Category.INFRA_NETWORK), reported(Category.GENERATOR_DRIFT))
    annotated = (note(DRIFT, path="src/api.py"), note(NO_HOST, path="src/api.py"))
    for evidence in (Evidence(annotations=annotated), Evidence(report=drift_reported)):
        assert answer(evidence).reason.startswith("not overridable: the log also shows generator_drift, ")


def test_what_github_says_about_the_machine_outweighs_what_the_log_shows() -> None:
    """A runner that is lost is lost, whatever it printed before."""
    evidence = replace(log(DRIFT), annotations=(note(LOST),))
    assert answer(evidence).permission is Permission.APPROVAL


def test_a_failing_test_beside_a_broken_machine_leaves_the_machine_s_rule() -> None:
    """S1-047: failing tests are how a broken network shows."""
    assert answer(log(NO_HOST, FAILED_TEST)).permission is Permission.APPROVAL


def test_a_secret_says_its_own_sentence() -> None:
    assert answer(log(DRIFT, LEAK)).reason.startswith("not overridable: an exposed credential")


def test_a_vulnerability_of_unknown_severity_is_not_made_harmless_by_another_scanner() -> None:
    """C03."""
    unknown, low = "Found 1 known vulnerability in 1 package", "✗ Low severity vulnerability found in example"
    assert answer(log(unknown, low)) == replace(
        answer(log(unknown)),
        reason="not overridable: the log also shows security.vulnerability, the scanner gave no severity, so it is "
        "taken as critical; a critical vulnerability is never waved through",
    )


@pytest.mark.parametrize(("percent", "permission"), [("5", Permission.APPROVAL), ("25", Permission.NEVER)])
def test_a_regression_beside_another_failure_counts_with_its_size(percent: str, permission: Permission) -> None:
    """C06."""
    assert answer(log(NO_HOST, f"parse: regressed by {percent}%")).permission is permission


def test_a_kind_that_a_repository_never_waves_through_is_seen_beside_others() -> None:
    policy = layered("categories: {test.unit.tests: {override: never}}")
    verdict = replace(categorise(replace(JOB, evidence=log(NO_HOST)), SHIPPED), also=(Other(Category.TEST_UNIT),))
    assert eligibility(verdict, rule_of(verdict, policy), policy).permission is Permission.APPROVAL
    of_kind = replace(verdict, also=(Other(Category.TEST_UNIT, "tests"),))
    assert eligibility(of_kind, rule_of(verdict, policy), policy).permission is Permission.NEVER


# --- what else is in the evidence ------------------------------------------------------------------------------------


def also(evidence: Evidence, name: str = "job") -> tuple[Other, ...]:
    return categorise(replace(JOB, name=name, evidence=evidence), SHIPPED).also


def test_every_other_kind_is_told_with_its_severity_and_size() -> None:
    lines = ("✗ High severity vulnerability found in example", NO_HOST, "parse: regressed by 5%", FAILED_TEST)
    assert {(each.category, each.severity, each.regression) for each in also(log(*lines))} == {
        (Category.INFRA_NETWORK, None, ""),
        (Category.PERFORMANCE, None, "5"),
        (Category.TEST_UNIT, None, ""),
    }


def test_lines_of_one_signature_complete_each_other() -> None:
    lines = (LEAK, "✗ Low severity vulnerability found in a", "✗ [High] Path traversal")
    assert [(each.category, each.severity) for each in also(log(*lines))] == [
        (Category.SECURITY_VULNERABILITY, Severity.HIGH)
    ]


def test_a_symptom_that_passing_jobs_show_too_is_no_failure_beside_a_real_one() -> None:
    assert also(log(NO_HOST, "3 vulnerabilities found")) == ()


def test_a_test_of_an_integration_job_is_not_a_unit_test_as_well() -> None:
    assert [each.category for each in also(log(NO_HOST, FAILED_TEST), name="e2e")] == [Category.TEST_INTEGRATION]
