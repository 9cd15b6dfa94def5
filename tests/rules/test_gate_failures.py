"""Which failures the gate shows, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import DRIFT, NETWORK, A, job, moved, pull, seen, told
from test_gate import EVERYTHING, TEXTS, gate_after, of_case, on_commit

from github_app.rules.commits import Standing
from github_app.rules.gate import gate_of, owner_name
from github_app.rules.model import Annotation, Evidence
from github_app.rules.verdicts import Mode


@pytest.mark.requirement("S1-008")
def test_drift_shuts_the_gate_with_its_owner_and_two_hours() -> None:
    """Never `neutral`, and the failure says that it blocks everybody (C25)."""
    shown = gate_after(moved(pull(), "opened"), seen(A, job(says=DRIFT)))
    [failure] = shown.failures
    assert shown.conclusion == "failure"
    assert (failure.clock.target_s, failure.blocks_all) == (2 * 3600, True)
    assert shown.title.startswith("generator_drift (")
    assert shown.title.endswith(", 2 h to fix)")


def test_the_most_urgent_failure_is_named_first_and_those_beyond_three_are_counted() -> None:
    events = (seen(A, job(name=f"j{n}", says=text)) for n, text in enumerate(TEXTS))
    shown = gate_after(moved(pull(), "opened"), *events)
    assert shown.title.startswith("infra.network (")
    assert shown.title.endswith("; 1 more")
    assert [failure.clock.target_s for failure in shown.failures] == [3600, 7200, 14400, 14400]


def test_a_failure_that_gates_comes_before_one_that_does_not() -> None:
    rules = replace(EVERYTHING, ignore=("net",))
    events = (seen(A, job(name="net", says=NETWORK)), seen(A, job()))
    shown = gate_after(moved(pull(), "opened"), *events, rules=rules)
    assert [failure.job for failure in shown.failures] == ["unit", "net"]


def test_a_matrix_is_one_failure_in_several_rows() -> None:
    """E32."""
    legs = (job(name="test (3.11)"), job(name="test (3.12)"), job("success", "test (3.13)"))
    shown = gate_after(moved(pull(), "opened"), seen(A, *legs))
    assert len(shown.failures) == 1
    assert [len(row.failures) for row in shown.rows] == [1, 1, 0]


def test_a_failure_gates_as_soon_as_one_of_its_jobs_does() -> None:
    legs = (job(name="test (3.11)"), job(name="test (3.12)"))
    for ignored in ("test (3.11)", "test (3.12)"):
        shown = gate_after(
            moved(pull(), "opened"),
            seen(A, *legs, job(name="net", says=NETWORK)),
            rules=replace(EVERYTHING, ignore=(ignored, "net")),
        )
        assert [failure.job for failure in shown.failures] == ["test", "net"]


def test_one_commit_in_two_pull_requests_shows_the_failures_of_both() -> None:
    """X14, X15: one check for both, so the stricter of the two."""
    case = told(moved(pull(), "opened"), moved(pull(number=2), "opened"), seen(A, job()))
    shown = of_case(case)
    assert shown.conclusion == "failure"
    assert {failure.ref for failure in shown.failures} == {"pull/1", "pull/2"}


def test_a_closed_pull_request_does_not_open_the_gate_of_another_on_the_same_commit() -> None:
    """X15."""
    both = (moved(pull(), "opened"), moved(pull(number=2), "opened"), seen(A, job()))
    assert gate_after(*both, moved(pull(minute=30, open=False), "closed")).conclusion == "failure"


def test_a_cancelled_job_that_was_judged_is_red() -> None:
    """X11: the runner was lost, and GitHub says so."""
    note = Annotation("", 0, "failure", "The runner has received a shutdown signal.")
    lost = job("cancelled", evidence=Evidence(annotations=(note,)))
    shown = gate_after(moved(pull(), "opened"), seen(A, lost))
    assert [(row.standing, len(row.failures)) for row in shown.rows] == [(Standing.RED, 1)]


def test_a_failure_without_a_deadline_is_named_without_one() -> None:
    case = told(moved(pull(), "opened"), seen(A, job()))
    [failure] = case.failures
    timeless = replace(failure, clock=replace(failure.clock, target_s=None))
    assert of_case(replace(case, failures=(timeless,))).title == "test.unit (ada)"


def test_an_owner_is_named_by_people_then_teams_then_role() -> None:
    [failure] = told(moved(pull(), "opened"), seen(A, job())).failures
    party = failure.owner.accountable
    teams = replace(party, people=(), teams=("octo/a", "octo/b", "octo/c"))
    named = [replace(failure, owner=replace(failure.owner, accountable=each)) for each in (party, teams)]
    nobody = replace(failure, owner=replace(failure.owner, accountable=replace(party, people=(), teams=())))
    assert [owner_name(each) for each in (*named, nobody)] == ["ada", "octo/a, octo/b", "code_author"]


def test_notices_are_passed_on() -> None:
    assert gate_of(on_commit(), (), EVERYTHING, Mode.ENFORCE, ["mend it"]).notices == ("mend it",)
