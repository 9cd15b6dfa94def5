"""The plugin's report is believed, but it cannot talk anything down."""

from __future__ import annotations

from dataclasses import replace

import pytest
from verdicts import FAILED_TEST, LEAK, LOST, REFUSED, judged, log, note, report, reported

from github_app.rules.model import Evidence, FailedGate, ReportedFailure
from pytest_failure_review.report import Category


def test_the_report_goes_before_log_and_facts() -> None:
    evidence = replace(log(REFUSED), report=report(reported(Category.TEST_DATABASE)), annotations=(note(LOST),))
    verdict = judged(evidence)
    assert (verdict.category, verdict.rule, verdict.source) == (
        Category.TEST_DATABASE,
        "report:test.database",
        "report",
    )
    assert verdict.runner_up == "infra.runner, by rule `fact:runner-lost`"
    assert verdict.confidence == 0.9


def test_the_worst_failure_of_the_report_counts_and_all_are_counted() -> None:
    failures = [
        reported(Category.TEST_UNIT),
        reported(Category.INFRA_DATABASE, "refused"),
        reported(Category.TEST_UNIT),
    ]
    assert judged(Evidence(report=report(*failures, total=40))).reason == (
        "The test report names 40 failures, of which it lists 3 (1 infra.database, 2 test.unit); "
        "the worst is `tests/test_a.py::test_b`: `refused`."
    )


def test_a_single_failure_without_a_message_is_told_in_the_singular() -> None:
    assert judged(Evidence(report=report(reported(Category.TEST_UNIT, "")))).reason == (
        "The test report names 1 failure (1 test.unit); the worst is `tests/test_a.py::test_b`."
    )


@pytest.mark.parametrize("said", [Category.INFRA_NETWORK, Category.TEST_UNIT, Category.SECURITY_VULNERABILITY])
def test_a_report_cannot_hide_a_secret_that_the_log_shows(said: Category) -> None:
    """T15."""
    verdict = judged(replace(log(LEAK), report=report(reported(said))))
    assert verdict.category is Category.SECURITY_SECRET


def test_a_secret_found_by_a_test_goes_before_everything() -> None:
    evidence = replace(log(REFUSED), report=report(reported(Category.SECURITY_SECRET)))
    assert judged(evidence).source == "report"


@pytest.mark.parametrize(
    ("said", "line", "category"),
    [
        (Category.INFRA_NETWORK, FAILED_TEST, Category.TEST_UNIT),
        (Category.TEST_UNIT, REFUSED, Category.TEST_UNIT),
        (Category.TEST_UNIT, "all is well", Category.TEST_UNIT),
        (Category.INFRA_DATABASE, REFUSED, Category.INFRA_DATABASE),
    ],
)
def test_of_a_forks_report_and_the_log_the_stricter_is_believed(said: Category, line: str, category: Category) -> None:
    """T15, T16: the fork wrote both, so neither may talk the other down."""
    verdict = judged(replace(log(line), report=report(reported(said), trusted=False)))
    assert verdict.category is category


def test_a_forks_report_says_that_it_is_one() -> None:
    verdict = judged(Evidence(report=report(reported(Category.TEST_UNIT), trusted=False)))
    assert verdict.reason.endswith("It comes from a fork, so the log is believed where it is stricter.")
    assert verdict.confidence == 0.7


def test_a_report_that_breaks_off_competes_with_the_log() -> None:
    died = report(reported(Category.TEST_UNIT), complete=False)
    assert judged(replace(log("Out of memory: Killed process 812"), report=died)).category is Category.INFRA_RUNNER
    alone = judged(Evidence(report=died))
    assert alone.category is Category.TEST_UNIT
    assert alone.reason.endswith("It breaks off, so the test run itself died.")


@pytest.mark.parametrize("failures", [(), (reported(Category.UNKNOWN),)])
def test_a_report_of_nothing_known_leaves_the_word_to_the_log(failures: tuple[ReportedFailure, ...]) -> None:
    assert judged(replace(log(REFUSED), report=report(*failures))).category is Category.INFRA_DATABASE


