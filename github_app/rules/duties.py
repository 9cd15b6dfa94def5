"""What `/failure-review help` answers: the caller's own duties and rights, and how to write commands (S1-195)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from github_app.rules.commands import GRAMMAR
from github_app.rules.events import CommandsGiven
from github_app.rules.policy import Policy
from github_app.rules.records import Answer, Failure, Manner
from github_app.rules.sla import deadline
from github_app.rules.standing import is_author, may_write, roles_of
from github_app.rules.verdicts import Party

SHOWN: Final = 10


def duties(event: CommandsGiven, failures: Sequence[Failure], policy: Policy) -> Answer:
    """Return the answer; `failures` are the open ones of the repository."""
    roles = roles_of(event, policy)
    mine = [failure for failure in failures if failure.open and _is_theirs(failure.owner.accountable, event, roles)]
    told = [failure for failure in failures if failure.open and _is_told(failure, event, roles)]
    points = [_duty(failure) for failure in sorted(mine, key=_urgency)[:SHOWN]]
    if len(mine) > SHOWN:
        points.append(f"And {len(mine) - SHOWN} more.")
    if told:
        points.append(f"You are told of {len(told)} more, which others have to fix.")
    points += [*_rights(event, roles), *_grammar()]
    return Answer(Manner.TOLD, _headline(len(mine)), tuple(points))


def _headline(count: int) -> str:
    if not count:
        return "You have no open failure to fix in this repository."
    return f"You have {count} open failure{'s' if count > 1 else ''} to fix in this repository:"


def _duty(failure: Failure) -> str:
    due = deadline(failure.clock)
    by = f"until {due:%Y-%m-%d %H:%M} UTC" if due else "no deadline"
    return f"`{failure.job}` on `{failure.ref}`: `{failure.verdict.category}`, {by}, `failure:{failure.id}`."


def _urgency(failure: Failure) -> tuple[bool, str]:
    due = deadline(failure.clock)
    return due is None, due.isoformat() if due else failure.id


def _is_theirs(party: Party, event: CommandsGiven, roles: Sequence[str]) -> bool:
    """Whether somebody is a party: by number where it is known, by login where a file only names one, or by role."""
    me = event.actor.person
    teams = {team.casefold() for team in event.actor.teams}
    if party.private:
        return False  # the answer is public (S1-017)
    if any(one.id == me.id or (not one.id and one.login.casefold() == me.login.casefold()) for one in party.people):
        return True
    return party.role in roles or any(team.casefold() in teams for team in party.teams)


def _is_told(failure: Failure, event: CommandsGiven, roles: Sequence[str]) -> bool:
    if _is_theirs(failure.owner.accountable, event, roles):
        return False
    # The answer is for everybody to read, so it does not betray who is told privately (S1-017).
    return any(_is_theirs(party, event, roles) for party in failure.owner.informed if not party.private)


def _rights(event: CommandsGiven, roles: Sequence[str]) -> list[str]:
    actor = event.actor
    if actor.role is None:
        return [f"What you may do here is not known: {actor.problem}."]
    held = f" and you hold {', '.join(f'`{role}`' for role in roles)}" if roles else ""
    may = "may" if may_write(actor) or roles else "may not"
    own = " You had a hand in this change: you may not make it easier to merge." if is_author(event) else ""
    return [f"Your role in the repository is `{actor.role}`{held}: you {may} say what kind of failure it is.{own}"]


def _grammar() -> list[str]:
    return [f"Write `{entry.usage}`: it {entry.does}. Who may: {entry.may}." for entry in GRAMMAR]
