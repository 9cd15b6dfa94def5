"""Who looks at a run's output beside the terminal: what the runner's variables ask for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .plugin import GITHUB_VARIABLE


class Audience(NamedTuple):
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
