"""How a pull request whose generated files drifted changed the description of the API (S1-112).

Asked for the documents that the policy names, once, when the job turns red. Whatever goes wrong only means that a
document was not compared, which is then said.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from github_app.github.known import Known
from github_app.github.reading import Reading
from github_app.outcomes import GiveUp, Unfinished
from github_app.rules.categorise import categorise
from github_app.rules.contract_changes import compared
from github_app.rules.contracts import ContractPolicy, ContractReport
from github_app.rules.events import JobsSeen
from github_app.rules.model import Job, Pull
from github_app.rules.openapi import Unreadable
from pytest_failure_review.report import Category

MOST: Final = 3
"""Documents compared; the policy may name no more in one file."""

MAX_BASE64: Final = 1_500_000
"""Characters of a file's content in base64: a bit more than 1 MB, since GitHub breaks the lines."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """Compares the API descriptions of one repository. Never raises what the client raises."""

    reading: Reading
    known: Known

    async def told(self, seen: JobsSeen) -> JobsSeen:
        """Return the event, its drifted jobs with what changed in the API since the pull request began."""
        red = [job for job in seen.jobs if job.evidence is not None and job.conclusion == "failure"]
        if not red:
            return seen
        book = self.known.book(await self.known.policy_source(seen.repo.id))
        policy = book.policy.contracts
        if not policy.openapi:
            return seen
        drifted = [job for job in red if categorise(job, book.signatures).category is Category.GENERATOR_DRIFT]
        refs = await self.known.refs_at(seen.repo.id, seen.sha)
        pull = next(iter((*seen.pulls, *(ref.pull for ref in refs if ref.pull))), None)
        if not drifted or pull is None:
            return seen
        base = _began_at(red, pull)
        found = await self._compared(base, seen.sha, policy) if base else _not_compared(pull, policy)
        return replace(seen, jobs=tuple(_with(job, found) if job in drifted else job for job in seen.jobs))

    async def _compared(self, base: str, head: str, policy: ContractPolicy) -> tuple[ContractReport, ...]:
        return tuple([await self._document(path, base, head, policy) for path in policy.openapi[:MOST]])

    async def _document(self, path: str, base: str, head: str, policy: ContractPolicy) -> ContractReport:
        try:
            before, after = await self._text(path, base), await self._text(path, head)
        except Unreadable as reason:
            return ContractReport(path, gap=str(reason))
        except Unfinished:
            return ContractReport(path, gap="GitHub did not give it just now")
        return await asyncio.to_thread(compared, path, before, after, policy)

    async def _text(self, path: str, ref: str) -> str | None:
        """Return a file at a commit, None when there is none (GitHub docs: "Get repository content", up to 1 MB)."""
        names = {"owner": self.reading.repo.owner, "repo": self.reading.repo.name, "path": path}
        template = "/repos/{owner}/{repo}/contents/{path}"
        try:
            told = await self.reading.api.get(template, cached=True, query={"ref": ref}, **names)
        except GiveUp as gone:
            if gone.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        content = told.get("content") if isinstance(told, dict) else None
        if not isinstance(content, str):
            raise Unreadable("it is no file")
        if told.get("encoding") == "none" or len(content) > MAX_BASE64:
            raise Unreadable("it is larger than 1 MB")
        try:
            return base64.b64decode(content).decode("utf-8", errors="replace")
        except (binascii.Error, ValueError):
            raise Unreadable("it is no text") from None


def _began_at(jobs: Sequence[Job], pull: Pull) -> str:
    """Return the commit that the pull request grew from, "" when none of a delivery's jobs knows.

    The base branch cannot stand in for it: what others changed there since would be shown as this change's doing.
    """
    bases = (job.evidence.base for job in jobs if job.evidence and job.evidence.base)
    return next((base.sha for base in bases if base.branch == pull.base_ref), "")


def _not_compared(pull: Pull, policy: ContractPolicy) -> tuple[ContractReport, ...]:
    gap = f"it is not known at which commit of {pull.base_ref} this change began"
    return tuple(ContractReport(path, gap=gap) for path in policy.openapi[:MOST])


def _with(job: Job, found: tuple[ContractReport, ...]) -> Job:
    return replace(job, evidence=replace(job.evidence, contracts=found)) if job.evidence else job
