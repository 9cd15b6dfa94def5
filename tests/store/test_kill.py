"""kill -9 at any moment: what was acknowledged is handled, and its effects are kept exactly once."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from databases import NOW, until

from github_app.failpoints import NAMES
from github_app.store import SqlStore

PROGRAM = Path(__file__).with_name("killed_process.py")
FAILPOINTS = [name for name in NAMES if name.split(".")[0] in {"inbox", "store", "outbox", "timers"}]


def start(url: str, acknowledged: Path, mode: str = "") -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parent.parent)}
    return subprocess.Popen([sys.executable, str(PROGRAM), url, str(acknowledged), mode], env=environment)


def ends(process: subprocess.Popen[bytes]) -> int:
    """Wait for the process, and leave none behind that hangs."""
    try:
        return process.wait(90)
    finally:
        process.kill()
        process.wait()


def lines(path: Path) -> set[str]:
    return set(path.read_text().split()) if path.exists() else set()


async def more_are_acknowledged(path: Path, before: int) -> bool:
    return len(lines(path)) > before


async def all_is_done_once(url: str, acknowledged: Path) -> None:
    assert ends(start(url, acknowledged, "finish")) == 0
    store = await SqlStore.open(url)
    delivered = await store._db.read(lambda conn: conn.exec_driver_sql("SELECT guid FROM deliveries").fetchall())
    journal = await store._db.read(lambda conn: conn.exec_driver_sql("SELECT kind, subject FROM journal").fetchall())
    assert set((await store.stats(NOW)).deliveries) <= {"done"}
    assert lines(acknowledged) <= {row[0] for row in delivered}
    assert Counter(tuple(row) for row in journal) == Counter(
        (kind, row[0]) for row in delivered for kind in ("handled", "fired")
    )
    assert await store.journal.verify() == []
    await store.close()


async def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(database_url: str, tmp_path: Path) -> None:
    """F1-F4, P1."""
    acknowledged = tmp_path / "acknowledged"
    moments = random.Random(4)
    for _ in range(3):
        before = len(lines(acknowledged))
        process = start(database_url, acknowledged)
        await until(partial(more_are_acknowledged, acknowledged, before))
        await asyncio.sleep(moments.uniform(0.02, 0.2))
        process.kill()
        assert ends(process) == -9
    await all_is_done_once(database_url, acknowledged)


@pytest.mark.parametrize("failpoint", FAILPOINTS)
async def test_a_kill_at_each_failpoint_loses_nothing_and_repeats_nothing(
    database_url: str, tmp_path: Path, failpoint: str
) -> None:
    """F1-F4, P1."""
    acknowledged = tmp_path / "acknowledged"
    assert ends(start(database_url, acknowledged, failpoint)) == -9
    await all_is_done_once(database_url, acknowledged)
