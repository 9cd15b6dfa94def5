"""Who of those that a policy names can still answer, as GitHub told when the policy was read.

What it does not say is who may do what: permissions are asked for at the moment of deciding, never remembered (T6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from github_app.rules.model import Person
from github_app.rules.policy import Policy, RoleHolders

DOUBT: Final = "GitHub does not tell whether"
"""How the sentence begins that nobody has to act upon."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Somebody who cannot answer; `why` goes on "alice, who ..." or "team acme/x, which ..."."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"team {self.name}, which {self.why}" if "/" in self.name else f"{self.name}, who {self.why}"


@dataclass(frozen=True, slots=True)
class Roster:
    """The people and teams of a policy, and those that CODEOWNERS names in vain; `at` (UTC) is when GitHub was asked.

    Whoever GitHub did not tell about is `unsure`, and counts as there.
    """

    people: tuple[Person, ...] = ()
    teams: tuple[str, ...] = ()
    absent: tuple[Absent, ...] = ()
    unsure: tuple[str, ...] = ()
    unknown_owners: tuple[Absent, ...] = ()
    at: datetime | None = None

    def person(self, login: str) -> Person:
        """Return the account behind a login, with the id 0 when it is not known."""
        mine = (person for person in self.people if person.login.lower() == login.lower())
        return next(mine, Person(0, login))

    def absence(self, name: str) -> Absent | None:
        """Return why somebody whom the policy names cannot answer; None when they can."""
        return next((absent for absent in self.absent if absent.name.lower() == name.lower()), None)

    def owner_absence(self, name: str) -> Absent | None:
        """Return the same of somebody whom CODEOWNERS names."""
        vain = (absent for absent in self.unknown_owners if absent.name.lower() == name.lower())
        return next(vain, None) or self.absence(name)

    @property
    def names(self) -> frozenset[str]:
        """Every name that was asked for, in lower case."""
        asked = (*(person.login for person in self.people), *self.teams, *self.unsure)
        return frozenset(name.lower() for name in (*asked, *(absent.name for absent in self.absent)))


def named_in(policy: Policy) -> tuple[str, ...]:
    """Return the logins and teams that a policy names, each once."""
    holders = [holders for _, holders in _places(policy)]
    return tuple(dict.fromkeys(name for each in holders for name in (*each.users, *each.teams)))


def notices(policy: Policy, roster: Roster) -> tuple[str, ...]:
    """Return what whoever keeps the policy should mend, in sentences."""
    unsure = sorted({*named_in(policy)} & {*roster.unsure})
    doubt = f"{DOUBT} {', '.join(unsure)} can still answer; whoever is not known to be gone counts" if unsure else ""
    return (*_vain(policy, roster), *((doubt,) if doubt else ()))


def _vain(policy: Policy, roster: Roster) -> Iterator[str]:
    for place, holders in _places(policy):
        for name in (*holders.users, *holders.teams):
            absent = roster.absence(name)
            if absent is not None:
                yield f"{place} names {absent}"


def _places(policy: Policy) -> Iterable[tuple[str, RoleHolders]]:
    yield from ((f"roles.{role}", holders) for role, holders in policy.roles.items())
    yield "fallback", policy.fallback
