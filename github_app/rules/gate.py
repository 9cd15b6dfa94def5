"""What the gate of a commit shows: shut while anything is undecided, and always with the reason (G21, T33)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from github_app.rules.around import Around
from github_app.rules.commits import Standing, awaited_runs, standings, stands_for_run, tolerated_jobs
from github_app.rules.model import Job, Source
from github_app.rules.policy import GatePolicy, first_match
from github_app.rules.records import Commit, Failure
from github_app.rules.sla import duration_in_words
from github_app.rules.verdicts import Mode
from github_app.rules.verifying import refusal_of

MAX_TITLE = 255

REFUSED_FIX = "green, but QA did not accept the fix"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the gate's table: a job, and the failure that it is part of if there is one."""

    job: Job
    standing: Standing
    gating: bool
    failures: tuple[Failure, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class Gate:
    """The check as it should be: `conclusion` is None while it is in progress."""

    sha: str
    conclusion: str | None
    title: str
    rows: tuple[Row, ...]
    awaited: tuple[str, ...] = ()
    observing: bool = False
    notices: tuple[str, ...] = ()
    around: Mapping[str, Around] = field(default_factory=dict)  # by the failure's id
    answers: tuple[str, ...] = ()  # to commands, where the conversation is locked
    for_qa: tuple[Failure, ...] = ()  # green, with a fix that QA has to look at (S1-014)

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """The failures shown, each once, those that gate first and the earliest deadline first."""
        return _failures(self.rows)


def gate_of(
    commit: Commit, failures: Sequence[Failure], rules: GatePolicy, mode: Mode, notices: Iterable[str] = ()
) -> Gate:
    """Decide the gate of a commit from its jobs and from the failures of all refs that it is on (X15: the stricter)."""
    rows = tuple(_rows(commit, failures, rules))
    shut = [row for row in rows if row.gating and row.standing in _SHUT]
    awaited = tuple(_awaited(commit, rows, rules))
    if shut:
        conclusion, title = "failure", _title(rows, shut)
    elif awaited or not (_judged(rows) or commit.settled):
        conclusion, title = None, _waiting_title(awaited)
    else:
        conclusion, title = "success", _passed_title(rows)
    observing = mode is Mode.OBSERVE
    if observing and conclusion is not None:
        conclusion, title = "neutral", f"Observing: would be {conclusion}. {title}"
    return Gate(commit.sha, conclusion, _one_line(title), rows, awaited, observing, tuple(notices))


def is_gating(job: Job, rules: GatePolicy) -> bool:
    """Whether a job can hold the gate shut: jobs of Actions unless ignored, foreign checks only when named."""
    if first_match(rules.ignore, _names(job)):
        return False
    if rules.jobs:
        return any(_answers(job, pattern) for pattern in rules.jobs)
    return job.source is Source.ACTIONS


_SHUT = frozenset({Standing.RED, Standing.CANCELLED, Standing.APPROVAL})


def _failures(rows: Iterable[Row]) -> tuple[Failure, ...]:
    seen: dict[str, tuple[bool, Failure]] = {}
    for row in rows:
        for failure in row.failures:
            gating = row.gating or (failure.id in seen and seen[failure.id][0])
            seen[failure.id] = (gating, failure)
    return tuple(failure for _, failure in sorted(seen.values(), key=_urgency))


def _rows(commit: Commit, failures: Sequence[Failure], rules: GatePolicy) -> Iterable[Row]:
    parts: dict[tuple[int, int], list[Failure]] = {}
    for failure in failures:
        for leg in failure.legs:
            parts.setdefault((leg.job_id, leg.attempt), []).append(failure)
    tolerated = tolerated_jobs(commit)
    refused = _refused(commit, failures)
    for job, told in standings(commit):
        key = (job.id, job.attempt)
        held = refused.get(job.slot, ()) if told is Standing.PASSED else ()
        mine = held or tuple(parts.get(key, ()))
        state = Standing.RED if held or (told is Standing.CANCELLED and mine) else told
        gating = is_gating(job, rules) and key not in tolerated
        remark = REFUSED_FIX if held else _remark(job, state, rules, tolerated=key in tolerated)
        yield Row(job, state, gating, mine if state is Standing.RED else (), remark)


def _refused(commit: Commit, failures: Sequence[Failure]) -> Mapping[str, tuple[Failure, ...]]:
    """Return the failures whose fix on this commit QA did not accept, by the jobs that are green there all the same."""
    found: dict[str, tuple[Failure, ...]] = {}
    for failure in failures:
        refusal = refusal_of(failure)
        if refusal is not None and refusal.sha == commit.sha:
            slots = {green.slot for green in failure.greens if green.sha == commit.sha}
            found |= {slot: (*found.get(slot, ()), failure) for slot in slots}
    return found


def _remark(job: Job, state: Standing, rules: GatePolicy, *, tolerated: bool) -> str:
    if state is Standing.CANCELLED:
        return f"{job.conclusion or 'ended without a conclusion'}: re-run or remove"
    if state is Standing.APPROVAL:
        return "waits for a maintainer to approve the run"
    if state is Standing.RED and tolerated:
        return "does not gate: the workflow lets this job fail"
    if state is Standing.RED and not is_gating(job, rules):
        return "does not gate: gate.ignore or not among gate.jobs" if job.source is Source.ACTIONS else "does not gate"
    return ""


def _awaited(commit: Commit, rows: Sequence[Row], rules: GatePolicy) -> Iterable[str]:
    """What still has to be heard; workflows rather than jobs, so that each job's start is no reason to write."""
    running = [row.job for row in rows if row.gating and row.standing is Standing.RUNNING]
    names = [job.workflow or job.name for job in running]
    names += [run.workflow for run in awaited_runs(commit) if _run_may_gate(run.workflow, rules)]
    # After the settling time the repository's list is not expected any more (X46); the organisation's always is.
    expected = rules.pinned if commit.settled else (*rules.pinned, *rules.jobs)
    names += [pattern for pattern in dict.fromkeys(expected) if not any(_answers(row.job, pattern) for row in rows)]
    return dict.fromkeys(names)


def _answers(job: Job, pattern: str) -> bool:
    """Whether a job is one that a pattern of `gate.jobs` asks for.

    `workflow / job` asks for a job of Actions: anybody with write access could post a status of that name (T30).
    """
    if " / " in pattern and job.source is not Source.ACTIONS:
        return False
    return first_match((pattern,), _names(job)) is not None


def _names(job: Job) -> tuple[str, str]:
    return job.name, f"{job.workflow} / {job.name}"


def _run_may_gate(workflow: str, rules: GatePolicy) -> bool:
    return first_match(rules.ignore, (f"{workflow} / *",)) is None


def _judged(rows: Sequence[Row]) -> bool:
    return any(row.gating and not stands_for_run(row.job) for row in rows)


def _title(rows: Sequence[Row], shut: Sequence[Row]) -> str:
    """Most urgent first: what kind, whose, by when; the whole title stays under GitHub's 255 characters."""
    failures = _failures(row for row in rows if row.gating)
    others = [row for row in shut if not row.failures]
    # One commit in two pull requests has each failure twice (X14); saying it once is enough here.
    named = list(dict.fromkeys(f"{each.verdict.category} ({owner_name(each)}{_by(each)})" for each in failures))
    parts = named[:3]
    if len(named) > len(parts):
        parts.append(f"{len(named) - len(parts)} more")
    parts += [f"{row.job.name[:60]} {row.remark or 'failed'}" for row in others[:1]]
    if len(others) > 1:
        parts.append(f"{len(others) - 1} more not passed")
    return "; ".join(parts)


def _one_line(title: str) -> str:
    """Strangers name jobs: what cannot be shown is taken out, and GitHub takes 255 characters."""
    shown = "".join(char if char.isprintable() else " " for char in title)
    return shown if len(shown) <= MAX_TITLE else shown[: MAX_TITLE - 1] + "…"


def _by(failure: Failure) -> str:
    target = failure.clock.target_s
    return "" if target is None else f", {duration_in_words(target)} to fix"


def _waiting_title(awaited: Sequence[str]) -> str:
    if not awaited:
        return "Waiting for the first job"
    shown = ", ".join(name[:60] for name in awaited[:2])
    return f"Waiting for {shown}" + (f" and {len(awaited) - 2} more" if len(awaited) > 2 else "")  # noqa: PLR2004


def _passed_title(rows: Sequence[Row]) -> str:
    passed = sum(1 for row in rows if row.gating)
    if passed == 0:
        return "Nothing to judge: no job was expected"
    return f"All clear: {passed} job{'s' if passed > 1 else ''} passed"


def _urgency(item: tuple[bool, Failure]) -> tuple[bool, float, datetime, str]:
    gating, failure = item
    target = failure.clock.target_s
    return (not gating, float("inf") if target is None else target, failure.clock.anchor_at, failure.id)


def owner_name(failure: Failure) -> str:
    """Return who is accountable, as people say it: logins, else teams, else the role."""
    party = failure.owner.accountable
    logins = [person.login for person in party.public.people]
    return ", ".join((logins or list(party.names))[:2])
