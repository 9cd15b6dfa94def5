"""Pull requests: lists, one, its files and commits, and the pull requests of a commit."""

from __future__ import annotations

from github_app.sandbox.calls import Answer, Call, Routes
from github_app.sandbox.shapes import pulls as shapes
from github_app.sandbox.shapes import repos
from github_app.sandbox.state import Pull

ROUTES = Routes()
_R = "/repos/{owner}/{repo}"


@ROUTES.get(_R + "/pulls", "pull_requests:read")
def listed(call: Call) -> Answer:
    """Filtered by `state`, `head` (`owner:branch`) and `base`; newest first."""
    state, head, base = call.query.get("state", "open"), call.query.get("head"), call.query.get("base")
    found = [
        pull
        for pull in call.repo.pulls.values()
        if state in ("all", pull.state) and head in (None, _head(pull)) and base in (None, pull.base_ref)
    ]
    if call.query.get("direction") != "asc":
        found.reverse()
    return call.page([shapes.pull(call.base, pull) for pull in found])


def _head(pull: Pull) -> str:
    return f"{pull.head_repo.owner.login}:{pull.head_ref}"


@ROUTES.get(_R + "/pulls/{pull_number}", "pull_requests:read")
def one(call: Call) -> Answer:
    return Answer(shapes.full_pull(call.base, call.pull("pull_number")))


@ROUTES.get(_R + "/pulls/{pull_number}/files", "pull_requests:read")
def files(call: Call) -> Answer:
    return call.page(shapes.files(call.base, call.pull("pull_number")))


@ROUTES.get(_R + "/pulls/{pull_number}/commits", "pull_requests:read")
def commits(call: Call) -> Answer:
    pull = call.pull("pull_number")
    return call.page([repos.commit(call.base, call.repo, each) for each in shapes.commits(pull)])


@ROUTES.get(_R + "/commits/{commit_sha}/pulls", "pull_requests:read|contents:read")
def of_commit(call: Call) -> Answer:
    """Those of branches of this repository; GitHub does not reliably find the heads of forks (X13)."""
    sha = call.vars["commit_sha"]
    found = [
        pull
        for pull in call.repo.pulls.values()
        if not pull.from_fork and sha in {pull.merge_sha, *(commit.sha for commit in shapes.commits(pull))}
    ]
    return call.page([shapes.pull(call.base, pull) for pull in found])
