"""A log that was read in part says so in the verdict, and what is doubtful in it is not believed."""

from __future__ import annotations

from verdicts import FAILED_TEST, judged

from github_app.rules.model import Evidence, Excerpt
from pytest_failure_review.report import Category

ONLY_SEARCHED = "lines in the middle of the log were at most searched for leaks, vulnerabilities and drift."


def test_a_log_whose_middle_was_not_read_says_so_when_nothing_is_known() -> None:
    """T17."""
    told = judged(Evidence(excerpts=(Excerpt(1, ("something else",), "last lines"),), log="middle_unread", unread=7))
    assert told.reason.endswith(f"7 {ONLY_SEARCHED}")


def test_a_verdict_on_a_log_whose_middle_was_not_read_says_so_too() -> None:
    """T17."""
    told = judged(Evidence(excerpts=(Excerpt(1, (FAILED_TEST,), "x"),), log="partial", unread=7))
    assert told.category is Category.TEST_UNIT
    assert told.reason.endswith(f"7 {ONLY_SEARCHED}")


def test_a_symptom_that_others_contradict_in_half_a_log_is_not_believed() -> None:
    excerpts = (Excerpt(1, ("12 passed, 1 failed", "@@ -1,2 +1,2 @@"), "last lines"),)
    verdict = judged(Evidence(excerpts=excerpts, log="partial"))
    assert (verdict.category, verdict.rule, verdict.confidence) == (Category.UNKNOWN, "none:doubt", 0.2)
    assert verdict.reason == (
        "Nothing is sure enough in lines 1 to 2 of the log; nearly believed was test.unit: The log says "
        "`12 passed, 1 failed` (line 1): a test tool says that tests failed."
    )
    assert verdict.runner_up == "test.unit, by rule `tests-failed`"


def test_a_symptom_in_a_whole_log_is_believed() -> None:
    excerpts = (Excerpt(1, ("12 passed, 1 failed", "@@ -1,2 +1,2 @@"), "last lines"),)
    assert judged(Evidence(excerpts=excerpts)).category is Category.TEST_UNIT
