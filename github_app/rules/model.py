"""The nouns: what is known about repositories, pull requests, jobs, failures and the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import PlainSerializer

from pytest_failure_review.report import Category, Severity, State

Measures = Annotated[Mapping[str, str], PlainSerializer(dict)]
"""Figures that were read with a verdict; read-only here, a plain object in JSON."""

# --- who and where ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """A GitHub account; the id is the identity, the login is only shown (G28)."""

    id: int
    login: str
    human: bool = True


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository by its numeric id; the names are as GitHub last told them."""

    id: int
    installation_id: int
    owner: str
    name: str
    default_branch: str = "main"
    private: bool = True

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as GitHub shows it."""

    number: int
    title: str
    head_sha: str
    head_ref: str
    head_repo_id: int | None
    base_ref: str
    base_repo_id: int
    author: Person
    open: bool
    merged: bool
    draft: bool
    updated_at: datetime
    labels: tuple[str, ...] = ()
    changed: tuple[str, ...] | None = None  # paths in its diff; None when they were not asked for

    @property
    def ref(self) -> str:
        return f"pull/{self.number}"


# --- what CI did -----------------------------------------------------------------------------------------------------


class Source(StrEnum):
    """Which part of GitHub a job was told by."""

    ACTIONS = "actions"
    CHECK = "check"  # a check run of another App
    STATUS = "status"  # a commit status


@dataclass(frozen=True, slots=True)
class Annotation:
    """A line that somebody marked: GitHub's own on a job, or a foreign check's."""

    path: str
    line: int
    level: str  # failure | warning | notice
    message: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a job's log that looks like the failure, redacted; `start` is its first line's 1-based number."""

    start: int
    lines: tuple[str, ...]
    why: str  # what made it a candidate: "##[error]", "pytest summary", "last lines"
    step: str = ""

    @property
    def end(self) -> int:
        return self.start + len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class ReportedFailure:
    """A failure that the pytest plugin saw at the source."""

    nodeid: str
    phase: str
    outcome: str
    category: Category
    rule: str
    confidence: float
    message: str
    path: str = ""
    line: int = 0
    owner: tuple[str, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class TestReport:
    """What the plugin's report says.

    The pull request's own code wrote it, so it may raise severity, never lower it (T15, T16).
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    complete: bool
    failures: tuple[ReportedFailure, ...]
    total: int  # failures counted, also those cut away
    trusted: bool  # False for a fork's


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything known about why one job failed."""

    excerpts: tuple[Excerpt, ...] = ()
    log: str = "read"  # read | missing | too_big | none (a foreign check has no log) | refused
    annotations: tuple[Annotation, ...] = ()
    report: TestReport | None = None
    text: str = ""  # a foreign check's own output
    secrets: tuple[str, ...] = ()  # kinds of credentials that were redacted from the log: "AWS access key"


@dataclass(frozen=True, slots=True)
class Job:
    """One job (or foreign check, or status) on one commit, in one attempt.

    `id` is GitHub's; for Actions it is also the id of the job's check run.
    """

    id: int
    source: Source
    app: str
    name: str
    status: str  # queued | in_progress | waiting | requested | pending | completed
    conclusion: str | None = None
    workflow: str = ""
    workflow_id: int = 0
    event: str = ""
    run_id: int = 0
    attempt: int = 1
    created_at: datetime | None = None
    completed_at: datetime | None = None
    failed_step: str = ""
    workflow_path: str = ""
    url: str = ""
    evidence: Evidence | None = field(default=None)

    @property
    def done(self) -> bool:
        """A conclusion ends a job, whatever its status says (X10)."""
        return self.conclusion is not None or self.status == "completed"

    @property
    def slot(self) -> str:
        """The place that only the newest attempt fills (X8, X45)."""
        return "|".join((self.source, self.app, str(self.workflow_id), self.event, self.name))

    @property
    def order(self) -> tuple[int, int, int]:
        """Creation order in a slot: of runs and attempts for Actions, of ids for everything else (X9)."""
        return (self.run_id, self.attempt, 0) if self.source is Source.ACTIONS else (0, 0, self.id)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a workflow in its latest attempt."""

    id: int
    workflow_id: int
    workflow: str
    event: str
    attempt: int
    status: str
    conclusion: str | None = None
    created_at: datetime | None = None
    path: str = ""  # of the workflow's file

    @property
    def done(self) -> bool:
        return self.conclusion is not None or self.status == "completed"


@dataclass(frozen=True, slots=True)
class Commit:
    """What CI says about one commit; a join of everything heard, so the order of hearing does not matter (F26)."""

    repo: Repo
    sha: str
    first_seen_at: datetime
    refs: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    runs: tuple[Run, ...] = ()
    settled: bool = False  # `gate.settle` has passed: what was not heard of by then is not expected
    findings: tuple[Finding, ...] = ()

    @property
    def id(self) -> str:
        return commit_id(self.repo.id, self.sha)


@dataclass(frozen=True, slots=True)
class Green:
    """A success of the job in one slot on a ref; `order` is the order of creation among that slot's jobs."""

    slot: str
    order: tuple[int, int, int]
    sha: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ref:
    """A line of work that failures belong to: a pull request, a branch or a merge group."""

    repo: Repo
    name: str  # pull/12 | branch/main | queue/main/pr-12-<sha>
    head_sha: str
    moved_at: datetime
    open: bool = True
    pull: Pull | None = None
    greens: tuple[Green, ...] = ()
    closed: tuple[tuple[datetime, datetime | None], ...] = ()  # spans in which nobody could merge it (E27)
    turns: tuple[tuple[datetime, bool], ...] = ()  # when it was heard to be closed (False) or opened anew (True)

    @property
    def id(self) -> str:
        return ref_id(self.repo.id, self.name)

    @property
    def gated(self) -> bool:
        """Pull requests and merge groups wait for the gate; a branch does not."""
        return not self.name.startswith("branch/")


# --- what was decided ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a verdict rests on; `line` is its 1-based number in the job's log, 0 when it is not from the log."""

    line: int
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What kind of failure it is, and why we think so."""

    category: Category
    reason: str  # the sentence that people read
    rule: str  # id of the signature or rule; part of the fingerprint
    source: str  # report | facts | log | output | none
    confidence: float
    state: State | None = None
    subcategory: str | None = None
    severity: Severity | None = None
    evidence: tuple[Line, ...] = ()
    region: tuple[int, int] | None = None
    runner_up: str | None = None  # "infra.network, by rule `dns`"
    description: str = ""
    causes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    measures: Measures = field(default_factory=lambda: MappingProxyType({}))  # "regression_percent": "23.40"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who can be made responsible or told: a role of the matrix, and whoever fills it here."""

    role: str
    people: tuple[Person, ...] = ()
    teams: tuple[str, ...] = ()
    note: str = ""  # "nobody is mapped to backend_dev: add roles.backend_dev"

    @property
    def empty(self) -> bool:
        return not self.people and not self.teams


@dataclass(frozen=True, slots=True)
class Owner:
    """Exactly one accountable party, any number informed, and the steps tried on the way (S1-003, C24)."""

    accountable: Party
    informed: tuple[Party, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """A resolution clock (S1-041, C59): how much of the target is spent, and whether it runs.

    Times are UTC, durations seconds. `target_s` None means that this kind has no deadline.
    """

    anchor_at: datetime
    target_s: int | None
    spent_s: float = 0.0
    running_since: datetime | None = None
    calendar: str = "24x7"
    generation: int = 1
    outcome: str | None = None  # met | breached | overridden | obsolete
    breached_at: datetime | None = None
    explanation: str = ""


class Mode(StrEnum):
    """Whether the gate may hold a merge back, or only says what it would do."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class Permission(StrEnum):
    """Whether the gate may be opened in spite of a failure."""

    NEVER = "never"
    APPROVAL = "approval"
    HOTFIX = "hotfix"  # approval, and only for a critical production hotfix with a ticket


@dataclass(frozen=True, slots=True)
class Override:
    """Whether a failure may be overridden, which policy line says so, and the sentence that people read."""

    permission: Permission
    reason: str
    policy_line: str
    needs: tuple[str, ...] = ()


class FailureState(StrEnum):
    """Where a failure stands (the failure record's state machine)."""

    DETECTED = "detected"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    RESOLVED_UNVERIFIED = "resolved_unverified"
    OBSOLETE = "obsolete"
    CLOSED = "closed"


OPEN_STATES = frozenset({FailureState.DETECTED, FailureState.TRIAGED, FailureState.ASSIGNED})


@dataclass(frozen=True, slots=True)
class Leg:
    """One red job of a failure: a matrix leg, an attempt, or the same job on a later commit."""

    job_id: int
    slot: str
    order: tuple[int, int, int]
    name: str
    sha: str
    run_id: int
    attempt: int
    url: str
    at: datetime
    tolerated: bool = False  # its run ended in success all the same (`continue-on-error`)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of a file of the repository that a failure points at; `line` is from 1."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a red job was judged to be, with everything of its evidence that is worth keeping."""

    verdict: Verdict
    workflow: str
    workflow_id: int
    job: str  # the family: the job's name without its matrix leg
    failed_step: str
    excerpt: Excerpt | None = None
    marks: tuple[Mark, ...] = ()
    paths: tuple[str, ...] = ()  # files that the evidence points at, the most telling first
    reported: int = 1  # how many failures of its kind the plugin's report tells of


@dataclass(frozen=True, slots=True)
class Finding:
    """A red job of a commit and the cause that it was put down to.

    It stays with the commit, so that a line of work that is heard of later has the same failures (X14, F26). Of the
    jobs with one cause, the one that speaks for all of them carries the judgement.
    """

    leg: Leg
    fingerprint: str
    received_at: datetime
    judgement: Judgement | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """One cause on one ref, over all its jobs, attempts and commits."""

    id: str
    repo: Repo
    ref: str
    fingerprint: str
    state: FailureState
    verdict: Verdict
    owner: Owner
    override: Override
    clock: Clock
    tier: str  # immediate | standard | digest
    policy_version: str
    legs: tuple[Leg, ...]
    workflow: str
    workflow_id: int
    job: str  # the family: the job's name without its matrix leg
    failed_step: str
    opened_at: datetime
    received_at: datetime
    excerpt: Excerpt | None = None
    marks: tuple[Mark, ...] = ()
    greens: tuple[Green, ...] = ()
    series: int = 1  # how many records this cause has had on this ref, 24 hours of quiet between them (E42)
    generation: int = 1  # how often it was opened
    resolved_at: datetime | None = None
    fixed_by: str | None = None  # sha of the first green
    flip: bool = False  # red, then green on the same commit
    blocks_all: bool = False
    notes: tuple[str, ...] = ()
    reported: int = 1  # how many failures of its kind the plugin's report tells of

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def open_key(self) -> str | None:
        return f"{self.repo.id}/{self.ref}/{self.fingerprint}" if self.open else None


@dataclass(frozen=True, slots=True)
class PolicySource:
    """What a repository's policy is made of, as last read from its default branch; `text` is the last good (X76)."""

    repo: Repo
    sha: str
    read_at: datetime
    text: str | None = None
    org_text: str | None = None
    problems: tuple[str, ...] = ()  # why the present file cannot be used, one sentence each
    codeowners: str | None = None
    admins: tuple[Person, ...] = ()
    ever_had_file: bool = False

    @property
    def id(self) -> str:
        return policy_id(self.repo.id)


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of the App: whether it may be worked for."""

    id: int
    account: str
    state: str  # active | suspended | deleted
    changed_at: datetime


def commit_id(repo_id: int, sha: str) -> str:
    return f"commit/{repo_id}/{sha}"


def ref_id(repo_id: int, name: str) -> str:
    return f"ref/{repo_id}/{name}"


def policy_id(repo_id: int) -> str:
    return f"policy/{repo_id}"


def installation_doc_id(installation_id: int) -> str:
    return f"installation/{installation_id}"
