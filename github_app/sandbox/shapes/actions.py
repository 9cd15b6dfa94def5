"""The JSON of workflows, their runs, jobs and artifacts."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from github_app.sandbox.runs import Artifact, Job, Run, Workflow
from github_app.sandbox.shapes.accounts import Json, node_id, stamp, stamp_or_none, user
from github_app.sandbox.shapes.checks import short_pull
from github_app.sandbox.shapes.repos import api_url, repository, short_commit
from github_app.sandbox.state import Repository


def workflow(base: str, repo: Repository, value: Workflow) -> Json:
    return {
        "id": value.id,
        "node_id": node_id("Workflow", value.id),
        "name": value.name,
        "path": value.path,
        "state": "active",
        "created_at": stamp(value.created_at),
        "updated_at": stamp(value.created_at),
        "url": f"{api_url(base, repo)}/actions/workflows/{value.id}",
        "html_url": f"{base}/{repo.full_name}/blob/{repo.default_branch}/{value.path}",
        "badge_url": f"{base}/{repo.full_name}/workflows/{value.name}/badge.svg",
    }


def run(base: str, value: Run, attempt: int | None = None) -> Json:
    """A workflow run as it stands, or as one attempt left it."""
    at = value.now if attempt is None else value.attempts[attempt - 1]
    api = api_url(base, value.repo)
    url = f"{api}/actions/runs/{value.id}"
    pulls = [short_pull(base, pull) for pull in value.repo.pulls_of(value.head_sha)]
    return {
        "id": value.id,
        "name": value.workflow.name,
        "node_id": node_id("WorkflowRun", value.id),
        "head_branch": value.head_branch,
        "head_sha": value.head_sha,
        "path": value.workflow.path,
        "display_title": value.title,
        "run_number": value.number,
        "run_attempt": at.number,
        "event": value.event,
        "status": at.status,
        "conclusion": at.conclusion,
        "workflow_id": value.workflow.id,
        "check_suite_id": value.suite.id,
        "check_suite_node_id": node_id("CheckSuite", value.suite.id),
        "url": url,
        "html_url": f"{base}/{value.repo.full_name}/actions/runs/{value.id}",
        "pull_requests": pulls if value.head_repo is value.repo else [],
        "created_at": stamp(value.created_at),
        "updated_at": stamp(at.updated_at),
        "run_started_at": stamp(at.started_at),
        "actor": user(base, value.actor),
        "triggering_actor": user(base, at.actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api}/check-suites/{value.suite.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{at.number - 1}" if at.number > 1 else None,
        "workflow_url": f"{api}/actions/workflows/{value.workflow.id}",
        "head_commit": short_commit(value.repo.commits[value.head_sha]),
        "repository": repository(base, value.repo),
        "head_repository": repository(base, value.head_repo),
    }


def job(base: str, value: Job) -> Json:
    api = api_url(base, value.run.repo)
    started, ended = stamp(value.started_at), stamp_or_none(value.completed_at)
    steps = [
        {
            "name": step.name,
            "status": step.status,
            "conclusion": step.conclusion,
            "number": number,
            "started_at": started,
            "completed_at": ended,
        }
        for number, step in enumerate(value.steps, 1)
    ]
    return {
        "id": value.id,
        "run_id": value.run.id,
        "workflow_name": value.run.workflow.name,
        "head_branch": value.run.head_branch,
        "run_url": f"{api}/actions/runs/{value.run.id}",
        "run_attempt": value.attempt,
        "node_id": node_id("CheckRun", value.id),
        "head_sha": value.run.head_sha,
        "url": f"{api}/actions/jobs/{value.id}",
        "html_url": f"{base}/{value.run.repo.full_name}/actions/runs/{value.run.id}/job/{value.id}",
        "status": value.status,
        "conclusion": value.conclusion,
        "created_at": stamp(value.created_at),
        "started_at": started,
        "completed_at": ended,
        "name": value.name,
        "steps": steps,
        "check_run_url": f"{api}/check-runs/{value.id}",
        "labels": value.labels,
        "runner_id": 1 if value.runner_name else None,
        "runner_name": value.runner_name,
        "runner_group_id": 2 if value.runner_name else None,
        "runner_group_name": "GitHub Actions" if value.runner_name else None,
    }


def artifact(base: str, value: Artifact) -> Json:
    owner = value.run
    url = f"{api_url(base, owner.repo)}/actions/artifacts/{value.id}"
    return {
        "id": value.id,
        "node_id": node_id("Artifact", value.id),
        "name": value.name,
        "size_in_bytes": len(value.content),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": value.expired,
        "digest": f"sha256:{hashlib.sha256(value.content).hexdigest()}",
        "created_at": stamp(value.created_at),
        "updated_at": stamp(value.created_at),
        "expires_at": stamp(value.created_at + timedelta(days=90)),
        "workflow_run": {
            "id": owner.id,
            "repository_id": owner.repo.id,
            "head_repository_id": owner.head_repo.id,
            "head_branch": owner.head_branch,
            "head_sha": owner.head_sha,
        },
    }
