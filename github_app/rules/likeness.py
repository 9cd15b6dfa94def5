"""Says by its words what kind of failure a text is most like: a linear model, learned from labelled failures.

It is asked beside the signatures, never instead of them: what it may change is in `weighing`. It reads words and pairs
of words, a line's first sign and first word, error codes and file endings, and lines that speak of trouble more than
others; only what stood in failures of several repositories was learned, so no project's own words are in it
(`tests/benchmarks/learn_likeness.py`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log, sqrt
from typing import Final

from pytest_failure_review.report import Category

MOST_LINES: Final = 120
"""Lines that are read, the first and the last; a longer text is no likelier to tell more."""

FEWEST_FEATURES: Final = 12
"""Known features that a text must have before it is like anything."""

_WORD: Final = re.compile(r"[A-Za-z]{2,30}")
_PART: Final = re.compile(r"[A-Z]?[a-z]{2,30}|[A-Z]{2,30}(?![a-z])")
_SIGN: Final = re.compile(r"\s{0,40}([^\w\s]{1,4})")
_STATUS: Final = re.compile(r"\b[2345]\d\d\b")
_ENDING: Final = re.compile(r"\.([a-z]{1,4}):\d")
_CODE: Final = re.compile(r"\b(?:[A-Z]{1,4}-?\d{3,5}|E[A-Z]{4,20})\b")
_QUANTITY: Final = re.compile(r"\d ?ms\b|\d ?s\b|\d ?%|\d\.\d+x")
_COMPARISON: Final = re.compile(r"[<>]=? ?\d")
_TROUBLE: Final = re.compile(
    r"(?i)\b(?:error|fail(?:ed|ure|s|ing)?|fatal|exception|panic|cannot|could not|unable|refused|denied|not found"
    r"|missing|invalid|timed? ?out|exceed(?:s|ed)|E {3})\b|##\[error\]|^E {2}|[✕✗✖❌×]"  # noqa: RUF001  (a tool's sign)
)
_NO_TROUBLE: Final = re.compile(
    r"(?i)\b(?:0|no) (?:failed|failures?|errors?|failing)\b|\b(?:failed|failures?|errors?):? 0\b"
)
_OF_TROUBLE: Final = 3
"""How often the features of a line that speaks of trouble count."""

_LINE_WIDTH: Final = 400


@dataclass(frozen=True, slots=True)
class Alike:
    """How like each kind of failure a text is, together 1, and the words that spoke most for the likeliest."""

    shares: Mapping[Category, float]
    words: tuple[str, ...]
    features: int
    """How many that are known the text has."""

    @property
    def likeliest(self) -> Category:
        return max(self.shares, key=lambda category: self.shares[category])


class Likeness:
    """A learned model. `features` gives each its rarity and one weight per label."""

    def __init__(
        self, labels: Sequence[Category], bias: Sequence[float], features: Mapping[str, Sequence[float]]
    ) -> None:
        self._labels = tuple(labels)
        self._bias = tuple(bias)
        self._features = features

    def of(self, lines: Sequence[str], names: Iterable[str] = ()) -> Alike | None:
        """Say what a text is like, with the names of its job and step; None when too little of it is known."""
        counts = Counter(features_of(lines, names))
        known = {name: self._features[name] for name in counts if name in self._features}
        if len(known) < FEWEST_FEATURES:
            return None
        values = {name: (1 + log(counts[name])) * weights[0] for name, weights in known.items()}
        length = sqrt(sum(value * value for value in values.values()))
        scores = list(self._bias)
        for name, value in values.items():
            for place, weight in enumerate(known[name][1:]):
                scores[place] += value / length * weight
        best = scores.index(max(scores))
        parts = sorted(known, key=lambda name: values[name] * known[name][1 + best], reverse=True)
        raised = [exp(score - scores[best]) for score in scores]
        shares = {label: each / sum(raised) for label, each in zip(self._labels, raised, strict=True)}
        return Alike(shares, tuple(name[2:] for name in parts if name[0] in "wb")[:4], len(known))


def parse(text: str) -> Likeness:
    """Read a model from JSON; a `ValueError` says what is wrong with it."""
    told = json.loads(text)
    labels = [Category(label) for label in told["labels"]]
    features = {name: tuple(number / 100 for number in numbers) for name, numbers in told["features"].items()}
    if any(len(numbers) != len(labels) + 1 for numbers in features.values()):
        raise ValueError("each feature of a model has its rarity and one weight for each label")
    return Likeness(labels, [number / 100 for number in told["bias"]], features)


def features_of(lines: Sequence[str], names: Iterable[str] = ()) -> Iterator[str]:
    """Give what a text is judged by, each as often as it stands there; the names of job and step count twice."""
    for line in _shown(lines):
        found = tuple(_of_line(line[:_LINE_WIDTH]))
        yield from found * (_OF_TROUBLE if _TROUBLE.search(line[:_LINE_WIDTH]) else 1)
    for name in names:
        for word in _WORD.findall(name[:_LINE_WIDTH]):
            yield f"j {word.lower()}"
            yield f"j {word.lower()}"


def tells_of_trouble(lines: Iterable[str]) -> bool:
    """Whether any line says that something went wrong; one that counts no failures does not."""
    return any(_TROUBLE.search(_NO_TROUBLE.sub("", line[:_LINE_WIDTH])) for line in lines)


def _shown(lines: Sequence[str]) -> Sequence[str]:
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES // 3], *lines[-2 * MOST_LINES // 3 :]]


def _of_line(line: str) -> Iterator[str]:
    words = [word.lower() for word in _WORD.findall(line)]
    parts = [part.lower() for part in _PART.findall(line)]
    yield from (f"w {word}" for word in words)
    yield from (f"w {part}" for part in parts if part not in words)
    yield from {f"b {one} {other}" for each in (words, parts) for one, other in pairwise(each)}
    if words:
        yield f"f {words[0]}"
    if sign := _SIGN.match(line):
        yield f"m {sign[1]}"
    yield from (f"n {status}" for status in _STATUS.findall(line))
    yield from (f"x {ending}" for ending in _ENDING.findall(line))
    yield from (f"c {code}" for code in _CODE.findall(line))
    if _QUANTITY.search(line):
        yield "m quantity"
    if _COMPARISON.search(line):
        yield "m comparison"
