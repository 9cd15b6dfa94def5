"""Runs the steps of a composite action as GitHub's runner does: scripts really run, `uses` steps are only noted.

It knows the few expressions that action.yml uses and refuses others, so that no test passes by not understanding.
https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#runs-for-composite-actions
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ACTION = Path(__file__).parents[2] / "action.yml"
_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


@dataclass(slots=True)
class ActionRun:
    """What a use of the action led to."""

    inputs: dict[str, str]
    contexts: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    uploads: list[dict[str, str]] = field(default_factory=list)
    said: str = ""
    summaries: list[str] = field(default_factory=list)
    """What each step that wrote any added to the job's page."""
    status: int = 0
    """Of the step that failed first; 0 when none did."""


def load() -> dict[str, Any]:
    action: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    return action


def run_action(workspace: Path, temp: Path, path: str = "", **inputs: str) -> ActionRun:
    """Runs action.yml in `workspace`; `path` is put before PATH."""
    action = load()
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    defaults = {name: entry.get("default", "") for name, entry in action["inputs"].items()}
    run = ActionRun(defaults | given, {"github.job": "unit", "github.run_attempt": "2", "strategy.job-index": "3"})
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "FAILURE_REVIEW_REPORT")
    } | {
        "PATH": os.pathsep.join(filter(None, (path, str(Path(sys.executable).parent), os.environ["PATH"]))),
        "RUNNER_TEMP": str(temp),
        "GITHUB_ACTION_PATH": str(ACTION.parent),
        "GITHUB_WORKSPACE": str(workspace),
    }
    for step in action["runs"]["steps"]:
        if _is_due(run, step.get("if", "")):
            _take(run, step, workspace, environment)
    run.outputs["action"] = {name: fill(run, entry["value"]) for name, entry in action["outputs"].items()}
    return run


def _take(run: ActionRun, step: dict[str, Any], workspace: Path, environment: dict[str, str]) -> None:
    if "uses" in step:
        run.uploads.append({name: fill(run, str(value)) for name, value in step["with"].items()})
        return
    outputs = Path(environment["RUNNER_TEMP"]) / "outputs"
    outputs.write_text("")
    summary = Path(environment["RUNNER_TEMP"]) / "summary.md"
    summary.write_text("")
    script = Path(environment["RUNNER_TEMP"]) / "step.sh"
    script.write_text(step["run"])
    own = {name: fill(run, value) for name, value in step.get("env", {}).items()}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
        cwd=workspace,
        env=environment
        | own
        | {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    run.said += f"{done.stdout}\n"  # each step has a stream of its own
    run.summaries += filter(None, [summary.read_text()])
    run.status = run.status or done.returncode
    run.outputs[step.get("id", "")] = dict(line.split("=", 1) for line in outputs.read_text().splitlines())


def fill(run: ActionRun, text: str) -> str:
    """The text with its expressions evaluated."""
    return _EXPRESSION.sub(lambda found: _value(run, found[1]), text)


def _value(run: ActionRun, expression: str) -> str:
    match expression.split("."):
        case ["inputs", name]:
            return run.inputs[name]
        case ["steps", step, "outputs", name]:
            return run.outputs.get(step, {}).get(name, "")
    return run.contexts[expression]


def _is_due(run: ActionRun, condition: str) -> bool:
    terms = condition.split(" && ") if condition else []
    held = [_value(run, term.removesuffix(" != ''")) != "" for term in terms if term != "always()"]
    return all(held) and (run.status == 0 or "always()" in terms)
