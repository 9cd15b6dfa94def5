"""Whose a failure is: exactly one accountable party, any number informed, and the steps that led there.

It names roles, logins and teams; it never asks GitHub whether they exist. A step that finds nobody falls through to the
next at once, and every step leaves its sentence (S1-003, C24, C52).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from github_app.rules.codeowners_file import OwnersLine, line_for, line_for_all
from github_app.rules.hands import pull_hands
from github_app.rules.model import GHOST, Hand, Job, Person
from github_app.rules.policy import Policy, RoleHolders, Rule, first_match
from github_app.rules.records import Ref
from github_app.rules.results.marking import marked_places
from github_app.rules.roster import Absent, Roster
from github_app.rules.verdicts import Owner, Party
from pytest_failure_review.report import Category, is_at_or_below

CODE_AUTHOR: Final = "code_author"
ORIGINAL_COMMITTER: Final = "original_committer"
DOMAIN_SPECIALIST: Final = "domain_specialist"
FALLBACK: Final = "fallback"
Absence = Callable[[str], Absent | None]

TOLD_BY_FILE: Final = (Category.TEST_INTEGRATION, Category.SECURITY_VULNERABILITY)
"""Failures of which the owners of the failing files are told too."""

GAP: Final = "ownership gap"
"""How the step begins that tells of a component without an owner (S1-026)."""

AUTHORS: Final = frozenset({CODE_AUTHOR, ORIGINAL_COMMITTER})
"""Roles that the change fills, not the policy."""

BENCHMARK: Final = "benchmark"
"""The measure of a verdict that names what got slower."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the change and the repository, beside the policy.

    `hands` are those of the pull request, `first_hands` those of the commit that the failure was first red on since the
    last green, each in the order in which they answer for it (C52, S1-022). Nobody who found it
    broken is asked, but for the `committers` of a credential.
    """

    hands: tuple[Hand, ...] = ()
    first_hands: tuple[Hand, ...] = ()
    first_sha: str = ""
    committers: tuple[Hand, ...] = ()
    paths: tuple[str, ...] = ()
    codeowners: str | None = None
    admins: tuple[Person, ...] = ()
    found_broken: bool = False  # by whoever made the change: it failed the same way where that goes to
    benchmark: str = ""
    roster: Roster = field(default_factory=Roster)


@dataclass(slots=True)
class _Search:
    """The steps tried so far."""

    policy: Policy
    facts: Facts
    rule: Rule
    steps: list[str] = field(default_factory=list)
    private_steps: list[str] = field(default_factory=list)

    def tried(self, role: str, said: str) -> None:
        """Keep a step; what leads to the committer of a credential is for private channels (S1-017)."""
        (self.private_steps if role == ORIGINAL_COMMITTER else self.steps).append(f"{role}: {said}")


def owner_from(facts: Facts, rule: Rule, policy: Policy) -> Owner:
    """Say whose a failure is, and who is told."""
    search = _Search(policy, facts, rule)
    role, gap = _role(search, rule.owners[0])
    accountable = _accountable(search, role, gap)
    roles = [name for name in rule.informed if name not in (role, rule.owners[0])]
    informed = (*(_informed(search, name) for name in roles), *_also_informed(search, rule))
    told = _without(informed, accountable)
    return Owner(accountable, told, tuple(search.steps), tuple(search.private_steps))


def hands_of(ref: Ref) -> tuple[Hand, ...]:
    """Return who had a hand in a line of work, in the order in which they answer for it (C52)."""
    return () if ref.pull is None else pull_hands(ref.pull)


def failing_paths(job: Job) -> tuple[str, ...]:
    """Return the files that a job's evidence points at, the most telling first; the log's text is not searched."""
    evidence = job.evidence
    if evidence is None:
        return ()
    reported = evidence.report.failures if evidence.report is not None else ()
    filed = (path for path, _, _ in marked_places(evidence.files))
    paths = (*(failure.path for failure in reported), *filed, *(note.path for note in evidence.annotations))
    return tuple(dict.fromkeys(path for path in paths if path and path != ".github"))  # GitHub's word for "no file"


# --- the accountable one ---------------------------------------------------------------------------------------------


def _role(search: _Search, role: str) -> tuple[str, str]:
    """Return the role to look for, and the gap in the ownership if the component is nobody's (S1-026)."""
    if role != DOMAIN_SPECIALIST:
        return role, ""
    names = tuple(name for name in (search.facts.benchmark, *search.facts.paths) if name)
    pattern = first_match(search.policy.components, names)
    if pattern is not None:
        owner = search.policy.components[pattern]
        search.steps.append(f"components: `{pattern}` belongs to {owner}")
        return owner, ""
    what = names[0] if names else "what got slower"
    gap = f"{GAP}: no entry of components names {what}"
    search.steps.append(gap)
    return role, gap


