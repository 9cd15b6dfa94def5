"""Reports that cannot be written, or only in part: it is said, and pytest is unaffected."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from plugin_project import ALONE, Project, a_failure, a_start, records

from pytest_failure_review.capping import MAX_FILE_BYTES, MAX_RECORD_BYTES
from pytest_failure_review.checking import check
from pytest_failure_review.redaction import Redactor
from pytest_failure_review.report import Counts, Start
from pytest_failure_review.writing import ReportFile


def test_a_report_that_cannot_be_written_is_said_and_changes_nothing(project: Project) -> None:
    project.write("reports", "a file where the folder should be")
    project.pytester.makepyfile("def test_a():\n    assert False\n")
    result = project.run_plain("-W", "error", "--failure-review", "--failure-review-report=reports")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*test.unit*code_author*4h*test_a*", "no report was written: *"])
    result.stdout.no_fnmatch_line("*replay:*")


HOSTILE = """
import pytest

class Hostile(OSError):
    @property
    def sqlstate(self):
        return 1 / 0

@pytest.mark.parametrize("number", range(2))
def test_a(number):
    raise Hostile
"""


def test_an_error_of_the_plugin_is_said_even_when_no_report_can_be(project: Project) -> None:
    project.pytester.makepyfile("def test_a(): pass")
    result = project.run_plain("--failure-review", "--failure-review-report=\0")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["the plugin itself failed in sessionstart: ValueError: *"])


def test_a_failure_that_cannot_be_looked_at_still_has_a_record(project: Project) -> None:
    project.write("test_a.py", HOSTILE)
    ran = project.run()
    assert [failure["nodeid"] for failure in ran.failures] == ["test_a.py::test_a[0]", "test_a.py::test_a[1]"]
    for failure in ran.failures:
        assert (failure["category"], failure["exception"]) == ("unknown", "test_a.Hostile")
        assert "E       test_a.Hostile" in failure["text"]
        assert failure["notes"] == ["the failure could not be looked at: ZeroDivisionError: division by zero"]
    assert check(project.reports).complete


def test_an_error_of_the_plugin_is_recorded_once_and_changes_nothing(project: Project) -> None:
    project.write(
        "conftest.py",
        "def pytest_collection_finish(session):\n"
        "    recorder = session.config.pluginmanager.get_plugin('failure_review_recorder')\n"
        "    recorder._count = lambda report: 1 / 0\n",
    )
    project.write("test_a.py", "def test_a(): pass\n\ndef test_b(): assert 0\n")
    ran = project.run()
    assert ran.result.ret == 1
    internal = [record for record in ran.files["main"] if record["record"] == "internal"]
    assert [(record["where"], record["error"]) for record in internal] == [
        ("logreport", "ZeroDivisionError: division by zero")
    ]
    ran.result.stdout.fnmatch_lines(["the plugin itself failed in logreport: *"])
    assert [failure["nodeid"] for failure in ran.failures] == ["test_a.py::test_b"]
    assert not check(project.reports).complete


def test_a_forked_child_writes_into_no_file_of_its_parent(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import os

        def test_forks():
            child = os.fork()
            if child == 0:
                assert False
            os.waitpid(child, 0)
        """
    )
    ran = project.run(alone=True)
    assert [record["record"] for record in ran.files["main"]] == ["start", "gate", "finish"]
    assert check(project.reports).complete


def test_a_full_disk_is_said_and_changes_nothing(project: Project) -> None:
    project.write(
        "conftest.py",
        """
import resource
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_exception_interact():
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
""",
    )
    project.write("test_a.py", "def test_a():\n    assert False, 'x' * 9000\n")
    result = project.pytester.runpytest_subprocess(*ALONE, "--failure-review", "--failure-review-report=reports")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*test.unit*code_author*4h*test_a*",
            "the plugin itself failed in writing: OSError: *the report could only be written in part",
        ]
    )
    assert not check(project.reports).complete


def test_a_full_file_counts_what_it_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "new" / "failure-review-x-main.jsonl"
    file = ReportFile(path, cast("Start", a_start()), Redactor({}))
    for _ in range(100):
        file.failure(a_failure(text="x" * 20_000, message="y" * 20_000, rule="z" * 20_000))
    file.finish(1, Counts(passed=0, failed=100, error=0, skipped=0, xfailed=0, xpassed=0))
    *_, last = records(path)
    assert (last["failures"], last["truncated"]) == (85, 15)
    assert path.stat().st_size < MAX_FILE_BYTES + 2 * MAX_RECORD_BYTES
    assert check(path.parent).complete


def test_beyond_the_limit_failures_are_counted(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\nfailure_review_max_failures = 2\n")
    project.write(
        "test_a.py", "import pytest\n\n@pytest.mark.parametrize('n', range(5))\ndef test_a(n): assert n > 9\n"
    )
    ran = project.run()
    assert len(ran.failures) == 2
    assert (ran.finish["failures"], ran.finish["truncated"], ran.finish["counts"]["failed"]) == (2, 3, 5)
    assert check(project.reports).complete


def test_a_limit_that_is_no_number_ends_the_run_with_a_sentence(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\nfailure_review_max_failures = many\n")
    ran = project.run_and_die()
    assert ran.result.ret == 4
    assert "ERROR: failure_review_max_failures must be a whole number, not 'many'" in "\n".join(ran.result.outlines)
