"""What hooks are given and may answer: frozen values, never pytest's report, so that none can change its mind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .report import Category as Category  # noqa: PLC0414  (what the hook for categories answers)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for a failure: `@user`, `@org/team` or an address."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sla:
    """How soon a failure must be fixed."""

    hours: float


@dataclass(frozen=True, slots=True)
class Step:
    """One frame of the traceback, outermost first."""

    path: str
    line: int
    function: str
    in_repo: bool


@dataclass(frozen=True, slots=True)
class FailedTest:
    """One failure as far as it is known when a hook is asked; fields that are decided later are empty.

    Texts are as the test wrote them: secrets are taken out afterwards.
    """

    nodeid: str
    phase: str
    attempt: int
    worker: str
    outcome: str
    exception: str
    """Qualified type at the root of the chain."""
    message: str
    path: str
    line: int
    """From 1; 1 also where a test died and its line is not known."""
    test_path: str
    steps: tuple[Step, ...]
    fixture: str = ""
    """The fixture that failed, or empty."""
    fixtures: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    category: str = ""
    """Known to the hooks for owner, sla and fingerprint."""
    rule: str = ""
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Written:
    """One record that stands in the report, secrets taken out."""

    kind: str
    """`failure`, `group`, `crash`, `flaky`, `finish`..."""
    json: str
    """The line as it was written."""

    @property
    def fields(self) -> dict[str, Any]:
        """The record; each call gives a copy of its own."""
        fields: dict[str, Any] = json.loads(self.json)
        return fields


@dataclass(frozen=True, slots=True)
class Summary:
    """How the session ended."""

    exit_status: int
    counts: Mapping[str, int]
    """As pytest's last line counts: passed, failed, error, skipped, xfailed, xpassed."""
    failures: int
    """Those that stand in the end; what a later attempt took back does not count."""
    categories: Mapping[str, int]
    """How many failures each category has."""
    worst_category: str
    """Empty when nothing failed."""
    redactions: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint that is to be restored."""

    label: str
    sha256: str
    state: Any
