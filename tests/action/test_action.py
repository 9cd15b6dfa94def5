"""The composite Action, its steps really run."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import pytest
from action_steps import ACTION, load, run_action
from githubs_runner import obeyed

PLAIN = "python -m pytest -p no:asyncio -p no:cacheprovider"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout with space"
    folder.mkdir()
    return folder


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    folder = tmp_path / "temp dir"
    folder.mkdir()
    return folder


def test_it_is_what_github_calls_an_action() -> None:
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.github-actions"]
    done = subprocess.run([*command, ACTION], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing_to_say() -> None:
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", "--persona=pedantic"]
    done = subprocess.run([*command, ACTION], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_script_contains_an_expression() -> None:
    assert [step for step in load()["runs"]["steps"] if "${{" in step.get("run", "")] == []


def test_every_foreign_action_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in load()["runs"]["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name) for name in used)


def test_passing_tests_end_with_0_and_an_uploaded_report(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text("def test_ok(): pass\n")
    run = run_action(workspace, temp, command=PLAIN)
    assert run.status == 0, run.said
    outputs = run.outputs["action"]
    assert (outputs["failures"], outputs["worst-category"], outputs["complete"]) == ("0", "", "true")
    (upload,) = run.uploads
    assert upload["name"] == "failure-review-unit-3-2"
    assert upload["path"] == outputs["report-path"]
    assert len(list(Path(upload["path"]).glob("failure-review-*-main.jsonl"))) == 1


def test_failing_tests_end_with_the_status_of_pytest_and_an_uploaded_report(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text("def test_a():\n    raise ConnectionError\n")
    run = run_action(workspace, temp, command=f"{PLAIN} && echo never")
    assert run.status == 1
    assert run.outputs["action"] | {"report-path": ""} == {
        "failures": "1",
        "worst-category": "infra.network",
        "report-path": "",
        "complete": "true",
        "failed-gates": "pytest",
    }
    assert len(run.uploads) == 1
    assert "never" not in run.said


def test_a_gate_that_fails_beside_passing_tests_is_named_and_uploaded(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text("def test_ok(): pass\n")
    gate = f"{sys.executable} -P -m pytest_failure_review.cli gate own -- false"
    run = run_action(workspace, temp, command=f"{PLAIN} && {gate}")
    assert run.status == 1
    assert "Gate own failed: `false` ended with exit status 1." in run.said
    outputs = run.outputs["action"]
    assert (outputs["failures"], outputs["failed-gates"], outputs["complete"]) == ("0", "own", "true")
    assert len(list(Path(run.uploads[0]["path"]).glob("failure-review-*-gate.jsonl"))) == 1


@pytest.mark.parametrize(("option", "status"), [("test_missing.py", 4), ("-k nothing", 5)])
def test_other_statuses_of_pytest_are_passed_on(workspace: Path, temp: Path, option: str, status: int) -> None:
    (workspace / "test_a.py").write_text("def test_ok(): pass\n")
    assert run_action(workspace, temp, command=f"{PLAIN} {option}").status == status


def test_a_test_that_ends_the_process_with_0_ends_with_1(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text(
        "import os\n\ndef test_bad():\n    assert 0\n\ndef test_a():\n    os._exit(0)\n"
    )
    run = run_action(workspace, temp, command=PLAIN)
    assert run.status == 1
    assert run.outputs["action"]["complete"] == "false"
    assert run.outputs["action"]["failures"] == "2"
    assert (
        "ends early: the process died in the call of test_a.py::test_a (exit status 0); 2 failures in it." in run.said
    )
    died = next(told for told in obeyed(run.said) if "(crashed)" in told.properties["title"])
    assert died.properties == {"file": "test_a.py", "line": "6", "title": "infra.runner: test_a.py::test_a (crashed)"}
    assert died.text.startswith("the process died in the call of test_a.py::test_a (exit status 0)\n")
    assert len(run.uploads) == 1


def test_a_command_that_runs_no_pytest_ends_with_1(workspace: Path, temp: Path) -> None:
    run = run_action(workspace, temp, command="true")
    assert run.status == 1
    assert "no pytest ran, or pytest-failure-review is not installed where it ran" in run.said
    assert run.outputs["action"]["worst-category"] == "unknown"


@pytest.fixture
def without_plugin(tmp_path: Path) -> Path:
    """An environment of its own that has pytest and not the plugin, as a project's often is; its `python`."""
    venv.create(tmp_path / "venv", symlinks=True)
    (packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    for distribution in map(metadata.distribution, ("pytest", "pluggy", "iniconfig", "packaging", "Pygments")):
        for name in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            (packages / name).symlink_to(Path(str(distribution.locate_file(name))))
    return tmp_path / "venv" / "bin" / "python"


@pytest.mark.parametrize(("test", "result"), [("pass", "1 passed"), ("assert 0", "1 failed")])
def test_a_pytest_without_the_plugin_runs_as_ever_and_is_told_what_is_missing(
    workspace: Path, temp: Path, without_plugin: Path, test: str, result: str
) -> None:
    (workspace / "test_a.py").write_text(f"def test_a(): {test}\n")
    command = f"env -u PYTHONPATH '{without_plugin}' -m pytest -p no:cacheprovider test_a.py"
    run = run_action(workspace, temp, command=command)
    assert run.status == 1
    assert result in run.said
    assert (
        "::error title=Failure Review::No report: no pytest ran, or the pytest that ran has no plugin. Install"
        in run.said
    )


def test_two_pytests_in_one_command_are_both_looked_at(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text("import os\n\ndef test_dies():\n    os._exit(0)\n")
    (workspace / "test_b.py").write_text("def test_ok(): pass\n")
    run = run_action(workspace, temp, command=f"{PLAIN} test_a.py\n{PLAIN} test_b.py\n")
    assert (run.status, run.outputs["action"]["complete"]) == (1, "false")


def test_the_report_leaves_the_checkout_as_it_was(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text("def test_ok(): pass\n")
    run_action(workspace, temp, command=f"PYTHONDONTWRITEBYTECODE=1 {PLAIN}")
    assert [path.name for path in workspace.iterdir() if path.name != "__pycache__"] == ["test_a.py"]


def test_a_module_of_the_checkout_is_not_taken_for_one_of_python(workspace: Path, temp: Path) -> None:
    (workspace / "tests").mkdir()
    (workspace / "tests" / "test_a.py").write_text("def test_ok(): pass\n")
    for name in ("json", "argparse", "hashlib"):
        (workspace / f"{name}.py").write_text("raise SystemExit(1)\n")
    run = run_action(workspace, temp, command="pytest -p no:asyncio -p no:cacheprovider tests")
    assert (run.status, run.outputs["action"]["complete"]) == (0, "true"), run.said


def test_options_that_pytest_was_already_given_stay(
    workspace: Path, temp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "test_a.py").write_text("def test_a(): assert 0\n\ndef test_b(): pass\n")
    monkeypatch.setenv("FAILURE_REVIEW_REPORT", "elsewhere")
    run = run_action(workspace, temp, command=f'export PYTEST_ADDOPTS="-k test_b"\n{PLAIN}')
    assert (run.status, run.outputs["action"]["failures"]) == (0, "0")


def test_an_input_is_never_run_as_part_of_a_script(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text("def test_ok(): pass\n")
    run = run_action(
        workspace, temp, command=PLAIN, report_name="a$(touch injected)`touch injected`'\"; touch injected"
    )
    assert not (workspace / "injected").exists()
    assert run.uploads[0]["name"] == "a$(touch injected)`touch injected`'\"; touch injected"


def test_evidence_goes_into_an_artifact_of_its_own(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text("def test_a(): assert 0\n")
    run = run_action(workspace, temp, command=PLAIN, evidence="screenshots/\n*.log")
    assert [upload["name"] for upload in run.uploads] == ["failure-review-unit-3-2", "evidence-failure-review-unit-3-2"]
    assert run.uploads[1]["path"] == "screenshots/\n*.log"


@pytest.mark.parametrize(("policy", "installed"), [("", ACTION.parent), ("policy.yml", f"{ACTION.parent}[app]")])
def test_what_cannot_be_imported_is_installed_from_the_action_itself(
    workspace: Path, temp: Path, policy: str, installed: object
) -> None:
    calls = temp / "calls"
    python = temp / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\necho "$*" >> "{calls}"\n[ "$2" != -c ]\n')
    python.chmod(0o755)
    run_action(workspace, temp, path=str(python.parent), command="true", policy=policy)
    assert f"-m pip install --quiet --disable-pip-version-check {installed}" in calls.read_text().splitlines()


@pytest.mark.parametrize(
    ("policy", "status", "said"),
    [("schema: 1\n", 0, "good: "), ("nonsense: 1\n", 1, "policy.yml line 1, column 1: `nonsense` is not a key here")],
)
def test_a_policy_file_with_a_mistake_fails_the_job_after_its_tests(
    workspace: Path, temp: Path, policy: str, status: int, said: str
) -> None:
    (workspace / "policy.yml").write_text(policy)
    (workspace / "test_a.py").write_text("def test_ok(): pass\n")
    run = run_action(workspace, temp, command=PLAIN, policy="policy.yml")
    assert said in run.said
    assert (run.status, run.outputs["action"]["complete"]) == (status, "true")


def test_a_policy_that_is_good_does_not_hide_a_failing_test(workspace: Path, temp: Path) -> None:
    (workspace / "policy.yml").write_text("schema: 1\n")
    (workspace / "test_a.py").write_text("def test_a(): assert 0\n")
    assert run_action(workspace, temp, command=PLAIN, policy="policy.yml").status == 1


FAILS = "def test_a():\n    raise ConnectionError('| no <b>host</b>')\n"


def test_what_failed_is_annotated_once_and_stands_on_the_page_once(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text(FAILS)
    run = run_action(workspace, temp, command=PLAIN)
    (told,) = [told for told in obeyed(run.said) if told.name == "error"]
    assert told.properties == {"file": "test_a.py", "line": "2", "title": "infra.network: test_a.py::test_a"}
    (page,) = run.summaries
    assert page.startswith("## Failure Review\n\n1 failed\n\n| Failures |")
    assert "&#124; no &#60;b&#62;host" in page


def test_all_runs_of_a_command_stand_on_one_page(workspace: Path, temp: Path) -> None:
    for name, ends in (("a", "assert 0"), ("b", "assert 1 == 2"), ("c", "__import__('os')._exit(0)")):
        (workspace / f"test_{name}.py").write_text(f"def test_{name}():\n    {ends}\n")
    run = run_action(workspace, temp, command="\n".join(f"{PLAIN} test_{name}.py || true" for name in "abc"))
    (page,) = run.summaries
    titles = {told.properties["title"] for told in obeyed(run.said) if told.name == "error"}
    assert titles == {
        "test.unit: test_a.py::test_a",
        "test.unit: test_b.py::test_b",
        "infra.runner: test_c.py::test_c (crashed)",
        "Failure Review",
    }
    assert page.count("\n| 1 |") == 3


def test_a_test_that_stops_commands_does_not_hide_the_annotations(workspace: Path, temp: Path) -> None:
    (workspace / "test_a.py").write_text(FAILS.replace("    raise", "    print('::stop-commands::x')\n    raise"))
    run = run_action(workspace, temp, command=f"{PLAIN} -s")
    before, _, after = run.said.partition("::error")
    assert "::stop-commands::x" in before  # of another step, whose commands it stops
    assert "infra.network" in after


def shown(limit: int) -> str:
    return "unlimited" if limit == resource.RLIM_INFINITY else str(limit)


@pytest.mark.parametrize("pattern", ["**/core*", "out/x.core", "\n  core.%p  "])
def test_core_dumps_are_written_when_they_are_asked_for(workspace: Path, temp: Path, pattern: str) -> None:
    run = run_action(workspace, temp, command="echo core=$(ulimit -c)=", evidence=f"*.log\n{pattern}")
    assert f"core={shown(resource.getrlimit(resource.RLIMIT_CORE)[1])}=" in run.said


@pytest.mark.parametrize("evidence", ["", "coredump.txt\nsrc/core/\n!core.*", "$(touch injected)"])
def test_nothing_is_changed_about_core_dumps_otherwise(workspace: Path, temp: Path, evidence: str) -> None:
    run = run_action(workspace, temp, command="echo core=$(ulimit -c)=", evidence=evidence)
    assert f"core={shown(resource.getrlimit(resource.RLIMIT_CORE)[0])}=" in run.said
    assert not (workspace / "injected").exists()
