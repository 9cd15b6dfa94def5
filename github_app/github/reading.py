"""What translation asks of GitHub about one repository: runs, jobs, pull requests, with the evidence for red jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from github_app.github.client import Api, Query
from github_app.github.evidence import Witness
from github_app.github.facts import MAX_COMMITS, job_of, pull_of, run_as_job, run_of
from github_app.github.payloads import CommitPayload, PullRef, PullRequest, WorkflowJob, WorkflowRun
from github_app.outcomes import GiveUp
from github_app.rules.commits import RED, SILENT
from github_app.rules.model import Job, Pull, Repo, Run

MAX_FILES = 300
AT_ONCE = 5
MAX_JOBS = 1000
MAX_RUNS = 1000
"""As many as GitHub lists for one commit (GitHub docs, "List workflow runs for a repository")."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads one repository with a token narrowed to it; heads and pull requests are never taken from a cache."""

    api: Api
    repo: Repo
    known: Sequence[str]
    now: Callable[[], datetime]

    async def run(self, run_id: int) -> WorkflowRun:
        return WorkflowRun.model_validate(await self.get("/repos/{owner}/{repo}/actions/runs/{id}", id=run_id))

    async def runs_of(self, sha: str) -> list[WorkflowRun]:
        """Return the runs of a commit, each in its present attempt, whether or not we were told of them."""
        pages = self.api.pages(
            "/repos/{owner}/{repo}/actions/runs",
            query={"head_sha": sha},
            items="workflow_runs",
            limit=MAX_RUNS,
            owner=self.repo.owner,
            repo=self.repo.name,
        )
        found = [WorkflowRun.model_validate(item) async for item in pages]
        return [run for run in found if run.head_sha == sha]

    async def job(self, job_id: int) -> WorkflowJob:
        return WorkflowJob.model_validate(await self.get("/repos/{owner}/{repo}/actions/jobs/{id}", id=job_id))

    async def jobs(self, told: WorkflowRun) -> list[Job]:
        """Return the jobs of the present attempt of a run that is done; earlier ones' are kept by name (X18).

        A run that ended badly before it had any job stands for itself (X12).
        """
        run = run_of(told)
        if not run.done:
            return []
        found = await self._jobs(run)
        return found or ([] if run.conclusion in SILENT else [run_as_job(told)])

    async def _jobs(self, run: Run) -> list[Job]:
        pages = self.api.pages(
            "/repos/{owner}/{repo}/actions/runs/{id}/attempts/{attempt}/jobs",
            items="jobs",
            limit=MAX_JOBS,
            owner=self.repo.owner,
            repo=self.repo.name,
            id=run.id,
            attempt=run.attempt,
        )
        return [job_of(WorkflowJob.model_validate(item), run) async for item in pages]

    async def with_evidence(
        self, jobs: Iterable[Job], head_repo_id: int | None, artifacts: tuple[str, ...] = ()
    ) -> tuple[Job, ...]:
        """Return the jobs, the red ones with everything known about why; the policy names further `artifacts`."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def look(job: Job) -> Job:
            if job.evidence is not None or job.conclusion not in RED | {"cancelled"}:
                return job
            async with turn:
                return replace(job, evidence=await self._witness(artifacts).of_job(job, head_repo_id))

        return tuple(await asyncio.gather(*(look(job) for job in jobs)))

    async def pulls_of(self, run: WorkflowRun) -> tuple[Pull, ...]:
        """Return the pull requests that a run's commit is the head of, in this repository as base (G20, X13, X14)."""
        numbers = {told.number for told in run.pull_requests if self._is_ours(told)}
        asked = [await self.pull(number) for number in sorted(numbers)]
        found = [pull for pull in asked if pull] or await self._search(run)
        return tuple(pull for pull in found if pull.base_repo_id == self.repo.id)

    async def pull(self, number: int) -> Pull | None:
        """Return a pull request; None when it is gone, for its jobs count all the same."""
        try:
            return await self._pull(number)
        except GiveUp as gone:
            if gone.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def _pull(self, number: int) -> Pull:
        return pull_of(await self.shown_pull(number))

    async def shown_pull(self, number: int) -> PullRequest:
        """Return a pull request as GitHub shows it now. Raises GiveUp when it is gone."""
        return PullRequest.model_validate(await self.get("/repos/{owner}/{repo}/pulls/{n}", n=number))

    async def commits_of(self, number: int) -> list[CommitPayload]:
        """Return a pull request's own commits, the first `MAX_COMMITS`. Raises GiveUp when GitHub does not tell."""
        pages = self.api.pages(
            "/repos/{owner}/{repo}/pulls/{n}/commits",
            limit=MAX_COMMITS,
            owner=self.repo.owner,
            repo=self.repo.name,
            n=number,
        )
        return [CommitPayload.model_validate(item) async for item in pages]

    async def with_changes(self, pull: Pull) -> Pull:
        """Return the pull request with the paths that its diff touches; None stays for what GitHub does not tell."""
        pages = self.api.pages(
            "/repos/{owner}/{repo}/pulls/{n}/files",
            limit=MAX_FILES,
            owner=self.repo.owner,
            repo=self.repo.name,
            n=pull.number,
        )
        try:
            return replace(pull, changed=tuple(sorted([str(item.get("filename", "")) async for item in pages])))
        except GiveUp:
            return pull

    def _witness(self, artifacts: tuple[str, ...]) -> Witness:
        return Witness(self.api, self.repo, self.known, self.now, artifacts)

    def _is_ours(self, told: PullRef) -> bool:
        return told.base is None or told.base.repo is None or told.base.repo.id == self.repo.id

    async def _search(self, run: WorkflowRun) -> list[Pull]:
        """Find pull requests by their head, as a fork's run names none."""
        told = run.head_repository
        owner = told.owner.login if told and told.owner else self.repo.owner
        query = {"state": "open", "head": f"{owner}:{run.head_branch}"}
        if not run.head_branch:
            return []
        names = {"owner": self.repo.owner, "repo": self.repo.name}
        pages = self.api.pages("/repos/{owner}/{repo}/pulls", query=query, limit=20, **names)
        return [pull_of(PullRequest.model_validate(item)) async for item in pages]

    async def get(self, template: str, query: Query | None = None, **names: str | int) -> object:
        """Return the JSON at an address of this repository; raises as the client does."""
        return await self.api.get(
            template, cached=False, query=query, owner=self.repo.owner, repo=self.repo.name, **names
        )
