"""What the pages show, put together from the state: pure functions, so that templates only lay out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from github_app.sandbox.markdown import render
from github_app.sandbox.shapes import pulls as shapes
from github_app.sandbox.state import CheckRun, Comment, Pull

_PASSES = ("success", "neutral", "skipped")
_AROUND = 2  # lines of source shown above and below an annotation
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Note:
    """One annotation, with the source lines around it when the file is there."""

    level: str
    line: int
    end_line: int
    title: str
    message: str
    details: str
    source: tuple[tuple[int, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the merge box, and the check's own page."""

    id: int
    icon: str
    name: str
    app: str
    says: str
    url: str
    required: bool
    title: str
    summary: Markup
    text: Markup
    notes: tuple[tuple[str, tuple[Note, ...]], ...]

    @property
    def bad(self) -> bool:
        return self.icon not in _PASSES and self.icon != "running"


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment, rendered."""

    id: int
    author: str
    by_app: bool
    when: str
    body: Markup


def ago(now: datetime, then: datetime) -> str:
    """How long ago, in the one unit that matters."""
    seconds = max(int((now - then).total_seconds()), 0)
    for length, unit in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def icon_of(run: CheckRun) -> str:
    return "running" if run.status != "completed" else run.conclusion or "neutral"


def _says(run: CheckRun) -> str:
    if run.status != "completed":
        return run.title or "In progress"
    words = {"failure": "Failed", "success": "Successful", "timed_out": "Timed out", "neutral": "Neutral"}
    conclusion = run.conclusion or "neutral"
    return run.title or words.get(conclusion, conclusion.replace("_", " ").capitalize())


def checks_of(pull: Pull, base: str) -> list[Check]:
    """The newest check run of each name in each suite, bad ones first."""
    newest = {(run.suite.id, run.name): run for run in pull.repo.check_runs(pull.head_sha)}
    required = {context for context, _ in pull.repo.protection.get(pull.base_ref, [])}
    found = [check_of(run, base, required=run.name in required) for run in newest.values()]
    return sorted(found, key=lambda check: (not check.bad, check.icon != "running", not check.required, check.name))


def check_of(run: CheckRun, base: str, *, required: bool) -> Check:
    """A check run as people see it."""
    page = f"{base}/{run.suite.repo.full_name}/runs/{run.id}"
    return Check(
        id=run.id,
        icon=icon_of(run),
        name=run.name,
        app=run.suite.app.name,
        says=_says(run),
        url=run.details_url if run.suite.app.slug == "github-actions" and run.details_url else page,
        required=required,
        title=run.title or "",
        summary=render(run.summary),
        text=render(run.text),
        notes=tuple(_by_file(run)),
    )


def _by_file(run: CheckRun) -> Iterable[tuple[str, tuple[Note, ...]]]:
    tree = run.suite.repo.commits[run.suite.head_sha].tree
    for path in dict.fromkeys(each["path"] for each in run.annotations):
        lines = tree.get(path, b"").decode(errors="replace").splitlines()
        mine = [_note(each, lines) for each in run.annotations if each["path"] == path]
        yield path, tuple(sorted(mine, key=lambda note: note.line))


def _note(value: dict[str, Any], lines: list[str]) -> Note:
    first, last = value["start_line"], value["end_line"]
    shown = range(max(first - _AROUND, 1), min(last + _AROUND, len(lines)) + 1) if first <= len(lines) else range(0)
    return Note(
        level=value["annotation_level"],
        line=first,
        end_line=last,
        title=value.get("title") or "",
        message=value["message"],
        details=value.get("raw_details") or "",
        source=tuple((number, lines[number - 1], first <= number <= last) for number in shown),
    )


def remark_of(comment: Comment, now: datetime) -> Remark:
    author, when = comment.author.login, ago(now, comment.created_at)
    return Remark(comment.id, author.removesuffix("[bot]"), comment.app is not None, when, render(comment.body))


def merge_state(pull: Pull, checks: list[Check]) -> tuple[str, str, str]:
    """Icon, headline and sentence of the merge box; a check that is required and never came blocks, too."""
    names = {check.name for check in checks}
    missing = [name for name, _ in pull.repo.protection.get(pull.base_ref, []) if name not in names]
    blocked = bool(missing) or any(check.required and check.icon not in _PASSES for check in checks)
    failed, running = sum(check.bad for check in checks), sum(check.icon == "running" for check in checks)
    counted = [f"{failed} failing", f"{running} in progress", f"{len(checks) - failed - running} successful"]
    sentence = ", ".join(part for part in counted if not part.startswith("0 ")) or "No checks have reported yet"
    sentence += f". Still expected: {', '.join(missing)}" if missing else ""
    if not checks and not missing:
        return "neutral", "No checks", sentence
    if failed:
        headline = "All checks have failed" if failed == len(checks) else "Some checks were not successful"
        icon = "failure"
    elif running or missing:
        headline, icon = "Some checks haven't completed yet", "running"
    else:
        headline, icon = "All checks have passed", "success"
    return icon, f"{headline}: merging is blocked" if blocked else headline, sentence


def diff_of(pull: Pull, base: str) -> list[dict[str, Any]]:
    """The files changed, each patch as (kind, line) where kind is one of hunk, add, del, same."""
    kinds = {"@": "hunk", "+": "add", "-": "del"}
    return [
        {
            "path": each["filename"],
            "additions": each["additions"],
            "deletions": each["deletions"],
            "lines": [(kinds.get(line[:1], "same"), line) for line in each["patch"].splitlines()],
        }
        for each in shapes.files(base, pull)
    ]
