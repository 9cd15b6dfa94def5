"""Of a test that died, its file tells the line and the marker, as pytest would have told them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from plugin_project import Project

from pytest_failure_review.checking import check_the_dead
from pytest_failure_review.declared import Declared, declared
from pytest_failure_review.marker import read_marker

SUITE = '''
import pytest
from pytest import mark

pytestmark = [pytest.mark.usefixtures("tmp_path"), pytest.mark.failure_review(owner="@module")]


def helper():
    pass


def test_plain(): pass


@pytest.mark.failure_review("performance", owner=["@a", "@b"], sla=3)
@mark.parametrize("n", ["a::b", "c[d]"])
@mark.failure_review(category="test.database")
async def test_twice(n):
    """Both of its own."""


@pytest.mark.failure_review(sla="4h")
@pytest.mark.failure_review(sla="5h", owner="@outer")
class TestOuter:
    pytestmark = pytest.mark.failure_review(sla="6h")

    def test_a(self): pass

    class TestInner:
        @pytest.mark.failure_review("test.unit", wrong=1)
        def test_a(self): pass

        def test_b(self): pass
'''


def test_the_file_says_what_pytest_would_have_said(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\naddopts = -pno:asyncio\n")
    module = project.pytester.getmodulecol(SUITE)
    items = project.pytester.genitems([module])
    assert len(items) == 6
    for item in items:
        given = [(mark.args, mark.kwargs) for mark in item.iter_markers("failure_review")]
        line = item.location[1]
        assert line is not None
        assert declared(item.nodeid, project.path, project.path) == Declared(line + 1, read_marker(given))
        assert declared(f"{item.nodeid}@group", project.path, project.path).line == line + 1


@pytest.mark.parametrize(
    "mark",
    ["owner=TEAM", "owner='@' + TEAM", "owner=team()", "owner=[TEAM]", "**GIVEN", "owner='@a', **GIVEN, sla=1"],
)
def test_a_value_that_only_the_run_knew_is_said_to_be_unknown_and_no_wider_marker_stands_in(
    tmp_path: Path, mark: str
) -> None:
    source = f"""
@pytest.mark.failure_review(owner="@wide", category="test.unit")
class TestA:
    @pytest.mark.failure_review({mark})
    def test_a(self): pass
"""
    (tmp_path / "test_a.py").write_text(source)
    said = declared("test_a.py::TestA::test_a", tmp_path, tmp_path).marker
    assert "@wide" not in said.owners
    assert any(words.endswith("a value that only the run knew") for words in said.ignored)
    assert said.category == (None if "**" in mark else "test.unit")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def test_b(): pass", "test_a"),
        ("test_a = lambda: None", "test_a"),
        ("class test_a: pass", "test_a"),
        ("class TestA(Base): pass", "TestA::test_a"),
        ("def test_a(: pass", "test_a"),
        ("def test_a(): pass\0", "test_a"),
        ("x = " + "(" * 5000 + "\ndef test_a(): pass", "test_a"),
        ("x = " + "-" * 200_000 + "1\ndef test_a(): pass", "test_a"),
        ("#" * 1024 * 1024 + "\ndef test_a(): pass", "test_a"),
        ("def test_a(): pass", ""),
        ("def test_a(): pass", "test_a::\0"),
    ],
)
def test_what_does_not_stand_in_the_file_is_not_known(tmp_path: Path, source: str, name: str) -> None:
    (tmp_path / "test_a.py").write_text(source)
    assert declared(f"test_a.py::{name}", tmp_path, tmp_path) == Declared()


@pytest.mark.parametrize("path", ["../test_a.py", "link.py", "pipe.py", "folder.py", "none.py", "test_a.txt", "\0.py"])
def test_only_a_python_file_of_the_repository_is_read(tmp_path: Path, path: str) -> None:
    repository = tmp_path / "clone"
    (repository / "folder.py").mkdir(parents=True)
    for file in (tmp_path / "test_a.py", repository / "test_a.txt"):
        file.write_text("def test_a(): pass\n")
    (repository / "link.py").symlink_to(tmp_path / "test_a.py")
    os.mkfifo(repository / "pipe.py")
    assert declared(f"{path}::test_a", repository, repository) == Declared()


DYING = """
import os, pytest

@pytest.mark.failure_review("performance", owner="@speed", sla="8h")
def test_marked():
    os._exit(3)
"""


@pytest.mark.parametrize("given", [(), ("-n1", "--max-worker-restart=0")])
def test_a_test_that_dies_keeps_its_line_and_its_marker_which_wins_over_rules(
    project: Project, given: tuple[str, ...]
) -> None:
    project.write("test_a.py", DYING)
    project.write("pyproject.toml", RULES)
    project.run_and_die(*given)
    check_the_dead(project.reports)
    (failure,) = [record for record in project.files()["main"] if record["record"] == "failure"]
    assert (failure["category"], failure["rule"]) == ("performance", "the test's failure_review marker")
    assert (failure["owner"]["names"], failure["sla"]) == (["@speed"], "8h")
    assert (failure["line"], failure["crash_line"]) == (4, "test_a.py:4: crashed")


RULES = """
[[tool.failure_review.rules]]
module = "test_*"
category = "infra.container"
owner = "@boxes"
"""


@pytest.mark.parametrize("given", [(), ("-n1", "--max-worker-restart=0")])
def test_the_project_s_rules_hold_for_a_test_that_dies(project: Project, given: tuple[str, ...]) -> None:
    project.write("test_a.py", "import os\n\ndef test_a(): os._exit(3)\n")
    project.write("pyproject.toml", RULES)
    project.run_and_die(*given)
    check_the_dead(project.reports)
    (failure,) = [record for record in project.files()["main"] if record["record"] == "failure"]
    assert (failure["category"], failure["owner"]["names"]) == ("infra.container", ["@boxes"])


def test_rules_that_nobody_understands_any_more_lose_no_death(project: Project) -> None:
    project.write("test_a.py", "import os\n\ndef test_a(): os._exit(3)\n")
    project.run_and_die()
    project.write("pyproject.toml", "[[tool.failure_review.rules]]\n")
    assert check_the_dead(project.reports).failures == 1


def test_the_line_of_a_test_that_was_made_while_it_ran_is_not_guessed(project: Project) -> None:
    project.write("test_a.py", "import os\n\ntest_made = lambda: os._exit(3)\n")
    project.run_and_die()
    check_the_dead(project.reports)
    *_, failure = project.files()["main"]
    assert (failure["line"], failure["crash_line"]) == (None, "test_a.py: crashed")
