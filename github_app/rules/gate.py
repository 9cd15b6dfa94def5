"""What the gate of a commit shows: shut while anything is undecided, and always with the reason (G21, T33)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from github_app.rules.commits import Standing, awaited_runs, is_allowed_to_fail, standing, stands_for_run
from github_app.rules.model import Job, Source
from github_app.rules.policy import GatePolicy, first_match
from github_app.rules.records import Commit, Failure
from github_app.rules.sla import duration_in_words
from github_app.rules.verdicts import Mode

MAX_TITLE = 255


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
    names = (job.name, f"{job.workflow} / {job.name}")
    if first_match(rules.ignore, names):
        return False
    if rules.jobs:
        return first_match(rules.jobs, names) is not None
    return job.source is Source.ACTIONS


_SHUT = frozenset({Standing.RED, Standing.CANCELLED, Standing.APPROVAL})


def _rows(commit: Commit, failures: Sequence[Failure], rules: GatePolicy) -> Iterable[Row]:
    for job in commit.jobs:
        state = standing(job, commit)
        if state is None:
            continue
        tolerated = is_allowed_to_fail(job, commit)
        gating = is_gating(job, rules) and not tolerated
        mine = tuple(failure for failure in failures if _is_part_of(job, failure))
        if state is Standing.CANCELLED and mine:
            state = Standing.RED
        yield Row(job, state, gating, mine if state is Standing.RED else (), _remark(job, state, rules, tolerated))


def _is_part_of(job: Job, failure: Failure) -> bool:
    return any((leg.job_id, leg.attempt) == (job.id, job.attempt) for leg in failure.legs)


def _remark(job: Job, state: Standing, rules: GatePolicy, tolerated: bool) -> str:  # noqa: FBT001  (read in one place)
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
    if not commit.settled:
        heard = [(row.job.name, f"{row.job.workflow} / {row.job.name}") for row in rows]
        names += [pattern for pattern in rules.jobs if not any(first_match((pattern,), pair) for pair in heard)]
    return dict.fromkeys(names)


def _run_may_gate(workflow: str, rules: GatePolicy) -> bool:
    return first_match(rules.ignore, (f"{workflow} / *",)) is None


def _judged(rows: Sequence[Row]) -> bool:
    return any(row.gating and not stands_for_run(row.job) for row in rows)


def _title(rows: Sequence[Row], shut: Sequence[Row]) -> str:
    """Most urgent first: what kind, whose, by when; the whole title stays under GitHub's 255 characters."""
    failures = Gate("", None, "", tuple(row for row in rows if row.gating)).failures
    others = [row for row in shut if not row.failures]
    # One commit in two pull requests has each failure twice (X14); saying it once is enough here.
    named = list(dict.fromkeys(f"{each.verdict.category} ({owner_name(each)}{_by(each)})" for each in failures))
    parts = named[:3]
    if len(named) > len(parts):
        parts.append(f"{len(named) - len(parts)} more")
    parts += [f"{row.job.name[:60]} {row.remark}" for row in others[:1]]
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
    names = [person.login for person in party.people] or list(party.teams) or [party.role]
    return ", ".join(names[:2])
