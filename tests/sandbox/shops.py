"""A shop on the sandbox GitHub, with somebody who calls the API about it and an App that listens."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt

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


@dataclass
class Ear:
    """What an App heard: (headers, body) of each delivery; `status` is what it answers."""

    url: str
    heard: list[tuple[dict[str, str], bytes]]
    status: int = 202
