"""No word that a change may choose takes back a finding that is never overridden (T15)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import A, book, job, moved, only, pull, seen, told
from verdicts import judged, log, report, reported

from github_app.builtin import signatures
from github_app.classify import judge_log
from github_app.rules.model import Evidence, Excerpt
from github_app.rules.overrides import eligibility
from github_app.rules.policy import rule_of
from github_app.rules.verdicts import Permission
from pytest_failure_review.report import Category

DRIFT = "Generated files are out of date: src/api/types.ts"


@pytest.mark.parametrize(
    "line",
    [
        "Generated files are out of date: src/format/types.ts",
        "Hardcoded password found in config/should/app.py",
        "Possible AWS access key in bandit/deploy.sh",
        "WARNING: Generated files are out of date: src/api/types.ts",
        "2026-11-24 08:00:00 WARNING generated files differ: src/a.py",
    ],
)
def test_neither_a_files_name_nor_a_level_takes_it_back(line: str) -> None:
    graves = {Category.GENERATOR_DRIFT, Category.SECURITY_SECRET, Category.SECURITY_VULNERABILITY}
    assert {hit.signature.category for hit in signatures().hits(line)} & graves


def test_a_job_that_hangs_until_github_ends_it_is_still_bound_by_its_log() -> None:
    hung = job("timed_out", evidence=Evidence(excerpts=(Excerpt(1, (DRIFT,), "x"),)))
    failure = only(told(moved(pull()), seen(A, hung)))
    assert failure.verdict.rule == "fact:timed-out"
    policy = book().policy
    assert eligibility(failure.verdict, rule_of(failure.verdict, policy), policy, None).permission is Permission.NEVER


def test_a_drift_is_not_pushed_out_of_sight_by_failures_of_other_kinds() -> None:
    others = ("FAILED tests/a.py::b", "The following tests FAILED:", "  1 failed", "✖ 5 of 6 failed", "error: it broke")
    noise = "\n".join(f"{line}\n" + "building\n" * 100 for line in others)
    log = (
        f"##[group]Run make check\n##[endgroup]\n{noise}{DRIFT}\n{noise}##[error]Process completed with exit code 1.\n"
    )
    verdict = judge_log([log.encode()], signatures()).verdict
    assert Category.GENERATOR_DRIFT in {verdict.category, *(other.category for other in verdict.also)}


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("said", [Category.INFRA_NETWORK, Category.TEST_UNIT, Category.SECURITY_VULNERABILITY])
@pytest.mark.parametrize("line", [DRIFT, "3:15PM WRN leaks found: 2", "name 1.0 1.1 npm GHSA-aaaa-bbbb-cccc Critical"])
def test_no_report_takes_back_what_the_log_forbids(line: str, said: Category, *, trusted: bool) -> None:
    """The change wrote the report as well, also where it comes from the repository itself."""
    told = replace(report(reported(said)), trusted=trusted)
    verdict = judged(replace(log(line), report=told))
    policy = book().policy
    assert eligibility(verdict, rule_of(verdict, policy), policy, None).permission is Permission.NEVER
