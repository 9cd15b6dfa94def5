"""Finds values beside a failure that are called secret: fixtures, parameters and local variables, and what they hold.

A traceback shows such a value without its name (`assert 'x7fQ' == ''`); here the name is still at hand. Objects are
looked into, never asked: nothing of theirs runs.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import FrameType
from typing import Any, Final

from .evidence import Source
from .shapes import is_secret_name

_MOST_FRAMES: Final = 12
_MOST_NAMES: Final = 60
_SHORTEST: Final = 6
_SHORTEST_WORD: Final = 8
"""A shorter one of letters alone may be any word: `token = 'return'` is common in parsers."""

_SECRET_NAMES: Final[dict[str, bool]] = {}
_MOST_REMEMBERED: Final = 2000
_PLAIN: Final = frozenset({int, float, bool, type(None), type, type(len), type(lambda: None)})
"""What holds no text."""


def secrets_near(given: Mapping[str, Any], params: Any, live: Sequence[tuple[FrameType, Source]]) -> set[str]:
    """The texts under secret names in fixtures, parameters, and the variables of the repository's frames."""
    found: set[str] = set()
    _look(given.items(), found, deeper=True)
    if isinstance(params, dict):
        _look(params.items(), found, deeper=True)
    ours = [frame for frame, source in live if source.in_repo][-_MOST_FRAMES:]
    for frame in reversed(ours):
        if frame.f_code.co_nlocals or frame.f_code.co_freevars:
            _look(frame.f_locals.items(), found, deeper=True)
    return found


def _look(items: Iterable[tuple[Any, Any]], found: set[str], *, deeper: bool) -> None:
    for name, value in islice(items, _MOST_NAMES):
        kind = type(value)
        if kind in _PLAIN:
            continue
        if kind is str or kind is bytes:
            if type(name) is str and _is_secret(name):
                _add(value if kind is str else value.decode("latin-1"), found)
        elif deeper:
            _look_into(value, kind, found)


def _look_into(value: Any, kind: type, found: set[str]) -> None:
    if kind is dict:
        _look(list(islice(value.items(), _MOST_NAMES)), found, deeper=False)
        return
    try:
        fields = object.__getattribute__(value, "__dict__")
    except Exception:  # noqa: BLE001  (a class may put anything there)
        return
    if type(fields) is dict:
        _look(list(islice(fields.items(), _MOST_NAMES)), found, deeper=False)


def _is_secret(name: str) -> bool:
    known = _SECRET_NAMES.get(name)
    if known is None:
        if len(_SECRET_NAMES) >= _MOST_REMEMBERED:
            _SECRET_NAMES.clear()
        known = _SECRET_NAMES[name] = is_secret_name(name)
    return known


def _add(value: str, found: set[str]) -> None:
    is_word = value.isalpha() and (len(value) < _SHORTEST_WORD or keyword.iskeyword(value))
    if len(value) >= _SHORTEST and not is_word:
        found.add(value)
