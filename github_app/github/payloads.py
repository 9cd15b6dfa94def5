"""The parts of GitHub's payloads that we read; everything else is ignored, and little is required (G11, F33).

One shape serves webhook payloads and REST answers where GitHub uses the same fields in both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Id = Annotated[int, Field(ge=0, lt=2**63)]
"""GitHub's number of a thing; a larger one would not go into a column of a database."""


FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _credible(moment: datetime | None) -> datetime | None:
    told = _in_utc(moment) if moment else None
    return told if told and FIRST <= told < LAST else None


Moment = Annotated[datetime, AfterValidator(_in_utc)]
Claimed = Annotated[datetime | None, AfterValidator(_credible)]
"""A moment that may be made up: other Apps set what they like, and GitHub gives the year 1 where it knows none."""


class Payload(BaseModel):
    """What we read of one object; unknown fields are no concern of ours, and null is as good as left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, told: Any) -> Any:
        return {key: value for key, value in told.items() if value is not None} if isinstance(told, dict) else told


class Account(Payload):
    id: int
    login: str = ""
    type: str = "User"


class Owner(Account):
    login: str  # every address of the repository begins with it


class RepositoryPayload(Payload):
    id: Id
    name: str
    owner: Owner
    default_branch: str = "main"
    private: bool = True


class InstallationRef(Payload):
    id: Id
    account: Account | None = None


class Envelope(Payload):
    """What every delivery has in common."""

    action: str = ""
    repository: RepositoryPayload | None = None
    installation: InstallationRef | None = None
    sender: Account | None = None


class Step(Payload):
    name: str = ""
    conclusion: str = ""
    number: int = 0


class WorkflowJob(Payload):
    id: int
    run_id: int
    run_attempt: int = 1
    name: str = ""
    workflow_name: str = ""
    head_sha: str
    head_branch: str = ""
    status: str = "queued"
    conclusion: str | None = None
    created_at: Claimed = None
    completed_at: Claimed = None
    steps: tuple[Step, ...] = ()
    html_url: str = ""

    @property
    def failed_step(self) -> str:
        return next((step.name for step in self.steps if step.conclusion in {"failure", "timed_out"}), "")


class RepositoryId(Payload):
    id: int
    owner: Account | None = None


class RepositoryRef(Payload):
    ref: str = ""
    sha: str
    repo: RepositoryId | None = None


class PullRef(Payload):
    """The short form in `pull_requests` of runs and checks."""

    number: int
    base: RepositoryRef | None = None


class WorkflowRun(Payload):
    id: int
    workflow_id: int = 0
    name: str = ""
    path: str = ""
    event: str = ""
    run_attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    head_sha: str
    head_branch: str = ""
    head_repository: RepositoryId | None = None
    pull_requests: tuple[PullRef, ...] = ()
    created_at: Claimed = None
    updated_at: Claimed = None
    html_url: str = ""


class AppRef(Payload):
    id: int
    slug: str = ""
    name: str = ""


class Output(Payload):
    title: str = ""
    summary: str = ""
    text: str = ""
    annotations_count: int = 0


class SuiteRef(Payload):
    id: int
    head_branch: str = ""
    pull_requests: tuple[PullRef, ...] = ()


class CheckRun(Payload):
    id: int
    name: str = ""
    head_sha: str
    status: str = "queued"
    conclusion: str | None = None
    started_at: Claimed = None
    completed_at: Claimed = None
    external_id: str = ""
    html_url: str = ""
    details_url: str = ""
    app: AppRef | None = None
    output: Output = Output()
    check_suite: SuiteRef | None = None
    pull_requests: tuple[PullRef, ...] = ()


class CheckSuite(Payload):
    id: int
    head_sha: str
    head_branch: str = ""
    app: AppRef | None = None


class LabelPayload(Payload):
    name: str = ""


class PullRequest(Payload):
    number: int
    title: str = ""
    state: str = "open"
    draft: bool = False
    locked: bool = False
    merged: bool = False
    user: Account | None = None
    assignees: tuple[Account, ...] = ()
    merged_by: Account | None = None
    head: RepositoryRef
    base: RepositoryRef
    labels: tuple[LabelPayload, ...] = ()
    updated_at: Moment
    merged_at: Claimed = None


class ChangedFile(Payload):
    filename: str = ""
    patch: str = ""


class CommitPayload(Payload):
    sha: str
    author: Account | None = None
    committer: Account | None = None
    files: tuple[ChangedFile, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_nobody(cls, told: Any) -> Any:
        """GitHub gives an empty object where it knows no account (GitHub docs, "Get a commit")."""
        return {key: value for key, value in told.items() if value != {}} if isinstance(told, dict) else told


class MergeGroup(Payload):
    head_sha: str
    head_ref: str
    base_ref: str = ""


class PushCommit(Payload):
    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Push(Payload):
    ref: str
    after: str
    deleted: bool = False
    commits: tuple[PushCommit, ...] = ()


class FilePayload(Payload):
    """A file of a comparison; `patch` is missing when there is none, or when it is too large."""

    filename: str
    status: str = ""
    previous_filename: str = ""
    changes: int = 0
    patch: str | None = None


class ComparisonPayload(Payload):
    """How one commit differs from another; `files` are at most 300, however many there are."""

    status: str = ""
    files: list[FilePayload] = Field(default_factory=list)


class StatusPayload(Payload):
    """A commit status; in the `status` event these fields stand at the top."""

    id: int
    sha: str = ""
    context: str = "default"
    state: str = "pending"
    description: str = ""
    target_url: str = ""
    updated_at: Claimed = None


class AnnotationPayload(Payload):
    path: str = ""
    start_line: int = 0
    annotation_level: str = "failure"
    message: str = ""
    title: str = ""


class ArtifactPayload(Payload):
    id: int
    name: str = ""
    size_in_bytes: int = 0
    created_at: Claimed = None
    expired: bool = False
    workflow_run: dict[str, Any] = Field(default_factory=dict)


class IssuePayload(Payload):
    """An issue; what has `pull_request` is the talk side of a pull request."""

    number: int
    locked: bool = False
    pull_request: dict[str, Any] | None = None


class RemarkPayload(Payload):
    """A comment or a review: what somebody wrote, and when GitHub says they did."""

    id: Id
    body: str = ""
    user: Account | None = None
    created_at: Claimed = None
    submitted_at: Claimed = None
    html_url: str = ""
    performed_via_github_app: AppRef | None = None


class PermissionPayload(Payload):
    """What somebody may do in a repository; `role_name` tells more than the old `permission` (G27)."""

    role_name: str = ""
    user: Account | None = None


class MembershipPayload(Payload):
    state: str = ""
