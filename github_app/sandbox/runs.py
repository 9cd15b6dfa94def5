"""What GitHub Actions remembers: workflows, their runs with attempts, jobs and artifacts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the repository holds the runs and each run knows its repository
    from github_app.sandbox.state import Account, CheckRun, CheckSuite, Repository


@dataclass(eq=False, slots=True)
class Workflow:
    """A workflow file of a repository."""

    id: int
    name: str
    path: str
    created_at: datetime
    runs: int = 0


@dataclass(eq=False, slots=True)
class Step:
    """One step of a job, as the jobs API lists it."""

    name: str
    conclusion: str | None = None
    status: str = "completed"


@dataclass(eq=False, slots=True)
class Job:
    """A job of one attempt; its check run has the same id, as on GitHub. `log` is None until there is one."""

    run: Run
    attempt: int
    name: str
    check: CheckRun
    created_at: datetime
    started_at: datetime
    completed_at: datetime | None = None
    status: str = "queued"
    conclusion: str | None = None
    labels: list[str] = field(default_factory=lambda: ["ubuntu-latest"])
    runner_name: str | None = None
    steps: list[Step] = field(default_factory=list)
    log: bytes | None = None

    @property
    def id(self) -> int:
        return self.check.id


@dataclass(eq=False, slots=True)
class Attempt:
    """One execution of a run."""

    number: int
    actor: Account
    started_at: datetime
    updated_at: datetime
    status: str = "queued"
    conclusion: str | None = None


@dataclass(eq=False, slots=True)
class Run:
    """A workflow run; what changes from attempt to attempt is in `attempts`, the last one is the present."""

    id: int
    number: int
    repo: Repository
    workflow: Workflow
    event: str
    head_sha: str
    head_branch: str
    head_repo: Repository
    actor: Account
    title: str
    suite: CheckSuite
    created_at: datetime
    attempts: list[Attempt] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    @property
    def now(self) -> Attempt:
        return self.attempts[-1]

    def jobs_of(self, attempt: int) -> list[Job]:
        """Jobs that this attempt executed; those kept from an earlier one are not repeated (X18)."""
        return [job for job in self.jobs if job.attempt == attempt]


@dataclass(eq=False, slots=True)
class Artifact:
    """A zip that a run uploaded."""

    id: int
    run: Run
    name: str
    content: bytes
    created_at: datetime
    expired: bool = False
