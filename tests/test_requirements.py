"""The table of requirements and the tests that prove them are kept in step."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from marks import COLLECTED, MARKED

TABLE = Path(__file__).parent / "requirements.csv"


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def listed() -> set[str]:
    return {row["id"] for row in rows()}


def test_every_marked_test_has_a_row_in_the_table(request: pytest.FixtureRequest) -> None:
    assert request.config.stash[MARKED] - listed() == set()


def test_every_requirement_of_the_table_is_proven_by_a_test(request: pytest.FixtureRequest) -> None:
    if set(TABLE.parent.rglob("test_*.py")) - request.config.stash[COLLECTED]:
        pytest.skip("only a run of all tests knows all marks")
    assert listed() - request.config.stash[MARKED] == set()


def test_no_requirement_is_listed_twice_and_every_one_is_said_in_words() -> None:
    assert len(rows()) == len(listed())
    assert [row["id"] for row in rows() if len(row["behaviour"].split()) < 4] == []
