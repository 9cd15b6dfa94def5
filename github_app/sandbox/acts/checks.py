"""Check runs come and change, commit statuses are set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from github_app.sandbox.shapes import checks as shapes
from github_app.sandbox.shapes import repos
from github_app.sandbox.shapes.accounts import stamp
from github_app.sandbox.state import Account, App, CheckRun, CheckSuite, Repository, Status
from github_app.sandbox.world import World


def open_suite(world: World, repo: Repository, app: App, sha: str, branch: str | None = None) -> CheckSuite:
    """A new check suite; GitHub Actions opens one for each workflow run."""
    now = world.clock()
    if branch is None:
        branch = next((pull.head_ref for pull in repo.pulls_of(sha)), None)
    suite = CheckSuite(world.state.number(), repo, app, sha, branch, now, now)
    repo.suites[suite.id] = suite
    return suite


def suite_of(world: World, repo: Repository, app: App, sha: str, branch: str | None = None) -> CheckSuite:
    """The one suite an App has on a commit (X39)."""
    for suite in repo.suites.values():
        if suite.app is app and suite.head_sha == sha:
            return suite
    return open_suite(world, repo, app, sha, branch)


def ask_for_checks(world: World, repo: Repository, sha: str, branch: str, sender: Account) -> None:
    """A push opens a suite for every App that writes checks, and asks it to check the commit."""
    for each in world.installations_on(repo):
        if each.permissions.get("checks") == "write" and each.suspended_at is None:
            suite = suite_of(world, repo, each.app, sha, branch)
            body = {"check_suite": shapes.check_suite(world.base, suite)}
            world.announce(repo, "check_suite", "requested", body, sender, to=each.app)


def create(world: World, suite: CheckSuite, asked: Mapping[str, Any], sender: Account) -> CheckRun:
    """A new check run from what `POST check-runs` is given."""
    run = CheckRun(
        id=world.state.number(),
        suite=suite,
        name=asked["name"],
        status="queued",
        conclusion=None,
        started_at=world.clock(),
        completed_at=None,
        external_id=None,
        details_url=None,
    )
    suite.runs.append(run)
    _apply(world, run, asked)
    _announce(world, run, "created", sender)
    if run.status == "completed":
        _announce_completion(world, run, sender)
    return run


def update(world: World, run: CheckRun, asked: Mapping[str, Any], sender: Account) -> None:
    """Change a check run as `PATCH check-runs` does: annotations are appended (G18)."""
    was = run.status
    _apply(world, run, asked)
    if run.status == "completed" and was != "completed":
        _announce_completion(world, run, sender)


def request_again(world: World, run: CheckRun, sender: Account) -> None:
    """Somebody pressed "Re-run" on a check: only the App that owns it is told (X16)."""
    body = {"check_run": shapes.check_run_event(world.base, run)}
    world.announce(run.suite.repo, "check_run", "rerequested", body, sender, to=run.suite.app)


def request_suite_again(world: World, suite: CheckSuite, sender: Account) -> None:
    body = {"check_suite": shapes.check_suite(world.base, suite)}
    world.announce(suite.repo, "check_suite", "rerequested", body, sender, to=suite.app)


def announce_suite(world: World, suite: CheckSuite, sender: Account) -> None:
    body = {"check_suite": shapes.check_suite(world.base, suite)}
    world.announce(suite.repo, "check_suite", "completed", body, sender)


def set_status(world: World, repo: Repository, sha: str, asked: Mapping[str, Any], creator: Account) -> Status:
    """A commit status by another CI system, announced as `status`."""
    now = world.clock()
    made = Status(
        id=world.state.number(),
        state=asked["state"],
        context=asked.get("context", "default"),
        description=asked.get("description"),
        target_url=asked.get("target_url"),
        creator=creator,
        created_at=now,
    )
    repo.statuses.setdefault(sha, []).append(made)
    commit = {"sha": sha, "url": f"{repos.api_url(world.base, repo)}/commits/{sha}"}
    names = [name for name, head in repo.branches.items() if head == sha]
    body = {
        "id": made.id,
        "sha": sha,
        "name": repo.full_name,
        "target_url": made.target_url,
        "context": made.context,
        "description": made.description,
        "state": made.state,
        "commit": repos.commit(world.base, repo, repo.commits[sha]),
        "branches": [{"name": name, "commit": commit, "protected": name in repo.protection} for name in names],
        "created_at": stamp(now),
        "updated_at": stamp(now),
    }
    world.announce(repo, "status", None, body, creator)
    return made


def _apply(world: World, run: CheckRun, asked: Mapping[str, Any]) -> None:
    for name in ("name", "details_url", "external_id", "actions"):
        if name in asked:
            setattr(run, name, asked[name])
    for name in ("started_at", "completed_at"):
        if asked.get(name):
            setattr(run, name, datetime.fromisoformat(asked[name]).astimezone(UTC))
    _set_status(world, run, asked)
    output = asked.get("output") or {}
    for name in ("title", "summary", "text"):
        if name in output:
            setattr(run, name, output[name])
    run.annotations.extend(output.get("annotations", []))
    run.suite.updated_at = world.clock()


def _set_status(world: World, run: CheckRun, asked: Mapping[str, Any]) -> None:
    """A conclusion completes; any other status takes back a conclusion that was there."""
    if asked.get("conclusion"):
        run.status, run.conclusion = "completed", asked["conclusion"]
        run.completed_at = run.completed_at or world.clock()
    elif asked.get("status"):
        run.status, run.conclusion, run.completed_at = asked["status"], None, None


def _announce(world: World, run: CheckRun, action: str, sender: Account) -> None:
    body = {"check_run": shapes.check_run_event(world.base, run)}
    world.announce(run.suite.repo, "check_run", action, body, sender)


def _announce_completion(world: World, run: CheckRun, sender: Account) -> None:
    _announce(world, run, "completed", sender)
    of_a_workflow = run.suite.app.slug == "github-actions"
    if not of_a_workflow and shapes.suite_state(run.suite)[0] == "completed":
        announce_suite(world, run.suite, sender)
