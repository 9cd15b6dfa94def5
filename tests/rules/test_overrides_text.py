"""What a change can print must not open the gate: more text never makes a failure overridable (T15)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import layered
from verdicts import FAILED_TEST, JOB, LEAK, LOST, log, note, report, reported

from github_app import builtin
from github_app.rules.categorise import categorise
from github_app.rules.model import Evidence, Excerpt
from github_app.rules.overrides import eligibility, rule_in_force
from github_app.rules.policy import Policy, Rule, rule_of
from github_app.rules.sla import explain
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


def test_a_line_about_the_network_does_not_open_the_gate_for_drift() -> None:
    """T15, finding 13: root cause beats symptom in the verdict, and not in who may wave it through."""
    assert answer(log(DRIFT)).permission is Permission.NEVER
    assert answer(log(DRIFT, NO_HOST)) == Override(
        Permission.NEVER,
        "not overridable: the log also shows generator_drift, drift indicates a real contract issue",
        "escalation-matrix.md L23, L83, L282",
    )


SNYK: Final = "Tested 112 dependencies for known issues, found 3 issues, 5 vulnerable paths."
NO_FIGURE: Final = "PERFORMANCE DECREASED."


def rule(evidence: Evidence, policy: Policy | None = None, name: str = "job") -> Rule:
    verdict = categorise(replace(JOB, name=name, evidence=evidence), SHIPPED)
    return rule_in_force(verdict, policy or layered())


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        ((SNYK,), "✗ Low severity vulnerability found in example"),
        ((">> Issue: [B602:subprocess_popen_with_shell_equals_true]",), "1 new alert, severity low"),
        (("Found 1 known vulnerability in 1 package",), "✗ Low severity vulnerability found in example"),
        ((NO_FIGURE,), "parse 0.1% slower"),
        ((NO_FIGURE, "performance alert"), "parse: regressed by 0.1%"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_mild_word_beside_one_that_says_nothing_of_how_grave_it_is_makes_nothing_milder(
    lines: tuple[str, ...], more: str, *, first: bool
) -> None:
    """T15, C03, C06: what nobody named counts as the worst, whatever stands beside it."""
    both = (more, *lines) if first else (*lines, more)
    for evidence in (log(*both), Evidence(excerpts=(Excerpt(1, both[:1], ""), Excerpt(99, both[1:], "")))):
        assert answer(evidence).permission is Permission.NEVER
        assert rule(evidence).sla_s == 24 * 3600


def test_the_deadline_is_the_soonest_of_what_keeps_it_from_being_overridden() -> None:
    """T15: a failing test in the likeliest place does not give stale generated code more time."""
    spread = Evidence(excerpts=(Excerpt(1, (FAILED_TEST,), ""), Excerpt(99, (DRIFT,), "")))
    assert explain(rule(spread)) == "2 h for generator_drift, around the clock (escalation-matrix.md L22, L105, L281)"


def test_a_figure_that_is_large_is_told_before_a_line_without_one() -> None:
    assert categorise(replace(JOB, evidence=log(NO_FIGURE, "parse: regressed by 25%")), SHIPPED).measures == {
        "benchmark": "parse",
        "regression_percent": "25",
    }


_STRICT: Final = (Permission.APPROVAL, Permission.HOTFIX, Permission.NEVER)


@settings(max_examples=150, deadline=None)
@given(
    base=st.lists(st.sampled_from(NEVER_ALONE), min_size=1, max_size=2),
    before=st.lists(st.sampled_from(EXAMPLES) | st.text(max_size=40), max_size=3),
    after=st.lists(st.sampled_from(EXAMPLES) | st.text(max_size=40), max_size=3),
    apart=st.booleans(),
)
def test_no_text_around_it_makes_security_or_drift_easier_to_override_or_gives_it_more_time(
    base: list[str], before: list[str], after: list[str], *, apart: bool
) -> None:
    """T15."""
    spread = Evidence(excerpts=(Excerpt(1, (*before, *after), ""), Excerpt(99, tuple(base), "")))
    alone, laden = log(*base), spread if apart else log(*before, *base, *after)
    was, now = rule(alone), rule(laden)
    assert _STRICT.index(answer(laden).permission) >= _STRICT.index(answer(alone).permission)
    assert was.sla_s is None or (now.sla_s is not None and now.sla_s <= was.sla_s)


@pytest.mark.parametrize("end", ["##[error]Process completed with exit code 1.", "##[group]Run make"])
@pytest.mark.parametrize("closing", [[], ["##[endgroup]"]], ids=["open", "closed"])
def test_a_group_that_looks_like_a_step_s_commands_hides_no_drift(end: str, closing: list[str]) -> None:
    """T15, X30: a change may print `::group::Run` itself; the runner adds with which shell it runs its own."""
    assert answer(log("##[group]Run true", DRIFT, *closing, end)).permission is Permission.NEVER
    script = ["##[group]Run true", f"echo {DRIFT}", "shell: bash", "##[endgroup]"]
    assert answer(log(*script, end)).permission is Permission.APPROVAL


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
    assert answer(log(unknown, low)) == answer(log(unknown))
    assert answer(log(unknown)).reason == (
        "not overridable: the scanner gave no severity, so it is taken as critical; a critical vulnerability is never "
        "waved through"
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
