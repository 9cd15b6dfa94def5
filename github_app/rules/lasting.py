"""Whether what people said of a failure still holds when the App judges it anew.

The law: a person's word holds for the thing that it was said of (X73). It is no word about something graver; and that
a secret or a grave weakness is none, two people say of one commit, since the next may bring another (C03).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from github_app.rules.findings import speaker
from github_app.rules.policy import Policy, Rule, rule_of
from github_app.rules.records import Failure
from github_app.rules.seen import SHORT_SHA
from github_app.rules.verdicts import Correction, Permission, Proposal, Verdict
from pytest_failure_review.report import Category, Severity, is_at_or_below

PROPOSALS_KEPT: Final = 10

GRAVER: Final = "set aside, as the App finds something graver now than what that was said of"

_BY_GRAVITY: Final = (None, *reversed(Severity))


def takes_two(old: tuple[Verdict, Rule], new: tuple[Verdict, Rule]) -> bool:
    """Whether only two may say so: that a secret is none, or a weakness that is never waved through a lesser thing."""
    if _is_secret(old[0]) or _is_secret(new[0]):
        return not _is_secret(new[0])
    return _is_grave(*old) and not _is_grave(*new)


def why_ended(known: Failure, fresh: Failure, said: Verdict, policy: Policy) -> str:
    """Return why a correction of `known` does not hold for the same failure judged anew; nothing when it does.

    `said` is the verdict that it would be with the correction. One that makes it no easier holds whatever was found.
    """
    old, new = known.machine or known.verdict, fresh.verdict
    rule, said_rule = rule_of(new, policy), rule_of(said, policy)
    if said_rule.permission is not Permission.NEVER and _is_graver(old, new, policy):
        return GRAVER
    is_for_two = takes_two((new, rule), (said, said_rule))
    is_over = is_for_two and is_about_another(known, fresh)
    return f"set aside, as {_about(known)}, and this takes two people each time" if is_over else ""


def is_about_another(known: Failure, fresh: Failure) -> bool:
    """Whether a failure judged anew is another thing than people saw: on another commit, or with other lines."""
    is_elsewhere = speaker(known.legs).sha != speaker(fresh.legs).sha
    return is_elsewhere or not set(fresh.prints) <= set(known.prints)


def unheard(known: Failure, fresh: Failure) -> tuple[Proposal, ...]:
    """Return the proposals for `known`; a voice about another thing is none any more (C03, T7)."""
    if not is_about_another(known, fresh):
        return known.proposals
    why = f"it no longer counts, as {_about(known)}"
    return tuple(
        replace(one, counts=False, security=False, ended=why) if one.counts else one for one in known.proposals
    )


def with_ended(proposals: Iterable[Proposal], word: Correction, why: str) -> tuple[Proposal, ...]:
    """Return proposals with a correction that has become one; for each who said it, none of them a voice."""
    ids = {person.id for person in word.by}
    others = (one for one in proposals if one.by.id not in ids)
    mine = (Proposal(word.category, person, word.at, word.kind, word.reason, ended=why) for person in word.by)
    return (*others, *mine)[-PROPOSALS_KEPT:]


def _about(known: Failure) -> str:
    return f"it was said of what commit {speaker(known.legs).sha[:SHORT_SHA]} showed"


def _is_graver(old: Verdict, new: Verdict, policy: Policy) -> bool:
    was, now = rule_of(old, policy).permission, rule_of(new, policy).permission
    is_never_anew = was is not Permission.NEVER or old.category is not new.category
    return (now is Permission.NEVER and is_never_anew) or _gravity(new) > _gravity(old)


def _gravity(verdict: Verdict) -> int:
    """A weakness whose severity nobody named counts as critical, as it does in its rule."""
    is_unnamed = verdict.severity is None and is_at_or_below(verdict.category, Category.SECURITY_VULNERABILITY)
    return _BY_GRAVITY.index(Severity.CRITICAL if is_unnamed else verdict.severity)


def _is_secret(verdict: Verdict) -> bool:
    return is_at_or_below(verdict.category, Category.SECURITY_SECRET)


def _is_grave(verdict: Verdict, rule: Rule) -> bool:
    is_weakness = is_at_or_below(verdict.category, Category.SECURITY_VULNERABILITY)
    return is_weakness and rule.permission is Permission.NEVER
