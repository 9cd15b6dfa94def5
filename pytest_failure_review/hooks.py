"""The hooks that the plugin offers, for a `conftest.py` or another plugin.

They get frozen values (see `values.py`), or pytest's live objects to read; none may change what pytest decides. A hook
that raises, or answers what it may not, becomes a note on the record. This file loads in every run, so it imports
nothing while it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .values import Category, FailedTest, Kept, Owner, Sla, Summary, Written


@pytest.hookspec(firstresult=True)
def pytest_failure_review_categorise(
    failure: FailedTest,
    item: pytest.Item | pytest.Collector | None,
    excinfo: pytest.ExceptionInfo[BaseException] | None,
) -> Category | str | None:
    """Say what kind of failure it is. Asked after the marker and the project's rules, before the built-in ones."""


@pytest.hookspec(firstresult=True)
def pytest_failure_review_owner(failure: FailedTest, path: str) -> Owner | None:
    """Say who owns it; `path` is the test's file in the repository. Asked after marker and rules, before CODEOWNERS."""


@pytest.hookspec(firstresult=True)
def pytest_failure_review_sla(failure: FailedTest, category: str) -> Sla | None:
    """Say how soon it must be fixed. Asked after marker and rules."""


@pytest.hookspec
def pytest_failure_review_evidence(
    item: pytest.Item | pytest.Collector | None, excinfo: pytest.ExceptionInfo[BaseException] | None, phase: str
) -> Mapping[str, Any] | None:
    """Give more facts for the record; all answers are merged.

    As every hook but `redact`: one that took 250 ms is not asked again in this run, and one that hangs is stopped.
    """


@pytest.hookspec
def pytest_failure_review_redact(text: str, where: str) -> str | None:
    """Take secrets out of one text of a record, after the built-in rules; `where` names its field.

    Each gets what the one before it left. Where one raises, the text is not kept at all.
    """


@pytest.hookspec(firstresult=True)
def pytest_failure_review_fingerprint(failure: FailedTest) -> str | None:
    """Give a text that is equal for failures that are the same one; its hash becomes the record's fingerprint."""


@pytest.hookspec
def pytest_failure_review_checkpoint(label: str, state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give what a checkpoint is to keep besides the test's own `state`; all answers are merged."""


@pytest.hookspec(firstresult=True)
def pytest_failure_review_restore(checkpoint: Kept) -> bool | None:
    """Bring the world back to a checkpoint; True when that was done."""


@pytest.hookspec
def pytest_failure_review_record(record: Written) -> None:
    """Take notice of a record that was written to the report of this process."""


@pytest.hookspec
def pytest_failure_review_finish(summary: Summary, report_path: Path) -> None:
    """Take notice of the session's end; `report_path` is the report's folder. Not asked in pytest-xdist's workers."""
