"""Finds secrets whose value is known, in the forms in which a traceback may show them."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import quote

from .shapes import BREAK, INVISIBLE, Pattern, has_invisible

SHORTEST: Final = 6
"""A shorter value would be found inside ordinary words."""
_SHORTEST_LINE: Final = 16
_SHORTEST_ENCODED: Final = 8
_SHORTEST_BROKEN: Final = 12
_LONGEST_BROKEN: Final = 400
_MOST: Final = 500
"""Values that are kept in mind."""
_LONGEST_ENCODED: Final = 16 * 1024
"""A longer one is looked for as it is."""
_QUOTED: Final = Pattern(r"""["'&<>\\\n\r\t]""")
"""What is written otherwise in a literal, in JSON or in HTML."""
_HTML_QUOTES: Final = (("&quot;", "&#x27;"), ("&#34;", "&#39;"), ("&quot;", "'"), ("&quot;", "&#39;"))
_PERCENT: Final = Pattern("%[0-9A-F]{2}")
_BASE64_LINES: Final = (76, 64)
_ELLIPSIS: Final = "..."
_SHORTEST_END: Final = 4
"""So much of a value, left over at an ellipsis, is told from other text."""
_LONGEST_END: Final = 240
"""Characters that pytest leaves of a text that is too long for it, on both sides."""
_MOST_ELLIPSES: Final = 200
_escaped: Final = json.JSONEncoder().encode
_unescaped: Final = json.JSONEncoder(ensure_ascii=False).encode


class KnownValues:
    """Values that must not be shown; of more than it keeps, the oldest is forgotten."""

    def __init__(self, values: Iterable[str] = (), shortest: int = SHORTEST) -> None:
        self._values: dict[str, set[str]] = {}
        """Each with its forms, oldest first."""
        self.version = 0
        """Another one whenever anything was learnt."""
        self._version_sorted = 0
        self._literals: tuple[str, ...] = ()
        self._pieces: tuple[tuple[str, Sequence[str]], ...] = ()
        self._in_json: tuple[str, ...] = ()
        self._hints: tuple[str, ...] = ()
        for value in values:
            self.add(value, shortest)

    def add(self, value: str, shortest: int = SHORTEST) -> None:
        value = (INVISIBLE.sub("", value) if has_invisible(value) else value).strip()
        if len(value) < shortest or value in self._values:
            return
        if len(self._values) >= _MOST:
            del self._values[next(iter(self._values))]
        self._values[value] = forms_of(value)
        self.version += 1

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, value: object) -> bool:
        return value in self._values

    def _sort(self) -> None:
        """Once for all that was learnt since it was last looked for."""
        if self._version_sorted == self.version:
            return
        self._version_sorted = self.version
        literals = set().union(*self._values.values())
        self._literals = tuple(sorted(literals, key=lambda literal: (-len(literal), literal)))
        self._pieces = tuple((value, pieces) for value in self._values if (pieces := _pieces_of(value)))
        parts = [piece for _, pieces in self._pieces for piece in pieces]
        self._in_json = tuple(dict.fromkeys(_escaped(text)[1:-1] for text in (*self._literals, *parts)))
        self._hints = tuple(dict.fromkeys(text.lower() for text in self._in_json))

    def may_be_in(self, json_text: str) -> bool:
        """Whether a value or a part of one stands in a text that is JSON in ASCII; now and then, yes where none does.

        Forms that differ in their case alone are looked for once.
        """
        self._sort()
        if not self._hints:
            return False
        lowered = json_text.lower()
        if [text for text in self._hints if text in lowered]:
            return True
        return _ELLIPSIS in json_text and bool(_left_over(json_text, self._in_json))

    def found_in(self, text: str) -> list[str]:
        """The forms that stand in the text, longest first: one may contain another; then the ends that pytest left."""
        self._sort()
        if not self._literals:
            return []
        found = [literal for literal in self._literals if literal in text]
        return [*found, *_left_over(text, self._literals)] if _ELLIPSIS in text else found

    def broken_in(self, text: str) -> list[str]:
        """The values of which a piece stands in the text: broken over few lines, one of a value's pieces is whole."""
        self._sort()
        return [value for value, pieces in self._pieces if any(piece in text for piece in pieces)]


