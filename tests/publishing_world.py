"""The publishers on a sandbox GitHub, without the loops: the test says what happened and when something is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from world import WEBHOOK_SECRET, settings_for

from github_app.app import Parts, opened
from github_app.github.checks import Checks
from github_app.github.comments import Comments
from github_app.github.labels import Labels
from github_app.github.publishing import GAP, Desk
from github_app.rules.events import Event, JobsSeen, PolicyRead, PullMoved, QueueMoved
from github_app.rules.model import Annotation, Evidence, Excerpt, Job, Person, Pull, Repo, Run, Source
from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.state import CheckRun

ENFORCE = "schema: 1\nmode: enforce\n"
UNIT_TEST = "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4"
LOST_RUNNER = "The hosted runner lost communication with the server."


@dataclass
class Press:
    """What a test publishes with; `pull` is open on the sandbox, and the App knows nothing of it yet."""

    sandbox: Sandbox
    parts: Parts
    repo: Any
    pull: Any
    app_id: int
    installation_id: int
    ahead: timedelta = timedelta()
    sha: str = ""
    _ids: int = field(default=1000)

    # --- what happens

    @property
    def at(self) -> dict[str, Any]:
        repo = Repo(self.repo.id, self.installation_id, "octo", self.repo.name)
        return {"repo": repo, "cause": "test", "received_at": datetime.now(UTC)}

    async def happens(self, event: Event) -> None:
        await self.parts.engine.handle(event)

    async def policy(self, text: str | None = ENFORCE, sha: str = "") -> None:
        await self.happens(PolicyRead(sha=sha, text=text, **self.at))

    async def pull_moves(self, action: str = "opened", *, sha: str = "", is_open: bool = True) -> None:
        self.sha = sha or self.sha or self.pull.head_sha
        await self.happens(PullMoved(pull=self._pull(is_open=is_open), action=action, **self.at))

    def _pull(self, *, is_open: bool = True) -> Pull:
        number = self.pull.number
        return Pull(
            number=number,
            title="Sum the cart",
            head_sha=self.sha,
            head_ref="cart",
            head_repo_id=self.repo.id,
            base_ref="main",
            base_repo_id=self.repo.id,
            author=Person(9, "ada"),
            open=is_open,
            merged=False,
            draft=False,
            updated_at=datetime.now(UTC),
            changed=(),
        )

    async def job_ends(
        self,
        name: str = "unit",
        conclusion: str = "failure",
        *,
        says: str = UNIT_TEST,
        marks: int = 1,
        attempt: int = 1,
        sha: str = "",
    ) -> None:
        """A job ends; with `marks` lines of the repository marked by its tool."""
        self._ids += 1
        evidence = None
        if conclusion == "failure":
            notes = [Annotation(f"{name}/test_{n}.py", n + 1, "failure", f"{name} {n}") for n in range(marks)]
            evidence = Evidence((Excerpt(1, (says,), "last lines"),), annotations=tuple(notes))
        job = Job(
            id=self._ids,
            source=Source.ACTIONS,
            app="github-actions",
            name=name,
            status="completed",
            conclusion=conclusion,
            workflow="CI",
            workflow_id=5,
            event="pull_request",
            run_id=50,
            attempt=attempt,
            completed_at=datetime.now(UTC),
            evidence=evidence,
        )
        await self.happens(JobsSeen(sha=sha or self.sha, jobs=(job,), **self.at))

    async def run_is(self, attempt: int, status: str, conclusion: str | None = None) -> None:
        run = Run(50, 5, "CI", "pull_request", attempt, status, conclusion)
        await self.happens(JobsSeen(sha=self.sha, runs=(run,), **self.at))

    async def queued(self, sha: str) -> None:
        await self.happens(QueueMoved(sha=sha, head_ref="gh-readonly-queue/main/pr-1-abc", base_ref="main", **self.at))

    # --- what is shown

    def _desk(self) -> Desk:
        self.ahead += GAP + timedelta(milliseconds=100)
        parts = self.parts
        return Desk(parts.engine, parts.github, parts.store.outbox, self.app_id, "https://app.example", b"k", parts.now)

    async def gate(self, sha: str = "") -> None:
        await Checks(self._desk()).publish_gate(self.repo.id, sha or self.sha)

    async def policy_check(self, sha: str) -> None:
        await Checks(self._desk()).publish_policy(self.repo.id, sha)

    async def comment(self) -> None:
        await Comments(self._desk()).publish(self.repo.id, self.pull.number)

    async def labels(self) -> None:
        await Labels(self._desk()).publish(self.repo.id, self.pull.number)

    def gates(self, sha: str = "") -> list[CheckRun]:
        """Every gate run of the commit, oldest first; GitHub goes by the last."""
        return self.sandbox.check_runs(self.repo, sha or self.sha, name="failure-review/gate")

    def messages(self, run: CheckRun) -> list[str]:
        return [note["message"].partition("\n")[0] for note in run.annotations]

    def writes(self) -> list[str]:
        """What was written to GitHub, tokens apart."""
        return [
            f"{each.method} {each.path.rpartition('/shop/')[2]}"
            for each in self.sandbox.requests
            if each.method != "GET" and "access_tokens" not in each.path
        ]


@asynccontextmanager
async def opened_press(sandbox: Sandbox, database_url: str, *, policy: str | None = ENFORCE) -> AsyncIterator[Press]:
    """Everything stands ready; the App has read `policy` and heard of the pull request."""
    credentials = sandbox.register_app(None, WEBHOOK_SECRET)
    repo = sandbox.create_repo("octo", "shop", private=True)
    installation_id = await sandbox.install(credentials.app_id, repo)
    pull = await sandbox.open_pull(repo, "cart", author="ada", title="Sum the cart")
    press: Press | None = None

    def now() -> datetime:
        return datetime.now(UTC) + (press.ahead if press else timedelta())

    async with opened(settings_for(sandbox, credentials, database_url), now) as parts:
        press = Press(sandbox, parts, repo, pull, credentials.app_id, installation_id)
        await press.policy(policy)
        await press.pull_moves()
        yield press
