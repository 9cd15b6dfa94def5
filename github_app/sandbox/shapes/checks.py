"""The JSON of check runs, check suites and annotations."""

from __future__ import annotations

from typing import Any

from github_app.sandbox.shapes.accounts import Json, app, node_id, stamp, stamp_or_none
from github_app.sandbox.shapes.repos import api_url, repository, short_commit
from github_app.sandbox.state import CheckRun, CheckSuite, Pull, Repository

_WORST_FIRST = ("failure", "timed_out", "action_required", "cancelled", "success", "neutral", "skipped")


def short_pull(base: str, pull: Pull) -> Json:
    """The pull request inside checks and runs."""

    def side(repo: Repository, ref: str, sha: str) -> Json:
        return {"ref": ref, "sha": sha, "repo": {"id": repo.id, "url": api_url(base, repo), "name": repo.name}}

    return {
        "url": f"{api_url(base, pull.repo)}/pulls/{pull.number}",
        "id": pull.id,
        "number": pull.number,
        "head": side(pull.head_repo, pull.head_ref, pull.head_sha),
        "base": side(pull.repo, pull.base_ref, pull.base_sha),
    }


def suite_state(suite: CheckSuite) -> tuple[str, str | None]:
    """Status and conclusion of a suite: what the newest runs of each name come to."""
    newest = list({run.name: run for run in suite.runs}.values())
    if not newest:
        return "queued", None
    if any(run.status != "completed" for run in newest):
        return "in_progress", None
    present = {run.conclusion for run in newest}
    return "completed", next((each for each in _WORST_FIRST if each in present), "neutral")


def check_run(base: str, run: CheckRun) -> Json:
    suite = run.suite
    url = f"{api_url(base, suite.repo)}/check-runs/{run.id}"
    page = f"{base}/{suite.repo.full_name}/runs/{run.id}"
    return {
        "id": run.id,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": suite.head_sha,
        "external_id": run.external_id or "",
        "url": url,
        "html_url": page,
        "details_url": run.details_url or page,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": stamp_or_none(run.started_at),
        "completed_at": stamp_or_none(run.completed_at),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "name": run.name,
        "check_suite": {"id": suite.id},
        "app": app(base, suite.app),
        "pull_requests": [short_pull(base, pull) for pull in suite.repo.pulls_of(suite.head_sha)],
    }


def check_run_event(base: str, run: CheckRun) -> Json:
    """The check run of a webhook, which carries its suite."""
    return check_run(base, run) | {"check_suite": check_suite(base, run.suite)}


def check_suite(base: str, suite: CheckSuite) -> Json:
    """The check suite of a webhook; the API adds the repository."""
    status, conclusion = suite_state(suite)
    url = f"{api_url(base, suite.repo)}/check-suites/{suite.id}"
    head = suite.repo.commits[suite.head_sha]
    return {
        "id": suite.id,
        "node_id": node_id("CheckSuite", suite.id),
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": head.parent or "0" * 40,
        "after": suite.head_sha,
        "pull_requests": [short_pull(base, pull) for pull in suite.repo.pulls_of(suite.head_sha)],
        "app": app(base, suite.app),
        "created_at": stamp(suite.created_at),
        "updated_at": stamp(suite.updated_at),
        "rerequestable": True,
        "runs_rerequestable": True,
        "latest_check_runs_count": len(suite.runs),
        "check_runs_url": f"{url}/check-runs",
        "head_commit": short_commit(head),
    }


def check_suite_answer(base: str, suite: CheckSuite) -> Json:
    return check_suite(base, suite) | {"repository": repository(base, suite.repo)}


def annotation(base: str, run: CheckRun, value: dict[str, Any]) -> Json:
    names = ("path", "start_line", "end_line", "start_column", "end_column")
    more = ("annotation_level", "title", "message", "raw_details")
    page = f"{base}/{run.suite.repo.full_name}/blob/{run.suite.head_sha}/{value['path']}"
    return {name: value.get(name) for name in (*names, *more)} | {"blob_href": page}
