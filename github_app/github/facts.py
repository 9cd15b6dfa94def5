"""From GitHub's objects to the rules' nouns: nothing is fetched here and nothing decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from github_app.github.payloads import (
    Account,
    CheckRun,
    CommitPayload,
    Envelope,
    PullRequest,
    StatusPayload,
    WorkflowJob,
    WorkflowRun,
)
from github_app.inbox import Delivery
from github_app.outcomes import GiveUp
from github_app.rules.events import InstallationMoved, Makers
from github_app.rules.model import GHOST, Evidence, Job, Person, Pull, Repo, Run, Source
from github_app.rules.redaction import redact
from github_app.rules.seen import SHORT_SHA

ACTIONS = "github-actions"
QUEUE_PREFIX = "gh-readonly-queue/"

MAX_COMMITS = 250
"""As many as GitHub lists of one pull request (GitHub docs, "List commits on a pull request")."""

_STATUS_CONCLUSIONS = {"success": "success", "failure": "failure", "error": "error"}


def repo_of(envelope: Envelope) -> Repo | None:
    """Return the repository that a delivery is about; None when it names none, or no installation of ours."""
    told, installation = envelope.repository, envelope.installation
    if told is None or installation is None:
        return None
    return Repo(
        id=told.id,
        installation_id=installation.id,
        owner=told.owner.login,
        name=told.name,
        default_branch=told.default_branch,
        private=told.private,
    )


def installation_of(envelope: Envelope, delivery: Delivery) -> InstallationMoved:
    """Return what became of an installation; raises GiveUp for a delivery that names none."""
    installation = envelope.installation
    if installation is None:
        raise GiveUp("The delivery names no installation")
    state = {"deleted": "deleted", "suspend": "suspended"}.get(envelope.action, "active")
    is_kept = installation.account is not None and state != "deleted"  # of a removed one only its number stays (T32)
    account = installation.account.login if installation.account and is_kept else ""
    return InstallationMoved(
        installation_id=installation.id,
        account=account,
        state=state,
        cause=delivery.guid,
        received_at=delivery.received_at,
    )


def person_of(account: Account | None) -> Person:
    """Return the person behind an account; a deleted one is GitHub's `ghost`."""
    if account is None:
        return Person(GHOST, "ghost")
    is_human = account.type == "User" and not account.login.endswith("[bot]")
    return Person(account.id, account.login, human=is_human)


def pull_of(told: PullRequest) -> Pull:
    return Pull(
        number=told.number,
        title=redact(told.title).text,
        head_sha=told.head.sha,
        head_ref=told.head.ref,
        head_repo_id=told.head.repo.id if told.head.repo else None,
        base_ref=told.base.ref,
        base_repo_id=told.base.repo.id if told.base.repo else 0,
        author=person_of(told.user),
        open=told.state == "open",
        merged=told.merged or told.merged_at is not None,
        draft=told.draft,
        updated_at=told.updated_at,
        labels=tuple(sorted(label.name for label in told.labels if label.name)),
        assignees=tuple(person_of(account) for account in told.assignees),
        merged_by=person_of(told.merged_by) if told.merged_by else None,
    )


def makers_of(commits: Sequence[CommitPayload], head_sha: str) -> Makers:
    """Return who made a pull request's commits, with a gap when the list is cut or names nobody for one (X53)."""
    ids = tuple(sorted({each.id for one in commits for each in (one.author, one.committer) if each is not None}))
    if len(commits) >= MAX_COMMITS or head_sha not in {one.sha for one in commits}:
        return Makers(ids, "GitHub does not list all of its commits")
    nameless = next((one.sha for one in commits if one.author is None or one.committer is None), None)
    return Makers(ids, f"GitHub knows no account behind commit `{nameless[:SHORT_SHA]}`" if nameless else "")


def run_of(told: WorkflowRun) -> Run:
    return Run(
        id=told.id,
        workflow_id=told.workflow_id,
        workflow=redact(told.name or told.path).text,
        event=told.event,
        attempt=told.run_attempt,
        status=told.status,
        conclusion=told.conclusion,
        created_at=told.created_at,
        path=told.path.partition("@")[0],
    )


def job_of(told: WorkflowJob, run: Run) -> Job:
    return Job(
        id=told.id,
        source=Source.ACTIONS,
        app=ACTIONS,
        name=redact(told.name).text,  # a matrix may put anything in it
        status=told.status,
        conclusion=told.conclusion,
        workflow=redact(told.workflow_name or run.workflow).text,
        workflow_id=run.workflow_id,
        event=run.event,
        run_id=told.run_id,
        attempt=told.run_attempt,
        created_at=told.created_at,
        completed_at=told.completed_at,
        failed_step=redact(told.failed_step).text,
        workflow_path=run.path,
        url=told.html_url,
    )


def run_as_job(told: WorkflowRun) -> Job:
    """A run that ended before it had any job: a broken workflow file, or one that waits for approval (X12)."""
    return Job(
        id=-told.id,
        source=Source.ACTIONS,
        app=ACTIONS,
        name=redact(told.name or told.path).text,
        status="completed",
        conclusion=told.conclusion,
        workflow=redact(told.name or told.path).text,
        workflow_id=told.workflow_id,
        event=told.event,
        run_id=told.id,
        attempt=told.run_attempt,
        created_at=told.created_at,
        completed_at=told.updated_at,
        workflow_path=told.path.partition("@")[0],
        url=told.html_url,
        evidence=Evidence(log="none"),
    )


def foreign_check(told: CheckRun) -> Job:
    """A check run of another App; it has no log that we could read, only what it says itself."""
    return Job(
        id=told.id,
        source=Source.CHECK,
        app=told.app.slug if told.app else "",
        name=redact(told.name).text,
        status=told.status,
        conclusion=told.conclusion,
        created_at=told.started_at,
        completed_at=told.completed_at,
        url=told.html_url or told.details_url,
    )


def foreign_status(told: StatusPayload) -> Job:
    """A commit status; the newest of its context counts."""
    conclusion = _STATUS_CONCLUSIONS.get(told.state)
    return Job(
        id=told.id,
        source=Source.STATUS,
        app="",
        name=redact(told.context).text,
        status="completed" if conclusion else "pending",
        conclusion=conclusion,
        completed_at=told.updated_at if conclusion else None,
        url=told.target_url,
        evidence=Evidence(log="none", text=redact(told.description).text)
        if conclusion in {"failure", "error"}
        else None,
    )


def branch_of(told: WorkflowRun, repo: Repo) -> str | None:
    """Return the branch of this repository that a run is about; None for pull requests, forks and merge queues."""
    is_own = told.head_repository is None or told.head_repository.id == repo.id
    is_about_pull = told.event.startswith("pull_request") or told.event == "merge_group"
    if not is_own or is_about_pull or told.head_branch.startswith(QUEUE_PREFIX):
        return None
    return told.head_branch or None


def head_repo(told: WorkflowRun | None, pulls: Iterable[Pull]) -> int | None:
    """The id of the repository whose code ran; None, which nobody trusts, when that is not known (T15)."""
    if told is not None:
        return told.head_repository.id if told.head_repository else None
    heads = {pull.head_repo_id for pull in pulls}
    return heads.pop() if len(heads) == 1 else None
