"""What differs between two OpenAPI documents: operations and schemas, each with whether it breaks those who use them.

Breaking is what can make a client that was right before wrong: something was removed or became required, a request may
hold less, an answer may hold more kinds of value. What only adds something optional never breaks. Texts (descriptions,
examples) and limits (lengths, patterns) are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Any, Final

from github_app.rules.contracts import ContractChange
from github_app.rules.openapi import Tree

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_DEEPEST: Final = 20
_TYPES: Final = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_REF: Final = "$ref"


class Use(Flag):
    """In which direction a schema travels."""

    NEITHER = 0
    REQUEST = auto()
    RESPONSE = auto()
    BOTH = REQUEST | RESPONSE


def compare(base: Tree, head: Tree) -> tuple[ContractChange, ...]:
    """Return every difference of two OpenAPI documents that a client could notice."""
    found = [*_Operations(base, head).changes(), *_schemas(base, head)]
    return tuple(dict.fromkeys(found))


# --- operations -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Operations:
    base: Tree
    head: Tree

    def changes(self) -> Iterator[ContractChange]:
        before, after = _operations(self.base), _operations(self.head)
        for where in (*before, *(where for where in after if where not in before)):
            if where not in after:
                yield ContractChange(where, "was removed", breaking=True)
            elif where not in before:
                yield ContractChange(where, "is new", breaking=False)
            else:
                yield from self._operation(where, before[where], after[where])

    def _operation(self, where: str, before: Tree, after: Tree) -> Iterator[ContractChange]:
        told = (
            *self._parameters(before, after),
            *self._body(_at(before, "requestBody"), _at(after, "requestBody")),
            *self._responses(_at(before, "responses"), _at(after, "responses")),
        )
        yield from (ContractChange(where, what, breaking) for what, breaking in told)

    def _parameters(self, before: Tree, after: Tree) -> Iterator[tuple[str, bool]]:
        old, new = _parameters(self.base, before), _parameters(self.head, after)
        for key in old.keys() - new.keys():
            yield f"the {key[0]} parameter `{key[1]}` was removed", True
        for key in new.keys() - old.keys():
            required = _required(new[key])
            yield f"the {key[0]} parameter `{key[1]}` is new{' and required' if required else ''}", required
        for key in old.keys() & new.keys():
            name = f"the {key[0]} parameter `{key[1]}`"
            if _required(old[key]) != _required(new[key]):
                yield f"{name} {'became required' if _required(new[key]) else 'became optional'}", _required(new[key])
            yield from _schema(_at(old[key], "schema"), _at(new[key], "schema"), Use.REQUEST, name)

    def _body(self, before: Tree, after: Tree) -> Iterator[tuple[str, bool]]:
        old, new = _resolved(self.base, before), _resolved(self.head, after)
        if _required(old) != _required(new):
            yield f"the body {'became required' if _required(new) else 'became optional'}", _required(new)
        yield from _contents(_at(old, "content"), _at(new, "content"), Use.REQUEST, "the body")

    def _responses(self, before: Tree, after: Tree) -> Iterator[tuple[str, bool]]:
        for status in sorted(map(str, before.keys() | after.keys())):
            old, new = _resolved(self.base, _at(before, status)), _resolved(self.head, _at(after, status))
            if status in after and status not in before:
                yield f"the response {status} is new", False
            elif status in before and status not in after:
                yield f"the response {status} was removed", True
            else:
                name = f"the response {status}"
                yield from _contents(_at(old, "content"), _at(new, "content"), Use.RESPONSE, name)


def _operations(document: Tree) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    for path, item in _at(document, "paths").items():
        if not isinstance(item, dict):
            continue
        shared = item.get("parameters", [])
        for method in METHODS:
            told = item.get(method)
            if isinstance(told, dict):
                own = told.get("parameters", [])
                both = [*(shared if isinstance(shared, list) else ()), *(own if isinstance(own, list) else ())]
                found[f"{method.upper()} {path}"] = {**told, "parameters": both}
    return found


def _parameters(document: Tree, operation: Tree) -> dict[tuple[str, str], Tree]:
    told = [_resolved(document, item) for item in operation["parameters"] if isinstance(item, dict)]
    return {(str(item.get("in", "")), str(item.get("name", ""))): item for item in told}


def _contents(before: Tree, after: Tree, use: Use, name: str) -> Iterator[tuple[str, bool]]:
    for kind in sorted(map(str, before.keys() | after.keys())):
        if kind not in after:
            yield f"{name} is no longer taken or given as {kind}", True
        elif kind not in before:
            yield f"{name} may also be {kind}", False
        else:
            old, new = _at(_at(before, kind), "schema"), _at(_at(after, kind), "schema")
            yield from _schema(old, new, use, f"{name} as {kind}")


def _resolved(document: Tree, value: Tree) -> Tree:
    """Return what a reference inside the document stands for, followed once: a chain of them is nobody's habit."""
    told = value.get(_REF)
    if not isinstance(told, str) or not told.startswith("#/"):
        return value
    found: Any = document
    for part in told.removeprefix("#/").split("/"):
        found = _at(found, part.replace("~1", "/").replace("~0", "~"))
    return {key: item for key, item in found.items() if key != _REF}


