"""Who committed the line in which a secret scanner found a credential: followed back through the file's last changes.

GitHub's own blame is part of its GraphQL API alone; the diffs of the REST API say the same in a few more calls, on
Enterprise servers too. Only a line that a scanner points at is followed, and only a few changes back: whoever is not
found there is not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from github_app.github.facts import person_of
from github_app.github.payloads import CommitPayload
from github_app.github.reading import Reading
from github_app.outcomes import GiveUp
from github_app.rules.hands import NOBODY, WROTE
from github_app.rules.leak_places import Place, line_before, places
from github_app.rules.model import Hand, Job

CHANGES = 5
"""Changes of a file that are followed back; a credential that a scanner stops is seldom older."""

_COMMITS = TypeAdapter(tuple[CommitPayload, ...])


@dataclass(frozen=True, slots=True)
class Blame:
    """Asks for the committers of one repository. Raises Wait and Retry as the client does, never GiveUp."""

    reading: Reading

    async def told(self, job: Job, sha: str) -> Job:
        """Return the job, with the committers of the credentials that its evidence speaks of."""
        if job.evidence is None:
            return job
        found = [await self._committer(place, sha) for place in places(job.evidence)]
        hands = tuple(dict.fromkeys(hand for hand in found if hand is not None))
        return replace(job, evidence=replace(job.evidence, committers=hands))

    async def _committer(self, place: Place, sha: str) -> Hand | None:
        try:
            commit = await (self._commit(place.commit) if place.commit else self._follow(place, sha))
        except (GiveUp, ValidationError):
            return None
        if commit is None:
            return None
        where = f"line {place.line} of {place.path}" if place.line else place.path
        person = person_of(commit.author) if commit.author else NOBODY
        return Hand(person, f"wrote {where} in commit {commit.sha[:7]}", WROTE)

    async def _follow(self, place: Place, sha: str) -> CommitPayload | None:
        """Return the commit that wrote a line; without a line the last that changed the file."""
        query: dict[str, str | int] = {"sha": sha, "path": place.path, "per_page": CHANGES if place.line else 1}
        changes = _COMMITS.validate_python(await self.reading.get("/repos/{owner}/{repo}/commits", query))
        line: int | None = place.line
        for change in changes if line else ():
            whole = await self._commit(change.sha)
            patch = next((file.patch for file in whole.files if file.filename == place.path), "")
            line = line_before(patch, line) if line else None
            if line is None:
                return whole
        return None if place.line else next(iter(changes), None)

    async def _commit(self, sha: str) -> CommitPayload:
        return CommitPayload.model_validate(await self.reading.get("/repos/{owner}/{repo}/commits/{ref}", ref=sha))
