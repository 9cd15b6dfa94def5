"""Stand-ins that are plain values: what a store holds, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from github_app.engine import Change, Document, Entry, Timer, Wish


@dataclass(slots=True)
class KeptStore:
    """The engine's Store in memory; `before_commit` changes are committed by somebody else just before ours.

    `breaks_at` is the number of the call that raises, counted from 1; 0 for none.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    updated_at: dict[str, datetime] = field(default_factory=dict)
    timers: dict[tuple[str, str], Timer] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    rivals: list[Change] = field(default_factory=list)
    refuses: int = 0
    breaks_at: int = 0
    calls: int = 0

    async def get(self, ids: Sequence[str]) -> list[Document]:
        self._called()
        return [self.documents[key] for key in ids if key in self.documents]

    async def find(
        self,
        kind: str,
        repo_id: int,
        *,
        sha: str | None = None,
        refs: Sequence[str] | None = None,
        prints: Sequence[str] | None = None,
        open_or_since: datetime | None = None,
        newest: int | None = None,
    ) -> list[Document]:
        self._called()

        def fits(document: Document) -> bool:
            is_recent = open_or_since is None or document.open_key or self.updated_at[document.id] > open_or_since
            return (
                (document.kind, document.repo_id) == (kind, repo_id)
                and sha in (None, document.sha)
                and (refs is None or document.ref in refs)
                and (prints is None or document.print in prints)
                and bool(is_recent)
            )

        found = sorted(
            (item for item in self.documents.values() if fits(item)), key=lambda item: self.updated_at[item.id]
        )
        kept = found if newest is None else found[-newest:]
        return sorted(kept, key=lambda document: document.id)

    async def commit(self, change: Change, now: datetime) -> bool:
        self._called()
        if self.rivals:
            self._keep(self.rivals.pop(0), now)
        if self.refuses:
            self.refuses -= 1
            return False
        if not all(self._is_due(fired, now) for fired in change.fired):
            return True
        if not self._is_current(change):
            return False
        self._keep(change, now)
        return True

    def due(self, now: datetime) -> list[Timer]:
        return [timer for _, timer in sorted(self.timers.items()) if timer.due_at is not None and timer.due_at <= now]

    def _called(self) -> None:
        self.calls += 1
        if self.calls == self.breaks_at:
            raise OSError("the database went away")

    def _is_due(self, fired: tuple[str, str, int], now: datetime) -> bool:
        timer = self.timers.get(fired[:2])
        return timer is not None and timer.generation == fired[2] and timer.due_at is not None and timer.due_at <= now

    def _is_current(self, change: Change) -> bool:
        after = {**self.documents, **{document.id: document for document in change.documents}}
        keys = [document.open_key for document in after.values() if document.open_key]
        stored = {key: document.version for key, document in self.documents.items()}
        is_same = all(stored.get(document.id, 0) == document.version for document in change.documents)
        return is_same and len(keys) == len(set(keys))

    def _keep(self, change: Change, now: datetime) -> None:
        self.changes.append(change)
        for subject, kind, _ in change.fired:
            del self.timers[subject, kind]
        for document in change.documents:
            self.documents[document.id] = replace(document, version=document.version + 1)
            self.updated_at[document.id] = now
        for timer in change.timers:
            self._arm(timer)
        self.entries += change.entries
        self.wishes += change.wishes

    def _arm(self, timer: Timer) -> None:
        known = self.timers.get((timer.subject, timer.kind))
        if known is not None and known.generation > timer.generation:
            return
        if timer.due_at is None:
            self.timers.pop((timer.subject, timer.kind), None)
        else:
            self.timers[timer.subject, timer.kind] = timer
