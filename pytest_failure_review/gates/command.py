"""`failure-review gate`: runs one named gate, or all of them, and writes how each ended into the report's folder.

A gate stands in the report as failed from the moment it starts, so that one whose process is killed is never missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pytest_failure_review.plain import printable
from pytest_failure_review.plugin import FOLDER, REPORT_VARIABLE
from pytest_failure_review.pyproject import BadSettingError, Project, find
from pytest_failure_review.redaction import Redactor
from pytest_failure_review.report import FILE_PREFIX, SCHEMA, Counts, Gate, Start
from pytest_failure_review.run import github_of
from pytest_failure_review.writing import ReportFile

from . import tools
from .golden import golden
from .of_pytest import GATES, NAME, in_words
from .outcome import COULD_NOT_RUN, Outcome, could_not_run
from .settings import GateSettings, gate, gates_of

RUNNING: Final = "It was started and did not come to its end."


def add_gate_command(subparsers: Any) -> None:
    """Adds `gate` to the commands of `failure-review`."""
    parser = subparsers.add_parser(
        "gate",
        help="run a quality gate (ruff, mypy, golden datasets, any command) and write how it ended into the report",
        usage="failure-review gate [--report DIR] [--base COMMIT] [NAME [-- COMMAND ...]]",
        description="Runs the gate NAME of [tool.failure_review.gates] in pyproject.toml, or COMMAND under that name; "
        "without a NAME every gate there. Exit status: 0 passed, 1 failed, 2 could not run, which counts as failed.",
    )
    parser.add_argument(
        "--report", metavar="DIR", help=f"the report's folder (default: ${REPORT_VARIABLE}, else {FOLDER})"
    )
    parser.add_argument("--base", metavar="COMMIT", default="", help="what mypy's list of modules is compared with")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("command", nargs="*", metavar="COMMAND")
    parser.set_defaults(run=lambda arguments: _gate(arguments, os.environ))


def _gate(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    folder = Path(arguments.report or environment.get(REPORT_VARIABLE) or FOLDER)
    try:
        project = find(Path.cwd())
        chosen = _chosen(project, arguments.name, tuple(arguments.command))
    except BadSettingError as error:
        return _refused(folder, arguments.name, str(error), environment)
    file = _opened(folder, list(chosen), environment)
    status = 0
    for name, settings in chosen.items():
        file.gate(_record(name, Outcome(COULD_NOT_RUN, RUNNING)))
        outcome = _run(settings, project, arguments.base, environment)
        file.gate(ended := _record(name, outcome))
        sys.stdout.write(f"{in_words(ended)}\n")
        status = max(status, outcome.status)
    _close(file, status)
    return status


def _chosen(project: Project, name: str | None, command: tuple[str, ...]) -> dict[str, GateSettings]:
    if name is not None:
        return {name: gate(name, project.table("gates").get(name, {}), command)}
    if not (found := gates_of(project)):
        raise BadSettingError("pyproject.toml names no gate: write [tool.failure_review.gates.NAME], or give a NAME")
    return found


def _refused(folder: Path, name: str | None, why: str, environment: Mapping[str, str]) -> int:
    """A gate whose settings cannot be read has failed, too, in the report as well."""
    shown = f"Gate {name} failed: " if name else ""
    sys.stderr.write(f"{shown}{printable(why)}\n")
    if name and NAME.fullmatch(name):
        file = _opened(folder, [name], environment)
        file.gate(_record(name, could_not_run(why)))
        _close(file, COULD_NOT_RUN)
    return COULD_NOT_RUN


def _run(settings: GateSettings, project: Project, base: str, environment: Mapping[str, str]) -> Outcome:
    match settings.kind:
        case "mypy":
            return tools.mypy(settings, project, base, environment)
        case "ruff":
            return tools.ruff(settings, project)
        case "golden":
            return golden(settings, project)
        case _:
            return tools.command(settings, project)


def _record(name: str, outcome: Outcome) -> Gate:
    return Gate(record="gate", name=name, passed=outcome.passed, summary=outcome.summary, details=outcome.details)


def _opened(folder: Path, names: Sequence[str], environment: Mapping[str, str]) -> ReportFile:
    run_id = os.urandom(8).hex()
    start = Start(
        record="start",
        schema=SCHEMA,
        run_id=run_id,
        worker=GATES,
        started_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        python=platform.python_version(),
        platform=platform.platform(),
        pytest=version("pytest"),
        plugin=version("pytest-failure-review"),
        argv=["gate", *names],
        github=github_of(environment),
    )
    return ReportFile(folder / f"{FILE_PREFIX}-{run_id}-{GATES}.jsonl", start, Redactor(environment))


def _close(file: ReportFile, status: int) -> None:
    file.finish(status, Counts(passed=0, failed=0, error=0, skipped=0, xfailed=0, xpassed=0))
