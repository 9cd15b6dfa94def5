"""What can happen. An event carries every fact that the decision needs, so the journal can be replayed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from github_app.rules.commands import Said
from github_app.rules.model import FileChange, Hand, Job, Person, Pull, Repo, Run
from github_app.rules.records import Remark
from github_app.rules.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """`cause` names what brought it (a delivery's GUID, a timer); times are UTC."""

    repo: Repo
    cause: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSeen(Happened):
    """Jobs, foreign checks or statuses of one commit were seen; `pulls` are the pull requests whose head it is."""

    sha: str
    jobs: tuple[Job, ...] = ()
    runs: tuple[Run, ...] = ()
    pulls: tuple[Pull, ...] = ()
    branch: str | None = None  # the branch of this repository that was pushed to, if the run was about a push
    hands: tuple[Hand, ...] = ()  # who made the commit, once one of its jobs is red


@dataclass(frozen=True, slots=True, kw_only=True)
class PullMoved(Happened):
    """A pull request was opened, pushed to, edited, closed or reopened."""

    pull: Pull
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMoved(Happened):
    """A branch was pushed to or deleted."""

    branch: str
    sha: str
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMoved(Happened):
    """A merge group wants checks, or was destroyed (X40)."""

    sha: str
    head_ref: str
    base_ref: str
    destroyed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRead(Happened):
    """The policy files of a repository were read from its default branch.

    Texts are None when the file does not exist; `sha` is the commit that they were read at.
    """

    sha: str
    text: str | None = None
    org_text: str | None = None
    codeowners: str | None = None
    admins: tuple[Person, ...] = ()
    roster: Roster | None = None  # None: what was known of it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoMoved(Happened):
    """A repository was renamed, transferred or changed its default branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshAsked(Happened):
    """Somebody asked GitHub to re-run our own check."""

    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationMoved:
    """The App was installed, suspended, unsuspended or removed."""

    installation_id: int
    account: str
    state: str  # active | suspended | deleted
    cause: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FixCompared(Happened):
    """GitHub told how the commit that a failure is green on differs from the red one, or `gap` says why not."""

    failure_id: str
    ref: str
    base: str
    head: str
    files: tuple[FileChange, ...] = ()
    gap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Happened):
    """A due timer; `subject` is the id of the document that it is about."""

    subject: str
    kind: str
    generation: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who gives a command, and what GitHub said just now about what they may.

    `role` is GitHub's `role_name` on the repository; None when it did not say, and `problem` tells why. `teams` are
    those of the teams asked about that they are in; `unsure` those for which GitHub did not say.
    """

    person: Person
    role: str | None
    teams: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Makers:
    """Who wrote or committed the commits of a pull request, each by number, as GitHub lists them just now.

    `gap` says why others may have made some of them as well; empty when none has.
    """

    ids: tuple[int, ...] = ()
    gap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandsGiven(Happened):
    """Somebody wrote commands on a pull request; `pull` is as GitHub showed it just now."""

    pull: Pull
    remark: Remark
    actor: Actor
    said: tuple[Said, ...]
    locked: bool = False
    makers: Makers = field(default_factory=Makers)
    is_last: bool = False  # of those that are read of one person within an hour (T29)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkChanged(Happened):
    """A comment that was answered has been edited or deleted since; `by` is who did that."""

    remark: Remark
    action: str
    by: Person


Event = (
    JobsSeen
    | PullMoved
    | BranchMoved
    | QueueMoved
    | PolicyRead
    | RepoMoved
    | RefreshAsked
    | InstallationMoved
    | CommandsGiven
    | RemarkChanged
    | FixCompared
    | TimerFired
)
