"""Finds secrets whose value is known, in the forms in which a traceback may show them."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from .shapes import BREAK, INVISIBLE, has_invisible

SHORTEST: Final = 6
"""A shorter value would be found inside ordinary words."""
_SHORTEST_LINE: Final = 16
_SHORTEST_ENCODED: Final = 8
_SHORTEST_BROKEN: Final = 12
_LONGEST_BROKEN: Final = 400
_MOST: Final = 500
"""Values that are kept in mind."""


class KnownValues:
    """Values that must not be shown."""

    def __init__(self, values: Iterable[str] = (), shortest: int = SHORTEST) -> None:
        self._values: set[str] = set()
        self._literals: tuple[str, ...] = ()
        self._halves: tuple[tuple[str, str, str], ...] = ()
        self._in_json: tuple[str, ...] = ()
        for value in values:
            self.add(value, shortest)

    def add(self, value: str, shortest: int = SHORTEST) -> None:
        value = (INVISIBLE.sub("", value) if has_invisible(value) else value).strip()
        if len(value) < shortest or value in self._values or len(self._values) >= _MOST:
            return
        self._values.add(value)
        literals = {*self._literals, *_forms(value)}
        self._literals = tuple(sorted(literals, key=lambda literal: (-len(literal), literal)))
        if _SHORTEST_BROKEN <= len(value) <= _LONGEST_BROKEN and "\n" not in value:
            middle = len(value) // 2
            self._halves = (*self._halves, (value, value[:middle], value[middle:]))
        parts = [part for _, *halves in self._halves for part in halves]
        self._in_json = tuple(dict.fromkeys(json.dumps(text)[1:-1] for text in (*self._literals, *parts)))

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, value: object) -> bool:
        return value in self._values

    def may_be_in(self, json_text: str) -> bool:
        """Whether a value or a half of one stands in a text that is JSON in ASCII."""
        return bool([text for text in self._in_json if text in json_text])

    def found_in(self, text: str) -> list[str]:
        """The forms that stand in the text, longest first: one may contain another."""
        return [literal for literal in self._literals if literal in text]

    def broken_in(self, text: str) -> list[str]:
        """The values of which a half stands in the text: broken over two lines, one of a value's halves is whole."""
        return [value for value, head, tail in self._halves if head in text or tail in text]


def broken(value: str) -> str:
    """The pattern of the value broken over lines, wherever."""
    return f"(?:{BREAK})?".join(map(re.escape, value))


def _forms(value: str) -> set[str]:
    """How a value may be written: as it is, inside a repr, in an address, line by line, and in base64."""
    lines = [line for line in value.splitlines() if len(line) >= _SHORTEST_LINE]
    forms = {value, repr(value)[1:-1], quote(value, safe="", errors="replace"), *lines}
    raw = value.encode("utf-8", "replace")
    if len(raw) >= _SHORTEST_ENCODED:
        forms |= {form for offset in range(3) for form in _base64(raw, offset)}
    return {form for form in forms if form}


def _base64(raw: bytes, offset: int) -> set[str]:
    """What of the value's base64 does not depend on what stands before and after it."""
    inside = b64encode(b"\0" * offset + raw).decode()
    start = (0, 2, 3)[offset]
    spoiled = (len(raw) + offset) % 3  # the last group holds bits of what follows
    kept = inside[start : len(inside) - 4] if spoiled else inside[start:]
    return {kept, kept.replace("+", "-").replace("/", "_")}
