"""Which generated files differ, as the log lists them, and whether they are nothing but a client's types (S1-006)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from github_app.rules.model import Evidence
from github_app.rules.regex import compiled
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

TYPES: Final = "types"
FILES_KEPT: Final = 200

_PATH: Final = r"(?P<path>[^\s:|\"']{1,500})"
_LISTED: Final = (
    rf"^diff --git a/{_PATH} b/",
    rf"^\+\+\+ b/{_PATH}",
    rf"^\s*(?:modified|new file|deleted):\s+{_PATH}\s*$",
    rf"^\s?(?:M|A|D|AM|MM|\?\?)\s+{_PATH}\s*$",
    rf"^ {_PATH}\s+\|\s+\d+ [+-]+$",
)
"""How git lists what differs: `diff`, `status` long and short, `diff --stat`."""

_OF_CLIENT: Final = r"(?i)\.(?:[cm]?tsx?|[cm]?jsx?|flow)$"


def drifted(evidence: Evidence) -> tuple[str, ...]:
    """Return the files that differ, in the order in which the log lists them."""
    lines = (line for excerpt in evidence.excerpts for line in excerpt.lines)
    found = (hit.group("path") for line in lines for pattern in _LISTED for hit in compiled(pattern).finditer(line))
    return tuple(dict.fromkeys(found))[:FILES_KEPT]


def is_types(paths: Iterable[str]) -> bool:
    """Whether files are known, and all are of a client's language: no API description and no server among them."""
    told = tuple(paths)
    return bool(told) and all(compiled(_OF_CLIENT).search(path) for path in told)


def with_drift(verdict: Verdict, evidence: Evidence | None) -> Verdict:
    """Return a drift's verdict with its kind; other verdicts, and those of a finer kind, stay as they are."""
    if verdict.category is not Category.GENERATOR_DRIFT or verdict.subcategory or evidence is None:
        return verdict
    return replace(verdict, subcategory=TYPES) if is_types(drifted(evidence)) else verdict
