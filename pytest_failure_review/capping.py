"""Makes a record one line of ASCII JSON that is never longer than it may be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from .report import Record

MAX_FIELD_BYTES: Final = 16 * 1024
"""A longer string keeps its beginning and its end."""
MAX_RECORD_BYTES: Final = 64 * 1024
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
"""Later failures are counted, not written; all files of a run must fit into the artifact that the App reads (T17)."""

# Bytes per string and items per list, tried in order; below the tightest whole fields go.
_CAPS: Final = ((MAX_FIELD_BYTES, 200), (4096, 50), (1024, 20), (256, 8))
_NUMBERS: Final = frozenset({int, bool, float, type(None)})
_FAR_TOO_MANY: Final = MAX_FIELD_BYTES + 1
_MOST_KEYS: Final = 50
"""More than any mapping of the format has; only what tests and hooks hand in is longer."""
_DISPENSABLE: Final = (
    "locals", "evidence", "captured", "checkpoints", "params", "fixtures", "markers", "leaves", "chain", "details",
)  # fmt: skip
"""What a record loses, in this order, when it fits in no other way."""
_BOUNDED: Final = "checkpoints"
"""Bounded when they were taken, and hashed since: they stay as they are, or go whole."""
_dumps: Final = json.JSONEncoder().encode
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


def encode(record: Record) -> bytes:
    """The record as one line of ASCII JSON, at most `MAX_RECORD_BYTES` long."""
    kept: dict[str, Any] = dict(record)
    # Most records need no cutting; looking is cheaper than copying.
    line = _line(kept) if fits(kept) else b""
    if 0 < len(line) <= MAX_FIELD_BYTES:
        return line
    for string_bytes, items in _CAPS:
        line = _line(_capped(kept, string_bytes, items))
        if len(line) <= MAX_RECORD_BYTES:
            return line
    for field in _DISPENSABLE:
        if kept.pop(field, None) is not None:
            line = _line(_capped(kept, *_CAPS[-1]))
        if len(line) <= MAX_RECORD_BYTES:
            break
    return line


def fits(value: Any) -> bool:
    """Whether nothing in the value needs to be cut; of a longer whole something may have to go all the same."""
    return _letters(value) <= MAX_FIELD_BYTES


def _letters(value: Any) -> int:
    """How long its texts are together, or more than any field may be where a list or a mapping is too long."""
    kind = type(value)
    if kind is str:
        return len(value)
    if kind in _NUMBERS:
        return 0
    if kind is not dict and kind is not list:
        return 0 if not isinstance(value, str | Mapping | list) else _FAR_TOO_MANY
    if len(value) > (_MOST_KEYS if kind is dict else _CAPS[0][1]):
        return _FAR_TOO_MANY
    letters = 0
    for item in value.values() if kind is dict else value:
        if type(item) is str:
            letters += len(item)
        elif item:
            letters += _letters(item)
        if letters > MAX_FIELD_BYTES:
            break
    return letters


def _line(record: Any) -> bytes:
    return _encode(record).encode("ascii") + b"\n"


def _capped(value: Any, string_bytes: int, items: int) -> Any:
    if isinstance(value, str):
        return cut(value, string_bytes)
    if isinstance(value, Mapping):
        shown = list(value.items())[:_MOST_KEYS]
        return {
            cut(key, string_bytes): item if key == _BOUNDED else _capped(item, string_bytes, items)
            for key, item in shown
        }
    if isinstance(value, list):
        kept = value if len(value) <= items else value[: items // 2] + value[-(items // 2) :]
        return [_capped(item, string_bytes, items) for item in kept]
    return value


def cut(text: str, limit: int) -> str:
    """The text, or its first third and its end, so that its JSON takes at most `limit` bytes (quotes not counted)."""
    if len(text) <= limit // 12:  # the longest escape of one letter is a surrogate pair
        return text
    shown, keep = text, min(limit - 16, len(text))
    while len(shown) > limit or len(_dumps(shown)) - 2 > limit:
        head = keep // 3
        shown = f"{text[:head]}\n... cut ...\n{text[len(text) - (keep - head) :]}"
        keep = keep * 3 // 4
    return shown
