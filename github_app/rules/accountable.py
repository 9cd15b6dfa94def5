"""Whose a failure is now: asked anew whenever more is known of its history, its people or the branch it goes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from github_app.rules.comparison import rebased
from github_app.rules.history import Span
from github_app.rules.ownership import BENCHMARK, ORIGINAL_COMMITTER, Facts, hands_of, owner_from
from github_app.rules.policy import Policy, Rule
from github_app.rules.records import Failure, Leg, PolicySource, Ref
from github_app.rules.roster import Roster
from github_app.rules.verdicts import Owner, Party


def owned(
    failure: Failure, first: Leg, ref: Ref, policy: Policy, *, source: PolicySource | None, rule: Rule
) -> Failure:
    """Return the failure with its owner, by the policy that it was judged under; who left is replaced under any.

    `first` is the red job that this stretch of red began with. What was broken before is whose it is there, or nobody's
    who had a hand in this change; a base that the change no longer goes to excuses nobody, under any policy.
    """
    roster, known = source.roster if source else Roster(), failure
    failure = rebased(known, ref)
    is_kept = failure is known and not _has_left(failure.owner.accountable, roster)
    if failure.policy_version != policy.version and is_kept:
        return failure
    base, is_inherited = failure.comparison.base, failure.comparison.is_inherited
    owner = owner_from(_facts(failure, first, ref, source, roster), rule, policy)
    if is_inherited and base.owner is not None and failure.correction is None and _answers(base.owner, roster):
        owner = _told_too(base.owner, owner)
    if is_inherited:
        owner = replace(owner, steps=(base.sentence, *owner.steps))
    return replace(failure, owner=owner)


def _told_too(owner: Owner, mine: Owner) -> Owner:
    """Return the owner on the base branch; the committers of a credential are told whatever that branch does."""
    known = (owner.accountable, *owner.informed)
    told = (party for party in mine.informed if party.role == ORIGINAL_COMMITTER and not party.empty)
    fresh = tuple(party for party in told if party not in known)
    steps = mine.private_steps if fresh else ()
    return replace(
        owner, informed=(*owner.informed, *fresh), private_steps=tuple(dict.fromkeys((*owner.private_steps, *steps)))
    )


def first_of(legs: Sequence[Leg], span: Span) -> Leg:
    """Return the job by which a stretch of red began: of the oldest run, not the one that ended first (S1-022)."""
    return min((leg for leg in legs if leg.at >= span.start), key=lambda leg: (leg.order, leg.at, leg.slot))


def _facts(failure: Failure, first: Leg, ref: Ref, source: PolicySource | None, roster: Roster) -> Facts:
    return Facts(
        hands=hands_of(ref),
        first_hands=first.hands,
        first_sha=first.sha,
        found_broken=failure.comparison.is_inherited,
        committers=failure.committers,
        paths=failure.paths,
        codeowners=source.codeowners if source else None,
        admins=source.admins if source else (),
        roster=roster,
        benchmark=failure.verdict.measures.get(BENCHMARK, ""),
    )


def _answers(owner: Owner, roster: Roster) -> bool:
    return not owner.accountable.empty and not _has_left(owner.accountable, roster)


def _has_left(party: Party, roster: Roster) -> bool:
    names = (*(person.login for person in party.people), *party.teams)
    return any(roster.absence(name) is not None for name in names)
