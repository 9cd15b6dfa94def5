"""Who may call a failure something else, what follows from it, and the sentence that answers.

The law: a person's word beats the App's until it is taken back (X73) or ends by itself, see `lasting`; but nobody makes
their own change easier to merge alone, and a secret is called something else only by two people, one of them of the
security role (C03).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Final, NamedTuple

from github_app.rules.commands import AskHelp, JudgeFix, Recategorize, Said
from github_app.rules.events import CommandsGiven
from github_app.rules.failures import Book, corrected, rule_for, said_by_people, settle
from github_app.rules.lasting import PROPOSALS_KEPT, takes_two
from github_app.rules.model import Person
from github_app.rules.overrides import VALIDATOR
from github_app.rules.policy import Policy, Rule, rule_of
from github_app.rules.records import Answer, Commit, Failure, Manner, Ref
from github_app.rules.sla import duration_in_words
from github_app.rules.standing import fills, is_author, may_write, why_own
from github_app.rules.verdicts import Correction, Permission, Proposal, Verdict
from pytest_failure_review.report import Category, is_at_or_below

AUTO: Final = "auto"
"""Written instead of a category, it takes people's word back."""

PENDING: Final = timedelta(hours=4)
"""How long the first of two voices waits for the second (P13)."""

LOOKS_KEPT: Final = 20

_EASE: Final = {Permission.NEVER: 0, Permission.HOTFIX: 1, Permission.APPROVAL: 2}


class Kind(NamedTuple):
    """What a failure is called: a category, perhaps a kind below it; no category is the App's own word."""

    category: Category | None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Hearing:
    """Commands, the line of work that they are about, and what is decided by."""

    event: CommandsGiven
    ref: Ref
    commit: Commit | None
    book: Book


@dataclass(frozen=True, slots=True)
class Ruling:
    """A failure after a command, and the answer."""

    failure: Failure
    answer: Answer


def kind_named(name: str, policy: Policy) -> Kind | None:
    """Return what a name means under a policy, which may have kinds below the built-in ones; None for nothing."""
    if name == AUTO:
        return Kind(None)
    above = [each for each in Category if is_at_or_below(name, each)]
    if not above or (name not in policy.settings and name not in above):
        return None
    category = max(above, key=len)
    return Kind(category, None if name == category else name.removeprefix(f"{category}."))


def roles_that_matter(said: Iterable[Said], failures: Iterable[Failure], policy: Policy) -> tuple[str, ...]:
    """Return the roles that the decision will ask about, so that only their teams are looked up."""
    spoken = tuple(said)
    if any(isinstance(one, AskHelp) for one in spoken):
        return tuple(policy.roles)
    named = (kind_named(one.category, policy) for one in spoken if isinstance(one, Recategorize))
    rules = [policy.rule_for(kind.category, kind=kind.kind) for kind in named if kind and kind.category]
    roles = {role for failure in failures for role in _owners(failure, policy)}
    roles |= {rule.owners[0] for rule in rules} | {security_role(policy)}
    roles |= {VALIDATOR for one in spoken if isinstance(one, JudgeFix)}
    return tuple(role for role in policy.roles if role in roles)


def security_role(policy: Policy) -> str:
    """Return the role that decides about secrets: whoever owns them."""
    return policy.rule_for(Category.SECURITY_SECRET).owners[0]


def recategorize(failure: Failure, wanted: Kind, reason: str, hearing: Hearing) -> Ruling:
    """Decide whether a failure is called something else from now on."""
    event, policy = hearing.event, hearing.book.policy
    new = _verdict(failure, wanted, reason, hearing)
    old_rule, new_rule = (rule_for(failure, one, hearing.ref, policy) for one in (failure.verdict, new))
    refusal = _refusal(failure, old_rule, new_rule, hearing) or _overtaken(failure, hearing)
    if refusal is not None:
        return Ruling(failure, Answer(Manner.REFUSED, refusal))
    seen = replace(failure, looked_by=_with_look(failure, hearing))
    if _is_same(failure, wanted):
        what = f"{_named(seen)} already counts as `{_shown(failure.verdict)}`"
        return Ruling(seen, Answer(Manner.TOLD, f"{what}; nothing changes, but it is noted that somebody looked."))
    if takes_two((failure.verdict, old_rule), (new, new_rule)):
        ruling = _by_two(seen, wanted, reason, hearing)
        is_heard = ruling.answer.manner is not Manner.REFUSED
        return ruling if is_heard else replace(ruling, failure=failure)
    if (own := why_own(event, failure)) and (easier := _easier(old_rule, new_rule)):
        more = ": somebody else who may write has to say the same" if is_author(event, failure) else ""
        return _proposed(seen, wanted, reason, f"{easier}, and {own}{more}", hearing)
    if not (may_write(event.actor) or _owns(seen, old_rule, new_rule, hearing)):
        why = "the author may propose, and somebody who may write has to say the same"
        return _proposed(seen, wanted, reason, why, hearing)
    return _done(seen, wanted, reason, hearing)


