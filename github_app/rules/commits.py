"""A commit's jobs as a join of everything heard: any order, any repetition, the same end (F25, F26, E23)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from github_app.rules.events import JobsSeen
from github_app.rules.hands import in_order
from github_app.rules.model import Job, Repo, Run, Source
from github_app.rules.records import Commit

RED = frozenset({"failure", "timed_out", "startup_failure", "error"})
"""Conclusions that open a failure record (E33); `error` is a commit status's word."""

SILENT = frozenset({"success", "neutral", "skipped"})
"""Conclusions that GitHub counts as passed (G21)."""

T = TypeVar("T", bound=Any)
_Slot = tuple[str, int]
_Order = tuple[int, int, int]
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
        hands=in_order((*commit.hands, *event.hands)),
    )


def with_refs(commit: Commit, names: Iterable[str]) -> Commit:
    """Return the commit on more lines of work; a new one may bring jobs of its own, so they are waited for anew."""
    refs = tuple(sorted({*commit.refs, *names}))
    return commit if refs == commit.refs else replace(commit, refs=refs, settled=False)


def standings(commit: Commit) -> tuple[tuple[Job, Standing], ...]:
    """Return the jobs that count, each with what it means now.

    Left out are those in whose place a newer run or attempt speaks (X8, X9, X18). Only a verdict speaks for another:
    a job that was skipped or cancelled says nothing about what had been red before it.
    """
    index = _Index.of(commit)
    return tuple((job, index.standing(job)) for job in commit.jobs if not index.is_superseded(job))


def standing(job: Job, commit: Commit) -> Standing | None:
    """Say what one job means now; None when a newer one speaks in its place."""
    return next((state for other, state in standings(commit) if _job_key(other) == _job_key(job)), None)


def tolerated_jobs(commit: Commit) -> frozenset[tuple[int, int]]:
    """Return (id, attempt) of the red jobs that their workflow lets fail: their run ended in success all the same.

    That is `continue-on-error`. The job has to be red in the very attempt that succeeded, or the success may be owed to
    its having passed or gone.
    """
    green = {(run.id, run.attempt) for run in commit.runs if run.conclusion == "success"}
    if not green:
        return frozenset()
    newest = _latest(((job.slot, job.run_id), (job.attempt, job.conclusion in RED, job.id)) for job in commit.jobs)
    kept = {key for key, (attempt, is_red, _) in newest.items() if is_red and (key[1], attempt) in green}
    red = (job for job in commit.jobs if job.conclusion in RED)
    return frozenset((job.id, job.attempt) for job in red if (job.slot, job.run_id) in kept)


def is_allowed_to_fail(job: Job, commit: Commit) -> bool:
    """Whether the workflow lets this red job fail."""
    return (job.id, job.attempt) in tolerated_jobs(commit)


