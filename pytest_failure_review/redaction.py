"""Takes secrets out of what the report is about to keep.

The law: it runs before anything reaches the disk, in linear time, and takes too much rather than too little.
Colours and what is invisible go first, or they would hold a secret apart until somebody shows it without them.
It knows values (of environment variables whose name says secret), names (`password=...`), and shapes (`ghp_...`). It
does not know what was never named: a secret in a variable called `x` stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "***"

_SECRET_VARIABLE: Final = re.compile(
    r"SECRET|TOKEN|PASSW|PASSPHRASE|_PWD$|^PGPASS|CREDENTIAL|(API|PRIVATE|ACCESS|SIGNING|ENCRYPTION|MASTER)_?KEY"
    r"|AUTHORIZATION|COOKIE|_PAT$|_AUTH$|_DSN$|WEBHOOK_URL",
    re.IGNORECASE,
)
_SHORTEST_VALUE: Final = 6
"""A shorter value would be found inside ordinary words."""
_SHORTEST_LINE: Final = 16

_SENSITIVE_NAME: Final = (
    r"(?:secret|token|passw(?:or)?d|passwort|passphrase|pwd|credentials?|cookie|authorization"
    r"|(?:api|private|access|signing|encryption|master)[_-]?key)"
)
_KEY_PREFILTER: Final = re.compile(
    r"secret|token|passw|passphrase|pwd|credential|cookie|authorization|key", re.IGNORECASE
)
# What stands behind the key is never read from its start: `[\w-]*secret` on a long word takes quadratic time.
_NAMED: Final = re.compile(
    rf"""({_SENSITIVE_NAME}[\w-]{{0,40}}\\?["']?\]?"""
    r"""[ \t]{0,8}(?:[=!]=|=>|=|:(?!:))[ \t]{0,8}(?:[bru]{1,2}(?=["']))?)"""
    r"""(?!(?:None|True|False|null|true|false|str|bytes|int|bool|object|Any|SecretStr)\b"""
    r"""|(?:(?:bearer|basic|token)[ \t])?\\?["']?\*\*\*)"""
    r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\\["'][^"'\\\n]*\\["']"""
    r"""|(?:(?:bearer|basic|token)[ \t]{1,4})?[^\s,;)}\]'"]+)""",
    re.IGNORECASE,
)
_INVISIBLE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-9;:?<=>]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
# What no word contains is found wherever it stands, also behind the letter of an escape: `b'\\nghp_...'`.
_SHAPES: Final = re.compile(
    r"gh[pousr]_(?:\d{1,20}_)?(?:eyJ[\w.-]{16,}|[A-Za-z0-9]{16,})"
    r"|github_pat_\w{16,}"
    r"|xox[abeprs]-[A-Za-z0-9-]{8,}"
    r"|(?:(?<![A-Z2-7])|(?<=%[0-9A-F]{2}))(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"
    r"|(?:(?<![\w-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
    r"|(?<=://)(?!\*\*\*@)[^\s/@]{1,300}(?=@)"
    r"|(?i:(?<=bearer )|(?<=basic ))[\w.~+/-]{16,}=*"
)
_PLAIN_ID: Final = re.compile(r"[\w./-]+(?:::\w+)*(?:\[([\w.-]*)\])?", re.ASCII)
_HINTS: Final = ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "xox", "AKIA", "ASIA", "eyJ")
"""One of these is in every shape that consists of letters, digits, `_`, `.` and `-` alone."""


class Redactor:
    """Replaces secrets by `***` and counts what it replaced.

    `environment` is read once; only the values of its secret-looking names are kept.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        values = {
            part for name, value in environment.items() if _SECRET_VARIABLE.search(name) for part in _forms(value)
        }
        longest_first = sorted(values, key=lambda value: (-len(value), value))
        self._values = re.compile("|".join(map(re.escape, longest_first))) if values else None
        self.count = 0
        """Replacements so far."""

    def redact(self, value: Any) -> Any:
        """The same value without secrets; strings inside lists and mappings are looked at too (keys are not)."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {key: self.redact(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.redact(item) for item in value]
        return value

    def redact_id(self, nodeid: str) -> str:
        """The same for a test's id, at a price that a passing test can pay: names of the source hold no secret."""
        plain = _PLAIN_ID.fullmatch(nodeid)
        if plain is None:
            return self._text(nodeid)
        parameters = plain[1]
        if not parameters:
            return nodeid
        suspicious = (self._values is not None and self._values.search(parameters)) or any(
            hint in parameters for hint in _HINTS
        )
        return self._text(nodeid) if suspicious else nodeid

    def _text(self, text: str) -> str:
        found = 0
        text = text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)
        if self._values is not None:
            text, found = self._values.subn(MASK, text)
        text, shaped = _SHAPES.subn(MASK, text)
        named = 0
        if _KEY_PREFILTER.search(text):
            text, named = _NAMED.subn(_mask_value, text)
        self.count += found + shaped + named
        return text


def _mask_value(match: re.Match[str]) -> str:
    value = match[2]
    quote = value[: 2 if value[0] == "\\" else 1] if value.startswith(('"', "'", '\\"', "\\'")) else ""
    return f"{match[1]}{quote}{MASK}{quote}"


def _forms(value: str) -> list[str]:
    """How a secret value may be written in a traceback: as it is, inside a repr, and line by line."""
    value = _INVISIBLE.sub("", value)
    if len(value) < _SHORTEST_VALUE:
        return []
    lines = [line for line in value.splitlines() if len(line) >= _SHORTEST_LINE]
    return [value, repr(value)[1:-1], *lines]
