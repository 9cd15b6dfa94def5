"""What a decision starts from and what it leads to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from github_app.rules.comparison import Sibling
from github_app.rules.effects import Effect
from github_app.rules.records import Commit, Failure, Installation, PolicySource, Ref, Reply


@dataclass(frozen=True, slots=True)
class Case:
    """The records that one event can touch."""

    commit: Commit | None = None
    refs: tuple[Ref, ...] = ()
    failures: tuple[Failure, ...] = ()
    source: PolicySource | None = None
    installation: Installation | None = None
    siblings: tuple[Sibling, ...] = ()  # failures like those that began, ended or are told by another job; only read
    reply: Reply | None = None
    fixes: tuple[Commit, ...] = ()  # further commits on which failures are green; only read

    @property
    def commits(self) -> tuple[Commit, ...]:
        return (*([self.commit] if self.commit else ()), *self.fixes)

    def with_refs(self, changed: Iterable[Ref]) -> Case:
        refs = {ref.name: ref for ref in self.refs} | {ref.name: ref for ref in changed}
        return replace(self, refs=tuple(refs[name] for name in sorted(refs)))

    def with_failures(self, changed: Iterable[Failure]) -> Case:
        failures = {failure.id: failure for failure in self.failures} | {failure.id: failure for failure in changed}
        return replace(self, failures=tuple(failures[key] for key in sorted(failures)))


@dataclass(frozen=True, slots=True)
class Note:
    """A line for the journal: what changed about which record, and why in words."""

    subject: str
    kind: str
    reason: str
    at: datetime
    actor: str = "App"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A wish to hear `TimerFired` about a record at `due_at`; None cancels."""

    subject: str
    kind: str
    due_at: datetime | None
    generation: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The records as they should now be, what to write down, when to look again, and what to ask of the world."""

    case: Case
    notes: tuple[Note, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    effects: tuple[Effect, ...] = ()
    echoes: tuple[Effect, ...] = ()  # what other lines of work show of it; that may wait
