"""What somebody may, by what GitHub said of them just now; who is not known to may, may not (X54, X55, X56)."""

from __future__ import annotations

from typing import Final

from github_app.rules.events import Actor, CommandsGiven
from github_app.rules.hands import wrote
from github_app.rules.ownership import AUTHORS
from github_app.rules.policy import Policy, RoleHolders
from github_app.rules.records import Failure

WRITERS: Final = frozenset({"write", "maintain", "admin"})
"""GitHub's roles that may push; a custom role is none of them, whatever it is called (G27)."""

ROLES: Final = WRITERS | {"read", "triage"}


def may_write(actor: Actor) -> bool:
    return actor.role in WRITERS


def fills(actor: Actor, role: str, policy: Policy, *, private: bool) -> bool:
    """Whether somebody holds a role of the policy: by one of its teams, or by login.

    A login can be given up and taken by another, so a person named by it must also have been let into the repository;
    everybody may read a public one (G28). What the change itself fills, such as its author, nobody holds.
    """
    holders = RoleHolders() if role in AUTHORS else policy.roles.get(role, RoleHolders())
    mine = {team.casefold() for team in actor.teams}
    if any(team.casefold() in mine for team in holders.teams):
        return True
    let_in = ROLES if private else ROLES - {"read"}
    return actor.role in let_in and actor.person.login.casefold() in {login.casefold() for login in holders.users}


def roles_of(event: CommandsGiven, policy: Policy) -> tuple[str, ...]:
    """Return the roles of the policy that the person holds here."""
    return tuple(role for role in policy.roles if fills(event.actor, role, policy, private=event.repo.private))


def is_author(event: CommandsGiven, failure: Failure | None = None) -> bool:
    """Whether it is their own change: they opened the pull request or made a commit of it, now or when it failed (X53).

    People are known by the number that never changes.
    """
    hands = (hand for leg in failure.legs for hand in wrote(leg.hands)) if failure else ()
    makers = {event.pull.author.id, *event.makers.ids, *(hand.person.id for hand in hands)}
    return event.actor.person.id in makers


def why_own(event: CommandsGiven, failure: Failure) -> str:
    """Say why a change counts as somebody's own, nothing when it does not; one of unknown makers does (T12)."""
    if is_author(event, failure):
        return "it is your own change"
    gap = event.makers.gap
    return f"whether it is your own change is not known: {gap}" if gap else ""
