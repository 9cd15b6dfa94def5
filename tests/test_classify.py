"""One log into one verdict: the same however it comes, and with the facts that a person names."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.builtin import signatures
from github_app.classify import judge_log
from github_app.classify_text import as_text
from pytest_failure_review.report import Category, State

LOG = b"""\
2026-03-02T09:00:01.0000000Z ##[group]Run pytest
2026-03-02T09:00:01.1000000Z ##[endgroup]
2026-03-02T09:00:02.0000000Z FAILED tests/test_cart.py::test_total - assert 3 == 4
2026-03-02T09:00:03.0000000Z ##[error]Process completed with exit code 1.
2026-03-02T09:00:04.0000000Z Cleaning up orphan processes
"""


def test_a_log_alone_is_judged_and_its_lines_are_counted() -> None:
    judged = judge_log([LOG], signatures())
    assert (judged.verdict.category, judged.lines, judged.failed_step) == (Category.TEST_UNIT, 5, True)
    assert judged.verdict.evidence[0].line == 3


def test_the_names_that_a_person_gives_count_as_github_s_would() -> None:
    assert judge_log([LOG], signatures(), job_name="e2e").verdict.category is Category.TEST_INTEGRATION
    assert judge_log([LOG], signatures(), step_name="Integration").verdict.category is Category.TEST_INTEGRATION


def test_a_log_that_says_nothing_known_is_unknown_and_says_what_was_looked_at() -> None:
    judged = judge_log([b"one\ntwo"], signatures())
    assert (judged.verdict.category, judged.verdict.state, judged.lines) == (Category.UNKNOWN, State.NO_MATCH, 2)
    assert judged.verdict.reason == "Nothing in the log is a failure known here; the likeliest place is lines 1 to 2."


@given(st.lists(st.integers(0, len(LOG)), max_size=6))
def test_a_log_is_judged_the_same_wherever_it_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(LOG)]
    pieces = [LOG[begin:end] for begin, end in pairwise(places)]
    assert judge_log(pieces, signatures()) == judge_log([LOG], signatures())


@pytest.mark.parametrize(
    ("log", "failed"),
    [(LOG, True), (LOG.replace(b"##[error]", b""), False), (LOG.partition(b"Cleaning")[0].replace(b"##", b""), True)],
    ids=["error", "passed", "broken off"],
)
def test_a_log_tells_whether_a_step_failed(log: bytes, failed: bool) -> None:
    assert judge_log([log], signatures()).failed_step is failed


@pytest.mark.requirement("S1-017")
def test_who_committed_a_credential_is_not_shown() -> None:
    log = b"Finding: aws-key\nRuleID: aws-key\nAuthor: Jane Roe\nEmail: jane@example.com\n3:15PM WRN leaks found: 1\n"
    judged = judge_log([log], signatures())
    assert judged.verdict.category is Category.SECURITY_SECRET
    shown = "\n".join(as_text(judged, lambda text, *_: text))
    assert "leaks found" in shown
    assert "Jane" not in shown
    assert "jane@" not in shown


@pytest.mark.requirement("S1-006")
def test_a_drift_of_nothing_but_types_says_so_as_the_app_does() -> None:
    said = b"##[error]generated files are out of date: run 'make client' and commit the result"
    assert judge_log([said, b"\ndiff --git a/web/api.ts b/web/api.ts\n"], signatures()).verdict.subcategory == "types"
