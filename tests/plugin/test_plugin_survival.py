"""Runs that die, are stopped, are distributed, or cannot write: what the report still says; pytest is unaffected."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest
from plugin_project import Project, a_failure, a_start, records

from pytest_failure_review.capping import MAX_FILE_BYTES, MAX_RECORD_BYTES
from pytest_failure_review.checking import check, check_the_dead
from pytest_failure_review.redaction import Redactor
from pytest_failure_review.report import Counts, Start
from pytest_failure_review.run import keep_to_this_process
from pytest_failure_review.writing import ReportFile

DEATHS = {
    "exit_0": "os._exit(0)",
    "exit_3": "os._exit(3)",
    "sigkill": "os.kill(os.getpid(), signal.SIGKILL)",
    "segfault": "os.kill(os.getpid(), signal.SIGSEGV)",
}


def dying(how: str) -> str:
    return f"""
import os, signal

def test_bad():
    assert False

def test_dies():
    {DEATHS[how]}

def test_never_reached():
    pass
"""


@pytest.mark.parametrize("how", DEATHS)
def test_a_process_that_dies_leaves_what_failed_before_and_no_finish(project: Project, how: str) -> None:
    project.write("test_a.py", dying(how))
    ran = project.run(alone=True)
    assert [record["record"] for record in ran.files["main"]] == ["start", "failure"]
    found = check_the_dead(project.reports, 139 if how == "segfault" else None)
    how_it_died = " (signal SIGSEGV)" if how == "segfault" else ""
    nodeid = "test_a.py::test_dies"
    assert found.deaths == (f"the process died in the call of {nodeid}{how_it_died}",)
    assert (found.complete, found.failures, found.worst_category) == (False, 2, "test.unit")
    (*_, crash, failure) = project.ran(ran.result).files["main"]
    assert (crash["nodeid"], crash["phase"], crash["before"]) == (nodeid, "call", ["test_a.py::test_bad"])
    assert (failure["nodeid"], failure["outcome"], failure["category"]) == (nodeid, "crashed", "infra.runner")
    assert check_the_dead(project.reports) == found  # it is told once


def test_a_green_exit_status_of_a_dead_run_is_not_believed(project: Project) -> None:
    project.write("test_a.py", dying("exit_0"))
    ran = project.run(alone=True)
    assert ran.result.ret == 0
    assert not check(project.reports).complete


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
    ran = project.run(alone=True)
    assert (ran.failure["nodeid"], ran.failure["phase"], ran.failure["outcome"]) == (
        "test_a.py::test_a",
        phase,
        "interrupted",
    )
    assert ran.finish["exit_status"] == 2


def test_a_stop_between_tests_blames_none(project: Project) -> None:
    project.write("conftest.py", "def pytest_runtest_logfinish(nodeid):\n    raise KeyboardInterrupt\n")
    project.pytester.makepyfile("def test_ok(): pass")
    assert project.run(alone=True).failures == []


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_run_that_gives_up_early_is_complete(project: Project, option: str) -> None:
    project.pytester.makepyfile("def test_a():\n    assert False\n\ndef test_b():\n    assert False\n")
    ran = project.run(option)
    assert len(ran.failures) == 1
    assert check(project.reports).complete


@pytest.mark.parametrize("option", ["--collect-only", "--fixtures", "-p no:terminal", "--exitfirst --pdb"])
def test_other_ways_to_run_leave_a_complete_report(project: Project, option: str) -> None:
    project.pytester.makepyfile("def test_ok(): pass")
    ran = project.run(*option.split(), alone=True)
    assert ran.finish["exit_status"] == 0


@pytest.mark.parametrize("option", ["--help", "--version", "--markers"])
def test_questions_to_pytest_leave_no_report(project: Project, option: str) -> None:
    project.run(option)
    assert not project.reports.exists()


def test_a_report_that_cannot_be_written_is_said_and_changes_nothing(project: Project) -> None:
    project.write("reports", "a file where the folder should be")
    project.pytester.makepyfile("def test_a():\n    assert False\n")
    result = project.pytester.runpytest_inprocess(
        "-p", "no:asyncio", "-W", "error", "--failure-review", "--failure-review-report=reports"
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*test.unit*no owner*test_a*", "no report was written: *"])


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
    result = project.pytester.runpytest_inprocess("-p", "no:asyncio", "--failure-review", "--failure-review-report=\0")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["the plugin itself failed in sessionstart: ValueError: *"])


def test_an_error_of_the_plugin_is_recorded_once_and_changes_nothing(project: Project) -> None:
    project.write(
        "test_a.py",
        HOSTILE,
    )
    ran = project.run()
    internal = [record for record in ran.files["main"] if record["record"] == "internal"]
    assert [(record["where"], record["error"]) for record in internal] == [
        ("exception_interact", "ZeroDivisionError: division by zero")
    ]
    ran.result.stdout.fnmatch_lines(["the plugin itself failed in exception_interact: *"])
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


@pytest.mark.parametrize("how", ["exit_0", "sigkill"])
def test_a_worker_that_dies_is_recorded_by_the_main_process(project: Project, how: str) -> None:
    project.write("test_a.py", dying(how))
    ran = project.run("-n1", alone=True)
    (crash,) = [failure for failure in ran.failures if failure["outcome"] == "crashed"]
    assert crash["nodeid"].endswith("::test_dies")
    assert (crash["worker"], crash["category"]) == ("gw0", "infra.runner")
    assert ran.files["gw0"][-1]["record"] != "finish"
    assert check(project.reports).complete


def test_each_worker_has_its_file_and_the_main_process_counts_and_shows_all(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(4))
        def test_a(number):
            assert number < 0

        @pytest.mark.xfail(strict=True)
        def test_strict():
            pass
        """
    )
    ran = project.run("-n2", alone=True)
    assert sorted(ran.files) == ["gw0", "gw1", "main"]
    assert len(ran.failures) == ran.finish["counts"]["failed"] == 5
    assert sum(ran.files[worker][-1]["counts"]["failed"] for worker in ("gw0", "gw1")) == 5
    assert len({file[0]["run_id"] for file in ran.files.values()}) == 1
    ran.result.stdout.fnmatch_lines(["*failure review*", "4x*test_a*and 3 more"])


