"""Finds values beside a failure that are called secret: fixtures, parameters and variables, and what they hold.

A traceback shows such a value without its name (`assert 'x7fQ' == ''`); here the name is still at hand. Objects are
looked into, never asked: nothing of theirs runs. What is nearest is looked at first, and no more than so many names.
"""

from __future__ import annotations

import keyword
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import FrameType, GetSetDescriptorType, MappingProxyType, MemberDescriptorType, ModuleType
from typing import Any, Final, NamedTuple
from weakref import ref

from .evidence import Source
from .shapes import is_secret_name
from .strangers import attempt

_MOST_FRAMES: Final = 12
_MOST_BESIDE: Final = 60
_MOST_NAMES: Final = 60
_MOST_OF_MODULE: Final = 500
_MOST_LOOKS: Final = 2000
"""Names that are looked at beside one failure."""
_DEEPEST: Final = 3
_SHORTEST: Final = 6
_LONGEST: Final = 64 * 1024
_SHORTEST_WORD: Final = 8
"""A shorter one of letters alone may be any word: `token = 'return'` is common in parsers."""

_SECRET_NAMES: Final[dict[str, bool]] = {}
_MOST_REMEMBERED: Final = 2000
_PLAIN: Final = frozenset(map(id, (int, float, bool, type(None), type(len), type(lambda: None), ModuleType)))
"""What holds no text, or too much; by identity, as a metaclass may have a hash of its own."""
_TEXTS: Final = (str, bytes, bytearray)
_ROWS: Final = (list, tuple)
_MACHINERY: Final = frozenset({"_pytest", "pluggy", "pathlib", "logging", "threading", "ast", "enum"})
"""Of whose objects nothing is read: a fixture `request` leads to all of pytest."""
_OPTIMIZED: Final = 1
"""The flag of a function's code; a module's and a class's body keep their variables in a mapping."""

_ancestors: Final = type.__dict__["__mro__"].__get__
_namespace: Final = type.__dict__["__dict__"].__get__
_module: Final = type.__dict__["__module__"].__get__
_OF_PYTHON: Final = (GetSetDescriptorType, MemberDescriptorType)
Items = Iterable[tuple[Any, Any]]


def secrets_near(
    given: Mapping[str, Any],
    params: Any,
    live: Sequence[tuple[FrameType, Source]],
    beside: Sequence[tuple[FrameType, Source]] = (),
) -> set[str]:
    """The texts under secret names in fixtures, parameters, and the variables of the repository's frames.

    `beside` are frames of other exceptions of the same failure.
    """
    search = _Search()
    search.later(list(given.items()), 0)
    if isinstance(params, dict):
        search.later(list(dict.items(params)), 0)
    ours = [frame for frame, source in reversed(live) if source.in_repo or _sets_for_a_while(frame)][:_MOST_FRAMES]
    others = [frame for frame, source in reversed(beside) if source.in_repo][:_MOST_BESIDE]
    for frame in (*ours, *others):
        attempt(search.frame, frame)
    search.run()
    return search.found


def _sets_for_a_while(frame: FrameType) -> bool:
    """Whether it is that of a decorator like `mock.patch.dict`, which still holds what it has set."""
    return frame.f_globals.get("__name__") == "unittest.mock"


