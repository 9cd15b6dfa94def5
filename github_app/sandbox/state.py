"""What the sandbox GitHub remembers: plain values that the routes read and the acts change."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from github_app.sandbox.runs import Artifact, Run, Workflow

Clock = Callable[[], datetime]
ACTIONS_APP_ID = 15368
ROLES = ("read", "triage", "write", "maintain", "admin")


@dataclass(eq=False, slots=True)
class Account:
    """A user, an organisation or a bot; `id` never changes, `login` may."""

    id: int
    login: str
    type: str = "User"


@dataclass(eq=False, slots=True)
class Team:
    """A team of an organisation; `members` maps user ids to `member` or `maintainer`."""

    id: int
    org: Account
    slug: str
    created_at: datetime
    members: dict[int, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Commit:
    """One commit with its whole tree: path to content."""

    sha: str
    message: str
    author: Account
    parent: str | None
    tree: Mapping[str, bytes]
    date: datetime


@dataclass(eq=False, slots=True)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str = ""


@dataclass(eq=False, slots=True)
class Status:
    """A commit status, as CI systems without check runs report it."""

    id: int
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: Account
    created_at: datetime


@dataclass(eq=False, slots=True)
class Reaction:
    """A reaction to a comment; each person has each `content` once."""

    id: int
    author: Account
    content: str
    created_at: datetime


@dataclass(eq=False, slots=True)
class Comment:
    """A comment on a pull request, or what a review says; `app` is set when an App wrote it."""

    id: int
    pull: Pull
    author: Account
    body: str
    created_at: datetime
    updated_at: datetime
    app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)
    review: str | None = None  # `body` of a review, `line` of a comment in one; None in the conversation


@dataclass(eq=False, slots=True)
class App:
    """A GitHub App; one without `public_key` (GitHub Actions, other CI) never calls the API."""

    id: int
    slug: str
    name: str
    owner: Account
    bot: Account
    created_at: datetime
    client_id: str = ""
    client_secret: str = ""
    public_key: bytes = b""
    webhook_url: str | None = None
    webhook_secret: str = ""
    permissions: dict[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class Installation:
    """An App on an account, for some of its repositories."""

    id: int
    app: App
    account: Account
    repository_ids: set[int]
    permissions: dict[str, str]
    created_at: datetime
    updated_at: datetime
    suspended_at: datetime | None = None
    suspended_by: Account | None = None


@dataclass(eq=False, slots=True)
class Token:
    """An installation token, possibly narrowed to repositories and permissions."""

    value: str
    installation: Installation
    repository_ids: frozenset[int]
    permissions: Mapping[str, str]
    expires_at: datetime


@dataclass(eq=False, slots=True)
class LoginCode:
    """What the browser brings back from the login page: good for one exchange."""

    app: App
    account: Account
    redirect_uri: str
    challenge: str | None


@dataclass(eq=False, slots=True)
class CheckSuite:
    """The check runs of one App (or one workflow run) on one commit."""

    id: int
    repo: Repository
    app: App
    head_sha: str
    head_branch: str | None
    created_at: datetime
    updated_at: datetime
    runs: list[CheckRun] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class CheckRun:
    """One check; annotations only grow, as on GitHub (G18)."""

    id: int
    suite: CheckSuite
    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None
    external_id: str | None
    details_url: str | None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Pull:
    """A pull request of `repo`; `head_repo` differs when it comes from a fork."""

    id: int
    number: int
    repo: Repository
    head_repo: Repository
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    title: str
    body: str
    author: Account
    created_at: datetime
    updated_at: datetime
    draft: bool = False
    locked: bool = False
    merged: bool = False
    closed_at: datetime | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    merged_by: Account | None = None
    merge_sha: str | None = None

    @property
    def state(self) -> str:
        return "open" if self.closed_at is None else "closed"

    @property
    def from_fork(self) -> bool:
        return self.head_repo is not self.repo


@dataclass(eq=False, slots=True)
class Repository:
    """A repository; `id` stays when it is renamed or moved."""

    id: int
    owner: Account
    name: str
    private: bool
    created_at: datetime
    default_branch: str = "main"
    parent: Repository | None = None
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    remarks: dict[int, Comment] = field(default_factory=dict)  # in reviews
    labels: dict[str, Label] = field(default_factory=dict)
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    statuses: dict[str, list[Status]] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    roles: dict[int, str] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    protection: dict[str, list[tuple[str, int | None]]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def check_runs(self, sha: str | None = None) -> list[CheckRun]:
        """Check runs of one commit, or of all, oldest first."""
        found = [run for suite in self.suites.values() if sha in (None, suite.head_sha) for run in suite.runs]
        return sorted(found, key=lambda run: run.id)

    def pulls_of(self, sha: str) -> list[Pull]:
        """Open pull requests whose head this is; those from forks stay unseen, as in GitHub's check payloads (G20)."""
        return [
            pull
            for pull in self.pulls.values()
            if pull.head_sha == sha and pull.closed_at is None and not pull.from_fork
        ]


@dataclass(eq=False, slots=True)
class Delivery:
    """One attempt to deliver a webhook; a redelivery is another one with the same `guid` (G5)."""

    id: int
    guid: str
    app: App
    event: str
    payload: dict[str, Any]
    delivered_at: datetime
    redelivery: bool = False
    duration: float = 0.0
    status_code: int = 0
    status: str = ""
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""


@dataclass(eq=False, slots=True)
class State:
    """Everything the sandbox knows; `former_names` lead to repositories that are called otherwise now."""

    accounts: dict[str, Account] = field(default_factory=dict)
    apps: dict[int, App] = field(default_factory=dict)
    repositories: dict[int, Repository] = field(default_factory=dict)
    former_names: dict[str, int] = field(default_factory=dict)
    teams: dict[tuple[str, str], Team] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    user_tokens: dict[str, Account] = field(default_factory=dict)
    login_codes: dict[str, LoginCode] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1_000_001))

    def number(self) -> int:
        """A numeric id that nothing else has."""
        return next(self.numbers)

    def repository(self, owner: str, name: str) -> Repository | None:
        """The repository that has this name today."""
        wanted = f"{owner}/{name}".lower()
        return next((repo for repo in self.repositories.values() if repo.full_name.lower() == wanted), None)
