"""Whom a failure holds up besides the people who see it: other pull requests, branches, teams, or everybody (S1-041).

It counts the open records of the same failure, as `comparison` understands "the same"; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from github_app.rules.comparison import NAMED, Sibling, is_same, listed
from github_app.rules.records import Failure, Ref
from github_app.rules.sla import duration_in_words
from github_app.rules.verdicts import Party

MANY_PULLS: Final = 3
MANY_AUTHORS: Final = 2
"""Open pull requests and authors from which on a failure holds up everybody: two pull requests of one author may share
a mistake, three of two people share what all will meet next."""

ALL_BY_POLICY: Final = (
    "No other line of work is known to have it, but the policy says that this kind holds up everybody."
)


@dataclass(frozen=True, slots=True)
class Impact:
    """Whom a failure holds up, its own line of work included; `teams` are the owners of what is held up.

    `everybody` says why it is all development, None when it is not. `sentence` settles once five others are named.
    """

    pulls: tuple[int, ...] = ()
    branches: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    authors: int = 0
    everybody: str | None = None
    sentence: str = ""
    jobs: int = 0
    """Red jobs, each leg of a matrix for itself, on all of its lines of work."""
    since: tuple[datetime, ...] = ()
    """When each line of work met it first."""

    def cost(self, now: datetime) -> str:
        """Estimate what it has cost until `now`: one person waits on each line of work (S1-145)."""
        waited = sum(max((now - begin).total_seconds(), 0) for begin in self.since)
        lines = f"{len(self.since)} {'line' if len(self.since) == 1 else 'lines'} of work"
        jobs = f"{self.jobs} red {'job' if self.jobs == 1 else 'jobs'}"
        return f"{jobs} on {lines}; the waiting of all together comes to {duration_in_words(waited)}."

    @property
    def is_shared(self) -> bool:
        """Whether it holds up more than its own line of work."""
        return len(self.pulls) + len(self.branches) > 1 or self.everybody is not None


def impact(failure: Failure, ref: Ref | None, siblings: Iterable[Sibling]) -> Impact:
    """Say whom an open failure blocks, by what is known of the same failure on other lines of work."""
    others = [each for each in siblings if _is_open_elsewhere(each, failure)]
    lines = [*([ref] if ref else ()), *(each.ref for each in others)]
    heads = {line.pull.head_ref for line in lines if line.pull and line.pull.head_repo_id == failure.repo.id}
    names = sorted({failure.ref, *(each.failure.ref for each in others)} - {f"branch/{head}" for head in heads})
    pulls = tuple(sorted(int(name.removeprefix("pull/")) for name in names if name.startswith("pull/")))
    branches = tuple(name.removeprefix("branch/") for name in names if name.startswith("branch/"))
    authors = len({line.pull.author.id for line in lines if line.pull})
    same = [failure, *(each.failure for each in others)]
    teams = tuple(dict.fromkeys(name for each in same for name in _names(each.owner.accountable)))
    everybody = _everybody(same, pulls, branches, authors)
    told = _sentence(failure, pulls, branches, authors, everybody)
    on_lines = [each for each in same if each.ref in names]
    jobs = sum(len({leg.slot for leg in each.legs}) for each in on_lines)
    return Impact(pulls, branches, teams, authors, everybody, told, jobs, _since(on_lines))


def _since(failures: Iterable[Failure]) -> tuple[datetime, ...]:
    met: dict[str, datetime] = {}
    for each in failures:
        met[each.ref] = min(met.get(each.ref, each.opened_at), each.opened_at)
    return tuple(sorted(met.values()))


def _is_open_elsewhere(each: Sibling, failure: Failure) -> bool:
    other = each.failure
    is_open = other.open and each.ref.open and other.ref != failure.ref
    return is_open and is_same((failure.fingerprint, failure.prints), other)


def _everybody(same: Sequence[Failure], pulls: Sequence[int], branches: Sequence[str], authors: int) -> str | None:
    default = same[0].repo.default_branch
    if default in branches and any(each.blocks_all for each in same):
        return f"{default} is red, and the policy says that this kind holds up everybody"
    if default in branches and pulls:
        return f"it is on {default}, and pull requests meet it"
    if len(pulls) >= MANY_PULLS and authors >= MANY_AUTHORS:
        return f"at least {MANY_PULLS} open pull requests of at least {MANY_AUTHORS} people meet it"
    return None


def _sentence(
    failure: Failure, pulls: Sequence[int], branches: Sequence[str], authors: int, everybody: str | None
) -> str:
    other_pulls = [number for number in pulls if f"pull/{number}" != failure.ref]
    other_branches = [name for name in branches if f"branch/{name}" != failure.ref]
    parts = [listed(other_pulls)] if other_pulls else []
    parts += other_branches[:NAMED]
    people = f" ({authors} authors)" if other_pulls and authors > 1 and len(other_pulls) <= NAMED else ""
    also = f"The same failure holds up {' and '.join(parts)} as well{people}." if parts else ""
    all_of_it = f"All development is held up: {everybody}." if everybody else ""
    nobody = ALL_BY_POLICY if failure.blocks_all else "Nobody else is known to be held up."
    return " ".join(part for part in (all_of_it, also) if part) or nobody


def _names(party: Party) -> tuple[str, ...]:
    return party.public.teams or party.names
