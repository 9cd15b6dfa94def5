"""Turns any object into bounded JSON at once, so that what changes or goes later was still kept as it was.

The law: it never raises, never consumes an iterator, never runs a query, and does a bounded amount of work. Arrays and
tables become summaries; their packages are recognised by name and never imported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from .capping import cut
from .strangers import attempt
from .strangers import shown as shown_by_repr

MAX_DEPTH: Final = 6
MAX_ITEMS: Final = 200
"""Of one list or mapping."""
MAX_TEXT: Final = 4 * 1024
"""Bytes of one string as JSON."""
MAX_STATE: Final = 16 * 1024
"""Characters of all strings and numbers of one state together; what comes later is left out, and says so."""
LEFT_OUT: Final = "<left out: the state is too large>"

_MOST_ROWS: Final = 5
_MOST_VALUES: Final = 20
_LONGEST_KEY: Final = 256
_LARGEST_INT: Final = 1 << 63
_AS_TEXT: Final = frozenset({"datetime", "zoneinfo", "uuid", "decimal", "fractions", "pathlib", "pathlib._local"})
"""Modules of the standard library whose values are best known by `str`."""


def encode(value: Any) -> Any:
    """The value as JSON: None, booleans, numbers, strings, lists, and mappings with string keys.

    Objects with named fields (dataclasses, attrs, pydantic, named tuples, plain objects) become mappings of them; a
    field that is declared with `repr=False` is left out.
    """
    return _Encoder().value(value, MAX_DEPTH)


class _Encoder:
    """One state on its way; it knows what is left of the total, and which containers it is inside of."""

    def __init__(self) -> None:
        self._left = MAX_STATE
        self._inside: set[int] = set()

    def value(self, value: Any, depth: int) -> Any:
        if self._left <= 0:
            return LEFT_OUT
        kind = type(value)
        if _is_plain(value, kind):
            self._left -= 8
            return value
        if issubclass(kind, str):
            return self._text(str.__str__(value))
        if id(value) in self._inside:
            return self._text("<cycle>")
        if depth <= 0:
            return self._text(shown(value))
        self._inside.add(id(value))
        made, trouble = attempt(self._container, value, kind, depth - 1)
        self._inside.discard(id(value))
        return self._text(f"<{_name(kind)}: {trouble}>") if trouble else made

    def _container(self, value: Any, kind: type, depth: int) -> Any:
        # Methods of the built-in type, not the object's own: those may do anything.
        if issubclass(kind, dict):
            return self._mapping(dict.items(value), dict.__len__(value), depth)
        if issubclass(kind, tuple) and (names := getattr(kind, "_fields", None)):
            return self._mapping(zip(names, tuple.__iter__(value), strict=False), len(names), depth)
        for builtin in (list, tuple, set, frozenset, deque):
            if issubclass(kind, builtin):
                return self._list(builtin.__iter__(value), builtin.__len__(value), depth)
        for shape in (_bytes, _proxy, _array, _table, _fields):
            found = shape(value, kind)
            if found is not None:
                return self._mapping(found.items(), len(found), depth)
        return self._text(shown(value))

    def _mapping(self, pairs: Iterable[tuple[Any, Any]], size: int, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, item in islice(pairs, MAX_ITEMS):
            if self._left <= 0:
                made["..."] = LEFT_OUT
                return made
            made[self._key(key)] = self.value(item, depth)
        if size > MAX_ITEMS:
            made["..."] = f"<{size - MAX_ITEMS} more>"
        return made

    def _list(self, items: Iterable[Any], size: int, depth: int) -> list[Any]:
        made: list[Any] = []
        for item in islice(items, MAX_ITEMS):
            made.append(self.value(item, depth))
            if self._left <= 0:
                break
        if size > len(made):
            made.append(f"<{size - len(made)} more>")
        return made

    def _key(self, key: Any) -> str:
        text = cut(str.__str__(key) if issubclass(type(key), str) else shown(key), _LONGEST_KEY)
        self._left -= len(text) + 4
        return text

    def _text(self, text: str) -> str:
        text = cut(text, MAX_TEXT)
        self._left -= len(text) + 2
        return text


def _is_plain(value: Any, kind: type) -> bool:
    if kind is float:
        return bool(value - value == 0)  # neither infinite nor no number, which JSON cannot say
    return value is None or kind is bool or (kind is int and -_LARGEST_INT < value < _LARGEST_INT)


# -- objects with fields, arrays and tables --


def _bytes(value: Any, kind: type) -> dict[str, Any] | None:
    for builtin in (bytes, bytearray):
        if issubclass(kind, builtin):
            return {"bytes": builtin.__len__(value), "first": repr(bytes(builtin.__getitem__(value, slice(32))))}
    return None


def _proxy(value: Any, kind: type) -> Mapping[Any, Any] | None:
    return value if kind is MappingProxyType else None


def _fields(value: Any, kind: type) -> dict[str, Any] | None:
    names = _declared(kind)
    if names is not None:
        return {name: getattr(value, name) for name in names if hasattr(value, name)}
    if issubclass(kind, BaseException | type) or kind.__repr__ is not object.__repr__:
        return None  # it can speak for itself
    own = getattr(value, "__dict__", None)
    return dict(own) if type(own) is dict and own else None


def _declared(kind: type) -> list[str] | None:
    """The names of the fields that its repr would show."""
    for attribute in ("__dataclass_fields__", "__pydantic_fields__"):
        fields = getattr(kind, attribute, None)
        if isinstance(fields, Mapping):
            return [name for name, field in fields.items() if getattr(field, "repr", True)]
    attrs = getattr(kind, "__attrs_attrs__", None)
    return [field.name for field in attrs if field.repr] if isinstance(attrs, tuple) else None


def _array(value: Any, kind: type) -> dict[str, Any] | None:
    if kind.__module__.partition(".")[0] != "numpy":
        return None
    if not hasattr(kind, "flat") or not getattr(value, "shape", ()):
        return {"type": _name(kind), "value": value.item()}
    return {
        "type": _name(kind),
        "shape": list(value.shape),
        "dtype": str(value.dtype),
        "first": value.flat[:_MOST_VALUES].tolist(),
    }


def _table(value: Any, kind: type) -> dict[str, Any] | None:
    if kind.__module__.partition(".")[0] not in ("pandas", "polars") or not hasattr(kind, "head"):
        return None
    head = value.head(_MOST_ROWS)
    if not hasattr(value, "columns"):
        return {"type": _name(kind), "length": len(value), "dtype": str(value.dtype), "first": head.to_list()}
    # Row by row with the columns' names, so that a column called `password` can be seen as one.
    rows = head.to_dicts() if hasattr(head, "to_dicts") else head.to_dict("records")
    return {
        "type": _name(kind),
        "shape": list(value.shape),
        "dtypes": {str(name): str(dtype) for name, dtype in zip(value.columns, value.dtypes, strict=False)},
        "first": rows,
    }


# -- code that is not ours --


def shown(value: Any) -> str:
    """The value as text: `str` for times, paths and the like, else a bounded `repr`, else that it cannot be shown."""
    text, _ = attempt(lambda: str(value) if type(value).__module__ in _AS_TEXT else "")
    return text if type(text) is str and text else shown_by_repr(value)


def _name(kind: type) -> str:
    """The type's name without asking its metaclass."""
    return str(type.__dict__["__qualname__"].__get__(kind))
