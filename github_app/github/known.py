"""What the App already knows of a commit, so that it is not asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from github_app.rules.commits import RED
from github_app.rules.failures import Book
from github_app.rules.model import Job, Run
from github_app.rules.records import Commit, Failure, Installation, PolicySource, Ref, Reply


class Known(Protocol):
    """The records that translation looks into."""

    async def commit(self, repo_id: int, sha: str) -> Commit | None: ...

    async def refs_at(self, repo_id: int, sha: str) -> Sequence[Ref]: ...

    async def policy_source(self, repo_id: int) -> PolicySource | None: ...

    async def reply(self, key: str) -> Reply | None: ...

    async def answered(self, repo_id: int, ref: str, person_id: int, since: datetime) -> int: ...

    async def failures_on(self, repo_id: int, ref: str) -> Sequence[Failure]: ...

    def book(self, source: PolicySource | None) -> Book: ...

    async def installation(self, installation_id: int) -> Installation | None: ...


def run_in(known: Commit | None, run_id: int) -> Run | None:
    return next((run for run in known.runs if run.id == run_id), None) if known else None


def newly_red(jobs: Sequence[Job], known: Commit | None) -> list[Job]:
    """The jobs whose evidence was not seen yet."""
    return [job for job in jobs if job.conclusion in RED | {"cancelled"} and not is_judged(job, known)]


def is_judged(job: Job, known: Commit | None) -> bool:
    """Whether this very end of this very job was handled before; then its evidence was seen too."""
    return known is not None and any(
        (other.source, other.id, other.conclusion) == (job.source, job.id, job.conclusion) for other in known.jobs
    )
