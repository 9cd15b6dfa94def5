"""The generators that a project names, `[tool.failure_review.drift]` of `pyproject.toml`, and what they change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_failure_review.git import ask
from pytest_failure_review.pyproject import BadSettingError, Project, number, only, texts, words

_TABLE: Final = "tool.failure_review.drift"


@dataclass(frozen=True, slots=True)
class Generator:
    """A command, and the files that it writes: paths and patterns relative to `pyproject.toml`."""

    name: str
    command: tuple[str, ...]
    outputs: tuple[str, ...]
    timeout: float = 0
    """Seconds that it may take; 0 where the project says nothing."""


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """What the project says of its generated files."""

    generators: tuple[Generator, ...]
    openapi: tuple[str, ...]
    """Documents that describe the API, from the top of the checkout; without them the policy's."""


def settings_of(project: Project) -> DriftSettings:
    """Raises BadSettingError, also when no generator is named: then nothing could be checked."""
    table = project.table("drift")
    only(table, ("generators", "openapi"), f"{_TABLE} in pyproject.toml")
    written = table.get("generators", [])
    if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
        raise BadSettingError(f"{_TABLE}.generators is no list of tables: write [[{_TABLE}.generators]]")
    if not written:
        raise BadSettingError(
            f"pyproject.toml names no generator: write [[{_TABLE}.generators]] with command and outputs"
        )
    generators = tuple(_generator(place, each) for place, each in enumerate(written, 1))
    return DriftSettings(generators, texts(table, "openapi", f"{_TABLE} in pyproject.toml"))


def _generator(place: int, written: Mapping[str, Any]) -> Generator:
    where = f"generator {place} of {_TABLE} in pyproject.toml"
    only(written, ("name", "command", "outputs", "timeout"), where)
    command, outputs = words(written, "command", where), texts(written, "outputs", where)
    if not command or not outputs:
        raise BadSettingError(f"{where} needs a command, and the outputs that it writes")
    name = "".join(texts(written, "name", where)[:1]) or command[0]
    return Generator(name, command, outputs, number(written, "timeout", where))


@dataclass(frozen=True, slots=True, order=True)
class Drifted:
    """A file that differs from what is committed or about to be; `state` is `M`, `D` or `??`, as git writes it."""

    path: str
    state: str

    def __str__(self) -> str:
        return f"{self.state:>2} {self.path}"


def unknown_outputs(folder: Path, generator: Generator) -> list[str]:
    """Outputs that match no file which git could commit: what they hold would never be checked."""
    listing = ("ls-files", "--cached", "--others", "--exclude-standard", "--")
    return [output for output in generator.outputs if not ask(folder, *listing, _pathspec(output))]


def drifted(folder: Path, generators: Sequence[Generator]) -> Iterator[Drifted]:
    """The outputs whose file is not what git's index holds; staged changes are about to be committed, and count."""
    specs = [_pathspec(output) for generator in generators for output in generator.outputs]
    told = ask(folder, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", "--", *specs) or ""
    for entry in told.split("\0"):
        state, path = entry[:2], entry[3:]
        if state == "??" or state[1:] not in ("", " "):
            yield Drifted(path, "??" if state == "??" else state[1])


def _pathspec(output: str) -> str:
    return f":(glob){output}"
