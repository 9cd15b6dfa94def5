"""What other programs write before a tool's own words in a line: times, names of services, broken colours.

Signatures are written for the tool's own words, and many of them hold only at the start of a line.
"""

from __future__ import annotations

import re
from typing import Final

# Python's own engine is safe here: every repeat is bounded or followed by a character that it cannot match.
_LOST_COLOUR: Final = re.compile(r"\[(?:\d{1,3}(?:;\d{1,3}){0,4})?m|\[[0-9]?[KJ](?=\s|$)")
_PREFIX: Final = re.compile(
    r"(?:"
    r"[^\t\n]{1,80}\t[^\t\n]{1,80}\t"  # GitHub's command line tool: job and step
    r"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?\s+"  # Jenkins
    r"(?:\d\d[EO]\+?\s?)?"  # GitLab
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?\s+"
    r"|#\d{1,4} \d{1,6}\.\d{1,4} ?"  # BuildKit
    r"|[\w.-]{1,40} {0,30}\| "  # Docker Compose
    r"|\[(?!(?i:warn|warning|debug|trace|notice)\])[\w@/.:#-]{1,60}\] ?"  # [ERROR], [build]
    r"|@?[\w./-]{1,60}:[\w:.-]{1,40}: "  # Turborepo
    r"|##\[error\]|::error[^:\n]{0,200}::|(?:Error|ERROR|remote|stderr|fatal): |> {1,3}|│ {1,8}"
    r")"
)
_AT_MOST: Final = 4  # prefixes taken off one line


def uncoloured(text: str) -> str:
    """Give the text without colour codes whose escape character got lost on the way (`[31m`)."""
    return _LOST_COLOUR.sub("", text) if "[" in text else text


def own_words(text: str) -> str:
    """Give what a tool itself wrote in a line that other programs handed on; the same text when nobody did."""
    rest = text
    for _ in range(_AT_MOST):
        found = _PREFIX.match(rest)
        if found is None:
            break
        rest = rest[found.end() :]
    return rest or text


def mended(text: str) -> str:
    """Give the text as it was before somebody read its UTF-8 as a code page of DOS; the same text when nobody did."""
    if not any(mark in text for mark in _MISREAD):
        return text
    return _MISREAD_RUN.sub(_reread, text)


_MISREAD: Final = ("Γ", "├", "┬", "╬", "≡ƒ")  # how the first bytes of what is no ASCII look in code page 437
_MISREAD_RUN: Final = re.compile(r"[^\x00-\x7f]{2,400}")


def _reread(run: re.Match[str]) -> str:
    try:
        return run[0].encode("cp437").decode("utf-8")
    except UnicodeError:
        return run[0]
