"""Lines of work: pull requests, branches and merge groups, and how they move; a late delivery never moves one back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from github_app.rules.case import Case
from github_app.rules.events import BranchMoved, JobsSeen, PullMoved, QueueMoved
from github_app.rules.history import remember_green
from github_app.rules.model import Commit, Green, Pull, Ref, Repo

Closed = tuple[tuple[datetime, datetime | None], ...]


def pull_moved(case: Case, event: PullMoved) -> Ref:
    """Return the pull request's ref after a move; an older move than the known one changes nothing."""
    return _with_pull(_known(case, event.pull.ref), event.repo, event.pull)


def queue_name(event: QueueMoved) -> str:
    return f"queue/{event.head_ref.removeprefix('gh-readonly-queue/')}"


def queue_moved(case: Case, event: QueueMoved) -> Ref:
    """Return the merge group's ref; its end is the end of that attempt to merge, not of a branch (E34)."""
    known = _known(case, queue_name(event))
    is_gone = event.destroyed or (known is not None and not known.open)
    moved_at = known.moved_at if known else event.received_at
    ref = known or Ref(event.repo, queue_name(event), event.sha, moved_at)
    return replace(ref, repo=event.repo, open=not is_gone)


def branch_moved(case: Case, event: BranchMoved) -> Ref:
    """Return the branch's ref; a deleted one can no longer be merged (E26)."""
    known = _known(case, f"branch/{event.branch}")
    if known is not None and known.moved_at > event.received_at:
        return replace(known, repo=event.repo)
    head = known.head_sha if known and event.deleted else event.sha
    ref = known or Ref(event.repo, f"branch/{event.branch}", head, event.received_at)
    return replace(ref, repo=event.repo, head_sha=head, moved_at=event.received_at, open=not event.deleted)


def heard_of(case: Case, commit: Commit, event: JobsSeen) -> list[Ref]:
    """Return the refs that an event about jobs tells of, new or newer."""
    refs = [_with_pull(_known(case, pull.ref), event.repo, pull) for pull in event.pulls]
    if event.branch:
        name = f"branch/{event.branch}"
        refs.append(_known(case, name) or Ref(event.repo, name, commit.sha, event.received_at))
    return refs


def with_greens(ref: Ref, event: JobsSeen) -> Ref:
    """Return the ref with the event's successes: what ends a failure."""
    greens = ref.greens
    for green in _greens(event):
        greens = remember_green(greens, green)
    return replace(ref, greens=greens)


def _greens(event: JobsSeen) -> Iterable[Green]:
    for job in event.jobs:
        if job.conclusion in {"success", "neutral"}:
            yield Green(job.slot, job.order, event.sha, job.completed_at or event.received_at)


def _known(case: Case, name: str) -> Ref | None:
    return next((ref for ref in case.refs if ref.name == name), None)


def _with_pull(known: Ref | None, repo: Repo, pull: Pull) -> Ref:
    if known is None or known.pull is None:
        greens = known.greens if known else ()
        closed: Closed = () if pull.open else ((pull.updated_at, None),)
        return Ref(repo, pull.ref, pull.head_sha, pull.updated_at, pull.open, pull, greens, closed)
    same = (pull.updated_at, pull.head_sha) == (known.moved_at, known.head_sha)
    if pull.updated_at < known.moved_at:
        return replace(known, repo=repo)
    changed = pull.changed if pull.changed is not None or not _same_head(pull, known) else known.pull.changed
    told = replace(pull, changed=changed)
    if same and told == known.pull:
        return replace(known, repo=repo)
    closed = _closed(known, is_open=pull.open, at=pull.updated_at)
    return replace(
        known, repo=repo, head_sha=pull.head_sha, moved_at=pull.updated_at, open=pull.open, pull=told, closed=closed
    )


def _same_head(pull: Pull, known: Ref) -> bool:
    return pull.head_sha == known.head_sha


def _closed(known: Ref, *, is_open: bool, at: datetime) -> Closed:
    """Return the spans in which the pull request was closed, so that the clock stands still in them (E27)."""
    if known.open and not is_open:
        return (*known.closed, (at, None))
    if not known.open and is_open and known.closed:
        return (*known.closed[:-1], (known.closed[-1][0], at))
    return known.closed
