"""The script that measures accuracy counts rightly, and says in a sentence what it cannot read."""

from __future__ import annotations

import gzip
import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent / "benchmarks" / "accuracy.py"


def _loaded() -> Any:
    spec = spec_from_file_location("accuracy", SCRIPT)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["accuracy"] = module
    spec.loader.exec_module(module)
    return module


ACCURACY = _loaded()
RIGHT = {"id": "a", "category": "unit_test", "log": "FAILED tests/test_a.py::test_b - x", "origin": "ci_log"}
WRONG = {"id": "b", "category": "build", "log": "nothing to be seen here", "hard": True, "note": "said elsewhere"}


def corpus(folder: Path, *rows: object) -> str:
    path = folder / "corpus.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(path)


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert ACCURACY.main(words) == 0
    return " ".join(capsys.readouterr().out.split())


def test_accuracy_is_told_with_its_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, corpus(tmp_path, RIGHT, WRONG))
    assert "all 0.500 [0.095, 0.905] 1/2" in out
    assert "origin ci_log 1.000 [0.207, 1.000] 1/1" in out
    assert "hard 0.000 [0.000, 0.793] 0/1" in out
    assert "share of unknown 0.500" in out


def test_what_is_wrong_is_listed_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, corpus(tmp_path, RIGHT, WRONG), "--wrong")
    assert "wrong b: build, got unknown by none:no_match" in out
    assert "note: said elsewhere" in out


def test_a_whole_log_is_right_by_any_of_its_regions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.log.gz").write_bytes(gzip.compress(b"FAILED tests/test_a.py::test_b - x\n"))
    index = tmp_path / "index.jsonl"
    index.write_text(
        json.dumps({"file": "one.log.gz", "regions": [{"category": "build"}, {"category": "unit_test"}]}) + "\n"
    )
    assert "Whole logs all 1.000 [0.207, 1.000] 1/1" in printed(capsys, corpus(tmp_path, WRONG), str(index))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ([1], "line 1: a case is an object"),
        ({"id": "a", "category": "build"}, "line 1: `log` is missing"),
        ({**RIGHT, "category": "weather"}, "line 1: `weather` is no label; known are generator_drift, unit_test"),
    ],
)
def test_a_bad_file_is_a_sentence(
    row: object, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ACCURACY.main([corpus(tmp_path, row)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_file_that_is_missing_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ACCURACY.main([str(tmp_path / "none.jsonl")]) == 2
    assert "cannot measure: " in capsys.readouterr().err


def test_a_signature_that_passing_logs_show_too_is_too_much(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.log").write_text("all is well\n")
    assert ACCURACY.main(["--passing", str(tmp_path)]) == 0
    (tmp_path / "loud.log").write_text("FAILED tests/test_a.py::test_b - x\n")
    assert ACCURACY.main(["--passing", str(tmp_path)]) == 1
    assert "pytest 0.500 1/2 too often" in " ".join(capsys.readouterr().out.split())
