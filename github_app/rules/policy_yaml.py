"""Reads YAML written by strangers into plain values, and remembers where each value stands.

Aliases are refused, size and depth are capped, and no text makes it raise: what cannot be read is a `Problem` (T18).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 12

Path = tuple[str, ...]

_TEXT = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp"})
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_BOOL: Final = "tag:yaml.org,2002:bool"
_NULL: Final = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Why a text cannot be used as a policy; line and column are 1-based, `origin` names the file."""

    line: int
    column: int
    sentence: str
    origin: str = ""

    def __str__(self) -> str:
        return f"{self.origin} line {self.line}, column {self.column}: {self.sentence}".lstrip()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in its file, 1-based."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The plain value of a text, and the place of each of its keys and items."""

    value: Any
    places: dict[Path, Place]

    def nearest(self, path: Path) -> Place:
        """Return the place of `path`, or of the closest thing around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(1, 1))


class _Refused(Exception):  # noqa: N818  (control flow inside this file, never seen outside)
    def __init__(self, mark: Any, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = Problem(mark.line + 1, mark.column + 1, sentence)


class _Loader(yaml.SafeLoader):
    """Composes nodes only; a deep or aliased text stops while it is read, before it can cost anything."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(event.start_mark, "aliases (`*name`) are not allowed here: write the value out")
        if self._depth >= MAX_DEPTH:
            raise _Refused(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def read(text: str) -> Tree | Problem:
    """Read one YAML document of words, numbers, lists and mappings; an empty text is an empty mapping."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        return Problem(1, 1, f"the file is larger than {MAX_BYTES // 1024} KB")
    places: dict[Path, Place] = {}
    try:
        node = _Loader(text).get_single_node()
        value = None if node is None else _plain(node, (), places)
        return Tree({} if value is None else value, places)
    except _Refused as refused:
        return refused.problem
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = len(before) - before.rfind("\n")
        return Problem(before.count("\n") + 1, column, "a character that YAML does not allow")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem(line, column, f"not YAML: {error.problem or error.context}")


def _plain(node: yaml.Node, path: Path, places: dict[Path, Place]) -> Any:
    places.setdefault(path, _place(node))
    if isinstance(node, yaml.MappingNode):
        return {key: _plain(value, (*path, key), places) for key, value in _pairs(node, path, places)}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, str(number)), places) for number, item in enumerate(node.value)]
    return _scalar(node)


def _pairs(node: yaml.MappingNode, path: Path, places: dict[Path, Place]) -> Iterator[tuple[str, yaml.Node]]:
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _Refused(key.start_mark, "a key must be a word")
        if key.value in seen:
            raise _Refused(key.start_mark, f"`{key.value}` stands here twice")
        seen.add(key.value)
        places[(*path, key.value)] = _place(key)
        yield key.value, value


def _scalar(node: yaml.Node) -> Any:
    text: str = node.value
    if node.tag in _TEXT:
        return text
    if node.tag == _NULL:
        return None
    if node.tag == _BOOL:
        return yaml.SafeLoader.bool_values.get(text.lower(), text)
    if node.tag in _NUMBERS:
        return _number(text)
    raise _Refused(node.start_mark, f"the tag `{node.tag}` is not allowed here")


def _number(text: str) -> int | float | str:
    """Only what everybody reads as the same number is one; `1:30`, `0x1f` and `.inf` stay text."""
    if text.lstrip("+-").isdecimal() and len(text) <= 18:  # noqa: PLR2004  (fits 64 bits)
        return int(text)
    whole, _, fraction = text.lstrip("+-").partition(".")
    if whole.isdecimal() and fraction.isdecimal() and len(text) <= 18:  # noqa: PLR2004  (as above)
        return float(text)
    return text


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
