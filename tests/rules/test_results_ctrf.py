"""CTRF: failed tests of any tool in one JSON format."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.rules.results.reading import may_be_results, read_results
from github_app.rules.results.values import FailedTest, FileReport


def read(*tests: Any, **summary: int) -> FileReport:
    results = {"tool": {"name": "playwright"}, "summary": summary, "tests": list(tests)}
    [report] = read_results("x", json.dumps({"reportFormat": "CTRF", "results": results}).encode())
    return report


def failed(**more: Any) -> dict[str, Any]:
    return {"name": "adds", "status": "failed", "message": "expected 4", **more}


def test_what_failed_is_named_with_its_suite_and_place() -> None:
    report = read(
        failed(suite="Cart", filePath="/__w/shop/shop/e2e/cart.ts", line=7), {"name": "b", "status": "passed"}
    )
    assert (report.tool, report.total, report.failed) == ("playwright", 2, 1)
    assert report.tests == (FailedTest("Cart::adds", "expected 4", "e2e/cart.ts", 7),)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"suite": ["Shop", "Cart"]}, FailedTest("Shop > Cart::adds", "expected 4")),
        ({"trace": "at e2e/cart.ts:7:2"}, FailedTest("adds", "expected 4\nat e2e/cart.ts:7:2", "e2e/cart.ts", 7)),
        ({"name": None, "message": 3}, FailedTest("(not named)", "3")),
    ],
)
def test_whatever_a_test_says_of_itself_is_taken(told: dict[str, Any], expected: FailedTest) -> None:
    assert read(failed(**told)).tests == (expected,)


def test_a_flaky_test_that_passed_did_not_fail() -> None:
    assert read({"name": "adds", "status": "passed", "flaky": True, "retries": 2}).failed == 0


def test_failures_that_are_counted_and_not_listed_are_told_as_one_without_a_name() -> None:
    report = read(tests=9, failed=3)
    assert (report.total, report.failed) == (9, 3)
    assert report.tests == (FailedTest("(not named)", "The file counts 3 failed and lists none of them."),)


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("x", b" \n{", True),
        ("x", b"\xef\xbb\xbf[", True),
        ("x", b"window.BENCHMARK_DATA = {", True),
        ("x", b"words", False),
        ("trivy.txt", b"", True),
    ],
)
def test_a_files_first_bytes_say_whether_it_is_worth_reading(name: str, head: bytes, expected: bool) -> None:
    assert may_be_results(name, head) is expected


LEAF = st.none() | st.floats() | st.text(max_size=4)


@given(st.recursive(LEAF, lambda each: st.lists(each) | st.dictionaries(st.text(max_size=4), each)))
def test_any_value_in_a_test_raises_nothing(value: object) -> None:
    report = read(failed(suite=value, line=value, filePath=value), value, {"status": value}, failed(name=value))
    assert report.failed >= 2
