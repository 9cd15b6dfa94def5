"""Whose a file is, by the names of its artifact and of the jobs beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gates import job

from github_app.rules.model import Excerpt
from github_app.rules.results.belonging import Belonging, among, by_key, is_of_time, is_told
from github_app.rules.results.cleaning import cleaned
from github_app.rules.results.together import joined_reports
from github_app.rules.results.values import Benchmark, FailedTest, FileKind, FileReport, Flaw, FlawKind

NAMED, ONLY, UNCLEAR = Belonging.NAMED, Belonging.ONLY, Belonging.UNCLEAR
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("artifact", "name", "expected"),
    [
        ("failure-review-unit-0-1", "unit", NAMED),
        ("failure-review-Unit-0-1", "call / unit", NAMED),
        ("failure-review-unit_tests-3-1", "Unit tests", NAMED),
        ("failure-review-unit-0-1", "unit (3.12)", UNCLEAR),  # every leg of a matrix has this key
        ("failure-review-lint-0-1", "unit", UNCLEAR),
        ("failure-review-unit-0-2", "unit", None),
        ("test-results", "unit", UNCLEAR),
    ],
)
def test_our_own_artifacts_are_known_by_the_key_of_the_job(
    artifact: str, name: str, expected: Belonging | None
) -> None:
    assert by_key(artifact, job(1, name)) is expected


@pytest.mark.parametrize(
    ("artifact", "others", "expected"),
    [
        ("results-unit-3.12", {}, NAMED),
        ("results-unit-3.12", {"unit": "failure", "unit (3.11)": "failure"}, NAMED),
        ("results-unit-3.11", {"unit (3.11)": "success"}, UNCLEAR),
        ("results", {}, ONLY),
        ("results", {"lint": "success", "docs": "skipped"}, ONLY),
        ("results", {"lint": "failure"}, UNCLEAR),
        ("results", {"lint": "cancelled"}, UNCLEAR),
        ("results", {"lint": None}, UNCLEAR),
        ("lint-results", {"lint": "success"}, UNCLEAR),
    ],
)
def test_the_job_whose_whole_name_stands_in_the_artifacts_is_the_one(
    artifact: str, others: dict[str, str | None], expected: Belonging
) -> None:
    mine = job(1, "unit (3.12)")
    beside = [job(number, name, conclusion) for number, (name, conclusion) in enumerate(others.items(), 2)]
    assert among(artifact, mine, [mine, *beside]) is expected


@pytest.mark.parametrize(("after", "expected"), [(-1, False), (0, True), (60, True), (180, False)])
def test_an_artifact_is_made_while_its_job_runs(after: int, expected: bool) -> None:
    ran = job(1, created_at=NOW, completed_at=NOW + timedelta(minutes=1))
    assert is_of_time(NOW + timedelta(seconds=after), ran) is expected
    assert is_of_time(None, ran)


@pytest.mark.parametrize(
    ("told", "line", "expected"),
    [
        ({"tests": (FailedTest("c::test_total"),)}, "FAILED tests/c.py::test_total", True),
        ({"tests": (FailedTest("c::adds"),)}, "it adds", False),  # a word of any log
        ({"tests": (FailedTest("c::test_total"),)}, "nothing of it", False),
        ({"flaws": (Flaw(FlawKind.DEPENDENCY, "CVE-2099-1", ("T",)),)}, "found CVE-2099-1", True),
        ({"flaws": (Flaw(FlawKind.DEPENDENCY, "X", ("T",), package="box", version="1.2"),)}, "box 1.2", True),
        ({"flaws": (Flaw(FlawKind.CODE, "X", ("T",), path="shop/db.py"),)}, "in shop/db.py:3", True),
        ({"benchmarks": (Benchmark("b.py::bench_total", 1.0),)}, "bench_total 3 ms", True),
        ({"problem": "it wrote: no rules found\nmore"}, "ERR no rules found", True),
    ],
)
def test_a_log_tells_of_the_same_by_a_name_that_is_long_enough(told: dict[str, Any], line: str, expected: bool) -> None:
    report = FileReport("T", FileKind.SCAN, **told)
    assert is_told(report, [Excerpt(1, ("before", line), "why")]) is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"total": 9}, False),
        ({"complete": False}, True),
        ({"problem": "no"}, True),
        ({"failed": 1}, True),
        ({"benchmarks": (Benchmark("b", 1.0),)}, False),
        ({"benchmarks": (Benchmark("b", 1.0, slower=0.0),)}, True),
    ],
)
def test_a_report_says_something_when_it_may_explain_a_red_job(told: dict[str, Any], expected: bool) -> None:
    assert FileReport("T", FileKind.SCAN, **told).says_something is expected


def test_a_long_message_keeps_its_beginning_and_its_end() -> None:
    report = FileReport("T", FileKind.TESTS, tests=(FailedTest("t", f"begin {'x' * 5_000} end"),))
    [test] = cleaned(report, lambda text, limit: text[:limit]).tests
    assert test.message.startswith("begin ")
    assert test.message.endswith(" end")
    assert len(test.message) < 3_100


def test_every_text_of_a_report_is_cleaned() -> None:
    flaw = Flaw(FlawKind.CODE, "key", ("key",), "key", None, "error", "key", "key", "key", ("key",), "key", "key")
    tests, benchmarks = (FailedTest("key", "key", "key"),), (Benchmark("key", 1.0, "key"),)
    report = FileReport("key", FileKind.SCAN, "key", tests, (flaw,), benchmarks, problem="key")
    assert "key" not in str(cleaned(report, lambda text, _: text.replace("key", "***")))


def test_files_of_one_tool_become_one_report_that_counts_all() -> None:
    one = FileReport("J", FileKind.TESTS, "a.xml", (FailedTest("a"),), total=5, failed=1)
    more = [FileReport("J", FileKind.TESTS, f"{name}.xml", total=5) for name in "bc"]
    [joined] = joined_reports([*more, one])
    assert (joined.name, joined.total, joined.failed, joined.tests) == ("a.xml", 15, 1, (FailedTest("a"),))


def test_a_scanner_that_failed_once_is_told_beside_its_other_files() -> None:
    reports = [FileReport("T", FileKind.SCAN, "a"), FileReport("T", FileKind.SCAN, "b", problem="no")]
    assert [report.problem for report in joined_reports(reports)] == ["", "no"]
