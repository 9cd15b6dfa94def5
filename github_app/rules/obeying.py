"""What the commands of one comment do, in the order in which they are written, and what is answered to all of them.

Every refusal says why, and is written down like everything else (R10). A comment is obeyed once, however often it is
delivered (R9), and what happens to it afterwards undoes nothing (X49, X50).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from github_app.rules.case import Case, Note
from github_app.rules.commands import AskHelp, JudgeFix, Mistake, Recategorize, Said
from github_app.rules.corrections import AUTO, Hearing, kind_named, recategorize
from github_app.rules.duties import duties
from github_app.rules.effects import Effect, PublishGate, PublishReply
from github_app.rules.events import CommandsGiven, RemarkChanged
from github_app.rules.failures import Book
from github_app.rules.model import Person
from github_app.rules.records import Answer, Failure, Manner, Ref, Reply
from github_app.rules.refs import head_since
from github_app.rules.sign_offs import fix_of, sign_off
from pytest_failure_review.report import Category

UNSAID_KEPT: Final = 5
LATER_KEPT: Final = 20
NAMED: Final = 10
LONGEST_NAME: Final = 60

ENOUGH: Final = Answer(Manner.TOLD, "That was a lot for an hour: further comments here are read for commands after it.")

_KINDS: Final = {
    Manner.DONE: "corrected",
    Manner.PROPOSED: "proposed",
    Manner.TOLD: "looked_at",
    Manner.REFUSED: "refused",
}


_WORDS: Final = {True: "qa_ok", False: "qa_reject"}
"""The journal's words for QA's."""

_NOTHING_OPEN: Final = "Nothing had failed here that is still open when this was written."
_NOTHING_GREEN: Final = (
    "Nothing that had failed here was green again when this was written, so there is no fix to judge."
)


@dataclass(frozen=True, slots=True)
class Obeyed:
    """The case after some commands, what to write down, and what to publish."""

    case: Case
    notes: tuple[Note, ...] = ()
    effects: tuple[Effect, ...] = ()


@dataclass(slots=True)
class _Sitting:
    """The failures of a pull request as they are after the commands already obeyed; `refusal` says why none may be."""

    hearing: Hearing | None
    refusal: str
    failures: dict[str, Failure]
    notes: list[Note]
    torn: frozenset[str] = frozenset()  # failures of which one comment says two different things

    @property
    def open(self) -> list[Failure]:
        return [failure for failure in self.failures.values() if failure.open]

    @property
    def green(self) -> list[Failure]:
        """Those with a fix that can be spoken of."""
        return [failure for failure in self.failures.values() if fix_of(failure) is not None]


def obey(case: Case, event: CommandsGiven, book: Book) -> Obeyed:
    """Answer the commands of a comment; a second time changes nothing."""
    if case.reply is not None:
        return Obeyed(case)
    ref = next((known for known in case.refs if known.name == event.pull.ref), None)
    sitting = _sitting(case, event, ref, book)
    answers = tuple(_answered(said, sitting, case, event, book) for said in event.said)
    answers += (ENOUGH,) if event.is_last else ()
    reply = Reply(event.repo, event.pull.number, event.remark, event.actor.person, answers, event.locked)
    refused = [_note(reply.id, one, event) for one in answers if one.manner is Manner.REFUSED]
    after = replace(case, reply=reply).with_failures(sitting.failures.values())
    notes = (*sitting.notes, *refused)
    if ref is None or not event.locked:
        return Obeyed(after, notes, (PublishReply(event.repo.id, reply.id),))
    told = after.with_refs([replace(ref, unsaid=_unsaid(ref, event.actor.person, answers))])
    return Obeyed(told, notes, (PublishGate(event.repo.id, ref.head_sha),))


def remark_changed(case: Case, event: RemarkChanged) -> Obeyed:
    """Write down that a comment which was obeyed is no longer what it was."""
    reply = case.reply
    if reply is None or event.cause in reply.later:
        return Obeyed(case)
    said = f"The comment was {event.action} by {event.by.login}; what its commands did stays"
    note = Note(reply.id, f"comment_{event.action}", said, event.received_at, _actor(event.by))
    return Obeyed(replace(case, reply=replace(reply, later=(*reply.later, event.cause)[-LATER_KEPT:])), (note,))


# --- one command -----------------------------------------------------------------------------------------------------


def _answered(said: Said, sitting: _Sitting, case: Case, event: CommandsGiven, book: Book) -> Answer:
    match said:
        case Mistake():
            return Answer(Manner.REFUSED, said.sentence)
        case AskHelp():
            return duties(event, case.failures, book.policy)
        case JudgeFix():
            return _signed(said, sitting)
        case _:
            return _ruled(said, sitting)


def _signed(said: JudgeFix, sitting: _Sitting) -> Answer:
    """QA looks at a fix; after the merge it may still say that it holds."""
    hearing = sitting.hearing
    if hearing is None or (sitting.refusal and not (said.holds and hearing.event.pull.merged)):
        return Answer(Manner.REFUSED, sitting.refusal)
    failure = _meant(said, sitting)
    if isinstance(failure, Answer):
        return failure
    if failure.id in sitting.torn:
        return Answer(Manner.REFUSED, f"This comment says two things of the fix of `{failure.job}`: nothing was done.")
    ruling = sign_off(failure, said, hearing)
    sitting.failures[failure.id] = ruling.failure
    if ruling.answer.manner is Manner.DONE:
        sitting.notes.append(_note(failure.id, ruling.answer, hearing.event, said.reason, _WORDS[said.holds]))
    return ruling.answer


def _ruled(said: Recategorize, sitting: _Sitting) -> Answer:
    hearing = sitting.hearing
    if hearing is None or sitting.refusal:
        return Answer(Manner.REFUSED, sitting.refusal)
    policy = hearing.book.policy
    wanted = kind_named(said.category, policy)
    if wanted is None:
        return Answer(Manner.REFUSED, _no_such_kind(said.category, policy.settings))
    failure = _meant(said, sitting)
    if isinstance(failure, Answer):
        return failure
    if failure.id in sitting.torn:
        return Answer(Manner.REFUSED, f"This comment calls `{failure.job}` two different things, so nothing was done.")
    ruling = recategorize(failure, wanted, said.reason, hearing)
    sitting.failures[failure.id] = ruling.failure
    if ruling.answer.manner is not Manner.REFUSED:
        sitting.notes.append(_note(failure.id, ruling.answer, hearing.event, said.reason))
    return ruling.answer


def _no_such_kind(name: str, settings: Mapping[str, object]) -> str:
    """Say that there is no such category; a word that could be somebody's command is not repeated (X63)."""
    names = sorted({*map(str, Category), *(kind for kind in settings if _is_finer(kind)), AUTO})
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    is_plain = name.replace(".", "").replace("_", "").isalnum() and len(name) <= LONGEST_NAME
    told = f"`{name}` is no category" if is_plain else "That is no category"
    return f"{told}; did you mean {_or(near)}?" if near else f"{told}; there are {_or(names)}."