@pytest.mark.parametrize(("confidence", "shown"), [(7.0, 0.95), (-1.0, 0.1)])
def test_a_report_cannot_be_surer_than_anybody(confidence: float, shown: float) -> None:
    evidence = Evidence(report=report(reported(Category.TEST_UNIT, confidence=confidence)))
    assert judged(evidence).confidence == shown


@pytest.mark.parametrize(("complete", "category"), [(True, Category.TEST_UNIT), (False, Category.UNKNOWN)])
def test_a_cancelled_run_failed_only_if_its_report_was_finished(complete: bool, category: Category) -> None:
    """X11."""
    evidence = Evidence(report=report(reported(Category.TEST_UNIT), complete=complete))
    assert judged(evidence, conclusion="cancelled").category is category


MYPY = FailedGate("mypy", "mypy finds 2 errors in 1 file (2 return-value).")
PYTEST = FailedGate("pytest", "1 failed. pytest ended with status 1: tests failed.")


@pytest.mark.requirement("S2-059")
@pytest.mark.requirement("S2-060")
def test_a_failed_quality_gate_stands_in_the_reason_of_whatever_was_judged() -> None:
    told = replace(report(reported(Category.TEST_UNIT)), gates=(PYTEST, MYPY))
    assert judged(Evidence(report=told)).reason.endswith(
        " Quality gates failed: `mypy` (mypy finds 2 errors in 1 file (2 return-value))."
    )
    assert judged(Evidence(report=replace(report(), gates=(PYTEST, MYPY)))).reason == (
        "The log says nothing about the failure that is known here. Quality gates failed: "
        "`pytest` (1 failed. pytest ended with status 1: tests failed); "
        "`mypy` (mypy finds 2 errors in 1 file (2 return-value))."
    )


def test_a_quality_gate_changes_nothing_but_the_reason() -> None:
    """T15: its words are a stranger's."""
    evidence = replace(log(FAILED_TEST, LEAK), report=report())
    gates = tuple(FailedGate(f"g{number}", "security is fine`\n\n# green") for number in range(7))
    without, verdict = judged(evidence), judged(replace(evidence, report=replace(report(), gates=gates)))
    assert verdict.reason == without.reason + " Quality gates failed: " + "; ".join(
        [*(f"`g{number}` (security is fine' # green)" for number in range(5)), "and 2 more."]
    )
    assert replace(verdict, reason=without.reason) == without


def test_a_report_that_breaks_off_names_the_test_it_died_in() -> None:
    died = replace(report(reported(Category.TEST_UNIT), complete=False), died_in="tests/test_a.py::test_c")
    assert judged(Evidence(report=died)).reason.endswith(
        " It breaks off, so the test run itself died in `tests/test_a.py::test_c`."
    )


def test_a_report_says_how_many_tests_passed_only_when_tried_again() -> None:
    flaky = replace(report(reported(Category.TEST_UNIT)), flaky=2)
    assert judged(Evidence(report=flaky)).reason.endswith(" 2 more tests passed only when tried again.")


def test_a_doubted_report_says_why_and_cannot_talk_anything_down() -> None:
    """T16."""
    doubted = replace(report(reported(Category.INFRA_DATABASE), trusted=False), doubt="it names another commit")
    verdict = judged(Evidence(report=doubted))
    assert verdict.reason.endswith(
        " It is not certain to be of this job: it names another commit, so the log is believed where it is stricter."
    )
    assert judged(replace(log(FAILED_TEST), report=doubted)).category is Category.TEST_UNIT


def test_the_worst_failure_brings_its_replay_command() -> None:
    again = replace(reported(Category.TEST_UNIT), replay="pytest --failure-review-replay=x")
    assert judged(Evidence(report=report(again))).replay == "pytest --failure-review-replay=x"
