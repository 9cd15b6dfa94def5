"""Sets the demo's stage: a sandbox GitHub with a repository and people, and the App installed on it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from github_app.app import Parts, opened, web_app, working
from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.state import Pull, Repository
from github_app.settings import Settings, read_settings

POLICY = """\
schema: 1
mode: enforce
roles:
  backend_dev: {users: [bo]}
  frontend_dev: {users: [flo]}
  devops_specialist: {users: [dee]}
  database_specialist: {users: [dina]}
  security_specialist: {users: [sam]}
  qa_analyst: {users: [quinn]}
  domain_specialist: {users: [pia]}
fallback: {users: [quinn]}
"""

CODEOWNERS = "* @quinn\n/web/ @flo\n"
AUTHOR = "ada"
SPECIALISTS = ("bo", "flo", "dee", "dina", "sam", "quinn", "pia")


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that the demo acts on."""

    sandbox: Sandbox
    parts: Parts
    repo: Repository
    pull: Pull
    address: str

    @property
    def page(self) -> str:
        return f"{self.sandbox.base_url}/{self.repo.full_name}/pull/{self.pull.number}"


@asynccontextmanager
async def stage(port: int) -> AsyncIterator[Stage]:
    """Start both sides on this machine, with a database that is deleted at the end, and open a pull request."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="failure-review-demo-"))
        sandbox = Sandbox()
        await sandbox.start(port)
        stack.push_async_callback(sandbox.stop)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings, app_id = _register(sandbox, address, Path(folder))
        parts = await stack.enter_async_context(opened(settings))
        runner = web.AppRunner(web_app(parts), access_log=None, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listener).start()
        await stack.enter_async_context(working(parts))
        repo = sandbox.create_repo("octo", "shop", org=True)
        await sandbox.install(app_id, repo)
        files = {".github/failure-review.yml": POLICY, ".github/CODEOWNERS": CODEOWNERS}
        await sandbox.put_files(repo, files, repo.default_branch)
        sandbox.protect(repo, repo.default_branch, [("failure-review/gate", app_id)])
        for login in (AUTHOR, *SPECIALISTS):
            sandbox.set_role(repo, login, "write")
        sandbox.at_the_browser(AUTHOR)
        pull = await sandbox.open_pull(repo, "checkout", author=AUTHOR, title="Add tax to the checkout")
        yield Stage(sandbox, parts, repo, pull, address)


def _register(sandbox: Sandbox, address: str, folder: Path) -> tuple[Settings, int]:
    secret = secrets.token_hex(32)
    credentials = sandbox.register_app(f"{address}/webhook", secret)
    settings = read_settings(
        github_app_id=credentials.app_id,
        github_private_key=credentials.private_key_pem,
        github_webhook_secret=secret,
        github_api_url=sandbox.base_url,
        github_client_id=credentials.client_id,
        github_client_secret=credentials.client_secret,
        session_secret=secrets.token_hex(32),
        database_url=f"sqlite:///{folder}/demo.db",
        public_url=address,
        app_env="dev",
        log_level="ERROR",
    )
    return settings, credentials.app_id