def _is_finer(kind: str) -> bool:
    return any(kind.startswith(f"{category}.") for category in Category)


def _or(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names]
    return f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]


# --- which failure ---------------------------------------------------------------------------------------------------


def _sitting(case: Case, event: CommandsGiven, ref: Ref | None, book: Book) -> _Sitting:
    """Only what had failed, or was green again, when the comment was written can be meant by it.

    What has failed anew after a day of quiet is meant by its newest record: two open ones of it there cannot be (R2).
    """
    refusal = _refusal_here(event, ref) or ""
    if ref is None:
        return _Sitting(None, refusal, {}, [])
    newest = {each.fingerprint: each for each in sorted(_on(case, ref), key=lambda each: each.series)}.values()
    known = (failure for failure in newest if failure.open or failure.resolved)
    meant = {failure.id: failure for failure in known if (failure.resolved_at or failure.opened_at) <= event.remark.at}
    sitting = _Sitting(Hearing(event, ref, case.commit, book), refusal, meant, [])
    sitting.torn = _torn(event.said, sitting)
    return sitting


def _on(case: Case, ref: Ref) -> list[Failure]:
    return [failure for failure in case.failures if failure.ref == ref.name]


def _torn(said: Iterable[Said], sitting: _Sitting) -> frozenset[str]:
    """Return the failures that one comment calls two different things (X51)."""
    words: dict[tuple[type, str], set[str]] = {}
    for one in said:
        if isinstance(one, Recategorize | JudgeFix) and isinstance(failure := _meant(one, sitting), Failure):
            word = one.category if isinstance(one, Recategorize) else _WORDS[one.holds]
            words.setdefault((type(one), failure.id), set()).add(word)
    return frozenset(key for (_, key), found in words.items() if len(found) > 1)


