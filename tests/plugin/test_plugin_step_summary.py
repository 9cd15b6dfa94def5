"""The page that GitHub shows of a job."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from plugin_project import Project, a_failure

from pytest_failure_review.findings import Findings, of_run
from pytest_failure_review.report import Counts, Flaky, Owner
from pytest_failure_review.step_summary import LIMIT, append, render

COUNTS = Counts(passed=30, failed=2, error=0, skipped=1, xfailed=0, xpassed=0)


def shown(text: str) -> str:
    """As GitHub renders it, near enough: CommonMark with tables and HTML."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def rows(text: str) -> list[list[str]]:
    body = shown(text).partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [
        [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<td.*?>(.*?)</td>", row)] for row in found
    ]


def test_a_cause_is_a_row_with_its_owner_its_hours_and_its_message() -> None:
    page = render(of_run([a_failure(sla_terms={"hours": 4.0, "tier": "rules"})], counts=COUNTS))
    assert page.startswith("## Failure Review\n\n2 failed, 30 passed, 1 skipped\n\n| Failures |")
    assert rows(page) == [["1", "test.unit", "@ann", "4h", "test_a.py::test_a", "AssertionError: assert 0"]]


@pytest.mark.parametrize(("errors", "line"), [(1, "1 error"), (2, "2 errors")])
def test_errors_are_counted_in_the_words_of_pytest(errors: int, line: str) -> None:
    counts = Counts(passed=0, failed=0, error=errors, skipped=0, xfailed=0, xpassed=0)
    assert of_run([], counts=counts).counted() == line


def test_replays_and_flaky_tests_stand_below_the_table() -> None:
    flaky = Flaky(record="flaky", nodeid="test_f.py::test_f", worker="main", attempts=3)
    page = shown(render(of_run([a_failure(replay="pytest --failure-review-replay=r#1")], flaky=[flaky])))
    assert "<li><code>pytest --failure-review-replay=r#1</code></li>" in page
    assert "<li><code>test_f.py::test_f</code> passed at attempt 3</li>" in page


def test_a_run_without_anything_to_tell_has_no_page() -> None:
    assert render(of_run([], counts=COUNTS)) == ""


def test_a_run_that_did_not_end_is_said_first() -> None:
    page = render(of_run([], troubles=["r.jsonl ends early: the process died in the call of test_a.py::test_x[*]."]))
    assert "<strong>r.jsonl ends early: the process died in the call of test_a.py::test_x[*].</strong>" in shown(page)


HOSTILE = st.lists(
    st.sampled_from(["|", "`", "<b>", "</code>", "![a](http://x)", "[a](b)", "*", "_", "@ann", "\\", "\n", "&lt;"])
    | st.text(max_size=5),
    max_size=8,
).map("".join)  # fmt: skip


@given(HOSTILE, HOSTILE)
def test_no_text_of_a_test_leaves_its_cell(nodeid: str, message: str) -> None:
    owner = Owner(names=[nodeid], source="", line=None)
    page = render(of_run([a_failure(nodeid=f"a{nodeid}", message=f"b{message}", category=message or "x", owner=owner)]))
    (row,) = rows(page)
    assert len(row) == 6
    inside = shown(page).partition("<tbody>")[2]
    assert set(re.findall(r"<(\w+)", inside)) <= {"tr", "td", "code"}
    assert "<code>a" in inside


def test_many_causes_are_cut_and_counted() -> None:
    page = render(of_run([a_failure(fingerprint=f"{number:016x}") for number in range(42)]))
    assert len(rows(page)) == 40
    assert "2 more causes stand in the report." in page


def huge() -> Findings:
    text = "|" * 10_000
    many: list[Any] = [
        a_failure(nodeid=text, message=text, fingerprint=f"{number:016x}", replay="|" * 500) for number in range(90)
    ]
    flaky = [Flaky(record="flaky", nodeid=text, worker="gw0", attempts=3)] * 90
    return of_run(many, flaky=flaky, troubles=[text] * 90)


def test_the_longest_page_leaves_room_for_others() -> None:
    assert len(render(huge()).encode()) < LIMIT // 2


@pytest.mark.parametrize(("there", "added"), [(0, 40), (LIMIT - 250_000, 10), (LIMIT - 20, 0), (LIMIT * 2, 0)])
def test_a_summary_never_grows_over_what_github_takes(tmp_path: Path, there: int, added: int) -> None:
    file = tmp_path / "summary.md"
    file.write_bytes(b"." * there)
    append(file, huge())
    assert file.read_bytes()[:there] == b"." * there
    assert len(rows(file.read_text()[there:])) == added
    assert file.stat().st_size == there or file.stat().st_size < LIMIT


@pytest.fixture
def summary(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = project.path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    return file


@pytest.mark.parametrize("arguments", [(), ("-n2",), ("-p", "no:terminal")], ids=["alone", "xdist", "no terminal"])
def test_a_run_on_github_writes_its_page_once(project: Project, summary: Path, arguments: tuple[str, ...]) -> None:
    project.write("test_a.py", "def test_a(): assert 0\ndef test_b(): pass\n")
    summary.write_text("before\n")
    project.run(*arguments)
    page = summary.read_text()
    assert page.startswith("before\n## Failure Review\n\n1 failed, 1 passed\n\n")
    assert len(rows(page)) == 1


def test_a_passing_run_writes_no_page(project: Project, summary: Path) -> None:
    project.write("test_a.py", "def test_a(): pass\n")
    project.run()
    assert not summary.exists()


def test_a_page_that_cannot_be_written_changes_nothing(project: Project, summary: Path) -> None:
    summary.mkdir()
    project.write("test_a.py", "def test_a(): assert 0\n")
    ran = project.run()
    assert ran.result.ret == 1
    assert [record["record"] for record in ran.files["main"]] == ["start", "failure", "afterwards", "gate", "finish"]
