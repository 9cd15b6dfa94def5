"""A secret on the command line reaches neither the report's start nor the command that runs a failure again."""

from __future__ import annotations

import shlex

import pytest
from plugin_project import Project

from pytest_failure_review.shapes import without_secret_values

CONFTEST = """
def pytest_addoption(parser):
    for name in ("db-password", "auth", "shop"):
        parser.addoption(f"--{name}")
"""


@pytest.mark.parametrize("given", ["--db-password canary-7711", "--db-password=canary-7711", "--auth=canary-7711"])
def test_the_value_of_a_secret_option_is_neither_in_the_report_nor_in_the_replay(project: Project, given: str) -> None:
    project.write("conftest.py", CONFTEST)
    project.write("test_a.py", "def test_a(): assert 0\n")
    ran = project.run("--shop", "north", *shlex.split(given))
    assert "canary-7711" not in str(ran.files)
    assert any("***" in word for word in ran.files["main"][0]["argv"])
    assert "--shop north" in ran.failure["replay"]
    assert given[:5] not in ran.failure["replay"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("--auth a-b", "--auth ***"),
        ("--db-pw a-b tests", "--db-pw *** tests"),
        ("--GH_PAT a-b -x", "--GH_PAT *** -x"),
        ("--creds=a=b tests", "--creds=*** tests"),
        ("--api-key --pass c", "--api-key --pass ***"),
        ("--author ann --pattern x --path y -p pass", "--author ann --pattern x --path y -p pass"),
    ],
)
def test_an_option_is_known_by_its_name(given: str, shown: str) -> None:
    assert without_secret_values(given.split()) == shown.split()
