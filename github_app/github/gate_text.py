"""The gate as people read it: first whose it is, by when and what to do; then a table; then each failure's why.

Strangers' words are escaped, and times are moments of the day in UTC: they stay true however late they are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from github_app.github.annotations import annotations_of, title_of
from github_app.github.markdown import ELLIPSIS, block, code, cut, plain, sentence
from github_app.github.verdict import verdict_json
from github_app.rules.around import Around
from github_app.rules.commits import Standing
from github_app.rules.contracts import ContractChange, ContractReport
from github_app.rules.corrections import proposals_in_words
from github_app.rules.gate import Gate, Row, owner_name
from github_app.rules.records import Failure
from github_app.rules.sla import deadline
from github_app.rules.verdicts import TOLD_PRIVATELY, Permission
from github_app.rules.verifying import refusal_of

MAX_TEXT = 65_535
"""GitHub's limit for a check's summary and for its text, in bytes to be safe (G18, X35)."""

MAX_VERDICT = 30_000
ROWS_SHOWN = 100
ROWS_IN_COMMENT = 20
FAILURES_EXPLAINED = 20
JOBS_NAMED = 3
CHANGES_NAMED = 10
RUNBOOK = "Runbook: "
MOST_NEWS = 1200

_WORDS = {Permission.NEVER: "never", Permission.APPROVAL: "with approval", Permission.HOTFIX: "hotfix only"}
_OF_REPO = re.compile(r"https?://[^/\s()<>]+/[\w.-]+/[\w.-]+(?=/)")
_PULL = re.compile(r"#\u200b(\d{1,9})\b")
_SHUT = frozenset({Standing.RED, Standing.CANCELLED, Standing.APPROVAL})
_LINK = re.compile(r"https?://[^\s<>\"'`]{1,500}")
_SAID = {Standing.RED: "failed", Standing.CANCELLED: "cancelled", Standing.APPROVAL: "waiting"}


@dataclass(frozen=True, slots=True)
class GateText:
    """What is sent to GitHub, apart from the annotations' batches."""

    title: str
    summary: str
    text: str
    annotations: tuple[dict[str, Any], ...]


def gate_text(gate: Gate, base_url: str) -> GateText:
    """Render a gate; `base_url` is where people reach this App."""
    details = f"{base_url}/failures/{gate.failures[0].id}" if gate.failures else base_url
    return GateText(
        title=title_of(gate.title),
        summary=cut(summary(gate, base_url), MAX_TEXT, details),
        text=_text(gate, details),
        annotations=tuple(annotations_of(gate.failures)),
    )


def summary(gate: Gate, base_url: str) -> str:
    """Return what the check shows: the headline, the table, every failure's why, and what to mend in the policy."""
    parts = [headline(gate), not_only_here(gate), table(gate, base_url, ROWS_SHOWN), api_changes(gate)]
    parts += [_explanation(each, gate.around.get(each.id), base_url) for each in gate.failures[:FAILURES_EXPLAINED]]
    if len(gate.failures) > FAILURES_EXPLAINED:
        parts.append(f"The table above lists {len(gate.failures) - FAILURES_EXPLAINED} more failures.")
    return "\n\n".join(part for part in (*parts, for_qa(gate), _answers(gate), _notices(gate)) if part)


def comment(gate: Gate, base_url: str) -> str:
    """Return what the sticky comment shows: the first ten seconds of the check, and where the rest is."""
    title = f"**Failure Review: {plain(gate.title)}** at {gate.sha[:12]}"
    more = "The check `failure-review/gate` says why, and marks the failing lines."
    shown = table(gate, base_url, ROWS_IN_COMMENT)
    parts = (title, headline(gate), not_only_here(gate), shown, more, for_qa(gate), _notices(gate))
    return "\n\n".join(part for part in parts if part)


