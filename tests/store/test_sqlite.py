"""What can go wrong with a SQLite file, and what the operator and GitHub hear of it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import NOW

from github_app.inbox import Delivery
from github_app.loops import StoreUnavailable
from github_app.store import SqlStore, StoreRefused


@pytest.fixture
async def store(sqlite_database_url: str) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(sqlite_database_url)
    yield store
    await store.close()


def a_delivery(guid: str, size: int = 10) -> Delivery:
    return Delivery(guid, "push", b"x" * size, NOW)


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def pragma(store: SqlStore, text: str) -> object:
    return await store._db.write(lambda conn: conn.exec_driver_sql(f"PRAGMA {text}").scalar())


async def test_a_commit_is_on_disk_before_it_is_acknowledged(store: SqlStore) -> None:
    """F42: WAL with synchronous = FULL (2) survives a power cut; NORMAL may not."""
    assert [await pragma(store, "journal_mode"), await pragma(store, "synchronous")] == ["wal", 2]
    assert await pragma(store, "foreign_keys") == 1


async def test_a_full_disk_is_said_and_passes_without_a_restart(store: SqlStore) -> None:
    """F11."""
    pages = await pragma(store, "page_count")
    await pragma(store, f"max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="database or disk is full"):
        await store.deliveries.keep(a_delivery("1", 100_000))
    await pragma(store, "max_page_count = 1000000")
    assert await store.deliveries.keep(a_delivery("1", 100_000))


async def test_a_lock_held_by_another_is_waited_for(store: SqlStore, sqlite_database_url: str) -> None:
    """F10."""
    other = sqlite3.connect(path_of(sqlite_database_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    keeping = asyncio.create_task(store.deliveries.keep(a_delivery("1")))
    await asyncio.sleep(0.2)
    assert not keeping.done()
    other.execute("COMMIT")
    other.close()
    assert await keeping


async def test_a_lock_held_too_long_is_said_and_passes(store: SqlStore, sqlite_database_url: str) -> None:
    """F10: GitHub gets its 503 before its ten seconds are over."""
    await pragma(store, "busy_timeout = 50")
    other = sqlite3.connect(path_of(sqlite_database_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="database is locked"):
        await store.deliveries.keep(a_delivery("1"))
    other.execute("COMMIT")
    other.close()
    assert await store.deliveries.keep(a_delivery("1"))


async def test_work_that_fails_takes_nobody_in_its_group_with_it(store: SqlStore) -> None:
    insert = "INSERT INTO journal_heads VALUES (1, 1, 'h')"

    def broken(conn: sa.Connection) -> None:
        conn.exec_driver_sql("INSERT INTO journal_heads VALUES (2, 1, 'h')")
        raise KeyError("mistake")

    group = [
        store._db.write(lambda conn: conn.exec_driver_sql(insert).close()),
        store._db.write(broken),
        store._db.write(lambda conn: conn.exec_driver_sql(insert.replace("(1,", "(3,")).close()),
    ]
    outcomes = await asyncio.gather(*group, return_exceptions=True)
    assert [type(each) for each in outcomes] == [type(None), KeyError, type(None)]
    kept = await store._db.read(
        lambda conn: conn.exec_driver_sql("SELECT installation_id FROM journal_heads").fetchall()
    )
    assert [row[0] for row in kept] == [1, 3]


async def test_a_caller_that_goes_away_stops_nobody_else(store: SqlStore) -> None:
    going = asyncio.create_task(store.deliveries.keep(a_delivery("1")))
    await asyncio.sleep(0)
    going.cancel()
    assert await store.deliveries.keep(a_delivery("2"))
    assert not await store.deliveries.keep(a_delivery("1"))


async def test_a_closed_store_says_so(sqlite_database_url: str) -> None:
    store = await SqlStore.open(sqlite_database_url)
    await store.close()
    with pytest.raises(StoreUnavailable, match="the store is closed"):
        await store.deliveries.keep(a_delivery("1"))


async def test_a_second_worker_on_the_same_file_is_refused(store: SqlStore, sqlite_database_url: str) -> None:
    """E17."""
    await store.become_worker()
    second = await SqlStore.open(sqlite_database_url)
    with pytest.raises(
        StoreRefused, match=r"Another process already works on .*store.db\. A SQLite file has one worker"
    ):
        await second.become_worker()
    assert await second.deliveries.keep(a_delivery("1"))  # it may take deliveries in all the same
    await store.close()
    await second.become_worker()
    await second.close()


async def test_a_new_worker_takes_over_at_once(store: SqlStore) -> None:
    """F3: nobody else can hold a lease on a SQLite file, so none has to expire."""
    await store._db.write(
        lambda conn: conn.exec_driver_sql(
            "INSERT INTO timers (subject, kind, due_at, generation, installation_id, repo_id, lease_until, worker)"
            " VALUES ('s', 'k', 0, 1, 7, 70, 9000000000000000, 'dead')"
        ).close()
    )
    assert await store.timers.claim("w", 1, NOW) == []
    await store.become_worker()
    assert len(await store.timers.claim("w", 1, NOW)) == 1


@pytest.mark.parametrize("damage", ["overwritten", "flipped"])
async def test_a_damaged_file_is_refused_at_the_start(sqlite_database_url: str, damage: str) -> None:
    """F12."""
    path = path_of(sqlite_database_url)
    content = bytearray(path.read_bytes())
    if damage == "overwritten":
        content[:100] = b"\x55" * 100
    else:
        content[4096:] = bytes(byte ^ 0xFF for byte in content[4096:])
    path.write_bytes(content)
    with pytest.raises(StoreRefused, match=r"The database file .*store.db (is damaged|cannot be used)"):
        await SqlStore.open(sqlite_database_url)


async def test_a_file_that_cannot_be_written_is_refused_at_the_start(sqlite_database_url: str) -> None:
    """F12."""
    path = path_of(sqlite_database_url)
    with pytest.raises(StoreRefused, match="attempt to write a readonly database"):
        await SqlStore.open(f"sqlite:///file:{path}?mode=ro&uri=true")


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match=r"There is no database .*nowhere/x.db"):
        await SqlStore.open(f"sqlite:///{tmp_path}/nowhere/x.db")


async def test_a_file_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "mistyped.db"
    with pytest.raises(StoreRefused, match=r"There is no database .*mistyped.db: check DATABASE_URL"):
        await SqlStore.open(f"sqlite:///{missing}")
    assert not missing.exists()
