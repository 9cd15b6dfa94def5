"""What the gate of a commit shows: shut while anything is undecided, and always with the reason (G21, T33)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from github_app.rules.commits import Standing, awaited_runs, is_allowed_to_fail, standing, stands_for_run
from github_app.rules.model import Commit, Failure, Job, Source


class Mode(StrEnum):
    """Whether the gate may hold a merge back."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


@dataclass(frozen=True, slots=True)
class GateRules:
    """The part of the policy that the gate obeys; patterns are globs on a job's name or on `workflow / job`."""

    mode: Mode
    jobs: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the gate's table: a job, and the failure that it is part of if there is one."""

    job: Job
    standing: Standing
    gating: bool
    failures: tuple[Failure, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """The check as it should be: `conclusion` is None while it is in progress."""

    sha: str
    conclusion: str | None
    title: str
    rows: tuple[Row, ...]
    awaited: tuple[str, ...] = ()
    observing: bool = False
    notices: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The failures shown, each once, those that gate first and the earliest deadline first."""
        seen: dict[str, tuple[bool, Failure]] = {}
        for row in self.rows:
            for failure in row.failures:
                gating = row.gating or (failure.id in seen and seen[failure.id][0])
                seen[failure.id] = (gating, failure)
        return tuple(failure for _, failure in sorted(seen.values(), key=_urgency))


def gate_of(commit: Commit, failures: Sequence[Failure], rules: GateRules, notices: Iterable[str] = ()) -> Gate:
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
    if rules.mode is Mode.OBSERVE and conclusion is not None:
        return Gate(
            commit.sha, "neutral", f"Observing: would be {conclusion}. {title}", rows, awaited, True, tuple(notices)
        )
    return Gate(commit.sha, conclusion, title, rows, awaited, rules.mode is Mode.OBSERVE, tuple(notices))


def is_gating(job: Job, rules: GateRules) -> bool:
    """Whether a job can hold the gate shut: jobs of Actions unless ignored, foreign checks only when named."""
    names = (job.name, f"{job.workflow} / {job.name}")
    if _matches(names, rules.ignore):
        return False
    if rules.jobs:
        return _matches(names, rules.jobs)
    return job.source is Source.ACTIONS


_SHUT = frozenset({Standing.RED, Standing.CANCELLED, Standing.APPROVAL})


def _rows(commit: Commit, failures: Sequence[Failure], rules: GateRules) -> Iterable[Row]:
    for job in commit.jobs:
        state = standing(job, commit)
        if state is None:
            continue
        tolerated = is_allowed_to_fail(job, commit)
        gating = is_gating(job, rules) and not tolerated
        mine = tuple(failure for failure in failures if any(leg.job_id == job.id for leg in failure.legs))
        if state is Standing.CANCELLED and mine:
            state = Standing.RED
        yield Row(job, state, gating, mine if state is Standing.RED else (), _remark(job, state, rules, tolerated))


def _remark(job: Job, state: Standing, rules: GateRules, tolerated: bool) -> str:  # noqa: FBT001  (read in one place)
    if state is Standing.CANCELLED:
        return "cancelled: re-run or remove"
    if state is Standing.APPROVAL:
        return "waits for a maintainer to approve the run"
    if state is Standing.RED and tolerated:
        return "does not gate: the workflow lets this job fail"
    if state is Standing.RED and not is_gating(job, rules):
        return "does not gate: gate.ignore or not among gate.jobs" if job.source is Source.ACTIONS else "does not gate"
    return ""


def _awaited(commit: Commit, rows: Sequence[Row], rules: GateRules) -> Iterable[str]:
    running = [row for row in rows if row.gating and row.standing is Standing.RUNNING]
    yield from (f"{row.job.workflow} / {row.job.name}" if row.job.workflow else row.job.name for row in running)
    if not running:
        yield from (run.workflow for run in awaited_runs(commit) if _run_may_gate(run.workflow, rules))
    if not commit.settled:
        names = [(row.job.name, f"{row.job.workflow} / {row.job.name}") for row in rows]
        yield from (pattern for pattern in rules.jobs if not any(_matches(pair, (pattern,)) for pair in names))


def _run_may_gate(workflow: str, rules: GateRules) -> bool:
    return not _matches((f"{workflow} / *",), rules.ignore)


def _judged(rows: Sequence[Row]) -> bool:
    return any(row.gating and not stands_for_run(row.job) for row in rows)


def _title(rows: Sequence[Row], shut: Sequence[Row]) -> str:
    """Most urgent first: what kind, whose, by when; the whole title stays under GitHub's 255 characters."""
    failures = Gate("", None, "", tuple(row for row in rows if row.gating)).failures
    others = [row for row in shut if not row.failures]
    parts = [f"{failure.verdict.category} ({owner_name(failure)}{_by(failure)})" for failure in failures[:3]]
    if len(failures) > len(parts):
        parts.append(f"{len(failures) - len(parts)} more")
    parts += [f"{row.job.name[:60]} {row.remark}" for row in others[:1]]
    if len(others) > 1:
        parts.append(f"{len(others) - 1} more not passed")
    return "; ".join(parts)


def _by(failure: Failure) -> str:
    minutes = None if failure.clock.target_s is None else failure.clock.target_s // 60
    return "" if minutes is None else f", {duration(minutes * 60)} to fix"


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


def _matches(names: tuple[str, ...], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def _urgency(item: tuple[bool, Failure]) -> tuple[bool, float, datetime, str]:
    gating, failure = item
    target = failure.clock.target_s
    return (not gating, float("inf") if target is None else target, failure.clock.anchor_at, failure.id)


def owner_name(failure: Failure) -> str:
    """Return who is accountable, as people say it: logins, else teams, else the role."""
    party = failure.owner.accountable
    names = [person.login for person in party.people] or list(party.teams) or [party.role]
    return ", ".join(names[:2])


def duration(seconds: float) -> str:
    """Return a length of time in words: "30 min", "2 h", "1 h 54 min", "7 d"."""
    minutes = max(0, round(seconds / 60))
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(part for part in parts if part) or "0 min"
