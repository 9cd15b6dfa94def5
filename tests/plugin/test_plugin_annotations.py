"""The annotations beside the lines of a change, and that nothing of a test forges a workflow command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from githubs_runner import Command, obeyed
from hypothesis import given
from hypothesis import strategies as st
from plugin_project import Project, a_failure

from pytest_failure_review.annotations import LONGEST, annotate
from pytest_failure_review.findings import of_run
from pytest_failure_review.plain import command, harmless
from pytest_failure_review.report import Failure, Owner
from pytest_failure_review.summary import render


def commands(*failures: Failure, **more: Any) -> list[Command]:
    lines = annotate(of_run(failures, **more))
    found = obeyed("\n".join(lines))
    assert len(found) == len(lines)
    return found


def test_an_annotation_says_where_what_whose_and_how_to_see_it_again() -> None:
    (told,) = commands(
        a_failure(
            path="src/a.py", sla_terms={"hours": 4.0, "tier": "marker"}, replay="pytest --failure-review-replay=r#1"
        )
    )
    assert told == Command(
        "error",
        {"file": "src/a.py", "line": "2", "title": "test.unit: test_a.py::test_a"},
        "AssertionError: assert 0\n\n"
        "test.unit: an assertion failed\n"
        "Owner: @ann (CODEOWNERS)\n"
        "To be fixed within: 4h\n"
        "Replay: pytest --failure-review-replay=r#1",
    )


def test_what_has_a_meaning_in_properties_arrives_as_it_was() -> None:
    (told,) = commands(a_failure(nodeid="test_a.py::test_a[a,b=c:50%25]", path="folder, 100%/test_a.py"))
    assert told.properties == {
        "file": "folder, 100%/test_a.py",
        "line": "2",
        "title": "test.unit: test_a.py::test_a[a,b=c:50%25]",
    }


@pytest.mark.parametrize("path", ["/usr/lib/python3/ast.py", "../other/a.py", "C:/a.py", ""])
def test_a_place_outside_of_the_repository_is_not_pointed_at(path: str) -> None:
    assert commands(a_failure(path=path))[0].properties == {"title": "test.unit: test_a.py::test_a"}


def test_a_long_message_keeps_its_beginning_its_end_and_what_stands_below_it() -> None:
    text = commands(a_failure(message="begin" + "x" * 9000 + "end", replay="pytest r" + "#" * 2000))[0].text
    assert len(text) <= LONGEST < 4096
    assert text.startswith("beginxx")
    assert "xxend\n\ntest.unit: an assertion failed\n" in text


def test_eleven_failures_are_ten_errors_and_one_notice() -> None:
    found = commands(*(a_failure(nodeid=f"test_a.py::test_{number}") for number in range(11)))
    assert [told.name for told in found] == ["error"] * 10 + ["notice"]
    assert found[-1].text == "1 more failure is not annotated; all stand in the report."


def test_ten_failures_need_no_notice() -> None:
    found = commands(*(a_failure(nodeid=f"test_a.py::test_{number}") for number in range(10)))
    assert [told.name for told in found] == ["error"] * 10


def test_each_cause_is_shown_before_any_is_shown_twice_and_the_worst_category_first() -> None:
    many = [a_failure(nodeid=f"test_a.py::test_{number}", category="infra.network") for number in range(12)]
    secret = a_failure(nodeid="test_s.py::test_s", category="security.secret", fingerprint="1" * 16)
    unit = a_failure(nodeid="test_u.py::test_u", fingerprint="2" * 16)
    found = commands(*many, unit, secret)
    assert [told.properties["title"] for told in found[:4]] == [
        "security.secret: test_s.py::test_s",
        "test.unit: test_u.py::test_u",
        "infra.network: test_a.py::test_0 and 11 more",
        "infra.network: test_a.py::test_1",
    ]
    assert found[-1].text == "4 more failures are not annotated; all stand in the report."


def test_a_run_that_did_not_end_comes_before_every_failure() -> None:
    found = commands(a_failure(), troubles=["the run died\nearly"])
    assert found[0] == Command("error", {"title": "Failure Review"}, "the run died?early")


HOSTILE = st.sampled_from(
    ["::error::x", "\n::add-mask::x", "\r::stop-commands::x", "##[error]x", "\u2028::error::x", "\x1b[2K::error::x",
     "::", "%0A::error::x", "#", "[", ",title=x", "\ud800", " ", "\v::set-env name=A::x", "###[group]x", "|",
     "\x85::error::x"]
)  # fmt: skip
TEXTS = st.lists(HOSTILE | st.text(max_size=5), max_size=6).map("".join)


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_of_a_test_becomes_a_command_in_the_table(nodeid: str, category: str, other: str) -> None:
    owner = Owner(names=[other], source=other, line=1)
    failure = a_failure(
        nodeid=nodeid, category=category, owner=owner, sla=other, replay=other, rule=f"x (its marker {other})"
    )
    lines = [*render(of_run([failure]), 80), harmless(other)]
    assert obeyed("\n".join(lines)) == []


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_of_a_test_becomes_another_command_in_an_annotation(nodeid: str, path: str, other: str) -> None:
    owner = Owner(names=[other], source=other, line=1)
    failure = a_failure(
        nodeid=nodeid, path=path, category=other, owner=owner, sla=other, replay=other, message=other, rule=other
    )
    lines = annotate(of_run([failure], troubles=[other]))
    assert [told.name for told in obeyed("\n".join(lines))] == ["error", "error"]
    assert all(set(told.properties) <= {"file", "line", "title"} for told in obeyed("\n".join(lines)))


LINE = st.text(st.characters(exclude_characters="\x85\u2028\u2029", exclude_categories=["Cc", "Cs", "Zs"]), min_size=1)


@given(st.text(), LINE)
def test_what_is_escaped_is_what_the_runner_reads(text: str, value: str) -> None:
    (told,) = obeyed(command("error", {"title": value}, text))
    assert (told.text, told.properties["title"]) == (text, value)


EVERYTHING_FAILS = """
import pytest

