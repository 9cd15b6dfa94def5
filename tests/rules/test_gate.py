"""The gate: shut while anything is undecided, open for nobody by mistake, and never without its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import DATABASE, DRIFT, NETWORK, REPO, T0, UNIT, A, foreign, job, moved, pull, run, seen, told

from github_app.rules.case import Case
from github_app.rules.commits import Standing, join, new_commit
from github_app.rules.events import Event
from github_app.rules.gate import MAX_TITLE, Gate, gate_of, is_gating
from github_app.rules.model import Job, Person, Run, Source
from github_app.rules.policy import GatePolicy
from github_app.rules.records import Commit, Failure
from github_app.rules.verdicts import Mode, Party

EVERYTHING = GatePolicy((), (), 300)
CONCLUSIONS = {
    "success": "success",
    "neutral": "success",
    "skipped": "success",
    "failure": "failure",
    "timed_out": "failure",
    "startup_failure": "failure",
    "error": "failure",
    "cancelled": "failure",
    "stale": "failure",
    "action_required": "failure",
    "what_comes_next_year": "failure",
    None: None,
}


def on_commit(*jobs: Job, runs: tuple[Run, ...] = (), settled: bool = False) -> Commit:
    return replace(join(new_commit(REPO, A, T0), seen(A, *jobs, runs=runs)), settled=settled)


def gate(
    *jobs: Job,
    runs: tuple[Run, ...] = (),
    settled: bool = False,
    rules: GatePolicy = EVERYTHING,
    mode: Mode = Mode.ENFORCE,
) -> Gate:
    return gate_of(on_commit(*jobs, runs=runs, settled=settled), (), rules, mode)


def gate_after(*events: Event, rules: GatePolicy = EVERYTHING, mode: Mode = Mode.ENFORCE) -> Gate:
    return of_case(told(*events), rules, mode)


def of_case(case: Case, rules: GatePolicy = EVERYTHING, mode: Mode = Mode.ENFORCE) -> Gate:
    assert case.commit is not None
    return gate_of(case.commit, case.failures, rules, mode)


@pytest.mark.parametrize("superseded", [False, True])
@pytest.mark.parametrize("is_gated", [False, True])
@pytest.mark.parametrize(("conclusion", "expected"), CONCLUSIONS.items())
def test_every_conclusion_leads_to_one_answer(
    conclusion: str | None, expected: str | None, is_gated: bool, superseded: bool
) -> None:
    """Every conclusion, whether it gates, and whether a newer attempt speaks for it."""
    rules = replace(EVERYTHING, ignore=() if is_gated else ("unit",))
    newer = (job("success", attempt=2),) if superseded else ()
    answer = gate(job(conclusion), *newer, rules=rules, settled=True).conclusion
    assert answer == (expected if is_gated and not superseded else "success")


def test_something_red_shuts_the_gate_at_once_though_other_jobs_still_run() -> None:
    assert gate(job("failure"), job(None, "slow"), runs=(run(),)).conclusion == "failure"


def test_the_gate_waits_for_what_runs_before_it_opens() -> None:
    shown = gate(job("success"), job(None, "slow"), runs=(run(),))
    assert (shown.conclusion, shown.title, shown.awaited) == (None, "Waiting for CI", ("CI",))


def test_the_gate_waits_for_a_run_whose_jobs_are_not_known_yet() -> None:
    assert gate(job("success"), runs=(run("success"), run(id=11, workflow="Deploy"))).title == "Waiting for Deploy"


def test_everything_passed_opens_the_gate() -> None:
    shown = gate(job("success"), job("skipped", "docs"), runs=(run("success"),))
    assert (shown.conclusion, shown.title) == ("success", "All clear: 2 jobs passed")


def test_one_job_is_not_called_jobs() -> None:
    assert gate(job("success")).title == "All clear: 1 job passed"


def test_nothing_expected_is_waited_for_until_it_has_settled() -> None:
    assert (gate().conclusion, gate().title) == (None, "Waiting for the first job")


def test_nothing_expected_opens_the_gate_once_it_has_settled() -> None:
    shown = gate(settled=True)
    assert (shown.conclusion, shown.title) == ("success", "Nothing to judge: no job was expected")


def test_ignored_jobs_alone_do_not_open_the_gate_before_it_has_settled() -> None:
    rules = replace(EVERYTHING, ignore=("unit",))
    assert gate(job("success"), rules=rules).conclusion is None
    assert gate(job("success"), rules=rules, settled=True).conclusion == "success"


@pytest.mark.parametrize(
    ("conclusion", "remark"),
    [
        ("cancelled", "unit cancelled: re-run or remove"),
        ("stale", "unit stale: re-run or remove"),
        ("", "unit ended without a conclusion: re-run or remove"),
        ("action_required", "unit waits for a maintainer to approve the run"),
    ],
)
def test_what_has_no_verdict_says_what_to_do(conclusion: str, remark: str) -> None:
    """X11, X12."""
    assert gate(job(conclusion)).title == remark


def test_a_cancelled_job_that_its_successor_speaks_for_does_not_count() -> None:
    assert gate(job("cancelled"), job("success", run=11), runs=(run("success", id=11),)).conclusion == "success"


def test_a_run_that_needs_approval_shuts_the_gate_though_it_has_no_job() -> None:
    shown = gate(job("action_required", "CI", id=-10), runs=(run("action_required"),))
    assert (shown.conclusion, shown.title) == ("failure", "CI waits for a maintainer to approve the run")


def test_a_run_that_has_no_job_is_nothing_that_was_judged() -> None:
    stillborn = job("success", "CI", id=-10)
    assert gate(stillborn, runs=(run("success"),)).conclusion is None


def test_further_jobs_without_a_verdict_are_counted() -> None:
    assert gate(job("cancelled"), job("cancelled", "db"), job("stale", "e2e")).title.endswith("2 more not passed")


def test_the_gate_is_in_progress_again_when_a_new_attempt_begins() -> None:
    """X16, X17."""
    red: list[Event] = [moved(pull(), "opened"), seen(A, job("failure"), runs=(run("failure"),))]
    assert gate_after(*red).conclusion == "failure"
    assert gate_after(*red, seen(A, runs=(run(attempt=2),))).conclusion is None
    assert gate_after(*red, seen(A, job(None, attempt=2))).conclusion is None


def test_a_green_gate_is_in_progress_again_when_a_new_attempt_begins() -> None:
    assert gate(job("success"), runs=(run(attempt=2),)).conclusion is None


def test_a_late_green_of_an_older_run_does_not_open_the_gate() -> None:
    """E29."""
    events = (seen(A, job("failure", run=11)), seen(A, job("success", run=10, minute=30), minute=31))
    assert gate_after(moved(pull(), "opened"), *events).conclusion == "failure"


# --- what gates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jobs", "ignore", "told_job", "expected"),
    [
        ((), (), job(), True),
        ((), ("unit",), job(), False),
        ((), ("CI / unit",), job(), False),
        ((), ("CI / *",), job(), False),
        ((), ("Deploy / *",), job(), True),
        (("unit",), (), job(), True),
        (("CI / *",), (), job(), True),
        (("db",), (), job(), False),
        (("unit",), ("unit",), job(), False),
        ((), (), foreign(), False),
        (("lint",), (), foreign(), True),
        (("lint",), ("lint",), foreign(), False),
        ((), (), foreign(source=Source.STATUS), False),
        (("lint",), (), foreign(source=Source.STATUS), True),
    ],
)
def test_which_jobs_gate(jobs: tuple[str, ...], ignore: tuple[str, ...], told_job: Job, expected: bool) -> None:
    assert is_gating(told_job, GatePolicy(jobs, ignore, 300)) is expected


@pytest.mark.parametrize(
    ("rules", "told_job", "remark"),
    [
        (replace(EVERYTHING, ignore=("unit",)), job(), "does not gate: gate.ignore or not among gate.jobs"),
        (replace(EVERYTHING, jobs=("db",)), job(), "does not gate: gate.ignore or not among gate.jobs"),
        (EVERYTHING, foreign(), "does not gate"),
    ],
)
def test_what_does_not_gate_is_listed_all_the_same(rules: GatePolicy, told_job: Job, remark: str) -> None:
    [row] = gate(told_job, rules=rules, settled=True).rows
    assert (row.standing, row.gating, row.remark) == (Standing.RED, False, remark)


def test_a_job_that_its_workflow_lets_fail_does_not_gate_and_says_so() -> None:
    shown = gate(job("failure"), job("success", "db"), runs=(run("success"),))
    assert shown.conclusion == "success"
    assert [row.remark for row in shown.rows if row.standing is Standing.RED] == [
        "does not gate: the workflow lets this job fail"
    ]


def test_a_red_job_gates_until_its_run_has_ended_well() -> None:
    assert gate(job("failure"), runs=(run(),)).conclusion == "failure"


def test_a_named_check_that_was_not_heard_of_is_waited_for_until_it_has_settled() -> None:
    rules = replace(EVERYTHING, jobs=("lint", "unit"))
    assert gate(job("success"), rules=rules).title == "Waiting for lint"
    assert gate(job("success"), rules=rules, settled=True).conclusion == "success"
    assert gate(job("success"), foreign("success"), rules=rules).conclusion == "success"


def test_a_red_job_that_nobody_has_judged_yet_is_named_all_the_same() -> None:
    assert gate(job("failure"), runs=(run("failure"),)).title == "unit failed"


def test_a_job_that_the_organisation_names_is_waited_for_even_after_the_settling_time() -> None:
    """T14: renaming it in a pull request must not open the gate."""
    rules = replace(EVERYTHING, jobs=("CI / audit", "*"), pinned=("CI / audit",))
    waiting = gate(job("success"), runs=(run("success"),), settled=True, rules=rules)
    assert (waiting.conclusion, waiting.title) == (None, "Waiting for CI / audit")
    assert gate(job("success"), job("success", "audit"), settled=True, rules=rules).conclusion == "success"


def test_a_status_with_the_name_of_a_job_is_not_that_job() -> None:
    """T30: anybody with write access can post a status."""
    rules = replace(EVERYTHING, jobs=("CI / audit",), pinned=("CI / audit",))
    spoof = replace(foreign("success", "CI / audit"), source=Source.STATUS)
    assert gate(spoof, settled=True, rules=rules).conclusion is None


def test_a_run_whose_every_job_is_ignored_is_not_waited_for() -> None:
    rules = replace(EVERYTHING, ignore=("Deploy / *",))
    assert gate(job("success"), runs=(run("success"), run(id=11, workflow="Deploy")), rules=rules).title == (
        "All clear: 1 job passed"
    )


def test_a_job_that_runs_but_does_not_gate_is_not_waited_for() -> None:
    assert gate(job("success"), foreign(None)).conclusion == "success"


def test_more_than_two_workflows_are_counted() -> None:
    runs = tuple(run(id=number, workflow=f"W{number}") for number in range(4))
    assert gate(runs=runs).title == "Waiting for W0, W1 and 2 more"


# --- modes -----------------------------------------------------------------------------------------------------------


def test_observing_says_what_it_would_do_and_stops_nobody() -> None:
    shown = gate(job("cancelled"), mode=Mode.OBSERVE)
    assert (shown.conclusion, shown.observing) == ("neutral", True)
    assert shown.title == "Observing: would be failure. unit cancelled: re-run or remove"
    assert gate(job("success"), mode=Mode.OBSERVE).title == "Observing: would be success. All clear: 1 job passed"


def test_observing_waits_like_anybody() -> None:
    shown = gate(mode=Mode.OBSERVE)
    assert (shown.conclusion, shown.title) == (None, "Waiting for the first job")


JOBS = st.builds(
    job,
    st.sampled_from([*CONCLUSIONS]),
    st.sampled_from(["unit", "db", "CI"]),
    run=st.integers(10, 12),
    attempt=st.integers(1, 2),
)
RUNS = st.builds(
    run,
    st.sampled_from([*CONCLUSIONS]),
    id=st.integers(10, 12),
    attempt=st.integers(1, 3),
    workflow_id=st.sampled_from([5, 6]),
)


@given(jobs=st.lists(JOBS, max_size=6), runs=st.lists(RUNS, max_size=3), settled=st.booleans())
def test_nothing_undecided_or_unknown_is_ever_an_open_gate(jobs: list[Job], runs: list[Run], settled: bool) -> None:
    """T33, G21: an open gate has only passed jobs and ended runs behind it; `skipped` and `neutral` are never said."""
    shown = gate(*jobs, runs=tuple(runs), settled=settled)
    assert shown.conclusion in {"success", "failure", None}
    if shown.conclusion == "success":
        assert all(row.standing is Standing.PASSED for row in shown.rows if row.gating)
        assert not shown.awaited


@given(
    jobs=st.lists(JOBS, max_size=6),
    runs=st.lists(RUNS, max_size=3),
    settled=st.booleans(),
    names=st.lists(st.text(max_size=200), min_size=3, max_size=3),
)
def test_a_title_is_one_line_of_at_most_255_characters(
    jobs: list[Job], runs: list[Run], settled: bool, names: list[str]
) -> None:
    hostile = [replace(each, name=names[index % 3], workflow=names[-1]) for index, each in enumerate(jobs)]
    for mode in Mode:
        title = gate(*hostile, runs=tuple(runs), settled=settled, mode=mode).title
        assert 0 < len(title) <= MAX_TITLE
        assert title.isprintable()


def test_a_title_with_many_long_owners_is_cut() -> None:
    case = told(moved(pull(), "opened"), *(seen(A, job(name=f"j{n}", says=text)) for n, text in enumerate(TEXTS)))
    long = tuple(Person(n, "x" * 90) for n in range(2))
    failures = [replace(each, owner=replace(each.owner, accountable=_party(each, long))) for each in case.failures]
    title = of_case(replace(case, failures=tuple(failures))).title
    assert (len(title), title[-1]) == (MAX_TITLE, "…")


TEXTS = (UNIT, DATABASE, NETWORK, DRIFT)


def _party(failure: Failure, people: tuple[Person, ...]) -> Party:
    return replace(failure.owner.accountable, people=people)
