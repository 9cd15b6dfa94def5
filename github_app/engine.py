"""Load, decide, commit: the only place where rules meet the world, and the Store that this needs.

It never performs an effect and never reads from GitHub: events arrive complete, effects leave through the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from pydantic_core import to_json

from github_app.documents import Document as Document  # noqa: PLC0414  (the store speaks of it as the engine's)
from github_app.documents import Record, records_of, to_case, to_document, to_record
from github_app.outcomes import Retry
from github_app.reach import Reach
from github_app.rules.around import Around
from github_app.rules.case import Case, Decision
from github_app.rules.comparison import Sibling
from github_app.rules.decide import decide, turned
from github_app.rules.effects import Effect, effect_key
from github_app.rules.events import (
    Event,
    InstallationMoved,
    TimerFired,
)
from github_app.rules.failures import Book, later_ids
from github_app.rules.policy import Policy
from github_app.rules.policy_file import PolicyFile
from github_app.rules.policy_source import policy_of
from github_app.rules.records import (
    Commit,
    Failure,
    Installation,
    PolicySource,
    Ref,
    Reply,
    commit_id,
    installation_doc_id,
    policy_id,
    ref_id,
)
from github_app.rules.signatures import Signatures
from github_app.rules.verifying import fixes_wanted
from github_app.siblings import around_each, siblings_of

ATTEMPTS = 20
"""How often a decision is made anew because a record moved on in between; more than that is not contention."""

PUBLISH_AFTER = timedelta(seconds=1)
"""What is shown may wait this long, so that forty jobs that end together cost one write, not forty (G13)."""

ECHO_AFTER = timedelta(minutes=1)
"""What other lines of work show of a failure may wait this long, so that each is written once a minute at most."""


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
        prints: Sequence[str] | None = None,
        open_or_since: datetime | None = None,
        newest: int | None = None,
    ) -> list[Document]:
        """Return documents of a kind in a repository, at a commit, on any of some refs, with any of some prints.

        With `open_or_since`, only those that have an open key or were committed after that time (UTC); with `newest`,
        only that many, those committed last.
        """

    async def commit(self, change: Change, now: datetime) -> bool:
        """Commit the change in one transaction; False, and nothing is stored, when any document has moved on."""


class Engine:
    """The one door: every event goes through `handle`, and nothing else changes state."""

    def __init__(self, store: Store, builtin: PolicyFile, signatures: Signatures, now: Callable[[], datetime]) -> None:
        self._store = store
        self._reach = Reach(store, now)
        self._builtin = builtin
        self._signatures = signatures
        self._own: dict[str, Signatures] = {}
        self._now = now
        self._policies: dict[tuple[str | None, str | None], Policy] = {}

    async def handle(self, event: Event) -> Decision:
        """Load, decide, commit; again when somebody else was faster.

        Raises Retry when the records never stand still, or the store cannot commit.
        """
        taken: set[str] = set()
        for _ in range(ATTEMPTS):
            documents = await self._load(event, taken)
            before = await self._with_fixes(to_case(documents), event)
            now, book = self._now(), self.book(before.source)
            decision = decide(before, event, book, now)
            others = await self._others(decision.case, turned(before, decision.case), event)
            more = (await self._with_fixes(decision.case, event)).fixes
            if others or more != before.fixes:
                before = replace(before, siblings=others, fixes=more)
                decision = decide(before, event, book, now)
            versions = {document.id: document.version for document in documents}
            if await self._store.commit(_change(before, decision, event, versions, now), now):
                return decision
            taken |= _maybe_taken(decision, versions)
        raise Retry("The records kept changing while a decision was made")

    def book(self, source: PolicySource | None) -> Book:
        """Return what is decided by for a repository."""
        key = (source.org_text, source.text) if source else (None, None)
        policy = self._policies.get(key)
        if policy is None:
            if len(self._policies) > 1000:  # noqa: PLR2004  (a cache of what can be computed again)
                self._policies.clear()
            policy = self._policies[key] = policy_of(source, self._builtin)
        return Book(policy, self._with_own(policy), source)

    def _with_own(self, policy: Policy) -> Signatures:
        """Return the shipped signatures with a policy's own, compiled once for each policy."""
        if not policy.signatures:
            return self._signatures
        known = self._own.get(policy.version)
        if known is None:
            if len(self._own) > 100:  # noqa: PLR2004  (a cache of what can be computed again)
                self._own.clear()
            known = self._own[policy.version] = self._signatures.under(policy.signatures)
        return known

    async def commit(self, repo_id: int, sha: str) -> Commit | None:
        return _one(await self._store.get([commit_id(repo_id, sha)]), Commit)

    async def failure(self, failure_id: str) -> Failure | None:
        return _one(await self._store.get([failure_id]), Failure)

    async def policy_source(self, repo_id: int) -> PolicySource | None:
        return _one(await self._store.get([policy_id(repo_id)]), PolicySource)

    async def ref(self, repo_id: int, name: str) -> Ref | None:
        return _one(await self._store.get([ref_id(repo_id, name)]), Ref)

    async def installation(self, installation_id: int) -> Installation | None:
        return _one(await self._store.get([installation_doc_id(installation_id)]), Installation)

    async def reply(self, key: str) -> Reply | None:
        return _one(await self._store.get([key]), Reply)

    async def answered(self, repo_id: int, ref: str, person_id: int, since: datetime) -> int:
        """Count the comments of a person on a line of work that have been answered since a time (UTC)."""
        found = map(to_record, await self._store.find("reply", repo_id, refs=[ref], open_or_since=since))
        return sum(1 for record in found if isinstance(record, Reply) and record.by.id == person_id)

    async def failures_on(self, repo_id: int, ref: str) -> list[Failure]:
        """Return the open failures of a line of work."""
        found = map(to_record, await self._store.find("failure", repo_id, refs=[ref], open_or_since=self._now()))
        return [record for record in found if isinstance(record, Failure) and record.open]

    async def refs_at(self, repo_id: int, sha: str) -> list[Ref]:
        """Return the refs whose head is a commit."""
        records = [to_record(document) for document in await self._store.find("ref", repo_id, sha=sha)]
        return [record for record in records if isinstance(record, Ref)]

    async def around(self, failures: Sequence[Failure]) -> Mapping[str, Around]:
        """Return what is known around some failures of one repository now, by id."""
        return await around_each(self._store, failures, self._now())

    async def case_of(self, repo_id: int, sha: str) -> Case:
        """Return everything that is known about a commit, to show it."""
        return to_case(await self._reach.around(repo_id, sha, set()))

    async def _others(self, case: Case, fingerprints: Sequence[str], event: Event) -> tuple[Sibling, ...]:
        """Return failures of some fingerprints that a case does not hold itself."""
        found = await siblings_of(self._store, _whose(event)[1], fingerprints, self._now())
        own = {failure.id for failure in case.failures}
        return tuple(each for each in found if each.failure.id not in own)

    async def _with_fixes(self, case: Case, event: Event) -> Case:
        """Return the case with the commits on which its failures are green, where their jobs count (S1-023)."""
        wanted = [commit_id(_whose(event)[1], sha) for sha in fixes_wanted(case.failures, case.commits)]
        found = map(to_record, await self._store.get(wanted)) if wanted else ()
        return replace(case, fixes=(*case.fixes, *(each for each in found if isinstance(each, Commit))))

    async def _load(self, event: Event, taken: set[str]) -> list[Document]:
        """Return the documents that an event can touch, and those of some more ids."""
        documents = await self._reach.touched(event)
        more = sorted(taken - {document.id for document in documents})
        return [*documents, *await self._store.get(more)] if more else documents