def test_a_file_that_no_worker_can_collect_is_shown_once(project: Project) -> None:
    project.write("test_broken.py", "import nothing_like_it\n")
    ran = project.run("-n2", alone=True)
    shown = [line for line in ran.result.outlines if "build.dependencies" in line]
    assert len(shown) == 1
    assert check(project.reports).failures == 1


@pytest.mark.parametrize(
    ("arguments", "ini", "is_on"),
    [
        ([], "", False),
        (["--failure-review"], "", True),
        ([], "failure_review = true", True),
        (["--failure-review"], "failure_review = false", False),
        ([], "addopts = --failure-review", True),
        ([], "addopts = --failure-review\nfailure_review = false", False),
        (["-o", "failure_review=false"], "failure_review = true", False),
    ],
)
def test_the_option_turns_it_on_and_the_ini_has_the_last_word(
    project: Project, arguments: list[str], ini: str, *, is_on: bool
) -> None:
    project.write("pytest.ini", f"[pytest]\n{ini}\n")
    project.pytester.makepyfile("def test_ok(): pass")
    project.pytester.runpytest_inprocess("-p", "no:asyncio", *arguments)
    assert (project.path / ".failure-review").exists() is is_on


def test_while_it_is_off_nothing_is_registered(project: Project) -> None:
    config = project.pytester.parseconfigure("-p", "no:asyncio")
    assert not config.pluginmanager.has_plugin("failure_review_recorder")


def test_a_test_that_changes_the_working_directory_moves_no_report(project: Project) -> None:
    project.pytester.makepyfile("import os\n\ndef test_a(tmp_path):\n    os.chdir(tmp_path)\n    assert False\n")
    before = os.getcwd()  # noqa: PTH109  (what os.chdir changes)
    try:
        assert len(project.run().failures) == 1
    finally:
        os.chdir(before)


