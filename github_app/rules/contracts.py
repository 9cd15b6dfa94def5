"""How the description of an API changed with a pull request, as it is kept and shown (S1-112, S1-115)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

KEPT: Final = 20
"""Changes of one document that are kept, those that break first."""

_SCHEMA: Final = "schema "


@dataclass(frozen=True, slots=True)
class ContractPolicy:
    """Which files describe the API, and which component uses which of its schemas, as glob patterns on their names."""

    openapi: tuple[str, ...] = ()
    components: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, order=True)
class ContractChange:
    """One difference; `where` is `GET /carts` or `schema Cart`."""

    where: str
    what: str
    breaking: bool


@dataclass(frozen=True, slots=True)
class ContractReport:
    """What became of one document; `total` counts all changes, `gap` says as a clause why it was not compared.

    `components` are those that the policy says use the changed schemas; None when it says nothing of components.
    """

    path: str
    changes: tuple[ContractChange, ...] = ()
    total: int = 0
    breaking: int = 0
    gap: str = ""
    components: tuple[str, ...] | None = None

    @property
    def sentence(self) -> str:
        """What happened to it, in one line."""
        if self.gap:
            return f"{self.path} was not compared: {self.gap}."
        if not self.total:
            return f"{self.path} describes the same API as before."
        changes = "1 change" if self.total == 1 else f"{self.total} changes"
        return f"{self.path}: {changes} of the API, {self.breaking or 'none'} breaking."

    @property
    def users(self) -> str:
        """Which components are affected, or that nobody can tell (S1-115)."""
        if self.components is None:
            return "Components that use the changed types: not analysed, the policy has no contracts.components."
        return f"Components that use the changed types: {', '.join(self.components) or 'none'}."


def report(path: str, changes: Sequence[ContractChange], policy: ContractPolicy) -> ContractReport:
    """Return what is kept of a document's changes."""
    first = sorted(changes, key=lambda change: (not change.breaking, change))[:KEPT]
    breaking = sum(change.breaking for change in changes)
    return ContractReport(path, tuple(first), len(changes), breaking, components=_components(changes, policy))


def _components(changes: Sequence[ContractChange], policy: ContractPolicy) -> tuple[str, ...] | None:
    if not policy.components:
        return None
    names = {change.where.removeprefix(_SCHEMA) for change in changes if change.where.startswith(_SCHEMA)}
    hit = [name for glob, name in policy.components.items() if any(fnmatchcase(schema, glob) for schema in names)]
    return tuple(dict.fromkeys(hit))
