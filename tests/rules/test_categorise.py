"""Every red job gets one verdict, and the verdict says why in the words that people read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from github_app import builtin
from github_app.rules.categorise import EVIDENCE_LINES, EVIDENCE_WIDTH, categorise
from github_app.rules.model import (
    Annotation,
    Evidence,
    Excerpt,
    Job,
    Line,
    ReportedFailure,
    Source,
    TestReport,
    Verdict,
)
from github_app.rules.precedence import ROOT_CAUSE_FIRST, root_cause_rank
from pytest_failure_review.report import Category, Severity, State

JOB = Job(id=1, source=Source.ACTIONS, app="github-actions", name="job", status="completed", conclusion="failure")
REFUSED = "psycopg.OperationalError: could not connect to server: Connection refused"
FAILED_TEST = "FAILED tests/test_cart.py::test_total - assert 3 == 4"
LEAK = "3:15PM WRN leaks found: 2"
LOST = "The self-hosted runner: ci-7 lost communication with the server."


def log(*lines: str, start: int = 1) -> Evidence:
    return Evidence(excerpts=(Excerpt(start, lines, "##[error]"),))


def note(message: str, path: str = ".github", title: str = "") -> Annotation:
    return Annotation(path=path, line=1, level="failure", message=message, title=title)


def reported(category: Category, message: str = "assert 3 == 4", confidence: float = 0.9) -> ReportedFailure:
    return ReportedFailure("tests/test_a.py::test_b", "call", "failed", category, "exception type", confidence, message)


def report(*failures: ReportedFailure, complete: bool = True, trusted: bool = True, total: int = 0) -> TestReport:
    return TestReport(complete, failures, total or len(failures), trusted)


def judged(evidence: Evidence | None, **changes: Any) -> Verdict:
    return categorise(replace(JOB, evidence=evidence, **changes), builtin.signatures())


# --- what the log says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "category", "reason"),
    [
        (
            REFUSED,
            Category.INFRA_DATABASE,
            f"The log says `{REFUSED}` (line 812): the database was not reachable.",
        ),
        (
            FAILED_TEST,
            Category.TEST_UNIT,
            f"The log says `{FAILED_TEST}` (line 812): a test failed under pytest.",
        ),
        (
            "##[error]src/cart.ts(12,5): error TS2322: no",
            Category.BUILD_COMPILE,
            (
                "The log says `src/cart.ts(12,5): error TS2322: no` (line 812): "
                "the code does not pass the type check or cannot be bundled."
            ),
        ),
        (
            "Generated client is out of date",
            Category.GENERATOR_DRIFT,
            (
                "The log says `Generated client is out of date` (line 812): "
                "generated files differ from what their source now gives."
            ),
        ),
        (
            LEAK,
            Category.SECURITY_SECRET,
            f"The log says `{LEAK}` (line 812): the secret scanner found a credential in the commits.",
        ),
        (
            "curl: (6) Could not resolve host: example.org",
            Category.INFRA_NETWORK,
            (
                "The log says `curl: (6) Could not resolve host: example.org` (line 812): "
                "a host name could not be resolved."
            ),
        ),
    ],
)
def test_the_reason_quotes_the_line_and_says_what_it_means(line: str, category: Category, reason: str) -> None:
    verdict = judged(log(line, start=812))
    assert (verdict.category, verdict.reason) == (category, reason)


def test_a_verdict_carries_everything_that_the_signature_knows() -> None:
    verdict = judged(log("one", REFUSED, start=811))
    assert verdict.rule == "postgres-unreachable"
    assert verdict.source == "log"
    assert verdict.subcategory == "connection_refused"
    assert verdict.evidence == (Line(812, REFUSED, "postgres-unreachable"),)
    assert verdict.region == (811, 812)
    assert verdict.advice
    assert verdict.causes
    assert verdict.state is None


@pytest.mark.requirement("S1-004")
@pytest.mark.parametrize(
    "line",
    [
        "openapi.json is out of date, run make generate",
        "The generated types are stale",
        "Generated files are out of date",
    ],
)
def test_drift_of_generated_code_is_its_own_category(line: str) -> None:
    assert judged(log(line)).category is Category.GENERATOR_DRIFT


@pytest.mark.requirement("S1-010")
def test_unit_integration_and_database_tests_are_told_apart() -> None:
    lines = [FAILED_TEST, "FAILED tests/integration/test_pay.py::test_pay", 'ERROR:  relation "cart" does not exist']
    assert [judged(log(line)).category for line in lines] == [
        Category.TEST_UNIT,
        Category.TEST_INTEGRATION,
        Category.TEST_DATABASE,
    ]


@pytest.mark.parametrize(
    ("symptom", "cause", "category"),
    [
        (FAILED_TEST, REFUSED, Category.INFRA_DATABASE),
        (FAILED_TEST, "write /tmp/x: no space left on device", Category.INFRA_RUNNER),
        (FAILED_TEST, "E   ModuleNotFoundError: No module named 'cart'", Category.BUILD_COMPILE),
        (FAILED_TEST, "sqlite3.IntegrityError: UNIQUE constraint failed: cart.id", Category.TEST_DATABASE),
        ("npm error code ERESOLVE", "npm error getaddrinfo EAI_AGAIN registry.example.org", Category.INFRA_NETWORK),
        (REFUSED, LEAK, Category.SECURITY_SECRET),
        (REFUSED, "error: 2 vulnerabilities found!", Category.SECURITY_VULNERABILITY),
        ("error: 2 vulnerabilities found!", LEAK, Category.SECURITY_SECRET),
    ],
)
def test_the_root_cause_beats_the_symptom(symptom: str, cause: str, category: Category) -> None:
    assert judged(log(symptom, cause)).category is category
    assert judged(log(cause, symptom)).category is category


def test_the_runner_up_is_kept_in_words() -> None:
    verdict = judged(log(FAILED_TEST, REFUSED))
    assert verdict.runner_up == "test.unit, by rule `pytest`"


def test_a_rival_lowers_the_confidence() -> None:
    assert judged(log(FAILED_TEST, REFUSED)).confidence < judged(log(REFUSED)).confidence


def test_a_later_excerpt_is_believed_less_than_the_first() -> None:
    first, second = Excerpt(1, (FAILED_TEST,), "pytest summary"), Excerpt(50, (REFUSED,), "database error")
    assert judged(Evidence(excerpts=(first, second))).category is Category.TEST_UNIT
    quiet = Excerpt(1, ("nothing to see",), "##[error]")
    assert judged(Evidence(excerpts=(quiet, second))).confidence < judged(log(REFUSED)).confidence


def test_a_secret_in_a_later_excerpt_still_goes_first() -> None:
    """X31."""
    first, second = Excerpt(1, (FAILED_TEST,), "pytest summary"), Excerpt(50, (LEAK,), "secret scanner")
    assert judged(Evidence(excerpts=(first, second))).category is Category.SECURITY_SECRET


def test_a_weak_sign_counts_only_where_nothing_better_is_found() -> None:
    weak = "connect ECONNREFUSED 127.0.0.1:7777"
    assert judged(log(weak)).category is Category.INFRA_NETWORK
    assert judged(log(weak)).confidence == 0.4
    assert judged(log(weak, FAILED_TEST)).category is Category.TEST_UNIT


def test_the_script_of_a_step_proves_nothing() -> None:
    """X30."""
    verdict = judged(log("##[group]Run check", f"echo '{LEAK}'", LEAK, "##[endgroup]", FAILED_TEST))
    assert verdict.category is Category.TEST_UNIT


def test_evidence_is_short_and_redacted() -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4
    lines = [f"FAILED tests/test_{number}.py::test_a - {token} {'x' * 900}" for number in range(20)]
    verdict = judged(log(*lines))
    assert len(verdict.evidence) == EVIDENCE_LINES
    assert all(len(line.text) <= EVIDENCE_WIDTH for line in verdict.evidence)
    assert token not in repr(verdict)
    assert len(verdict.reason) < 300


def test_a_quote_cannot_break_out_of_its_marks() -> None:
    verdict = judged(log("FAILED tests/test_a.py::test_b - `code` \x1b[31mred\x1b[0m \u202e"))
    assert verdict.reason == (
        "The log says `FAILED tests/test_a.py::test_b - 'code' red` (line 1): a test failed under pytest."
    )


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("Severity: 2 moderate | 1 critical", Severity.CRITICAL),
        ("Severity: moderate", Severity.MEDIUM),
        ("Total: 2 (HIGH: 2, CRITICAL: 0)", Severity.HIGH),
        ("error: 2 vulnerabilities found!", None),
        (LEAK, Severity.CRITICAL),
    ],
)
@pytest.mark.requirement("S1-016")
def test_the_severity_is_the_scanners_own(line: str, severity: Severity | None) -> None:
    assert judged(log(line)).severity is severity


def test_of_several_severities_the_worst_counts() -> None:
    assert judged(log("Severity: low", "Severity: high", "Severity: moderate")).severity is Severity.HIGH


def test_a_regression_is_measured_in_percent() -> None:
    verdict = judged(log("benchmark parse regressed by 23.4%"))
    assert verdict.category is Category.PERFORMANCE
    assert verdict.measures == {"regression_percent": "23.4"}


def test_unit_tests_in_a_job_of_integration_tests_are_integration_tests() -> None:
    verdict = judged(log(FAILED_TEST), failed_step="Run integration tests")
    assert verdict.category is Category.TEST_INTEGRATION
    assert verdict.reason == (
        f"The log says `{FAILED_TEST}` (line 1): a test failed under pytest, in a job of integration tests."
    )


# --- what GitHub says ------------------------------------------------------------------------------------------------


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
        (log(LEAK), Category.SECURITY_SECRET),
    ],
)
def test_a_cancelled_job_may_still_have_a_cause(evidence: Evidence, category: Category) -> None:
    verdict = judged(evidence, conclusion="cancelled")
    assert (verdict.category, verdict.state) == (category, None)


def test_a_lost_runner_goes_before_what_the_log_says() -> None:
    verdict = judged(replace(log(FAILED_TEST), annotations=(note(LOST),)))
    assert verdict.category is Category.INFRA_RUNNER
    assert verdict.rule == "fact:runner-lost"
    assert verdict.source == "facts"
    assert verdict.reason == f"GitHub says `{LOST}`: the connection to the runner was lost."


def test_a_tools_annotation_is_only_as_good_as_the_log() -> None:
    verdict = judged(replace(log(FAILED_TEST), annotations=(note(LOST, path="a.py"),)))
    assert verdict.category is Category.TEST_UNIT
    assert verdict.runner_up == "infra.runner, by rule `runner-lost`"


def test_an_annotation_speaks_where_there_is_no_log() -> None:
    evidence = Evidence(log="missing", annotations=(note("error TS2322: no", path="src/a.ts", title="tsc"),))
    assert judged(evidence).reason == (
        "An annotation says `error TS2322: no`: the code does not pass the type check or cannot be bundled."
    )


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


# --- no log, no match ------------------------------------------------------------------------------------------------


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


# --- foreign checks --------------------------------------------------------------------------------------------------


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


# --- the plugin's report ---------------------------------------------------------------------------------------------


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


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_secret_that_was_taken_out_of_the_log_is_no_finding_of_its_own() -> None:
    """T23: it was shown by a command, not found by a scanner."""
    verdict = judged(replace(log(FAILED_TEST), secrets=("GitHub token",)))
    assert verdict.category is Category.TEST_UNIT
    assert "GitHub token" not in verdict.reason


def test_a_secret_scanners_verdict_names_what_was_taken_out() -> None:
    verdict = judged(replace(log(LEAK), secrets=("AWS access key", "GitHub token")))
    assert verdict.reason.endswith(" Taken out of the log before it was kept: AWS access key, GitHub token.")


# --- the law ---------------------------------------------------------------------------------------------------------

EXAMPLES = sorted({line for entry in builtin.signatures().entries for line in entry.matches[:1]})
LINES = st.lists(st.one_of(st.sampled_from(EXAMPLES), st.text(max_size=40)), max_size=12)
PLAIN = {entry.id for entry in builtin.signatures().entries if entry.strength == "plain"}


def test_every_category_has_its_place_in_the_order() -> None:
    assert sorted(ROOT_CAUSE_FIRST) == sorted(Category)


@settings(max_examples=200)
@given(LINES, LINES)
def test_appending_text_never_lowers_a_verdict(before: list[str], more: list[str]) -> None:
    """T15: a stranger who writes more can only make it look worse."""
    short, long = judged(log(*before)), judged(log(*before, *more))
    if short.rule in PLAIN:
        assert root_cause_rank(long.category) >= root_cause_rank(short.category)
    else:
        assert long.rule != "none:no_match" or short.rule == "none:no_match"


@settings(max_examples=100)
@given(LINES, LINES, st.sampled_from(["failure", "cancelled", "timed_out", "action_required"]))
def test_nothing_talks_a_secret_away(before: list[str], after: list[str], conclusion: str) -> None:
    """T15."""
    evidence = replace(log(*before, LEAK, *after), report=report(reported(Category.INFRA_NETWORK)))
    assert judged(evidence, conclusion=conclusion).category is Category.SECURITY_SECRET


@settings(max_examples=200)
@given(LINES, st.text(max_size=60), st.text(max_size=60))
@pytest.mark.requirement("S1-003")
def test_any_job_gets_exactly_one_verdict_that_explains_itself(lines: list[str], name: str, message: str) -> None:
    """X32."""
    verdict = judged(replace(log(*lines), annotations=(note(message),)), name=name, failed_step=message)
    assert verdict.category in Category
    assert verdict.reason.endswith(".")
    assert verdict.rule
    assert 0 <= verdict.confidence <= 1
    assert (verdict.state is None) == (verdict.category is not Category.UNKNOWN)
