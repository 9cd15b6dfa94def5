"""Signatures are data that people write: each is proven by its examples, a wrong one is refused in a sentence."""

from __future__ import annotations

import re
from typing import Final

import pytest

from github_app import builtin
from github_app.rules.regex import ENGINE
from github_app.rules.signatures import Signature, Signatures, parse
from pytest_failure_review.report import Category

SHIPPED: Final = builtin.signatures()
MATCHING: Final = [(entry, line) for entry in SHIPPED.entries for line in entry.matches]
NOT_MATCHING: Final = [(entry, line) for entry in SHIPPED.entries for line in entry.not_matches]

WHOLE: Final = """\
- id: flood
  category: infra.runner
  pattern: 'water in (?P<room>\\w+)'
  description: the machine stands in water
  matches: [water in cellar]
"""


def found(signatures: Signatures, line: str) -> list[str]:
    return [hit.signature.id for hit in signatures.hits(line)]


@pytest.mark.parametrize(("entry", "line"), MATCHING, ids=lambda value: getattr(value, "id", "line"))
def test_a_signature_is_found_in_its_example(entry: Signature, line: str) -> None:
    assert entry.id in found(SHIPPED, line)


@pytest.mark.parametrize(("entry", "line"), NOT_MATCHING, ids=lambda value: getattr(value, "id", "line"))
def test_a_signature_is_not_found_in_its_counter_example(entry: Signature, line: str) -> None:
    assert entry.id not in found(SHIPPED, line)


@pytest.mark.parametrize("category", [category for category in Category if category is not Category.UNKNOWN])
def test_every_category_has_a_signature(category: Category) -> None:
    assert [entry.id for entry in SHIPPED.entries if entry.category is category]


@pytest.mark.parametrize("entry", SHIPPED.entries, ids=lambda entry: entry.id)
def test_every_signature_explains_itself_and_says_what_to_do(entry: Signature) -> None:
    assert entry.causes
    assert entry.advice
    assert not entry.description.endswith(".")


def test_what_a_named_group_catches_comes_with_the_hit() -> None:
    [hit] = parse({"a.yml": WHOLE}).hits("there is water in cellar 2")
    assert hit.caught == {"room": "cellar"}


def test_a_group_that_caught_nothing_is_left_out() -> None:
    entry = Signature(id="a", category=Category.BUILD, pattern=("a(?P<x>b)?",), description="d", matches=("a",))
    [hit] = Signatures([entry]).hits("ac")
    assert hit.caught == {}


def test_several_patterns_of_one_signature_are_one_hit() -> None:
    entry = Signature(id="a", category=Category.BUILD, pattern=("one", "two"), description="d", matches=("one",))
    assert found(Signatures([entry]), "one two") == ["a"]


def test_a_line_with_an_exception_in_it_does_not_count() -> None:
    dry = parse({"a.yml": WHOLE.replace("  description", "  unless: [drill, tap]\n  description")})
    assert (found(dry, "water in cellar"), found(dry, "water in cellar: a drill")) == (["flood"], [])


def test_an_empty_file_has_no_signatures() -> None:
    assert parse({"a.yml": ""}).hits("anything") == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("text: 1", "a.yml: a file of signatures is a list of entries"),
        ("- 3", "a.yml line 1: an entry: Input should be a valid dictionary or instance of Signature"),
        ("- {id: a}", "a.yml line 1: signature `a`: category: Field required"),
        (f"{WHOLE}  colour: red", "a.yml line 6: signature `flood`: colour: Extra inputs are not permitted"),
        (WHOLE.replace("flood", "a b"), "a.yml line 1: signature `a b`: id: String should match pattern"),
        (
            WHOLE.replace("water in (", "(?=water) ("),
            r"a.yml: signature `flood`: `(?=water) (?P<room>\w+)` is no RE2 pattern: invalid perl operator: (?=",
        ),
        (WHOLE + WHOLE, "a.yml: `flood` is already the id of a signature in a.yml"),
        ("- &a 1\n- *a", "a.yml line 2, column 3: aliases (`*name`) are not allowed"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        parse({"a.yml": text})


def test_the_same_id_in_two_files_is_refused_with_both_names() -> None:
    with pytest.raises(ValueError, match=r"b\.yml: `flood` is already the id of a signature in a\.yml"):
        parse({"a.yml": WHOLE, "b.yml": WHOLE})


def test_a_pattern_that_would_hang_other_engines_ends_at_once() -> None:
    """X29: this one takes the standard library hours."""
    assert ENGINE.pattern("(a+)+$").search("a" * 50_000 + "b") is None


def test_a_set_refuses_what_a_pattern_would() -> None:
    with pytest.raises(ValueError, match=r"`\(` is no RE2 pattern"):
        ENGINE.pattern_set(["a", "("])


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("12:00:01 INFO FAILED tests/test_cart.py::test_total", []),
        ("[WARN] error: could not compile `shop`", []),
        ("[INFO] BUILD FAILURE", ["gradle-maven"]),
        ("12:00:01 INFO 2 secrets were detected in this pull request", ["secret-in-code"]),
        ("[ERROR] INFO channel: 3 tests failed", ["tests-failed"]),
    ],
)
def test_what_a_program_logs_and_goes_on_from_is_no_failure(line: str, ids: list[str]) -> None:
    assert found(SHIPPED, line) == ids
