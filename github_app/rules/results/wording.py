"""How the findings of files are written: short, in code marks, with the remarks that every such sentence ends with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from github_app.rules.lines import visible
from github_app.rules.results.values import FileReport

SOURCE: Final = "file"
"""`Verdict.source` of what a file of results says."""

OF_FILE: Final = 0.9
"""How sure a verdict from a whole, trusted file is, 0 to 1."""

OF_DOUBT: Final = 0.7


def quoted(text: str, width: int = 160) -> str:
    """Return a text's first line as code."""
    line = visible(text.strip().partition("\n")[0]).replace("`", "'")
    return f"`{line if len(line) <= width else line[: width - 1] + '…'}`"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number and its noun."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listed(words: Iterable[str], most: int = 3) -> str:
    """Return words as a list for people, the first few."""
    found = list(dict.fromkeys(words))
    shown = [*found[:most], *([f"{len(found) - most} more"] if len(found) > most else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def remarks(reports: Sequence[FileReport]) -> str:
    """Return what a reader has to know of where it was read."""
    cut = " The file breaks off." if any(not report.complete for report in reports) else ""
    fork = "" if trusted(reports) else " It comes from a fork, so the log is believed where it is stricter."
    basis = next((f" {report.basis}" for report in reports if report.basis), "")
    return f"{cut}{basis}{fork}"


def trusted(reports: Sequence[FileReport]) -> bool:
    """Whether all of it was written by a run of the repository's own."""
    return all(report.trusted for report in reports)


def confidence(reports: Sequence[FileReport]) -> float:
    """Return how sure it is, 0 to 1."""
    return OF_FILE if trusted(reports) and all(report.complete for report in reports) else OF_DOUBT
