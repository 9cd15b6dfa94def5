"""Workflow runs start, their jobs run and end, attempts follow attempts, artifacts are uploaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from github_app.sandbox.acts import checks
from github_app.sandbox.runs import Artifact, Attempt, Job, Run, Step, Workflow
from github_app.sandbox.shapes import actions as shapes
from github_app.sandbox.state import Account, Repository
from github_app.sandbox.world import World

MOST_ATTEMPTS = 51  # the first and fifty re-runs (G23)
_GOOD = ("success", "skipped", "neutral")


def workflow_at(world: World, repo: Repository, path: str, name: str) -> Workflow:
    known = repo.workflows.get(path)
    if known is None:
        known = repo.workflows[path] = Workflow(world.state.number(), name, path, world.clock())
    return known


def start(
    world: World, head: tuple[Repository, str, str], repo: Repository, workflow: Workflow, *, event: str, actor: Account
) -> Run:
    """A new run of a workflow; `head` is the head repository, its branch and the SHA. Jobs come by `add_jobs`."""
    head_repo, branch, sha = head
    workflow.runs += 1
    seen = branch if head_repo is repo else None  # checks do not see the branches of forks (G20)
    suite = checks.open_suite(world, repo, world.app("github-actions", "GitHub Actions"), sha, seen)
    title = repo.commits[sha].message.partition("\n")[0]
    made = Run(
        id=world.state.number(),
        number=workflow.runs,
        repo=repo,
        workflow=workflow,
        event=event,
        head_sha=sha,
        head_branch=branch,
        head_repo=head_repo,
        actor=actor,
        title=title,
        suite=suite,
        created_at=world.clock(),
    )
    repo.runs[made.id] = made
    _begin(world, made, actor)
    return made


def _begin(world: World, run: Run, actor: Account) -> None:
    now = world.clock()
    run.attempts.append(Attempt(len(run.attempts) + 1, actor, now, now))
    announce(world, run, "requested")


def add_jobs(world: World, run: Run, names: Iterable[str]) -> list[Job]:
    """Queue jobs in the present attempt."""
    made = [_queue(world, run, name) for name in names]
    run.now.status = "in_progress"
    announce(world, run, "in_progress")
    return made


def _queue(world: World, run: Run, name: str) -> Job:
    repo, now = run.repo, world.clock()
    check = checks.create(world, run.suite, {"name": name, "status": "queued"}, run.actor)
    job = Job(run, run.now.number, name, check, now, now)
    check.details_url = f"{world.base}/{repo.full_name}/actions/runs/{run.id}/job/{job.id}"
    run.jobs.append(job)
    announce_job(world, job, "queued")
    return job


def start_job(world: World, job: Job) -> None:
    """A runner takes the job."""
    job.status, job.started_at, job.runner_name = "in_progress", world.clock(), f"GitHub Actions {job.id}"
    job.steps = [Step("Set up job", None, "in_progress")]
    checks.update(world, job.check, {"status": "in_progress"}, job.run.actor)
    announce_job(world, job, "in_progress")


def finish_job(
    world: World,
    job: Job,
    conclusion: str,
    *,
    log: bytes | None,
    steps: Sequence[Step],
    annotations: Sequence[dict[str, Any]],
) -> None:
    """The job is over: its log can be read from now on, its check run is completed."""
    job.status, job.conclusion, job.completed_at = "completed", conclusion, world.clock()
    job.steps, job.log = list(steps), log
    output = {"annotations": list(annotations)}
    checks.update(world, job.check, {"conclusion": conclusion, "output": output}, job.run.actor)
    announce_job(world, job, "completed")


def finish(world: World, run: Run, conclusion: str | None = None) -> None:
    """The run is over: the worst of its jobs, unless a conclusion is given."""
    newest = {job.name: job.conclusion for job in run.jobs}
    bad = next((each for each in newest.values() if each not in _GOOD), None)
    run.now.status, run.now.conclusion = "completed", conclusion or bad or "success"
    run.now.updated_at = world.clock()
    announce(world, run, "completed")
    checks.announce_suite(world, run.suite, run.actor)


def refusal_to_rerun(run: Run) -> str | None:
    """Why GitHub would not run it again."""
    if run.now.status != "completed":
        return "This workflow run cannot be re-run because it is still in progress"
    if len(run.attempts) >= MOST_ATTEMPTS:
        return "Unable to re-run this workflow run because it has been re-run too many times"
    return None


def rerun(world: World, run: Run, names: Iterable[str], actor: Account) -> list[Job]:
    """The next attempt, of these jobs only; it has the SHA and the rights of the first (G23)."""
    again = list(names)
    _begin(world, run, actor)
    return add_jobs(world, run, again)


def failed_jobs(run: Run) -> list[str]:
    """Names of the jobs whose newest execution did not succeed."""
    newest = {job.name: job.conclusion for job in run.jobs}
    return [name for name, conclusion in newest.items() if conclusion not in _GOOD]


def all_jobs(run: Run) -> list[str]:
    return list(dict.fromkeys(job.name for job in run.jobs))


def upload(world: World, run: Run, name: str, content: bytes) -> Artifact:
    made = Artifact(world.state.number(), run, name, content, world.clock())
    run.repo.artifacts[made.id] = made
    return made


def announce(world: World, run: Run, action: str) -> None:
    run.now.updated_at = world.clock()
    body = {
        "workflow_run": shapes.run(world.base, run),
        "workflow": shapes.workflow(world.base, run.repo, run.workflow),
    }
    world.announce(run.repo, "workflow_run", action, body, run.now.actor)


def announce_job(world: World, job: Job, action: str) -> None:
    world.announce(
        job.run.repo, "workflow_job", action, {"workflow_job": shapes.job(world.base, job)}, job.run.now.actor
    )
