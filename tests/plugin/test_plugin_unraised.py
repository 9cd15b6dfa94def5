"""Failures that raise nothing, or of which pytest does not tell what was raised: each has one record."""

from __future__ import annotations

import pytest
from plugin_project import Project, Ran

from pytest_failure_review.checking import check

RED = """
import pytest

def pytest_configure(config):
    config.addinivalue_line("markers", "red(phase, said)")

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    wanted = item.get_closest_marker("red")
    if wanted and report.when == wanted.args[0]:
        report.outcome, report.longrepr = "failed", wanted.args[1]
    return report
"""
MARKED = """
import pytest

@pytest.mark.red("{phase}", {said})
def test_a():
    pass

def test_b():
    pass
"""


def run(project: Project, phase: str = "call", said: str = "'3 checks failed'", *arguments: str) -> Ran:
    project.write("conftest.py", RED)
    project.write("test_a.py", MARKED.format(phase=phase, said=said))
    return project.run(*arguments)


@pytest.mark.parametrize(("phase", "outcome"), [("setup", "error"), ("call", "failed"), ("teardown", "error")])
def test_a_report_that_another_plugin_turned_red_has_a_record_with_its_text(
    project: Project, phase: str, outcome: str
) -> None:
    ran = run(project, phase)
    failure = ran.failure
    assert (failure["nodeid"], failure["phase"], failure["outcome"]) == ("test_a.py::test_a", phase, outcome)
    assert (failure["message"], failure["text"], failure["exception"]) == ("3 checks failed", "3 checks failed", "")
    assert (failure["category"], failure["line"]) == ("test.unit" if phase == "call" else "unknown", 4)
    assert check(project.reports).sentences[0].endswith("is complete: pytest ended with status 1, 1 failure.")


def test_a_red_report_without_a_reason_says_so(project: Project) -> None:
    assert run(project, said="None").failure["message"] == (
        "The test was reported as failed. Nothing was raised, and no reason was given."
    )


def test_what_a_red_report_says_is_redacted_and_shown_in_the_table(project: Project) -> None:
    ran = run(project, said="'login with password=hunter2hunter2'")
    assert ran.failure["text"] == "login with password=***"
    ran.result.stdout.fnmatch_lines(["*= failure review =*", "test.unit  code_author  4h  test_a.py::test_a"])


def test_a_marker_decides_about_a_test_that_raised_nothing(project: Project) -> None:
    project.write("conftest.py", RED)
    project.write(
        "test_a.py",
        "import pytest\n\n@pytest.mark.failure_review('performance', owner='@ann')\n@pytest.mark.red('call', 'slow')\n"
        "def test_a(): pass\n",
    )
    failure = project.run().failure
    assert (failure["category"], failure["owner"]["names"]) == ("performance", ["@ann"])


def test_a_test_that_the_debugger_left_has_one_record(project: Project) -> None:
    project.write(
        "test_a.py", "import bdb\n\ndef test_a():\n    raise bdb.BdbQuit\n\ndef test_b():\n    assert False\n"
    )
    ran = project.run()
    assert [(failure["nodeid"], failure["message"].splitlines()[0]) for failure in ran.failures] == [
        ("test_a.py::test_a", "bdb.BdbQuit"),
        ("test_a.py::test_b", "AssertionError: assert False"),
    ]
    assert "raise bdb.BdbQuit" in ran.failures[0]["text"]
    assert check(project.reports).complete


def test_the_tests_before_a_red_one_are_told_in_its_record_alone(project: Project) -> None:
    project.write("conftest.py", RED)
    body = MARKED.format(phase="call", said="'no'")
    project.write("test_a.py", f"def test_first(): pass\n{body}\ndef test_c(): assert False\n")
    red, other = project.run().failures
    assert red["before"] == ["test_a.py::test_first"]
    assert other["before"] == ["test_a.py::test_b"]


def test_a_module_whose_collection_another_plugin_failed_has_a_record(project: Project) -> None:
    project.write(
        "conftest.py",
        "import pytest\n\n@pytest.hookimpl(wrapper=True)\ndef pytest_make_collect_report(collector):\n"
        "    report = yield\n"
        "    if collector.name == 'test_a.py': report.outcome, report.longrepr = 'failed', 'not in this house'\n"
        "    return report\n",
    )
    project.write("test_a.py", "def test_a(): pass\n")
    ran = project.run()
    assert (ran.failure["phase"], ran.failure["nodeid"], ran.failure["message"]) == (
        "collect",
        "test_a.py",
        "not in this house",
    )
    assert check(project.reports).complete


def test_red_reports_of_workers_are_recorded_by_them(project: Project) -> None:
    project.write("conftest.py", RED)
    project.write("test_a.py", MARKED.format(phase="call", said="'3 checks failed'"))
    ran = project.run_and_die("-n1")
    assert (ran.failure["worker"], ran.failure["message"]) == ("gw0", "3 checks failed")
    assert check(project.reports).complete


def test_each_red_attempt_is_kept_and_a_strict_pass_that_is_tried_again_too(project: Project) -> None:
    project.write("conftest.py", RED)
    project.write(
        "test_a.py",
        MARKED.format(phase="call", said="'3 checks failed'")
        + "\n@pytest.mark.xfail(strict=True)\ndef test_strict(): pass\n",
    )
    ran = project.run_and_die("-prerunfailures", "--reruns=1")
    assert [(failure["nodeid"].rpartition(":")[2], failure["attempt"]) for failure in ran.failures] == [
        ("test_a", 1),
        ("test_a", 2),
        ("test_strict", 1),
        ("test_strict", 2),
    ]
    assert check(project.reports).failures == 2


def test_a_test_that_is_red_in_the_last_line_alone_did_not_fail(project: Project) -> None:
    """What pytest's exit status does not count, no report may count."""
    project.write(
        "conftest.py",
        "import pytest\n\n@pytest.hookimpl(wrapper=True)\ndef pytest_report_teststatus(report):\n"
        "    status = yield\n"
        "    return ('failed', 'F', 'FAILED') if report.when == 'call' else status\n",
    )
    project.write("test_a.py", "def test_a(): pass\n")
    ran = project.run()
    assert (ran.result.ret, ran.failures, ran.finish["counts"]["passed"]) == (0, [], 1)
