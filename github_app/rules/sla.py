"""Resolution clocks: how much time is spent, when the deadline is, whether it was met.

Laws: spent time never falls, a breach is never taken back by a later transition, and the very second of the deadline
still meets it (E12). All arithmetic is done in UTC, so a change to or from daylight saving time moves nothing (E01).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from github_app.rules.history import Span
from github_app.rules.policy import Policy, Rule, first_match
from github_app.rules.verdicts import Clock

MET: Final = "met"
BREACHED: Final = "breached"
OBSOLETE: Final = "obsolete"

MANY_DATABASE_TESTS: Final = 3
MANY_JOBS: Final = 2
COMPLEX_LABEL: Final = "complexity:high"
COMPLEX: Final = "complex"


def start(anchor: datetime, target_s: int | None, explanation: str = "") -> Clock:
    """Start a clock at its anchor: the time that GitHub says the job failed at, not when we heard of it (C59)."""
    at = utc(anchor)
    return Clock(anchor_at=at, target_s=target_s, running_since=at, explanation=explanation)


def spent(clock: Clock, now: datetime) -> float:
    """Return the seconds that the clock has run until `now`."""
    if clock.running_since is None:
        return clock.spent_s
    return clock.spent_s + max(0.0, _elapsed(clock.running_since, now))


def deadline(clock: Clock) -> datetime | None:
    """Return when the target is or was used up; None without a target, or while the clock stands before that.

    When a change of target left less than nothing, it is the working deadline, which reminders go by (C36).
    """
    if clock.working_due_at is not None and clock.running_since is not None:
        return clock.working_due_at
    if clock.breached_at is not None:
        return clock.breached_at
    if clock.target_s is None or clock.running_since is None:
        return None
    return _after(clock.running_since, clock.target_s - clock.spent_s)


def late_from(clock: Clock) -> datetime | None:
    """Return the first second at which it is late: when a timer has to look, one second after the deadline (E12)."""
    due = deadline(clock)
    return None if due is None else due + timedelta(seconds=1)


def breach(clock: Clock, now: datetime) -> Clock:
    """Mark the deadline as missed if `now` is past it; what is marked stays marked."""
    due = deadline(clock)
    if due is None or clock.breached_at is not None or utc(now) <= due:
        return clock
    return replace(clock, breached_at=due)


def stop(clock: Clock, at: datetime, outcome: str = MET) -> Clock:
    """Stop the clock for good or for now; `met` becomes `breached` when it is late. A second stop changes nothing."""
    if clock.running_since is None:
        return clock
    marked = breach(clock, at)
    late = marked.breached_at is not None and outcome == MET
    return replace(marked, spent_s=spent(clock, at), running_since=None, outcome=BREACHED if late else outcome)


def resume(clock: Clock, at: datetime) -> Clock:
    """Let a stopped clock run on with its spent time (C28, E42); a running one is left alone."""
    if clock.running_since is not None:
        return clock
    return replace(clock, running_since=utc(at), outcome=None, generation=clock.generation + 1)


def retarget(clock: Clock, target_s: int | None, at: datetime, explanation: str = "") -> Clock:
    """Give a clock another target, keeping the spent time (E39); what was missed under the old one stays missed.

    A target that is spent already is missed from `at` on, `by_retarget`, and a working deadline of one full new target
    begins there (C36).
    """
    if target_s == clock.target_s:
        return clock
    marked = breach(clock, at)
    moved = replace(marked, target_s=target_s, explanation=explanation, generation=clock.generation + 1)
    moved = replace(moved, held_at=marked.breached_at, working_due_at=None)
    if target_s is None or spent(clock, at) <= target_s:
        return moved
    words = f"{explanation} (spent already when it was set)".strip()
    if moved.breached_at is None:
        moved = replace(moved, breached_at=utc(at), held_at=utc(at), by_retarget=True, explanation=words)
    return replace(moved, working_due_at=_after(at, target_s)) if moved.by_retarget else moved


def clock_of(spans: Iterable[Span], clock: Clock) -> Clock:
    """Run a clock over the stretches in which its failure was red; the target and the words come from `clock`.

    The answer depends on the stretches alone, so a green that is heard of late corrects a breach that never was.
    """
    stretches = sorted(spans, key=lambda span: span.start)
    anchor = stretches[0].start if stretches else clock.anchor_at
    fresh = replace(start(anchor, clock.target_s, clock.explanation), calendar=clock.calendar)
    run = stop(fresh, fresh.anchor_at, OBSOLETE) if not stretches else fresh
    for number, span in enumerate(stretches):
        run = resume(run, span.start) if number else run
        if span.end is not None:
            run = stop(run, span.end, MET if span.ended_by is not None else OBSOLETE)
    if clock.held_at is not None and stretches and (stretches[-1].end or clock.held_at) >= clock.held_at:
        return _held(run, clock)
    return replace(run, breached_at=clock.breached_at) if _still_missed(run, clock) else run


def _held(run: Clock, before: Clock) -> Clock:
    """What was missed before the target changed, or by that change, stays missed (C36)."""
    return replace(
        run,
        outcome=BREACHED if run.outcome == MET else run.outcome,
        breached_at=before.held_at,
        held_at=before.held_at,
        by_retarget=before.by_retarget,
        working_due_at=before.working_due_at,
    )


def _still_missed(run: Clock, before: Clock) -> bool:
    return run.running_since is not None and before.breached_at is not None and before.breached_at == deadline(run)


# --- complexity (C02) ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Complexity:
    """How hard a database test failure is taken to be, and the rule that says so."""

    value: str  # simple | complex
    sentence: str


def complexity(
    policy: Policy,
    *,
    changed: Iterable[str] = (),
    database_failures: int = 1,
    jobs: int = 1,
    labels: Iterable[str] = (),
) -> Complexity:
    """Judge complexity by facts that everybody can check, not by anyone's later opinion (C02)."""
    path = next((path for path in changed if first_match(policy.schema_paths, (path,)) is not None), None)
    if path is not None:
        return Complexity(COMPLEX, f"complex: the change touches {path}, a schema path")
    if database_failures >= MANY_DATABASE_TESTS:
        return Complexity(COMPLEX, f"complex: {database_failures} database tests failed, 3 or more")
    if jobs >= MANY_JOBS:
        return Complexity(COMPLEX, f"complex: {jobs} jobs are hit, 2 or more")
    if COMPLEX_LABEL in labels:
        return Complexity(COMPLEX, f"complex: the label {COMPLEX_LABEL} is set")
    return Complexity("simple", "simple: no schema path changed, fewer than 3 database tests failed, one job is hit")


