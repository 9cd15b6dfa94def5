"""Lines of a report that say again what the failure before said: the same record, and no secret in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_failure_review.capping import MAX_RECORD_BYTES, encode
from pytest_failure_review.lines import Lines
from pytest_failure_review.redaction import MASK, Redactor
from pytest_failure_review.shapes import SENSITIVE_WORDS, SHAPES, has_trace

SECRET = "x7fQ-9pLw2-Zr4t"


def failure(**fields: Any) -> dict[str, Any]:
    """One record, as the plugin makes it."""
    at = {"path": "shop/cart.py", "line": 7, "function": "Cart.total", "in_repo": True}
    moment = {
        "label": "failure",
        "sequence": 2,
        "sha256": "0" * 64,
        "parent": None,
        "created_at": "2026-01-01T00:00:00Z",
    }
    kept = {"elapsed": 0.5, "phase": "call", "task": "", "kind": "failure", "state": None, "files": []}
    owner = {"names": ["@shop"], "source": "CODEOWNERS", "line": 1}
    return {
        "record": "failure", "nodeid": "test_cart.py::test_total", "phase": "call", "attempt": 1, "worker": "main",
        "outcome": "failed", "category": "test.unit", "rule": "an assertion failed", "confidence": 0.4, "owner": owner,
        "sla": None, "exception": "AssertionError", "message": "assert 1 == 2", "path": "shop/cart.py", "line": 7,
        "frames": [at], "text": "E assert 1 == 2", "fingerprint": "0" * 16, "markers": [],
        "checkpoints": [moment | kept],
        **fields,
    }  # fmt: skip


values = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists, max_leaves=4)
fields = st.fixed_dictionaries(
    {},
    optional={
        "nodeid": st.text(max_size=20),
        "rule": st.sampled_from(["a", "b", "\u20ac"]),
        "line": st.integers(1, 3),
        "sla": st.none() | st.just("4h"),
        "text": st.text(max_size=20),
        "frames": st.lists(
            st.fixed_dictionaries(
                {
                    "path": st.sampled_from("ab"),
                    "line": st.integers(1, 2),
                    "function": st.just("f"),
                    "in_repo": st.booleans(),
                }
            ),
            max_size=3,
        ),
        "evidence": st.dictionaries(st.text(max_size=3), values, max_size=3),
        "params": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
    },
)


@given(st.lists(fields, max_size=5))
def test_each_line_says_what_its_record_says_whatever_stood_before(changes: list[dict[str, Any]]) -> None:
    lines = Lines()
    for change in changes:
        record = failure(**change)
        line = lines.of(record)
        assert line is not None
        lines.keep(line)
        assert json.loads(line.whole) == json.loads(encode(record))  # type: ignore[arg-type]  # made up


def test_a_state_of_a_checkpoint_is_written_as_it_is_each_time() -> None:
    redactor = Redactor({})
    for state in ({"a": 1}, {"a": True}, {"a": 1.0}):
        (moment,) = failure()["checkpoints"]
        record = failure(checkpoints=[moment | {"state": state}])
        assert f'"state":{json.dumps(state, separators=(",", ":"))}'.encode() in redactor.redact(record).line


@pytest.mark.parametrize("field", ["nodeid", "rule", "message", "text", "path", "sla", "crash_line"])
def test_a_secret_is_taken_from_a_field_however_often_it_is_said(field: str) -> None:
    redactor = Redactor({"API_TOKEN": SECRET})
    for number in range(3):
        record = redactor.redact(failure(**{field: f"got {SECRET}"}, fingerprint=f"{number:016}"))
        assert record[field] == f"got {MASK}"
        assert SECRET.encode() not in encode(record)


def test_a_secret_is_taken_from_a_step_that_is_passed_again() -> None:
    redactor = Redactor({"API_TOKEN": SECRET})
    step = {"path": f"/home/{SECRET}/a.py", "line": 1, "function": "f", "in_repo": False}
    for _ in range(2):
        assert redactor.redact(failure(frames=[step]))["frames"] == [step | {"path": f"/home/{MASK}/a.py"}]


def test_what_becomes_known_as_a_secret_is_taken_from_what_was_said_before() -> None:
    environment: dict[str, str] = {}
    redactor = Redactor(environment)
    record = failure(rule=f"it says {SECRET}", crash_line=SECRET)
    assert redactor.redact(record)["rule"] == f"it says {SECRET}"
    environment["API_TOKEN"] = SECRET
    redactor.look_again()
    assert redactor.redact(record)["rule"] == f"it says {MASK}"


@pytest.mark.parametrize(
    "secret", ['quo"ted-value-7', "back\\slash-value", "umla\u00fct-value-99", "two\nlines of a secret 123"]
)
def test_a_known_value_is_found_though_json_writes_it_otherwise(secret: str) -> None:
    record = Redactor({"API_TOKEN": secret}).redact(failure(text=f"E   got {secret}"))
    assert record["text"] == f"E   got {MASK}"


@pytest.mark.parametrize("hidden", ["\x00", "\x08", "\x0c", "\x1b[0m", "\x7f", "\u200b"])
def test_what_is_invisible_is_seen_in_a_line(hidden: str) -> None:
    record = Redactor({"API_TOKEN": SECRET}).redact(failure(text=f"{SECRET[:7]}{hidden}{SECRET[7:]}"))
    assert record["text"] == MASK


def test_a_record_is_never_longer_than_it_may_be() -> None:
    for fields_of_one in ({"text": "x" * 70_000}, {"evidence": {"a": ["b" * 300] * 400}}, {"notes": ["n" * 90] * 900}):
        record = Redactor({}).redact(failure(**fields_of_one))
        assert not record.line
        assert len(encode(record)) <= MAX_RECORD_BYTES


@pytest.mark.parametrize("hint", [hint for shape in SHAPES for hint in shape.hints])
def test_every_hint_of_a_token_leaves_a_trace(hint: str) -> None:
    assert has_trace(f"it says {hint}abc")


@pytest.mark.parametrize("word", SENSITIVE_WORDS)
def test_every_word_that_names_a_secret_leaves_a_trace(word: str) -> None:
    assert has_trace(f"the {word} = 1")
    assert has_trace(f"THE {word.upper()} = 1")


def test_a_word_that_only_ends_in_key_leaves_none() -> None:
    assert not has_trace("def test_key(monkeypatch, donkey): KeyError")


def test_what_followed_a_failure_is_told_whole_and_without_secrets() -> None:
    redactor = Redactor({"API_TOKEN": SECRET})
    (moment,) = failure()["checkpoints"]
    record = {"record": "afterwards", "nodeid": "a", "attempt": 1, "worker": "main", "checkpoints": [moment]}
    assert json.loads(redactor.redact(record).line) == record
    for _ in range(2):
        told = redactor.redact(record | {"checkpoints": [moment | {"label": SECRET}]})
        assert told["checkpoints"][0]["label"] == MASK


def test_a_secret_in_an_id_is_taken_from_what_followed_as_well() -> None:
    redactor = Redactor({"API_TOKEN": SECRET})
    nodeid = f"test_a.py::test[{SECRET}]"
    for _ in range(2):
        redactor.redact(failure(nodeid=nodeid))
        told = {"record": "afterwards", "nodeid": nodeid, "attempt": 1, "worker": "main", "checkpoints": []}
        assert redactor.redact(told)["nodeid"] == f"test_a.py::test[{MASK}]"