AWKWARD = r"""
import pytest, unittest

class BadStr(Exception):
    def __str__(self): raise RuntimeError("no words")
    __repr__ = __str__

class BadEq(Exception):
    def __eq__(self, other): raise RuntimeError("not comparable")
    __hash__ = None

def test_bad_str(): raise BadStr
def test_bad_eq():
    try: raise BadEq
    except BadEq as error: raise ValueError from error
def test_group(): raise ExceptionGroup("many", [ValueError(1), ExceptionGroup("in", [ConnectionError(2)])])
def test_recursion(): test_recursion()
def test_surrogate(): assert "\ud800" == ""
def test_control(): assert "\x00\x1b[31m\r\n" == ""
def test_huge_message(): raise ValueError("x" * 3_000_000)
def test_huge_unicode(): raise ValueError("\N{PILE OF POO}" * 100_000)
def test_loop():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    raise one
def test_system_exit(): raise SystemExit(0)
def test_fail(): pytest.fail("no trace", pytrace=False)
@pytest.mark.parametrize("value", ["a::b", "x" * 70_000, "\x1b[0m"])
def test_odd_id(value): assert False
def test_missing_fixture(nowhere): pass
class TestUnit(unittest.TestCase):
    def test_a(self): self.assertEqual(1, 2)
    @unittest.expectedFailure
    def test_unexpected(self): pass
"""


def test_awkward_failures_are_each_recorded_within_bounds(project: Project) -> None:
    project.write("test_awkward.py", AWKWARD)
    project.write("test_doc.txt", ">>> 1 + 1\n3\n")
    ran = project.run("--doctest-glob=*.txt", "--tb=short", alone=True)
    assert ran.finish["failures"] == sum(ran.finish["counts"][how] for how in ("failed", "error")) == 18
    assert not [record for record in ran.files["main"] if record["record"] == "internal"]
    assert sum(path.stat().st_size for path in project.reports.glob("*")) < 500_000


def test_a_pytest_that_a_test_starts_is_no_part_of_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-v --failure-review '--failure-review-report={project.reports}'")
    project.pytester.makepyfile(
        """
        import os, subprocess, sys

        def test_outer(tmp_path):
            assert os.environ["PYTEST_ADDOPTS"] == "-v"
            (tmp_path / "test_inner.py").write_text("def test_inner(): assert False")
            assert subprocess.run([sys.executable, "-m", "pytest", "-p", "no:asyncio"], cwd=tmp_path).returncode == 1
        """
    )
    ran = project.ran(project.pytester.runpytest_subprocess("-p", "no:asyncio"))
    assert (list(ran.files), ran.failures) == (["main"], [])


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")], ids=["alone", "with workers"])
def test_the_variable_turns_it_on_and_ends_with_this_process(
    project: Project, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("FAILURE_REVIEW_REPORT", str(project.reports))
    project.pytester.makepyfile(
        """
        import os, subprocess, sys

        def test_outer(tmp_path):
            assert "FAILURE_REVIEW_REPORT" not in os.environ
            (tmp_path / "test_inner.py").write_text("def test_inner(): assert False")
            assert subprocess.run([sys.executable, "-m", "pytest", "-p", "no:asyncio"], cwd=tmp_path).returncode == 1

        def test_fails():
            assert False
        """
    )
    ran = project.ran(project.pytester.runpytest_subprocess("-p", "no:asyncio", *workers))
    assert [failure["nodeid"].rpartition("::")[2] for failure in ran.failures] == ["test_fails"]
    assert check(project.reports).complete


def test_the_ini_option_turns_off_what_the_variable_turns_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILURE_REVIEW_REPORT", str(project.reports))
    project.pytester.makepyfile("def test_ok(): pass")
    project.pytester.runpytest_subprocess("-p", "no:asyncio", "-o", "failure_review=false")
    assert not project.reports.exists()


def test_an_attempt_that_is_tried_again_is_not_counted(project: Project) -> None:
    project.write(
        "conftest.py",
        """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.outcome = "rerun"
    return report
""",
    )
    project.pytester.makepyfile("def test_a():\n    assert False\n")
    ran = project.run()
    assert len(ran.failures) == 1
    assert set(ran.finish["counts"].values()) == {0}


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
    result = project.pytester.runpytest_subprocess(
        "-p", "no:asyncio", "--failure-review", "--failure-review-report=reports"
    )
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*test.unit*no owner*test_a*",
            "the plugin itself failed in exception_interact: OSError: *the report could only be written in part",
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


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ("-v --failure-review --failure-review-report out -x", "-v -x"),
        ("--failure-review --failure-review-report=out", ""),
        ("--failure-review-report", ""),
        ("-k 'a b'", "-k 'a b'"),
    ],
)
def test_only_the_plugins_own_options_are_kept_from_inner_runs(options: str, left: str) -> None:
    environment = {"PYTEST_ADDOPTS": options}
    keep_to_this_process(environment)
    assert environment == {"PYTEST_ADDOPTS": left}
