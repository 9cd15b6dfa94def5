"""Failures like the ones at hand, on whatever line of work: what is said around a failure rests on them (X33)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from github_app.documents import Document, to_record
from github_app.rules.around import Around, around
from github_app.rules.comparison import WINDOW, Sibling
from github_app.rules.records import Failure, Ref, ref_id

MOST = 50
"""Failures of one fingerprint that are looked at; what is said of them settles long before (G13)."""

MOST_MARKS = 20


class Finder(Protocol):
    """What is asked of the store."""

    async def get(self, ids: Sequence[str]) -> list[Document]: ...

    async def find(
        self,
        kind: str,
        repo_id: int,
        *,
        prints: Sequence[str] | None = None,
        open_or_since: datetime | None = None,
        newest: int | None = None,
    ) -> list[Document]: ...


async def siblings_of(store: Finder, repo_id: int, fingerprints: Sequence[str], now: datetime) -> tuple[Sibling, ...]:
    """Return the failures with these fingerprints that are open or changed in the last 7 days, with their refs."""
    found: list[Document] = []
    for mark in fingerprints[:MOST_MARKS]:
        found += await store.find("failure", repo_id, prints=[mark], open_or_since=now - WINDOW, newest=MOST)
    failures = [record for record in map(to_record, found) if isinstance(record, Failure)]
    if not failures:
        return ()
    names = sorted({ref_id(repo_id, failure.ref) for failure in failures})
    refs = {record.name: record for record in map(to_record, await store.get(names)) if isinstance(record, Ref)}
    return tuple(Sibling(failure, refs[failure.ref]) for failure in failures if failure.ref in refs)


async def around_each(store: Finder, failures: Sequence[Failure], now: datetime) -> Mapping[str, Around]:
    """Return what is known around some failures of one repository, by id."""
    if not failures:
        return {}
    marks = list(dict.fromkeys(failure.fingerprint for failure in failures))
    siblings = await siblings_of(store, failures[0].repo.id, marks, now)
    refs = {each.failure.id: each.ref for each in siblings}
    return {failure.id: around(failure, refs.get(failure.id), siblings, now) for failure in failures}