# --- schemas ----------------------------------------------------------------------------------------------------------


def _schemas(base: Tree, head: Tree) -> Iterator[ContractChange]:
    before, after = _named(base), _named(head)
    uses = _uses(base, before)
    for name in (*before, *(name for name in after if name not in before)):
        where = f"schema {name}"
        if name not in after:
            yield ContractChange(where, "was removed", breaking=True)
        elif name not in before:
            yield ContractChange(where, "is new", breaking=False)
        else:
            use = uses.get(name) or Use.BOTH
            told = _schema(before[name], after[name], use, "it")
            yield from (ContractChange(where, what, breaking) for what, breaking in told)


def _named(document: Tree) -> dict[str, Tree]:
    told = _at(_at(document, "components"), "schemas") or _at(document, "definitions")
    return {str(name): schema for name, schema in told.items() if isinstance(schema, dict)}


@dataclass(slots=True)
class _Travels:
    """Follows references from what is sent and what is answered."""

    schemas: Mapping[str, Tree]
    found: dict[str, Use] = field(default_factory=dict)

    def from_(self, value: Any, use: Use, depth: int = 0) -> None:
        if depth > _DEEPEST * 2:
            return
        if isinstance(value, list):
            for item in value:
                self.from_(item, use, depth + 1)
        if not isinstance(value, dict):
            return
        told = value.get(_REF)
        name = told.rsplit("/", 1)[-1] if isinstance(told, str) else ""
        if name in self.schemas and not self.found.get(name, Use.NEITHER) & use:
            self.found[name] = self.found.get(name, Use.NEITHER) | use
            self.from_(self.schemas[name], use, depth + 1)
        for item in value.values():
            self.from_(item, use, depth + 1)


def _uses(document: Tree, schemas: Mapping[str, Tree]) -> dict[str, Use]:
    travels = _Travels(schemas)
    for operation in _operations(document).values():
        travels.from_(list(_parameters(document, operation).values()), Use.REQUEST)
        travels.from_(_resolved(document, _at(operation, "requestBody")), Use.REQUEST)
        for answer in _at(operation, "responses").values():
            travels.from_(_resolved(document, answer if isinstance(answer, dict) else {}), Use.RESPONSE)
    return travels.found


