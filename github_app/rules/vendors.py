"""The credentials of some two hundred vendors, by their looks: data of gitleaks, kept in `credentials/vendors.toml`.

A pattern is only tried on text in which one of its keywords stands, so that the many cost no more than the few.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from math import log2
from typing import Final, NotRequired, TypedDict

from github_app.rules.detectors import Detector, is_not_masked
from github_app.rules.regex import ENGINE, PatternSet

_FILE: Final = files("github_app.rules") / "credentials" / "vendors.toml"


class _Rule(TypedDict):
    kind: str
    keywords: list[str]
    pattern: str
    group: NotRequired[int]
    entropy: NotRequired[float]


def vendors_in(text: str) -> tuple[Detector, ...]:
    """Give the detectors of the vendors whose keywords stand in a text, in the order of the file."""
    rules = _rules()
    hits = _keywords().hits(text)
    places = {place for hit in hits for place in _places()[hit]}
    return tuple(rules[place] for place in sorted(places))


def vendor_kinds() -> tuple[str, ...]:
    """Give the kinds in the order of the file."""
    return tuple(rule.kind for rule in _rules())


def entropy(value: str) -> float:
    """Give Shannon's entropy of a value, in bits per character; generated values have more of it than words."""
    counts = Counter(value).values()
    return -sum(count / len(value) * log2(count / len(value)) for count in counts)


@cache
def _data() -> tuple[_Rule, ...]:
    return tuple(tomllib.loads(_FILE.read_text(encoding="utf-8"))["rule"])


@cache
def _rules() -> tuple[Detector, ...]:
    return tuple(
        Detector(rule["kind"], rule["pattern"], _more_than(rule.get("entropy", 0.0)), rule.get("group", 0))
        for rule in _data()
    )


def _more_than(bits: float) -> Callable[[str], bool]:
    return lambda value: is_not_masked(value) and entropy(value) >= bits


@cache
def _words() -> tuple[str, ...]:
    return tuple(sorted({word for rule in _data() for word in rule["keywords"]}))


@cache
def _places() -> tuple[tuple[int, ...], ...]:
    """Give, for every keyword, the places of its rules."""
    return tuple(tuple(place for place, rule in enumerate(_data()) if word in rule["keywords"]) for word in _words())


@cache
def _keywords() -> PatternSet:
    return ENGINE.pattern_set([f"(?i){_literal(word)}" for word in _words()])


def _literal(word: str) -> str:
    return "".join(char if char.isalnum() else f"\\x{{{ord(char):x}}}" for char in word)
