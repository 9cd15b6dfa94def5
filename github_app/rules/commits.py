"""A commit's jobs as a join of everything heard: any order, any repetition, the same end (F25, F26, E23)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from github_app.rules.events import JobsSeen
from github_app.rules.model import Commit, Job, Repo, Run, Source

RED = frozenset({"failure", "timed_out", "startup_failure", "error"})
"""Conclusions that open a failure record (E33); `error` is a commit status's word."""

SILENT = frozenset({"success", "neutral", "skipped"})
"""Conclusions that GitHub counts as passed (G21)."""

_PROGRESS = {"requested": 0, "waiting": 1, "pending": 1, "queued": 1, "in_progress": 2, "completed": 3}


class Standing(StrEnum):
    """What a job means for the gate right now."""

    RUNNING = "running"
    PASSED = "passed"
    RED = "red"
    CANCELLED = "cancelled"
    APPROVAL = "approval"


def new_commit(repo: Repo, sha: str, at: datetime) -> Commit:
    return Commit(repo=repo, sha=sha, first_seen_at=at)


def join(commit: Commit, event: JobsSeen) -> Commit:
    """Return the commit with the event's jobs, runs and refs taken in."""
    refs = {pull.ref for pull in event.pulls} | ({f"branch/{event.branch}"} if event.branch else set())
    return replace(
        commit,
        repo=event.repo,
        first_seen_at=min(commit.first_seen_at, event.received_at),
        refs=tuple(sorted({*commit.refs, *refs})),
        jobs=_join_jobs(commit.jobs, event.jobs),
        runs=_join_runs(commit.runs, event.runs),
    )


def with_ref(commit: Commit, name: str) -> Commit:
    return replace(commit, refs=tuple(sorted({*commit.refs, name})))


def standing(job: Job, commit: Commit) -> Standing | None:
    """Say what a job means now; None when a newer run or attempt speaks in its place (X8, X9, X18)."""
    if _superseded(job, commit):
        return None
    if not job.done or _is_being_rerun(job, commit):
        return Standing.RUNNING
    if job.conclusion in RED:
        return Standing.RED
    if job.conclusion == "action_required":
        return Standing.APPROVAL
    if job.conclusion in SILENT:
        return Standing.PASSED
    return Standing.CANCELLED  # cancelled, stale, and whatever GitHub adds: never passed


def is_allowed_to_fail(job: Job, commit: Commit) -> bool:
    """Whether the workflow tolerates this red job: its run ended in success all the same (`continue-on-error`)."""
    run = next((run for run in commit.runs if run.id == job.run_id), None)
    return run is not None and run.attempt == job.attempt and run.conclusion == "success" and job.conclusion in RED


def awaited_runs(commit: Commit) -> tuple[Run, ...]:
    """Runs that have not ended, so that jobs may still come."""
    return tuple(run for run in commit.runs if not run.done)


def _join_jobs(known: Iterable[Job], heard: Iterable[Job]) -> tuple[Job, ...]:
    jobs = {(job.source, job.id): job for job in known}
    for job in heard:
        key = (job.source, job.id)
        jobs[key] = _newer(jobs[key], job) if key in jobs else _without_evidence(job)
    return tuple(jobs[key] for key in sorted(jobs))


def _newer(known: Job, heard: Job) -> Job:
    """Completed wins over running, then the later conclusion; names and links may only grow better."""
    return _without_evidence(max(known, heard, key=_progress))


def _progress(job: Job) -> tuple[int, str, str]:
    completed = job.completed_at.isoformat() if job.completed_at else ""
    return (3 if job.done else _PROGRESS.get(job.status, 1), completed, job.conclusion or "")


def _without_evidence(job: Job) -> Job:
    """Evidence is large and lives on with the failure that it explains."""
    return replace(job, evidence=None)


def _join_runs(known: Iterable[Run], heard: Iterable[Run]) -> tuple[Run, ...]:
    runs = {run.id: run for run in known}
    for run in heard:
        runs[run.id] = max(runs.get(run.id, run), run, key=_run_progress)
    return tuple(runs[key] for key in sorted(runs))


def _run_progress(run: Run) -> tuple[int, int, str]:
    return (run.attempt, 3 if run.done else _PROGRESS.get(run.status, 1), run.conclusion or "")


def _superseded(job: Job, commit: Commit) -> bool:
    if any(_speaks_for(other, job) for other in commit.jobs):
        return True
    is_without_verdict = job.conclusion in {"cancelled", "stale"} or stands_for_run(job)
    return is_without_verdict and any(_is_successor(run, job) for run in commit.runs)


def _speaks_for(other: Job, job: Job) -> bool:
    """A newer job in the same slot, unless it was skipped and so says nothing about an older verdict."""
    if other.slot != job.slot or other.order <= job.order:
        return False
    return other.conclusion != "skipped" or job.conclusion == "skipped"


def _is_successor(run: Run, job: Job) -> bool:
    is_same_workflow = (run.workflow_id, run.event) == (job.workflow_id, job.event)
    return is_same_workflow and (run.id, run.attempt) > (job.run_id, job.attempt)


def _is_being_rerun(job: Job, commit: Commit) -> bool:
    """A new attempt of the run is under way and this verdict is the one that it is about (X16, X17)."""
    if job.conclusion in SILENT:
        return False
    return any(run.id == job.run_id and run.attempt > job.attempt and not run.done for run in commit.runs)


def stands_for_run(job: Job) -> bool:
    """Whether this is no job but a run that ended before it had any (startup failure, approval needed)."""
    return job.source is Source.ACTIONS and job.id < 0
