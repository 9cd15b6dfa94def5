"""The report format itself: bounds, the published schema, and the words that the App shares."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugin_project import SCHEMA, a_failure

from pytest_failure_review import report
from pytest_failure_review.capping import MAX_FIELD_BYTES, MAX_RECORD_BYTES, cut, encode
from pytest_failure_review.report import WORST_FIRST, Category, Checkpoint, Failure, Frame, Owner, worst

SHAPES = {name: shape for name, shape in vars(report).items() if is_typeddict(shape)}


def test_the_schema_describes_every_shape_of_the_format() -> None:
    assert set(SCHEMA["$defs"]) == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_the_schema_names_every_field_and_requires_those_of_the_first_version(name: str) -> None:
    described, hints = SCHEMA["$defs"][name], get_type_hints(SHAPES[name], include_extras=True)
    assert set(described["properties"]) == set(hints)
    assert set(described["required"]) == {field for field, hint in hints.items() if get_origin(hint) is not NotRequired}


@pytest.mark.parametrize(("shape", "field"), [(Failure, "phase"), (Failure, "outcome"), (Checkpoint, "kind")])
def test_the_schema_lists_the_words_of_each_choice(shape: type, field: str) -> None:
    described = SCHEMA["$defs"][shape.__name__]["properties"][field]
    assert described["enum"] == list(get_args(get_type_hints(shape)[field]))


def test_the_schema_is_valid_itself_and_refuses_what_is_no_record() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(a_failure(), SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(a_failure(category="Test Unit"), SCHEMA)


def test_a_record_is_one_line_of_ascii() -> None:
    line = encode(a_failure(message="ü\n\u2028\ud800"))
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert json.loads(line)["message"] == "ü\n\u2028\ud800"


def test_a_long_field_keeps_its_beginning_and_its_end() -> None:
    shown = json.loads(encode(a_failure(text="first " + "x" * 100_000 + " last")))["text"]
    assert shown.startswith("first ")
    assert shown.endswith(" last")
    assert "\n... cut ...\n" in shown
    assert MAX_FIELD_BYTES - 20 < len(shown) <= MAX_FIELD_BYTES


@settings(deadline=None)  # the machine may be busy
@given(st.text(), st.integers(1, 5000), st.integers(256, 20_000))
def test_a_cut_text_takes_no_more_than_its_limit(text: str, times: int, limit: int) -> None:
    shown = cut(text * times, limit)
    assert len(json.dumps(shown)) - 2 <= limit
    assert shown == text * times or "... cut ..." in shown


@pytest.mark.parametrize("letter", ["x", "\x00", "\U0001f4a9", "\ud800", '"'])
def test_a_record_of_nothing_but_long_fields_fits(letter: str) -> None:
    long = letter * 200_000
    frame = Frame(path=long, line=1, function=long, in_repo=True)
    record = a_failure(
        nodeid=long,
        rule=long,
        exception=long,
        message=long,
        path=long,
        text=long,
        frames=[frame] * 1000,
        owner=Owner(names=[long] * 1000, source=long, line=None),
        params={f"{number}{long}": long for number in range(1000)},
        evidence={"deep": [[[long] * 9] * 9] * 9},
        captured={"stdout": long, "stderr": long, "log": long},
    )
    line = encode(record)
    assert len(line) <= MAX_RECORD_BYTES
    jsonschema.validate(json.loads(line), SCHEMA)


def test_of_a_long_list_beginning_and_end_are_kept() -> None:
    names = [f"@{number}" for number in range(500)]
    shown = json.loads(encode(a_failure(owner=Owner(names=names, source="marker", line=None))))["owner"]["names"]
    assert shown == names[:100] + names[-100:]


def test_every_category_has_its_rank() -> None:
    assert sorted(WORST_FIRST) == sorted(Category)


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        ([], ""),
        (["test.unit"], "test.unit"),
        (["infra.network", "test.unit", "security.secret.aws", "generator_drift"], "security.secret.aws"),
        (["build.compile.cpp", "build.lint"], "build.compile.cpp"),
        (["test.unit", "unknown"], "unknown"),
        (["test.unit", "never heard of"], "never heard of"),
    ],
)
def test_the_worst_category_is_the_one_that_must_not_be_waved_through(categories: list[str], expected: str) -> None:
    assert worst(categories) == expected


HEAVY = ("pydantic", "aiohttp", "sqlalchemy", "yaml", "jinja2", "attr", "codeowners", "github_app")


@pytest.mark.parametrize(
    ("module", "added"),
    [
        ("pytest_failure_review.plugin", ("pytest_failure_review", "pytest_failure_review.plugin")),
        ("pytest_failure_review.recorder", None),
    ],
)
def test_loading_the_plugin_loads_nothing_heavy(module: str, added: tuple[str, ...] | None) -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); "
        f"import {module}; print(*sorted(set(sys.modules) - before), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = tuple(done.stdout.split())
    assert not [name for name in loaded if name.partition(".")[0] in HEAVY]
    assert added is None or loaded == added


def test_the_format_can_be_read_without_pytest() -> None:
    code = "import sys, pytest_failure_review.report; print('pytest' in sys.modules, 'pluggy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
