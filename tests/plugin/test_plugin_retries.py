"""Tests that are tried again: every attempt is kept, and what counts is what pytest counts."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_project import Project

from pytest_failure_review.checking import check, check_the_dead

RETRYING = {
    "rerunfailures": ("-prerunfailures", "--reruns=2"),
    "pytest-retry": ("-ppytest-retry", "--retries=2"),
    "flaky": ("-pflaky", "--force-flaky", "--max-runs=3", "--no-flaky-report"),
}
SUITE = """
import pytest

seen = []

def test_ok():
    pass

def test_recovers():
    seen.append(1)
    if len(seen) < 3:
        raise ConnectionError(f"attempt {len(seen)}")

def test_never():
    seen.append(1)
    assert False, f"attempt {len(seen)}"

@pytest.fixture
def broken():
    yield
    assert False, "broken teardown"

def test_teardown(broken):
    pass

@pytest.mark.xfail
def test_expected():
    assert False

def test_skipped():
    pytest.skip("not here")
"""


def attempts(ran: Any, test: str) -> list[tuple[int, str, str]]:
    found = [failure for failure in ran.failures if failure["nodeid"].endswith(f"::{test}")]
    return sorted((failure["attempt"], failure["phase"], failure["message"]) for failure in found)


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "with workers"])
@pytest.mark.parametrize("plugin", RETRYING)
def test_every_attempt_is_kept_and_only_the_last_counts(
    project: Project, plugin: str, workers: tuple[str, ...]
) -> None:
    project.write("test_a.py", SUITE)
    ran = project.run_and_die(*RETRYING[plugin], *workers)
    assert ran.result.ret == 1
    assert attempts(ran, "test_recovers") == [
        (1, "call", "ConnectionError: attempt 1"),
        (2, "call", "ConnectionError: attempt 2"),
    ]
    assert [(attempt, phase) for attempt, phase, _ in attempts(ran, "test_never")] == [
        (1, "call"),
        (2, "call"),
        (3, "call"),
    ]
    assert [text.splitlines()[0] for *_, text in attempts(ran, "test_never")] == [
        f"AssertionError: attempt {4 + number}" for number in range(3)
    ]
    for failure in ran.failures:
        assert failure["message"].splitlines()[0].removeprefix("AssertionError: ") in failure["text"]
    flaky = [record for file in ran.files.values() for record in file if record["record"] == "flaky"]
    assert [(record["nodeid"], record["attempts"]) for record in flaky] == [("test_a.py::test_recovers", 3)]
    assert flaky[0]["worker"] == ("gw0" if workers else "main")
    torn = attempts(ran, "test_teardown")
    assert {phase for _, phase, _ in torn} == {"teardown"}

    said = ran.result.parseoutcomes()
    counts = ran.finish["counts"]
    assert (counts["failed"], counts["error"]) == (1, 1)
    assert counts == {name: said.get({"error": "errors"}.get(name, name), 0) for name in counts}
    found = check(project.reports)
    assert (found.complete, found.failures) == (True, 2)


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="pytest-subtests shows no failed sub-test to be retried")
def test_a_set_up_that_recovers_is_flaky(project: Project) -> None:
    project.write(
        "test_a.py",
        """
import pytest

seen = []

@pytest.fixture
def shaky():
    seen.append(1)
    assert len(seen) > 1

def test_a(shaky, subtests):
    with subtests.test("inner"):
        assert len(seen) > 2
""",
    )
    ran = project.run_and_die(*RETRYING["rerunfailures"])
    assert ran.result.ret == 0
    assert [(failure["attempt"], failure["phase"]) for failure in ran.failures] == [(1, "setup"), (2, "call")]
    assert [record["attempts"] for record in ran.files["main"] if record["record"] == "flaky"] == [3]
    found = check(project.reports)
    assert (found.complete, found.failures, found.worst_category) == (True, 0, "")


def test_a_sub_test_that_pytest_retry_tries_again_is_told_of_by_what_it_raised(project: Project) -> None:
    """It tries again inside the sub-test, with numbers of attempts that nobody else knows."""
    project.write(
        "test_a.py",
        "seen = []\n\ndef test_a(subtests):\n    seen.append(1)\n    with subtests.test('inner'):\n"
        "        assert len(seen) > 1\n",
    )
    ran = project.run_and_die(*RETRYING["pytest-retry"])
    assert {failure["exception"] for failure in ran.failures} == {"AssertionError"}
    assert len(ran.failures) == 1


@pytest.mark.parametrize("plugin", RETRYING)
def test_a_process_that_dies_in_a_later_attempt_says_in_which(project: Project, plugin: str) -> None:
    project.write(
        "test_a.py",
        "import os\n\nseen = []\n\ndef test_a():\n    seen.append(1)\n    os._exit(3) if len(seen) > 1 else 1 / 0\n",
    )
    project.run_and_die(*RETRYING[plugin])
    found = check_the_dead(project.reports)
    assert " ends early: the process died in the call of test_a.py::test_a, attempt 2; " in found.sentences[0]
    _, first, *_, crash, failure = project.files()["main"]
    assert (first["attempt"], first["message"]) == (1, "ZeroDivisionError: division by zero")
    assert (crash["attempt"], failure["attempt"], failure["phase"], failure["outcome"]) == (2, 2, "call", "crashed")


@pytest.mark.parametrize("recovers", [True, False])
def test_a_test_whose_worker_died_and_that_another_worker_passed_is_flaky(project: Project, recovers: bool) -> None:
    again = "pass" if recovers else "assert False"
    source = f"""
import os, pathlib

def test_ok():
    pass

def test_a():
    flag = pathlib.Path(__file__).with_name("flag")
    if not flag.exists():
        flag.touch()
        os._exit(0)
    {again}
"""
    project.write("test_a.py", source)
    ran = project.run_and_die(*RETRYING["rerunfailures"][:1], "--reruns=1", "-n1")
    assert ran.result.ret == (0 if recovers else 1)
    kept = {(failure["attempt"], failure["outcome"], failure["worker"]) for failure in ran.failures}
    assert kept == {(1, "crashed", "gw0")} | (set() if recovers else {(2, "failed", "gw1")})
    flaky = [record for record in ran.files["main"] if record["record"] == "flaky"]
    assert [(record["nodeid"], record["attempts"]) for record in flaky] == [("test_a.py::test_a", 2)] * recovers
    found = check(project.reports)
    assert (found.complete, found.failures) == (True, 0 if recovers else 1)


@pytest.mark.parametrize("plugin", RETRYING)
def test_no_frame_of_ours_is_shown_where_tests_are_tried_again(project: Project, plugin: str) -> None:
    project.write("test_a.py", "def test_a():\n    assert 0\n")
    frames = project.run_and_die(*RETRYING[plugin][:1]).failure["frames"]
    assert frames[-1]["path"] == "test_a.py"
    assert [frame["path"] for frame in frames if "pytest_failure_review" in frame["path"]] == []
