"""The whole process on one page: what each event does to the records, and what it asks of the world.

It only matches and delegates; every function here is pure, so a journal of events can be replayed. The same deliveries
in any order, and any of them twice, end in the same records, but for what `refs` and `failures` say of themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from github_app.rules import refs as lines
from github_app.rules.case import Alarm, Case, Decision, Note
from github_app.rules.commits import join, new_commit, with_refs
from github_app.rules.comparison import is_same
from github_app.rules.effects import (
    CompareFix,
    Effect,
    ForgetInstallation,
    PublishComment,
    PublishGate,
    PublishLabels,
    PublishPolicyCheck,
)
from github_app.rules.events import (
    BranchMoved,
    CommandsGiven,
    Event,
    FixCompared,
    InstallationMoved,
    JobsSeen,
    PolicyRead,
    PullMoved,
    QueueMoved,
    RefreshAsked,
    RemarkChanged,
    RepoMoved,
    TimerFired,
)
from github_app.rules.failures import QUIET, Book, record, settle
from github_app.rules.findings import joined, judge, leg_key, speaker, wants_judgement
from github_app.rules.keeping import bounded
from github_app.rules.obeying import obey, remark_changed
from github_app.rules.policy_source import is_news, taken_in
from github_app.rules.records import Commit, Failure, FailureState, Installation, Ref
from github_app.rules.sla import breach, late_from
from github_app.rules.telling import told
from github_app.rules.test_validity import validity_of
from github_app.rules.verifying import may_close, needs_jobs, wants_comparison

PATIENCE = timedelta(days=14)
"""How long the jobs are awaited that prove a fix; after that only what is heard of them, or QA, says so."""

SETTLE, DEADLINE, CLOSE = "gate.settle", "sla.deadline", "failure.close"


def decide(case: Case, event: Event, book: Book, now: datetime) -> Decision:  # noqa: C901  (one case an event)
    """Return what an event leads to; `now` is UTC: for timers, and to date what a timer brings about."""
    match event:
        case JobsSeen():
            after = _jobs_seen(case, event, book)
        case PullMoved():
            after = _moved(case, lines.pull_moved(case, event), event.pull.head_sha, event, book)
        case QueueMoved():
            after = _moved(case, lines.queue_moved(case, event), event.sha, event, book)
        case BranchMoved():
            after = case.with_refs([lines.branch_moved(case, event)])
        case PolicyRead():
            return _policy_read(case, event, book, now)
        case InstallationMoved():
            return _installation_moved(case, event)
        case RepoMoved():
            after = replace(case, source=replace(case.source, repo=event.repo) if case.source else None)
        case RefreshAsked():
            return _refreshed(case, event)
        case CommandsGiven() | RemarkChanged():
            return _obeyed(case, event, book, now)
        case FixCompared():
            after = case.with_failures(_with_comparison(failure, event) for failure in case.failures)
        case _:
            after = _timer_fired(case, event, book, now)
    return _compared(case, _settled(after, book), event, book, now)


def _obeyed(case: Case, event: CommandsGiven | RemarkChanged, book: Book, now: datetime) -> Decision:
    """Let what people say change the records, and answer them."""
    if isinstance(event, RemarkChanged):
        heard = remark_changed(case, event)
        return Decision(heard.case, heard.notes)
    heard = obey(case, event, book)
    change = _compared(case, _settled(heard.case, book), event, book, now)
    return replace(change, notes=(*heard.notes, *change.notes), effects=(*change.effects, *heard.effects))


def _refreshed(case: Case, event: RefreshAsked) -> Decision:
    """Have the check run anew: GitHub has set it back, so the same words must be sent again."""
    commit = case.commit
    if commit is None or event.cause == commit.refreshed_by:
        return Decision(case)
    commit = replace(commit, refreshes=commit.refreshes + 1, refreshed_by=event.cause)
    after = replace(case, commit=commit)
    return Decision(after, effects=_show(after))


def _jobs_seen(case: Case, event: JobsSeen, book: Book) -> Case:
    """Take the jobs in, and judge those that are newly red."""
    commit = join(case.commit or new_commit(event.repo, event.sha, event.received_at), event)
    wanted = (judge(job, event.sha, book.signatures, event.received_at) for job in event.jobs if wants_judgement(job))
    found = joined(commit.findings, (finding for finding in wanted if finding is not None))
    heard = lines.heard_of(case, event)
    after = case.with_refs(heard)
    at_head = (ref.name for ref in after.refs if ref.gated and ref.head_sha == event.sha)
    commit = with_refs(replace(commit, findings=found), (*(ref.name for ref in heard), *at_head))
    brought = _brought_to_refs(after, commit, book)
    return replace(brought, commit=replace(commit, findings=bounded(found)))


def _moved(case: Case, ref: Ref, sha: str, event: PullMoved | QueueMoved, book: Book) -> Case:
    """Let a ref move, and the commit that it stands or stood on know of it, however late that is heard of."""
    commit = case.commit or new_commit(event.repo, sha, event.received_at)
    seen = replace(commit, first_seen_at=min(commit.first_seen_at, event.received_at))
    return _brought_to_refs(case.with_refs([ref]), with_refs(seen, [ref.name]), book)


def _brought_to_refs(case: Case, commit: Commit, book: Book) -> Case:
    """Let every ref that a commit is on have its greens, and a failure for each of its red jobs (X14)."""
    refs = [lines.with_greens(ref, commit) for ref in case.refs if ref.name in commit.refs]
    after = replace(case, commit=commit).with_refs(refs)
    after = _settled(after, book, _with_news(after, refs, commit))
    for finding in commit.findings:
        mine = [failure for failure in after.failures if failure.fingerprint == finding.fingerprint]
        for ref in refs:
            series = [item for item in mine if item.ref == ref.name]
            told = record(finding, ref, series, book, case.siblings)
            after = after.with_failures([told]) if told is not None else after
    return after


def _with_news(case: Case, refs: Sequence[Ref], commit: Commit) -> list[Failure]:
    """Return the failures that a red job may have to be added to: whether one is over says if it is still the same."""
    held = {(failure.ref, leg_key(leg)) for failure in case.failures for leg in failure.legs}
    names = [ref.name for ref in refs]
    news = {
        finding.fingerprint
        for finding in commit.findings
        if any((name, leg_key(finding.leg)) not in held for name in names)
    }
    return [failure for failure in case.failures if failure.fingerprint in news]


def _with_comparison(failure: Failure, event: FixCompared) -> Failure:
    """Keep what a comparison shows; one of other commits is about another fix."""
    is_meant = failure.id == event.failure_id and failure.resolved
    if not is_meant or (failure.red_sha, failure.fixed_by) != (event.base, event.head):
        return failure
    return replace(failure, validity=validity_of(failure, event.base, event.head, event.files, event.gap))


def _timer_fired(case: Case, event: TimerFired, book: Book, now: datetime) -> Case:
    if event.kind == SETTLE and case.commit is not None:
        return replace(case, commit=replace(case.commit, settled=True))
    known = _settled(case, book)  # what a fix is worth may have changed with a commit that another event brought
    return known.with_failures(_aged(failure, event, now) for failure in known.failures if failure.id == event.subject)


def _aged(failure: Failure, event: TimerFired, now: datetime) -> Failure:
    """The record says whether it is time, not the timer: one that was set before the last turn finds nothing to do."""
    if event.kind == CLOSE and may_close(failure) and _is_quiet(failure, now):
        return replace(failure, state=FailureState.CLOSED)
    if event.kind == DEADLINE:
        return replace(failure, clock=breach(failure.clock, now))
    return failure


def _is_quiet(failure: Failure, now: datetime) -> bool:
    return failure.resolved_at is not None and now >= failure.resolved_at + QUIET


def _settled(case: Case, book: Book, failures: Sequence[Failure] | None = None) -> Case:
    """Let failures be as their history says, all of them when none are named."""
    refs = {ref.name: ref for ref in case.refs}
    mine = (failure for failure in (case.failures if failures is None else failures) if failure.ref in refs)
    return case.with_failures([settle(failure, refs[failure.ref], case.commit, book, case.fixes) for failure in mine])


def _policy_read(case: Case, event: PolicyRead, book: Book, now: datetime) -> Decision:
    source = taken_in(case.source, event)
    note = Note(source.id, "policy", "; ".join(source.problems) or "The policy files were read", event.received_at)
    after = replace(case, source=source)
    if not is_news(case.source, source):
        return Decision(after)
    # Whoever left is replaced at once; all else holds as it was judged.
    told = _compared(case, _settled(after, replace(book, source=source)), event, book, now)
    check = (PublishPolicyCheck(event.repo.id, event.sha),) if event.sha else ()
    shown = (effect for ref in case.refs if ref.open for effect in _shown_on(ref))
    return replace(told, notes=(note, *told.notes), effects=tuple(dict.fromkeys((*check, *shown))))


def _installation_moved(case: Case, event: InstallationMoved) -> Decision:
    known = case.installation
    if known is not None and known.changed_at > event.received_at:
        return Decision(case)
    moved = Installation(event.installation_id, event.account, event.state, event.received_at)
    note = Note(f"installation/{moved.id}", "installation", f"The installation is {moved.state}", event.received_at)
    effects = (ForgetInstallation(moved.id),) if moved.state == "deleted" else ()
    return Decision(replace(case, installation=moved), notes=(note,), effects=effects)


def _compared(before: Case, after: Case, event: Event, book: Book, now: datetime) -> Decision:
    """Say what changed, when to look again, and what the world must be shown."""
    at = now if isinstance(event, TimerFired) else event.received_at
    old = {failure.id: failure for failure in before.failures}
    changed = [failure for failure in after.failures if old.get(failure.id) != failure]
    notes = [note for failure in changed for note in told(old.get(failure.id), failure, after, at)]
    alarms = [alarm for failure in changed for alarm in _alarms(failure)]
    alarms += [alarm for failure in after.failures for alarm in _looked_again(failure, event, now)]
    if after.commit is not None and after.commit.refs != (before.commit.refs if before.commit else None):
        alarms.append(Alarm(after.commit.id, SETTLE, at + timedelta(seconds=book.policy.gate.settle_s), 1))
    asked = [
        CompareFix(each.repo.id, each.id, each.red_sha, str(each.fixed_by))
        for each in changed
        if wants_comparison(each)
    ]
    effects = (*(_show(after) if after != before else ()), *asked)
    return Decision(after, tuple(notes), tuple(alarms), effects, _echoes(before, after))


def turned(before: Case, after: Case) -> tuple[str, ...]:
    """Return the fingerprints of the failures that began or ended, or are told by another job than before.

    Of these, others must be known (S1-041): who found a failure on the base branch has found it there on every push.
    """
    return tuple(sorted({failure.fingerprint for failure in (*_turned(before, after), *_retold(before, after))}))


def _turned(before: Case, after: Case) -> list[Failure]:
    was_open = {failure.id: failure.open for failure in before.failures}
    return [failure for failure in after.failures if was_open.get(failure.id) is not failure.open]


def _retold(before: Case, after: Case) -> list[Failure]:
    told_by = {failure.id: leg_key(speaker(failure.legs)) for failure in before.failures}
    return [failure for failure in after.failures if told_by.get(failure.id) != leg_key(speaker(failure.legs))]


def _echoes(before: Case, after: Case) -> tuple[Effect, ...]:
    """What other lines of work show of a failure that began or ended here: they say whom it hits, and where else."""
    said = [(failure.fingerprint, failure.prints) for failure in _turned(before, after)]
    mine = {ref.name for ref in after.refs}
    same = (each for each in after.siblings if any(is_same(one, each.failure) for one in said))
    told = {each.ref.name: each.ref for each in same if each.ref.open and each.ref.name not in mine}
    effects = (effect for _, ref in sorted(told.items()) for effect in _shown_on(ref))
    return tuple(effect for effect in effects if not isinstance(effect, PublishLabels))


def _alarms(failure: Failure) -> list[Alarm]:
    """When to look again. Always generation 1: a later alarm replaces an earlier one, and the record knows the rest."""
    due = late_from(failure.clock) if failure.open and failure.clock.breached_at is None else None
    quiet = None
    if may_close(failure) and failure.resolved_at is not None:
        quiet = failure.resolved_at + QUIET
    return [Alarm(failure.id, DEADLINE, due, 1), Alarm(failure.id, CLOSE, quiet, 1)]


def _looked_again(failure: Failure, event: Event, now: datetime) -> list[Alarm]:
    """A fix that its jobs do not prove yet is looked at daily: by then nothing else may load its record (S1-023)."""
    if not isinstance(event, TimerFired) or (event.kind, event.subject) != (CLOSE, failure.id):
        return []
    waits = failure.state is FailureState.RESOLVED_UNVERIFIED and needs_jobs(failure)
    is_in_time = failure.resolved_at is not None and now < failure.resolved_at + PATIENCE
    return [Alarm(failure.id, CLOSE, now + QUIET, 1)] if waits and is_in_time else []


def _show(case: Case) -> tuple[Effect, ...]:
    """What must be shown anew; each performer compares with what it last sent, so asking too often costs nothing."""
    commit = case.commit
    effects: list[Effect] = []
    if commit is not None and any(ref.gated and ref.name in commit.refs for ref in case.refs):
        effects.append(PublishGate(commit.repo.id, commit.sha))
    hit = {failure.ref for failure in case.failures}
    for ref in case.refs:
        if ref.name in hit or (commit is not None and ref.head_sha == commit.sha):
            effects += _shown_on(ref)
    return tuple(dict.fromkeys(effects))


def _shown_on(ref: Ref) -> list[Effect]:
    """What a line of work shows: the gate of its head, and on a pull request a comment and labels."""
    if not ref.gated:
        return []
    gate = PublishGate(ref.repo.id, ref.head_sha)
    if ref.pull is None:
        return [gate]
    return [gate, PublishComment(ref.repo.id, ref.pull.number), PublishLabels(ref.repo.id, ref.pull.number)]
