"""Who had a hand in a commit: asked once, when one of its jobs turns red, in at most three calls (C52).

What GitHub does not tell falls through to the next in the order; what this does not do is decide whose a failure is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from github_app.github.blame import Blame
from github_app.github.facts import QUEUE_PREFIX, person_of, pull_of
from github_app.github.known import Known
from github_app.github.payloads import CommitPayload, PullRequest
from github_app.github.reading import Reading
from github_app.outcomes import GiveUp
from github_app.rules.categorise import categorise
from github_app.rules.events import JobsSeen
from github_app.rules.findings import is_leak
from github_app.rules.hands import in_order, pull_hands, writer
from github_app.rules.leak_places import places
from github_app.rules.model import Hand, Job, Pull
from github_app.rules.records import Ref

MAX_PULLS = 20


@dataclass(frozen=True, slots=True)
class People:
    """Asks about the people of one repository. Raises Wait and Retry as the client does, never GiveUp."""

    reading: Reading
    known: Known

    async def made(self, seen: JobsSeen) -> JobsSeen:
        """Return the event with who made its commit, if one of its jobs is newly red and that is not known yet."""
        if not any(job.evidence is not None for job in seen.jobs):
            return seen
        seen = replace(seen, jobs=tuple([await self._with_committers(job, seen) for job in seen.jobs]))
        commit = await self.known.commit(seen.repo.id, seen.sha)
        if commit is not None and commit.hands:
            return seen
        refs = await self.known.refs_at(seen.repo.id, seen.sha)
        is_head = bool(seen.pulls) or any(ref.pull for ref in refs)
        behind = () if is_head else await self._behind(seen, refs)
        return replace(seen, hands=in_order((*behind, *await self._writer(seen.sha))))

    async def _with_committers(self, job: Job, seen: JobsSeen) -> Job:
        """Return the job, with who committed the credential that it is judged to have found."""
        if job.evidence is None or not places(job.evidence):
            return job
        book = self.known.book(await self.known.policy_source(seen.repo.id))
        is_found = is_leak(categorise(job, book.signatures))
        return await Blame(self.reading).told(job, seen.sha) if is_found else job

    async def _writer(self, sha: str) -> tuple[Hand, ...]:
        try:
            told = CommitPayload.model_validate(await self.reading.get("/repos/{owner}/{repo}/commits/{ref}", ref=sha))
        except (GiveUp, ValidationError):
            return ()
        return (writer(person_of(told.author) if told.author else None, sha),)

    async def _behind(self, seen: JobsSeen, refs: Sequence[Ref]) -> tuple[Hand, ...]:
        """Return the hands of the pull request by which a commit came to its branch, or is about to."""
        queued = next((number for ref in refs if (number := queued_pull(ref.name))), None)
        try:
            pull = None if queued else await self._merged(seen)
            number = queued or (pull.number if pull else None)
            if number and (pull is None or not pull.author.human):
                pull = await self.reading.pull(number) or pull  # only a single one says who merged it
        except (GiveUp, ValidationError):
            return ()
        return pull_hands(pull) if pull else ()

    async def _merged(self, seen: JobsSeen) -> Pull | None:
        pages = self.reading.api.pages(
            "/repos/{owner}/{repo}/commits/{sha}/pulls",
            limit=MAX_PULLS,
            owner=seen.repo.owner,
            repo=seen.repo.name,
            sha=seen.sha,
        )
        found = [pull_of(PullRequest.model_validate(item)) async for item in pages]
        ours = (pull for pull in found if pull.merged and pull.base_repo_id == seen.repo.id)
        return next((pull for pull in ours if seen.branch in (None, pull.base_ref)), None)


def queued_pull(name: str) -> int | None:
    """Return the number of the pull request that a merge group's ref is made for: `queue/main/pr-12-<sha>` (X40)."""
    branch = name.removeprefix("queue/").removeprefix(QUEUE_PREFIX)
    if branch == name or "/pr-" not in branch:
        return None
    number = branch.rpartition("/pr-")[2].partition("-")[0]
    return int(number) if number.isascii() and number.isdigit() else None
