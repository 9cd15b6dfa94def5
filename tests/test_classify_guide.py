"""docs/classify.md says what is so: its log is judged, and its commands are understood."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from pytest_failure_review.cli import main

GUIDE = (Path(__file__).parent.parent / "docs" / "classify.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    return [shlex.split(block)[1:] for block in blocks("sh")]


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the two commands on the guide's log print."""
    monkeypatch.chdir(tmp_path)
    Path("job.log").write_text(blocks("text")[0], encoding="utf-8")
    ran = [main(arguments) for arguments in commands() if arguments[-1] == "job.log"]
    assert ran == [0, 0]
    text, _, objects = capsys.readouterr().out.partition("\n{")
    return [text, "{" + objects]


def test_the_explanation_that_it_shows_is_printed(shown: list[str]) -> None:
    [printed] = blocks("console")
    assert printed == f"{shown[0]}\n"


def test_the_object_that_it_shows_is_printed(shown: list[str]) -> None:
    [printed] = blocks("json")
    assert json.loads(printed) == json.loads(shown[1])


def test_a_job_s_address_is_taken_for_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("GITHUB_APP_ID", "GITHUB_PRIVATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    [address] = [arguments for arguments in commands() if arguments[-1].startswith("https://")]
    assert main(address) == 2
    assert "A job is read with the App's key: GITHUB_APP_ID is not set" in capsys.readouterr().err


def test_its_backfill_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    [arguments] = [arguments for arguments in commands() if "--backfill" in arguments]
    assert main([*arguments, "too.log"]) == 2
    assert "--backfill judges the failures that are kept; it takes no log" in capsys.readouterr().err


def test_it_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["classify", "--help"])
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help"}
    assert {option for option in options if option not in GUIDE} == set()
