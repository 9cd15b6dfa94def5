"""When a log says nothing known, what the failed command is for is a guess, and the least that counts."""

from __future__ import annotations

import pytest

from github_app import builtin
from github_app.rules.categorise import categorise
from github_app.rules.last_tool import purpose
from github_app.rules.model import Evidence, Excerpt, Job, Source
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category


def judged(*lines: str, step: str = "", conclusion: str = "failure", title: str = "") -> Verdict:
    evidence = Evidence(excerpts=(Excerpt(1, lines, "last lines", title),))
    job = Job(1, Source.ACTIONS, "github-actions", "job", "completed", conclusion, failed_step=step, evidence=evidence)
    return categorise(job, builtin.signatures())


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ('The command "mvn install -B" exited with 1.', Category.BUILD),
        ("Script eslint src handling the lint event returned with error code 1", Category.BUILD_LINT),
        ("npm error command sh -c playwright test", Category.TEST_INTEGRATION),
        ("nox > Command pytest tests failed with exit code 2", Category.TEST_UNIT),
        ("error: Recipe `codegen-drift` failed on line 3 with exit code 1", Category.GENERATOR_DRIFT),
        ("Error: Command failed: alembic upgrade head", Category.TEST_DATABASE),
        ('Error: Command "k6 run load.js" exited with 99', Category.PERFORMANCE),
        ('task: Failed to run task "install-deps": exit status 1', Category.BUILD_DEPENDENCIES),
    ],
)
def test_what_the_failed_command_is_for_is_guessed(line: str, category: Category) -> None:
    verdict = judged("a line", line, "##[error]Process completed with exit code 1.")
    assert (verdict.category, verdict.rule, verdict.confidence) == (category, "last-tool", 0.4)


def test_the_guess_says_that_it_is_one() -> None:
    verdict = judged('The command "mvn install" exited with 1.')
    assert verdict.reason == "Nothing in the log is a failure known here; what failed is called `mvn install`."


@pytest.mark.parametrize("command", ["deploy site", "gh release create", "exit 1", "curl -f example.org", "./run.sh"])
def test_a_command_that_tells_nothing_about_the_code_is_left_unknown(command: str) -> None:
    assert purpose(command) is None
    assert judged(f'The command "{command}" exited with 1.').category is Category.UNKNOWN


def test_a_command_that_succeeded_is_not_blamed() -> None:
    assert judged('The command "go test ./..." exited with 0.').category is Category.UNKNOWN


def test_whatever_a_signature_finds_outdoes_the_guess() -> None:
    verdict = judged("bin/run.sh: line 57: example: command not found", 'The command "npm test" exited with 1.')
    assert verdict.rule == "tool-not-installed"


@pytest.mark.parametrize("conclusion", ["failure", "cancelled"])
def test_a_command_that_was_stopped_from_outside_is_not_blamed(conclusion: str) -> None:
    lines = ('The command "npm test" exited with 1.', "##[error]The operation was canceled.")
    assert judged(*lines, conclusion=conclusion).category is Category.UNKNOWN


@pytest.mark.parametrize(
    "step",
    [
        "Check all jobs status",
        "Verify required jobs succeeded",
        'Run if [ "failure" != "success" ]; then',
        "Run [[ 'skipped' == 'success' ]] || exit 1",
    ],
)
def test_a_step_that_looks_at_other_jobs_is_not_their_failure(step: str) -> None:
    verdict = judged("Integration tests failed", step=step)
    assert (verdict.category, verdict.subcategory) == (Category.UNKNOWN, "aggregate_gate")
    assert verdict.reason == (
        "The step only looks at the results of other jobs, of which one failed; the cause is there."
    )


def test_a_group_that_the_change_prints_makes_no_gate_of_a_step() -> None:
    """T15."""
    verdict = judged("Integration tests failed", title="check jobs status")
    assert verdict.category is Category.TEST_INTEGRATION


def test_a_gates_name_does_not_lift_what_is_never_overridden() -> None:
    """T15: the change chooses the names of its steps."""
    verdict = judged("Generated files are out of date. Run make generate", step="Check jobs results")
    assert not verdict.rests_on_fact
    assert Category.GENERATOR_DRIFT in {other.category for other in verdict.also}


def test_a_secret_is_not_hidden_by_the_name_of_a_gate() -> None:
    assert judged("WRN leaks found: 1", step="Check all jobs status").category is Category.SECURITY_SECRET


def test_a_step_that_builds_something_is_not_the_runners_own() -> None:
    assert judged("error: nothing known", step="Build cart").rule != "fact:containers"
    assert judged("error: nothing known", step="Build example/setup@v1").rule == "fact:containers"
