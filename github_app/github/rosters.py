"""Asks GitHub who of those that a policy names is still there, so that nobody waits for somebody who left.

A login is known by its account's number from then on: a name that another account has taken over is nobody's (G28).
What GitHub refuses to tell is not held against anybody.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError

from github_app.github.client import Api, GitHub
from github_app.github.facts import person_of
from github_app.github.payloads import Account
from github_app.github.registration import Finding
from github_app.outcomes import GiveUp, Retry
from github_app.rules.events import PolicyRead
from github_app.rules.model import Person
from github_app.rules.ownership import Facts, fallback_of
from github_app.rules.policy import Policy
from github_app.rules.records import PolicySource
from github_app.rules.roster import DOUBT, Absent, Roster, named_in, notices
from pytest_failure_review.report import Category

AGE: Final = timedelta(hours=1)
"""How long an answer about the same names is believed; people leave seldom, and permissions are never taken from it."""

MOST_NAMES: Final = 60
AT_ONCE: Final = 5

_OWNER: Final = re.compile(r"@[\w./-]{1,100}")


@dataclass(frozen=True, slots=True)
class Registrar:
    """Asks about one repository; `members` needs no more than to see the organisation's teams."""

    api: Api
    members: Api
    owner: str
    name: str
    private: bool

    async def person(self, login: str) -> Person | Absent | None:
        """Return the account of a login that may read the repository, else why not; None when GitHub does not tell."""
        try:
            told = await self._about(login, "/permission")
            person = person_of(Account.model_validate(told["user"]))
            is_out = told["permission"] == "none"
            if not is_out and told["permission"] == "read" and not self.private:
                await self._about(login, "")  # everybody may read a public repository
        except GiveUp as refusal:
            return Absent(login, "has no access any more") if refusal.status == HTTPStatus.NOT_FOUND else None
        except (Retry, ValidationError, KeyError, TypeError):
            return None
        return Absent(login, "has no access any more") if is_out else person

    async def team(self, name: str) -> Absent | None:
        """Return why a team cannot answer; None when it can. Raises GiveUp or Retry when GitHub does not tell."""
        org, _, slug = name.partition("/")
        if org.lower() != self.owner.lower():
            raise GiveUp("A team of another organisation is out of the App's sight")
        template = "/orgs/{org}/teams/{slug}/members"
        try:
            members = await self.members.get(template, query={"per_page": 1}, org=org, slug=slug)
        except GiveUp as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return Absent(name, "does not exist")
            raise
        return None if members else Absent(name, "has no members")

    async def unknown_owners(self) -> tuple[Absent, ...]:
        """Return whom CODEOWNERS names in vain, as GitHub itself says."""
        try:
            told = await self.api.get("/repos/{owner}/{repo}/codeowners/errors", owner=self.owner, repo=self.name)
        except (GiveUp, Retry):
            return ()  # there is no such file, or GitHub does not tell
        errors = told.get("errors", ()) if isinstance(told, dict) else ()
        names = (_owner_at(error) for error in errors if error.get("kind") == "Unknown owner")
        return tuple(dict.fromkeys(Absent(name, "GitHub does not know as an owner") for name in names if name))

    async def _about(self, login: str, what: str) -> Any:
        template = "/repos/{owner}/{repo}/collaborators/{username}" + what
        return await self.api.get(template, owner=self.owner, repo=self.name, username=login)


def people_findings(read: PolicyRead, policy: Policy) -> Iterator[Finding]:
    """Say who of those that a policy names is gone, and whether anybody stands in for them."""
    roster = read.roster or Roster()
    about = read.repo.full_name
    for sentence in notices(policy, roster):
        remedy = "" if sentence.startswith(DOUBT) else "Name somebody else there, or take the name out"
        yield Finding("people", about, sentence, remedy)
    facts = Facts(codeowners=read.codeowners, admins=read.admins, roster=roster)
    if fallback_of(facts, policy, policy.rule_for(Category.UNKNOWN)) is None:
        sentence = "Nobody stands in for a missing owner: no fallback, no `*` line of CODEOWNERS, no admin is known"
        yield Finding("people", about, sentence, "Add `fallback: {users: [...]}` to the policy file")


async def with_roster(github: GitHub, read: PolicyRead, policy: Policy, known: PolicySource | None) -> PolicyRead:
    """Return the reading with who is there; without, when what is known is fresh. Raises Wait as the client does."""
    is_same = known is not None and _texts(read) == _texts(known)
    names = named_in(policy)[:MOST_NAMES]
    if known is not None and is_same and _is_fresh(known.roster, names, read.received_at):
        return read
    repo = read.repo
    registrar = Registrar(
        github.installation(repo.installation_id, repo.id, {"contents": "read", "metadata": "read"}),
        github.installation(repo.installation_id, None, {"members": "read"}),
        repo.owner,
        repo.name,
        repo.private,
    )
    roster = await _roster(registrar, names, read)
    return replace(read, roster=_with_known_ids(roster, known.roster) if known and is_same else roster)


async def _roster(registrar: Registrar, names: Iterable[str], read: PolicyRead) -> Roster:
    turn = asyncio.Semaphore(AT_ONCE)

    async def look(name: str) -> Person | Absent | str | None:
        async with turn:
            if "/" not in name:
                return await registrar.person(name)
            try:
                return await registrar.team(name) or name
            except (GiveUp, Retry):
                return None

    asked = tuple(names)
    found = await asyncio.gather(*(look(name) for name in asked))
    return Roster(
        people=tuple(
            replace(person, login=name) for name, person in zip(asked, found, strict=True) if isinstance(person, Person)
        ),
        teams=tuple(team for team in found if isinstance(team, str)),
        absent=tuple(absent for absent in found if isinstance(absent, Absent)),
        unsure=tuple(name for name, told in zip(asked, found, strict=True) if told is None),
        unknown_owners=await registrar.unknown_owners() if read.codeowners else (),
        at=read.received_at,
    )


def _with_known_ids(roster: Roster, known: Roster) -> Roster:
    """Keep the account that a login stood for when the policy was written (G28)."""
    was = {person.login: person for person in known.people}
    taken = [person for person in roster.people if was.get(person.login, person).id != person.id]
    why = "is another account than when the policy was read first"
    return replace(
        roster,
        people=tuple(was.get(person.login, person) for person in roster.people),
        absent=(*roster.absent, *(Absent(person.login, why) for person in taken)),
    )


def _is_fresh(roster: Roster, names: Iterable[str], now: datetime) -> bool:
    asked = {name.lower() for name in names} <= roster.names
    return asked and roster.at is not None and now < roster.at + AGE


def _texts(read: PolicyRead | PolicySource) -> tuple[str | None, str | None, str | None]:
    return read.text, read.org_text, read.codeowners


def _owner_at(error: dict[str, Any]) -> str:
    """Return the owner that an error points at, without `@`; "" when it does not say.

    GitHub docs, "List CODEOWNERS errors": `column` is from 1.
    """
    source, column = error.get("source"), error.get("column")
    if not isinstance(source, str) or not isinstance(column, int):
        return ""
    found = _OWNER.match(source, max(0, column - 1))
    return found.group()[1:] if found else ""