class _Search:
    """Goes from what is nearest to what it holds."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._waiting: deque[tuple[Items, int]] = deque()
        self._seen: set[int] = set()
        self._room = _MOST_LOOKS

    def later(self, items: Items, depth: int) -> None:
        self._waiting.append((items, depth))

    def run(self) -> None:
        while self._waiting and self._room > 0:
            items, depth = self._waiting.popleft()
            attempt(self._look, items, depth)

    def frame(self, frame: FrameType) -> None:
        code = frame.f_code
        names = frame.f_globals
        if not code.co_flags & _OPTIMIZED:
            variables = frame.f_locals
            if type(variables) is dict:  # a metaclass may give anything
                self.later(list(islice(variables.items(), _MOST_OF_MODULE)), 0)
        elif code.co_nlocals or code.co_freevars or code.co_cellvars:
            self.later(list(islice(frame.f_locals.items(), _MOST_NAMES)), 0)
        if type(names) is dict:
            used = code.co_names[:_MOST_NAMES]
            self.later([(name, names[name]) for name in used if name in names], 0)
            secret = [name for name in used if _is_secret(name)]
            for module in [names[name] for name in used if type(names.get(name)) is ModuleType] if secret else ():
                content = module.__dict__
                self.later([(name, content[name]) for name in secret if name in content], 0)

    def _look(self, items: Items, depth: int) -> None:
        for name, value in items:
            if self._room <= 0:
                return
            kind = type(value)
            if id(kind) in _PLAIN:
                continue
            self._room -= 1
            if issubclass(kind, _TEXTS):
                called = name.decode("latin-1") if type(name) is bytes else name
                if type(called) is str and _is_secret(called):
                    self._add(
                        str.__str__(value) if issubclass(kind, str) else bytes(memoryview(value)).decode("latin-1")
                    )
            elif depth < _DEEPEST and id(value) not in self._seen:
                self._seen.add(id(value))
                attempt(self._look_into, value, kind, depth + 1)
                if issubclass(kind, _ROWS) and type(name) is str and _is_secret(name):
                    attempt(self._add_row, value, kind)

    def _look_into(self, value: Any, kind: type, depth: int) -> None:
        for inner in _held(value, kind):
            self.later(inner, depth)

    def _add_row(self, row: Any, kind: type) -> None:
        """`credentials = ("bob", "x7fQ-1")`; words stay, as the tokens of a parser are some."""
        for each in islice(_row(kind).__iter__(row), _MOST_NAMES):
            if type(each) is str and not each.isalpha():
                self._add(each)

    def _add(self, value: str) -> None:
        is_word = value.isalpha() and (len(value) < _SHORTEST_WORD or keyword.iskeyword(value))
        if _SHORTEST <= len(value) <= _LONGEST and not is_word:
            self.found.add(value)


def _row(kind: type) -> Any:
    """The class of Python whose own iteration is safe."""
    return list if issubclass(kind, list) else tuple


def _held(value: Any, kind: type) -> Iterator[Items]:
    """What the object holds, by name; without a name, what a list holds, and a pair's second by its first."""
    if issubclass(kind, dict):
        yield list(islice(dict.items(value), _MOST_NAMES))
    elif kind is MappingProxyType:
        yield []  # it may stand before a mapping of any kind
    elif issubclass(kind, _ROWS):
        inside = tuple(islice(_row(kind).__iter__(value), _MOST_NAMES))
        fields = _of_class(kind).fields
        yield list(zip(fields, inside, strict=False)) if fields else [(None, each) for each in inside]
        if len(inside) == 2:  # noqa: PLR2004  (a pair)
            yield [inside]
    elif issubclass(kind, type):
        yield _of_class(value).read(value)
    else:
        profile = _of_class(kind)
        if profile.is_machinery:
            return
        if profile.has_variables:
            variables = object.__getattribute__(value, "__dict__")
            if type(variables) is dict:
                yield list(islice(variables.items(), _MOST_NAMES))
        yield profile.read(value)


class _Class(NamedTuple):
    """What of a class is worth a look."""

    kind: ref[type]
    size: int
    """Attributes of its own, when they were looked at."""
    is_machinery: bool
    has_variables: bool
    fields: tuple[str, ...]
    """Of a named tuple."""
    values: tuple[tuple[str, Any], ...]
    """Texts under secret names."""
    slots: tuple[tuple[str, Any], ...]

    def read(self, value: Any) -> Items:
        return [*self.values, *((name, attempt(slot.__get__, value)[0]) for name, slot in self.slots)]


_CLASSES: Final[dict[int, _Class]] = {}


def _of_class(kind: type) -> _Class:
    known = _CLASSES.get(id(kind))
    namespace = _namespace(kind)
    if known is not None and known.kind() is kind and known.size == len(namespace):
        return known
    if len(_CLASSES) >= _MOST_REMEMBERED:
        _CLASSES.clear()
    known = _CLASSES[id(kind)] = _made(kind, len(namespace))
    return known


def _made(kind: type, size: int) -> _Class:
    module = _module(kind)
    fields = _namespace(kind).get("_fields")
    values: list[tuple[str, Any]] = []
    slots: list[tuple[str, Any]] = []
    variables: list[Any] = []
    for each in _ancestors(kind)[:_MOST_NAMES]:
        for name, value in islice(_namespace(each).items(), _MOST_OF_MODULE):
            if type(value) is MemberDescriptorType and _module(each) != "builtins":
                slots.append((name, value))
            elif issubclass(type(value), _TEXTS) and type(name) is str and _is_secret(name):
                values.append((name, value))
        variables += [_namespace(each)["__dict__"]] if "__dict__" in _namespace(each) else []
    return _Class(
        ref(kind),
        size,
        type(module) is str and module.partition(".")[0] in _MACHINERY,
        # else a property of the class's own would run
        bool(variables) and all(type(each) in _OF_PYTHON for each in variables),
        tuple(name for name in fields if type(name) is str) if type(fields) is tuple else (),
        tuple(values),
        tuple(slots[:_MOST_NAMES]),
    )


def _is_secret(name: str) -> bool:
    known = _SECRET_NAMES.get(name)
    if known is None:
        if len(_SECRET_NAMES) >= _MOST_REMEMBERED:
            _SECRET_NAMES.clear()
        known = _SECRET_NAMES[name] = is_secret_name(name)
    return known
