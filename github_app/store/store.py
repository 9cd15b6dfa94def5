"""The store: the rows of every part, in one database, behind one thread hop per transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from github_app.documents import Document
from github_app.engine import Change
from github_app.store import postgres, records, retention, sqlite, stats
from github_app.store.database import Database, Topic, violates_unique
from github_app.store.deliveries import Deliveries
from github_app.store.journal import Journal
from github_app.store.outbox import Wishes
from github_app.store.retention import Retention
from github_app.store.stats import Stats
from github_app.store.timers import Timers
from github_app.store.upgrade import database_url, refuse_missing, refuse_other_revision
from github_app.store.wakeups import Wakeups


class SqlStore:
    """One class for both databases; make it with `open`."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._wakeups = Wakeups()
        self.deliveries = Deliveries(db, self._wakeups)
        self.outbox = Wishes(db)
        self.timers = Timers(db)
        self.journal = Journal(db)

    @classmethod
    async def open(cls, url: str) -> SqlStore:
        """Open the database at `url`, which `upgrade` has prepared; StoreRefused says why it cannot be used."""
        where = database_url(url)
        db: Database
        if where.get_backend_name() == "sqlite":
            refuse_missing(where)
            _check(sqlite.connect(where), sqlite.check)
            db = sqlite.SqliteDatabase(where)
        else:
            _check(postgres.connect(where), postgres.check)
            db = postgres.PostgresDatabase(where)
        store = cls(db)
        await db.start(store._wakeups.wake)
        return store

    async def become_worker(self) -> None:
        """Must come before the loops run. StoreRefused when another process works on the same SQLite file (E17)."""
        if await self._db.become_worker():
            for rows in (self.deliveries, self.outbox, self.timers):
                await rows.release()

    def on_work(self, topic: Topic, wake: Callable[[], None]) -> None:
        """Call `wake` (on the event loop) whenever there may be new work of a kind."""
        self._wakeups.on(topic, wake)

    async def get(self, ids: Sequence[str]) -> list[Document]:
        """Return the stored ones of `ids`."""
        return await self._db.read(partial(records.get, ids))

    async def find(
        self,
        kind: str,
        repo_id: int,
        *,
        sha: str | None = None,
        refs: Sequence[str] | None = None,
        prints: Sequence[str] | None = None,
        open_or_since: datetime | None = None,
        newest: int | None = None,
    ) -> list[Document]:
        """Return the documents that fit every condition given; see engine.Store."""
        conditions = records.matching(kind, repo_id, sha=sha, refs=refs, prints=prints, open_or_since=open_or_since)
        return await self._db.read(partial(records.find, conditions, newest=newest))

    async def looked_at(self) -> tuple[int, list[Document]]:
        """Return how many failures are closed, and those of them that people have said something about."""
        return await self._db.read(records.looked_at)

    async def every(self, kind: str, at_once: int = 200) -> AsyncIterator[Document]:
        """Give all documents of a kind, by id; in pages, so one that is kept meanwhile may be missing."""
        after = ""
        while found := await self._db.read(partial(records.page, kind, after, at_once)):
            for document in found:
                yield document
            after = found[-1].id

    async def commit(self, change: Change, now: datetime) -> bool:
        """Keep the whole change, or nothing and False when a document has moved on since it was loaded.

        A change that uses up a timer which is gone already is nothing more to do: True, and nothing is kept.
        """
        try:
            await self._db.write(partial(records.commit, self._db, change, now))
        except records.MovedOn:
            return False
        except records.AlreadyFired:
            return True
        except sa.exc.IntegrityError as error:
            if violates_unique(error):
                return False
            raise
        if change.wishes:
            self._wakeups.wake("outbox")
        if change.timers:
            self._wakeups.wake("timers")
        return True

    async def forget_installation(self, installation_id: int) -> None:
        """Delete everything of an installation; of its journal only hashes stay (T32)."""
        await retention.forget_installation(self._db, installation_id)

    async def sweep(self, now: datetime, keep: Retention) -> None:
        """Delete what has been kept long enough; meant to run every hour or so."""
        await retention.sweep(self._db, now, keep)

    async def stats(self, now: datetime) -> Stats:
        """Return the numbers for /metrics."""
        return await self._db.read(partial(stats.read, now))

    async def ping(self) -> None:
        """Return when the database takes transactions; StoreUnavailable otherwise."""
        await self._db.write(lambda conn: conn.execute(sa.select(1)).close())

    async def close(self) -> None:
        """Finish what was submitted and let go of the database."""
        await self._db.close()


def _check(engine: sa.Engine, check: Callable[[sa.Engine], None]) -> None:
    try:
        check(engine)
        refuse_other_revision(engine)
    finally:
        engine.dispose()
