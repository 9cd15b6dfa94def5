"""Where a secret scanner says that a credential stands, so that its committer can be asked for and told in private.

It reads what gitleaks, trufflehog and annotations say; a place names no more than a path, a line and a commit. What the
text says of people is never believed, since the change could have printed it, and is taken out before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from github_app.rules.model import Evidence, Excerpt
from github_app.rules.regex import compiled
from github_app.rules.results.values import FlawKind

PLACES: Final = 3
"""Credentials whose committer is asked for; a job that finds hundreds is told to the first few."""

HIDDEN: Final = "[told privately]"

_ABOUT: Final = (
    r"(?i)gitleaks|trufflehog|gitguardian|ggshield|leaks? found|\bsecrets?\b|credential|api[ _-]?key|\btoken\b"
)
_PRINT: Final = (
    r"^\s*Fingerprint:\s+(?:(?P<commit>[0-9a-f]{40}):)?(?P<path>[^:\s]{1,500}):[\w.-]{1,100}:(?P<line>\d{1,7})\s*$"
)
_FIELD: Final = (
    r"""(?i)(?:^|[\s{,"'])(?P<name>file|line|startline|commit)["']?\s*:\s*["']?(?P<value>[^\s"',}]{1,500})["']?"""
)
_COMMIT: Final = r"^[0-9a-f]{7,40}$"
_NAMED: Final = (
    r"""(?i)((?:^|[\s{,"'])(?:commit[ _-]?)?(?:author|committer)(?:[ _-]?(?:name|e-?mail))?["']?\s*[:=]\s*["']?)"""
    r"""[^"',}\n]+"""
)
_MAIL: Final = r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
_HUNK: Final = r"^@@ -(?P<old>\d{1,9})(?P<no_old>,0)?(?:,\d+)? \+(?P<new>\d{1,9})(?P<no_new>,0)?(?:,\d+)? @@"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the repository; `line` is from 1, 0 when it is not known, and `commit` is "" for the one tested."""

    path: str
    line: int = 0
    commit: str = ""


def places(evidence: Evidence) -> tuple[Place, ...]:
    """Return where credentials were found, the first few."""
    filed = tuple(_in_files(evidence))
    told = [text for excerpt in evidence.excerpts for text in excerpt.lines] + evidence.text.splitlines()
    notes = [f"{note.title} {note.message}" for note in evidence.annotations]
    if not filed and not evidence.secrets and compiled(_ABOUT).search("\n".join((*told, *notes))) is None:
        return ()
    marked = (
        Place(note.path, note.line)
        for note, text in zip(evidence.annotations, notes, strict=True)
        if note.path not in {"", ".github"} and compiled(_ABOUT).search(text)
    )
    return tuple(dict.fromkeys((*filed, *_printed(told), *_in_fields(told), *marked)))[:PLACES]


def _in_files(evidence: Evidence) -> Iterator[Place]:
    """Read what scanners wrote into files of their own."""
    flaws = (flaw for report in evidence.files for flaw in report.flaws)
    return (Place(flaw.path, flaw.line) for flaw in flaws if flaw.kind is FlawKind.SECRET and flaw.path)


def _printed(lines: Iterable[str]) -> Iterator[Place]:
    """Read gitleaks' fingerprints, which say all three in one line."""
    for line in lines:
        if found := compiled(_PRINT).search(line):
            yield Place(found.group("path"), int(found.group("line")), found.group("commit") or "")


def _in_fields(lines: Iterable[str]) -> Iterator[Place]:
    """Read what stands under the names of fields, in text or in JSON; a name that comes again begins another place."""
    fields: dict[str, str] = {}
    for found in (found for line in lines for found in compiled(_FIELD).finditer(line)):
        name = found.group("name").lower().removeprefix("start")
        if name in fields:
            yield from _place(fields)
            fields = {}
        fields[name] = found.group("value")
    yield from _place(fields)


def _place(fields: dict[str, str]) -> Iterator[Place]:
    line, commit = fields.get("line", ""), fields.get("commit", "")
    if "file" in fields and ("line" in fields or "commit" in fields):
        number = int(line) if line.isascii() and line.isdigit() and len(line) <= 7 else 0  # noqa: PLR2004  (no longer file)
        yield Place(fields["file"], number, commit if compiled(_COMMIT).search(commit) else "")


def line_before(patch: str, line: int) -> int | None:
    """Return where a line stood before a change, None when the change added it; both from 1.

    `patch` is the unified diff of one file as GitHub gives it (GitHub docs, "Get a commit").
    """
    shift = old = new = 0
    for text in patch.split("\n"):
        if hunk := compiled(_HUNK).search(text):
            # Of no lines at all a hunk names the line before them.
            start = int(hunk.group("new")) + bool(hunk.group("no_new"))
            if start > line:
                break
            old, new = int(hunk.group("old")) + bool(hunk.group("no_old")), start
        elif text.startswith("+"):
            if new == line:
                return None
            new += 1
        elif text.startswith("-"):
            old += 1
        elif not text.startswith("\\"):
            if new == line:
                return old
            old, new = old + 1, new + 1
        shift = old - new
    return line + shift


def without_people(text: str) -> str:
    """Take the names and addresses of authors out of what a secret scanner says (S1-017)."""
    named = compiled(_NAMED).sub(lambda found: f"{found.groups()[0]}{HIDDEN}", text)
    return compiled(_MAIL).sub(lambda _: HIDDEN, named)


def excerpt_without_people(excerpt: Excerpt | None) -> Excerpt | None:
    return replace(excerpt, lines=tuple(map(without_people, excerpt.lines))) if excerpt else None
