"""The page that GitHub shows of a job: a table of what failed, in Markdown that no text of a test can break.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .findings import Cause, Findings
from .plain import printable
from .report import Failure
from .summary import named, owners, sla

LIMIT: Final = 1024 * 1024
"""Bytes of a step's summary; GitHub drops a longer one whole."""
_SPARE: Final = 4096
"""Left for whoever writes after us."""
_ROWS: Final = (40, 10, 1)
"""So many causes are shown, tried in order until all fits into what is left."""
_MOST_OTHERS: Final = 20
_LONGEST_CELL: Final = 200
_LONGEST_COMMAND: Final = 500


def render(findings: Findings, rows: int = _ROWS[0]) -> str:
    """The page's Markdown; empty when there is nothing to tell. Less than half of `LIMIT`, whatever failed."""
    causes, others = findings.worst_first(), findings.beside_tests()
    if not causes and not others and not findings.flaky:
        return ""
    parts = [
        "## Failure Review",
        findings.counted(),
        *(f"**{_text(_short(said))}**" for said in others[:_MOST_OTHERS]),
        _more(len(others) - _MOST_OTHERS, "sentence", "stands in the report", "stand in the report"),
        _table(causes[:rows]) if causes else "",
        _more(len(causes) - rows, "cause", "stands in the report", "stand in the report"),
        _replays(causes[:rows]),
        _flaky(findings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n\n"


def append(file: Path, findings: Findings) -> None:
    """Adds the page to what already stands in a step's summary, as much of it as fits. Raises OSError."""
    room = LIMIT - _SPARE - (file.stat().st_size if file.exists() else 0)
    pages = (render(findings, rows).encode("utf-8", "replace") for rows in _ROWS)
    page = next((page for page in pages if len(page) <= room), b"")
    if page:
        with file.open("ab") as summary:
            summary.write(page)


def _table(causes: Sequence[Cause]) -> str:
    head = ["| Failures | Category | Owner | Fix within | First test | What it says |", "| ---: |" + " --- |" * 5]
    return "\n".join([*head, *(_row(cause) for cause in causes)])


def _row(cause: Cause) -> str:
    first = cause.first
    cells = [first["category"], owners(first) or "nobody is named", sla(first), named(first), _said(first)]
    return f"| {cause.count} | {' | '.join(_code(_short(cell)) for cell in cells)} |"


def _said(failure: Failure) -> str:
    return next(iter(failure["message"].strip().splitlines()), "")


def _replays(causes: Sequence[Cause]) -> str:
    commands = [cause.first["replay"] for cause in causes if cause.first.get("replay")]
    shown = [_code(command) for command in commands if len(command) <= _LONGEST_COMMAND]
    return "Replay the first of each:\n\n" + "\n".join(f"* {command}" for command in shown) if shown else ""


def _flaky(findings: Findings) -> str:
    if not findings.flaky:
        return ""
    tests = [
        f"* {_code(_short(test['nodeid']))} passed at attempt {test['attempts']}"
        for test in findings.flaky[:_MOST_OTHERS]
    ]
    more = _more(len(findings.flaky) - _MOST_OTHERS, "test", "was flaky", "were flaky")
    return "Flaky:\n\n" + "\n".join(tests) + (f"\n\n{more}" if more else "")


def _more(count: int, thing: str, one: str, several: str) -> str:
    return "" if count < 1 else f"1 more {thing} {one}." if count == 1 else f"{count} more {thing}s {several}."


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[: _LONGEST_CELL // 3]}...{shown[-_LONGEST_CELL // 2 :]}"


def _code(text: str) -> str:
    """As code, in which GitHub looks for no mention, issue or address."""
    return f"<code>{_text(text)}</code>" if text else ""


def _text(text: str) -> str:
    """Every sign that could mean something to Markdown or HTML as a reference to its number, which never does."""
    return "".join(
        letter if letter.isalnum() or letter == " " or letter > "\x7f" else f"&#{ord(letter)};"
        for letter in printable(text)
    )
