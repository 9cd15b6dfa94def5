"""Payloads as GitHub sends them: our own small set, the public examples, and what may become of either."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from github_app.github import payloads as shapes

Told = tuple[str, dict[str, Any]]
"""An event's name and its payload."""

OWN = Path(__file__).parent / "payloads" / "own.json"
EXAMPLES = "@octokit/webhooks-examples"
VERSION = "7.6.1"

RED = ("failure", "timed_out", "cancelled", "startup_failure", "action_required", "stale", "a_conclusion_of_2031")
SHAPES: Mapping[str, type[BaseModel]] = {
    "check_run": shapes.CheckRun,
    "check_suite": shapes.CheckSuite,
    "merge_group": shapes.MergeGroup,
    "pull_request": shapes.PullRequest,
    "workflow_job": shapes.WorkflowJob,
    "workflow_run": shapes.WorkflowRun,
    "installation": shapes.InstallationRef,
    "repository": shapes.RepositoryPayload,
}
FLAT: Mapping[str, type[BaseModel]] = {"push": shapes.Push, "status": shapes.StatusPayload}


def own_payloads() -> list[Told]:
    return [(event, payload) for event, payload in json.loads(OWN.read_text("utf-8"))]


def public_payloads(edition: str) -> list[Told] | None:
    """The examples of npm's package, installed once into the temporary folder; None where npm cannot give them.

    `edition` is `api.github.com`, or `ghes-35` for an Enterprise Server.
    """
    folder = Path(tempfile.gettempdir()) / f"webhooks-examples-{VERSION}"
    if not folder.exists() and not _install(folder):
        return None
    index = folder / "node_modules" / EXAMPLES / edition / "index.json"
    return [(kind["name"], payload) for kind in json.loads(index.read_text("utf-8")) for payload in kind["examples"]]


def _install(folder: Path) -> bool:
    npm = shutil.which("npm")
    if npm is None:
        return False
    with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
        command = [npm, "install", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            subprocess.run([*command, f"{EXAMPLES}@{VERSION}"], check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError):
            return False
        shutil.copytree(fresh, folder, dirs_exist_ok=True)
    return True


def installed(told: Iterable[Told]) -> Iterator[Told]:
    """Every payload as an installed App gets it: many examples came from hooks of a repository instead."""
    for event, payload in told:
        yield event, {"installation": {"id": 7}, **payload}


def red(conclusion: str, told: Iterable[Told]) -> Iterator[Told]:
    """Every run, job, check and suite, ended in this way."""
    for event, payload in installed(told):
        if event in {"workflow_run", "workflow_job", "check_run", "check_suite"}:
            ended = {"status": "completed", "conclusion": conclusion, "completed_at": "2025-11-03T09:00:00Z"}
            yield event, {**payload, "action": "completed", event: {**payload[event], **ended}}


def reduced(change: Callable[[dict[str, Any], str], None], told: Iterable[Told]) -> Iterator[Told]:
    """Every payload, with each field that is read but not required changed: set to null, or left out."""
    for event, payload in installed(told):
        poorer = deepcopy(payload)
        for name, shape in SHAPES.items():
            if isinstance(poorer.get(name), dict):
                _reduce(shape, poorer[name], change)
        if event in FLAT:
            _reduce(FLAT[event], poorer, change)
        yield event, poorer


def to_null(told: dict[str, Any], name: str) -> None:
    told[name] = None


def left_out(told: dict[str, Any], name: str) -> None:
    told.pop(name, None)


def dated(when: str, told: Iterable[Told]) -> Iterator[Told]:
    """Every payload with all its dates at one moment; GitHub writes the year 1 where it knows none."""
    for event, payload in red("failure", told):
        yield event, {**payload, event: {key: when if key.endswith("_at") else v for key, v in payload[event].items()}}


def _reduce(shape: type[BaseModel], told: dict[str, Any], change: Callable[[dict[str, Any], str], None]) -> None:
    for name, field in shape.model_fields.items():
        kind = field.annotation
        if not field.is_required():
            change(told, name)
        elif isinstance(told.get(name), dict) and isinstance(kind, type) and issubclass(kind, BaseModel):
            _reduce(kind, told[name], change)
