"""The tables are made whole or not at all, by whoever comes first."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from databases import NOW

from github_app.inbox import Delivery
from github_app.store import SqlStore, StoreRefused, upgrade
from github_app.store.schema import metadata
from github_app.store.upgrade import database_url as checked


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    url = str(request.getfixturevalue("postgres_database_url"))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DROP SCHEMA public CASCADE")
        conn.execute("CREATE SCHEMA public")
    return url


def tables(url: str) -> set[str]:
    engine = sa.create_engine(checked(url))
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def execute(url: str, statement: str) -> None:
    engine = sa.create_engine(checked(url))
    with engine.begin() as conn:
        conn.exec_driver_sql(statement)
    engine.dispose()


async def test_an_upgrade_makes_the_tables_and_a_second_one_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    store = await SqlStore.open(empty_url)
    await store.deliveries.keep(Delivery("1", "push", b"", NOW))
    upgrade(empty_url)
    assert not await store.deliveries.keep(Delivery("1", "push", b"", NOW))
    await store.close()


def test_the_tables_are_those_that_the_queries_know(database_url: str) -> None:
    engine = sa.create_engine(checked(database_url))
    with engine.connect() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
    engine.dispose()


async def test_a_database_without_tables_is_refused_with_the_command_that_helps(empty_url: str) -> None:
    with pytest.raises(StoreRefused, match=r"run `failure-review db upgrade` first"):
        await SqlStore.open(empty_url)


async def test_a_database_that_a_newer_version_wrote_is_left_alone(database_url: str) -> None:
    execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    for use in (lambda: asyncio.to_thread(upgrade, database_url), lambda: SqlStore.open(database_url)):
        with pytest.raises(StoreRefused, match=r"A newer version has upgraded this database \(to 9999\)"):
            await use()


async def test_replicas_that_start_together_all_find_the_tables(empty_url: str) -> None:
    """F14: each of four tries to upgrade the same new database."""
    await asyncio.gather(*(asyncio.to_thread(upgrade, empty_url) for _ in range(4)))
    assert "deliveries" in tables(empty_url)


UPGRADE_AND_DIE = """
import os, signal, sys
import sqlalchemy as sa
from github_app.store import upgrade

def die(conn, cursor, statement, *_):
    if "CREATE TABLE outbox" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(sa.Engine, "before_cursor_execute", die)
upgrade(sys.argv[1])
"""


def test_an_upgrade_killed_half_way_leaves_nothing_and_can_be_repeated(empty_url: str) -> None:
    """F8."""
    killed = subprocess.run([sys.executable, "-c", UPGRADE_AND_DIE, empty_url], check=False, timeout=60)
    assert killed.returncode == -9
    assert tables(empty_url) == set()
    upgrade(empty_url)
    assert "outbox" in tables(empty_url)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "DATABASE_URL is no database address"),
        ("nonsense", "DATABASE_URL is no database address"),
        ("mysql://user:s3cret@host/db", "DATABASE_URL names 'mysql'"),
        ("sqlite://", "DATABASE_URL names 'sqlite' without a file"),
        ("sqlite:///:memory:", "DATABASE_URL names 'sqlite' without a file"),
    ],
)
def test_an_address_that_cannot_keep_deliveries_is_refused_in_words(url: str, sentence: str) -> None:
    """F42."""
    with pytest.raises(StoreRefused, match=sentence) as refused:
        upgrade(url)
    assert "s3cret" not in str(refused.value)


def test_the_short_name_of_postgresql_is_understood() -> None:
    assert checked("postgres://h/d").drivername == checked("postgresql://h/d").drivername == "postgresql+psycopg"


def test_failures_that_an_older_version_kept_can_be_found_by_their_fingerprint(empty_url: str) -> None:
    upgrade(empty_url)
    execute(empty_url, "DROP INDEX records_print")
    execute(empty_url, "ALTER TABLE records DROP COLUMN print")
    execute(empty_url, "UPDATE alembic_version SET version_num = '0001'")
    columns = "id, kind, installation_id, repo_id, version, updated_at, body"
    for values in ("'f1', 'failure', 1, 7, 1, 0, '{\"fingerprint\": \"fr1:a\"}'", "'c1', 'commit', 1, 7, 1, 0, '{}'"):
        execute(empty_url, f"INSERT INTO records ({columns}) VALUES ({values})")
    upgrade(empty_url)
    engine = sa.create_engine(checked(empty_url))
    with engine.connect() as conn:
        found = conn.exec_driver_sql("SELECT id, print FROM records ORDER BY id").all()
    engine.dispose()
    assert [tuple(row) for row in found] == [("c1", None), ("f1", "fr1:a")]
