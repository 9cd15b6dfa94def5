"""What GitHub says about a job, and what is said when there is no log to go by."""

from __future__ import annotations

from dataclasses import replace

import pytest
from verdicts import FAILED_TEST, LEAK, LOST, REFUSED, judged, log, note

from github_app.rules.model import Evidence, Source
from github_app.rules.verdicts import Line
from pytest_failure_review.report import Category, State


def test_a_job_that_ran_out_of_time_is_the_runners() -> None:
    verdict = judged(log(FAILED_TEST), conclusion="timed_out")
    assert (verdict.category, verdict.subcategory, verdict.rule) == (
        Category.INFRA_RUNNER,
        "job_timeout",
        "fact:timed-out",
    )
    assert verdict.reason == (
        "GitHub ended the job because it ran longer than it may: a step hung or the time limit is too short."
    )


@pytest.mark.parametrize(
    ("conclusion", "state", "reason"),
    [
        (
            "action_required",
            State.AWAITING_APPROVAL,
            "Nothing ran: a maintainer has to approve the workflow run first.",
        ),
        (
            "startup_failure",
            State.NOT_RUN,
            "Nothing ran: GitHub could not start the workflow, most often because its file is not valid.",
        ),
        ("stale", State.NOT_RUN, "GitHub gave up waiting for the check: nobody said how it ended."),
        ("cancelled", State.CANCELLED, "The job was cancelled, and nothing says by whom or why."),
    ],
)
def test_what_did_not_run_is_nobodys_failure(conclusion: str, state: State, reason: str) -> None:
    """X11, X12."""
    verdict = judged(Evidence(log="missing"), conclusion=conclusion)
    assert (verdict.category, verdict.state, verdict.reason) == (Category.UNKNOWN, state, reason)
    assert verdict.source == "facts"


@pytest.mark.parametrize(
    ("message", "cause", "reason"),
    [
        (
            "Canceling since a higher priority waiting request for ci-main exists",
            "superseded",
            "The job was cancelled: a newer run of the same group replaced it.",
        ),
        (
            'The strategy configuration was canceled because "test._3_12" failed',
            "fail_fast",
            "The job was cancelled: another leg of the matrix failed first (`fail-fast`).",
        ),
        ("The run was canceled by @ada.", "person", "The job was cancelled: somebody stopped it."),
    ],
)
def test_a_cancelled_job_says_what_cancelled_it(message: str, cause: str, reason: str) -> None:
    """X11."""
    verdict = judged(Evidence(annotations=(note(message),)), conclusion="cancelled")
    assert (verdict.state, verdict.subcategory, verdict.reason) == (State.CANCELLED, cause, reason)


def test_errors_that_cancelling_leaves_behind_are_no_verdict() -> None:
    verdict = judged(log(FAILED_TEST, REFUSED), conclusion="cancelled", name="integration")
    assert (verdict.category, verdict.state) == (Category.UNKNOWN, State.CANCELLED)


@pytest.mark.parametrize(
    ("evidence", "category"),
    [
        (Evidence(annotations=(note(LOST),)), Category.INFRA_RUNNER),
        (log("The runner has received a shutdown signal.", "The operation was canceled."), Category.INFRA_RUNNER),
        (log(LEAK), Category.SECURITY_SECRET),
    ],
)
def test_a_cancelled_job_may_still_have_a_cause(evidence: Evidence, category: Category) -> None:
    verdict = judged(evidence, conclusion="cancelled")
    assert (verdict.category, verdict.state) == (category, None)


@pytest.mark.parametrize("evidence", [log("Killed"), Evidence(log="missing")])
def test_a_step_that_cancelling_interrupted_did_not_fail(evidence: Evidence) -> None:
    assert judged(evidence, conclusion="cancelled", failed_step="Set up job").state is State.CANCELLED


def test_a_lost_runner_goes_before_what_the_log_says() -> None:
    verdict = judged(replace(log(FAILED_TEST), annotations=(note(LOST),)))
    assert verdict.category is Category.INFRA_RUNNER
    assert verdict.rule == "fact:runner-lost"
    assert verdict.source == "facts"
    assert verdict.reason == f"GitHub says `{LOST}`: the connection to the runner was lost."


def test_an_annotation_that_a_failed_step_wrote_is_not_githubs_word() -> None:
    """T15: `echo ::error::` looks like the runner's own, but a runner that is lost reports no failed step."""
    evidence = Evidence(log="missing", annotations=(note(LOST),))
    forged, true = judged(evidence, failed_step="Run make"), judged(evidence)
    assert (forged.rule, forged.source) == ("runner-lost", "output")
    assert (true.rule, true.source) == ("fact:runner-lost", "facts")


def test_a_tools_annotation_is_only_as_good_as_the_log() -> None:
    verdict = judged(replace(log(FAILED_TEST), annotations=(note(LOST, path="a.py"),)))
    assert verdict.category is Category.TEST_UNIT
    assert verdict.runner_up == "infra.runner, by rule `runner-lost`"