# --- who may ---------------------------------------------------------------------------------------------------------


def _refusal(failure: Failure, old: Rule, new: Rule, hearing: Hearing) -> str | None:
    """Say why somebody has no say at all, if so."""
    actor = hearing.event.actor
    if actor.role is None:
        return f"It is not known what you may do here: {actor.problem}. So it counts as nothing."
    if may_write(actor) or is_author(hearing.event, failure) or _owns(failure, old, new, hearing):
        return None
    roles = " or ".join(f"`{role}`" for role in dict.fromkeys((old.owners[0], new.owners[0])))
    unsure = f" GitHub does not say whether you are in {', '.join(actor.unsure)}." if actor.unsure else ""
    return f"You may not say what kind of failure it is: that takes write access or the role {roles}.{unsure}"


def _overtaken(failure: Failure, hearing: Hearing) -> str | None:
    """Say so when a later word was heard first: the last that was written counts, in whatever order they arrive."""
    word = failure.correction
    if word is None or word.at <= hearing.event.remark.at:
        return None
    return f"Something was said later about {_named(failure)}, and that counts."


def _owns(failure: Failure, old: Rule, new: Rule, hearing: Hearing) -> bool:
    """Whether somebody holds the owner's role of the old or the new kind; nobody is asked about authors' roles."""
    policy, repo = hearing.book.policy, hearing.event.repo
    roles = {old.owners[0], new.owners[0], failure.owner.accountable.role}
    return any(fills(hearing.event.actor, role, policy, private=repo.private) for role in roles)


def _owners(failure: Failure, policy: Policy) -> tuple[str, ...]:
    """Return the roles that own a failure, as people and as the App call it."""
    verdicts = (failure.verdict, *([failure.machine] if failure.machine else ()))
    return (*(rule_of(verdict, policy).owners[0] for verdict in verdicts), failure.owner.accountable.role)


def _easier(old: Rule, new: Rule) -> str:
    """Say in what way a change of kind makes it easier to merge or to wait; nothing when it does not."""
    if _EASE[new.permission] > _EASE[old.permission]:
        return "That would make it easier to override"
    longer = old.sla_s is not None and (new.sla_s is None or new.sla_s > old.sla_s)
    if longer:
        return f"That would give it more time ({_target(new)} instead of {_target(old)})"
    return "That would let others go on meanwhile" if old.blocks_all and not new.blocks_all else ""


def _target(rule: Rule) -> str:
    return "no deadline" if rule.sla_s is None else duration_in_words(rule.sla_s)


# --- what follows ----------------------------------------------------------------------------------------------------


def _done(failure: Failure, wanted: Kind, reason: str, hearing: Hearing, *earlier: Proposal) -> Ruling:
    event = hearing.event
    by = (*(proposal.by for proposal in earlier), event.actor.person)
    told = reason or next((proposal.reason for proposal in earlier), "")
    word = _correction(failure, wanted, told, hearing, tuple(dict.fromkeys(by)))
    after = replace(corrected(failure, word, hearing.ref, hearing.book, event.remark.at), proposals=())
    after = settle(after, hearing.ref, hearing.commit, hearing.book)
    was, now = _shown(failure.verdict), _shown(after.verdict)
    head = f"{_named(after)} is `{now}` again, as the App says" if word is None else f"{_named(after)} is now `{now}`"
    return Ruling(after, Answer(Manner.DONE, f"{head}; it was `{was}`.", _consequences(failure, after)))


def _consequences(before: Failure, after: Failure) -> tuple[str, ...]:
    """What is different for people now."""
    told = []
    if before.owner.accountable != after.owner.accountable:
        party = after.owner.accountable
        told.append(f"Whose: {', '.join(f'`{name}`' for name in party.names)}, as `{party.role}`.")
    if before.clock.target_s != after.clock.target_s:
        target = after.clock.target_s
        told.append("By when: no deadline." if target is None else f"By when: {after.clock.explanation}.")
    if after.clock.by_retarget and not before.clock.by_retarget:
        told.append("That time was over already; it is counted apart, and one full new target runs from now.")
    if before.override.permission is not after.override.permission:
        told.append(f"Override: {after.override.reason}.")
    return tuple(told)