def for_qa(gate: Gate) -> str:
    """Return what QA has to look at although it is green, and what to write then (S1-014)."""
    if not gate.for_qa:
        return ""
    told = [f"* {code(failure.job)}: {sentence(failure.proof, 900)}" for failure in gate.for_qa[:ROWS_IN_COMMENT]]
    return "\n".join(["**For QA**, who answer with `/qa-ok` or `/qa-reject <reason>`:", "", *told])


def is_green(gate: Gate) -> bool:
    """Whether CI is over and nothing stands in the way, observed or enforced."""
    return gate.conclusion is not None and not any(row.gating and row.standing in _SHUT for row in gate.rows)


def headline(gate: Gate) -> str:
    """Return whose it is, by when, and what to do, in as few words as it takes."""
    if gate.conclusion is None:
        awaited = ", ".join(code(name) for name in gate.awaited[:JOBS_NAMED])
        more = f" and {len(gate.awaited) - JOBS_NAMED} more" if len(gate.awaited) > JOBS_NAMED else ""
        return f"CI is not done yet: the gate waits for {awaited or 'the first job'}{more}."
    if not gate.observing:
        return _demand(gate)
    return f"This repository is only being observed: the gate stops nobody. It would say:\n\n{_demand(gate)}"


def not_only_here(gate: Gate) -> str:
    """Return in one line whom else the first failure holds up, and whether it was there before; nothing when neither.

    Without links, for a link in a comment leaves a mark on the other pull request.
    """
    first = gate.failures[0] if gate.failures else None
    around = gate.around.get(first.id) if first else None
    if first is None or around is None:
        return ""
    told = [first.comparison.base.sentence] if first.comparison.is_inherited else []
    told += [around.impact.sentence] if around.impact.is_shared else []
    return f"**Not only here:** {sentence(' '.join(told))}" if told else ""


def api_changes(gate: Gate) -> str:
    """Return what changed of the API where generated files drifted, and which components use it; else nothing."""
    reports = [each for failure in gate.failures for each in failure.contracts]
    return "\n\n".join(_contract(each) for each in dict.fromkeys(reports))


def _contract(told: ContractReport) -> str:
    lines = [f"**{sentence(told.sentence)}**"]
    lines += [f"* {sentence(f'{each.where}: {each.what}')}{_breaks(each)}" for each in told.changes[:CHANGES_NAMED]]
    if told.total > CHANGES_NAMED:
        lines.append(f"* and {told.total - CHANGES_NAMED} more")
    return "\n".join([*lines, *(["", sentence(told.users)] if told.total else [])])


def _breaks(change: ContractChange) -> str:
    return " (**breaking**)" if change.breaking else ""


def due(failure: Failure) -> str:
    """Return the deadline in words that stay true while they are shown: a time of day, not a countdown."""
    target, at = failure.clock.target_s, deadline(failure.clock)
    if target is None:
        return "no deadline"
    if at is None:
        return "clock stopped"
    if failure.clock.working_due_at is not None:
        return f"{at:%Y-%m-%d %H:%M} UTC (a correction came after its deadline)"
    late = "**overdue since** " if failure.clock.breached_at else ""
    return f"{late}{at:%Y-%m-%d %H:%M} UTC"


def table(gate: Gate, base_url: str, limit: int) -> str:
    """Return the table of what did not pass, at most `limit` lines; nothing when all passed."""
    lines = _lines(gate, base_url)
    if not lines:
        return ""
    head = ["| Job | Kind | Whose | Fix by | Override | Next step |", "|---|---|---|---|---|---|"]
    rest = [f"| {len(lines) - limit} more | | | | | |"] if len(lines) > limit else []
    return "\n".join([*head, *lines[:limit], *rest])


# --- the headline ----------------------------------------------------------------------------------------------------


def _demand(gate: Gate) -> str:
    shut = [row for row in gate.rows if row.gating and row.standing in _SHUT]
    mine = [failure for failure in gate.failures if any(failure in row.failures for row in shut)]
    if mine:
        return _first(mine[0]) + _others(len(mine) - 1, len([row for row in shut if not row.failures]))
    if not shut:
        return "Nothing here stands in the way of a merge."
    more = f" {len(shut) - 1} more did not pass either; see below." if len(shut) > 1 else ""
    return f"{_job(shut[0])}: {plain(shut[0].remark or 'look at its log')}.{more}"


