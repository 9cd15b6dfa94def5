"""The gate as people read it: a table first, then each failure's why and what to do; strangers' words are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from github_app.github.markdown import block, code, cut, plain
from github_app.github.verdict import verdict_json
from github_app.rules.commits import Standing
from github_app.rules.gate import Gate, Row, owner_name
from github_app.rules.model import Failure, Permission
from github_app.rules.sla import deadline, duration_in_words

MAX_TEXT = 65_535
"""GitHub's limit for a check's summary and for its text, in bytes to be safe (G18, X35)."""

MAX_TITLE = 255
MAX_MARKS = 500
MAX_VERDICT = 30_000
MAX_DETAILS = 8_000
ROWS_SHOWN = 100
FAILURES_EXPLAINED = 20

_WORDS = {Permission.NEVER: "never", Permission.APPROVAL: "with approval", Permission.HOTFIX: "hotfix only"}


@dataclass(frozen=True, slots=True)
class GateText:
    """What is sent to GitHub, apart from the annotations' batches."""

    title: str
    summary: str
    text: str
    annotations: tuple[dict[str, Any], ...]


def gate_text(gate: Gate, base_url: str) -> GateText:
    """Render a gate; `base_url` is where people reach this App."""
    details = f"{base_url}/failures/{gate.failures[0].id}" if gate.failures else base_url
    return GateText(
        title=_title(gate.title),
        summary=cut(summary(gate, base_url), MAX_TEXT, details),
        text=_text(gate, details),
        annotations=tuple(_annotations(gate.failures)),
    )


def summary(gate: Gate, base_url: str) -> str:
    """Return the table of failing jobs and what to know about each failure."""
    parts = [_headline(gate), *(f"> {plain(notice, 500)}" for notice in gate.notices)]
    told = [row for row in gate.rows if row.standing not in {Standing.PASSED, Standing.RUNNING}]
    if told:
        parts.append(_table(told, base_url))
    parts += [explanation(failure, base_url) for failure in gate.failures[:FAILURES_EXPLAINED]]
    if len(gate.failures) > FAILURES_EXPLAINED:
        parts.append(f"{len(gate.failures) - FAILURES_EXPLAINED} more failures are in the table above.")
    return "\n\n".join(parts)


def explanation(failure: Failure, base_url: str) -> str:
    """Return why it is this kind of failure, whose and until when it is, and what to do, for one failure."""
    verdict, party = failure.verdict, failure.owner.accountable
    lines = [
        f"### {plain(failure.job)}: {verdict.category}",
        f"**Why:** {plain(verdict.reason, 600)}",
        f"**Whose:** {plain(owner_name(failure))} ({plain(party.role)}){_note(party.note)}",
        f"**By when:** {_by_when(failure)}",
        f"**Override:** {plain(failure.override.reason, 400)}",
    ]
    if verdict.advice:
        lines.append("**What to do:**\n" + "\n".join(f"1. {plain(step, 400)}" for step in verdict.advice))
    if verdict.runner_up:
        lines.append(f"It might also be {plain(verdict.runner_up)}.")
    lines.append(f"[All about this failure]({base_url}/failures/{failure.id})")
    return "\n\n".join(lines)


def due(failure: Failure) -> str:
    """Return the deadline in words that stay true while they are shown: a time of day, not a countdown."""
    target, at = failure.clock.target_s, deadline(failure.clock)
    if target is None:
        return "no deadline"
    if at is None:
        return "clock stopped"
    late = "**overdue since** " if failure.clock.breached_at else ""
    return f"{late}{at:%Y-%m-%d %H:%M} UTC"


def _by_when(failure: Failure) -> str:
    return f"{due(failure)} · {plain(failure.clock.explanation, 400)}"


def _note(note: str) -> str:
    return f"; {plain(note)}" if note else ""


def _title(title: str) -> str:
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"


def _headline(gate: Gate) -> str:
    words = {
        "success": "Nothing here stands in the way of a merge.",
        "failure": "This commit does not pass the gate yet.",
        "neutral": "This repository is being observed: the gate says what it would do, and stops nobody.",
        None: "CI is not done yet; the gate stays shut until it is.",
    }
    return words[gate.conclusion]


def _table(rows: Sequence[Row], base_url: str) -> str:
    head = "| Job | Kind | Whose | Fix by | Override | Next step |\n|---|---|---|---|---|---|"
    lines = [head, *(_line(row, base_url) for row in rows[:ROWS_SHOWN])]
    if len(rows) > ROWS_SHOWN:
        lines.append(f"| {len(rows) - ROWS_SHOWN} more | | | | | |")
    return "\n".join(lines)


def _line(row: Row, base_url: str) -> str:
    name = code(f"{row.job.workflow} / {row.job.name}" if row.job.workflow else row.job.name)
    if not row.failures:
        return f"| {name} | {row.standing} | | | | {plain(row.remark)} |"
    failure = row.failures[0]
    kind = f"[{failure.verdict.category}]({base_url}/failures/{failure.id})"
    step = row.remark or (failure.verdict.advice[0] if failure.verdict.advice else "Look at the log")
    override = _WORDS[failure.override.permission]
    return f"| {name} | {kind} | {plain(owner_name(failure))} | {due(failure)} | {override} | {plain(step, 160)} |"


def _text(gate: Gate, details: str) -> str:
    verdict = f"```json\n{verdict_json(gate, MAX_VERDICT)}\n```"
    excerpts = [_excerpt(failure) for failure in gate.failures if failure.excerpt]
    return cut("\n\n".join([verdict, *excerpts]), MAX_TEXT, details)


def _excerpt(failure: Failure) -> str:
    excerpt = failure.excerpt
    assert excerpt is not None
    head = f"### {plain(failure.job)}: log lines {excerpt.start} to {excerpt.end}"
    return f"{head}\n\n{block(chr(10).join(excerpt.lines))}"


def _annotations(failures: Iterable[Failure]) -> list[dict[str, Any]]:
    """The failing lines, in the order in which the failures matter; a failure that repeats a line says it once."""
    found: dict[tuple[str, int, str], dict[str, Any]] = {}
    for failure in failures:
        for mark in failure.marks:
            message = f"{mark.message[:2000]}\n\n{failure.verdict.reason}"[:MAX_DETAILS]
            found.setdefault(
                (mark.path, mark.line, failure.id),
                {
                    "path": mark.path,
                    "start_line": mark.line,
                    "end_line": mark.line,
                    "annotation_level": "failure",
                    "title": _title(f"{failure.verdict.category}: {owner_name(failure)}, {_target(failure)}"),
                    "message": _printable(message),
                },
            )
    return list(found.values())[:MAX_MARKS]


def _target(failure: Failure) -> str:
    target = failure.clock.target_s
    return "no deadline" if target is None else f"{duration_in_words(target)} to fix"


def _printable(text: str) -> str:
    """An annotation's message is plain text to GitHub; only what cannot be shown is taken out (X36)."""
    return "".join(char for char in text if char == "\n" or char.isprintable()) or "(no message)"
