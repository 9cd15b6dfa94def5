"""How severe the vulnerabilities are that a log tells of outside the few stretches that are kept of it.

The law: one critical finding among a thousand mild ones must not be judged by those of the mild ones that are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from github_app.rules.anchors import SCANNERS, Anchor
from github_app.rules.precedence import SEVERITIES
from github_app.rules.regex import compiled
from pytest_failure_review.report import Severity

UNNAMED: Final = "unnamed"
"""Stands for a severity that nobody named, which counts as it does in a verdict."""

_REPORT: Final = r"^\s*(?:# npm audit report|=== npm audit security report ===)"
_TOTAL: Final = r"^(?:found )?[1-9]\d* vulnerabilit(?:y|ies) \("
_WORD: Final = r"(?i)(?:\b(\d+) )?\b(critical|high|moderate|medium|low)\b(?:: (\d+))?"
_LEVELS: Final = {"moderate": Severity.MEDIUM, **{str(severity): severity for severity in Severity}}


@dataclass(slots=True)
class Scanned:
    """The lines of vulnerability scanners in a log, the first few with what severity they name.

    Of more lines than `most`, which all excerpts together have, at least one is not shown.
    """

    most: int
    _lines: dict[int, Severity | None] = field(default_factory=dict)
    _totals: set[Severity | None] = field(default_factory=set)  # of what npm's audits say at their end
    _audited: int = -1  # the step in which one began
    _missed: bool = False

    def wants(self, there: Iterable[Anchor]) -> bool:
        """Whether lines of these kinds are still to be noted."""
        return len(self._lines) <= self.most and any(anchor.why in SCANNERS for anchor in there)

    def miss(self) -> None:
        """Know that lines of a scanner were not looked at."""
        self._missed = True

    def note(self, number: int, step: int, text: str) -> None:
        """Note a scanner's line.

        Whoever installs packages is told the same total as whoever audits them; only an audit's counts.
        """
        if compiled(_REPORT).search(text):
            self._audited = step
        elif compiled(_TOTAL).search(text):
            if self._audited == step:
                self._totals.add(worst_named(text))
        elif len(self._lines) <= self.most:
            self._lines[number] = worst_named(text)

    def elsewhere(self, shown: Sequence[tuple[int, int]]) -> str:
        """Give the worst severity of what is not in these ranges of lines, and of totals; "" where there is nothing."""
        levels = {level for at, level in self._lines.items() if not any(start <= at <= end for start, end in shown)}
        levels |= self._totals
        if self._missed or len(self._lines) > self.most:
            levels.add(None)
        return str(max(levels, key=SEVERITIES.index) or UNNAMED) if levels else ""


def worst_named(text: str) -> Severity | None:
    """Give the worst severity that a line names, but for those of which it counts none."""
    found = (match.groups() for match in compiled(_WORD).finditer(text))
    named = {_LEVELS[str(word).lower()] for before, word, after in found if "0" not in {before, after}}
    return max(named, key=SEVERITIES.index, default=None)