def _schema(before: Tree, after: Tree, use: Use, name: str, depth: int = 0) -> Iterator[tuple[str, bool]]:
    """Give what changed of one schema and of all inside it; what it refers to is compared under its own name."""
    if depth > _DEEPEST:
        return
    if before.get(_REF) != after.get(_REF):
        yield f"{name} is {_kind(after)} now and was {_kind(before)}", True
        return
    yield from _types(before, after, use, name)
    yield from _enum(before, after, use, name)
    for key in ("allOf", "oneOf", "anyOf", "not"):
        if before.get(key) != after.get(key):
            yield f"{name} has other alternatives (`{key}`)", True
    yield from _properties(before, after, use, name, depth)
    yield from _schema(_at(before, "items"), _at(after, "items"), use, f"an item of {name}", depth + 1)


def _types(before: Tree, after: Tree, use: Use, name: str) -> Iterator[tuple[str, bool]]:
    old, new = _type(before), _type(after)
    if old == new:
        return
    narrower, wider = not old <= new, not new <= old
    breaking = (bool(use & Use.REQUEST) and narrower) or (bool(use & Use.RESPONSE) and wider)
    yield f"{name} is {_kind(after)} now and was {_kind(before)}", breaking


def _type(schema: Tree) -> frozenset[str]:
    told = schema.get("type")
    named = {str(item) for item in told} if isinstance(told, list) else {told} if isinstance(told, str) else set(_TYPES)
    named |= {"integer"} if "number" in named else set()
    named |= {"null"} if schema.get("nullable") is True else set()
    return frozenset(named)


def _kind(schema: Tree) -> str:
    if isinstance(told := schema.get(_REF), str):
        return told.rsplit("/", 1)[-1]
    named = schema.get("type")
    words = [str(item) for item in named] if isinstance(named, list) else [str(named)] if named else ["anything"]
    return " or ".join([*words, *(["null"] if schema.get("nullable") is True and "null" not in words else [])])


def _enum(before: Tree, after: Tree, use: Use, name: str) -> Iterator[tuple[str, bool]]:
    old, new = before.get("enum"), after.get("enum")
    if old == new:
        return
    if not isinstance(new, list):
        yield f"{name} may have any value now", bool(use & Use.RESPONSE)
        return
    if not isinstance(old, list):
        yield f"{name} may only be one of {len(new)} values now", bool(use & Use.REQUEST)
        return
    gone, more = _without(old, new), _without(new, old)
    if gone:
        yield f"{name} may no longer be {_listed(gone)}", bool(use & Use.REQUEST)
    if more:
        yield f"{name} may also be {_listed(more)}", False


def _without(values: list[Any], others: list[Any]) -> list[Any]:
    """Return those that are not among the others; by their looks, since there can be very many."""
    known = set(map(repr, others))
    return [value for value in values if repr(value) not in known]


def _listed(values: list[Any]) -> str:
    shown = ", ".join(f"`{str(value)[:40]}`" for value in values[:5])
    return shown if len(values) <= 5 else f"{shown} and {len(values) - 5} more"  # noqa: PLR2004  (five are enough to see)


def _properties(before: Tree, after: Tree, use: Use, name: str, depth: int) -> Iterator[tuple[str, bool]]:
    old, new = _at(before, "properties"), _at(after, "properties")
    must, must_now = _names(before.get("required")), _names(after.get("required"))
    for key in sorted(map(str, old.keys() | new.keys())):
        prop = f"`{key}` of {name}" if name != "it" else f"`{key}`"
        if key not in new:
            yield f"{prop} was removed", True
        elif key not in old:
            required = key in must_now
            yield f"{prop} is new{' and required' if required else ''}", required and bool(use & Use.REQUEST)
        else:
            if (key in must) != (key in must_now):
                now = key in must_now
                side = Use.REQUEST if now else Use.RESPONSE
                yield f"{prop} {'became required' if now else 'became optional'}", bool(use & side)
            yield from _schema(_at(old, key), _at(new, key), use, prop, depth + 1)


def _names(value: Any) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _required(value: Tree) -> bool:
    return value.get("required") is True


def _at(value: Any, key: str) -> dict[str, Any]:
    """Return the mapping under a key, an empty one for whatever is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
