"""GitHub Actions: workflow runs, attempts, jobs, logs, artifacts and re-runs."""

from __future__ import annotations

from collections.abc import Iterable

from github_app.sandbox.acts import actions as acts
from github_app.sandbox.calls import Answer, Call, Refusal, Routes, not_found
from github_app.sandbox.runs import Job, Run, Workflow
from github_app.sandbox.shapes import actions as shapes

ROUTES = Routes()
_R = "/repos/{owner}/{repo}/actions"
_READ, _WRITE = "actions:read", "actions:write"


def _run(call: Call) -> Run:
    run = call.repo.runs.get(call.number("run_id"))
    if run is None:
        raise not_found()
    return run


def _job(call: Call) -> Job:
    number = call.number("job_id")
    for run in call.repo.runs.values():
        for job in run.jobs:
            if job.id == number:
                return job
    raise not_found()


def _attempt(call: Call) -> int:
    number = call.number("attempt_number")
    if not 1 <= number <= len(_run(call).attempts):
        raise not_found()
    return number


@ROUTES.get(_R + "/runs", _READ)
def runs(call: Call) -> Answer:
    """Newest first, filtered by head_sha, branch, event and status (which may name a conclusion)."""
    return call.page([shapes.run(call.base, run) for run in _filtered(call, call.repo.runs.values())], "workflow_runs")


def _filtered(call: Call, found: Iterable[Run]) -> list[Run]:
    sha, branch = call.query.get("head_sha"), call.query.get("branch")
    event, status = call.query.get("event"), call.query.get("status")
    suite = call.query.get("check_suite_id")
    kept = [
        run
        for run in found
        if sha in (None, run.head_sha)
        and branch in (None, run.head_branch)
        and event in (None, run.event)
        and status in (None, run.now.status, run.now.conclusion)
        and suite in (None, str(run.suite.id))
    ]
    return sorted(kept, key=lambda run: -run.id)


def _workflow(call: Call) -> Workflow:
    wanted = call.vars["workflow_id"]
    for found in call.repo.workflows.values():
        if wanted in (str(found.id), found.path.rpartition("/")[2]):
            return found
    raise not_found()


@ROUTES.get(_R + "/workflows/{workflow_id}", _READ)
def workflow(call: Call) -> Answer:
    return Answer(shapes.workflow(call.base, call.repo, _workflow(call)))


@ROUTES.get(_R + "/workflows/{workflow_id}/runs", _READ)
def workflow_runs(call: Call) -> Answer:
    """The runs of one workflow; `branch` is a name alone, so a fork's branch of that name is among them."""
    wanted = _workflow(call)
    found = _filtered(call, (each for each in call.repo.runs.values() if each.workflow is wanted))
    return call.page([shapes.run(call.base, each) for each in found], "workflow_runs")


@ROUTES.get(_R + "/runs/{run_id}", _READ)
def run(call: Call) -> Answer:
    return Answer(shapes.run(call.base, _run(call)))


@ROUTES.get(_R + "/runs/{run_id}/attempts/{attempt_number}", _READ)
def attempt(call: Call) -> Answer:
    return Answer(shapes.run(call.base, _run(call), _attempt(call)))


@ROUTES.get(_R + "/runs/{run_id}/attempts/{attempt_number}/jobs", _READ)
def attempt_jobs(call: Call) -> Answer:
    return _jobs(call, _run(call).jobs_of(_attempt(call)))


@ROUTES.get(_R + "/runs/{run_id}/jobs", _READ)
def jobs(call: Call) -> Answer:
    found = _run(call)
    everything = call.query.get("filter") == "all"
    return _jobs(call, found.jobs if everything else found.jobs_of(found.now.number))


def _jobs(call: Call, found: list[Job]) -> Answer:
    return call.page([shapes.job(call.base, job) for job in found], "jobs")


@ROUTES.get(_R + "/runs/{run_id}/artifacts", _READ)
def artifacts(call: Call) -> Answer:
    wanted, owner = call.query.get("name"), _run(call)
    found = [each for each in call.repo.artifacts.values() if each.run is owner and wanted in (None, each.name)]
    return call.page([shapes.artifact(call.base, each) for each in reversed(found)], "artifacts")


@ROUTES.get(_R + "/artifacts/{artifact_id}/{archive_format}", _READ)
def artifact(call: Call) -> Answer:
    found = call.repo.artifacts.get(call.number("artifact_id"))
    if found is None or call.vars["archive_format"] != "zip":
        raise not_found()
    if found.expired:
        raise Refusal(410, "Artifact has expired")
    return Answer(None, 302, {"Location": call.world.link(found.content, "application/zip")})


@ROUTES.post(_R + "/runs/{run_id}/rerun", _WRITE)
def rerun(call: Call) -> Answer:
    return _again(call, _run(call), acts.all_jobs(_run(call)))


@ROUTES.post(_R + "/runs/{run_id}/rerun-failed-jobs", _WRITE)
def rerun_failed(call: Call) -> Answer:
    return _again(call, _run(call), acts.failed_jobs(_run(call)))


@ROUTES.post(_R + "/jobs/{job_id}/rerun", _WRITE)
def rerun_job(call: Call) -> Answer:
    job = _job(call)
    return _again(call, job.run, [job.name])


def _again(call: Call, found: Run, names: list[str]) -> Answer:
    reason = acts.refusal_to_rerun(found)
    if reason is not None:
        raise Refusal(403, reason)
    acts.rerun(call.world, found, names, call.actor.account)
    return Answer({}, 201)


@ROUTES.get(_R + "/jobs/{job_id}", _READ)
def job(call: Call) -> Answer:
    return Answer(shapes.job(call.base, _job(call)))


@ROUTES.get(_R + "/jobs/{job_id}/logs", _READ)
def logs(call: Call) -> Answer:
    """A link that is good for a minute; nothing before the job is over (G24)."""
    found = _job(call)
    if found.log is None or found.status != "completed":
        raise not_found()
    return Answer(None, 302, {"Location": call.world.link(found.log, "text/plain")})
