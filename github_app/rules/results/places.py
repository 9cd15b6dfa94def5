"""Where in the repository a tool points to: a relative path, whatever machine it was written on."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from github_app.rules.regex import compiled

MAX_PATH: Final = 500
MAX_LINE: Final = 1_000_000

# GitHub docs: the default working directory of a runner holds the repository's name twice.
_CHECKOUTS: Final = re.compile(
    r"^(?:/home/runner/work|/Users/runner/work|/__w|[A-Za-z]:/a)/[^/]{1,200}/[^/]{1,200}/|^/github/workspace/"
)
_FOREIGN: Final = ("node_modules/", "site-packages/", "vendor/bundle/", "/usr/lib/", ".venv/", "go/pkg/mod/")
_POINTER: Final = (
    r"(?:^|[\s(\[\"'])((?:[A-Za-z]:)?[\w@.+~/\\-]{1,200}\.(?:py|js|jsx|ts|tsx|mjs|cjs|go|rs|rb|php|java|kt|cs|c|cc|cpp|h"
    r"|swift|ex|exs|scala)):(\d{1,7})\b"
)


def relative(path: str) -> str:
    """Return a path inside the repository, or "" for one that leaves it or is on the machine.

    One that is longer than any is none: half of it might be half of a credential.
    """
    plain = unquote(path.strip().removeprefix("file://")).replace("\\", "/")
    if re.match(r"^/[A-Za-z]:/", plain):
        plain = plain[1:]
    plain = _CHECKOUTS.sub("", plain)
    while plain.startswith("./"):
        plain = plain[2:]
    parts = plain.split("/")
    outside = (
        len(plain) > MAX_PATH
        or plain.startswith("/")
        or ":" in plain
        or ".." in parts
        or any(mark in plain for mark in _FOREIGN)
    )
    return "" if outside or not plain.isprintable() else plain


def pointed_at(text: str) -> tuple[str, int]:
    """Return the last place in the repository that an error names as `path:line`, ("", 0) when it names none."""
    found = [(relative(match.group(1)), int(match.group(2))) for match in compiled(_POINTER).finditer(text)]
    within = [(path, line) for path, line in found if "/" in path and 0 < line <= MAX_LINE]
    return within[-1] if within else ("", 0)
