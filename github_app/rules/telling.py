"""What the journal tells of a failure, in the order in which it is read: each turn with its reason (R1, S1-041)."""

from __future__ import annotations

from datetime import datetime, timedelta

from github_app.rules.case import Case, Note
from github_app.rules.findings import leg_key
from github_app.rules.impact import impact
from github_app.rules.ownership import GAP
from github_app.rules.records import RESOLVED_STATES, Failure, FailureState, Ref
from github_app.rules.sla import deadline, duration_in_words
from github_app.rules.verifying import refusal_of

FLIP = "flip"
"""The journal's word for red and then green on one commit."""

LATE = timedelta(minutes=5)
"""A failure heard of later than this after its job ended is called a late delivery (C59)."""


def told(before: Failure | None, after: Failure, case: Case, at: datetime) -> list[Note]:
    """The transitions of a failure, each with its reason; a jump tells the steps between (R1, R7)."""
    notes = _first_steps(after, case, at) if before is None else _news(before, after, at)
    notes += _turns(before, after, at)
    if len(after.flips) > len(before.flips if before else ()):
        notes.append(Note(after.id, FLIP, "It flipped: red, then green on the same commit", after.flips[-1]))
    if after.clock.breached_at and not (before and before.clock.breached_at):
        notes.append(Note(after.id, "breached", "The deadline passed without a fix", after.clock.breached_at))
    return notes


def _turns(before: Failure | None, after: Failure, at: datetime) -> list[Note]:
    """The changes of state; what its fix is worth comes after the word that it is fixed (R7)."""
    notes, was = [], before.state if before else FailureState.ASSIGNED
    if after.resolved and was not in RESOLVED_STATES:
        green_at = after.resolved_at or at
        notes.append(Note(after.id, FailureState.RESOLVED_UNVERIFIED, _why_green(after), green_at))
        was = FailureState.RESOLVED_UNVERIFIED
    if was is not after.state:
        notes.append(Note(after.id, after.state, after.proof if after.resolved else _why(before, after), at))
    return notes


def _first_steps(failure: Failure, case: Case, at: datetime) -> list[Note]:
    ref = next((ref for ref in case.refs if ref.name == failure.ref), None)
    notes = [
        Note(failure.id, "detected", f"{failure.job} failed on {failure.ref}", failure.clock.anchor_at),
        Note(failure.id, "triaged", failure.verdict.reason, at),
        Note(failure.id, "assigned", "; ".join(failure.owner.steps), at),
        Note(failure.id, "notified", _notification(failure, ref), at),
        Note(failure.id, "impact", impact(failure, ref, case.siblings).sentence, at),
        Note(failure.id, "clock", _clock(failure), failure.clock.anchor_at),
        Note(failure.id, "tracked", _tracking(failure), at),
    ]
    gaps = (step for step in failure.owner.steps if step.startswith(GAP))
    notes += [Note(failure.id, "ownership_gap", gap, at) for gap in gaps]
    late = failure.received_at - failure.opened_at
    if late > LATE:
        said = duration_in_words(late.total_seconds())
        notes.append(Note(failure.id, "late_delivery", f"GitHub told of it {said} after the job had ended", at))
    return notes


def _notification(failure: Failure, ref: Ref | None) -> str:
    """Say where on GitHub the accountable one reads of it: what shows it is wished for in the same transaction."""
    names = ", ".join(failure.owner.accountable.names)
    if ref is None or not ref.gated or not ref.open:
        return f"{names} reads of it on the failure's page alone: {failure.ref} has no check of ours"
    check = f"{names} reads of it in the check failure-review/gate"
    return f"{check} and the comment on pull request #{ref.pull.number}" if ref.pull else check


def _clock(failure: Failure) -> str:
    return f"Runs since the job ended, {failure.clock.anchor_at:%Y-%m-%d %H:%M} UTC: {failure.clock.explanation}"


def _tracking(failure: Failure) -> str:
    due = deadline(failure.clock)
    until = f"due {due:%Y-%m-%d %H:%M} UTC" if due else "no deadline"
    return f"Watched until every job of it is green, {until}"


def _news(before: Failure, after: Failure, at: datetime) -> list[Note]:
    if before.correction != after.correction:
        return _word_ended(before, after, at)
    if before.verdict != after.verdict:
        return [Note(after.id, "judged", after.verdict.reason, at)]
    if before.owner.accountable != after.owner.accountable:
        return [Note(after.id, "assigned", "; ".join(after.owner.steps), at)]
    known = {leg_key(leg) for leg in before.legs}
    names = dict.fromkeys(leg.name for leg in after.legs if leg_key(leg) not in known)
    return [Note(after.id, "seen", f"Seen again: {', '.join(names)}", at)] if names else []


def _word_ended(before: Failure, after: Failure, at: datetime) -> list[Note]:
    """Whoever corrects a failure has told so; that a correction has ended only its proposal knows."""
    ended = next((one.ended for one in reversed(after.proposals) if one.ended), "")
    if before.correction is None or after.correction is not None or not ended:
        return []
    said = f"What {before.correction.names} said is {ended}"
    return [Note(after.id, "set_aside", said, at), Note(after.id, "judged", after.verdict.reason, at)]


def _why_green(after: Failure) -> str:
    again = " on the same commit that had been red" if after.flip else ""
    return f"Green at {str(after.fixed_by)[:12]}{again}"


def _why(before: Failure | None, after: Failure) -> str:
    match after.state:
        case FailureState.OBSOLETE:
            return "Nobody can merge this line of work any more, or the workflow lets the job fail"
        case FailureState.CLOSED:
            return "Quiet for 24 hours" if after.verified else "Quiet for 24 hours; nobody verified the fix"
        case _ if (refusal := refusal_of(after)) is not None and not (before and before.open):
            return f"{refusal.by.login} (QA) did not accept the fix at {refusal.sha[:12]}: {refusal.reason}"
        case _:
            was_fixed = before is not None and before.state is not FailureState.OBSOLETE
            return (
                f"Red again, for time {after.generation}" if was_fixed else "It can be merged again, and is still red"
            )