def test_an_annotation_speaks_where_there_is_no_log() -> None:
    evidence = Evidence(log="missing", annotations=(note("error TS2322: no", path="src/a.ts", title="tsc"),))
    assert judged(evidence).reason == ("An annotation says `error TS2322: no`: the code does not pass the type check.")


@pytest.mark.parametrize(
    ("step", "category", "rule"),
    [
        ("Set up job", Category.INFRA_RUNNER, "fact:set-up-job"),
        ("Initialize containers", Category.INFRA_CONTAINER, "fact:containers"),
        ("Post Run actions/cache@v4", Category.INFRA_RUNNER, "fact:post-step"),
    ],
)
def test_the_runners_own_steps_are_not_the_codes_fault(step: str, category: Category, rule: str) -> None:
    verdict = judged(log("Error: something"), failed_step=step)
    assert (verdict.category, verdict.rule) == (category, rule)


def test_what_the_log_says_about_the_set_up_is_more_precise_than_the_step() -> None:
    line = "toomanyrequests: You have reached your unauthenticated pull rate limit."
    assert judged(log(line), failed_step="Initialize containers").rule == "pull-limit"


@pytest.mark.parametrize(
    ("evidence", "state", "reason"),
    [
        (None, State.NO_LOG, "GitHub has no log of this job, and nothing else says why it failed."),
        (Evidence(log="missing"), State.NO_LOG, "GitHub has no log of this job, and nothing else says why it failed."),
        (
            Evidence(log="too_big"),
            State.NO_LOG,
            "The job's log is too big to be read, and nothing else says why it failed.",
        ),
        (
            Evidence(log="refused"),
            State.NO_LOG,
            "GitHub refused to give the job's log, and nothing else says why it failed.",
        ),
        (Evidence(), State.NO_MATCH, "The log says nothing about the failure that is known here."),
        (
            log("all is well", "goodbye", start=40),
            State.NO_MATCH,
            "Nothing in the log is a failure known here; the likeliest place is lines 40 to 41.",
        ),
    ],
)
def test_no_log_and_no_match_are_not_the_same(evidence: Evidence | None, state: State, reason: str) -> None:
    """X26, X32."""
    verdict = judged(evidence)
    assert (verdict.category, verdict.state, verdict.reason) == (Category.UNKNOWN, state, reason)
    assert (verdict.confidence, verdict.source) == (0.0, "none")


@pytest.mark.parametrize(
    ("step", "name", "category"),
    [
        ("Run gitleaks", "ci", Category.SECURITY_SECRET),
        ("", "GitGuardian Security Checks", Category.SECURITY_SECRET),
        ("Audit dependencies", "ci", Category.SECURITY_VULNERABILITY),
        ("Check generated code is up to date", "ci", Category.GENERATOR_DRIFT),
        ("Run benchmarks", "ci", Category.PERFORMANCE),
        ("Lint", "tests", Category.BUILD_LINT),
        ("", "e2e (chromium)", Category.TEST_INTEGRATION),
        ("", "Database migrations", Category.TEST_DATABASE),
        ("Run pytest", "ci", Category.TEST_UNIT),
        ("npm ci", "ci", Category.BUILD_DEPENDENCIES),
        ("", "build", Category.BUILD),
    ],
)
def test_names_are_asked_only_when_there_is_no_log(step: str, name: str, category: Category) -> None:
    verdict = judged(Evidence(log="missing"), failed_step=step, name=name)
    assert (verdict.category, verdict.rule, verdict.confidence) == (category, "fact:name", 0.3)
    assert judged(log("all is well"), failed_step=step, name=name).category is Category.UNKNOWN


def test_a_verdict_by_name_admits_it() -> None:
    assert judged(Evidence(log="missing"), failed_step="Run `lint`").reason == (
        "Nothing else tells what failed, but the step is called `Run 'lint'`."
    )


def test_a_partial_log_is_believed_less() -> None:
    """X27."""
    assert judged(replace(log(REFUSED), log="partial")).confidence < judged(log(REFUSED)).confidence


def test_a_foreign_check_is_judged_by_its_own_words() -> None:
    evidence = Evidence(log="none", text=f"Summary\n{LEAK}")
    verdict = judged(evidence, source=Source.CHECK, app="scanner")
    assert verdict.category is Category.SECURITY_SECRET
    assert verdict.source == "output"
    assert verdict.evidence == (Line(0, LEAK, "gitleaks"),)
    assert verdict.reason == (
        f"The check's output says `{LEAK}`: the secret scanner found a credential in the commits."
    )


def test_a_status_is_judged_by_its_name_when_it_says_nothing() -> None:
    verdict = judged(Evidence(log="none", text="failed"), source=Source.STATUS, app="ci", name="codecov/patch")
    assert verdict.category is Category.TEST_UNIT
    assert verdict.reason == "Nothing else tells what failed, but the check is called `codecov/patch`."


def test_a_foreign_check_that_says_nothing_known_is_named() -> None:
    verdict = judged(Evidence(log="none", text="failed"), source=Source.CHECK, app="example-app", name="x")
    assert verdict.reason == "example-app says nothing about the failure that is known here."
