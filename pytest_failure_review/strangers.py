"""Runs code that is not ours (an object's `__str__` or `__repr__`, a hook of another plugin) and survives it.

The law: a failure is kept whatever the objects around it do. Only Ctrl-C passes; also pytest's own `fail` and `skip`,
and a `SystemExit`, are just answers that did not come.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

_LONGEST_TEXT: Final = 1024
_LONGEST_TROUBLE: Final = 200
_LARGEST_INT: Final = 1 << 63
_MOST_ITEMS: Final = 200


def attempt(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> tuple[Any, str]:
    """What the function returns and an empty text, or None and what it raised, in words."""
    try:
        return function(*arguments, **keywords), ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (whatever it is, the failure that is being recorded counts more)
        return None, _words(error)


def _words(error: BaseException) -> str:
    name = type.__dict__["__qualname__"].__get__(type(error))
    try:
        return f"{name}: {str.__str__(str(error))[:_LONGEST_TROUBLE]}".removesuffix(": ")
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  (an error that cannot even be printed)
        return str(name)


class _Shown(reprlib.Repr):
    """`repr` with bounds on depth, items and length; reprlib itself keeps a broken one from raising."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = 20
        self.maxstring = self.maxother = _LONGEST_TEXT
        self.maxlong = 200


_shown: Final = _Shown()


def shown(value: Any) -> str:
    """The value as `repr` shows it, at most some thousand characters; a placeholder where it cannot be shown."""
    kind = type(value)
    if kind is int or kind is bool or value is None or kind is float:
        text, trouble = attempt(repr, value)  # an int of many thousand digits has no repr
    else:
        text, trouble = attempt(_shown.repr, value)
    if trouble or not isinstance(text, str):
        return f"<{type.__dict__['__qualname__'].__get__(kind)}: its repr failed>"
    return str.__str__(text)[: 8 * _LONGEST_TEXT]


def plain(value: Any, depth: int = 4) -> Any:
    """The value as bounded JSON: plain values, lists and mappings of them; everything else as `shown`."""
    kind = type(value)
    if value is None or kind is bool or kind is str or (kind is int and abs(value) < _LARGEST_INT):
        return value
    if kind is float and value - value == 0:  # neither infinite nor no number, which JSON cannot say
        return value
    if depth and issubclass(kind, dict | MappingProxyType):
        pairs, _ = attempt(lambda: list(islice(value.items(), _MOST_ITEMS)))
        return {_key(key): plain(item, depth - 1) for key, item in pairs or ()}
    if depth and kind in (list, tuple):
        return [plain(item, depth - 1) for item in value[:_MOST_ITEMS]]
    return shown(value)


def _key(key: Any) -> str:
    return str.__str__(key) if type(key) is str else shown(key)
