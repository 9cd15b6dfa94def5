"""A project to run pytest in, and the report that its run left."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from pytest_failure_review import capping, report
from pytest_failure_review.report import Counts, Failure, Owner, Start

SCHEMA = json.loads(Path(report.__file__).with_name("report.schema.json").read_text())
REPORT = "reports"
TAKING_PART = ("flaky", "pytest-retry", "rerunfailures", "timeout")
"""Plugins that take part in every run unless they are blocked; `-pNAME` asks for one."""
ALONE = ("-pno:asyncio", "-pno:cacheprovider", *(f"-pno:{name}" for name in TAKING_PART))
"""What leaves nothing behind in this process: pytest-rerunfailures starts a thread that outlives the run."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished run: pytest's result, and the records of each worker's file."""

    result: pytest.RunResult
    files: dict[str, list[dict[str, Any]]]

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [record for file in self.files.values() for record in file if record["record"] == "failure"]

    @property
    def failure(self) -> dict[str, Any]:
        (only,) = self.failures
        return only

    @property
    def finish(self) -> dict[str, Any]:
        last = self.files["main"][-1]
        assert last["record"] == "finish"
        return last


class Project:
    """Runs pytest with `--failure-review`; every record it leaves is judged by the published schema."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        self.reports = pytester.path / REPORT

    def write(self, path: str, content: str) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    def run(self, *arguments: str, alone: bool = False) -> Ran:
        """In this process, or `alone` in one that may die."""
        run = self.pytester.runpytest_subprocess if alone else self.pytester.runpytest_inprocess
        return self.ran(run(*_given(arguments)))

    def run_plain(self, *arguments: str) -> pytest.RunResult:
        """In this process, and with what the arguments turn on alone."""
        return self.pytester.runpytest_inprocess(*ALONE, *arguments)

    def run_and_die(self, *arguments: str) -> Ran:
        """In a child of this process, which starts much faster than a new one. The status is as a shell has it."""
        child = os.fork()
        if child == 0:
            _become_pytest(self.path, _given(arguments))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        shown = (self.path / "shown").read_text().splitlines()
        return self.ran(pytest.RunResult(code if code >= 0 else 128 - code, shown, [], 0.0))

    def ran(self, result: pytest.RunResult) -> Ran:
        return Ran(result, self.files())

    def files(self) -> dict[str, list[dict[str, Any]]]:
        return {path.stem.rpartition("-")[2]: records(path) for path in sorted(self.reports.glob("*.jsonl"))}


def _given(arguments: Sequence[str]) -> list[str]:
    blocked = [block for block in ALONE if block.replace("no:", "") not in arguments]
    asked = [each for each in arguments if each[2:] not in TAKING_PART]
    return [*blocked, "--failure-review", f"--failure-review-report={REPORT}", *asked]


def _become_pytest(folder: Path, arguments: list[str]) -> NoReturn:
    status = 70
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it for what runs in the background
    try:
        os.chdir(folder)
        shown = os.open("shown", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(shown, 1)
        os.dup2(shown, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        status = int(pytest.main(arguments))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def records(path: Path) -> list[dict[str, Any]]:
    """The records of a file; each line is ASCII, of bounded length, and satisfies the schema."""
    lines = path.read_bytes().splitlines()
    assert all(line.isascii() and len(line) < capping.MAX_RECORD_BYTES for line in lines)
    found = [json.loads(line) for line in lines]
    for record in found:
        jsonschema.validate(record, SCHEMA)
    return found


def a_failure(**changes: Any) -> Failure:
    failure = Failure(
        record="failure",
        nodeid="test_a.py::test_a",
        phase="call",
        attempt=1,
        worker="main",
        outcome="failed",
        category="test.unit",
        rule="an assertion failed",
        confidence=0.4,
        owner=Owner(names=["@ann"], source="CODEOWNERS", line=1),
        sla=None,
        exception="AssertionError",
        message="AssertionError: assert 0",
        path="test_a.py",
        line=2,
        frames=[],
        text="E   assert 0",
        fingerprint="0" * 16,
    )
    return cast("Failure", {**failure, **changes})


def a_start(**changes: Any) -> dict[str, Any]:
    start = Start(
        record="start",
        schema=1,
        run_id="0" * 16,
        worker="main",
        started_at="2026-01-05T09:00:00Z",
        python="3.11.0",
        platform="Linux",
        pytest="9.0.0",
        plugin="0.1.0",
        argv=[],
        github=None,
    )
    return dict(start) | changes


def a_finish(exit_status: int = 0) -> dict[str, Any]:
    """A finish record that does not know its digest yet."""
    counts = Counts(passed=1, failed=0, error=0, skipped=0, xfailed=0, xpassed=0)
    return {
        "record": "finish",
        "exit_status": exit_status,
        "counts": counts,
        "failures": 0,
        "truncated": 0,
        "redactions": 0,
    }
