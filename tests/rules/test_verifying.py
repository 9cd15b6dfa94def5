"""What a fix is worth: a green job alone verifies nothing, and the sentence says what does or what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import KeptStore
from policies import builtin, layered
from stories import (
    DRIFT,
    NETWORK,
    A,
    B,
    at,
    book,
    decided,
    fired,
    foreign,
    job,
    moved,
    only,
    pull,
    pushed,
    run,
    seen,
    told,
)

from github_app.builtin import signatures
from github_app.engine import Engine
from github_app.rules.case import Case
from github_app.rules.decide import CLOSE, decide
from github_app.rules.events import Event
from github_app.rules.model import Job
from github_app.rules.policy_lint import notes
from github_app.rules.records import Failure, FailureState
from github_app.rules.test_jobs import is_called_test

OPENED = moved(pull(), "opened")
COMPILE = "src/cart.c:9:5: error: 'total' undeclared (first use in this function)"
CHECKED = "schema: 1\nverification: {contract_checks: ['CI / contract*']}\n"
TWO_CHECKS = "schema: 1\nverification: {contract_checks: [contract, pact]}\n"
ASK = "QA may say `/qa-ok`."
DAY = 24 * 60


def ended(*jobs: Job, says: str = COMPILE, name: str = "build", policy: str | None = None) -> Failure:
    """The failure of a job that is green at the next commit, on which these jobs are seen as well."""
    return only(ended_case(*jobs, says=says, name=name, policy=policy))


def ended_case(*jobs: Job, says: str = COMPILE, name: str = "build", policy: str | None = None) -> Case:
    first = told(OPENED, seen(A, job(name=name, says=says)), policy=policy)
    next_one = replace(first, commit=None)
    fixed = job("success", name, run=11, minute=30)
    events = (moved(pull(B, minute=20)), seen(B, fixed, *jobs, minute=40))
    return decided(*events, case=next_one, policy=policy)[-1].case


def go_on(case: Case, *events: Event, policy: str | None = None) -> Case:
    return decided(*events, case=case, policy=policy)[-1].case


def green(name: str, conclusion: str | None = "success", **more: object) -> Job:
    return job(conclusion, name, run=12, minute=35, **more)  # type: ignore[arg-type]  # fields of a job


# --- builds (S1-023) -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S1-023")
@pytest.mark.parametrize(
    ("jobs", "state", "sentence"),
    [
        ([green("unit")], "verified", "Verified: the test job `unit` is green at `bbbbbbbbbbbb`."),
        (
            [green("unit"), green("e2e")],
            "verified",
            "Verified: the test jobs `e2e` and `unit` are green at `bbbbbbbbbbbb`.",
        ),
        (
            [green("unit"), green("e2e", "failure")],
            "resolved_unverified",
            "Not verified: the test job `e2e` is not green at `bbbbbbbbbbbb`.",
        ),
        (
            [green("unit"), green("e2e", "cancelled")],
            "resolved_unverified",
            "Not verified: the test job `e2e` is not green at `bbbbbbbbbbbb`.",
        ),
        (
            [green("unit"), green("e2e", None)],
            "resolved_unverified",
            "Not verified: the test job `e2e` is awaited at `bbbbbbbbbbbb`.",
        ),
        (
            [green("unit", "skipped"), green("docs")],
            "resolved_unverified",
            "Not verified: no test job ran at `bbbbbbbbbbbb`; QA may say `/qa-ok`.",
        ),
        (
            [green(f"test ({number})") for number in range(5)],
            "verified",
            "Verified: the test jobs `test (0)`, `test (1)`, `test (2)` and 2 more are green at `bbbbbbbbbbbb`.",
        ),
    ],
)
def test_a_fixed_build_is_worth_what_the_tests_of_its_commit_say(jobs: list[Job], state: str, sentence: str) -> None:
    case = ended_case(*jobs)
    failure = next(each for each in case.failures if each.job == "build")
    assert (failure.state, failure.proof, failure.verified) == (state, sentence, state == "verified")


def test_a_run_that_goes_on_may_still_bring_tests() -> None:
    first = told(OPENED, seen(A, job(name="build", says=COMPILE)))
    fixed = seen(B, job("success", "build", run=11, minute=30), runs=(run(id=11),), minute=31)
    case = go_on(replace(first, commit=None), moved(pull(B, minute=20)), fixed)
    assert only(case).proof == (
        "Not verified: no test job of `bbbbbbbbbbbb` has been heard of, and its runs have not ended."
    )


def test_tests_that_the_workflow_lets_fail_prove_nothing_either_way() -> None:
    allowed = replace(green("unit (nightly)", "failure", says=NETWORK), run_id=13)
    case = ended_case(green("unit"), allowed)
    after = go_on(case, seen(B, runs=(run("success", id=13),), minute=41))
    build = next(each for each in after.failures if each.job == "build")
    assert build.proof == "Verified: the test job `unit` is green at `bbbbbbbbbbbb`."


def test_the_policy_says_which_jobs_run_tests() -> None:
    policy = "schema: 1\nverification: {test_jobs: ['CI / check-*']}\n"
    assert ended(green("unit"), policy=policy).state is FailureState.RESOLVED_UNVERIFIED
    assert ended(green("check-all"), policy=policy).state is FailureState.VERIFIED


def test_a_job_in_which_tests_failed_on_the_commit_runs_tests() -> None:
    failed = green("verify", "failure")
    again = replace(green("verify"), attempt=2, id=1, completed_at=at(50))
    case = go_on(ended_case(failed), seen(B, again, minute=51))
    build = next(each for each in case.failures if each.job == "build")
    assert build.proof == "Verified: the test job `verify` is green at `bbbbbbbbbbbb`."


@pytest.mark.requirement("S1-023")
def test_a_build_is_closed_after_a_day_only_when_its_tests_are_green() -> None:
    open_one = ended_case(green("docs"))
    later = fired(only(open_one).id, CLOSE, 30 + DAY)
    still = decide(open_one, later, book(), later.received_at)
    assert (only(still.case).state, still.notes) == (FailureState.RESOLVED_UNVERIFIED, ())
    tested = go_on(still.case, seen(B, green("unit"), minute=40 + DAY))
    [due] = [
        alarm.due_at for alarm in decided(seen(B, green("unit")), case=still.case)[-1].alarms if alarm.kind == CLOSE
    ]
    assert due == at(30 + DAY)
    assert only(go_on(tested, fired(only(tested).id, CLOSE, 41 + DAY))).state is FailureState.CLOSED


def test_a_build_that_is_not_proven_is_looked_at_daily_for_two_weeks() -> None:
    case = ended_case(green("docs"))
    for day, again in ((1, at(30 + 2 * DAY)), (13, at(30 + 14 * DAY)), (14, None)):
        event = fired(only(case).id, CLOSE, 30 + day * DAY)
        decision = decide(case, event, book(), event.received_at)
        assert [alarm.due_at for alarm in decision.alarms] == ([again] if again else [])


def test_what_is_verified_is_told_after_that_it_is_fixed() -> None:
    """R7."""
    before = told(OPENED, seen(A, job(name="build", says=COMPILE)))
    fixed = seen(B, job("success", "build", run=11, minute=30), green("unit"), minute=31)
    [_, decision] = decided(moved(pull(B, minute=20)), fixed, case=replace(before, commit=None))
    assert [(note.kind, note.reason, note.at) for note in decision.notes] == [
        ("resolved_unverified", "Green at bbbbbbbbbbbb", at(30)),
        ("verified", "Verified: the test job `unit` is green at `bbbbbbbbbbbb`.", at(31)),
    ]


def test_an_event_about_another_commit_needs_the_one_that_is_green() -> None:
    case = ended_case(green("unit"))
    assert case.commit is not None
    apart = decided(pushed("main", A, 50), case=replace(case, commit=None, fixes=(case.commit,)))[-1].case
    assert only(apart).state is FailureState.VERIFIED
    unknown = decided(pushed("main", A, 50), case=replace(case, commit=None))[-1].case
    assert only(unknown).proof == "Not verified: which jobs ran at `bbbbbbbbbbbb` is not known; QA may say `/qa-ok`."
    drift = ended_case(green("contract-tests"), says=DRIFT, name="generate", policy=CHECKED)
    unknown = decided(pushed("main", A, 50), case=replace(drift, commit=None), policy=CHECKED)[-1].case
    assert only(unknown).proof == "Not verified: which jobs ran at `bbbbbbbbbbbb` is not known; QA may say `/qa-ok`."


async def test_the_engine_brings_the_commit_that_is_green() -> None:
    store = KeptStore()
    engine = Engine(store, builtin(), signatures(), lambda: at(60))
    fixed = job("success", "build", run=11, minute=30)
    for event in (
        OPENED,
        moved(pull(B, minute=20)),
        seen(B, fixed, green("unit"), minute=40),
        seen(A, job(name="build", says=COMPILE), minute=50),
    ):
        decision = await engine.handle(event)
    assert only(decision.case).state is FailureState.VERIFIED


def test_a_verified_build_whose_tests_turn_red_is_verified_no_more() -> None:
    case = go_on(ended_case(green("unit")), seen(B, green("e2e", "failure"), minute=50))
    build = next(each for each in case.failures if each.job == "build")
    assert (build.state, build.verified) == (FailureState.RESOLVED_UNVERIFIED, False)


@pytest.mark.parametrize(
    ("name", "workflow", "is_test"),
    [
        ("unit", "CI", True),
        ("test (3.12, linux)", "CI", True),
        ("runUnitTests", "CI", True),
        ("E2E", "CI", True),
        ("pytest-postgres", "CI", True),
        ("ubuntu-latest", "Tests", True),
        ("lint", "Tests", False),
        ("build-docs", "Unit tests", False),
        ("latest", "CI", False),
        ("contest", "CI", False),
        ("release", "Release", False),
        ("", "", False),
    ],
)
def test_a_job_that_runs_tests_is_told_by_its_name(name: str, workflow: str, *, is_test: bool) -> None:
    assert is_called_test(name, workflow) is is_test


# --- drift (S1-007) --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S1-007")
@pytest.mark.parametrize(
    ("policy", "jobs", "sentence"),
    [
        (
            None,
            [green("contract")],
            f"Not verified: the policy names no check of the contract under `verification.contract_checks`; {ASK}",
        ),
        (
            CHECKED,
            [green("contract-tests")],
            "Verified: the contract check `contract-tests` is green at `bbbbbbbbbbbb`.",
        ),
        (
            CHECKED,
            [green("unit")],
            "Not verified: no contract check ran at `bbbbbbbbbbbb`; QA may say `/qa-ok`.",
        ),
        (
            CHECKED,
            [green("contract-tests", "failure", says=NETWORK)],
            "Not verified: the contract check `contract-tests` is not green at `bbbbbbbbbbbb`.",
        ),
        (
            CHECKED,
            [green("contract-tests", None)],
            "Not verified: the contract check `contract-tests` is awaited at `bbbbbbbbbbbb`.",
        ),
        (
            TWO_CHECKS,
            [green("contract")],
            "Not verified: no contract check `pact` ran at `bbbbbbbbbbbb`; QA may say `/qa-ok`.",
        ),
        (
            TWO_CHECKS,
            [green("contract"), foreign("success", "pact", minute=35)],
            "Verified: the contract checks `contract` and `pact` are green at `bbbbbbbbbbbb`.",
        ),
    ],
)
def test_a_drift_is_verified_by_every_contract_check_that_the_policy_names(
    policy: str | None, jobs: list[Job], sentence: str
) -> None:
    case = ended_case(*jobs, says=DRIFT, name="generate", policy=policy)
    drift = next(each for each in case.failures if each.job == "generate")
    assert (drift.proof, drift.verified) == (sentence, sentence.startswith("Verified"))


@pytest.mark.requirement("S1-007")
def test_a_drift_that_nothing_proves_mended_is_never_closed_by_itself() -> None:
    case = ended_case(says=DRIFT, name="generate")
    assert only(go_on(case, fired(only(case).id, CLOSE, 30 + DAY))).state is FailureState.RESOLVED_UNVERIFIED


def test_the_checks_of_all_files_count() -> None:
    org = "verification: {contract_checks: [pact], test_jobs: [unit]}"
    policy = layered("schema: 1\nverification: {contract_checks: [contract, pact]}\n", org=f"schema: 1\n{org}\n")
    assert policy.verification.contract_checks == ("pact", "contract")
    assert policy.verification.test_jobs == ("unit",)


def test_who_describes_an_api_hears_that_nothing_guards_it() -> None:
    described = "schema: 1\ncontracts: {openapi: [api.json]}\n"
    said = "contracts.openapi describes an API, but verification.contract_checks names no check of it"
    assert any(note.startswith(said) for note in notes(layered(described)))
    guarded = described + "verification: {contract_checks: [pact]}\n"
    assert not any("contract_checks" in note for note in (*notes(layered(guarded)), *notes(layered())))


# --- the others ------------------------------------------------------------------------------------------------------


def test_what_no_rule_asks_a_proof_of_is_closed_without_claiming_one() -> None:
    case = ended_case(says=NETWORK, name="fetch")
    assert only(case).proof == "Not verified: it is green again, which nobody has looked into; QA may say `/qa-ok`."
    closed = go_on(case, fired(only(case).id, CLOSE, 30 + DAY))
    assert (only(closed).state, only(closed).verified) == (FailureState.CLOSED, False)
