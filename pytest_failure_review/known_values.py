"""Finds secrets whose value is known, in the forms in which a traceback may show them."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from itertools import pairwise
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
_ELLIPSIS: Final = "..."
_SHORTEST_END: Final = 4
"""So much of a value, left over at an ellipsis, is told from other text."""
_LONGEST_END: Final = 240
"""Characters that pytest leaves of a text that is too long for it, on both sides."""
_MOST_ELLIPSES: Final = 200


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
        """Whether a value or a part of one stands in a text that is JSON in ASCII."""
        if [text for text in self._in_json if text in json_text]:
            return True
        return _ELLIPSIS in json_text and bool(_left_over(json_text, self._in_json))

    def found_in(self, text: str) -> list[str]:
        """The forms that stand in the text, longest first: one may contain another; then the ends that pytest left."""
        if not self._literals:
            return []
        found = [literal for literal in self._literals if literal in text]
        return [*found, *_left_over(text, self._literals)] if _ELLIPSIS in text else found

    def broken_in(self, text: str) -> list[str]:
        """The values of which a half stands in the text: broken over two lines, one of a value's halves is whole."""
        return [value for value, head, tail in self._halves if head in text or tail in text]


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


def _forms(value: str) -> set[str]:
    """How a value may be written: as it is, in a repr, in an address, line by line, in hexadecimal and in base64."""
    lines = [line for line in value.splitlines() if len(line) >= _SHORTEST_LINE]
    in_address = {quote(value, safe=safe, errors="replace") for safe in ("", "/")}
    forms = {value, repr(value)[1:-1], *in_address, *lines}
    raw = value.encode("utf-8", "replace")
    if len(raw) >= _SHORTEST_ENCODED:
        forms |= {raw.hex(), raw.hex().upper()}
        forms |= {form for offset in range(3) for form in _base64(raw, offset)}
    return {form for form in forms if form}


def _base64(raw: bytes, offset: int) -> set[str]:
    """What of the value's base64 does not depend on what stands before and after it."""
    inside = b64encode(b"\0" * offset + raw).decode()
    start = (0, 2, 3)[offset]
    spoiled = (len(raw) + offset) % 3  # the last group holds bits of what follows
    kept = inside[start : len(inside) - 4] if spoiled else inside[start:]
    return {kept, kept.replace("+", "-").replace("/", "_")}
