"""What is new about a failure: compared with a green run, with the base branch and with other people's pull requests.

It explains, and may say that the author found it broken; it never opens the gate, and what could not be compared is
"not compared", never "new".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from github_app.rules.fingerprints import PRINTS_KEPT, is_of_whole, prints, whole_print
from github_app.rules.model import BaseJob, Baseline, BaseState, Evidence, Job, Pull, TestReport
from github_app.rules.records import Failure, Judgement, Leg, Ref
from github_app.rules.results.values import FileKind, FileReport
from github_app.rules.seen import SHORT_SHA
from github_app.rules.verdicts import Answer, Compared, Comparison, Verdict
from pytest_failure_review.report import is_at_or_below

WINDOW: Final = timedelta(days=7)
"""How far back other people's pull requests, and flips, are looked at (X33, C23)."""

NAMED: Final = 5
"""Pull requests named one by one: more tell a reader nothing, and would have the gate written anew for each."""

_BASE_CHANGED: Final = Compared(sentence="Not compared with a base branch: the base changed since the job ran.")

_REVERT: Final = re.compile(r"revert-(\d{1,9})-")


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another failure of the same fingerprint, with the line of work that it is on."""

    failure: Failure
    ref: Ref


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same failure on other people's pull requests."""

    pulls: tuple[int, ...] = ()
    authors: int = 0
    sentence: str = ""


# --- when a job is judged --------------------------------------------------------------------------------------------


def prints_of(job: Job, verdict: Verdict) -> tuple[str, ...]:
    """Return what one failure is told from another by; nothing for one that nobody recognised."""
    if verdict.state is not None:
        return ()
    report = job.evidence.report if job.evidence else None
    if verdict.source == "report" and report is not None:
        told = (item for item in report.failures if item.category is verdict.category and item.fingerprint)
        mine = tuple(dict.fromkeys(f"test:{item.fingerprint}" for item in told))[:PRINTS_KEPT]
    else:
        mine = prints(line.text for line in verdict.evidence)
    return (*mine, *_print_of_whole(job.evidence, verdict)) if mine and job.evidence else mine


def _print_of_whole(evidence: Evidence, verdict: Verdict) -> Iterator[str]:
    """Print all that was found, to the last number and place, where a tool says that this is all.

    A log does not say so, nor do lists that were cut; and what a fork's tools say takes the blame from nobody (T15).
    """
    found = [(item.nodeid, item.message) for item in evidence.report.failures] if evidence.report else []
    scans = [file for file in evidence.files if file.kind is FileKind.SCAN]
    found += [(tool, repr(flaw)) for file in scans for flaw in file.flaws for tool in flaw.tools]
    told = {"report": evidence.report is not None, "file": bool(scans)}
    is_all = told.get(verdict.source, False) and len(verdict.evidence) < PRINTS_KEPT
    if is_all and all(map(_is_all, (*((evidence.report,) if evidence.report else ()), *scans))):
        yield whole_print([*found, *((line.rule, line.text) for line in verdict.evidence)])


def _is_all(told: TestReport | FileReport) -> bool:
    kept = told.failures if isinstance(told, TestReport) else told.flaws
    return told.trusted and told.complete and told.total == len(kept)


# --- when a failure is recorded --------------------------------------------------------------------------------------


def compared(
    judgement: Judgement, fingerprint: str, red_at: datetime, ref: Ref, siblings: Sequence[Sibling], *, wholly: bool
) -> Comparison:
    """Compare a failure of a line of work that was red first at `red_at`.

    `wholly` asks that all of it was there before: one more leak beside those of the base branch reads like them.
    """
    green = _with_green(judgement.verdict, judgement.baseline)
    if ref.pull is None:
        return Comparison(green, Compared(sentence="Not compared with a base branch: this is no pull request."))
    branch = f"branch/{ref.pull.base_ref}"
    on_base = [each for each in siblings if each.ref.name == branch]
    same = [each for each in on_base if is_same((fingerprint, judgement.prints), each.failure)]
    before = [each.failure for each in same if _was_red(each.failure, red_at, but_at=ref.pull.head_sha)]
    known = [each for each in before if not wholly or _is_wholly_in(each.prints, judgement)]
    base = _with_base(judgement, judgement.base, ref.pull, wholly=wholly)
    if known:
        base = _already_red(min(known, key=lambda each: each.opened_at), ref.pull)
    elif before and base.answer is not Answer.ALREADY_RED:
        base = _also_red(min(before, key=lambda each: each.opened_at), ref.pull)
    return Comparison(green, replace(base, branch=ref.pull.base_ref))


def rebased(failure: Failure, ref: Ref) -> Failure:
    """Return the failure without its comparison if its pull request now goes to another branch than it was made with.

    Whoever breaks a branch of their own and then turns to main would else be excused by it.
    """
    with_branch = failure.comparison.base.branch
    if ref.pull is None or with_branch in {"", ref.pull.base_ref}:
        return failure
    return replace(failure, comparison=replace(failure.comparison, base=_BASE_CHANGED))


