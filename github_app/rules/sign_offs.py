"""QA's word on a fix: who may give it, what follows from it, and the sentence that answers (C56).

The law: whoever made the change does not vouch for it while somebody else of QA could; a refusal is never held against
anybody, since it only makes stricter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from github_app.rules.commands import JudgeFix
from github_app.rules.corrections import Hearing, Ruling
from github_app.rules.failures import settle
from github_app.rules.overrides import VALIDATOR
from github_app.rules.policy import RoleHolders
from github_app.rules.records import Answer, Failure, Manner, SignOff
from github_app.rules.standing import fills, why_own
from github_app.rules.verifying import SHORT, refusal_of, word_on

SIGN_OFFS_KEPT: Final = 50


def fix_of(failure: Failure) -> str | None:
    """Return the commit whose green can be spoken of: the present one, or the one that QA did not accept."""
    refusal = refusal_of(failure)
    return refusal.sha if refusal else failure.fixed_by


def sign_off(failure: Failure, said: JudgeFix, hearing: Hearing) -> Ruling:
    """Decide whether somebody's word on a fix counts from now on."""
    sha = fix_of(failure)
    refusal = _refusal(failure, said, hearing)
    if sha is None or refusal is not None:
        return Ruling(failure, Answer(Manner.REFUSED, refusal or f"`{failure.job}` is not green: there is no fix yet."))
    if _is_same(failure, said):
        what = "verified" if said.holds else "open, as QA did not accept the fix"
        return Ruling(failure, Answer(Manner.TOLD, f"`{failure.job}` is {what} already; nothing changes."))
    event = hearing.event
    word = SignOff(said.holds, event.actor.person, event.remark.at, sha, said.reason)
    after = replace(failure, sign_offs=(*failure.sign_offs, word)[-SIGN_OFFS_KEPT:])
    after = settle(after, hearing.ref, hearing.commit, hearing.book)
    if said.holds:
        return Ruling(after, Answer(Manner.DONE, f"`{after.job}` is verified: the fix at `{sha[:SHORT]}` holds."))
    names = ", ".join(f"`{name}`" for name in after.owner.accountable.names)
    sentence = f"`{after.job}` is open again: the fix at `{sha[:SHORT]}` is not accepted."
    points = (f"Whose: {names}, as `{after.owner.accountable.role}`.", f"By when: {after.clock.explanation}.")
    kept = "The time that was spent before it went green stays spent."
    return Ruling(after, Answer(Manner.DONE, sentence, (*points, kept)))


def _refusal(failure: Failure, said: JudgeFix, hearing: Hearing) -> str | None:
    """Say why somebody's word does not count, if so."""
    event, policy = hearing.event, hearing.book.policy
    actor, holders = event.actor, policy.roles.get(VALIDATOR, RoleHolders())
    if actor.role is None:
        return f"It is not known what you may do here: {actor.problem}. So it counts as nothing."
    if holders.empty:
        return (
            f"Whether a fix holds QA says, and nobody is mapped to `{VALIDATOR}`: add roles.{VALIDATOR} to the policy."
        )
    if not fills(actor, VALIDATOR, policy, private=event.repo.private):
        unsure = f" GitHub does not say whether you are in {', '.join(actor.unsure)}." if actor.unsure else ""
        return f"You may not say whether a fix holds: that takes the role `{VALIDATOR}`.{unsure}"
    own = why_own(event, failure) if said.holds else ""
    if own and _has_others(holders, actor.person.login):
        return f"Somebody else who is `{VALIDATOR}` has to look at it: {own}."
    if any(one.at > event.remark.at for one in failure.sign_offs):
        return f"Something was said later about the fix of `{failure.job}`, and that counts."
    return None


def _has_others(holders: RoleHolders, login: str) -> bool:
    """A team is taken to have more than one member."""
    return bool(holders.teams) or any(user.casefold() != login.casefold() for user in holders.users)


def _is_same(failure: Failure, said: JudgeFix) -> bool:
    if refusal_of(failure) is not None:
        return not said.holds
    known = word_on(failure)
    return known is not None and known.holds and said.holds
