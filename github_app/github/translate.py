"""A delivery becomes complete events, or none: every fact that the decision needs is fetched here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from github_app.github import facts
from github_app.github.baseline import Asked, Baselines
from github_app.github.client import GitHub
from github_app.github.commands import CommandReader
from github_app.github.contracts import Contracts
from github_app.github.evidence import Witness
from github_app.github.known import Known, is_judged, newly_red, run_in
from github_app.github.payloads import (
    CheckRun,
    CheckSuite,
    Envelope,
    MergeGroup,
    PullRequest,
    Push,
    StatusPayload,
    WorkflowJob,
    WorkflowRun,
)
from github_app.github.people import People
from github_app.github.policy_files import read_policy, touches_policy
from github_app.github.reading import Reading
from github_app.github.rosters import with_roster
from github_app.inbox import GONE, Delivery, Uninstalled
from github_app.outcomes import GiveUp, Retry
from github_app.rules.commits import RED
from github_app.rules.events import (
    BranchMoved,
    Event,
    JobsSeen,
    PullMoved,
    QueueMoved,
    RefreshAsked,
    RepoMoved,
)
from github_app.rules.model import Job, Pull, Repo
from github_app.rules.policy_source import taken_in
from github_app.rules.records import Commit

POLICY_AGE = timedelta(minutes=10)
"""How long a policy that was read is believed without asking again; a push that changes it is heard of at once."""

READ = {"actions": "read", "checks": "read", "contents": "read", "pull_requests": "read", "statuses": "read"}


@dataclass(frozen=True, slots=True)
class Context:
    """One delivery on its way to becoming events."""

    repo: Repo
    delivery: Delivery
    payload: Mapping[str, Any]
    action: str
    reading: Reading


class Translator:
    """Joins what GitHub pushed with what must be asked for.

    Raises Wait, Retry or GiveUp as the client does; GiveUp also for a payload that lacks what its event needs.
    """

    def __init__(
        self, github: GitHub, known: Known, *, app_id: int, secrets: Sequence[str], now: Callable[[], datetime]
    ) -> None:
        self._github = github
        self._known = known
        self._app_id = app_id
        self._secrets = tuple(secrets)
        self._now = now
        self._asked = Asked(now)

    async def events(self, delivery: Delivery) -> list[Event]:
        """Return the events of a delivery, in the order in which they must be handled."""
        payload = from_json(delivery.body)
        try:
            envelope = Envelope.model_validate(payload)
            if delivery.event == "installation":
                return [facts.installation_of(envelope, delivery)]
            repo = facts.repo_of(envelope)
            if repo is None:
                return []
            repo = await self._at_home(repo)
            context = Context(repo, delivery, payload, envelope.action, self._reading(repo))
            told = await self._handler(delivery.event)(context)
            found = [
                await self._enriched(context.reading, event) if isinstance(event, JobsSeen) else event for event in told
            ]
            return [*await self._policy(context, found), *found]
        except ValidationError as error:
            raise GiveUp(_lack(delivery, error)) from error

    async def _at_home(self, repo: Repo) -> Repo:
        """Return the repository as it is reached now, if the App was removed from where a delivery came from."""
        installation = await self._known.installation(repo.installation_id)
        if installation is None or installation.state != "deleted":
            return repo
        source = await self._known.policy_source(repo.id)
        if source is None or source.repo.installation_id == repo.installation_id:
            raise Uninstalled("The App is no longer installed there")
        return source.repo  # it was transferred before

    def _handler(self, event: str) -> Callable[[Context], Awaitable[list[Event]]]:
        return {
            "check_run": self._check_run,
            "check_suite": self._check_suite,
            "issue_comment": self._remark,
            "merge_group": self._merge_group,
            "pull_request": self._pull_request,
            "pull_request_review": self._remark,
            "pull_request_review_comment": self._remark,
            "push": self._push,
            "repository": self._repository,
            "status": self._status,
            "workflow_job": self._workflow_job,
            "workflow_run": self._workflow_run,
        }.get(event, _nothing)

    # --- jobs of Actions

    async def _workflow_job(self, context: Context) -> list[Event]:
        told = WorkflowJob.model_validate(context.payload.get("workflow_job"))
        return await self._one_job(context, told)

    async def _one_job(self, context: Context, told: WorkflowJob) -> list[Event]:
        known = await self._known.commit(context.repo.id, told.head_sha)
        run = run_in(known, told.run_id)
        told_run: WorkflowRun | None = None
        if run is None or known is None or not known.refs:
            told_run = await context.reading.run(told.run_id)
            run = facts.run_of(told_run)
        seen = await self._seen(context, told.head_sha, [facts.job_of(told, run)], told_run, known)
        return [await self._with_siblings(context, seen, told_run, known)]

    async def _workflow_run(self, context: Context) -> list[Event]:
        """The run, and at its end its jobs and all runs of the commit: a slower one is awaited, though not heard of."""
        told = WorkflowRun.model_validate(context.payload.get("workflow_run"))
        known = await self._known.commit(context.repo.id, told.head_sha)
        seen = await self._seen(context, told.head_sha, await context.reading.jobs(told), told, known)
        return [await self._with_siblings(context, seen, told, known)]

    async def _with_siblings(
        self, context: Context, seen: JobsSeen, told: WorkflowRun | None, known: Commit | None
    ) -> JobsSeen:
        """At the end of a run the gate may open, so the commit's other runs come along, ended ones with their jobs."""
        if told is None or not facts.run_of(told).done:
            return seen
        runs = await context.reading.runs_of(seen.sha)
        ended = {run.id for run in known.runs if run.done} if known else set()
        news = [other for other in runs if other.id != told.id and other.id not in ended]
        jobs = [job for other in news for job in await self._unheard(context.reading, other, known)]
        return replace(seen, jobs=(*seen.jobs, *jobs), runs=(*seen.runs, *map(facts.run_of, runs)))

    async def _seen(
        self, context: Context, sha: str, jobs: Sequence[Job], told: WorkflowRun | None, known: Commit | None
    ) -> JobsSeen:
        """The event for some jobs of one run, with evidence for those that are newly red."""
        refs = await self._known.refs_at(context.repo.id, sha)
        pulls: tuple[Pull, ...] = ()
        if told is not None and not any(ref.pull for ref in refs) and not _is_queue(told):
            pulls = await context.reading.pulls_of(told)
        red = newly_red(jobs, known)
        if red:
            pulls = await self._with_changes(context, pulls or tuple(ref.pull for ref in refs if ref.pull))
            if told is None and not pulls:
                told = await context.reading.run(red[0].run_id)
        judged = await self._judged(context.reading, red, facts.head_repo(told, pulls))
        return JobsSeen(
            repo=context.repo,
            cause=context.delivery.guid,
            received_at=context.delivery.received_at,
            sha=sha,
            jobs=(*(job for job in jobs if job not in red), *judged),
            runs=(facts.run_of(told),) if told else (),
            pulls=pulls,
            branch=facts.branch_of(told, context.repo) if told else None,
        )

    async def _with_changes(self, context: Context, pulls: Sequence[Pull]) -> tuple[Pull, ...]:
        return tuple([pull if pull.changed is not None else await context.reading.with_changes(pull) for pull in pulls])

    # --- a second look, before a commit is taken to have nothing to judge

    async def reconciled(self, repo: Repo, sha: str, cause: str) -> JobsSeen | None:
        """Return what GitHub shows of a commit's runs and the record lacks; None when there are no runs.

        Raises as `events` does, and ValidationError for what cannot be read: a commit that could not be looked at is
        not one without jobs (law 5).
        """
        known = await self._known.commit(repo.id, sha)
        reading = self._reading(repo)
        runs = await reading.runs_of(sha)
        jobs = [job for told in runs for job in await self._unheard(reading, told, known)]
        if not runs:
            return None
        seen = JobsSeen(
            repo=repo,
            cause=cause,
            received_at=self._now(),
            sha=sha,
            jobs=tuple(jobs),
            runs=tuple(map(facts.run_of, runs)),
        )
        return await self._enriched(reading, seen)

    async def _enriched(self, reading: Reading, seen: JobsSeen) -> JobsSeen:
        """The event with who made its commit, and what its newly red jobs are to be compared with."""
        made = await People(reading, self._known).made(seen)
        compared = await Baselines(reading, self._known, self._asked).compared(made)
        return await Contracts(reading, self._known).told(compared)

    async def _unheard(self, reading: Reading, told: WorkflowRun, known: Commit | None) -> tuple[Job, ...]:
        try:
            jobs = await reading.jobs(told)
        except GiveUp as gone:
            if gone.status in GONE:
                raise Retry("A run went away while its jobs were read") from gone
            raise
        news = [job for job in jobs if not is_judged(job, known)]
        return await self._judged(reading, news, facts.head_repo(told, ()))

    async def _judged(self, reading: Reading, jobs: Sequence[Job], head_repo_id: int | None) -> tuple[Job, ...]:
        source = await self._known.policy_source(reading.repo.id) if jobs else None
        artifacts = self._known.book(source).policy.artifacts if jobs else ()
        return await reading.with_evidence(jobs, head_repo_id, artifacts)

    # --- checks and statuses of others

    async def _check_run(self, context: Context) -> list[Event]:
        told = CheckRun.model_validate(context.payload.get("check_run"))
        if told.app is not None and told.app.id == self._app_id:
            return [self._refresh(context, told.head_sha)] if context.action == "rerequested" else []
        if told.app is not None and told.app.slug == facts.ACTIONS:
            return await self._job_behind(context, told)
        return [await self._foreign(context, told.head_sha, [told])]

    async def _job_behind(self, context: Context, told: CheckRun) -> list[Event]:
        """A job's check run tells nothing that `workflow_job` does not, unless that delivery was lost (X66)."""
        known = await self._known.commit(context.repo.id, told.head_sha)
        is_heard = known is not None and any(job.id == told.id and job.done for job in known.jobs)
        if told.conclusion is None or is_heard:
            return []
        return await self._one_job(context, await context.reading.job(told.id))

    async def _check_suite(self, context: Context) -> list[Event]:
        told = CheckSuite.model_validate(context.payload.get("check_suite"))
        if told.app is not None and told.app.id == self._app_id:
            return [self._refresh(context, told.head_sha)] if context.action == "rerequested" else []
        if context.action != "completed" or (told.app is not None and told.app.slug == facts.ACTIONS):
            return []
        pages = context.reading.api.pages(
            "/repos/{owner}/{repo}/check-suites/{id}/check-runs",
            items="check_runs",
            owner=context.repo.owner,
            repo=context.repo.name,
            id=told.id,
        )
        checks = [CheckRun.model_validate(item) async for item in pages]
        return [await self._foreign(context, told.head_sha, checks)] if checks else []

    async def _foreign(self, context: Context, sha: str, checks: Sequence[CheckRun]) -> JobsSeen:
        jobs = [await self._foreign_job(context, told) for told in checks]
        return self._foreign_seen(context, sha, jobs)

    async def _foreign_job(self, context: Context, told: CheckRun) -> Job:
        job = facts.foreign_check(told)
        if job.conclusion not in RED:
            return job
        witness = Witness(context.reading.api, context.repo, self._secrets, self._now)
        texts = (told.output.title, told.output.summary, told.output.text)
        return replace(job, evidence=await witness.of_check(job, texts))

    def _foreign_seen(self, context: Context, sha: str, jobs: Sequence[Job]) -> JobsSeen:
        return JobsSeen(
            repo=context.repo,
            cause=context.delivery.guid,
            received_at=context.delivery.received_at,
            sha=sha,
            jobs=tuple(jobs),
        )

    async def _status(self, context: Context) -> list[Event]:
        told = StatusPayload.model_validate(context.payload)
        return [self._foreign_seen(context, told.sha, [facts.foreign_status(told)])] if told.sha else []

    def _refresh(self, context: Context, sha: str) -> RefreshAsked:
        return RefreshAsked(
            repo=context.repo, cause=context.delivery.guid, received_at=context.delivery.received_at, sha=sha
        )

    # --- pull requests, branches, queues, repositories

    async def _pull_request(self, context: Context) -> list[Event]:
        pull = facts.pull_of(PullRequest.model_validate(context.payload.get("pull_request")))
        known = await self._known.commit(context.repo.id, pull.head_sha)
        if pull.open and known is not None and any(job.conclusion in RED for job in known.jobs):
            pull = await context.reading.with_changes(pull)  # branches are tested before they are proposed
        return [
            PullMoved(
                repo=context.repo,
                cause=context.delivery.guid,
                received_at=context.delivery.received_at,
                pull=pull,
                action=context.action,
            )
        ]

    async def _remark(self, context: Context) -> list[Event]:
        reader = CommandReader(self._github, self._known, context.reading, self._secrets)
        return await reader.events(context.repo, context.delivery, context.payload)

    async def _push(self, context: Context) -> list[Event]:
        told = Push.model_validate(context.payload)
        branch = told.ref.removeprefix("refs/heads/")
        if branch == told.ref or branch.startswith(facts.QUEUE_PREFIX):
            return []
        return [
            BranchMoved(
                repo=context.repo,
                cause=context.delivery.guid,
                received_at=context.delivery.received_at,
                branch=branch,
                sha=told.after,
                deleted=told.deleted,
            )
        ]

    async def _merge_group(self, context: Context) -> list[Event]:
        told = MergeGroup.model_validate(context.payload.get("merge_group"))
        return [
            QueueMoved(
                repo=context.repo,
                cause=context.delivery.guid,
                received_at=context.delivery.received_at,
                sha=told.head_sha,
                head_ref=told.head_ref.removeprefix("refs/heads/"),
                base_ref=told.base_ref.removeprefix("refs/heads/"),
                destroyed=context.action == "destroyed",
            )
        ]

    async def _repository(self, context: Context) -> list[Event]:
        return [RepoMoved(repo=context.repo, cause=context.delivery.guid, received_at=context.delivery.received_at)]

    # --- the policy goes first

    async def _policy(self, context: Context, found: Sequence[Event]) -> list[Event]:
        """Read the policy when it was never read, is old, or was just changed, and there is something to judge."""
        if not found or (context.delivery.event == "repository" and context.action == "deleted"):
            return []
        source = await self._known.policy_source(context.repo.id)
        age = None if source is None else self._now() - source.read_at
        if age is not None and age < POLICY_AGE and not _changes_policy(context):
            return []
        try:
            read = await read_policy(self._github, context.repo, context.delivery.guid, context.delivery.received_at)
            policy = self._known.book(taken_in(source, read)).policy
            return [await with_roster(self._github, read, policy, source)]
        except GiveUp:
            if source is None:
                raise  # without any policy we would only observe, and let pass what might be forbidden
            return []  # the last good one holds; what happened is judged all the same (T33)

    def _reading(self, repo: Repo) -> Reading:
        return Reading(self._github.installation(repo.installation_id, repo.id, READ), repo, self._secrets, self._now)


async def _nothing(context: Context) -> list[Event]:  # noqa: ARG001  (a handler like the others)
    return []


def _lack(delivery: Delivery, error: ValidationError) -> str:
    where = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
    return f"GitHub's data lacks what {delivery.event} needs: {error.title} {where}".rstrip()


def _is_queue(told: WorkflowRun) -> bool:
    return told.head_branch.startswith(facts.QUEUE_PREFIX)


def _changes_policy(context: Context) -> bool:
    if context.delivery.event != "push":
        return False
    told = Push.model_validate(context.payload)
    if told.ref != f"refs/heads/{context.repo.default_branch}":
        return False
    commits = told.commits
    return touches_policy({path for commit in commits for path in (*commit.added, *commit.modified, *commit.removed)})
