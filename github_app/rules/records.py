"""What is kept: commits, lines of work, failures, and what a policy is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from github_app.rules.contracts import ContractReport
from github_app.rules.model import (
    BaseJob,
    Baseline,
    Excerpt,
    Hand,
    Job,
    Person,
    Pull,
    Repo,
    Run,
)
from github_app.rules.roster import Roster
from github_app.rules.verdicts import Clock, Comparison, Correction, Override, Owner, Proposal, Verdict


@dataclass(frozen=True, slots=True)
class Commit:
    """What CI says about one commit; a join of everything heard, so the order of hearing does not matter (F26)."""

    repo: Repo
    sha: str
    first_seen_at: datetime
    refs: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    runs: tuple[Run, ...] = ()
    refreshes: int = 0  # how often our check was asked to run anew; GitHub sets it back then (X16)
    refreshed_by: str = ""  # the delivery that asked last
    settled: bool = False  # `gate.settle` has passed: what was not heard of by then is not expected
    findings: tuple[Finding, ...] = ()
    hands: tuple[Hand, ...] = ()  # who made it, in the order in which they answer for it; asked for once it is red

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
    heads: tuple[tuple[datetime, str], ...] = ()  # which head GitHub showed when, the newest views (X2)
    unsaid: tuple[tuple[str, str], ...] = ()  # answers that a locked conversation cannot take: head, sentence (X62)

    @property
    def id(self) -> str:
        return ref_id(self.repo.id, self.name)

    @property
    def gated(self) -> bool:
        """Pull requests and merge groups wait for the gate; a branch does not."""
        return not self.name.startswith("branch/")


class FailureState(StrEnum):
    """Where a failure stands (the failure record's state machine)."""

    DETECTED = "detected"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    RESOLVED_UNVERIFIED = "resolved_unverified"
    NEEDS_QA_REVIEW = "needs_qa_review"
    VERIFIED = "verified"
    OBSOLETE = "obsolete"
    CLOSED = "closed"


OPEN_STATES = frozenset({FailureState.DETECTED, FailureState.TRIAGED, FailureState.ASSIGNED})

RESOLVED_STATES = frozenset({FailureState.RESOLVED_UNVERIFIED, FailureState.NEEDS_QA_REVIEW, FailureState.VERIFIED})
"""It is green, and what that is worth may still change."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """What somebody of QA said of a fix: whether it holds (C56). `sha` is the commit whose green that was about."""

    holds: bool
    by: Person
    at: datetime  # when it was written, UTC
    sha: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Validity:
    """Whether the tests that failed still test what they did (S1-014): how `head` differs from the red commit `base`.

    `doubts` are sentences, `gap` says as a clause why nothing was compared; neither means that nothing was found.
    """

    base: str
    head: str
    doubts: tuple[str, ...] = ()
    gap: str = ""


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
    hands: tuple[Hand, ...] = ()  # who made its commit


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
    prints: tuple[str, ...] = ()  # of its most telling lines, the most telling first: finer than the fingerprint
    baseline: Baseline | None = None
    base: BaseJob | None = None
    contracts: tuple[ContractReport, ...] = ()

    committers: tuple[Hand, ...] = ()  # of a leaked credential; never shown in public


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
    flips: tuple[datetime, ...] = ()  # when each of these ended
    blocks_all: bool = False
    notes: tuple[str, ...] = ()
    reported: int = 1  # how many failures of its kind the plugin's report tells of
    prints: tuple[str, ...] = ()  # of its most telling lines, the most telling first: finer than the fingerprint
    comparison: Comparison = field(default_factory=Comparison)
    paths: tuple[str, ...] = ()  # files that the evidence points at, the most telling first
    committers: tuple[Hand, ...] = ()  # of a leaked credential; never shown in public
    contracts: tuple[ContractReport, ...] = ()  # how the API's description changed with it
    machine: Verdict | None = None  # what the App says where people say otherwise; `verdict` is then theirs
    correction: Correction | None = None
    proposals: tuple[Proposal, ...] = ()
    looked_by: tuple[Person, ...] = ()  # who has said something about it (C32)
    complexity: str = ""  # why it is taken to be complex, or ever was (C02)
    red_sha: str = ""  # the commit that its latest stretch of red began with
    sign_offs: tuple[SignOff, ...] = ()
    validity: Validity | None = None
    verified: bool = False  # which nobody may claim of a record that only stayed green
    proof: str = ""  # why its fix counts as verified, or why it does not

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def resolved(self) -> bool:
        return self.state in RESOLVED_STATES

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
    roster: Roster = field(default_factory=Roster)

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


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment or review on a pull request, by the kind of GitHub's object and its number; `at` is GitHub's time."""

    kind: str  # comment | review | review_comment
    id: int
    at: datetime
    url: str = ""


class Manner(StrEnum):
    """How a command was answered."""

    DONE = "done"
    PROPOSED = "proposed"
    TOLD = "told"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one command, in sentences with code between backticks; one list entry each."""

    manner: Manner
    sentence: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """A comment with commands, and what was answered; a comment that has one is not obeyed again (R9, T2)."""

    repo: Repo
    number: int
    remark: Remark
    by: Person
    answers: tuple[Answer, ...]
    locked: bool = False
    later: tuple[str, ...] = ()  # deliveries that told of an edit or of the comment's end (X49, X50)

    @property
    def id(self) -> str:
        return reply_id(self.repo.id, self.remark)

    @property
    def ref(self) -> str:
        return f"pull/{self.number}"


def reply_id(repo_id: int, remark: Remark) -> str:
    return f"reply/{repo_id}/{remark.kind}/{remark.id}"


def commit_id(repo_id: int, sha: str) -> str:
    return f"commit/{repo_id}/{sha}"


def ref_id(repo_id: int, name: str) -> str:
    return f"ref/{repo_id}/{name}"


def policy_id(repo_id: int) -> str:
    return f"policy/{repo_id}"


def installation_doc_id(installation_id: int) -> str:
    return f"installation/{installation_id}"