R = TypeVar("R")


def _one(documents: Sequence[Document], kind: type[R]) -> R | None:
    records = (to_record(document) for document in documents)
    return next((record for record in records if isinstance(record, kind)), None)


def _change(before: Case, decision: Decision, event: Event, versions: dict[str, int], now: datetime) -> Change:
    """Return what must be committed for a decision: only the records that changed."""
    new = records_of(decision.case)
    installation_id, repo_id = _whose(event)
    return Change(
        documents=[to_document(new[key], versions.get(key, 0)) for key in sorted(_changed(records_of(before), new))],
        entries=[
            Entry(note.subject, note.kind, note.at, note.actor, note.reason, installation_id, repo_id, event.cause)
            for note in decision.notes
        ],
        timers=[
            Timer(alarm.subject, alarm.kind, alarm.due_at, alarm.generation, installation_id, repo_id)
            for alarm in decision.alarms
        ],
        wishes=[
            *(_wish(effect, now + PUBLISH_AFTER, installation_id, repo_id) for effect in decision.effects),
            *(_wish(effect, now + ECHO_AFTER, installation_id, repo_id) for effect in decision.echoes),
        ],
        fired=[(event.subject, event.kind, event.generation)] if isinstance(event, TimerFired) else (),
    )


def _changed(old: Mapping[str, Record], new: Mapping[str, Record]) -> set[str]:
    """Return the ids of the records that changed, and of the refs whose failures did.

    A failure's state rests on its ref: were that not written too, a pull request could be closed by one event while
    another one opens a failure on it, and neither would know.
    """
    changed = {key for key, record in new.items() if old.get(key) != record}
    failures = (new[key] for key in changed)
    refs = {ref_id(item.repo.id, item.ref) for item in failures if isinstance(item, Failure)}
    return changed | (refs & new.keys())


def _maybe_taken(decision: Decision, versions: Mapping[str, int]) -> set[str]:
    """Return the ids that a new failure's cause may have had before: what closed long ago is not loaded at first."""
    new = (failure for failure in decision.case.failures if failure.id not in versions)
    return {key for failure in new for key in later_ids(failure)}


def _whose(event: Event) -> tuple[int, int]:
    if isinstance(event, InstallationMoved):
        return event.installation_id, 0
    return event.repo.installation_id, event.repo.id


def _wish(effect: Effect, due_at: datetime, installation_id: int, repo_id: int) -> Wish:
    payload = to_json(effect).decode()
    kind, key = effect_key(effect)
    return Wish(key, kind, payload, due_at, installation_id, repo_id)