def _pieces_of(value: str) -> Sequence[str]:
    """Two of a short value, four of a long one: broken over so many lines, one of them is whole."""
    if not _SHORTEST_BROKEN <= len(value) <= _LONGEST_BROKEN or "\n" in value:
        return ()
    count = 4 if len(value) >= 2 * _SHORTEST_BROKEN else 2
    return [value[len(value) * at // count : len(value) * (at + 1) // count] for at in range(count)]


def broken(value: str) -> str:
    """The pattern of the value broken over lines, wherever."""
    return f"(?:{BREAK})?".join(map(re.escape, value))


def _left_over(text: str, forms: Sequence[str]) -> list[str]:
    """The ends of forms at the ellipses of a text, the dots with them: `tok-9...4a-XyZ` (`_pytest._io.saferepr`)."""
    found: set[str] = set()
    for before, after in pairwise(text.split(_ELLIPSIS, _MOST_ELLIPSES)):
        tail, head = before[-_LONGEST_END:], after[:_LONGEST_END]
        begun = [form[: _common(form, tail)] for form in forms if form[:_SHORTEST_END] in tail]
        ended = [_end(form, _common(form[::-1], head[::-1])) for form in forms if form[-_SHORTEST_END:] in head]
        found.add(max(begun, key=len, default="") + _ELLIPSIS + max(ended, key=len, default=""))
    return sorted(found - {_ELLIPSIS}, key=len, reverse=True)


def _end(form: str, length: int) -> str:
    return form[len(form) - length :]


def _common(form: str, text: str) -> int:
    """The length of the longest beginning of the form that the text ends with; 0 when it is too short to tell."""
    for length in range(min(len(form), len(text)), _SHORTEST_END - 1, -1):
        if text.endswith(form[:length]):
            return length
    return 0


def forms_of(value: str) -> set[str]:
    """How a value may be written: as it is, quoted and escaped, in an address, line by line, in hexadecimal, base64."""
    lines = [line for line in value.splitlines() if len(line) >= _SHORTEST_LINE]
    forms = {value, repr(value)[1:-1], *lines}
    if len(value) > _LONGEST_ENCODED:
        return forms
    raw = value.encode("utf-8", "replace")
    forms |= _quoted(value, raw) | _in_address(value)
    if not value.isalpha():  # a name in another case is a word
        forms |= {value.lower(), value.upper()}
    if len(raw) >= _SHORTEST_ENCODED:
        forms |= {raw.hex(), raw.hex().upper()}
        forms |= {form for offset in range(3) for form in _base64(raw, offset)} | _base64_lines(raw)
    return {form for form in forms if len(form) >= min(len(value), _SHORTEST_ENCODED)}


def _quoted(value: str, raw: bytes) -> set[str]:
    """In literals and JSON, also inside each other, and in HTML."""
    if value.isascii() and not _QUOTED.search(value):
        return set()
    single = value.replace("\\", "\\\\").replace("'", "\\'")
    once = {repr(value)[1:-1], single, ascii(value)[1:-1], repr(raw)[2:-1], *_in_json(value)}
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    html = {escaped.replace('"', double).replace("'", mark) for double, mark in _HTML_QUOTES}
    return once | {form for text in once for form in (repr(text)[1:-1], *_in_json(text))} | {escaped} | html


def _in_json(text: str) -> set[str]:
    return {_escaped(text)[1:-1], _unescaped(text)[1:-1]}


def _in_address(value: str) -> set[str]:
    quoted = {quote(value, safe=safe, errors="replace") for safe in ("", "/", " ", "/ ")}
    quoted |= {text.replace(" ", "+") for text in quoted}
    if quoted == {value}:
        return set()
    return quoted.union(*((_PERCENT.sub(lambda match: match[0].lower(), text), text.lower()) for text in quoted))


def _base64_lines(raw: bytes) -> set[str]:
    """The lines of a long value's base64, as `encodebytes` and PEM have them."""
    whole = b64encode(raw).decode()
    lines = {
        whole[at : at + width] for width in _BASE64_LINES if len(whole) > width for at in range(0, len(whole), width)
    }
    return {line for line in lines if len(line) >= _SHORTEST_LINE}


def _base64(raw: bytes, offset: int) -> set[str]:
    """What of the value's base64 does not depend on what stands before and after it."""
    inside = b64encode(b"\0" * offset + raw).decode()
    start = (0, 2, 3)[offset]
    spoiled = (len(raw) + offset) % 3  # the last group holds bits of what follows
    kept = inside[start : len(inside) - 4] if spoiled else inside[start:]
    return {kept, kept.replace("+", "-").replace("/", "_")}
