"""An OpenAPI document as plain values, from text that a stranger wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import yaml
from pydantic_core import from_json

MAX_DEPTH: Final = 60

Tree: TypeAlias = Mapping[str, Any]


class Unreadable(ValueError):  # noqa: N818  (says why, like a refusal)
    """Why a text is no OpenAPI document, as a clause: "it is no JSON or YAML"."""


def read(text: str) -> Tree:
    """Return the document in a text, JSON or YAML; Unreadable says why there is none.

    Aliases are refused, since few of them can stand for more than memory holds (T18).
    """
    value = _json(text) if text.lstrip().startswith("{") else _yaml(text)
    if not isinstance(value, dict) or not isinstance(value.get("paths", {}), dict):
        raise Unreadable("it is no OpenAPI document")
    if "openapi" not in value and "swagger" not in value:
        raise Unreadable("it is no OpenAPI document")
    return value


def _json(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        raise Unreadable("it is no JSON") from None


def _yaml(text: str) -> Any:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise Unreadable("it has YAML aliases")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise Unreadable("it is nested too deeply")
        return _named(yaml.load(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError) as error:
        raise error if isinstance(error, Unreadable) else Unreadable("it is no YAML") from None


def _named(value: Any) -> Any:
    """Return the same with keys that are text: YAML takes `200:` for a number, which JSON cannot."""
    if isinstance(value, dict):
        return {str(key): _named(item) for key, item in value.items()}
    return [_named(item) for item in value] if isinstance(value, list) else value
