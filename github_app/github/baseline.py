"""What a red job is compared with: its last green run on the base branch, and where a pull request began.

Asked once, when a job turns red, and only once a minute for all jobs of a commit, so that forty of them that fail
together are not forty times as slow. What goes wrong here only means "not compared": it neither holds up a verdict nor
makes one.

Never taken for a baseline are runs of pull requests, or of a fork whose branch happens to be called like ours: their
authors could print the lines of their own failures in a green run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from github_app.github.client import Query
from github_app.github.download import TooLarge
from github_app.github.facts import ACTIONS
from github_app.github.known import Known
from github_app.github.payloads import CheckRun, WorkflowJob, WorkflowRun
from github_app.github.reading import Reading
from github_app.outcomes import GiveUp, Unfinished
from github_app.rules.commits import RED, SILENT
from github_app.rules.events import JobsSeen
from github_app.rules.lookup import Lookup
from github_app.rules.model import BaseJob, Baseline, BaseState, Excerpt, Job, Pull, Source
from github_app.rules.records import Commit

MOST_COMPARED: Final = 5
"""Jobs of one delivery that are compared; what fails besides mostly fails of the same."""

MAX_GREEN: Final = 32 * 1024 * 1024
"""Bytes that are searched of a log; of what was not found by then nobody knows whether it is there."""

REMEMBERED: Final = timedelta(minutes=1)
MOST_REMEMBERED: Final = 500
RUNS: Final = 20
COMMITS: Final = 100
JOBS: Final = 100
CHECKS: Final = 100
_NOT_ASKED: Final = "GitHub did not tell just now"


class Asked:
    """What GitHub answered within the last minute, refusals too."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: dict[Hashable, tuple[datetime, Any]] = {}

    async def once(self, key: Hashable, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Return the answer under `key`, asked for if need be; raises Unfinished as asking does, or did."""
        at, answer = self._answers.get(key, (None, None))
        if at is None or self._now() >= at + REMEMBERED:
            try:
                answer = await ask()
            except Unfinished as refusal:
                answer = refusal
            if len(self._answers) >= MOST_REMEMBERED:
                self._answers.clear()
            self._answers[key] = (self._now(), answer)
        if isinstance(answer, Unfinished):
            raise answer
        return answer


@dataclass(frozen=True, slots=True)
class Baselines:
    """Compares the red jobs of one repository. Never raises what the client raises."""

    reading: Reading
    known: Known
    asked: Asked

    async def compared(self, seen: JobsSeen) -> JobsSeen:
        """Return the event with what its newly red jobs are to be compared with."""
        red = [job for job in seen.jobs if _may_be_compared(job)][:MOST_COMPARED]
        if not red:
            return seen
        refs = await self.known.refs_at(seen.repo.id, seen.sha)
        pulls = [*seen.pulls, *(ref.pull for ref in refs if ref.pull)]
        if not pulls:
            return await self._with(seen, red, seen.repo.default_branch, None, None)
        pull, base_sha = await asyncio.gather(self._with_commits(pulls[0]), self._merge_base(pulls[0]))
        told = {each.number: each for each in (*seen.pulls, pull)}
        return await self._with(replace(seen, pulls=tuple(told.values())), red, pull.base_ref, pull, base_sha)

    async def _with(
        self, seen: JobsSeen, red: Sequence[Job], branch: str, pull: Pull | None, base_sha: str | None
    ) -> JobsSeen:
        base = await self.known.commit(seen.repo.id, base_sha) if base_sha else None
        done: dict[int, Job] = {}
        for job in red:
            assert job.evidence is not None
            excerpts = job.evidence.excerpts
            at_base = self._base(job, pull, base_sha, base) if pull is not None else _no_base()
            baseline, of_base = await asyncio.gather(self._baseline(job, branch, excerpts), at_base)
            done[id(job)] = replace(job, evidence=replace(job.evidence, baseline=baseline, base=of_base))
        return replace(seen, jobs=tuple(done.get(id(job), job) for job in seen.jobs))

    # --- the last green run

    async def _baseline(self, job: Job, branch: str, excerpts: Sequence[Excerpt]) -> Baseline:
        if not excerpts:
            return Baseline(branch, gap="there is nothing of its own log to compare")
        try:
            run = await self._green_run(job.workflow_id, branch)
            if run is None:
                return Baseline(branch, gap="there is none")
            twin = await self._twin(run, job.name)
        except (Unfinished, ValidationError):
            return Baseline(branch, gap=_NOT_ASKED)
        if twin is None:
            return Baseline(branch, run.head_sha, gap="that run has no green job of this name")
        found = await self._looked_up(twin.id, excerpts)
        told = Baseline(branch, run.head_sha, twin.html_url)
        if found is None:
            return replace(told, gap="its log cannot be read")
        return replace(told, seen=found.seen, unsought=found.unsought, unfinished=found.unfinished)

    async def _green_run(self, workflow_id: int, branch: str) -> WorkflowRun | None:
        told = await self._get(
            "/repos/{owner}/{repo}/actions/workflows/{id}/runs",
            {"branch": branch, "status": "success", "per_page": RUNS},
            id=workflow_id,
        )
        runs = [WorkflowRun.model_validate(item) for item in told["workflow_runs"]]
        return next((run for run in runs if self._is_ours(run)), None)

    def _is_ours(self, run: WorkflowRun) -> bool:
        head = run.head_repository
        return head is not None and head.id == self.reading.repo.id and not run.event.startswith("pull_request")

    async def _twin(self, run: WorkflowRun, name: str) -> WorkflowJob | None:
        """Return the run's job of a name, of whichever attempt it was green in (X18)."""
        query: Query = {"filter": "all", "per_page": JOBS}
        told = await self._get("/repos/{owner}/{repo}/actions/runs/{id}/jobs", query, id=run.id)
        jobs = [WorkflowJob.model_validate(item) for item in told["jobs"]]
        green = [job for job in jobs if job.name == name and job.conclusion == "success"]
        return max(green, key=lambda job: (job.run_attempt, job.id), default=None)

    async def _looked_up(self, job_id: int, excerpts: Sequence[Excerpt]) -> Lookup | None:
        """Look our lines up in a job's log, None when it cannot be read."""
        lookup, repo = Lookup(excerpts), self.reading.repo
        template = "/repos/{owner}/{repo}/actions/jobs/{id}/logs"
        names: dict[str, Any] = {"owner": repo.owner, "repo": repo.name, "id": job_id}
        try:
            async with self.reading.api.download(template, limit=MAX_GREEN, **names) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(lookup.take, chunk)
        except GiveUp as over:
            lookup.give_up()
            return lookup if isinstance(over, TooLarge) else None
        except Unfinished:
            return None
        await asyncio.to_thread(lookup.end)
        return lookup

    # --- where the pull request began

    async def _merge_base(self, pull: Pull) -> str | None:
        names = {"base": pull.base_ref, "head": pull.head_sha}
        try:
            # Of a second page GitHub leaves out the files, which could be megabytes.
            told = await self._get("/repos/{owner}/{repo}/compare/{base}...{head}", {"per_page": 1, "page": 2}, **names)
        except Unfinished:
            return None
        sha = str(told["merge_base_commit"]["sha"])
        return sha if sha != pull.head_sha else None

    async def _with_commits(self, pull: Pull) -> Pull:
        try:
            template = "/repos/{owner}/{repo}/pulls/{n}/commits"
            told = await self._get(template, {"per_page": COMMITS}, about=pull.head_sha, n=pull.number)
        except Unfinished:
            return pull
        return replace(pull, commits=tuple(str(item["sha"]) for item in told))

    async def _base(self, job: Job, pull: Pull, sha: str | None, known: Commit | None) -> BaseJob | None:
        if sha is None:
            return None
        own = _own_record(job, pull.base_ref, sha, known)
        if own is not None:
            return own
        try:
            checks = await self._checks(job.name, sha)
        except (Unfinished, ValidationError):
            return BaseJob(pull.base_ref, sha, BaseState.NOT_KNOWN, gap=_NOT_ASKED)
        return await self._of_checks(job, BaseJob(pull.base_ref, sha, BaseState.NOT_RUN), checks)

    async def _checks(self, name: str, sha: str) -> list[CheckRun]:
        """Return the ended checks of a name on a commit; all of its checks are asked for at once if they are few."""
        template = "/repos/{owner}/{repo}/commits/{ref}/check-runs"
        query: Query = {"status": "completed", "filter": "latest", "per_page": CHECKS}
        told = await self._get(template, query, ref=sha)
        if told["total_count"] > CHECKS:
            told = await self._get(template, {**query, "check_name": name}, ref=sha)
        checks = [CheckRun.model_validate(item) for item in told["check_runs"]]
        return [check for check in checks if check.name == name]

    async def _of_checks(self, job: Job, base: BaseJob, checks: Sequence[CheckRun]) -> BaseJob:
        """Read what checks of the job's name came to; of two workflows with one name nothing is known (X45)."""
        mine = [check for check in checks if check.app is not None and check.app.slug == ACTIONS]
        if not mine:
            return base
        states = {_state_of(check.conclusion) for check in mine}
        state, url = (states.pop() if len(states) == 1 else BaseState.NOT_KNOWN), mine[0].html_url
        if state is BaseState.NOT_KNOWN:
            return replace(base, state=state, gap="several jobs of this name, or one that was cancelled, ended there")
        excerpts = job.evidence.excerpts if job.evidence else ()
        looked = state is BaseState.RED and len(mine) == 1 and bool(excerpts)
        found = await self._looked_up(mine[0].id, excerpts) if looked else None
        return replace(base, state=state, url=url, seen=found.seen if found else ())

    async def _get(self, template: str, query: Query, *, about: str = "", **names: str | int) -> Any:
        """Return JSON at an address, as it was within the last minute; `about` tells states of one address apart."""
        repo = self.reading.repo
        key = (repo.id, template, about, *sorted(query.items()), *sorted(names.items()))

        async def ask() -> Any:
            told = {"owner": repo.owner, "repo": repo.name, **names}
            return await self.reading.api.get(template, cached=True, query=query, **told)

        return await self.asked.once(key, ask)


async def _no_base() -> None:
    return None


def _may_be_compared(job: Job) -> bool:
    is_run_job = job.source is Source.ACTIONS and job.id > 0 and job.workflow_id > 0
    return is_run_job and job.conclusion in RED and job.evidence is not None and job.evidence.baseline is None


def _own_record(job: Job, branch: str, sha: str, known: Commit | None) -> BaseJob | None:
    """Return what our own record says of the job there, None when it says nothing or nothing final."""
    jobs = known.jobs if known else ()
    same = [
        each for each in jobs if (each.source, each.workflow_id, each.name) == (job.source, job.workflow_id, job.name)
    ]
    newest = max(same, key=lambda each: each.order, default=None)
    state = _state_of(newest.conclusion) if newest else BaseState.NOT_KNOWN
    if known is None or newest is None or state is BaseState.NOT_KNOWN:
        return None
    marks = {each.fingerprint for each in known.findings if each.leg.job_id == newest.id}
    told = (each.judgement for each in known.findings if each.fingerprint in marks and each.judgement)
    prints = tuple(dict.fromkeys(name for judgement in told for name in judgement.prints))
    return BaseJob(branch, sha, state, newest.url, prints)


def _state_of(conclusion: str | None) -> BaseState:
    if conclusion in RED:
        return BaseState.RED
    if conclusion == "skipped":
        return BaseState.NOT_RUN
    return BaseState.PASSED if conclusion in SILENT else BaseState.NOT_KNOWN
