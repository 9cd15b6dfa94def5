"""Collects which requirements the tests claim to prove."""

from __future__ import annotations

from pathlib import Path

import pytest

COLLECTED = pytest.StashKey[set[Path]]()
"""The files in which tests were collected."""

MARKED = pytest.StashKey[set[str]]()
"""The requirements that the collected tests prove, before any test is deselected."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    marks = (mark for item in items for mark in item.iter_markers("requirement"))
    config.stash[COLLECTED] = {item.path for item in items}
    config.stash[MARKED] = {mark.args[0] for mark in marks}
