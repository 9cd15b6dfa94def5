"""The project's own settings, `[tool.failure_review.*]` of `pyproject.toml`, for the commands that read them."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NAME: Final = "pyproject.toml"
TABLES: Final = ("rules", "gates", "drift")
"""All that stands under `tool.failure_review`."""


class BadSettingError(ValueError):
    """A setting that cannot be understood; its text is the sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Project:
    """Where commands run, and what the project says under `tool.failure_review`."""

    folder: Path
    settings: Mapping[str, Any]

    def table(self, name: str) -> Mapping[str, Any]:
        """One table of the settings, empty when there is none. Raises BadSettingError."""
        return _table(self.settings.get(name, {}), f"tool.failure_review.{name}")


def find(start: Path) -> Project:
    """The project of the nearest `pyproject.toml` upwards, else the folder itself. Raises BadSettingError."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            settings = parse((folder / NAME).read_bytes())
            only(settings, TABLES, f"tool.failure_review in {NAME}")
            return Project(folder, settings)
    return Project(start, {})


def parse(raw: bytes) -> Mapping[str, Any]:
    """What a `pyproject.toml` says under `tool.failure_review`. Raises BadSettingError."""
    try:
        tools = tomllib.loads(raw.decode("utf-8", "replace")).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise BadSettingError(f"{NAME} cannot be read: {error}") from None
    return _table(_table(tools, "tool").get("failure_review", {}), "tool.failure_review")


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadSettingError(f"{where} in {NAME} is no table")
    return value


def only(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Refuses words that mean nothing, so that no setting is silently without effect."""
    for word in table:
        if word not in known:
            raise BadSettingError(f"{where} has no word {word!r}, only {', '.join(known)}")


def words(table: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    """A command, written as one text or as a list of words; no shell reads it. Raises BadSettingError."""
    value = table.get(name, [])
    if isinstance(value, str):
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise BadSettingError(f"{where}: {name} {value!r} cannot be read: {error}") from None
    return texts(table, name, where)


def texts(table: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    """A text or a list of texts. Raises BadSettingError."""
    value = table.get(name, [])
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text for text in values):
        raise BadSettingError(f"{where}: {name} must be a text or a list of texts, not {value!r}")
    return tuple(values)


def number(table: Mapping[str, Any], name: str, where: str) -> float:
    """A number that is not negative, 0 when there is none. Raises BadSettingError."""
    value = table.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise BadSettingError(f"{where}: {name} must be a number that is not negative, not {value!r}")
    return float(value)
