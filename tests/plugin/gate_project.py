"""A checkout with gates in its pyproject.toml, and a command line that runs in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from plugin_project import SCHEMA

from pytest_failure_review.cli import main

PYTHON = f"command = ['{sys.executable}', '-c', "


class Checkout:
    """A folder that git knows; everything runs in it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._capsys = capsys

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def gates(self, toml: str) -> None:
        self.write("pyproject.toml", toml.replace("[gates.", "[tool.failure_review.gates."))

    def git(self, *arguments: str) -> str:
        own = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        given = ["git", *own, *arguments]
        return subprocess.run(given, cwd=self.path, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "a step")

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit status, and what was said on both streams."""
        status = main(list(arguments))
        said = self._capsys.readouterr()
        return status, said.out + said.err

    @property
    def records(self) -> list[dict[str, Any]]:
        """All records of all files; each satisfies the published schema."""
        files = sorted(self.path.glob(".failure-review/*.jsonl"))
        found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        for record in found:
            jsonschema.validate(record, SCHEMA)
        return found

    @property
    def gate(self) -> dict[str, Any]:
        """The last gate of the only file."""
        return [record for record in self.records if record["record"] == "gate"][-1]