def _first(failure: Failure) -> str:
    who, what = f"**{plain(owner_name(failure))}**", f"{code(failure.job)} ({failure.verdict.category})"
    at, target = deadline(failure.clock), failure.clock.target_s
    if target is None or at is None:
        asked = f"{who} is to fix {what}."
    elif failure.clock.breached_at and failure.clock.working_due_at is None:
        asked = f"**Overdue:** {who} was to fix {what} by **{at:%Y-%m-%d %H:%M} UTC**."
    else:
        asked = f"{who} has until **{at:%Y-%m-%d %H:%M} UTC** to fix {what}."
    return f"{asked} Next step: {_step(failure)}{_replay(failure)}"


def _replay(failure: Failure) -> str:
    command = failure.verdict.replay
    return f"\n\nTo see it fail again as it did:\n\n{block(command, 'sh')}" if command else ""


def _others(failures: int, rows: int) -> str:
    found = [_counted(failures, "more failure"), _counted(rows, "more job")]
    told = " and ".join(part for part in found if part)
    return f"\n\n{told} below." if told else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}" if number else ""


def _step(failure: Failure) -> str:
    refusal = refusal_of(failure)
    if refusal is not None:
        return f"Fix it another way, as QA did not accept the fix: {sentence(refusal.reason, 160)}"
    step = sentence(failure.verdict.advice[0] if failure.verdict.advice else "Look at the job's log", 160)
    return step if step.endswith((".", "!", "?", ELLIPSIS)) else f"{step}."


# --- the table -------------------------------------------------------------------------------------------------------


def _lines(gate: Gate, base_url: str) -> list[str]:
    """One line a failure with all its jobs, the most urgent first; then what did not pass without one."""
    told = [row for row in gate.rows if row.standing in _SHUT]
    lines = []
    for failure in gate.failures:
        rows = [row for row in told if failure in row.failures]
        lines.append(_failure_line(failure, rows, base_url))
    bare = sorted((row for row in told if not row.failures), key=lambda row: not row.gating)
    return lines + [f"| {_job(row)} | {_SAID[row.standing]} | | | | {plain(row.remark)} |" for row in bare]


def _failure_line(failure: Failure, rows: Sequence[Row], base_url: str) -> str:
    names = ", ".join(_job(row) for row in rows[:JOBS_NAMED])
    more = f" and {len(rows) - JOBS_NAMED} more" if len(rows) > JOBS_NAMED else ""
    kind = f"[{failure.verdict.category}]({base_url}/failures/{failure.id}){_finer(failure)}"
    whose, override = plain(owner_name(failure)), _WORDS[failure.override.permission]
    gates = any(row.gating for row in rows)
    step = _step(failure) if gates else plain(rows[0].remark) if rows else ""
    return f"| {names}{more} | {kind} | {whose} | {due(failure)} | {override} | {step} |"


def _finer(failure: Failure) -> str:
    """What the category alone does not say: how bad it is, why there is nothing to say, and who says so."""
    verdict = failure.verdict
    by = f"corrected by {failure.correction.names}" if failure.correction else None
    return "".join(f", {plain(word.replace('_', ' '))}" for word in (verdict.severity, verdict.state) if word) + (
        f", {plain(by)}" if by else ""
    )


def _job(row: Row) -> str:
    return code(f"{row.job.workflow} / {row.job.name}" if row.job.workflow else row.job.name)


# --- the details -----------------------------------------------------------------------------------------------------


