"""The nouns of GitHub and its CI: people, repositories, pull requests, runs, jobs, and the evidence about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from github_app.rules.contracts import ContractReport
from github_app.rules.redaction import Leak
from github_app.rules.results.values import FileReport
from pytest_failure_review.report import Category


@dataclass(frozen=True, slots=True)
class Person:
    """A GitHub account; the id is the identity, the login is only shown (G28)."""

    id: int
    login: str
    human: bool = True


GHOST: int = 10137
"""The account that GitHub shows in the place of deleted ones: https://github.com/ghost."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody who had a hand in a change, and what they did: "opened pull request #12".

    Those who answer for one change do so in the order of `rank`, the lowest first (C52). A person with the id 0 is
    nobody that GitHub knows.
    """

    person: Person
    deed: str
    rank: int = 0


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
    commits: tuple[str, ...] = ()  # the first hundred of its own, when they were asked for
    assignees: tuple[Person, ...] = ()
    merged_by: Person | None = None  # lists of pull requests do not tell

    @property
    def ref(self) -> str:
        return f"pull/{self.number}"


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
    cut: bool = False  # more of it was found than is kept

    @property
    def end(self) -> int:
        return self.start + len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class ReportedCheckpoint:
    """What a test had labelled before it failed, as the report names it; what it holds stays in the artifact."""

    label: str
    sha256: str
    created_at: str  # as it was written, UTC
    parent: str  # `sha256` of the one before, or empty


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
    checkpoints: tuple[ReportedCheckpoint, ...] = ()
    replay: str = ""  # how to run it again as it was, in words of ours


@dataclass(frozen=True, slots=True)
class FailedGate:
    """A quality gate that failed, as the report names it (S2-059 to S2-062)."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True)
class TestReport:
    """What the plugin's report says.

    The pull request's own code wrote it, so it may raise severity, never lower it (T15, T16).
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    complete: bool
    failures: tuple[ReportedFailure, ...]
    total: int  # failures counted, also those cut away
    trusted: bool  # False for a fork's, and where GitHub's facts do not agree with it
    gates: tuple[FailedGate, ...] = ()  # those that failed
    doubt: str = ""  # in what they do not agree, as a clause
    died_in: str = ""  # the test that ran when the run died, where the report tells
    flaky: int = 0  # tests that passed only when they were tried again


@dataclass(frozen=True, slots=True)
class Baseline:
    """The same job in the newest green run on the base branch, which no author of a pull request can write to alone.

    `seen` are the numbers of those lines of our excerpts that stood in its log as well. Of `unsought`, which have no
    word to look for, and `unfinished`, which may stand in a part that was not searched, nobody knows.
    """

    branch: str
    sha: str = ""
    url: str = ""
    seen: tuple[int, ...] = ()
    unsought: tuple[int, ...] = ()
    unfinished: tuple[int, ...] = ()
    gap: str = ""  # why nothing was compared, as a clause: "its log is gone"


class BaseState(StrEnum):
    """What the same job came to on the commit that a pull request grew from."""

    RED = "red"
    PASSED = "passed"
    NOT_RUN = "not_run"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class BaseJob:
    """The same job at the merge base of a pull request.

    `prints` say what our own record takes it to have failed of; `seen` are the numbers of those lines of our excerpts
    that stood in its log as well.
    """

    branch: str
    sha: str
    state: BaseState
    url: str = ""
    prints: tuple[str, ...] = ()
    seen: tuple[int, ...] = ()
    gap: str = ""  # why it is not known, as a clause


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything known about why one job failed."""

    excerpts: tuple[Excerpt, ...] = ()
    log: str = "read"  # read | partial | middle_unread | missing | too_big | none (foreign) | refused
    annotations: tuple[Annotation, ...] = ()
    report: TestReport | None = None
    text: str = ""  # a foreign check's own output
    secrets: tuple[str, ...] = ()  # kinds of credentials that were redacted from the log: "AWS access key"
    leaks: tuple[Leak, ...] = ()  # the first of them, with line and print
    committers: tuple[Hand, ...] = ()  # who wrote the lines in which a scanner found credentials; never shown in public
    baseline: Baseline | None = None
    base: BaseJob | None = None
    contracts: tuple[ContractReport, ...] = ()  # how the API's description changed, asked when generated files drifted
    files: tuple[FileReport, ...] = ()  # what other tools wrote into files: test reports, findings, benchmarks
    elsewhere: str = ""  # the worst severity that vulnerability scanners name outside the excerpts, or "unnamed"
    unread: int = 0  # lines of the log in which only the first of what may never be overridden was looked for


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
class FileChange:
    """A file in which two commits differ; `previous` is its path before a rename, `patch` None where GitHub shows none.

    `status` is GitHub's: added, removed, modified, renamed, copied, changed.
    """

    path: str
    status: str
    previous: str = ""
    changes: int = 0  # lines
    patch: str | None = None


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