def _meant(said: Recategorize | JudgeFix, sitting: _Sitting) -> Failure | Answer:
    """Return the failure that a command is about, or the answer that asks which."""
    is_open = isinstance(said, Recategorize)
    known = sorted(sitting.open if is_open else sitting.green, key=lambda failure: (failure.job, failure.id))
    if not known:
        return Answer(Manner.REFUSED, _NOTHING_OPEN if is_open else _NOTHING_GREEN)
    found = [failure for failure in known if _fits(said, failure)]
    exact = [failure for failure in found if said.job and said.job.casefold() == failure.job.casefold()]
    if len(exact) == 1 or len(found) == 1:
        return (exact if len(exact) == 1 else found)[0]
    points = tuple(
        f"`{failure.job}` ({failure.verdict.category}): `failure:{failure.id}`" for failure in (found or known)[:NAMED]
    )
    state = "open" if is_open else "green again"
    if not found:
        what = "open failure" if is_open else "failure that is green again"
        return Answer(Manner.REFUSED, f"No {what} here is called that; there are:", points)
    which = "say which, by `job:` and a part of its name or by id:"
    return Answer(Manner.REFUSED, f"Several failures are {state} here: {which}", points)


def _fits(said: Recategorize | JudgeFix, failure: Failure) -> bool:
    if said.failure:
        return said.failure.casefold() == failure.id.casefold()
    names = (failure.job, f"{failure.workflow} / {failure.job}", *(leg.name for leg in failure.legs))
    return any(said.job.casefold() in name.casefold() for name in names)


# --- whether anything can be said ------------------------------------------------------------------------------------


def _refusal_here(event: CommandsGiven, ref: Ref | None) -> str | None:
    """Say why no failure of this pull request can be spoken of now, if so (X2, X62)."""
    pull = event.pull
    if not pull.open:
        return f"This pull request is {'merged' if pull.merged else 'closed'}, so its failures are left as they are."
    if pull.draft:
        return "This pull request is a draft: mark it as ready for review first."
    if ref is None:
        return "Nothing is known yet of this pull request."
    if ref.head_sha == pull.head_sha and head_since(ref) < event.remark.at:
        return None
    return (
        f"The pull request moved to `{pull.head_sha[:12]}` after or just as this was written: "
        "see what fails there, and write it again if it still holds."
    )


def _unsaid(ref: Ref, by: Person, answers: Iterable[Answer]) -> tuple[tuple[str, str], ...]:
    """Keep answers for the check, as nobody can comment on a locked conversation."""
    news = ((ref.head_sha, f"To {by.login}: {' '.join((one.sentence, *one.points))}") for one in answers)
    return (*ref.unsaid, *news)[-UNSAID_KEPT:]


def _note(subject: str, answer: Answer, event: CommandsGiven, reason: str = "", kind: str = "") -> Note:
    told = " ".join((answer.sentence, *answer.points, f"Reason: {reason}" if reason else "")).strip()
    return Note(subject, kind or _KINDS[answer.manner], told, event.received_at, _actor(event.actor.person))


def _actor(person: Person) -> str:
    """Name somebody for the journal: the number is who it was, whatever the login leads to later (G28)."""
    return f"{person.login} ({person.id})"
