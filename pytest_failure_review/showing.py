"""Shows what a run found to whoever reads its output, and to GitHub when it is one of its jobs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from . import step_summary
from .annotations import annotate
from .audience import Audience
from .findings import Findings
from .plain import harmless
from .summary import render


def print_table(
    terminal: pytest.TerminalReporter, width: int, findings: Findings, last: Sequence[str], watching: Audience
) -> None:
    """The table, then what `last` says, then the annotations; nothing when there is nothing to tell."""
    table = render(findings, width)
    terminal.section("failure review")
    for line in [*table, *map(harmless, last)]:
        terminal.line(line)
    if watching.annotates:
        for line in annotate(findings):
            terminal.line(line)


def write_step_summary(findings: Findings, watching: Audience) -> None:
    """Raises OSError when the runner's file cannot be written."""
    if watching.step_summary is not None:
        step_summary.append(watching.step_summary, findings)
