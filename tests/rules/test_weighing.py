"""What a failure reads like speaks where no signature knows it, and opens nothing that a signature keeps shut (T15)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import layered
from verdicts import FAILED_TEST, JOB, LEAK, log, report, reported, signatures_alone

from github_app import builtin
from github_app.rules import likeness
from github_app.rules.categorise import categorise
from github_app.rules.likeness import MOST_LINES, Likeness, features_of
from github_app.rules.model import Evidence
from github_app.rules.overrides import eligibility, rule_in_force
from github_app.rules.policy import rule_of
from github_app.rules.verdicts import Permission, Verdict
from github_app.rules.weighing import RULE, weighed
from pytest_failure_review.report import Category

NETWORK, BUILD, UNIT, SECRET = (
    Category.INFRA_NETWORK,
    Category.BUILD,
    Category.TEST_UNIT,
    Category.SECURITY_SECRET,
)
LABELS = tuple(category for category in Category if not category.startswith("build."))
PERMISSIONS = (Permission.APPROVAL, Permission.HOTFIX, Permission.NEVER)
SYLLABLES = [one + other for one in ("ba", "de", "fo", "gu", "li", "mo") for other in ("na", "re", "si", "to")]
STRANGE = tuple(f"{word} {word}" for word in SYLLABLES)
"""Lines that no signature knows, with more than enough words to be like something."""


def reads_like(label: Category, weight: float = 9.0) -> Likeness:
    """A model to which each of the syllables speaks for one label."""
    weights = [1.0, *(weight if each is label else 0.0 for each in LABELS)]
    names = [f"{kind} {word}" for word in SYLLABLES for kind in ("w", "f")]
    return Likeness(LABELS, [0.0] * len(LABELS), dict.fromkeys(names, weights))


def judged(evidence: Evidence, model: Likeness | None) -> Verdict:
    job = replace(JOB, evidence=evidence)
    return weighed(categorise(job, signatures_alone()), job, model)


def test_what_no_signature_knows_is_what_it_reads_like() -> None:
    verdict = judged(log(*STRANGE), reads_like(BUILD))
    assert (verdict.category, verdict.rule, verdict.region) == (BUILD, RULE, (1, len(STRANGE)))
    assert verdict.reason.startswith("No signature knows this failure; it reads like build (")
    assert ", by its words `" in verdict.reason
    assert verdict.confidence <= 0.75


def test_what_reads_like_nothing_much_stays_unknown() -> None:
    verdict = judged(log(*STRANGE), reads_like(BUILD, 0.01))
    assert (verdict.category, verdict.rule) == (Category.UNKNOWN, "none:no_match")


@pytest.mark.parametrize("calm", [(), ("12 passed, 0 failed in 3.1s",), ("Errors: 0, no failures",)])
def test_what_tells_of_no_trouble_is_no_failed_test_however_much_it_reads_like_one(calm: tuple[str, ...]) -> None:
    assert judged(log(*STRANGE, *calm), reads_like(UNIT)).rule == "none:no_match"
    assert judged(log(*STRANGE, *calm, "the tea could not be poured"), reads_like(UNIT)).category is UNIT


def test_a_few_words_are_like_nothing() -> None:
    assert judged(log(*STRANGE[:3]), reads_like(BUILD)).rule == "none:no_match"


def test_a_likeness_outweighs_a_signature_which_then_binds() -> None:
    """T15."""
    verdict = judged(log(FAILED_TEST, *STRANGE), reads_like(NETWORK))
    assert verdict.category is NETWORK
    assert "; set aside, but still binding, is test.unit: The log says" in verdict.reason
    assert verdict.runner_up == "test.unit, by rule `pytest`"
    policy = layered()
    answer = eligibility(verdict, rule_of(verdict, policy), policy)
    assert answer.permission is Permission.HOTFIX
    assert answer.reason.startswith(
        "overridable only for a critical production hotfix with a Linear ticket: the log also shows test.unit, "
    )


def test_a_step_that_only_failed_is_what_it_reads_like_and_nothing_opens() -> None:
    """T15."""
    only_failed = "##[error]Process completed with exit code 1."
    alone, verdict = (judged(log(*STRANGE, only_failed), model) for model in (None, reads_like(BUILD)))
    assert (alone.rule, verdict.category, verdict.rule) == ("exit-code-only", BUILD, RULE)
    assert "; set aside, but still binding, is unknown: The log says" in verdict.reason
    assert judged(log(*STRANGE, only_failed), reads_like(BUILD, 0.3)) == alone


def test_a_signature_that_names_a_cause_weighs_more_than_one_that_names_a_symptom() -> None:
    refused = 'psql: error: connection to server at "db", port 5432 failed: Connection refused'
    model = reads_like(NETWORK, 0.65)
    assert judged(log(FAILED_TEST, *STRANGE), model).category is NETWORK
    assert judged(log(refused, *STRANGE), model).category is Category.INFRA_DATABASE


@pytest.mark.parametrize("line", [LEAK, "Generated code is out of date"])
def test_no_likeness_takes_back_what_is_never_overridden(line: str) -> None:
    """T15."""
    alone = judged(log(line, *STRANGE), None)
    assert judged(log(line, *STRANGE), reads_like(NETWORK)) == alone
    assert judged(log(line, FAILED_TEST, *STRANGE), reads_like(NETWORK)).rule != RULE


@pytest.mark.parametrize("grave", [SECRET, Category.SECURITY_VULNERABILITY, Category.GENERATOR_DRIFT])
def test_a_likeness_holds_nobody_up_where_a_signature_knows_better(grave: Category) -> None:
    assert judged(log(FAILED_TEST, *STRANGE), reads_like(grave)).category is UNIT
    assert judged(log(*STRANGE), reads_like(grave, 0.35)).category is Category.UNKNOWN
    assert judged(log(*STRANGE), reads_like(grave)).category is grave


def test_what_a_step_will_run_is_not_what_it_said() -> None:
    script = [
        "##[group]Run true",
        *STRANGE,
        "shell: bash",
        "##[endgroup]",
        "##[error]Process completed with exit code 1.",
    ]
    assert judged(log(*script), reads_like(BUILD)).category is Category.UNKNOWN


def test_a_report_goes_before_a_likeness() -> None:
    told = replace(log(*STRANGE), report=report(reported(Category.TEST_DATABASE)))
    assert judged(told, reads_like(NETWORK)).category is Category.TEST_DATABASE


def test_a_cancelled_job_is_not_judged_by_its_words() -> None:
    job = replace(JOB, conclusion="cancelled", evidence=log("Error: The operation was canceled.", *STRANGE))
    alone = categorise(job, signatures_alone())
    assert weighed(alone, job, reads_like(BUILD)) == alone


KNOWN = sorted({line for entry in builtin.signatures().entries for line in entry.matches[:1]})
LINES = st.lists(st.one_of(st.sampled_from(KNOWN), st.sampled_from(STRANGE), st.text(max_size=40)), max_size=60)


@settings(max_examples=100)
@given(LINES, st.sampled_from(LABELS))
def test_no_likeness_opens_an_override_or_buys_time(lines: list[str], label: Category) -> None:
    """T15: whatever it reads like, what the signatures alone refuse is refused, and no deadline is later."""
    policy = layered()
    alone, verdict = judged(log(*lines), None), judged(log(*lines), reads_like(label))
    if alone.rule.startswith("none:"):
        return  # no signature refuses anything
    before, after = rule_in_force(alone, policy), rule_in_force(verdict, policy)
    allowed = [
        PERMISSIONS.index(eligibility(each, rule_of(each, policy), policy).permission) for each in (alone, verdict)
    ]
    assert allowed[1] >= allowed[0]
    assert before.sla_s is None or (after.sla_s is not None and after.sla_s <= before.sla_s)


@given(st.lists(st.text(max_size=300), max_size=2 * MOST_LINES))
def test_any_text_is_like_the_shipped_labels_to_shares_that_make_one(lines: list[str]) -> None:
    model = builtin.signatures().likeness
    assert model is not None
    alike = model.of(lines)
    assert alike is None or abs(sum(alike.shares.values()) - 1) < 1e-9


def test_a_long_text_is_read_at_both_ends_only() -> None:
    lines = [f"{word} x" for word in ("begin", *["middle"] * 1000, "ending")]
    found = set(features_of(lines))
    assert {"w begin", "w ending"} < found
    assert len(list(features_of(lines))) < 10 * MOST_LINES


def test_a_line_that_speaks_of_trouble_counts_three_times() -> None:
    found = [*features_of(["resolving cart", "cannot resolve shop"])]
    assert (found.count("w cart"), found.count("w shop")) == (1, 3)


def test_the_shipped_model_knows_a_failing_build_from_a_lost_connection() -> None:
    """No signature is asked: only the words."""
    model = builtin.signatures().likeness
    assert model is not None
    build = [
        "src/main.c: In function main:",
        "src/main.c:12:5: error: implicit declaration of function foo",
        "compilation terminated.",
        "make[1]: *** [Makefile:20: main.o] Error 1",
        "make: *** [all] Error 2",
    ]
    network = [
        "fatal: unable to access https://github.com/octo/shop.git/: Could not resolve host: github.com",
        "curl: (6) Could not resolve host: registry.example",
        "Failed to fetch https://registry.example/pool/main/c/cart.deb  Connection timed out",
        "E: Unable to fetch some archives, maybe run update or try with --fix-missing?",
    ]
    told = [model.of(lines) for lines in (build, network)]
    assert [each.likeliest for each in told if each] == [BUILD, NETWORK]


@pytest.mark.parametrize("text", ['{"labels": ["build"], "bias": [0], "features": {"w a": [1]}}', '{"labels": ["x"]}'])
def test_a_model_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"rarity and one weight|is not a valid Category"):
        likeness.parse(text)
