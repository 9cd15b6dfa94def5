"""Files of results beside the log: what they say, when they decide, and that they talk nothing down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter
from scan_files import ALL, GITLEAKS, NPM_ERROR, TRIVY
from verdicts import FAILED_TEST, JOB, LEAK, REFUSED, judged, log

from github_app import builtin
from github_app.rules.findings import judge
from github_app.rules.model import Evidence
from github_app.rules.results.marking import marked_places
from github_app.rules.results.reading import read_results
from github_app.rules.results.together import joined_reports
from github_app.rules.results.values import FailedTest, FileKind, FileReport, Flaw, FlawKind
from github_app.rules.verdicts import Other
from pytest_failure_review.report import Category, Severity

DOWN = "psycopg.OperationalError: could not connect to server: Connection refused"
SIGNATURES = builtin.signatures()
VULNERABLE = "found 3 high severity vulnerabilities"


def report_of(*tests: FailedTest, total: int = 0, failed: int = 0, trusted: bool = True) -> FileReport:
    number = failed or len(tests)
    return FileReport(
        "JUnit XML", FileKind.TESTS, "junit.xml", tests, total=total or number, failed=number, trusted=trusted
    )


def filed(*names: str, trusted: bool = True) -> Evidence:
    reports = joined_reports(each for name in names for each in read_results(f"{name}.json", ALL[name]))
    return Evidence(files=tuple(replace(each, trusted=trusted) for each in reports))


def failing(number: int = 1, said: str = "assert 3 == 4", owner: str = "tests.test_cart") -> FailedTest:
    return FailedTest(f"{owner}::test_{number}", said, "tests/test_cart.py", 9)


# --- tests


def test_failing_tests_of_a_report_are_named_and_counted() -> None:
    verdict = judged(Evidence(files=(report_of(failing(), total=120, failed=3),)))
    assert verdict.reason == (
        "The test report `junit.xml` (JUnit XML) names 3 failed of 120 tests; "
        "the first is `tests.test_cart::test_1`: `assert 3 == 4`."
    )
    assert (verdict.category, verdict.rule, verdict.source, verdict.confidence) == (
        Category.TEST_UNIT,
        "results:test.unit",
        "file",
        0.9,
    )
    assert [line.text for line in verdict.evidence] == ["tests/test_cart.py:9: tests.test_cart::test_1: assert 3 == 4"]


def test_a_test_report_goes_before_what_the_log_happens_to_say() -> None:
    evidence = replace(log("curl: (6) Could not resolve host: cdn.example"), files=(report_of(failing()),))
    verdict = judged(evidence)
    assert (verdict.category, verdict.source) == (Category.TEST_UNIT, "file")


def test_a_database_that_is_down_beneath_many_tests_is_told_once() -> None:
    tests = [failing(number, DOWN) for number in range(40)]
    verdict = judged(Evidence(files=(report_of(*tests, failing(99)),)))
    assert verdict.category is Category.INFRA_DATABASE
    assert "40 of the 41 that it lists say the same" in verdict.reason


def test_what_one_of_many_tests_says_is_no_cause_of_the_others() -> None:
    tests = [failing(number) for number in range(9)]
    verdict = judged(Evidence(files=(report_of(failing(99, DOWN), *tests),)))
    assert verdict.category is Category.TEST_UNIT
    assert Other(Category.INFRA_DATABASE) in [replace(each, subcategory=None, severity=None) for each in verdict.also]


def test_what_an_assertion_quotes_is_not_what_broke() -> None:
    said = f"AssertionError: assert '{DOWN}' in 'ok'"
    assert judged(Evidence(files=(report_of(failing(1, said)),))).category is Category.TEST_UNIT


@pytest.mark.parametrize("owner", ["tests.integration.test_cart", "CheckoutIntegrationTest", "e2e cart"])
def test_a_test_of_more_than_its_own_process_is_one_of_integration(owner: str) -> None:
    assert judged(Evidence(files=(report_of(failing(1, owner=owner)),))).category is Category.TEST_INTEGRATION


def test_in_a_job_of_integration_tests_they_all_are() -> None:
    assert judged(Evidence(files=(report_of(failing()),)), name="e2e").category is Category.TEST_INTEGRATION


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ('django.db.utils.ProgrammingError: relation "cart" does not exist', Category.TEST_DATABASE),
        (FAILED_TEST, Category.TEST_UNIT),
    ],
)
def test_the_log_may_say_what_sort_of_test_it_is(line: str, category: Category) -> None:
    verdict = judged(replace(log(line), files=(report_of(failing()),)))
    assert (verdict.category, verdict.source) == (category, "file")


def test_a_report_without_failures_says_nothing() -> None:
    evidence = replace(log(FAILED_TEST), files=(report_of(total=120),))
    assert judged(evidence).source == "log"


# --- scanners


@pytest.mark.requirement("S1-127", "S1-128")
def test_a_vulnerability_is_told_with_package_version_advisory_and_severity() -> None:
    verdict = judged(filed("trivy-sarif", "osv"))
    assert verdict.reason == (
        "Trivy and osv-scanner found 1 vulnerability (1 critical); "
        "it is `CVE-2099-1000` in `parcelbox 1.2.0` (critical), mended in `1.2.9`."
    )
    assert (verdict.category, verdict.severity) == (Category.SECURITY_VULNERABILITY, Severity.CRITICAL)
    assert verdict.advice == ("Move parcelbox to 1.2.9.",)
    assert dict(verdict.measures) == {
        "scanner": "Trivy and osv-scanner",
        "rule": "CVE-2099-1000",
        "package": "parcelbox 1.2.0",
        "fixed_version": "1.2.9",
        "advisory": "CVE-2099-1000, GHSA-aaaa-bbbb-cccc",
        "cwe": "CWE-22",
        "place": "package-lock.json:1",
    }


def test_where_nothing_mends_it_the_advice_does_not_say_so() -> None:
    flaw = Flaw(FlawKind.DEPENDENCY, "CVE-1", ("Trivy",), package="parcelbox", version="1.2.0")
    scan = FileReport("Trivy", FileKind.SCAN, "t.json", flaws=(flaw,), total=1, failed=1)
    verdict = judged(Evidence(files=(scan,)))
    assert verdict.severity is None  # ungraded counts as the worst
    assert verdict.advice == ("The scanner names no version that mends parcelbox: read the advisory, or replace it.",)


def test_a_secret_is_told_by_type_and_place() -> None:
    verdict = judged(filed("gitleaks", "trufflehog"))
    assert verdict.reason == (
        "gitleaks and trufflehog found 1 secret; it is `generic-api-key` in `config/prod.env:3` which still works."
    )
    assert (verdict.category, verdict.severity) == (Category.SECURITY_SECRET, Severity.CRITICAL)


def test_a_vulnerability_beside_failing_tests_is_told_and_they_are_told_too() -> None:
    scans = filed("trivy-sarif").files
    verdict = judged(Evidence(files=(report_of(failing()), *scans)))
    assert verdict.category is Category.SECURITY_VULNERABILITY
    assert verdict.runner_up == "test.unit, by rule `results:test.unit`"
    assert Other(Category.TEST_UNIT) in verdict.also


def test_what_a_scanner_only_notes_does_not_outdo_a_failing_test() -> None:
    note = Flaw(FlawKind.CODE, "R1", ("Bandit",), severity=Severity.LOW, level="note", path="a.py", line=1)
    scan = FileReport("Bandit", FileKind.SCAN, "b.sarif", flaws=(note,), total=1)
    assert judged(replace(log(FAILED_TEST), files=(scan,))).category is Category.TEST_UNIT


@pytest.mark.parametrize("level", ["error", "warning"])
def test_what_a_linter_says_does_not_outdo_a_failing_test(level: str) -> None:
    flaw = Flaw(FlawKind.LINT, "no-undef", ("ESLint",), level=level, path="a.js", line=4)
    scan = FileReport("ESLint", FileKind.SCAN, "eslint.sarif", flaws=(flaw,), total=1, failed=1)
    assert judged(replace(log(FAILED_TEST), files=(scan,))).category is Category.TEST_UNIT


def test_findings_of_a_linter_are_no_matter_of_security() -> None:
    flaw = Flaw(FlawKind.LINT, "no-undef", ("ESLint",), text="'x' is not defined", path="a.js", line=4)
    scan = FileReport("ESLint", FileKind.SCAN, "eslint.sarif", flaws=(flaw,), total=1, failed=1)
    verdict = judged(Evidence(files=(scan,)))
    assert (verdict.category, verdict.severity) == (Category.BUILD_LINT, None)
    assert verdict.reason == "ESLint found 1 problem; it is `no-undef` in `a.js:4`."


# --- scanners that did not finish


def test_a_scanner_that_did_not_finish_is_never_clean() -> None:
    [report] = read_results("audit.json", NPM_ERROR)
    verdict = judged(Evidence(files=(report,)))
    assert verdict.reason == (
        "The scanner npm audit did not finish: ENOLOCK: This command requires an existing lockfile.: Make one, "
        "so that it found nothing proves nothing."
    )
    assert (verdict.category, verdict.state) == (Category.UNKNOWN, None)


def test_a_scanner_that_could_not_reach_something_is_the_networks() -> None:
    problem = "FATAL failed to download the database: dial tcp: lookup ghcr.io: no such host"
    scan = FileReport("Trivy", FileKind.SCAN, "t.json", problem=problem)
    verdict = judged(Evidence(files=(scan,)))
    assert verdict.category is Category.INFRA_NETWORK
    assert verdict.reason.startswith("The scanner Trivy did not finish: FATAL failed to download the database")


def test_a_scanner_that_did_not_finish_stays_told_beside_failing_tests() -> None:
    scan = FileReport("Trivy", FileKind.SCAN, "t.json", problem="its file is empty")
    verdict = judged(replace(log(FAILED_TEST), files=(scan,)))
    assert verdict.category is Category.TEST_UNIT
    assert Other(Category.UNKNOWN) in verdict.also


# --- strangers


@pytest.mark.parametrize("name", ["trivy-sarif", "osv", "pip-audit"])
def test_a_forks_scan_cannot_hide_a_secret_in_the_log(name: str) -> None:
    """T15."""
    assert judged(replace(filed(name, trusted=False), excerpts=log(LEAK).excerpts)).category is Category.SECURITY_SECRET


@pytest.mark.parametrize("line", [FAILED_TEST, REFUSED, VULNERABLE, LEAK])
@pytest.mark.parametrize("name", sorted(ALL))
def test_a_forks_file_makes_no_verdict_milder(line: str, name: str) -> None:
    """T15, T16."""
    alone, beside = judged(log(line)), judged(replace(filed(name, trusted=False), excerpts=log(line).excerpts))
    if beside.category is alone.category:
        # None counts as the worst.
        assert beside.severity in {alone.severity, None, Severity.CRITICAL}
    else:
        assert beside.category in {Category.SECURITY_SECRET, Category.SECURITY_VULNERABILITY}


def test_a_forks_failing_test_does_not_excuse_what_the_log_says_is_stricter() -> None:
    broken = report_of(failing(1, DOWN), trusted=False)
    verdict = judged(replace(log(FAILED_TEST), files=(broken,)))
    assert verdict.category is Category.TEST_UNIT


NO_HOST = "ConnectionError: Could not resolve host: registry.example"


def test_a_message_that_speaks_of_the_network_excuses_no_test_that_the_log_says_failed() -> None:
    """T15: a pull request of the repository's own writes its messages too."""
    quoting = report_of(failing(1, NO_HOST))
    verdict = judged(replace(log(FAILED_TEST), files=(quoting,)))
    assert (verdict.category, verdict.source) == (Category.TEST_UNIT, "log")
    assert verdict.runner_up == "infra.network, by rule `results:dns`"


