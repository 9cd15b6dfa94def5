"""Workflow runs and their jobs, artifacts, and checks of other CI systems."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from github_app.sandbox.acts import actions, checks
from github_app.sandbox.runs import Artifact, Job, Run, Step
from github_app.sandbox.state import CheckRun, Pull, Repository
from github_app.sandbox.verbs import Verbs


def exit_annotation(code: int = 1, line: int = 1) -> dict[str, Any]:
    """What GitHub itself annotates when a step fails."""
    return {
        "path": ".github",
        "start_line": line,
        "end_line": line,
        "annotation_level": "failure",
        "message": f"Process completed with exit code {code}.",
    }


class Ci(Verbs):
    """Verbs about what runs on a commit."""

    async def start_run(
        self,
        repo: Repository,
        sha: str,
        workflow_name: str = "CI",
        path: str = ".github/workflows/ci.yml",
        *,
        jobs: Sequence[str] = ("test",),
        event: str = "pull_request",
        actor: str | None = None,
    ) -> Run:
        """A workflow starts on this commit and its jobs are taken by runners."""
        head_repo, branch, author = self._origin(repo, sha)
        workflow = actions.workflow_at(self.world, repo, path, workflow_name)
        who = self.world.account(actor or author)
        run = actions.start(self.world, (head_repo, branch, sha), repo, workflow, event=event, actor=who)
        actions.add_jobs(self.world, run, jobs)
        for job in list(run.jobs):
            actions.start_job(self.world, job)
        await self.settled()
        return run

    def _origin(self, repo: Repository, sha: str) -> tuple[Repository, str, str]:
        for pull in repo.pulls.values():
            if pull.head_sha == sha:
                return pull.head_repo, pull.head_ref, pull.author.login
        branch = next((name for name, head in repo.branches.items() if head == sha), repo.default_branch)
        return repo, branch, repo.commits[sha].author.login

    def job(self, run: Run, name: str) -> Job:
        """The newest execution of this job; KeyError when the run has none of this name."""
        return {job.name: job for job in run.jobs}[name]

    async def start_job(self, job: Job) -> None:
        """A runner takes a queued job, as after a re-run."""
        actions.start_job(self.world, job)
        await self.settled()

    async def finish_job(
        self,
        job: Job,
        conclusion: str,
        *,
        log: str | bytes | None = None,
        steps: Sequence[tuple[str, str]] | None = None,
        annotations: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """The job ends. `steps` are (name, conclusion); unless given, one step `Run tests` ends as the job does.

        A failing job gets GitHub's own annotation unless `annotations` says otherwise. Without `log` there is none.
        """
        if job.status == "queued":
            actions.start_job(self.world, job)
        said = annotations
        if said is None:
            said = [exit_annotation()] if conclusion == "failure" else []
        names = steps if steps is not None else [("Set up job", "success"), ("Run tests", conclusion)]
        text = log.encode() if isinstance(log, str) else log
        done = [Step(name, result) for name, result in names]
        notes = [dict(each) for each in said]
        actions.finish_job(self.world, job, conclusion, log=text, steps=done, annotations=notes)
        await self.settled()

    async def finish_run(self, run: Run, conclusion: str | None = None) -> None:
        """The run is over, with the worst conclusion of its jobs unless one is given."""
        actions.finish(self.world, run, conclusion)
        await self.settled()

    async def cancel_run(self, run: Run, *, jobs: bool = True) -> None:
        """Cancel what still runs, and the run."""
        for job in [job for job in run.jobs_of(run.now.number) if job.status != "completed"]:
            if jobs:
                actions.finish_job(self.world, job, "cancelled", log=None, steps=job.steps, annotations=[])
        await self.finish_run(run, "cancelled")

    async def rerun(self, run: Run, *, only_failed: bool = True, actor: str | None = None) -> list[Job]:
        """The next attempt begins; returns its queued jobs, which `start_job` and `finish_job` take further."""
        names = actions.failed_jobs(run) if only_failed else actions.all_jobs(run)
        made = actions.rerun(self.world, run, names, self.world.account(actor) if actor else run.actor)
        await self.settled()
        return made

    def upload_artifact(self, run: Run, name: str, content: Mapping[str, bytes] | bytes) -> Artifact:
        """Upload an artifact: files to be zipped, or the raw bytes of a zip that somebody made up."""
        return actions.upload(self.world, run, name, content if isinstance(content, bytes) else zipped(content))

    async def foreign_check(
        self,
        repo: Repository,
        sha: str,
        app_slug: str,
        name: str,
        conclusion: str | None,
        *,
        output: Mapping[str, Any] | None = None,
    ) -> CheckRun:
        """A check run of another CI system; without a conclusion it is still running."""
        app = self.world.app(app_slug)
        suite = checks.suite_of(self.world, repo, app, sha)
        asked: dict[str, Any] = {"name": name, "output": dict(output or {})}
        asked |= {"conclusion": conclusion} if conclusion else {"status": "in_progress"}
        made = checks.create(self.world, suite, asked, app.bot)
        await self.settled()
        return made

    async def finish_foreign_check(
        self, run: CheckRun, conclusion: str, output: Mapping[str, Any] | None = None
    ) -> None:
        """The other CI system's check ends."""
        checks.update(self.world, run, {"conclusion": conclusion, "output": dict(output or {})}, run.suite.app.bot)
        await self.settled()

    async def commit_status(
        self,
        repo: Repository,
        sha: str,
        context: str,
        state: str,
        *,
        description: str = "",
        creator: str = "other-ci[bot]",
    ) -> None:
        """A commit status, as CI systems without check runs report it."""
        asked = {"context": context, "state": state, "description": description, "target_url": None}
        checks.set_status(self.world, repo, sha, asked, self.world.account(creator, "Bot"))
        await self.settled()

    async def request_check_again(self, run: CheckRun, by: str) -> None:
        """Somebody presses "Re-run" on a check: its App is told."""
        checks.request_again(self.world, run, self.world.account(by))
        await self.settled()

    async def request_suite_again(self, run: CheckRun, by: str) -> None:
        """Somebody presses "Re-run all checks": the App of the suite is told."""
        checks.request_suite_again(self.world, run.suite, self.world.account(by))
        await self.settled()

    def check_runs(self, repo: Repository, sha: str, name: str | None = None) -> list[CheckRun]:
        """Every check run of a commit, oldest first; of one name when it is given."""
        return [run for run in repo.check_runs(sha) if name in (None, run.name)]

    def runs_of(self, pull: Pull) -> list[Run]:
        """The workflow runs of a pull request's head, oldest first."""
        return [run for run in pull.repo.runs.values() if run.head_sha == pull.head_sha]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
