"""A value that is known to be secret is found however it is written."""

from __future__ import annotations

import base64
import html
import json
import re
import textwrap
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from plugin_project import a_failure

from pytest_failure_review.known_values import KnownValues
from pytest_failure_review.redaction import MASK, Redactor

WRITTEN: dict[str, Callable[[str], str]] = {
    "json": lambda value: json.dumps({"q": value}),
    "json with its letters": lambda value: json.dumps({"q": value}, ensure_ascii=False),
    "json in json": lambda value: json.dumps(json.dumps({"q": value})),
    "ascii": ascii,
    "bytes": lambda value: repr(value.encode()),
    "list of a repr": lambda value: repr([repr(value)]),
    "html": html.escape,
    "html of a template": lambda value: html.escape(value).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "form": lambda value: urlencode({"q": value}),
    "percent in lower case": lambda value: re.sub("%..", lambda match: match[0].lower(), quote(value)),
    "an address in lower case": lambda value: quote(value).lower(),
    "lower": str.lower,
    "upper": str.upper,
}


@pytest.mark.parametrize("value", ["Kx9\"q-4f'7&zz\u00e9/8 w+R", "plain-Value-4711", 'a"b\\c<d>-9f8E7d6c'])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_a_value_is_taken_in_everyday_forms(written: Callable[[str], str], value: str) -> None:
    record = Redactor({"A_TOKEN": value}).redact(a_failure(message=f"saw {written(value)}"))
    rest = record["message"].removeprefix("saw ").replace(MASK, "", 1)
    assert len(rest) < len(record["message"]) - len("saw ")
    assert [letter for letter in rest if letter.isalnum()] in ([], ["q"], ["b"])


def test_a_long_value_is_taken_from_lines_of_base64() -> None:
    value = "-".join(f"{number:x}" for number in range(1000, 1040))
    shown = base64.encodebytes(value.encode()).decode()
    redacted = Redactor({"A_TOKEN": value}).redact(f"sent:\n{shown}")
    assert [line for line in shown.splitlines() if line in redacted] == []


@pytest.mark.parametrize("width", [11, 14, 20])
def test_a_token_that_is_wrapped_over_four_lines_is_taken_whole(width: int) -> None:
    value = "q7Zk2mPx9vLw4nRt8sYb3cHd6fJg1aEu5iOx"
    assert Redactor({"A_TOKEN": value}).redact("\n".join(textwrap.wrap(value, width))) == MASK


def test_a_word_in_another_case_stays() -> None:
    assert Redactor({"A_TOKEN": "Production"}).redact("in production") == "in production"


def test_of_too_many_values_the_newest_are_known() -> None:
    redactor = Redactor({"A_TOKEN": "first-4711"})
    redactor.read_masks([("Captured stdout call", "\n".join(f"::add-mask::value-{n:04}-x" for n in range(600)))])
    assert redactor.redact("value-0599-x and value-0100-x") == f"{MASK} and {MASK}"
    assert redactor.redact("value-0001-x first-4711") == "value-0001-x first-4711"
    redactor.look_again()
    assert redactor.redact("first-4711") == MASK


def test_what_is_learnt_late_is_looked_for_in_lines_seen_before() -> None:
    redactor = Redactor({})
    record = a_failure(message="ValueError: value-4711-x")
    assert redactor.redact(record)["message"] == "ValueError: value-4711-x"
    redactor.read_masks([("Captured stdout call", "::add-mask::value-4711-x")])
    assert redactor.redact(record)["message"] == f"ValueError: {MASK}"


def test_a_plain_value_has_few_forms_to_look_for() -> None:
    known = KnownValues(["tok-9f8e7d6c5b4a"])
    assert not known.may_be_in("nothing")
    assert len(known._hints) <= 12
