"""Two red jobs are red for the same reason, or they are not."""

from __future__ import annotations

import pytest

from github_app.rules.fingerprints import family, fingerprint


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lint", "lint"),
        ("test (3.12, ubuntu-latest)", "test"),
        ("test (3.12, {os: ubuntu (large)})", "test"),
        ("build (docs) (3.12)", "build (docs)"),
        ("test (${{ matrix.python }})", "test"),
        ("test ${{ matrix.python }}", "test"),
        ("deploy / test (3.12)", "deploy / test"),
        ("deploy (eu) / test (3.12)", "deploy / test"),
        ("test (a very long matrix that GitHub cuts, in the mid", "test"),
        ("test (a cut, and another (group)", "test"),
        ("(3.12)", "(3.12)"),
        ("${{ matrix.name }}", "${{ matrix.name }}"),
        ("a ) b", "a ) b"),
        ("", ""),
    ],
)
def test_a_family_is_the_job_without_its_matrix_leg(name: str, expected: str) -> None:
    """X42, X43, X44."""
    assert family(name) == expected


def test_a_fingerprint_carries_its_version() -> None:
    assert fingerprint("ci.yml", "test", "Run tests", "pytest") == "fr1:e046d0adfb37e932"


@pytest.mark.parametrize(
    "other",
    [
        ("other.yml", "test", "Run tests", "pytest"),
        ("ci.yml", "lint", "Run tests", "pytest"),
        ("ci.yml", "test", "Build", "pytest"),
        ("ci.yml", "test", "Run tests", "go-test"),
        ("ci.yml", "", "testRun tests", "pytest"),
    ],
)
def test_workflow_job_step_and_rule_each_make_another_fingerprint(other: tuple[str, str, str, str]) -> None:
    """X45: two workflows with a job of the same name are two causes."""
    assert fingerprint(*other) != fingerprint("ci.yml", "test", "Run tests", "pytest")


def test_parts_cannot_run_into_each_other() -> None:
    assert fingerprint("a\x1fb", "c", "", "r") != fingerprint("a", "b\x1fc", "", "r")


def test_a_name_that_is_no_text_still_has_a_fingerprint() -> None:
    assert fingerprint("ci.yml", "test\ud800", "", "r").startswith("fr1:")