def _accountable(search: _Search, role: str, gap: str) -> Party:
    party = _author(search, role) if role in AUTHORS else _holder(search, role)
    if party is None:
        why = _why_nobody(search, role)
        party = _fallback(search, role, why) or Party(role, note=why)
    note = "; ".join(text for text in (gap, party.note) if text)
    return Party(party.role, party.people, party.teams, note, party.private)


def _holder(search: _Search, role: str) -> Party | None:
    holders = search.policy.roles.get(role, RoleHolders())
    if holders.empty:
        search.steps.append(f"{role}: {_unmapped(role)}")
        return None
    party = _present(search, role, f"roles.{role}", holders, search.facts.roster.absence)
    if not party.empty:
        search.steps.append(f"{role}: roles.{role} names {_names(party)}")
        return party
    return None


def _present(search: _Search, role: str, place: str, named: RoleHolders | OwnersLine, absence: Absence) -> Party:
    """Return those whom a place names and who can still answer; a step tells of everybody else."""
    gone = {name: absence(name) for name in (*named.users, *named.teams)}
    for absent in filter(None, gone.values()):
        search.tried(role, f"{place} names {absent}")
    people = tuple(search.facts.roster.person(login) for login in named.users if gone[login] is None)
    return Party(role, people, tuple(team for team in named.teams if gone[team] is None))


def _author(search: _Search, role: str) -> Party | None:
    """The first human who answers for the change, else whoever owns the failing file (C52)."""
    hands = _chain(search, role)
    for hand in hands:
        refusal = _no_author(hand, search.facts.roster)
        search.tried(role, refusal or f"{hand.person.login} {hand.deed}")
        if refusal is None:
            return Party(role, (hand.person,), private=role == ORIGINAL_COMMITTER)
    if search.facts.found_broken:
        search.tried(role, "whoever made this change found it broken")
    elif not hands:
        search.tried(role, "no pull request and no commit says who wrote the change")
    return None if role == ORIGINAL_COMMITTER else _by_files(search, role)


def _chain(search: _Search, role: str) -> tuple[Hand, ...]:
    """Return who is asked, in order.

    For a build the commit that broke it comes first, whoever pushed on (S1-022); for a credential whoever wrote its
    line, wherever else it stands, else the commit in which it was seen (S1-017).
    """
    facts = search.facts
    if facts.found_broken:
        return facts.committers if role == ORIGINAL_COMMITTER else ()
    if role == ORIGINAL_COMMITTER:
        return tuple(dict.fromkeys((*facts.committers, *facts.first_hands, *facts.hands)))
    if not is_at_or_below(search.rule.name, Category.BUILD):
        return tuple(dict.fromkeys((*facts.hands, *facts.first_hands)))
    if facts.first_sha:
        search.steps.append(f"{CODE_AUTHOR}: the first red commit since the last green one is {facts.first_sha[:7]}")
    return tuple(dict.fromkeys((*facts.first_hands, *facts.hands)))


def _no_author(hand: Hand, roster: Roster) -> str | None:
    """Return why somebody cannot answer for a change; None when they can."""
    if not hand.person.id:
        return f"whoever {hand.deed} has no account on GitHub"
    if hand.person.id == GHOST:
        return f"the account that {hand.deed} was deleted"
    if not hand.person.human:
        return f"{hand.person.login}, who {hand.deed}, is a bot"
    absent = roster.absence(hand.person.login)
    return f"{hand.person.login}, who {hand.deed}, {absent.why}" if absent else None


