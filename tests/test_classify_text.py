"""A verdict in a terminal: 80 columns, true line numbers, and nothing that a log could do to the terminal."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_app.builtin import signatures
from github_app.classify import Judged, judge_log
from github_app.classify_text import SHOWN, WIDTH, Paint, as_json, as_text, clipped, wrapped
from github_app.rules.model import Evidence
from github_app.rules.verdicts import Line, Verdict
from pytest_failure_review.report import Category, Severity, State

COLOURLESS = Paint(on=False)
LOG = "\n".join(
    [
        *(f"quiet {number}" for number in range(1, 1201)),
        "E   psycopg.OperationalError: connection to server at 127.0.0.1 failed: Connection refused",
        *(f"FAILED tests/test_cart.py::test_{number} - OperationalError" for number in range(30)),
        "##[error]Process completed with exit code 1.",
    ]
)


def columns(line: str) -> int:
    wide = sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in line)
    return len(line) + wide - sum(unicodedata.combining(char) != 0 for char in line)


def test_the_whole_explanation_is_told() -> None:
    judged = judge_log([LOG.encode()], signatures(), job_name="unit")
    text = "\n".join(as_text(judged, COLOURLESS))
    assert text.startswith("infra.database (connection_refused)\n[")
    assert "\n> 1201 | E   psycopg.OperationalError" in text
    assert "\n  1202 | FAILED tests/test_cart.py::test_0" in text
    assert "\nLikely causes\n* " in text
    assert "\nWhat to do\n* " in text
    assert "\nNext likely: test.unit, by rule `pytest`.\n" in text
    assert text.endswith("The log has 1,232 lines.")


def test_of_a_long_stretch_the_lines_around_the_deciding_one_are_shown() -> None:
    judged = judge_log([LOG.encode()], signatures())
    numbered = [line for line in as_text(judged, COLOURLESS) if line[2:6].isdigit()]
    assert (len(numbered), sum(line.startswith(">") for line in numbered)) == (SHOWN, 1)
    first, last = (int(line[2:].partition("|")[0]) for line in (numbered[0], numbered[-1]))
    assert any(line.startswith(f"Lines {first} to {last} of the stretch from ") for line in as_text(judged, COLOURLESS))


def test_the_deciding_line_is_shown_at_length_and_an_endless_one_is_clipped() -> None:
    long = f"FAILED tests/test_cart.py::test_total - {'very ' * 30}long indeed"
    shown = as_text(judge_log([f"{long}\n".encode()], signatures()), COLOURLESS)
    marked = [line for line in shown if line.startswith(("> 1 | ", "    | "))]
    assert "".join(line[6:].ljust(74) for line in marked).rstrip() == long
    endless = as_text(judge_log([f"FAILED tests/test_a.py::test_b {'x' * 390}\n".encode()], signatures()), COLOURLESS)
    last = [line for line in endless if line.startswith("    | ")][-1]
    assert (len([line for line in endless if line.startswith("    | ")]), last[-3:]) == (3, "...")


def test_json_has_the_fields_that_are_promised() -> None:
    judged = judge_log([LOG.encode()], signatures())
    told = as_json(judged.verdict)
    assert set(told) == {
        *("category", "state", "subcategory", "severity", "confidence"),
        *("evidence", "region", "runner_up", "reason"),
    }
    assert told["evidence"][0]["line"] == 1201
    assert told["region"]["start"] <= 1201 <= told["region"]["end"]


def test_a_verdict_that_is_none_says_so() -> None:
    judged = judge_log([b"all is quiet"], signatures())
    assert as_text(judged, COLOURLESS)[:2] == ["unknown (no_match)", "[..........] 0.00, not known"]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("partial", "The log breaks off before the runner signed off, so its end may be missing."),
        ("missing", "GitHub has no log of this job."),
        ("refused", "GitHub refused to give the log."),
    ],
)
def test_the_state_of_the_log_is_told(state: str, sentence: str) -> None:
    verdict = Verdict(Category.UNKNOWN, "Nothing.", "none:no_log", "none", 0.0, State.NO_LOG)
    assert as_text(Judged(verdict, Evidence(log=state), 0), COLOURLESS)[-1] == sentence


def test_what_was_taken_out_is_told_by_its_kind() -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4
    text = "\n".join(as_text(judge_log([f"##[error]pushing with {token}\n".encode()], signatures()), COLOURLESS))
    assert "Taken out of what is shown: GitHub token." in text
    assert token not in text


def test_colours_only_when_they_are_wanted_and_only_around_the_text() -> None:
    judged = judge_log([LOG.encode()], signatures())
    painted = "\n".join(as_text(judged, Paint(on=True)))
    assert painted.startswith("\x1b[1;33minfra.database\x1b[0m")
    assert painted.replace("\x1b[0m", "").count("\x1b[") == painted.count("\x1b[0m")


def test_what_is_grave_is_red() -> None:
    verdict = replace(judge_log([LOG.encode()], signatures()).verdict, severity=Severity.CRITICAL)
    assert as_text(Judged(verdict, Evidence(), 1), Paint(on=True))[0].startswith("\x1b[1;31m")


@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=100))
def test_nothing_of_a_log_moves_the_cursor_or_leaves_the_columns(line: str, step: str, job: str) -> None:
    """T23: the terminal is a sink like any other."""
    log = f"##[group]Run {step}\n##[endgroup]\n{line}\n##[error]{line}\n"
    judged = judge_log([log.encode(errors="replace")], signatures(), job_name=job, step_name=step)
    shown = as_text(judged, COLOURLESS, title=job)
    assert [text for text in shown if not text.isprintable()] == []
    assert [text for text in shown if columns(text) > WIDTH] == []


def test_lines_that_decide_further_down_are_named() -> None:
    judged = judge_log([LOG.encode()], signatures(), step_name="pytest")
    lines = (*judged.verdict.evidence, Line(1203, "x", "y"), Line(1204, "x", "y"))
    text = as_text(replace(judged, verdict=replace(judged.verdict, evidence=lines)), COLOURLESS)
    assert "Of the same kind: lines 1203, 1204." in text


@given(st.text(), st.integers(4, 90))
def test_a_clipped_text_fits(text: str, room: int) -> None:
    assert columns(clipped(text, room)) <= room


@given(st.text(alphabet="ab 雪\u0301", max_size=200), st.integers(2, 20))
def test_a_wrapped_text_fits_and_loses_no_letter(text: str, room: int) -> None:
    lines = wrapped(text, room)
    assert all(columns(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
