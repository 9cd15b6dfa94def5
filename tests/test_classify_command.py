"""`failure-review classify` as people type it: what is printed, where, and with which exit status."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from github_app.settings import TerminalSettings
from pytest_failure_review.cli import main

FAILED = (
    b"2026-03-02T09:00:02.0Z FAILED tests/test_cart.py::test_total - assert 3 == 4\n2026-03-02T09:00:03.0Z ##[error]x\n"
)
ENDED = b"2026-03-02T09:00:04.0Z Cleaning up orphan processes\n"
PASSED = b"2026-03-02T09:00:02.0Z 4 passed\n" + ENDED
CUT_OFF = b"2026-03-02T09:00:02.0Z System.IO.IOException: No space left on device\n"
PROGRAM = [sys.executable, "-m", "pytest_failure_review.cli", "classify"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "job.log"
    file.write_bytes(FAILED + ENDED)
    return file


@pytest.fixture
def run(tmp_path: Path) -> Path:
    file = tmp_path / "logs.zip"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("0_unit.txt", FAILED + ENDED)
        packed.writestr("1_docs.txt", PASSED)
        packed.writestr("2_e2e tests.txt", FAILED + ENDED)
        packed.writestr("3_deploy.txt", CUT_OFF)
    return file


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["classify", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_log_is_explained_and_unknown_is_an_answer(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out, err = told(capsys, log)
    assert (status, out.split("\n")[0], err) == (0, "test.unit", "")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(PASSED))))
    status, out, err = told(capsys, "-")
    assert (status, out.split("\n")[0], err) == (0, "unknown (no_match)", "")


def test_json_is_one_object(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = told(capsys, "--json", "--job", "e2e", log)
    printed = json.loads(out)
    assert (status, printed["category"], printed["evidence"][0]["line"]) == (0, "test.integration", 1)


def test_of_a_run_each_job_that_failed_has_a_verdict(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log that breaks off counts as failed: a lost runner writes no error any more."""
    printed = json.loads(told(capsys, "--json", run)[1])
    assert [(job["job"], job["category"]) for job in printed["jobs"]] == [
        ("unit", "test.unit"),
        ("e2e tests", "test.integration"),
        ("deploy", "infra.runner"),
    ]
    assert printed["passed"] == ["docs"]
    out = told(capsys, run)[1]
    assert out.startswith("Job unit\n\ntest.unit\n[")
    assert out.endswith("\nNo step failed in the log of: docs.\n")


def test_one_job_of_a_run_can_be_asked_for(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = json.loads(told(capsys, "--json", "--job", "docs", run)[1])
    assert [job["job"] for job in printed["jobs"]] == ["docs"]
    status, out, err = told(capsys, "--job", "dosc", run)
    assert (status, out) == (2, "")
    assert err == ("failure-review: There is no job `dosc` in the archive; there are unit, docs, e2e tests, deploy.\n")


def test_a_process_without_standard_input_is_told_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert told(capsys, "-") == (2, "", "failure-review: standard input is empty.\n")
    assert told(capsys) == (2, "", "failure-review: standard input is empty.\n")


def test_the_signatures_of_a_policy_file_count_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy, log = tmp_path / "policy.yml", tmp_path / "job.log"
    policy.write_text("signatures: [{id: kettle, category: performance, pattern: kettle, description: it boils}]\n")
    log.write_text("the kettle\n##[error]x\n")
    assert told(capsys, log)[1].startswith("unknown (no_match)\n")
    status, out, err = told(capsys, "--policy", policy, log)
    assert (status, out.split("\n")[0], err) == (0, "performance", "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("signatures: 7\n", "{file} line 1, column 1: signatures: "),
        (None, "{file} cannot be read: No such file or directory."),
        (b"\xff", "{file} cannot be read: it is no text."),
    ],
)
def test_a_policy_file_that_is_not_good_is_one_sentence(
    text: str | bytes | None, sentence: str, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.yml"
    if text is not None:
        policy.write_bytes(text.encode() if isinstance(text, str) else text)
    status, out, err = told(capsys, "--policy", policy, log)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith("failure-review: " + sentence.format(file=policy))


def test_what_cannot_be_read_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "/no\x1b[31m/where") == (
        *(2, ""),
        "failure-review: /no/where cannot be read: No such file or directory.\n",
    )


def test_a_terminal_is_written_to_in_colours(log: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": ""}
    subprocess.run([*PROGRAM, str(log)], stdout=theirs, check=True, timeout=60, env=environment)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as end:
        assert b"\x1b[1;33mtest.unit\x1b[0m" in end.read(65536)


@pytest.mark.parametrize(
    ("name", "value", "may"), [("NO_COLOR", "1", False), ("TERM", "dumb", False), ("NO_COLOR", "", True)]
)
def test_who_wants_no_colours_gets_none(name: str, value: str, may: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://no-color.org: when present and not an empty string."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(name, value)
    assert TerminalSettings().may_colour is may


def test_a_long_log_tells_a_terminal_how_far_it_was_read() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen([*PROGRAM, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs) as started:
        assert started.stdin
        assert started.stdout
        for _ in range(3):
            started.stdin.write(PASSED * 20_000)
            started.stdin.flush()
            time.sleep(0.4)
        started.stdin.close()
        assert started.stdout.read().startswith(b"unknown")
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as end:
        shown = end.read(65536).decode()
    assert " MB read, " in shown
    assert shown.endswith("\r\x1b[K")


def test_who_interrupts_gets_no_traceback() -> None:
    listening = (
        "import signal, sys; from pytest_failure_review.cli import main; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # shells ignore it for what runs in the background
        "raise SystemExit(main(['classify', '-']))"
    )
    program = [sys.executable, "-c", listening]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdin
        started.stdin.write(PASSED * 5_000)
        started.stdin.flush()  # returns when most of it was read
        time.sleep(0.3)
        started.send_signal(signal.SIGINT)
        assert started.communicate(timeout=60)[1] == b"\nfailure-review: Stopped.\n"
    assert started.returncode == 130


def test_who_interrupts_while_it_starts_gets_no_traceback() -> None:
    program = (
        "import sys, pytest_failure_review.cli as cli\n"
        "def stop(**_): raise KeyboardInterrupt\n"
        "cli.entry_points = stop\n"
        "sys.exit(cli.main(['classify', '-']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (130, b"Stopped.\n")


def test_a_mistyped_address_is_not_blamed_on_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", "https://github.com/octo/shop/pull/3"]) == 2
    assert "That is not the page of a job" in capsys.readouterr().err


def test_a_letter_that_a_terminal_does_not_know_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "job.log"
    file.write_text("FAILED tests/test_ü.py::test_☃ - assert 0\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = subprocess.run([*PROGRAM, str(file)], capture_output=True, check=True, timeout=60, env=environment)
    assert b"FAILED tests/test_?.py" in shown.stdout
    assert b"\x1b" not in shown.stdout
