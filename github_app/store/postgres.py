"""PostgreSQL: a pool of connections on a few threads, and LISTEN/NOTIFY so that replicas wake each other."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, get_args

import sqlalchemy as sa

from github_app.failpoints import failpoint
from github_app.loops import StoreUnavailable
from github_app.store.database import StoreRefused, Topic

T = TypeVar("T")

THREADS = 8
CHANNEL = "failure_review"
CONNECT_SECONDS = 3
SILENCE_MILLISECONDS = 5000
PATIENCE_SECONDS = 4.0
"""After so long without success the caller hears StoreUnavailable: GitHub waits ten seconds for an answer (G1)."""
PAUSE_SECONDS = 0.05


class PostgresDatabase:
    """A PostgreSQL database that any number of processes share."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = connect(url)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="postgres")
        self._listening: asyncio.Task[None] | None = None
        self._closed = False

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._patiently, work)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        return await self.write(work)

    def _patiently(self, work: Callable[[sa.Connection], T]) -> T:
        """Try again after a lost race or a lost connection, as long as nothing can have been committed."""
        start, pause = time.monotonic(), PAUSE_SECONDS
        while True:
            committing = False
            try:
                with self.engine.begin() as conn:
                    result = work(conn)
                    committing = True
                    failpoint("store.before_commit")
            except sa.exc.DBAPIError as error:
                if not _passing(error):
                    raise
                if committing or time.monotonic() - start > PATIENCE_SECONDS:
                    raise StoreUnavailable(sentence(error)) from error
            else:
                failpoint("store.after_commit")
                return result
            time.sleep(pause)
            pause *= 2

    def announce(self, conn: sa.Connection, topic: Topic) -> None:
        conn.execute(sa.select(sa.func.pg_notify(CHANNEL, topic)))

    async def start(self, heard: Callable[[Topic], None]) -> None:
        self._listening = asyncio.create_task(self._listen(heard))

    async def _listen(self, heard: Callable[[Topic], None]) -> None:
        """Pass on every announcement; the loops poll as well, so one missed while reconnecting only comes late."""
        import psycopg  # noqa: PLC0415  (of the extra [postgres]; SQLite does without)

        dsn = self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
                    await conn.execute(f"LISTEN {CHANNEL}")
                    async for notice in conn.notifies():
                        for topic in get_args(Topic):
                            if notice.payload == topic:
                                heard(topic)
            await asyncio.sleep(1)

    async def become_worker(self) -> bool:
        """Replicas share the work by leases: nobody is refused, and nobody's leases are free."""
        return False

    async def close(self) -> None:
        self._closed = True
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()


def connect(url: sa.URL) -> sa.Engine:
    """Return an engine with as many connections as there are threads."""
    return sa.create_engine(
        url,
        pool_size=THREADS,
        max_overflow=0,
        connect_args={
            "application_name": "failure-review",
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": SILENCE_MILLISECONDS,  # a server that is cut off must not hold a thread for minutes
        },
    )


def check(engine: sa.Engine) -> None:
    """Raise StoreRefused when the server cannot be reached or would forget what it confirmed (F42)."""
    try:
        with engine.connect() as conn:
            durable = conn.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    except sa.exc.DBAPIError as error:
        raise StoreRefused(f"The database cannot be reached: {error.orig}".strip()) from error
    if durable == "off":
        raise StoreRefused(
            "PostgreSQL runs with synchronous_commit = off and may lose acknowledged deliveries: "
            "set it to on for this database."
        )


def sentence(error: sa.exc.DBAPIError) -> str:
    """Return what the database said, without the statement and its values."""
    return f"PostgreSQL: {error.orig}"


def _passing(error: sa.exc.DBAPIError) -> bool:
    """Whether the same transaction may succeed a moment later."""
    return isinstance(error, sa.exc.OperationalError) or error.connection_invalidated
