"""Whose a file is, by the names of its artifact and of the jobs beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from gates import job

from github_app.rules.results.belonging import Belonging, among, by_key, is_of_time

NAMED, ONLY, UNCLEAR = Belonging.NAMED, Belonging.ONLY, Belonging.UNCLEAR
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("artifact", "name", "expected"),
    [
        ("failure-review-unit-0-1", "unit", NAMED),
        ("failure-review-Unit-0-1", "call / unit", NAMED),
        ("failure-review-unit_tests-3-1", "Unit tests", NAMED),
        ("failure-review-unit-0-1", "unit (3.12)", UNCLEAR),  # every leg of a matrix has this key
        ("failure-review-lint-0-1", "unit", UNCLEAR),
        ("failure-review-unit-0-2", "unit", None),
        ("test-results", "unit", UNCLEAR),
    ],
)
def test_our_own_artifacts_are_known_by_the_key_of_the_job(
    artifact: str, name: str, expected: Belonging | None
) -> None:
    assert by_key(artifact, job(1, name)) is expected


@pytest.mark.parametrize(
    ("artifact", "others", "expected"),
    [
        ("results-unit-3.12", {}, NAMED),
        ("results-unit-3.12", {"unit": "failure", "unit (3.11)": "failure"}, NAMED),
        ("results-unit-3.11", {"unit (3.11)": "success"}, UNCLEAR),
        ("results", {}, ONLY),
        ("results", {"lint": "success", "docs": "skipped"}, ONLY),
        ("results", {"lint": "failure"}, UNCLEAR),
        ("results", {"lint": "cancelled"}, UNCLEAR),
        ("results", {"lint": None}, UNCLEAR),
        ("lint-results", {"lint": "success"}, UNCLEAR),
    ],
)
def test_the_job_whose_whole_name_stands_in_the_artifacts_is_the_one(
    artifact: str, others: dict[str, str | None], expected: Belonging
) -> None:
    mine = job(1, "unit (3.12)")
    beside = [job(number, name, conclusion) for number, (name, conclusion) in enumerate(others.items(), 2)]
    assert among(artifact, mine, [mine, *beside]) is expected


@pytest.mark.parametrize(("after", "expected"), [(-1, False), (0, True), (60, True), (180, False)])
def test_an_artifact_is_made_while_its_job_runs(after: int, expected: bool) -> None:
    ran = job(1, created_at=NOW, completed_at=NOW + timedelta(minutes=1))
    assert is_of_time(NOW + timedelta(seconds=after), ran) is expected
    assert is_of_time(None, ran)