def _explanation(failure: Failure, around: Around | None, base_url: str) -> str:
    """Why it is this kind of failure, whose and until when it is, and what to do, for one failure."""
    verdict, party = failure.verdict, failure.owner.accountable
    told = ", ".join(plain(TOLD_PRIVATELY if other.private else other.role) for other in failure.owner.informed)
    lines = [
        f"### {code(failure.job)}: {verdict.category}{_finer(failure)}",
        "",
        f"* **Why:** {sentence(verdict.reason)}",
        f"* **Whose:** {plain(owner_name(failure))}, as {plain(party.role)}{f'; told: {told}' if told else ''}",
        *_how(failure),
        f"* **By when:** {due(failure)}: {sentence(failure.clock.explanation, 400)}",
        f"* **Override:** {sentence(failure.override.reason, 400)}",
    ]
    lines += _surroundings(failure, around) if around else []
    if failure.blocks_all:
        lines.append("* **It holds up everybody** until it is fixed, not only this change.")
    if failure.machine is not None:
        lines.append(f"* **The App had said** {failure.machine.category}: {sentence(failure.machine.reason)}")
    lines += [f"* **Proposed:** {sentence(told, 400)}" for told in proposals_in_words(failure)]
    if verdict.runner_up:
        lines.append(f"* **It might also be** {sentence(verdict.runner_up)}")
    lines += [f"* {_note(note)}" for note in failure.notes]
    if verdict.advice:
        lines += ["", "What to do:", "", *(f"1. {sentence(step, 400)}" for step in verdict.advice)]
    return "\n".join([*lines, "", f"[All about this failure]({base_url}/failures/{failure.id})"])


def _surroundings(failure: Failure, around: Around) -> list[str]:
    """What is new about it, whom it holds up and how steady it is, each told also when it is not known."""
    lines = [
        f"* **What is new:** {_linked(' '.join(around.news), failure)}",
        f"* **Whom it holds up:** {_linked(around.impact.sentence, failure)}",
    ]
    return [*lines, f"* **{around.flaky.rstrip('.')}**"] if around.flaky else lines


def _linked(told: str, failure: Failure) -> str:
    """Our own sentence with links to the pull requests that it names."""
    pulls = next((place[0] for leg in failure.legs if (place := _OF_REPO.match(leg.url))), "")
    shown = sentence(told, MOST_NEWS)
    return _PULL.sub(rf"[#\1]({pulls}/pull/\1)", shown) if pulls else shown


def _how(failure: Failure) -> list[str]:
    """The first step that was tried and the one that decided whose it is; the failure's page has them all."""
    steps = failure.owner.steps
    told = dict.fromkeys((*steps[:1], *steps[-1:]))
    between = len(steps) - len(told)
    more = f" ({between} more step{'s' if between > 1 else ''} on the failure's page)" if between > 0 else ""
    return [f"* **How we know:** {'; then '.join(sentence(step, 300) for step in told)}{more}"] if told else []


def _note(note: str) -> str:
    """A remark of the policy; its runbook is the only address in the whole text that somebody else wrote."""
    link = note.removeprefix(RUNBOOK)
    return f"**Runbook:** <{link}>" if link != note and _LINK.fullmatch(link) else sentence(note)


def _answers(gate: Gate) -> str:
    """What commands in a locked conversation were answered; nobody can say it there (X62)."""
    if not gate.answers:
        return ""
    return "\n".join(["**Answers to commands:**", "", *(f"* {sentence(told, 900)}" for told in gate.answers)])


def _notices(gate: Gate) -> str:
    if not gate.notices:
        return ""
    return "\n".join(["**For whoever keeps the policy:**", "", *(f"* {sentence(told, 500)}" for told in gate.notices)])


def _text(gate: Gate, details: str) -> str:
    verdict = f"```json\n{verdict_json(gate, MAX_VERDICT)}\n```"
    excerpts = [_excerpt(failure) for failure in gate.failures]
    return cut("\n\n".join(part for part in (verdict, *excerpts) if part), MAX_TEXT, details)


def _excerpt(failure: Failure) -> str:
    excerpt = failure.excerpt
    if excerpt is None:
        return ""
    head = f"### {code(failure.job)}: log lines {excerpt.start} to {excerpt.end}"
    return f"{head}\n\n{block(chr(10).join(excerpt.lines))}"