@pytest.mark.parametrize("said", [(), (FAILED_TEST, f"E   {DOWN}"), ("curl: (6) Could not resolve host: cdn.example",)])
def test_the_root_cause_in_the_messages_stays_the_verdict_where_the_log_says_nothing_stricter(
    said: tuple[str, ...],
) -> None:
    tests = [failing(number, DOWN) for number in range(4)]
    verdict = judged(replace(log(*said), files=(report_of(*tests, failing(99)),)))
    assert verdict.category is Category.INFRA_DATABASE


def test_a_message_that_speaks_of_the_network_takes_back_no_drift_that_it_tells_of_too() -> None:
    """T15: one that chose its words could else be waved through."""
    verdict = judged(Evidence(files=(report_of(failing(1, f"{NO_HOST}\nGenerated client is out of date")),)))
    assert verdict.category is Category.INFRA_NETWORK
    assert Other(Category.GENERATOR_DRIFT) in verdict.also


def test_a_forks_file_says_that_it_is_one() -> None:
    verdict = judged(Evidence(files=(report_of(failing(), trusted=False),)))
    assert verdict.reason.endswith("It comes from a fork, so the log is believed where it is stricter.")


# --- what is marked


@pytest.mark.requirement("S1-128")
def test_the_lines_that_files_name_are_marked_the_scanners_first() -> None:
    files = (report_of(failing()), *joined_reports([*read_results("t", TRIVY), *read_results("g", GITLEAKS)]))
    judged_job = judge(
        replace(JOB, evidence=Evidence(files=files)), "a" * 40, SIGNATURES, datetime(2026, 3, 2, tzinfo=UTC)
    )
    assert judged_job is not None
    assert judged_job.judgement is not None
    assert [(mark.path, mark.line, mark.message) for mark in judged_job.judgement.marks] == [
        ("config/prod.env", 3, "generic-api-key: a credential (found by Trivy, gitleaks)"),
        ("Dockerfile", 4, "DS002 (found by Trivy): Image user should not be root"),
        ("tests/test_cart.py", 9, "tests.test_cart::test_1: assert 3 == 4"),
    ]


def test_a_finding_in_no_file_and_one_that_is_only_noted_mark_no_line() -> None:
    note = Flaw(FlawKind.CODE, "R1", ("T",), level="note", path="a.py", line=2)
    nowhere = Flaw(FlawKind.DEPENDENCY, "CVE-1", ("T",), package="box")
    report = FileReport("T", FileKind.SCAN, flaws=(note, nowhere), tests=(FailedTest("t"),))
    assert list(marked_places([report])) == []


def test_what_was_read_is_kept_whole_and_older_evidence_has_none() -> None:
    evidence = filed(*sorted(ALL))
    kept: TypeAdapter[Evidence] = TypeAdapter(Evidence)
    assert kept.validate_json(kept.dump_json(evidence)) == evidence
    assert kept.validate_json(b"{}").files == ()