def _by_files(search: _Search, role: str) -> Party | None:
    for path in search.facts.paths:
        line = line_for(search.facts.codeowners, path)
        party = _of_line(search, role, line)
        if line is not None and not party.empty:
            search.tried(role, f"{line} names {_names(party)} for {path}")
            return replace(party, note=f"owns {path}")
        search.steps.append(f"{role}: CODEOWNERS names nobody for {path}")
    return None


def _of_line(search: _Search, role: str, line: OwnersLine | None) -> Party:
    if line is None:
        return Party(role)
    return _present(search, role, str(line), line, search.facts.roster.owner_absence)


def fallback_of(facts: Facts, policy: Policy, rule: Rule) -> Party | None:
    """Return who stands in when an owner is missing; None when nobody does, which has to be put right."""
    return _fallback(_Search(policy, facts, rule), FALLBACK, "")


def _fallback(search: _Search, role: str, note: str) -> Party | None:
    """Whoever stands in: the policy's fallback, the catch-all of CODEOWNERS, the repository's admins."""
    party = _present(search, FALLBACK, "the policy", search.policy.fallback, search.facts.roster.absence)
    if not party.empty:
        search.steps.append(f"fallback: the policy names {_names(party)}")
        return replace(party, role=role, note=note)
    search.steps.append("fallback: the policy names nobody")
    line = line_for_all(search.facts.codeowners)
    party = _of_line(search, FALLBACK, line)
    if not party.empty:
        search.steps.append(f"fallback: {line} names {_names(party)}")
        return replace(party, role=role, note=note)
    search.steps.append("fallback: CODEOWNERS has no `*` line that names anybody")
    admins = tuple(person for person in search.facts.admins if person.human)
    if not admins:
        search.steps.append("fallback: no admin of the repository is known")
        return None
    party = Party(role, admins, note=note)
    search.steps.append(f"fallback: the repository's admins, {_names(party)}")
    return party


# --- the informed ----------------------------------------------------------------------------------------------------


def _informed(search: _Search, role: str) -> Party:
    """Nobody stands in for somebody who is only told."""
    quiet = _Search(search.policy, search.facts, search.rule, private_steps=search.private_steps)
    party = _author(quiet, role) if role in AUTHORS else _holder(quiet, role)
    return party or Party(role, note=_why_nobody(search, role), private=role == ORIGINAL_COMMITTER)


def _also_informed(search: _Search, rule: Rule) -> Iterable[Party]:
    """An integration test may fail for code of another team, and a weakness has its code's owner; both are told.

    C53, S1-128.
    """
    if not any(is_at_or_below(rule.name, above) for above in TOLD_BY_FILE):
        return
    quiet = _Search(search.policy, search.facts, rule)
    lines: Iterable[OwnersLine | None] = (line_for(search.facts.codeowners, path) for path in search.facts.paths)
    for line in dict.fromkeys(line for line in lines if line is not None):
        party = _of_line(quiet, "codeowners", line)
        if not party.empty:
            yield replace(party, note=str(line))


def _without(informed: Sequence[Party], accountable: Party) -> tuple[Party, ...]:
    """Nobody is told twice."""
    filled = (accountable.people, accountable.teams)
    others = dict.fromkeys(party for party in informed if party.empty or (party.people, party.teams) != filled)
    return tuple(others)


# --- words -----------------------------------------------------------------------------------------------------------


def _why_nobody(search: _Search, role: str) -> str:
    """Return why a role is filled by nobody: it was never mapped, or those it names have left."""
    holders = search.policy.roles.get(role, RoleHolders())
    if role in AUTHORS or holders.empty:
        return _unmapped(role)
    gone = (search.facts.roster.absence(name) for name in (*holders.users, *holders.teams))
    return f"nobody of roles.{role} is left: {'; '.join(str(absent) for absent in gone if absent)}"


def _unmapped(role: str) -> str:
    if role in AUTHORS:
        return "no human author was found"
    return f"nobody is mapped to {role}: add roles.{role}"


def _names(party: Party) -> str:
    return ", ".join((*(person.login for person in party.people), *party.teams))