@pytest.fixture
def broken():
    raise RuntimeError("in setup")

@pytest.fixture
def leaves():
    yield
    raise RuntimeError("in teardown")

def test_setup(broken): pass
def test_call(): assert 0
def test_teardown(leaves): pass
"""


@pytest.fixture
def on_github(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return project


def annotated(project: Project, *arguments: str) -> list[Command]:
    return [told for told in obeyed(project.run(*arguments).result.stdout.str()) if told.name in ("error", "notice")]


def test_setup_teardown_and_collection_are_annotated_too(on_github: Project) -> None:
    on_github.write("test_a.py", EVERYTHING_FAILS)
    on_github.write("test_b.py", "import nothing_like_this\n")
    found = annotated(on_github, "--continue-on-collection-errors")
    assert sorted((told.properties["file"], told.properties["line"]) for told in found) == [
        ("test_a.py", "11"),
        ("test_a.py", "14"),
        ("test_a.py", "6"),
        ("test_b.py", "1"),
    ]


def test_with_xdist_the_main_process_annotates_what_the_workers_found_once(on_github: Project) -> None:
    on_github.write("test_a.py", EVERYTHING_FAILS)
    assert len(annotated(on_github, "-n2")) == 3


def test_outside_of_actions_nothing_is_annotated(project: Project) -> None:
    project.write("test_a.py", EVERYTHING_FAILS)
    assert annotated(project) == []


def test_where_the_action_annotates_the_plugin_does_not(on_github: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILURE_REVIEW_GITHUB", "false")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(on_github.path / "summary.md"))
    on_github.write("test_a.py", EVERYTHING_FAILS)
    assert annotated(on_github) == []
    assert not (on_github.path / "summary.md").exists()


def test_a_run_without_the_option_says_nothing_to_github(on_github: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    summary: Path = on_github.path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    on_github.write("test_a.py", EVERYTHING_FAILS)
    listed = "def pytest_configure(config): print(*config.pluginmanager.get_plugins())\n"
    on_github.write("conftest.py", listed)
    result = on_github.run("-o", "failure_review=false").result
    assert "failure_review.plugin" in result.stdout.str()
    assert "failure_review.recorder" not in result.stdout.str()
    assert obeyed(result.stdout.str()) == []
    assert not summary.exists()
