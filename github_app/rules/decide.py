"""The whole process on one page: what each event does to the records, and what it asks of the world.

It only matches and delegates; every function here is pure, so a journal of events can be replayed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from github_app.rules import refs as lines
from github_app.rules.case import Alarm, Case, Decision, Note
from github_app.rules.commits import join, new_commit, with_ref
from github_app.rules.effects import (
    Effect,
    ForgetInstallation,
    PublishComment,
    PublishGate,
    PublishLabels,
    PublishPolicyCheck,
)
from github_app.rules.events import (
    BranchMoved,
    Event,
    InstallationMoved,
    JobsSeen,
    PolicyRead,
    PullMoved,
    QueueMoved,
    RefreshAsked,
    RepoMoved,
    TimerFired,
)
from github_app.rules.failures import Book, Finding, judge, record, settle, wants_judgement
from github_app.rules.model import Commit, Failure, FailureState, Installation, Ref
from github_app.rules.policy_source import taken_in
from github_app.rules.sla import breach, late_from

QUIET = timedelta(hours=24)
"""How long a fixed failure may come back as the same one (E42)."""

SETTLE, DEADLINE, CLOSE = "gate.settle", "sla.deadline", "failure.close"


def decide(case: Case, event: Event, book: Book, now: datetime) -> Decision:
    """Return what an event leads to; `now` is UTC and used for timers alone, never for what is shown."""
    match event:
        case JobsSeen():
            after = _jobs_seen(case, event, book)
        case PullMoved():
            after = _on_commit(case, lines.pull_moved(case, event), event.pull.head_sha, event.pull.ref, event)
        case QueueMoved():
            after = _on_commit(case, lines.queue_moved(case, event), event.sha, lines.queue_name(event), event)
        case BranchMoved():
            after = case.with_refs([lines.branch_moved(case, event)])
        case PolicyRead():
            return _policy_read(case, event)
        case InstallationMoved():
            return _installation_moved(case, event)
        case RepoMoved():
            after = replace(case, source=replace(case.source, repo=event.repo) if case.source else None)
        case RefreshAsked():
            return Decision(case, effects=_show(case))
        case TimerFired():
            after = _timer_fired(case, event, now)
    settled = _settled(after)
    return _compared(case, settled, event, book, now)


def _jobs_seen(case: Case, event: JobsSeen, book: Book) -> Case:
    """Take the jobs in, and judge those that are newly red, on every ref that the commit is on (X14)."""
    known = case.commit or new_commit(event.repo, event.sha, event.received_at)
    commit = join(known, event)
    for ref in case.refs:
        commit = with_ref(commit, ref.name) if ref.head_sha == commit.sha else commit
    after = replace(case, commit=commit).with_refs(lines.heard_of(case, commit, event))
    refs = [ref for ref in after.refs if ref.name in commit.refs]
    after = after.with_refs(lines.with_greens(ref, event) for ref in refs)
    wanted = (job for job in event.jobs if wants_judgement(job))
    findings = [judge(job, commit.sha, book.signatures, event.received_at) for job in wanted]
    for finding in findings:
        if finding is not None:
            after = after.with_failures(_recorded(after, finding, ref, book) for ref in refs)
    return after


def _recorded(case: Case, finding: Finding, ref: Ref, book: Book) -> Failure:
    mine = [item for item in case.failures if (item.ref, item.fingerprint) == (ref.name, finding.fingerprint)]
    return record(finding, ref, max(mine, key=lambda item: item.series, default=None), book)


def _on_commit(case: Case, ref: Ref, sha: str, name: str, event: PullMoved | QueueMoved) -> Case:
    """Let a ref move, and the commit that it now stands on know of it."""
    after = case.with_refs([ref])
    if ref.head_sha != sha:
        return after  # an old move, heard of late
    commit = case.commit or new_commit(event.repo, sha, event.received_at)
    return replace(after, commit=with_ref(commit, name))


def _timer_fired(case: Case, event: TimerFired, now: datetime) -> Case:
    if event.kind == SETTLE and case.commit is not None:
        return replace(case, commit=replace(case.commit, settled=True))
    return case.with_failures(_aged(failure, event, now) for failure in case.failures if failure.id == event.subject)


def _aged(failure: Failure, event: TimerFired, now: datetime) -> Failure:
    if event.kind == CLOSE and failure.state is FailureState.RESOLVED_UNVERIFIED:
        return replace(failure, state=FailureState.CLOSED)
    if event.kind == DEADLINE and failure.open:
        return replace(failure, clock=breach(failure.clock, now))
    return failure


def _settled(case: Case) -> Case:
    refs = {ref.name: ref for ref in case.refs}
    changed = [settle(failure, refs[failure.ref], case.commit) for failure in case.failures if failure.ref in refs]
    return case.with_failures(changed)


def _policy_read(case: Case, event: PolicyRead) -> Decision:
    source = taken_in(case.source, event)
    note = Note(source.id, "policy", "; ".join(source.problems) or "The policy files were read", event.received_at)
    is_news = case.source is None or replace(source, read_at=case.source.read_at, sha=case.source.sha) != case.source
    after = replace(case, source=source)
    if not is_news:
        return Decision(after)
    check = (PublishPolicyCheck(event.repo.id, event.sha),) if event.sha else ()
    gates = (PublishGate(ref.repo.id, ref.head_sha) for ref in case.refs if ref.open and ref.gated)
    return Decision(after, notes=(note,), effects=tuple(dict.fromkeys((*check, *gates))))


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
    notes = [note for failure in changed for note in _told(old.get(failure.id), failure, at)]
    alarms = [alarm for failure in changed for alarm in _alarms(failure)]
    if after.commit is not None and before.commit is None:
        due = after.commit.first_seen_at + timedelta(seconds=book.policy.gate.settle_s)
        alarms.append(Alarm(after.commit.id, SETTLE, due, 1))
    is_changed = after != before
    return Decision(after, tuple(notes), tuple(alarms), _show(after) if is_changed else ())


def _told(before: Failure | None, after: Failure, at: datetime) -> list[Note]:
    """The transitions of a failure, each with its reason; a jump tells the steps between (R1, R7)."""
    notes: list[Note] = []
    if before is None:
        notes = [
            Note(after.id, "detected", f"{after.job} failed on {after.ref}", after.clock.anchor_at),
            Note(after.id, "triaged", after.verdict.reason, at),
            Note(after.id, "assigned", "; ".join(after.owner.steps), at),
            Note(after.id, "clock", after.clock.explanation, at),
        ]
    elif before.verdict != after.verdict:
        notes.append(Note(after.id, "judged", after.verdict.reason, at))
    elif len(before.legs) < len(after.legs):
        notes.append(Note(after.id, "seen", f"Seen again: {after.legs[-1].name}", at))
    if (before.state if before else FailureState.ASSIGNED) is not after.state:
        notes.append(Note(after.id, after.state, _why(after), after.resolved_at or at))
    if after.clock.breached_at and not (before and before.clock.breached_at):
        notes.append(Note(after.id, "breached", "The deadline passed without a fix", after.clock.breached_at))
    return notes


def _why(failure: Failure) -> str:
    match failure.state:
        case FailureState.RESOLVED_UNVERIFIED:
            again = " on the same commit that had been red" if failure.flip else ""
            return f"Green at {str(failure.fixed_by)[:12]}{again}"
        case FailureState.OBSOLETE:
            return "Nobody can merge this line of work any more, or the workflow lets the job fail"
        case FailureState.CLOSED:
            return "Quiet for 24 hours"
        case _:
            return f"Red again, for the {failure.generation}. time" if failure.generation > 1 else "Red"


def _alarms(failure: Failure) -> list[Alarm]:
    due = late_from(failure.clock) if failure.open and failure.clock.breached_at is None else None
    quiet = None
    if failure.state is FailureState.RESOLVED_UNVERIFIED and failure.resolved_at is not None:
        quiet = failure.resolved_at + QUIET
    return [
        Alarm(failure.id, DEADLINE, due, failure.generation),
        Alarm(failure.id, CLOSE, quiet, failure.generation),
    ]


def _show(case: Case) -> tuple[Effect, ...]:
    """What must be shown anew; each performer compares with what it last sent, so asking too often costs nothing."""
    commit, effects = case.commit, []
    if commit is not None:
        effects += _shown_for(commit, case)
    heads = {
        (ref.head_sha, ref.repo.id) for ref in case.refs if ref.gated and any(f.ref == ref.name for f in case.failures)
    }
    effects += [PublishGate(repo_id, sha) for sha, repo_id in sorted(heads)]
    return tuple(dict.fromkeys(effects))


def _shown_for(commit: Commit, case: Case) -> list[Effect]:
    gated = [ref for ref in case.refs if ref.name in commit.refs and ref.gated]
    effects: list[Effect] = [PublishGate(commit.repo.id, commit.sha)] if gated else []
    for ref in gated:
        if ref.pull is not None and ref.head_sha == commit.sha:
            effects += [PublishComment(commit.repo.id, ref.pull.number), PublishLabels(commit.repo.id, ref.pull.number)]
    return effects
