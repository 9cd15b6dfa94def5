"""Texts inside a text: what a run of characters says in base64, in hexadecimal digits, percent-encoded or escaped.

The work is linear in the length of the run, whoever wrote it.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from github_app.rules.regex import Match, compiled

ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
"""A run that may be base64, also the kind for addresses, or hexadecimal digits."""

ESCAPED: Final = r"\S*(?:%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})\S*"
"""A run, for RE2, in which some characters are written as escapes."""

_URL_SAFE: Final = str.maketrans("-_", "+/")
_READABLE: Final = re.compile(rb"[\t\r\n -~]{12,}")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")
_ESCAPE: Final = r"\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})"


def decoded(run: str) -> Iterator[str]:
    """Give what may be read in an `ENCODED` run, wherever it begins: four tries of base64, then two of hexadecimal."""
    body = run.rstrip("=").translate(_URL_SAFE)
    for start in range(4):
        end = len(body) - (len(body) - start) % 4
        rest = body[end:] if len(body) - end > 1 else ""
        raw = a2b_base64(body[start:end] + (rest + "==")[:4] if rest else body[start:end])
        yield from _readable(raw)
    for digits in _HEX.findall(run):
        yield from _readable(bytes.fromhex(digits))
        yield from _readable(bytes.fromhex(digits[1:-1]))


def unescaped(run: str) -> str:
    """Give what an `ESCAPED` run says."""
    return compiled(_ESCAPE).sub(_char, unquote(run, errors="replace"))


def _char(match: Match) -> str:
    first, second = match.groups()
    return chr(int(first or second or "0", 16))


def _readable(raw: bytes) -> Iterator[str]:
    parts = _READABLE.findall(raw)
    if parts:
        yield b"\n".join(parts).decode()
