"""The failing lines as GitHub's annotations: plain text, each said once, the most urgent first (G18, X34, X36)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from github_app.github.markdown import ELLIPSIS, clean
from github_app.rules.gate import owner_name
from github_app.rules.records import Failure
from github_app.rules.sla import duration_in_words

MAX_TITLE = 255
MAX_MARKS = 500
MAX_MESSAGE = 8_000
LAST_LINE = 1_000_000


def annotations_of(failures: Iterable[Failure]) -> list[dict[str, Any]]:
    """Return the failing lines, in the order of the failures; whatever is said of a line twice is said once."""
    found: dict[tuple[str, int, str], dict[str, Any]] = {}
    for failure in failures:
        for mark in failure.marks:
            path, line = clean(mark.path).replace("\n", "")[:500], mark.line if mark.line <= LAST_LINE else 1
            said = dict.fromkeys((mark.message[:2000], failure.verdict.reason))
            message = clean("\n\n".join(said))[:MAX_MESSAGE] or "(no message)"
            note = {
                "path": path,
                "start_line": line,
                "end_line": line,
                "annotation_level": "failure",
                "title": title_of(f"{failure.verdict.category}: {owner_name(failure)}, {_target(failure)}"),
                "message": message,
            }
            if path:
                found.setdefault((path, line, message), note)
    return list(found.values())[:MAX_MARKS]


def _target(failure: Failure) -> str:
    target = failure.clock.target_s
    return "no deadline" if target is None else f"{duration_in_words(target)} to fix"


def title_of(title: str) -> str:
    """Return a title as GitHub takes it: plain text of one line that can all be seen, at most 255 characters."""
    line = clean(title).replace("\n", " ")
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1] + ELLIPSIS
