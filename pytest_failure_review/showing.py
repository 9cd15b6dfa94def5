"""Shows what a run found to whoever reads its output, and to GitHub when it is one of its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import step_summary
from .annotations import annotate
from .findings import Findings
from .plain import harmless
from .plugin import GITHUB_VARIABLE
from .summary import render


@dataclass(frozen=True, slots=True)
class Audience:
    """Who looks, beside the terminal."""

    annotates: bool = False
    step_summary: Path | None = None


def audience(environment: Mapping[str, str]) -> Audience:
    """What the runner's variables ask for; nothing where the Action, which sees all runs of its step, shows it itself.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    if environment.get("GITHUB_ACTIONS") != "true" or environment.get(GITHUB_VARIABLE) == "false":
        return Audience()
    file = environment.get("GITHUB_STEP_SUMMARY")
    return Audience(annotates=True, step_summary=Path(file) if file else None)


def print_table(
    terminal: pytest.TerminalReporter, width: int, findings: Findings, last: str, watching: Audience
) -> None:
    """The table, then what `last` says, then the annotations; nothing when there is nothing to tell."""
    table = render(findings, width)
    terminal.section("failure review")
    for line in [*table, harmless(last)]:
        terminal.line(line)
    if watching.annotates:
        for line in annotate(findings):
            terminal.line(line)


def write_step_summary(findings: Findings, watching: Audience) -> None:
    """Raises OSError when the runner's file cannot be written."""
    if watching.step_summary is not None:
        step_summary.append(watching.step_summary, findings)