def is_same(one: tuple[str, tuple[str, ...]], other: Failure) -> bool:
    """Whether two failures are the same one: rule, step and job agree, and so does what one of them tells first."""
    fingerprint, said = one
    if fingerprint != other.fingerprint or not said or not other.prints:
        return False
    return said[0] in other.prints or other.prints[0] in said


def _with_green(verdict: Verdict, baseline: Baseline | None) -> Compared:
    if baseline is None:
        return Compared(sentence="Not compared with a green run.")
    place = f"the last green run of this job on {baseline.branch}"
    if baseline.gap:
        return Compared(sentence=f"Not compared with {place}: {baseline.gap}.", sha=baseline.sha, url=baseline.url)
    lines = [line.line for line in verdict.evidence if line.line]
    gap = _why_unknown(lines if verdict.source == "log" else [], baseline)
    if gap:
        return Compared(sentence=f"Not compared with {place}: {gap}.", sha=baseline.sha, url=baseline.url)
    answer, sentence = _in_green(lines, baseline, f"{place} ({baseline.sha[:SHORT_SHA]})")
    return Compared(answer, sentence, baseline.sha, baseline.url)


def _why_unknown(lines: Sequence[int], baseline: Baseline) -> str:
    """Say as a clause why a green run's log tells nothing of a verdict's lines; "" when it does."""
    if not lines:
        return "the verdict does not rest on lines of the log"
    if any(line in baseline.unfinished for line in lines):
        return "its log is too long to be searched to its end"
    if all(line in baseline.unsought for line in lines):
        return "no line that this rests on has a word to look for"
    return ""


def _in_green(lines: Sequence[int], baseline: Baseline, place: str) -> tuple[Answer, str]:
    sought = [line for line in lines if line not in baseline.unsought]
    seen = [line for line in sought if line in baseline.seen]
    could = " that could be looked for" if len(sought) < len(lines) else " that this rests on"
    if not seen:
        return Answer.NEW, f"New since {place}: its log shows none of the lines{could}."
    if len(seen) < len(sought):
        return Answer.NEW, f"Partly new since {place}: its log shows {len(seen)} of the {len(sought)} lines{could}."
    same = "the same lines" if len(sought) == len(lines) else f"all lines{could}"
    return Answer.SEEN, f"Not new: {place} shows {same}, so they may not be the cause."


def _already_red(known: Failure, pull: Pull) -> Compared:
    first = min(known.legs, key=lambda leg: leg.at)
    sentence = f"Already failing on {_since(known, first, pull)}: this change did not break it."
    return Compared(Answer.ALREADY_RED, sentence, first.sha, first.url, known.owner)


def _also_red(known: Failure, pull: Pull) -> Compared:
    first = min(known.legs, key=lambda leg: leg.at)
    return Compared(Answer.OTHER_RED, _not_known_same(_since(known, first, pull)), first.sha, first.url)


def _since(known: Failure, first: Leg, pull: Pull) -> str:
    return f"{pull.base_ref} since {first.sha[:SHORT_SHA]} ({known.opened_at:%Y-%m-%d %H:%M} UTC)"


def _not_known_same(place: str) -> str:
    return f"Also failing on {place}, but not known to be the same: this change may have added to it."


def _with_base(judgement: Judgement, base: BaseJob | None, pull: Pull, *, wholly: bool) -> Compared:
    if base is None:
        return Compared(sentence=f"Not compared with {pull.base_ref}.")
    if base.branch != pull.base_ref:
        return _BASE_CHANGED
    place = f"{base.branch} at {base.sha[:SHORT_SHA]}, where this change began"
    match base.state:
        case BaseState.NOT_RUN:
            sentence = f"This job did not run on {place}: nothing says whether it was broken before."
            return Compared(Answer.NOT_RUN, sentence, base.sha)
        case BaseState.PASSED:
            return Compared(Answer.NEW, f"New with this change: the job passed on {place}.", base.sha, base.url)
        case BaseState.RED:
            return _with_red(judgement, base, place, wholly=wholly)
        case _:
            return Compared(sentence=f"Not compared with {place}: {base.gap}.", sha=base.sha)


def _with_red(judgement: Judgement, base: BaseJob, place: str, *, wholly: bool) -> Compared:
    if not _is_base_the_same(judgement, base):
        sentence = f"This job was red on {place}, too, but not known to be for the same reason."
        return Compared(Answer.OTHER_RED, sentence, base.sha, base.url)
    if wholly and not _is_wholly_in(base.prints, judgement):
        return Compared(Answer.OTHER_RED, _not_known_same(place), base.sha, base.url)
    sentence = f"Already failing on {place}: this change did not break it."
    return Compared(Answer.ALREADY_RED, sentence, base.sha, base.url)


def _is_base_the_same(judgement: Judgement, base: BaseJob) -> bool:
    said = judgement.prints
    if said and base.prints and (said[0] in base.prints or base.prints[0] in said):
        return True
    first = next((line.line for line in judgement.verdict.evidence if line.line), 0)
    return judgement.verdict.source == "log" and first in base.seen


