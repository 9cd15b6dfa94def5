"""Lines of work: pull requests, branches and merge groups, and how they move; a late delivery never moves one back.

What GitHub dates (a pull request's `updated_at`) decides, whatever was heard first. A push and a merge group carry no
such time, so for them the order of receipt has to do; so it does for two moves of a pull request within one second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from github_app.rules.case import Case
from github_app.rules.events import BranchMoved, JobsSeen, PullMoved, QueueMoved
from github_app.rules.history import remember_greens
from github_app.rules.model import Pull, Repo
from github_app.rules.records import Commit, Green, Ref

Closed = tuple[tuple[datetime, datetime | None], ...]
Turns = tuple[tuple[datetime, bool], ...]

UNMOVED = datetime.fromtimestamp(0, UTC)
"""When a branch moved that only its jobs have told of: any push is newer."""

HEADS_KEPT = 20
"""Views of a pull request's head that are remembered; missing older ones only make us more careful."""

_TURNS = {"closed": False, "reopened": True}


def pull_moved(case: Case, event: PullMoved) -> Ref:
    """Return the pull request's ref after a move; an older move than the known one only adds to its history."""
    turn = _TURNS.get(event.action)
    turns = ((event.pull.updated_at, turn),) if turn is not None else ()
    return _with_pull(_known(case, event.pull.ref), event.repo, event.pull, turns)


def queue_name(event: QueueMoved) -> str:
    return f"queue/{event.head_ref.removeprefix('gh-readonly-queue/')}"


def queue_moved(case: Case, event: QueueMoved) -> Ref:
    """Return the merge group's ref; its end is the end of that attempt to merge, not of a branch (E34)."""
    known = _known(case, queue_name(event)) or Ref(event.repo, queue_name(event), event.sha, event.received_at)
    ended = (*known.turns, (event.received_at, False)) if event.destroyed else known.turns
    turns = tuple(sorted(set(ended)))
    moved_at = min(known.moved_at, event.received_at)
    return replace(known, repo=event.repo, moved_at=moved_at, open=not turns, turns=turns, closed=_closed_spans(turns))


def branch_moved(case: Case, event: BranchMoved) -> Ref:
    """Return the branch's ref; a deleted one can no longer be merged (E26)."""
    name = f"branch/{event.branch}"
    known = _known(case, name) or _unmoved(event.repo, name)
    turns = tuple(sorted({*known.turns, (event.received_at, False)})) if event.deleted else known.turns
    if known.moved_at > event.received_at:
        return replace(known, repo=event.repo, turns=turns)
    closed = ((event.received_at, None),) if event.deleted else ()
    return replace(
        known,
        repo=event.repo,
        head_sha=event.sha,
        moved_at=event.received_at,
        open=not event.deleted,
        turns=turns,
        closed=closed,
    )


def heard_of(case: Case, event: JobsSeen) -> list[Ref]:
    """Return the refs that an event about jobs tells of, new or newer."""
    refs = [_with_pull(_known(case, pull.ref), event.repo, pull) for pull in event.pulls]
    if event.branch:
        name = f"branch/{event.branch}"
        refs.append(_known(case, name) or _unmoved(event.repo, name))
    return refs


def with_greens(ref: Ref, commit: Commit) -> Ref:
    """Return the ref with the commit's successes: what ends a failure."""
    return replace(ref, greens=remember_greens(ref.greens, _greens(commit)))


def _greens(commit: Commit) -> Iterable[Green]:
    for job in commit.jobs:
        if job.conclusion in {"success", "neutral"}:
            yield Green(job.slot, job.order, commit.sha, job.completed_at or commit.first_seen_at)


def _known(case: Case, name: str) -> Ref | None:
    return next((ref for ref in case.refs if ref.name == name), None)


def _unmoved(repo: Repo, name: str) -> Ref:
    return Ref(repo, name, "", UNMOVED)


def _with_pull(known: Ref | None, repo: Repo, told: Pull, heard: Turns = ()) -> Ref:
    pull = _newer(known.pull, told) if known and known.pull else told
    base = known or Ref(repo, told.ref, told.head_sha, told.updated_at)
    turns = tuple(sorted({*base.turns, *heard}))
    return replace(
        base,
        repo=repo,
        head_sha=pull.head_sha,
        moved_at=pull.updated_at,
        open=pull.open,
        pull=pull,
        turns=turns,
        closed=_closed_spans((*turns, (pull.updated_at, pull.open))),
        heads=tuple(sorted({*base.heads, (told.updated_at, told.head_sha)}))[-HEADS_KEPT:],
    )


def head_since(ref: Ref) -> datetime:
    """Return since when GitHub has shown the present head; later than the truth when we missed its first view (X2).

    It is GitHub's own time: the dates of commits are whatever their author likes.
    """
    since = ref.moved_at
    for at, sha in reversed(ref.heads):
        if sha != ref.head_sha:
            break
        since = at
    return since


def _newer(known: Pull, told: Pull) -> Pull:
    """Return the later of two views of a pull request, with what was asked about its head if either knows that."""
    later, other = (told, known) if _age(told) >= _age(known) else (known, told)
    merged_by = later.merged_by or other.merged_by
    if other.head_sha != later.head_sha:
        return replace(later, merged_by=merged_by)
    changed = other.changed if later.changed is None else later.changed
    return replace(later, changed=changed, commits=later.commits or other.commits, merged_by=merged_by)


def _age(pull: Pull) -> tuple[datetime, bool, bool]:
    """At the same second a merge beats closing, and closing beats what it ended."""
    return pull.updated_at, pull.merged, not pull.open


def _closed_spans(turns: Iterable[tuple[datetime, bool]]) -> Closed:
    """Return the spans in which nobody could merge it, so that the clock stands still in them (E27)."""
    spans: list[tuple[datetime, datetime | None]] = []
    since: datetime | None = None
    for at, is_open in sorted(turns, key=lambda turn: (turn[0], not turn[1])):
        if not is_open:
            since = since or at
        elif since is not None:
            spans.append((since, at))
            since = None
    return tuple(spans) if since is None else (*spans, (since, None))