def explain(rule: Rule, judged: Complexity | None = None) -> str:
    """Return the arithmetic of a deadline in words: the target, its calendar, and the policy line it comes from."""
    kind = rule.target_of or rule.name
    target = "no deadline" if rule.sla_s is None else f"{duration_in_words(rule.sla_s)} for {kind}, around the clock"
    why = f"; {judged.sentence}" if judged is not None else ""
    return f"{target} ({rule.provenance['sla']}){why}"


# --- words -----------------------------------------------------------------------------------------------------------


def duration_in_words(seconds: float) -> str:
    """Return a length of time in words, in whole minutes: "30 min", "1 h 54 min", "24 h", "7 d"; days from two on."""
    minutes = int(seconds // 60)
    if minutes <= 0:
        return "less than 1 min"
    days, rest = divmod(minutes, 24 * 60) if minutes >= 2 * 24 * 60 else (0, minutes)
    hours, minutes = divmod(rest, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def due_in_words(due: datetime | None, now: datetime) -> str:
    """Return a deadline as people read it: "in 1 h 54 min (15:40 UTC)", "overdue by 12 min", "no deadline"."""
    if due is None:
        return "no deadline"
    left = _elapsed(now, due)
    if left < 0:
        return f"overdue by {duration_in_words(-left)}"
    return f"in {duration_in_words(left)} ({_moment(utc(due), utc(now))})"


def _moment(due: datetime, now: datetime) -> str:
    day = "" if due.date() == now.date() else f"{due:%a} {due.day} {due:%b} "
    return f"{day}{due:%H:%M} UTC"


# --- around the clock; another calendar would answer these two differently -----------------------------------------


def _elapsed(since: datetime, until: datetime) -> float:
    return (utc(until) - utc(since)).total_seconds()


def _after(since: datetime, seconds: float) -> datetime:
    return utc(since) + timedelta(seconds=seconds)


def utc(moment: datetime) -> datetime:
    """Return the moment in UTC; ValueError for a time without a zone, which could mean any of 38 moments."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)
