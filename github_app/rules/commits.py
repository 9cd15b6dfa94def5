"""A commit's jobs as a join of everything heard: any order, any repetition, the same end (F25, F26, E23)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from github_app.rules.events import JobsSeen
from github_app.rules.model import Job, Repo, Run, Source
from github_app.rules.records import Commit

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
    """Return the commit with the event's jobs and runs taken in."""
    return replace(
        commit,
        repo=event.repo,
        first_seen_at=min(commit.first_seen_at, event.received_at),
        jobs=_join_jobs(commit.jobs, event.jobs),
        runs=_join_runs(commit.runs, event.runs),
    )


def with_refs(commit: Commit, names: Iterable[str]) -> Commit:
    """Return the commit on more lines of work; a new one may bring jobs of its own, so they are waited for anew."""
    refs = tuple(sorted({*commit.refs, *names}))
    return commit if refs == commit.refs else replace(commit, refs=refs, settled=False)


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
    """Whether the workflow tolerates this red job: its run ended in success all the same (`continue-on-error`).

    The newest attempt at the job has to be red too, or the run may owe its success to that.
    """
    run = next((run for run in commit.runs if run.id == job.run_id), None)
    if run is None or run.conclusion != "success" or job.conclusion not in RED:
        return False
    attempts = [other for other in commit.jobs if (other.slot, other.run_id) == (job.slot, job.run_id)]
    newest = max(attempts, key=lambda other: other.attempt)
    return newest.conclusion in RED and run.attempt >= newest.attempt


def awaited_runs(commit: Commit) -> tuple[Run, ...]:
    """Runs that have not ended, so that jobs may still come."""
    return tuple(run for run in commit.runs if not run.done)


def _join_jobs(known: Iterable[Job], heard: Iterable[Job]) -> tuple[Job, ...]:
    jobs = {_job_key(job): job for job in known}
    for job in heard:
        key = _job_key(job)
        jobs[key] = _newer(jobs[key], job) if key in jobs else _without_evidence(job)
    return tuple(jobs[key] for key in sorted(jobs))


def _job_key(job: Job) -> tuple[str, int, int]:
    return job.source, job.id, job.attempt  # what stands for a run has the run's id in every attempt


def _newer(known: Job, heard: Job) -> Job:
    """Completed wins over running (E23), then the later end, then at the same second what is not passed."""
    return _without_evidence(max(known, heard, key=_progress))


def _progress(job: Job) -> tuple[int, float, bool, str]:
    completed = job.completed_at.timestamp() if job.completed_at else 0.0
    return (_step(job), completed, job.conclusion not in SILENT, job.conclusion or "")


def _step(told: Job | Run) -> int:
    return _PROGRESS["completed"] if told.done else _PROGRESS.get(told.status, 1)


def _without_evidence(job: Job) -> Job:
    """Evidence is large and lives on with the failure that it explains."""
    return replace(job, evidence=None)


def _join_runs(known: Iterable[Run], heard: Iterable[Run]) -> tuple[Run, ...]:
    runs = {run.id: run for run in known}
    for run in heard:
        runs[run.id] = max(runs.get(run.id, run), run, key=_run_progress)
    return tuple(runs[key] for key in sorted(runs))


def _run_progress(run: Run) -> tuple[int, int, bool, str]:
    return (run.attempt, _step(run), run.conclusion != "success", run.conclusion or "")


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
    """A newer run of the same workflow; a skipped one did nothing, so it speaks for nobody."""
    is_same_workflow = (run.workflow_id, run.event) == (job.workflow_id, job.event)
    return is_same_workflow and run.conclusion != "skipped" and (run.id, run.attempt) > (job.run_id, job.attempt)


def _is_being_rerun(job: Job, commit: Commit) -> bool:
    """A new attempt of the run is under way and this verdict is the one that it is about (X16, X17)."""
    if job.conclusion in SILENT:
        return False
    return any(run.id == job.run_id and run.attempt > job.attempt and not run.done for run in commit.runs)


def stands_for_run(job: Job) -> bool:
    """Whether this is no job but a run that ended before it had any (startup failure, approval needed)."""
    return job.source is Source.ACTIONS and job.id < 0