def awaited_runs(commit: Commit) -> tuple[Run, ...]:
    """Return the runs of which something is still to be heard: those under way, and red ones without a red job."""
    index = _Index.of(commit)
    # A red job that a newer one speaks for explains nothing any more: then another one must have failed.
    told = {job.run_id for job in commit.jobs if job.conclusion not in SILENT and not index.is_superseded(job)}
    return tuple(
        run
        for run in commit.runs
        if not run.done or (run.conclusion not in SILENT and run.id not in told and not index.has_successor(run))
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """What is newest in each slot and of each workflow, found in one pass."""

    is_shared: bool
    speakers: Mapping[_Slot, _Order]
    unspoken: Mapping[_Slot, _Order]  # newest that ended, but in no verdict
    newest: Mapping[_Slot, _Order]
    workflows: Mapping[_Slot, tuple[int, int, bool]]  # newest run that was not skipped: id, attempt, done
    runs: Mapping[int, Run]

    @classmethod
    def of(cls, commit: Commit) -> _Index:
        # Of two pull requests with one head, the green run of one says nothing about the red run of the other (X15).
        shared = sum(1 for name in commit.refs if name.startswith("pull/")) > 1
        keyed = [(_slot(job.slot, job.run_id, shared=shared), job) for job in commit.jobs]
        runs = [run for run in commit.runs if run.conclusion != "skipped"]
        return cls(
            is_shared=shared,
            speakers=_latest((key, job.order) for key, job in keyed if _has_verdict(job)),
            unspoken=_latest((key, job.order) for key, job in keyed if job.conclusion != "skipped"),
            newest=_latest((key, job.order) for key, job in keyed),
            workflows=_latest((_workflow(run, shared=shared), (run.id, run.attempt, run.done)) for run in runs),
            runs={run.id: run for run in commit.runs},
        )

    def is_superseded(self, job: Job) -> bool:
        if stands_for_run(job):
            run = self.runs.get(job.run_id)
            went_on = run is not None and (run.attempt, run.conclusion) != (job.attempt, job.conclusion)
            if (went_on and run is not None and run.attempt >= job.attempt) or self._has_newer_run(job):
                return True
        others = self.speakers
        if not _has_verdict(job):
            others = self.newest if job.conclusion == "skipped" else self.unspoken
        latest = others.get(_slot(job.slot, job.run_id, shared=self.is_shared))
        return latest is not None and latest > job.order

    def standing(self, job: Job) -> Standing:
        if not job.done or self._is_being_rerun(job):
            return Standing.RUNNING
        if job.conclusion in RED:
            return Standing.RED
        if job.conclusion == "action_required":
            return Standing.APPROVAL
        if job.conclusion in SILENT:
            return Standing.PASSED
        # Cancelled, stale, and whatever GitHub adds: never passed, but a run that took its place may still speak.
        return Standing.RUNNING if self._is_being_replaced(job) else Standing.CANCELLED

    def has_successor(self, run: Run) -> bool:
        newest = self.workflows.get(_workflow(run, shared=self.is_shared))
        return newest is not None and newest[:2] > (run.id, run.attempt)

    def _is_being_rerun(self, job: Job) -> bool:
        """A new attempt of the run is under way and this verdict is the one that it is about (X16, X17)."""
        run = self.runs.get(job.run_id)
        is_running = run is not None and run.attempt > job.attempt and not run.done
        return is_running and job.conclusion not in SILENT

    def _is_being_replaced(self, job: Job) -> bool:
        newest = self.workflows.get(_workflow(job, shared=self.is_shared))
        return newest is not None and newest[:2] > (job.run_id, job.attempt) and not newest[2]

    def _has_newer_run(self, job: Job) -> bool:
        newest = self.workflows.get(_workflow(job, shared=self.is_shared))
        return newest is not None and newest[:2] > (job.run_id, job.attempt)


def _slot(slot: str, run_id: int, *, shared: bool) -> _Slot:
    return (slot, run_id if shared else 0)


def _workflow(told: Run | Job, *, shared: bool) -> _Slot:
    run_id = told.run_id if isinstance(told, Job) else told.id
    return _slot(f"{told.workflow_id}|{told.event}", run_id, shared=shared)


def _latest(found: Iterable[tuple[_Slot, T]]) -> dict[_Slot, T]:
    newest: dict[_Slot, T] = {}
    for key, order in found:
        known = newest.get(key)
        newest[key] = order if known is None or order > known else known
    return newest


def _has_verdict(job: Job) -> bool:
    """Whether a job says something, or still may: then it stands for what came before it in its slot."""
    return not job.done or job.conclusion in RED | {"success", "neutral", "action_required"}


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
    if isinstance(told, Run) and told.conclusion == "action_required":
        return _PROGRESS["waiting"]  # it has not begun; once approved, the same attempt goes on
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


def stands_for_run(job: Job) -> bool:
    """Whether this is no job but a run that ended before it had any (startup failure, approval needed)."""
    return job.source is Source.ACTIONS and job.id < 0
