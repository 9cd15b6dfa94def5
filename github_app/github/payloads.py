"""The parts of GitHub's payloads that we read; everything else is ignored, and little is required (G11, F33).

One shape serves webhook payloads and REST answers where GitHub uses the same fields in both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""GitHub leaves texts out or null where it has none; both mean empty."""


Id = Annotated[int, Field(ge=0, lt=2**63)]
"""GitHub's number of a thing; a larger one would not go into a column of a database."""


class Payload(BaseModel):
    """What we read of one object; unknown fields are no concern of ours."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Account(Payload):
    id: int
    login: Text = ""
    type: Text = "User"


class RepositoryPayload(Payload):
    id: Id
    name: str
    full_name: Text = ""
    owner: Account
    default_branch: Text = "main"
    private: bool = True


class InstallationRef(Payload):
    id: Id
    account: Account | None = None


class Envelope(Payload):
    """What every delivery has in common."""

    action: Text = ""
    repository: RepositoryPayload | None = None
    installation: InstallationRef | None = None
    sender: Account | None = None


class Step(Payload):
    name: Text = ""
    conclusion: Text = ""
    number: int = 0


class WorkflowJob(Payload):
    id: int
    run_id: int
    run_attempt: int = 1
    name: Text = ""
    workflow_name: Text = ""
    head_sha: str
    head_branch: Text = ""
    status: Text = "queued"
    conclusion: str | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    steps: Annotated[tuple[Step, ...], BeforeValidator(lambda value: value or ())] = ()
    html_url: Text = ""

    @property
    def failed_step(self) -> str:
        return next((step.name for step in self.steps if step.conclusion in {"failure", "timed_out"}), "")


class RepositoryId(Payload):
    id: int
    owner: Account | None = None


class RepositoryRef(Payload):
    ref: Text = ""
    sha: str
    repo: RepositoryId | None = None


class PullRef(Payload):
    """The short form in `pull_requests` of runs and checks."""

    number: int
    base: RepositoryRef | None = None


class WorkflowRun(Payload):
    id: int
    workflow_id: int = 0
    name: Text = ""
    path: Text = ""
    event: Text = ""
    run_attempt: int = 1
    status: Text = "queued"
    conclusion: str | None = None
    head_sha: str
    head_branch: Text = ""
    head_repository: RepositoryId | None = None
    pull_requests: Annotated[tuple[PullRef, ...], BeforeValidator(lambda value: value or ())] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    html_url: Text = ""


class AppRef(Payload):
    id: int
    slug: Text = ""
    name: Text = ""


class Output(Payload):
    title: Text = ""
    summary: Text = ""
    text: Text = ""
    annotations_count: int = 0


class SuiteRef(Payload):
    id: int
    head_branch: Text = ""
    pull_requests: Annotated[tuple[PullRef, ...], BeforeValidator(lambda value: value or ())] = ()


class CheckRun(Payload):
    id: int
    name: Text = ""
    head_sha: str
    status: Text = "queued"
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    external_id: Text = ""
    html_url: Text = ""
    details_url: Text = ""
    app: AppRef | None = None
    output: Output = Output()
    check_suite: SuiteRef | None = None
    pull_requests: Annotated[tuple[PullRef, ...], BeforeValidator(lambda value: value or ())] = ()


class CheckSuite(Payload):
    id: int
    head_sha: str
    head_branch: Text = ""
    app: AppRef | None = None


class LabelPayload(Payload):
    name: Text = ""


class PullRequest(Payload):
    number: int
    title: Text = ""
    state: Text = "open"
    draft: bool = False
    merged: bool = False
    user: Account | None = None
    head: RepositoryRef
    base: RepositoryRef
    labels: Annotated[tuple[LabelPayload, ...], BeforeValidator(lambda value: value or ())] = ()
    updated_at: datetime
    merged_at: datetime | None = None


class MergeGroup(Payload):
    head_sha: str
    head_ref: str
    base_ref: Text = ""


class PushCommit(Payload):
    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Push(Payload):
    ref: str
    after: str
    deleted: bool = False
    commits: Annotated[tuple[PushCommit, ...], BeforeValidator(lambda value: value or ())] = ()


class StatusPayload(Payload):
    """A commit status; in the `status` event these fields stand at the top."""

    id: int
    sha: Text = ""
    context: Text = "default"
    state: Text = "pending"
    description: Text = ""
    target_url: Text = ""
    updated_at: datetime | None = None


class AnnotationPayload(Payload):
    path: Text = ""
    start_line: int = 0
    annotation_level: Text = "failure"
    message: Text = ""
    title: Text = ""


class ArtifactPayload(Payload):
    id: int
    name: Text = ""
    size_in_bytes: int = 0
    expired: bool = False
    workflow_run: Annotated[dict[str, Any], BeforeValidator(lambda value: value or {})] = Field(default_factory=dict)
