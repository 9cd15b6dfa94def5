"""Annotations of GitHub Actions, for a step that is none of the Action's: print them in the job that ran pytest."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_failure_review.annotations import annotate
from pytest_failure_review.findings import together

from .told import Told


def convert(runs: Sequence[Told]) -> bytes:
    """At most ten errors and a notice for all runs together."""
    lines = annotate(together([run.findings for run in runs]))
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