def _by_two(failure: Failure, wanted: Kind, reason: str, hearing: Hearing) -> Ruling:
    """The first voice is kept, the second one decides."""
    event, policy = hearing.event, hearing.book.policy
    need = f"To call `{_shown(failure.verdict)}` something else takes two people who may write, one of them"
    need = f"{need} `{security_role(policy)}`, neither of them the author, with a reason"
    if own := why_own(event, failure):
        return Ruling(failure, Answer(Manner.REFUSED, f"{need}. {own[0].upper()}{own[1:]}."))
    if not may_write(event.actor):
        return Ruling(failure, Answer(Manner.REFUSED, f"{need}. You may not write here."))
    if not reason:
        return Ruling(failure, Answer(Manner.REFUSED, f"{need}. Write the command again, with the reason."))
    is_security = fills(event.actor, security_role(policy), policy, private=event.repo.private)
    first = next((one for one in failure.proposals if _seconds(one, wanted, hearing, security=is_security)), None)
    if first is not None:
        return _done(failure, wanted, reason, hearing, first)
    who = "Somebody else" if is_security else f"Somebody else, who is `{security_role(policy)}`,"
    why = f"{need}. {who} has to say the same within 4 hours"
    return _proposed(failure, wanted, reason, why, hearing, counts=True, security=is_security)


def _seconds(first: Proposal, wanted: Kind, hearing: Hearing, *, security: bool) -> bool:
    """Whether an earlier voice and this one are the two that it takes."""
    event = hearing.event
    is_other = first.by.id != event.actor.person.id
    is_fresh = first.at <= event.remark.at <= first.at + PENDING
    is_about_it = (first.category, first.kind) == wanted
    return first.counts and is_other and is_fresh and is_about_it and (first.security or security)


def _proposed(
    failure: Failure,
    wanted: Kind,
    reason: str,
    why: str,
    hearing: Hearing,
    *,
    counts: bool = False,
    security: bool = False,
) -> Ruling:
    event = hearing.event
    person = event.actor.person
    mine = Proposal(wanted.category, person, event.remark.at, wanted.kind, reason, counts, security)
    others = tuple(one for one in failure.proposals if one.by.id != person.id)
    after = replace(failure, proposals=(*others, mine)[-PROPOSALS_KEPT:])
    return Ruling(after, Answer(Manner.PROPOSED, f"Noted as a proposal for {_named(failure)}. {why}."))


def proposals_in_words(failure: Failure) -> tuple[str, ...]:
    """Return what people would call a failure that somebody else has to agree to, and what no longer counts."""
    return tuple(
        f"{one.by.login} {'called' if one.ended else 'would call'} it `{_called(one)}`"
        f"{_how_long(one)}{f': {one.reason}' if one.reason else ''}"
        for one in failure.proposals
    )


def _how_long(proposal: Proposal) -> str:
    """Name the end of a voice's time, so that what was written before it still holds after it."""
    if proposal.ended:
        return f"; {proposal.ended}"
    until = proposal.at.astimezone(UTC) + PENDING
    return f" (a voice that counts until {until:%Y-%m-%d %H:%M} UTC)" if proposal.counts else ""


def _called(proposal: Proposal) -> str:
    if proposal.category is None:
        return AUTO
    return f"{proposal.category}.{proposal.kind}" if proposal.kind else str(proposal.category)


# --- the verdict that it would be ------------------------------------------------------------------------------------


def _verdict(failure: Failure, wanted: Kind, reason: str, hearing: Hearing) -> Verdict:
    word = _correction(failure, wanted, reason, hearing, (hearing.event.actor.person,))
    machine = failure.machine or failure.verdict
    return machine if word is None else said_by_people(machine, word)


def _correction(
    failure: Failure, wanted: Kind, reason: str, hearing: Hearing, by: tuple[Person, ...]
) -> Correction | None:
    if wanted.category is None:
        return None
    machine = failure.machine or failure.verdict
    owner_was = failure.correction.owner_was if failure.correction else failure.owner.accountable
    return Correction(wanted.category, by, hearing.event.remark.at, machine.category, owner_was, wanted.kind, reason)


def _is_same(failure: Failure, wanted: Kind) -> bool:
    if wanted.category is None:
        return failure.correction is None
    held = failure.verdict
    return held.category is wanted.category and wanted.kind in (None, held.subcategory)


def _with_look(failure: Failure, hearing: Hearing) -> tuple[Person, ...]:
    person = hearing.event.actor.person
    others = tuple(one for one in failure.looked_by if one.id != person.id)
    return (*others, person)[-LOOKS_KEPT:]


def _named(failure: Failure) -> str:
    return f"`{failure.job}`"


def _shown(verdict: Verdict) -> str:
    is_finer = verdict.source == "person" and verdict.subcategory is not None
    return f"{verdict.category}.{verdict.subcategory}" if is_finer else str(verdict.category)
