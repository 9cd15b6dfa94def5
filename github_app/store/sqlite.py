"""SQLite: one writer thread that commits in groups, readers beside it (WAL), and one working process per file.

A group is one BEGIN IMMEDIATE ... COMMIT around up to 256 pieces of work, each under its own savepoint: one fsync for
all, and one that fails takes nobody with it. Nobody is told of success before the COMMIT has returned.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from github_app.failpoints import failpoint
from github_app.loops import StoreUnavailable
from github_app.store.database import StoreRefused, Topic

T = TypeVar("T")

GROUP = 256
BUSY_SECONDS = 5.0
READERS = 2


@dataclass(slots=True)
class _Job:
    work: Callable[[sa.Connection], Any]
    future: Future[Any]
    result: Any = None
    error: Exception | None = None


class SqliteDatabase:
    """A SQLite file; other processes may read and write it, but only one may run the loops (E17)."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = connect(url)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._writer = threading.Thread(target=self._write_groups, name="sqlite-writer", daemon=True)
        self._workplace: sqlite3.Connection | None = None
        self._closed = False
        self._writer.start()

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        future: Future[T] = Future()
        self._jobs.put(_Job(work, future))
        return await asyncio.wrap_future(future)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        try:
            with self.engine.connect() as conn:
                return work(conn)
        except sa.exc.OperationalError as error:
            raise StoreUnavailable(sentence(error)) from error

    def announce(self, conn: sa.Connection, topic: Topic) -> None:
        """Nothing: there are no other workers, and the store wakes its own loops itself."""

    async def start(self, heard: Callable[[Topic], None]) -> None:
        """Nothing to listen to, for the same reason."""

    async def become_worker(self) -> bool:
        """Hold an exclusive lock on `<file>-workers` for as long as this process lives; kill -9 frees it."""
        path = f"{self.engine.url.database}-workers"
        workplace = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            workplace.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            workplace.close()
            raise StoreRefused(
                f"Another process already works on {self.engine.url.database}. A SQLite file has one worker: "
                "stop the other one, start this one with --role web, or set DATABASE_URL to a PostgreSQL database."
            ) from error
        self._workplace = workplace
        return True

    async def close(self) -> None:
        self._closed = True
        self._jobs.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        self.engine.dispose()
        if self._workplace is not None:
            self._workplace.close()

    def _write_groups(self) -> None:
        with self.engine.connect() as conn:
            while (first := self._jobs.get()) is not None:
                group, ended = self._group(first)
                commit_group(conn, [job for job in group if job.future.set_running_or_notify_cancel()])
                if ended:
                    return

    def _group(self, first: _Job) -> tuple[list[_Job], bool]:
        group = [first]
        with contextlib.suppress(queue.Empty):
            while len(group) < GROUP:
                job = self._jobs.get_nowait()
                if job is None:
                    return group, True
                group.append(job)
        return group, False


def commit_group(conn: sa.Connection, group: list[_Job]) -> None:
    """Commit the group and tell each waiter how its own piece went."""
    try:
        conn.exec_driver_sql("BEGIN IMMEDIATE")
        for job in group:
            _run(conn, job)
        failpoint("store.before_commit")
        conn.exec_driver_sql("COMMIT")
        failpoint("store.after_commit")
    except Exception as error:  # noqa: BLE001  (carried to everyone who waits: the writer itself must survive)
        if _in_transaction(conn):
            conn.exec_driver_sql("ROLLBACK")
        for job in group:
            job.error = _told(error)
    for job in group:
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)


def _run(conn: sa.Connection, job: _Job) -> None:
    conn.exec_driver_sql("SAVEPOINT piece")
    try:
        job.result = job.work(conn)
    except Exception as error:  # carried to the one who waits
        if not _in_transaction(conn):
            raise  # a full disk can end the whole transaction, not just this piece of it
        conn.exec_driver_sql("ROLLBACK TO piece")
        job.error = _told(error)
    conn.exec_driver_sql("RELEASE piece")


def _told(error: Exception) -> Exception:
    """Return the error as the caller hears it; a violated constraint or a wrong statement is its own mistake."""
    own = isinstance(error, sa.exc.IntegrityError | sa.exc.ProgrammingError)
    return StoreUnavailable(sentence(error)) if isinstance(error, sa.exc.DBAPIError) and not own else error


def _in_transaction(conn: sa.Connection) -> bool:
    return cast("sqlite3.Connection", conn.connection.driver_connection).in_transaction


def connect(url: sa.URL) -> sa.Engine:
    """Return an engine for the file whose connections begin and end transactions only when told to."""
    engine = sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=READERS + 1,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(driver: sqlite3.Connection, _record: object) -> None:
    driver.execute("PRAGMA journal_mode = WAL")
    driver.execute("PRAGMA synchronous = FULL")  # NORMAL may lose an acknowledged commit when the power fails
    driver.execute("PRAGMA foreign_keys = ON")


def check(engine: sa.Engine) -> None:
    """Raise StoreRefused for a file that is damaged, is no database, or cannot be written (F12)."""
    path = engine.url.database
    try:
        with engine.connect() as conn:
            finding = conn.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            conn.exec_driver_sql("BEGIN IMMEDIATE")
            conn.exec_driver_sql("CREATE TABLE probe (x)")  # BEGIN alone also succeeds on a read-only file
            conn.exec_driver_sql("ROLLBACK")
    except sa.exc.DBAPIError as error:
        raise StoreRefused(f"The database file {path} cannot be used: {error.orig}.") from error
    if finding != "ok":
        raise StoreRefused(f"The database file {path} is damaged ({finding}): restore it from a backup.")


def sentence(error: sa.exc.DBAPIError) -> str:
    """Return what the database said, without the statement and its values."""
    return f"SQLite: {error.orig}"
