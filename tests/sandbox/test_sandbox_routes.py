"""Every route of the sandbox answers as GitHub describes it; the `sandbox` fixture judges requests and answers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
import pytest
from contract.cut_description import wanted

from github_app.sandbox.runs import Run
from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.state import Pull, Repository
from github_app.sandbox.verbs.people import PERMISSIONS, AppCredentials

GENEROUS = {**PERMISSIONS, "actions": "write", "administration": "read", "members": "read", "statuses": "write"}


@dataclass
class Shop:
    """A repository with a pull request whose workflow failed, and somebody who calls the API about it."""

    sandbox: Sandbox
    session: aiohttp.ClientSession
    app: AppCredentials
    installation: int
    repo: Repository
    pull: Pull
    run: Run

    def jwt(self, **claims: Any) -> str:
        now = int(time.time())
        usual = {"iss": str(self.app.app_id), "iat": now - 60, "exp": now + 540}
        return jwt.encode(usual | claims, self.app.private_key_pem, "RS256")

    async def token(self, **narrowed: Any) -> str:
        path = f"/app/installations/{self.installation}/access_tokens"
        status, body, _ = await self.call("POST", path, narrowed or None, auth=f"Bearer {self.jwt()}")
        assert status == 201, body
        return f"token {body['token']}"

    async def call(
        self, method: str, path: str, body: Any = None, auth: str = "", **headers: str
    ) -> tuple[int, Any, Any]:
        """Status, JSON (None when empty) and headers of an answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if auth:
            given["Authorization"] = auth
        url = path if path.startswith("http") else self.sandbox.base_url + path
        async with self.session.request(method, url, json=body, headers=given, allow_redirects=False) as answer:
            text = await answer.read()
            kind = answer.content_type
            return answer.status, await answer.json() if text and "json" in kind else text or None, answer.headers


@pytest.fixture
async def shop(sandbox: Sandbox) -> AsyncIterator[Shop]:
    app = sandbox.register_app(None, permissions=GENEROUS)
    repo = sandbox.create_repo("octo", "shop", org=True, private=True)
    sandbox.team("octo", "backend", ["ada", "grace"], shop="write")
    sandbox.set_role(repo, "mona", "maintain")
    installation = await sandbox.install(app.app_id, repo)
    await sandbox.put_file(repo, ".github/CODEOWNERS", "* @octo/backend\n")
    pull = await sandbox.open_pull(repo, "feature/basket", "mona", "Add a basket")
    run = await sandbox.start_run(repo, pull.head_sha, jobs=["test", "lint"])
    await sandbox.finish_job(sandbox.job(run, "test"), "failure", log="it broke\n")
    await sandbox.finish_job(sandbox.job(run, "lint"), "success", log="fine\n")
    await sandbox.finish_run(run)
    async with aiohttp.ClientSession(headers={"User-Agent": "tests"}) as session:
        yield Shop(sandbox, session, app, installation, repo, pull, run)


async def values_of(shop: Shop) -> dict[str, Any]:
    """What to put into the path of every operation."""
    sandbox = shop.sandbox
    sandbox.protect(shop.repo, "main", [("failure-review/gate", shop.app.app_id), ("ci", None)])
    await sandbox.commit_status(shop.repo, shop.pull.head_sha, "legacy-ci", "failure", description="Broken")
    sha = shop.pull.head_sha
    foreign = await sandbox.foreign_check(shop.repo, sha, "circleci", "build", "failure", output={"title": "No"})
    comment = await sandbox.comment(shop.pull, "ada", "Looks good")
    await sandbox.label(shop.pull, ["bug", "later"])
    sandbox.upload_artifact(shop.run, "report", {"a.txt": b"text"})
    return {
        "owner": "octo",
        "repo": "shop",
        "org": "octo",
        "team_slug": "backend",
        "username": "ada",
        "account_id": sandbox.user("ada").id,
        "installation_id": shop.installation,
        "artifact_id": next(iter(shop.repo.artifacts)),
        "archive_format": "zip",
        "job_id": sandbox.job(shop.run, "test").id,
        "run_id": shop.run.id,
        "attempt_number": 1,
        "workflow_id": "ci.yml",
        "branch": "main",
        "check_run_id": foreign.id,
        "check_suite_id": foreign.suite.id,
        "commit_sha": shop.pull.head_sha,
        "sha": shop.pull.head_sha,
        "ref": shop.pull.head_sha,
        "path": ".github/CODEOWNERS",
        "comment_id": comment.id,
        "issue_number": 1,
        "pull_number": 1,
        "name": "bug",
        "ruleset_id": shop.repo.id,
    }


READS = sorted(
    path
    for method, path in wanted()
    if method == "get" and not path.startswith("/app") and path != "/user" and "deliver" not in path
)


async def test_every_read_of_an_installation_is_answered_as_github_describes(shop: Shop) -> None:
    values, token = await values_of(shop), await shop.token()
    answers = {}
    for path in READS:
        auth = f"Bearer {shop.jwt()}" if path.endswith("/installation") else token
        answers[path], body, _ = await shop.call("GET", path.format_map(values), auth=auth)
        assert answers[path] in (200, 302), (path, body)
