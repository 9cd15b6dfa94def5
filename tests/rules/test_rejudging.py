"""A failure judged again from what was kept of it: the same under the same rules, and honest about what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import ADA, A, job, moved, only, pull, seen, told, why

from github_app.builtin import signatures
from github_app.rules.categorise import DOUBT
from github_app.rules.model import Annotation, Evidence, Excerpt, Job
from github_app.rules.records import Failure
from github_app.rules.rejudging import judged_again
from github_app.rules.signatures import Signature, Signatures, parse
from github_app.rules.verdicts import Answer, Compared, Correction
from pytest_failure_review.report import Category

OTHER = parse(
    {
        "own.yml": "- {id: cart, category: performance, pattern: test_cart, description: the cart is slow, "
        "matches: [test_cart]}"
    }
)


def failure(red: Job) -> Failure:
    return only(told(moved(pull()), seen(A, red)))


@pytest.mark.parametrize("entry", signatures().entries, ids=lambda entry: entry.id)
def test_under_the_same_rules_the_same_is_said(entry: Signature) -> None:
    kept = failure(job(says=entry.matches[0]))
    again = judged_again(kept, signatures())
    assert (again.changed, again.other_rule, again.after and again.after.rule) == (False, False, kept.verdict.rule)


def test_evidence_from_elsewhere_in_the_log_counts_too() -> None:
    excerpts = (
        Excerpt(500, ("FAILED tests/test_cart.py::test_total",), "pytest summary"),
        Excerpt(20, ("CRITICAL: the kettle",), "##[error]"),
    )
    own = "- {id: kettle, category: test.unit, pattern: 'CRITICAL|FAILED', description: x, matches: [CRITICAL], "
    with_severity = parse({"own.yml": own + "severity: critical}"})
    kept = failure(job(evidence=Evidence(excerpts=excerpts)))
    lines = (kept.verdict.evidence[0], replace(kept.verdict.evidence[0], line=20, text="CRITICAL: the kettle"))
    again = judged_again(replace(kept, verdict=replace(kept.verdict, evidence=lines)), with_severity)
    assert again.after is not None
    assert [line.line for line in again.after.evidence] == [500, 20]


def test_a_drift_of_nothing_but_types_is_still_one() -> None:
    said = "error: generated files are out of date: run 'make client' and commit the result"
    kept = failure(job(evidence=Evidence(excerpts=(Excerpt(1, (said, "diff --git a/api.ts b/api.ts"), "x"),))))
    assert kept.verdict.subcategory == "types"
    assert not judged_again(kept, signatures()).changed


def test_other_rules_say_something_else() -> None:
    again = judged_again(failure(job()), OTHER)
    assert again.changed
    assert again.after is not None
    assert (again.before.category, again.after.category) == (Category.TEST_UNIT, Category.PERFORMANCE)


def test_what_is_no_longer_known_becomes_unknown() -> None:
    again = judged_again(failure(job()), Signatures([]))
    assert (again.after and again.after.category, again.changed) == (Category.UNKNOWN, True)


def test_another_rule_for_the_same_kind_is_no_change_that_people_see() -> None:
    kept = failure(job())
    moved_on = replace(kept, verdict=replace(kept.verdict, rule="an-older-name"))
    again = judged_again(moved_on, signatures())
    assert (again.changed, again.other_rule) == (False, True)


def test_a_job_of_integration_tests_is_still_one() -> None:
    assert not judged_again(failure(job(workflow="e2e")), signatures()).changed


@pytest.mark.parametrize(
    ("red", "lacks"),
    [
        (
            job("timed_out", evidence=Evidence(log="missing")),
            "it rests on what GitHub itself said of the job, which is not kept",
        ),
        (
            job(evidence=Evidence(annotations=(Annotation("src/a.c", 3, "failure", "src/a.c:3:1: error: x"),))),
            "it rests on the text of a check or an annotation, which is not kept",
        ),
        (job(evidence=Evidence(log="missing"), name="x", failed_step=""), "nothing of its log was kept"),
    ],
    ids=["facts", "annotation", "no log"],
)
def test_what_was_not_kept_is_not_judged_again(red: Job, lacks: str) -> None:
    again = judged_again(failure(red), signatures())
    assert (again.after, again.lacks, again.changed, again.other_rule) == (None, lacks, False, False)


def test_of_a_stretch_that_was_cut_the_rest_may_say_something_else_so_it_is_not_judged_again() -> None:
    whole = failure(job())
    assert whole.excerpt is not None
    again = judged_again(replace(whole, excerpt=replace(whole.excerpt, cut=True)), signatures())
    assert (again.after, again.lacks) == (None, "only a part of the stretch of its log was kept")


def test_a_correction_leaves_the_app_s_own_word_to_be_judged() -> None:
    kept = failure(job())
    word = Correction(Category.BUILD, (ADA,), kept.opened_at, kept.verdict.category, kept.owner.accountable)
    theirs = replace(kept.verdict, category=Category.BUILD, source="person")
    again = judged_again(replace(kept, verdict=theirs, machine=kept.verdict, correction=word), signatures())
    assert (again.corrected, again.changed, again.before.category) == (True, False, Category.TEST_UNIT)
    assert not judged_again(kept, signatures()).corrected


def test_that_a_green_run_was_compared_with_is_known() -> None:
    kept = failure(job())
    compared = replace(kept.comparison, green=Compared(Answer.NEW, "It is new."))
    assert judged_again(replace(kept, comparison=compared), signatures()).compared
    assert not judged_again(kept, signatures()).compared


def test_a_verdict_that_was_given_up_in_doubt_is_not_judged_again() -> None:
    kept = failure(job())
    again = judged_again(replace(kept, verdict=replace(kept.verdict, rule=DOUBT)), signatures())
    assert (again.after, again.lacks) == (None, "it was doubted, and whether its log broke off is not kept")


def test_a_report_is_not_judged_again() -> None:
    kept = failure(job(evidence=why("x")))
    reported = replace(kept, verdict=replace(kept.verdict, source="report"))
    assert judged_again(reported, signatures()).lacks == "it rests on a test report, which is not kept"
