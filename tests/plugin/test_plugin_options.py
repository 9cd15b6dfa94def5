"""The command that runs a failure again has those options of its user without which it would be another run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from plugin_project import Project, Ran

from pytest_failure_review.command import OPTION

TEST = "def test_a(): assert 0\n"
CUSTOM = """
def pytest_addoption(parser):
    parser.addoption("--runslow", action="store_true")
    parser.addoption("--shop", nargs="?")
    parser.addoption("--api-key")

def pytest_collection_modifyitems(config, items):
    if not config.getoption("runslow"):
        items.clear()
"""


def carried(ran: Ran) -> list[str]:
    """Without those that all runs here are given."""
    first, *words = shlex.split(ran.failures[0]["replay"])
    assert first == "pytest"
    assert words[-2] == OPTION
    return [word for word in words[:-2] if not word.startswith("-pno:")]


def repeat(project: Project, ran: Ran, folder: str = ".") -> pytest.RunResult:
    path = f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH"
    where = shlex.quote(str(project.path / folder))
    return project.pytester.run("sh", "-c", f"{path}; cd {where}; {ran.failures[0]['replay']}")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("-p no:randomly -pno:stepwise", ["-p", "no:randomly"]),
        (
            "-o xfail_strict=true -oconsole_output_style=count",
            ["-o", "xfail_strict=true", "-oconsole_output_style=count"],
        ),
        ("-W ignore -Wdefault --strict-markers", ["-W", "ignore", "-Wdefault", "--strict-markers"]),
        ("--import-mode=importlib --import-mode prepend", ["--import-mode=importlib", "--import-mode", "prepend"]),
        ("-k a -m '' -x --maxfail=3 --maxfail 3 --deselect b -vx -v -q --tb short --junitxml x.xml test_a.py", []),
        ("--dist no -n 0 --hypothesis-profile default", ["--hypothesis-profile", "default"]),
        ("--capture no -s", ["--capture", "no", "-s"]),
    ],
)
def test_what_decides_how_a_test_ends_is_carried_and_what_chooses_or_shows_is_not(
    project: Project, given: str, expected: list[str]
) -> None:
    project.write("test_a.py", TEST)
    assert carried(project.run(*shlex.split(given))) == expected


def test_options_of_a_conftest_are_carried_with_the_place_by_which_pytest_knows_them(project: Project) -> None:
    project.write("deep/down/conftest.py", CUSTOM)
    project.write("deep/down/test_a.py", TEST)
    ran = project.run("--runslow", "--shop", "north", "deep/down/test_a.py::test_a")
    assert carried(ran) == ["--runslow", "--shop", "north", "deep/down/test_a.py"]
    repeat(project, ran).assert_outcomes(failed=1)


def test_an_option_that_holds_a_secret_is_left_out_whole(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "canary-4711")
    project.write("conftest.py", CUSTOM)
    project.write("test_a.py", TEST)
    ran = project.run("--runslow", "--api-key", "abcdefgh", "--shop=https://canary-4711@shop")
    assert carried(ran) == ["--runslow"]


def test_a_worker_carries_what_the_main_process_was_given(project: Project) -> None:
    project.write("conftest.py", CUSTOM)
    project.write("test_a.py", TEST)
    ran = project.run_and_die("--runslow", "-n1")
    assert ran.failure["worker"] == "gw0"
    assert carried(ran) == ["--runslow"]


def test_paths_are_called_as_they_are_called_from_where_the_command_runs(project: Project) -> None:
    (project.path / ".git").mkdir()
    project.write("settings/own.ini", "[pytest]\npython_functions = check_*\n")
    project.write("lib/test_a.py", "def check_a(): assert 0\n")
    (project.path / "start").mkdir()
    project.pytester.chdir()
    ran = _run_in(project, "start", "-c", "../settings/own.ini", "--rootdir=../lib", "../lib")
    assert carried_behind_cd(ran) == ["cd ../lib", "-c", "../settings/own.ini", "--rootdir", "."]
    repeat(project, ran, "start").assert_outcomes(failed=1)


def _run_in(project: Project, folder: str, *arguments: str) -> Ran:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.path / folder)
        report = f"--failure-review-report={project.reports}"
        return project.run(*arguments, report)


def carried_behind_cd(ran: Ran) -> list[str]:
    there, _, command = ran.failure["replay"].partition(" && ")
    words = shlex.split(command)[1:-2]
    return [there, *(word for word in words if not word.startswith("-pno:"))]


def test_on_github_the_options_of_the_environment_are_carried_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--runslow --failure-review")
    project.write("conftest.py", CUSTOM)
    project.write("test_a.py", TEST)
    assert carried(project.run()) == ["--runslow"]
