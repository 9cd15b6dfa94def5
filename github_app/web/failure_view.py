"""What the page of a failure shows beyond the failure itself: links, its state in words, the clock, the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from github_app.rules import sla
from github_app.rules.around import Around
from github_app.rules.records import Failure, FailureState, Leg
from github_app.rules.verdicts import Clock, Party, Permission

_STATES = {
    FailureState.DETECTED: "Open: just detected",
    FailureState.TRIAGED: "Open: triaged",
    FailureState.ASSIGNED: "Open: assigned",
    FailureState.RESOLVED_UNVERIFIED: "Resolved, not verified yet",
    FailureState.OBSOLETE: "Obsolete: its code is gone",
    FailureState.NEEDS_QA_REVIEW: "Green, and QA has to look at the fix",
    FailureState.VERIFIED: "Fixed and verified",
    FailureState.CLOSED: "Closed: it stayed green, and nobody verified the fix",
}
_OUTCOMES = {
    "met": "Fixed in time",
    "breached": "Deadline missed",
    "overridden": "Overridden",
    "obsolete": "No longer needed",
}
_PERMISSIONS = {
    Permission.NEVER: "No",
    Permission.APPROVAL: "With approval",
    Permission.HOTFIX: "Only for a hotfix",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A text and where it leads; `url` is empty when there is nowhere safe to lead."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """A resolution clock at one moment; times are UTC, durations seconds.

    `left_s` is negative once the deadline has passed; None when the clock stands or has no target.
    """

    headline: str
    late: bool
    spent_s: float
    target_s: int | None
    due_at: datetime | None
    left_s: float | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the failing region under its number in the whole log; `hit` when the verdict rests on it."""

    number: int
    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One red job of the failure."""

    job: Link
    commit: Link
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class FailureView:
    """Everything that the template needs and the failure does not say in so many words."""

    state: str
    repo: Link
    ref: Link
    commit: Link | None
    job: Link
    deadline: Deadline
    log: tuple[LogLine, ...]
    occurrences: tuple[Occurrence, ...]
    accountable: str
    override: str
    news: tuple[Link, ...]
    flaky: str
    impact: str
    cost: str
    held_up: tuple[Link, ...]
    teams: tuple[str, ...]


def view(failure: Failure, github_url: str, now: datetime, around: Around) -> FailureView:
    """Describe a failure and what is around it at the moment `now` (UTC), with links to `github_url`."""
    repo_url = f"{github_url}/{_quoted(failure.repo.owner)}/{_quoted(failure.repo.name)}"
    newest = max(failure.legs, key=lambda leg: leg.at, default=None)
    return FailureView(
        state=_state(failure),
        repo=Link(failure.repo.full_name, repo_url),
        ref=_ref(failure.ref, repo_url),
        commit=_commit(newest.sha, repo_url) if newest else None,
        job=Link(failure.job, web_address(newest.url) if newest else ""),
        deadline=deadline(failure.clock, now),
        log=_log(failure),
        occurrences=tuple(
            _occurrence(leg, repo_url) for leg in sorted(failure.legs, key=lambda leg: leg.at, reverse=True)
        ),
        accountable=who(failure.owner.accountable),
        override=_PERMISSIONS[failure.override.permission],
        news=_news(failure, around),
        flaky=around.flaky,
        impact=around.impact.sentence,
        cost=around.impact.cost(now) if failure.open else "",
        held_up=_held_up(failure, around, repo_url),
        teams=around.impact.teams,
    )


def _state(failure: Failure) -> str:
    is_verified = failure.state is FailureState.CLOSED and failure.verified
    return "Closed: fixed and verified" if is_verified else _STATES[failure.state]


def _news(failure: Failure, around: Around) -> tuple[Link, ...]:
    """The sentences of the comparisons, each with the job that was compared with where there is one."""
    told = {each.sentence: each.url for each in (failure.comparison.green, failure.comparison.base)}
    return tuple(Link(sentence, web_address(told.get(sentence, ""))) for sentence in around.news)


def _held_up(failure: Failure, around: Around, repo_url: str) -> tuple[Link, ...]:
    told = around.impact
    names = [f"pull/{number}" for number in told.pulls] + [f"branch/{name}" for name in told.branches]
    return tuple(_ref(name, repo_url) for name in names if name != failure.ref)


def web_address(url: str) -> str:
    """Return the URL if it is one of the web, else nothing: a commit status may carry `javascript:` (T21)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def deadline(clock: Clock, now: datetime) -> Deadline:
    """Read a clock at the moment `now`."""
    due_at = sla.deadline(clock)
    runs = clock.running_since is not None and due_at is not None
    late = clock.breached_at is not None or (due_at is not None and now > due_at)
    return Deadline(
        headline=_headline(clock, late=late),
        late=late,
        spent_s=sla.spent(clock, now),
        target_s=clock.target_s,
        due_at=due_at,
        left_s=(due_at - now).total_seconds() if runs and due_at else None,
    )


def who(party: Party) -> str:
    """Name whoever fills a role, or the role when nobody does."""
    shown = party.public
    names = [f"@{person.login}" for person in shown.people] + [f"@{team}" for team in shown.teams]
    return ", ".join(names or party.names)


def _headline(clock: Clock, *, late: bool) -> str:
    if clock.target_s is None:
        return "No deadline"
    if clock.outcome is not None:
        return _OUTCOMES.get(clock.outcome, clock.outcome)
    if clock.working_due_at is not None and clock.running_since is not None:
        return "Late by a correction; one full new target runs"
    if late:
        return "Overdue"
    return "Running" if clock.running_since else "Paused"


def _ref(ref: str, repo_url: str) -> Link:
    kind, _, name = ref.partition("/")
    if kind == "pull":
        return Link(f"Pull request #{name}", f"{repo_url}/pull/{_quoted(name)}")
    if kind == "branch":
        return Link(f"Branch {name}", f"{repo_url}/tree/{_quoted(name)}")
    return Link(f"Merge queue {name}", "")


def _commit(sha: str, repo_url: str) -> Link:
    return Link(sha[:7], f"{repo_url}/commit/{_quoted(sha)}")


def _log(failure: Failure) -> tuple[LogLine, ...]:
    if failure.excerpt is None:
        return ()
    hits = {line.line for line in failure.verdict.evidence}
    numbered = enumerate(failure.excerpt.lines, start=failure.excerpt.start)
    return tuple(LogLine(number, text, number in hits) for number, text in numbered)


def _quoted(name: str) -> str:
    return quote(name, errors="replace")  # a lone surrogate has no UTF-8


def _occurrence(leg: Leg, repo_url: str) -> Occurrence:
    return Occurrence(Link(leg.name, web_address(leg.url)), _commit(leg.sha, repo_url), leg.attempt, leg.at)
