"""`failure-review serve` as a process that dies at a failpoint, on a sandbox GitHub in the test's process."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contract.github_description import violations

from github_app.sandbox.scenario import Sandbox
from github_app.store import SqlStore

SECRET = "a-webhook-secret-of-some-length"
SERVE = (sys.executable, "-c", "from pytest_failure_review.cli import main; raise SystemExit(main(['serve']))")
LOG = """2026-11-24T08:00:01.1000000Z FAILED tests/unit/test_cart.py::test_total - assert 3 == 4
2026-11-24T08:00:01.2000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:01.3000000Z Cleaning up orphan processes
"""
LOST_RUNNER = "The hosted runner lost communication with the server."
PATIENCE = 150
"""Seconds, many times what it takes: a machine that is busy says nothing about us."""


class Clock:
    """GitHub's time, which a test sets back while things happen."""

    def __init__(self) -> None:
        self.behind = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.behind


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: the death, and everything that can be seen afterwards."""

    death: int
    gates: tuple[tuple[str | None, str | None], ...]
    marks: Mapping[str, int]
    comments: tuple[str, ...]
    replies: tuple[str, ...]
    labels: tuple[str, ...]
    deliveries: Mapping[str, int]
    outbox: Mapping[str, int]
    journal: int
    findings: tuple[str, ...]
    violations: tuple[str, ...]


@dataclass(slots=True)
class Scene:
    """A pull request that failed while nobody listened; GitHub delivers it all when the App has started."""

    github: Sandbox
    pull: Any
    app_id: int
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.environment["DATABASE_URL"]

    async def outcome(self, failpoint: str) -> Outcome:
        """Kill the App at the failpoint, start it again, and wait until it has come to rest."""
        async with self._served(FAILPOINT=failpoint) as process:
            await self._deliver()
            death = await asyncio.wait_for(process.wait(), PATIENCE)
        await self._free_leases()
        async with self._served():
            await self._deliver()
            await self._rest()
        return await self._seen(death)

    @asynccontextmanager
    async def _served(self, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            *SERVE, env={**self.environment, **more}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert process.stdout is not None
        try:
            said = (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).decode()
            port = re.search(r"\d{4,5}", said)
            assert port is not None, said
            self.github.point_webhook(self.app_id, f"http://127.0.0.1:{port[0]}/webhook")
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(process.wait(), PATIENCE)

    async def _deliver(self) -> None:
        """Deliver, or deliver again under the same GUID, whatever was never acknowledged."""
        answered = {each.guid for each in self.github.deliveries if each.status_code == 202}
        waiting = {each.guid: each for each in self.github.deliveries if each.guid not in answered}
        for delivery in waiting.values():
            self.github.world.hooks.redeliver(delivery)
        await self.github.settled()

    async def _free_leases(self) -> None:
        """On PostgreSQL a dead worker's leases last 30 seconds; a test need not wait for that."""
        if self.url.startswith("sqlite"):
            return
        store = await SqlStore.open(self.url)
        for rows in (store.deliveries, store.outbox, store.timers):
            await rows.release()
        await store.close()

    async def _rest(self) -> None:
        store = await SqlStore.open(self.url)
        try:
            async with asyncio.timeout(PATIENCE):
                while not await _is_at_rest(store):  # noqa: ASYNC110  (another process does the work)
                    await asyncio.sleep(0.1)
        finally:
            await store.close()

    async def _seen(self, death: int) -> Outcome:
        store = await SqlStore.open(self.url)
        told, findings = await store.stats(datetime.now(UTC)), await store.journal.verify()
        entries = await store._db.read(lambda conn: conn.exec_driver_sql("SELECT count(*) FROM journal").scalar_one())
        await store.close()
        ours = [each for each in self.github.comments(self.pull) if each.app is not None]
        runs = self.github.check_runs(self.pull.repo, self.pull.head_sha, name="failure-review/gate")
        return Outcome(
            death=death,
            gates=tuple((run.conclusion, run.title) for run in runs),
            marks=Counter(note["path"] for run in runs for note in run.annotations),
            comments=tuple(each.body for each in ours if ":reply/" not in each.body),
            replies=tuple(each.body for each in ours if ":reply/" in each.body),
            labels=tuple(sorted(self.github.labels(self.pull))),
            deliveries=told.deliveries,
            outbox=told.outbox,
            journal=entries,
            findings=tuple(str(each) for each in findings),
            violations=tuple(str(each) for each in violations(self.github.requests)),
        )


async def _is_at_rest(store: SqlStore) -> bool:
    now = datetime.now(UTC)
    told = await store.stats(now)
    waiting = [told.deliveries.get(state, 0) for state in ("new", "ready", "running")]
    unsent = [told.outbox.get(state, 0) for state in ("pending", "running")]
    return sum(waiting) + sum(unsent) == 0 and told.timer_lateness == 0


@asynccontextmanager
async def scene(database_url: str, *, overdue: bool = False) -> AsyncIterator[Scene]:
    """Two jobs have failed, 60 lines are marked, a label of ours is out of date; `overdue`: it was five hours ago."""
    clock = Clock()
    clock.behind = timedelta(hours=5) if overdue else timedelta()
    github = Sandbox(clock)
    await github.start()
    github.mute()
    made = github.register_app("http://127.0.0.1:9/webhook", SECRET)
    repo = github.create_repo("octo", "shop", private=True)
    await github.install(made.app_id, repo)
    await github.put_file(repo, ".github/failure-review.yml", "schema: 1\nmode: enforce\n")
    pull = await github.open_pull(repo, "cart", author="ada", title="Sum the cart")
    await github.label(pull, ["failure-review:build"])
    run = await github.start_run(repo, pull.head_sha, jobs=["unit", "linux"])
    await github.finish_job(github.job(run, "unit"), "failure", log=LOG, annotations=_marks("unit", 40))
    await github.finish_job(github.job(run, "linux"), "failure", log=LOST_RUNNER, annotations=_marks("linux", 20))
    await github.finish_run(run)
    await github.comment(pull, "bob", "/failure-review help")
    github.mute(muted=False)
    clock.behind = timedelta()
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "GITHUB_APP_ID": str(made.app_id),
        "GITHUB_PRIVATE_KEY": made.private_key_pem,
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_API_URL": github.base_url,
        "DATABASE_URL": database_url,
        "APP_ENV": "test",
        "PORT": "0",
        "LOG_LEVEL": "ERROR",
    }
    try:
        yield Scene(github, pull, made.app_id, environment)
    finally:
        await github.stop()


def _marks(name: str, count: int) -> list[dict[str, Any]]:
    note = {"annotation_level": "failure", "message": "assert 3 == 4"}
    return [{**note, "path": f"{name}/test_{n}.py", "start_line": 9, "end_line": 9} for n in range(count)]
