"""What a process says of itself: one JSON object a line, and never a secret, wherever it breaks (T28)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from talkative_process import SECRETS

PROCESS = Path(__file__).parent / "talkative_process.py"


@pytest.fixture(scope="module")
def said() -> str:
    """Everything that the process wrote to standard error."""
    ended = subprocess.run([sys.executable, PROCESS], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr[-2000:]
    return ended.stderr


@pytest.fixture(scope="module")
def lines(said: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines()]


def named(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"].startswith(event)]


def test_no_secret_is_said_at_any_site(said: str) -> None:
    assert [secret for secret in SECRETS if secret in said] == []


def test_no_half_of_a_secret_is_left_where_a_text_is_cut(said: str) -> None:
    assert [secret for secret in SECRETS if secret[: len(secret) // 2] in said] == []


@pytest.mark.parametrize(
    "event",
    ["said", "cut", "broken", "Error handling request", "a readiness check broke", "cannot claim", "Task exception"],
)
def test_every_site_was_heard_of_once_a_secret_at_least(lines: list[dict[str, Any]], event: str) -> None:
    """Else the tests above would prove nothing."""
    assert len(named(lines, event)) >= len(SECRETS)


def test_every_line_says_when_how_grave_and_what(lines: list[dict[str, Any]]) -> None:
    assert [line for line in lines if not {"event", "level", "timestamp"} <= set(line)] == []
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_an_exception_keeps_its_kind_and_its_place_and_no_local_variable(lines: list[dict[str, Any]]) -> None:
    for line in named(lines, "broken"):
        told = line["exception"][0]
        assert told["exc_type"] == "ExceptionGroup"
        assert told["frames"][-1]["name"] == "broken"
        assert "locals" not in told["frames"][-1]


def test_a_request_s_errors_carry_the_request_s_id(lines: list[dict[str, Any]]) -> None:
    ids = [line["request_id"] for line in named(lines, "Error handling request")]
    ids += [line["request_id"] for line in named(lines, "a readiness check broke")]
    assert len(set(ids)) == len(ids) == 2 * len(SECRETS)


def test_bytes_that_are_no_http_are_not_repeated(said: str) -> None:
    assert "visitor-cookie" not in said


def test_warnings_are_lines_too(lines: list[dict[str, Any]]) -> None:
    assert [line["level"] for line in lines if "UserWarning" in line["event"]] == ["warning"] * len(SECRETS)


def test_what_is_below_the_level_is_not_said(lines: list[dict[str, Any]]) -> None:
    assert named(lines, "not at this level") == []


def test_plain_values_stay_values(lines: list[dict[str, Any]]) -> None:
    [line] = named(lines, "the end")
    assert (line["number"], line["truth"], line["nothing"], line["level"]) == (1, True, None, "info")
