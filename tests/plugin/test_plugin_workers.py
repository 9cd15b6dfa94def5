"""Runs that pytest-xdist distributes: which process tells what."""

from __future__ import annotations

from plugin_project import Project

from pytest_failure_review.checking import check, check_the_dead


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


def test_a_worker_that_dies_while_it_collects_makes_a_green_run_incomplete(project: Project) -> None:
    """pytest-xdist puts another in its place and ends with 0."""
    dying = "import os\nif os.environ['PYTEST_XDIST_WORKER'] == 'gw0':\n    os._exit(0)\n"
    project.write("test_a.py", f"{dying}\ndef test_a(): pass\n")
    ran = project.run_and_die("-n2")
    assert ran.result.ret == 0
    assert (ran.failure["nodeid"], ran.failure["phase"], ran.failure["outcome"]) == ("test_a.py", "collect", "crashed")
    found = check(project.reports)
    assert not found.complete
    assert " ends early: the process died in the collection of test_a.py (exit status 0); " in found.sentences[0]


def test_a_worker_that_is_stopped_tells_of_it_itself_and_nobody_calls_it_crashed(project: Project) -> None:
    project.write("test_a.py", "def test_ok(): pass\n\ndef test_a(): raise KeyboardInterrupt\n")
    ran = project.run_and_die("-n1")
    assert ran.result.ret == 2
    assert (ran.failure["nodeid"], ran.failure["outcome"], ran.failure["worker"]) == (
        "test_a.py::test_a",
        "interrupted",
        "gw0",
    )
    assert check(project.reports).complete


def test_when_the_main_process_dies_the_report_is_incomplete(project: Project) -> None:
    project.write("test_a.py", "import os, signal\n\ndef test_a():\n    os.kill(os.getppid(), signal.SIGKILL)\n")
    ran = project.run_and_die("-n1")
    assert ran.result.ret == 137
    found = check_the_dead(project.reports, 137)
    assert not found.complete
    assert any(" ends early: the process died while no test ran" in said for said in found.sentences)
