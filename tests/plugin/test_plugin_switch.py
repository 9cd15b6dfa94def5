"""What turns the plugin on and off, and for which processes."""

from __future__ import annotations

import os

import pytest
from plugin_project import ALONE, Project

from pytest_failure_review.checking import check
from pytest_failure_review.run import keep_to_this_process


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
    project.run_plain(*arguments)
    assert (project.path / ".failure-review").exists() is is_on


def test_while_it_is_off_nothing_is_registered(project: Project) -> None:
    config = project.pytester.parseconfigure(*ALONE)
    assert not config.pluginmanager.has_plugin("failure_review_recorder")


def test_a_test_that_changes_the_working_directory_moves_no_report(project: Project) -> None:
    project.pytester.makepyfile("import os\n\ndef test_a(tmp_path):\n    os.chdir(tmp_path)\n    assert False\n")
    before = os.getcwd()  # noqa: PTH109  (what os.chdir changes)
    try:
        assert len(project.run().failures) == 1
    finally:
        os.chdir(before)


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
