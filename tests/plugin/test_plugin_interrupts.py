"""Runs that are stopped, give up early or do not run all: the report is whole, and no stopped test is passed."""

from __future__ import annotations

import pytest
from plugin_project import Project

from pytest_failure_review.checking import check

STOPPED = ("unknown", "the run was interrupted while it ran")


@pytest.mark.parametrize("stop", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
@pytest.mark.parametrize(
    ("phase", "source"),
    [
        ("setup", "@pytest.fixture\ndef stopping():\n    {stop}\n\ndef test_a(stopping):\n    pass\n"),
        ("call", "def test_a():\n    {stop}\n"),
        ("teardown", "@pytest.fixture\ndef stopping():\n    yield\n    {stop}\n\ndef test_a(stopping):\n    pass\n"),
    ],
)
def test_a_test_that_is_stopped_is_recorded_as_interrupted(
    project: Project, stop: str, phase: str, source: str
) -> None:
    project.write("test_a.py", "import pytest\n\ndef test_ok():\n    pass\n\n" + source.format(stop=stop))
    ran = project.run_and_die()
    assert (ran.failure["nodeid"], ran.failure["phase"], ran.failure["outcome"]) == (
        "test_a.py::test_a",
        phase,
        "interrupted",
    )
    assert ran.finish["exit_status"] == 2


def test_a_stop_between_tests_blames_none(project: Project) -> None:
    project.write("conftest.py", "def pytest_runtest_logfinish(nodeid):\n    raise KeyboardInterrupt\n")
    project.pytester.makepyfile("def test_ok(): pass")
    assert project.run_and_die().failures == []


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_run_that_gives_up_early_is_complete(project: Project, option: str) -> None:
    project.pytester.makepyfile("def test_a():\n    assert False\n\ndef test_b():\n    assert False\n")
    ran = project.run(option)
    assert len(ran.failures) == 1
    assert check(project.reports).complete


@pytest.mark.parametrize("option", ["--collect-only", "--fixtures", "-p no:terminal", "--exitfirst --pdb"])
def test_other_ways_to_run_leave_a_complete_report(project: Project, option: str) -> None:
    project.pytester.makepyfile("def test_ok(): pass")
    ran = project.run_and_die(*option.split())
    assert ran.finish["exit_status"] == 0


@pytest.mark.parametrize("option", ["--help", "--version", "--markers"])
def test_questions_to_pytest_leave_no_report(project: Project, option: str) -> None:
    project.run(option)
    assert not project.reports.exists()


@pytest.mark.parametrize("option", ["-p no:xdist", "-p no:faulthandler", "-p no:capture", "-s", "-p no:terminal"])
def test_a_failure_is_recorded_whatever_of_pytest_is_missing(project: Project, option: str) -> None:
    project.write("test_a.py", "def test_a(): assert False\n")
    ran = project.run_and_die(*option.split())
    assert (ran.result.ret, ran.failure["nodeid"]) == (1, "test_a.py::test_a")
    assert check(project.reports).complete


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_distributed_run_that_gives_up_early_is_complete(project: Project, option: str) -> None:
    project.write(
        "test_a.py",
        "import time, pytest\n\ndef test_a():\n    assert False\n\n"
        "@pytest.mark.parametrize('number', range(9))\ndef test_b(number):\n    time.sleep(0.05)\n",
    )
    ran = project.run_and_die(option, "-n2")
    assert ran.result.ret == 2
    assert [failure["nodeid"] for failure in ran.failures] == ["test_a.py::test_a"]
    assert check(project.reports).complete


def test_a_distributed_run_that_is_stopped_tells_what_was_interrupted(project: Project) -> None:
    project.write(
        "test_a.py",
        "import os, signal, time\n\ndef test_a():\n    os.kill(os.getppid(), signal.SIGINT)\n    time.sleep(60)\n",
    )
    ran = project.run_and_die("-n1")
    assert ran.result.ret == 2
    assert (ran.failure["nodeid"], ran.failure["outcome"]) == ("test_a.py::test_a", "interrupted")
    assert (ran.failure["category"], ran.failure["rule"]) == STOPPED
    assert check(project.reports).complete


@pytest.mark.parametrize("stop", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_nobody_is_blamed_for_the_test_that_ran_when_the_run_was_stopped(
    project: Project, stop: str, workers: str
) -> None:
    project.write(
        "tests/unit/test_a.py",
        f"import pytest\n\ndef test_a():\n    try:\n        raise ConnectionError\n    finally:\n        {stop}\n",
    )
    failure = project.run_and_die(workers).failure
    assert (failure["category"], failure["rule"]) == STOPPED