def _is_wholly_in(known: Sequence[str], judgement: Judgement) -> bool:
    """Whether all that was found now was found before: a line of a log, without its numbers, tells of no second one."""
    return any(is_of_whole(each) and each in known for each in judgement.prints)


def _was_red(failure: Failure, at: datetime, but_at: str) -> bool:
    """Whether a failure stood at a moment, on another commit than the one that is asked about."""
    began_elsewhere = any(leg.sha != but_at and leg.at <= at for leg in failure.legs)
    return began_elsewhere and failure.opened_at <= at and (failure.resolved_at is None or failure.resolved_at > at)


# --- when a failure is shown -----------------------------------------------------------------------------------------


def mended(failure: Failure, ref: Ref | None, siblings: Iterable[Sibling]) -> str:
    """Say that the base branch no longer has the failure that it had before; nothing when that is not so."""
    if ref is None or ref.pull is None or not failure.comparison.is_inherited:
        return ""
    name, said = f"branch/{ref.pull.base_ref}", (failure.fingerprint, failure.prints)
    there = [each.failure for each in siblings if each.ref.name == name and is_same(said, each.failure)]
    if not there or any(each.open for each in there):
        return ""
    fixed_by = max(there, key=lambda each: each.opened_at).fixed_by
    by = f" by {fixed_by[:SHORT_SHA]}" if fixed_by else ""
    return f"It was fixed on {ref.pull.base_ref}{by}: bring this branch up to date."


def elsewhere(failure: Failure, ref: Ref | None, siblings: Iterable[Sibling], now: datetime) -> Elsewhere:
    """Say on whose other pull requests the same failure was of late, unless one of the two came of the other (X33)."""
    if not failure.prints:
        why = "nothing in its evidence tells it from others of its kind"
        return Elsewhere(sentence=f"Not compared with other pull requests: {why}.")
    found: dict[int, int] = {}
    for each in siblings:
        pull = each.ref.pull
        if pull is not None and _is_recent(each.failure, now) and _is_foreign(failure, ref, each, pull):
            found[pull.number] = pull.author.id
    if not found:
        return Elsewhere(sentence="Not seen on other people's pull requests in the last 7 days.")
    pulls, authors = tuple(sorted(found)), len(set(found.values()))
    people = f" ({authors} author{'s' if authors > 1 else ''})" if len(pulls) <= NAMED else ""
    return Elsewhere(pulls, authors, f"Seen elsewhere in the last 7 days: {listed(pulls)}{people}.")


def listed(pulls: Sequence[int]) -> str:
    """Name pull requests, the earliest first; from a number on "and more", so that the words settle (G13)."""
    named = [f"#{number}" for number in pulls[:NAMED]]
    return ", ".join(named) + (" and more" if len(pulls) > NAMED else "")


def _is_recent(failure: Failure, now: datetime) -> bool:
    return any(leg.at > now - WINDOW for leg in failure.legs)


def _is_foreign(failure: Failure, ref: Ref | None, other: Sibling, pull: Pull) -> bool:
    mine = ref.pull if ref else None
    if other.ref.name == failure.ref or not is_same((failure.fingerprint, failure.prints), other.failure):
        return False
    if mine is not None and (mine.author.id == pull.author.id or _undoes(mine, pull) or _undoes(pull, mine)):
        return False
    if pull.merged and other.failure.resolved_at is None:
        return False  # it was merged with the failure in it, and may have brought it here
    return not _share_commits(failure, mine, other.failure, pull)


def _undoes(one: Pull, other: Pull) -> bool:
    """Whether one pull request reverts another: GitHub calls its branch `revert-12-name`, people keep the title."""
    named = _REVERT.match(one.head_ref)
    return (named is not None and int(named[1]) == other.number) or one.title == f'Revert "{other.title}"'


def _share_commits(failure: Failure, mine: Pull | None, other: Failure, pull: Pull) -> bool:
    """Whether one of the two was red at a commit that the other contains, as in a stack of pull requests."""
    red, also_red = {leg.sha for leg in failure.legs}, {leg.sha for leg in other.legs}
    own = {*mine.commits, mine.head_sha} if mine else set()
    return bool(red & also_red or own & also_red or {*pull.commits, pull.head_sha} & red)


# --- flakiness -------------------------------------------------------------------------------------------------------


def is_about_code(failure: Failure) -> bool:
    """Whether its flips say something about the code: an outage that ends proves nothing about a test (X72)."""
    return not is_at_or_below(failure.verdict.category, "infra")


def flakiness(failure: Failure, siblings: Iterable[Sibling], now: datetime) -> int:
    """Count the flips of the same failure in the last 7 days, on every line of work."""
    since = now - WINDOW
    others = (each.failure for each in siblings if each.failure.id != failure.id)
    same = (other for other in others if is_same((failure.fingerprint, failure.prints), other))
    return sum(at > since for each in (failure, *same) if is_about_code(each) for at in each.flips)
