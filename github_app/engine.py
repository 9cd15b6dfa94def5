"""Load, decide, commit: the only place where rules meet the world, and the Store that this needs.

It never performs an effect and never reads from GitHub: events arrive complete, effects leave through the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from github_app.documents import Document as Document  # noqa: PLC0414  (the store speaks of it as the engine's)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: what changed, because of what, and why in words."""

    subject: str
    kind: str
    at: datetime
    actor: str
    reason: str
    installation_id: int
    repo_id: int
    cause: str
    detail: str = "{}"


@dataclass(frozen=True, slots=True)
class Timer:
    """A promise of an event at `due_at` (UTC); only the latest `generation` of a (subject, kind) is valid."""

    subject: str
    kind: str
    due_at: datetime | None
    generation: int
    installation_id: int
    repo_id: int


@dataclass(frozen=True, slots=True)
class Wish:
    """An effect to perform: `key` names the wish, so that a second one before the first is performed costs nothing."""

    key: str
    kind: str
    payload: str
    due_at: datetime
    installation_id: int
    repo_id: int


@dataclass(frozen=True, slots=True)
class Change:
    """Everything one event leads to; committed whole or not at all.

    A timer whose `due_at` is None is cancelled. `fired` names the timers (subject, kind, generation) it uses up.
    """

    documents: Sequence[Document] = ()
    entries: Sequence[Entry] = ()
    timers: Sequence[Timer] = ()
    wishes: Sequence[Wish] = ()
    fired: Sequence[tuple[str, str, int]] = ()
    forget: Sequence[str] = field(default=())
    """Ids of documents to delete."""


class Store(Protocol):
    """What the engine asks of a store."""

    async def get(self, ids: Sequence[str]) -> list[Document]:
        """Return the stored ones of `ids`, in any order."""

    async def find(
        self,
        kind: str,
        repo_id: int,
        *,
        sha: str | None = None,
        refs: Sequence[str] | None = None,
        open_or_since: datetime | None = None,
    ) -> list[Document]:
        """Return documents of a kind in a repository, at a commit, on any of some refs.

        With `open_or_since`, only those that have an open key or were committed after that time (UTC).
        """

    async def commit(self, change: Change, now: datetime) -> bool:
        """Commit the change in one transaction; False, and nothing is stored, when any document has moved on."""
