"""Whether a folder of reports tells the whole run, and what the command line says about it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from plugin_project import a_failure, a_finish, a_start

from pytest_failure_review import cli
from pytest_failure_review.checking import check, check_the_dead
from pytest_failure_review.cli import main


def write(folder: Path, *records: Any, worker: str = "main", run: str = "0" * 16) -> Path:
    """A report file as the plugin writes it; a finish record without a digest gets the right one."""
    path = folder / f"failure-review-{run}-{worker}.jsonl"
    content = b""
    for record in records:
        if record.get("record") == "finish":
            record.setdefault("sha256", hashlib.sha256(content).hexdigest())
        content += json.dumps(record).encode() + b"\n"
    path.write_bytes(content)
    return path


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str]]:
    status = main([str(argument) for argument in arguments])
    return status, capsys.readouterr().out.splitlines()


def test_a_run_that_came_to_its_end_is_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, a_start(), a_failure(), a_failure(phase="teardown"), a_finish(exit_status=1))
    assert said(capsys, "check-report", tmp_path) == (
        0,
        [f"{file.name} is complete: pytest ended with status 1, 2 failures.", "Worst category: test.unit"],
    )


def test_a_passing_run_names_no_category(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, a_start(), a_finish())
    assert said(capsys, "check-report", tmp_path)[1][1:] == []


def test_a_run_that_died_is_not_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, a_start(), a_failure())
    assert said(capsys, "check-report", tmp_path) == (
        1,
        [
            f"{file.name} ends early: the process died before pytest was done; 1 failure before that.",
            "Worst category: test.unit",
        ],
    )


def test_no_report_is_not_complete_and_says_why_that_may_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    assert said(capsys, "check-report", nowhere) == (
        1,
        [
            f"No report in {nowhere}: no pytest ran, or pytest-failure-review is not installed where it ran.",
            "Worst category: unknown",
        ],
    )


def test_a_worker_whose_death_is_reported_is_accounted_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, a_start(worker="gw0"), worker="gw0")
    write(tmp_path, a_start(), a_failure(outcome="crashed", worker="gw0"), a_finish(exit_status=1))
    status, lines = said(capsys, "check-report", tmp_path)
    assert status == 0
    assert lines[0].endswith("its worker died, which the main process reported; 0 failures before that.")


@pytest.mark.parametrize(
    "main_records",
    [
        [a_start(), a_finish()],
        [a_start(), a_failure(outcome="crashed", worker="gw0")],
        [a_start(), a_failure(outcome="crashed", worker="gw0"), a_finish()],
        [a_start(), a_failure(outcome="crashed", worker="gw1"), a_finish(exit_status=1)],
        [a_start(run_id="1" * 16), a_failure(outcome="crashed", worker="gw0"), a_finish(exit_status=1)],
        [a_start(worker="gw7"), a_failure(outcome="crashed", worker="gw0"), a_finish(exit_status=1)],
    ],
    ids=["not told", "main died too", "pytest is content", "another worker", "another run", "told by a worker"],
)
def test_a_worker_whose_death_is_not_reported_is_not(tmp_path: Path, main_records: list[Any]) -> None:
    write(tmp_path, a_start(worker="gw0"), worker="gw0")
    write(tmp_path, *main_records)
    assert not check(tmp_path).complete


def test_nothing_is_left_beside_the_files_of_workers_whose_main_process_died(tmp_path: Path) -> None:
    file = write(tmp_path, a_start(worker="gw0"), a_finish(), worker="gw0")
    file.with_suffix(".stack").touch()
    assert check_the_dead(tmp_path).complete
    assert list(tmp_path.iterdir()) == [file]


def test_one_dead_run_among_several_is_enough(tmp_path: Path) -> None:
    write(tmp_path, a_start(), a_finish())
    write(tmp_path, a_start(run_id="1" * 16), run="1" * 16)
    assert not check(tmp_path).complete


def test_a_report_that_somebody_wrote_into_is_not_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, a_start(), a_failure(), a_finish())
    file.write_bytes(file.read_bytes().replace(b"test.unit", b"infra.net"))
    status, lines = said(capsys, "check-report", tmp_path)
    assert status == 1
    assert lines[0] == f"{file.name} was changed after it was written; 1 failure in it."


def counted(failed: int, error: int = 0, **changes: Any) -> dict[str, Any]:
    finish = a_finish(exit_status=1) | changes
    return finish | {"counts": finish["counts"] | {"failed": failed, "error": error}}


def test_an_error_of_the_plugin_itself_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    internal = {"record": "internal", "where": "logreport", "error": "TypeError"}
    file = write(tmp_path, a_start(), internal, a_finish())
    assert said(capsys, "check-report", tmp_path) == (
        1,
        [
            f"{file.name} may lack failures: the plugin itself failed in logreport; 0 failures in it.",
            "Worst category: unknown",
        ],
    )


def test_failures_that_pytest_counted_and_nobody_recorded_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, a_start(), a_failure(), counted(2, error=1))
    status, lines = said(capsys, "check-report", tmp_path)
    assert (status, lines[0]) == (1, f"{file.name} lacks 2 of the failures that pytest counted; 1 failure in it.")


@pytest.mark.parametrize("finish", [counted(1), counted(2, truncated=1), counted(0), a_finish() | {"counts": [1]}])
def test_what_was_recorded_or_counted_as_truncated_is_not_missed(tmp_path: Path, finish: dict[str, Any]) -> None:
    write(tmp_path, a_start(), a_failure(), finish)
    assert check(tmp_path).complete


def test_a_failure_in_the_file_of_a_worker_is_not_missed_in_that_of_the_main_process(tmp_path: Path) -> None:
    write(tmp_path, a_start(worker="gw0"), a_failure(), counted(1), worker="gw0")
    write(tmp_path, a_start(), counted(1))
    assert check(tmp_path).complete


def test_a_file_that_no_worker_can_collect_is_counted_for_each_of_them(tmp_path: Path) -> None:
    broken = a_failure(nodeid="test_b.py", phase="collect", outcome="error")
    for worker in ("gw0", "gw1", "gw2"):
        write(tmp_path, a_start(worker=worker), broken | {"worker": worker}, counted(0, error=1), worker=worker)
    write(tmp_path, a_start(), counted(0, error=3))
    assert check(tmp_path).complete
    assert check(tmp_path).failures == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not json\n[1]\n", "it has no start record"),
        (b"", "it has no start record"),
        (json.dumps(a_start(schema=2)).encode(), "it has schema 2, this version reads 1"),
    ],
)
def test_a_file_that_is_no_report_is_unusable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, why: str
) -> None:
    (tmp_path / "failure-review-x-main.jsonl").write_bytes(content)
    status, lines = said(capsys, "check-report", tmp_path)
    assert (status, lines[0]) == (2, f"failure-review-x-main.jsonl is no report: {why}.")


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    file = write(tmp_path, a_start(), a_failure())
    file.write_bytes(file.read_bytes() + b'{"record": "fail')
    found = check(tmp_path)
    assert (found.complete, found.failures) == (False, 1)


def test_the_result_becomes_outputs_of_a_step(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("before=1\n")
    write(tmp_path, a_start(), a_failure(category="infra.database"), a_finish())
    assert main(["check-report", str(tmp_path), "--github-output", str(outputs)]) == 0
    assert outputs.read_text().splitlines() == [
        "before=1",
        "failures=1",
        "worst-category=infra.database",
        f"report-path={tmp_path}",
        "complete=true",
        "failed-gates=",
    ]


@pytest.mark.parametrize("category", ["x\ncomplete=true", "", "A"])
def test_a_forged_category_writes_no_output_of_its_own(tmp_path: Path, category: str) -> None:
    """T16: the tests can write into the report."""
    write(tmp_path, a_start(), a_failure(category=category), a_finish())
    assert check(tmp_path).worst_category == "unknown"


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, a_start(), a_finish())
    assert main(["check-report", str(file)]) == 2
    assert capsys.readouterr().err == f"{file} is no folder\n"


def test_outputs_that_cannot_be_written_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, a_start(), a_finish())
    assert main(["check-report", str(tmp_path), "--github-output", str(tmp_path / "nowhere" / "outputs")]) == 2
    shown = capsys.readouterr().err
    assert shown == f"[Errno 2] No such file or directory: '{tmp_path}/nowhere/outputs'\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no disk that is always full")
def test_a_full_disk_behind_the_output_is_one_sentence(tmp_path: Path) -> None:
    write(tmp_path, a_start(), a_finish())
    command = [sys.executable, "-m", "pytest_failure_review.cli", "check-report", str(tmp_path)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "[Errno 28] No space left on device\n")


class AddsCommand:
    """Stands for an installed distribution that brings a command."""

    @staticmethod
    def load() -> Any:
        return AddsCommand.add

    @staticmethod
    def add(subparsers: Any) -> None:
        parser = subparsers.add_parser("serve")
        parser.add_argument("--role")
        parser.set_defaults(run=lambda arguments: 0 if arguments.role == "web" else 1)


def brought(monkeypatch: pytest.MonkeyPatch, *entry_points: Any) -> None:
    monkeypatch.setattr(cli, "entry_points", lambda group: entry_points if group == "failure_review.commands" else ())


def test_a_command_that_is_brought_by_the_app_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    brought(monkeypatch, AddsCommand)
    assert (main(["serve", "--role", "web"]), main(["serve"])) == (0, 1)


@pytest.mark.parametrize("arguments", [["serve", "--role", "all"], ["policy", "check", "x.yml"], ["demo"]])
def test_without_the_app_its_commands_say_what_they_need(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    brought(monkeypatch, EntryPoint("app", "nowhere_to_be_found:add", "failure_review.commands"))
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        "needs: pip install 'pytest-failure-review[app]' (No module named 'nowhere_to_be_found')\n"
    )


def test_without_the_app_help_lists_its_commands_and_what_they_need(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    brought(monkeypatch, EntryPoint("app", "nowhere_to_be_found:add", "failure_review.commands"))
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown for name in cli.APP_COMMANDS)
    assert "needs: pip install 'pytest-failure-review[app]'" in shown


def test_a_command_that_one_part_brought_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    brought(monkeypatch, AddsCommand, EntryPoint("app", "nowhere_to_be_found:add", "failure_review.commands"))
    assert main(["serve", "--role", "web"]) == 0


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["check-report"]])
def test_what_cannot_be_understood_ends_with_2(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    brought(monkeypatch)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_it_runs_as_a_module_where_no_script_was_put_on_the_path(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pytest_failure_review.cli", "check-report", tmp_path], check=False)
    assert done.returncode == 1


def test_a_page_that_cannot_be_written_does_not_keep_the_outputs_back(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    given = ["--github-output", str(outputs), "--github-step-summary", str(tmp_path)]
    assert main(["check-report", str(tmp_path), *given]) == 1
    assert "complete=false" in outputs.read_text()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_said_to_be_no_report(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "failure-review-x-main.jsonl")
    found = check(tmp_path)
    assert (found.complete, found.unusable) == (False, True)
    assert found.sentences[0] == "failure-review-x-main.jsonl is no report: it is no file."
