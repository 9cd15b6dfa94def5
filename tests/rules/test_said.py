"""What a line says is judged by the tool's own words, and trouble that it only tells of is a symptom."""

from __future__ import annotations

import pytest
from verdicts import signatures_alone

from github_app.rules.categorise import categorise
from github_app.rules.model import Evidence, Excerpt, Job, Source
from github_app.rules.prefixes import mended, own_words, uncoloured
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

CHROMIUM = "[chromium] \u203a e2e/cart.spec.ts:3:1 \u203a adds up"
FAILED_TEST = "FAILED tests/test_cart.py::test_total - assert 3 == 4"


def judged(*lines: str) -> Verdict:
    job = Job(1, Source.ACTIONS, "github-actions", "job", "completed", "failure")
    evidence = Evidence(excerpts=(Excerpt(1, lines, "last lines"),))
    return categorise(_with(job, evidence), signatures_alone())


def _with(job: Job, evidence: Evidence) -> Job:
    return Job(job.id, job.source, job.app, job.name, job.status, job.conclusion, evidence=evidence)


@pytest.mark.parametrize(
    "before",
    [
        "[2099-01-02T03:04:05.678Z] ",
        "12:13:14 ",
        "#12 3.456 ",
        "web_1  | ",
        "[build] ",
        "@shop/cart:test: ",
        "##[error]",
        "> ",
        "[ERROR] #7 1.234 ",
    ],
)
def test_what_other_programs_write_before_a_line_is_passed_over(before: str) -> None:
    assert own_words(f"{before}{FAILED_TEST}") == FAILED_TEST
    assert judged(f"{before}{FAILED_TEST}").category is Category.TEST_UNIT


@pytest.mark.parametrize("line", ["[WARNING] FAILED tests/a.py", "a plain line", "", "[debug] x", "> "])
def test_a_line_that_nobody_handed_on_stays_as_it_is(line: str) -> None:
    assert own_words(line) == line


def test_a_colour_that_lost_its_escape_is_taken_off() -> None:
    assert uncoloured("[31m  4 failing[0m") == "  4 failing"
    assert judged("[31m  4 failing[0m").category is Category.TEST_UNIT


def test_brackets_that_are_no_colour_stay() -> None:
    assert uncoloured("cart[3] is [12 apples]") == "cart[3] is [12 apples]"


@pytest.mark.parametrize(
    "told",
    [
        "    Expected: connection refused",
        'E   AssertionError: "Temporary failure in name resolution" != ""',
        "✓ shows an error on ECONNRESET",
        "WARN could not resolve host: example.org",
        "npm warn 503 Service Unavailable",
        "curl: (6) Could not resolve host: example.org, retrying",
        "ok 3 reports HTTP 429: Too Many Requests",
        "AssertionError: expected '401 Unauthorized' to equal '200 OK'",
    ],
)
def test_trouble_that_a_line_only_tells_of_does_not_beat_a_failed_test(told: str) -> None:
    verdict = judged(told, FAILED_TEST)
    assert (verdict.category, verdict.rule) == (Category.TEST_UNIT, "pytest")


def test_trouble_that_a_line_only_tells_of_is_believed_where_nothing_else_is_known() -> None:
    verdict = judged("could not resolve host: example.org, retrying")
    assert (verdict.category, verdict.confidence) == (Category.INFRA_NETWORK, 0.4)


def test_the_last_of_several_attempts_is_the_cause_of_what_the_resolver_then_misses() -> None:
    """X30: pip tells of a network outage in a warning, and in its errors of a version that does not exist."""
    broken = (
        "after connection broken by 'NewConnectionError(: [Errno -3] Temporary failure in name resolution)': /shop/"
    )
    resolver = "ERROR: Could not find a version that satisfies the requirement shop==3.0.2 (from versions: none)"
    last = judged(f"WARNING: Retrying (Retry(total=0, connect=None)) {broken}", resolver)
    early = judged(f"WARNING: Retrying (Retry(total=4, connect=None)) {broken}", resolver)
    assert (last.category, last.runner_up) == (Category.INFRA_NETWORK, "build.dependencies, by rule `pip-resolve`")
    assert early.category is Category.BUILD_DEPENDENCIES


def test_a_test_that_fails_in_a_docker_build_is_a_failed_test() -> None:
    """X30: where in the Dockerfile the command stands says nothing about why it failed."""
    solve = 'ERROR: failed to solve: process "/bin/sh -c pytest" did not complete successfully: exit code: 1'
    verdict = judged(f"#9 3.2 {FAILED_TEST}", "Dockerfile:9", "   9 | >>> RUN pytest", solve)
    assert (verdict.category, verdict.rule) == (Category.TEST_UNIT, "pytest")


def test_a_command_of_a_dockerfile_that_says_nothing_known_fails_the_build_without_a_compile_error() -> None:
    solve = 'ERROR: failed to solve: process "/bin/sh -c make docs" did not complete successfully: exit code: 2'
    verdict = judged("#9 0.2 something odd", "Dockerfile:9", solve)
    assert (verdict.category, verdict.rule) == (Category.BUILD, "dockerfile-command")


def test_real_trouble_still_beats_a_failed_test() -> None:
    assert judged("curl: (6) Could not resolve host: example.org", FAILED_TEST).category is Category.INFRA_NETWORK


def test_text_that_was_read_in_the_wrong_code_page_is_mended() -> None:
    misread = CHROMIUM.encode().decode("cp437")
    assert mended(misread) == CHROMIUM
    assert judged(f"    {misread}").category is Category.TEST_INTEGRATION


@pytest.mark.parametrize("text", ["plain", "Γ alone", "ΓÇ"])
def test_text_that_is_as_it_was_written_stays(text: str) -> None:
    assert mended(text) == text


def test_the_job_and_step_that_github_writes_before_a_line_are_passed_over() -> None:
    assert own_words(f"Tests\tRun the tests\t{FAILED_TEST}") == FAILED_TEST
