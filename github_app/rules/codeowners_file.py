"""Reads CODEOWNERS as far as ownership needs it; a line that GitHub skips is skipped here too.

The library reads the lines; matching is left to the linear engine, because the path comes out of a stranger's log and
the patterns out of a stranger's repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from codeowners import CodeOwners

from github_app.rules.regex import ENGINE, PatternSet

MAX_CHARACTERS: Final = 3_000_000
"""GitHub loads no larger file: https://docs.github.com/articles/about-code-owners."""

CATCH_ALL: Final = frozenset({"*", "**", "/**"})

_COMMENT: Final = re.compile(r"\s#.*")


@dataclass(frozen=True, slots=True)
class OwnersLine:
    """A line of CODEOWNERS and whom it names; e-mail addresses are left out, they do not say a login."""

    number: int
    pattern: str
    users: tuple[str, ...]
    teams: tuple[str, ...]

    def __str__(self) -> str:
        return f"CODEOWNERS line {self.number} (`{self.pattern}`)"


def line_for(text: str | None, path: str) -> OwnersLine | None:
    """Return the line that decides about a path: the last that matches. It may name nobody."""
    if text is None or not path:
        return None
    lines, patterns = _read(_encodable(text))
    hits = patterns.hits(_encodable(path))
    return lines[hits[-1]] if hits else None


def line_for_all(text: str | None) -> OwnersLine | None:
    """Return the last catch-all line (`*`), or None."""
    if text is None:
        return None
    lines, _ = _read(_encodable(text))
    return next((line for line in reversed(lines) if line.pattern in CATCH_ALL), None)


@lru_cache(maxsize=8)  # one push asks once per failure, and always about the same text
def _read(text: str) -> tuple[tuple[OwnersLine, ...], PatternSet]:
    owners = CodeOwners("\n".join(_usable(line) for line in text[:MAX_CHARACTERS].splitlines()))
    lines: list[OwnersLine] = []
    patterns: list[str] = []
    for compiled, pattern, named, number, _ in reversed(owners.paths):
        users = tuple(name.removeprefix("@") for kind, name in named if kind == "USERNAME")
        teams = tuple(name.removeprefix("@") for kind, name in named if kind == "TEAM")
        lines.append(OwnersLine(number, pattern, users, teams))
        patterns.append(_for_engine(compiled.pattern))
    return tuple(lines), ENGINE.pattern_set(patterns)


def _usable(line: str) -> str:
    """Blank out what GitHub does not support: negation and character ranges."""
    bare = _COMMENT.sub("", line.strip())
    return "" if "[" in bare or bare.startswith("!") else bare


def _for_engine(pattern: str) -> str:
    """Write the end of the text as RE2 does."""
    for ours, theirs in ((r"(?:\Z|/)", r"(?:\z|/)"), (r"\Z", r"\z")):
        if pattern.endswith(ours):
            return pattern.removesuffix(ours) + theirs
    return pattern


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
