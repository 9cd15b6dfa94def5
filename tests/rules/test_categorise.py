"""Every red job gets one verdict, and the verdict says why in the words that people read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verdicts import FAILED_TEST, JOB, LEAK, REFUSED, judged, log, note, report, reported, signatures_alone

from github_app import builtin
from github_app.rules.categorise import EVIDENCE_LINES, EVIDENCE_WIDTH, categorise
from github_app.rules.model import Evidence, Excerpt
from github_app.rules.precedence import ROOT_CAUSE_FIRST, root_cause_rank
from github_app.rules.verdicts import Line
from pytest_failure_review.report import Category, Severity


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
            ("The log says `src/cart.ts(12,5): error TS2322: no` (line 812): the code does not pass the type check."),
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
    broken = Excerpt(50, ("src/cart.c:12:5: error: expected ';' before '}'",), "compiler error")
    assert (
        judged(Evidence(excerpts=(Excerpt(1, (FAILED_TEST,), "pytest summary"), broken))).category is Category.TEST_UNIT
    )
    assert judged(Evidence(excerpts=(broken,))).category is Category.BUILD_COMPILE
    quiet, second = Excerpt(1, ("nothing to see",), "##[error]"), Excerpt(50, (REFUSED,), "database error")
    assert judged(Evidence(excerpts=(quiet, second))).confidence < judged(log(REFUSED)).confidence


def test_a_database_that_is_down_is_the_cause_wherever_the_log_tells_it() -> None:
    first, second = Excerpt(1, (FAILED_TEST,), "pytest summary"), Excerpt(50, (REFUSED,), "database error")
    verdict = judged(Evidence(excerpts=(first, second)))
    assert verdict.category is Category.INFRA_DATABASE
    assert Category.TEST_UNIT in {other.category for other in verdict.also}


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
    script = ["##[group]Run check", f"echo '{LEAK}'", "shell: bash", "env:", f"  SAID: {LEAK}", "##[endgroup]"]
    assert judged(log(*script, FAILED_TEST)).category is Category.TEST_UNIT


def test_what_only_a_scanner_writes_counts_in_a_script_too() -> None:
    """T15: a change can print what looks like one."""
    script = ["##[group]Run check", LEAK, "shell: bash", "##[endgroup]"]
    assert judged(log(*script, FAILED_TEST)).category is Category.SECURITY_SECRET


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
        ("Total: 3 (UNKNOWN: 0, LOW: 2, MEDIUM: 1, HIGH: 0, CRITICAL: 0)", Severity.MEDIUM),
        ("Total: 1 (LOW: 1)", Severity.LOW),
        ("Total: 2 (UNKNOWN: 1, LOW: 1, MEDIUM: 0, HIGH: 0, CRITICAL: 0)", None),
        ("error: 2 vulnerabilities found!", None),
        (LEAK, Severity.CRITICAL),
    ],
)
@pytest.mark.requirement("S1-016")
def test_the_severity_is_the_scanners_own(line: str, severity: Severity | None) -> None:
    assert judged(log(line)).severity is severity


def test_of_several_severities_the_worst_counts() -> None:
    assert judged(log("Severity: low", "Severity: high", "Severity: moderate")).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("line", "measures"),
    [
        ("benchmark parse regressed by 23.4%", {"benchmark": "parse", "regression_percent": "23.4"}),
        (
            "checkout/100 is 17.96 % slower than main; at most 10 % is allowed",
            {"benchmark": "checkout/100", "regression_percent": "17.96"},
        ),
        ("Performance regression: +12%", {"regression_percent": "12"}),
        ("Performance alert", {}),
    ],
)
def test_a_regression_is_measured_in_percent(line: str, measures: dict[str, str]) -> None:
    verdict = judged(log(line))
    assert (verdict.category, verdict.measures) == (Category.PERFORMANCE, measures)


def test_of_several_regressions_the_largest_counts() -> None:
    """T15: small numbers written after a large one do not make it small."""
    verdict = judged(log("a regressed by 9.1%", "b regressed by 23.4%", "c regressed by 10%", "d regressed by 1%"))
    assert verdict.measures == {"benchmark": "b", "regression_percent": "23.4"}
    assert verdict.evidence[0].line == 2


def test_a_line_is_shown_once_whatever_is_found_in_it() -> None:
    lines = judged(log("E       AssertionError: assert 3 == 4", FAILED_TEST)).evidence
    assert [(line.line, line.rule) for line in lines] == [(2, "pytest"), (1, "pytest")]


@pytest.mark.parametrize(
    ("heading", "telling"),
    [
        ("Secret:      REDACTED", "Fingerprint: 0123abc:config/app.py:aws-access-token:12"),
        ("[ERROR] COMPILATION ERROR : ", "[ERROR] /src/Cart.java:[12,5] cannot find symbol"),
        ("[ERROR] Found 1 error", " Line   src/Cart.php"),
    ],
)
def test_of_equal_lines_the_one_that_names_a_file_is_quoted(heading: str, telling: str) -> None:
    verdict = judged(log(heading, telling))
    assert verdict.reason.startswith(f"The log says `{telling.strip()}` (line 2): ")
    assert verdict.category is judged(log(heading)).category


def test_a_line_that_names_a_file_but_tells_of_something_milder_is_not_quoted() -> None:
    """T15: what is quoted may change, never what is said."""
    verdict = judged(log("Severity: critical", "  high: hole in src/cart.js:12 https://github.com/advisories/GHSA-a"))
    assert (verdict.evidence[0].text, verdict.severity) == ("Severity: critical", Severity.CRITICAL)


@pytest.mark.parametrize(
    ("line", "category", "description"),
    [
        (
            "Error: UPGRADE FAILED: timed out waiting for the condition",
            Category.TEST_INTEGRATION,
            "what was put on a cluster did not come up there",
        ),
        (
            "./cart.go:12:2: fmt.Printf format %d has arg total of wrong type string",
            Category.BUILD_LINT,
            "a linter objects or cannot judge the code",
        ),
        (
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            Category.INFRA_RUNNER,
            "a program reached its own limit of memory, whatever the machine has",
        ),
    ],
)
def test_what_is_said_of_a_line_is_true_of_it(line: str, category: Category, description: str) -> None:
    verdict = judged(log(line))
    assert (verdict.category, verdict.description) == (category, description)


def test_unit_tests_in_a_job_of_integration_tests_are_integration_tests() -> None:
    verdict = judged(log(FAILED_TEST), failed_step="Run integration tests")
    assert verdict.category is Category.TEST_INTEGRATION
    assert verdict.reason == (
        f"The log says `{FAILED_TEST}` (line 1): a test failed under pytest, in a job of integration tests."
    )


def test_a_secret_that_was_taken_out_of_the_log_is_no_finding_of_its_own() -> None:
    """T23: it was shown by a command, not found by a scanner."""
    verdict = judged(replace(log(FAILED_TEST), secrets=("GitHub token",)))
    assert verdict.category is Category.TEST_UNIT
    assert "GitHub token" not in verdict.reason


def test_a_secret_scanners_verdict_names_what_was_taken_out() -> None:
    verdict = judged(replace(log(LEAK), secrets=("AWS access key", "GitHub token")))
    assert verdict.reason.endswith(" Taken out of the log before it was kept: AWS access key, GitHub token.")


EXAMPLES = sorted({line for entry in builtin.signatures().entries for line in entry.matches[:1]})
LINES = st.lists(st.one_of(st.sampled_from(EXAMPLES), st.text(max_size=40)), max_size=12)
ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates included
A_TEST = {Category.TEST_UNIT, Category.TEST_INTEGRATION}
SYMPTOM = 0.4  # what is believed of a symptom
HONEST = {entry.id for entry in builtin.signatures().entries if entry.category is Category.UNKNOWN}
PLAIN = {entry.id for entry in builtin.signatures().entries if entry.strength == "plain"}


def test_every_category_has_its_place_in_the_order() -> None:
    assert sorted(ROOT_CAUSE_FIRST) == sorted(Category)


@settings(max_examples=200)
@given(LINES, LINES)
def test_appending_text_never_lowers_a_verdict(before: list[str], more: list[str]) -> None:
    """T15: a stranger who writes more can only make it look worse.

    A limit that an assertion names comes before the test that failed by it, which stays beside it. That no likeness
    makes a verdict of the signatures milder is a property of its own (test_weighing).
    """
    jobs = (replace(JOB, evidence=log(*before)), replace(JOB, evidence=log(*before, *more)))
    short, long = (categorise(job, signatures_alone()) for job in jobs)
    if short.rule in PLAIN and short.confidence > SYMPTOM:
        beside = {other.category for other in long.also} if long.category is Category.PERFORMANCE else set()
        raised = root_cause_rank(long.category) >= root_cause_rank(short.category)
        assert raised or short.category in beside & A_TEST
    else:
        assert long.rule != "none:no_match" or short.rule == "none:no_match"


@settings(max_examples=100)
@given(LINES, LINES, st.sampled_from(["failure", "cancelled", "timed_out", "action_required"]))
def test_nothing_talks_a_secret_away(before: list[str], after: list[str], conclusion: str) -> None:
    """T15."""
    evidence = replace(log(*before, LEAK, *after), report=report(reported(Category.INFRA_NETWORK)))
    assert judged(evidence, conclusion=conclusion).category is Category.SECURITY_SECRET


@settings(max_examples=200)
@given(LINES, ANY_TEXT, ANY_TEXT)
@pytest.mark.requirement("S1-003")
def test_any_job_gets_exactly_one_verdict_that_explains_itself(lines: list[str], name: str, message: str) -> None:
    """X32."""
    verdict = judged(replace(log(*lines), annotations=(note(message),)), name=name, failed_step=message)
    assert verdict.category in Category
    assert verdict.reason.endswith(".")
    assert verdict.rule
    assert 0 <= verdict.confidence <= 1
    assert (verdict.state is None) == (verdict.category is not Category.UNKNOWN or verdict.rule in HONEST)


def test_a_cause_that_is_nobodys_is_named_and_still_unknown() -> None:
    verdict = judged(log("##[error]Resource not accessible by integration"))
    assert (verdict.category, verdict.subcategory, verdict.state) == (Category.UNKNOWN, "permissions", None)
    assert verdict.reason == (
        "The log says `Resource not accessible by integration` (line 1): "
        "something was refused for want of a permission or a login."
    )


def test_a_failed_test_is_believed_before_a_missing_permission() -> None:
    assert judged(log("Resource not accessible by integration", FAILED_TEST)).category is Category.TEST_UNIT


def test_that_a_tool_gave_up_counts_less_than_any_symptom_of_why() -> None:
    gave_up = "FAILURE: Build failed with an exception."
    assert judged(log(gave_up)).category is Category.BUILD
    assert judged(log(gave_up, "12 passed, 1 failed")).category is Category.TEST_UNIT
