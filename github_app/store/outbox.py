"""The rows of the outbox: at most one pending and one running wish a key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from github_app.engine import Entry, Wish
from github_app.outbox import ClaimedWish, Sent
from github_app.store import journal, leases
from github_app.store.database import Database, insert, violates_unique
from github_app.store.schema import outbox as rows
from github_app.store.schema import sent


class Wishes:
    """What the outbox asks of the store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(self, worker: str, limit: int, now: datetime) -> list[ClaimedWish]:
        """Take up to `limit` due wishes, one a key, each installation's first before any one's second."""
        for _ in range(3):
            try:
                return await self._db.write(partial(_claim, worker, limit, now))
            except sa.exc.IntegrityError as error:
                if not violates_unique(error):
                    raise  # else: another replica began with the same key a moment before
        return []

    async def done(self, wish: ClaimedWish, now: datetime) -> bool:
        """End the wish well; False, and nothing changes, when the claim is no longer valid."""
        return await self._db.write(partial(_end, wish, "done", "", now))

    async def fail(self, wish: ClaimedWish, reason: str, now: datetime) -> bool:
        """End the wish badly, and write so in the journal."""
        return await self._db.write(partial(_fail, wish, reason, now))

    async def again(self, wish: ClaimedWish, not_before: datetime, reason: str, now: datetime, *, counts: bool) -> bool:
        """Put the wish back until `not_before`. If it was wished for again meanwhile, only that later wish stays."""
        back = {"not_before": not_before, "reason": reason, "attempts": wish.attempts + counts}
        return await self._db.write(partial(_again, wish, back, now))

    async def renew(self, worker: str, items: Sequence[ClaimedWish]) -> None:
        """Extend the leases of what the worker is performing."""
        those = rows.c.id.in_([each.id for each in items])
        await self._db.write(partial(leases.renew, worker, rows, those))

    async def release(self, worker: str | None = None) -> None:
        """Give back what the worker (None: any worker) holds."""
        await self._db.write(partial(_release, worker))

    async def sent(self, key: str) -> Sent | None:
        """Return what was last remembered under `key`."""
        return await self._db.read(partial(_sent, key))

    async def remember(self, what: Sent) -> None:
        """Keep what was sent, in a transaction of its own; the last one to write wins."""
        await self._db.write(partial(_remember, what))


def put(conn: sa.Connection, wishes: Sequence[Wish], now: datetime) -> None:
    """Add wishes; one that is pending already is only brought forward and freshened."""
    statement = insert(conn, rows)
    earlier = sa.case((statement.excluded.due_at < rows.c.due_at, statement.excluded.due_at), else_=rows.c.due_at)
    statement = statement.on_conflict_do_update(
        index_elements=[rows.c.key],
        index_where=sa.text("state = 'pending'"),
        set_={"due_at": earlier, "payload": statement.excluded.payload, "wanted_at": statement.excluded.wanted_at},
    )
    values = [
        {
            "key": wish.key,
            "kind": wish.kind,
            "payload": wish.payload,
            "due_at": wish.due_at,
            "wanted_at": now,
            "installation_id": wish.installation_id,
            "repo_id": wish.repo_id,
        }
        for wish in sorted(wishes, key=lambda each: each.key)
    ]
    conn.execute(statement, values)


def _claim(worker: str, limit: int, now: datetime, conn: sa.Connection) -> list[ClaimedWish]:
    _take_back(conn, now)
    ids = leases.locked(conn, rows.c.id, _candidates(limit, now))
    if not ids:
        return []
    claim = (
        sa.update(rows)
        .where(rows.c.id.in_(ids), rows.c.state == "pending")
        .values(state="running", **leases.taken(conn, rows, worker))
        .returning(rows)
    )
    return sorted((_claimed(row) for row in conn.execute(claim)), key=lambda each: each.id)


def _candidates(limit: int, now: datetime) -> sa.Select[int]:
    running = sa.select(rows.c.key).where(rows.c.state == "running")
    turn = leases.turns(rows.c.installation_id, rows.c.due_at, rows.c.id)
    return (
        sa.select(rows.c.id)
        .where(
            rows.c.state == "pending",
            rows.c.due_at <= now,
            sa.or_(rows.c.not_before.is_(None), rows.c.not_before <= now),
            rows.c.key.not_in(running),
        )
        .order_by(turn, rows.c.due_at, rows.c.id)
        .limit(limit)
    )


def _claimed(row: sa.Row[Any]) -> ClaimedWish:
    return ClaimedWish(
        id=row.id,
        key=row.key,
        kind=row.kind,
        payload=row.payload,
        wanted_at=row.wanted_at,
        attempts=row.attempts,
        token=row.token,
        installation_id=row.installation_id,
        repo_id=row.repo_id,
    )


def _take_back(conn: sa.Connection, now: datetime) -> None:
    lost = sa.and_(rows.c.state == "running", leases.expired(conn, rows))
    _put_back(conn, lost, now)


def _release(worker: str | None, conn: sa.Connection) -> None:
    held = rows.c.state == "running"
    if worker is not None:
        held &= rows.c.worker == worker
    _put_back(conn, held, None)


def _put_back(conn: sa.Connection, which: sa.ColumnElement[bool], now: datetime | None) -> None:
    """Return running wishes to pending; one that was wished for again meanwhile lives on in that later wish."""
    later = rows.alias()
    wished_again = sa.exists().where(later.c.key == rows.c.key, later.c.state == "pending")
    ended = {"state": "done", "reason": "replaced by a later wish", "finished_at": now, **leases.FREE}
    conn.execute(sa.update(rows).where(which, wished_again).values(ended))
    conn.execute(sa.update(rows).where(which).values(state="pending", **leases.FREE))


def _held(wish: ClaimedWish) -> sa.ColumnElement[bool]:
    return sa.and_(rows.c.id == wish.id, rows.c.token == wish.token, rows.c.state == "running")


def _end(wish: ClaimedWish, state: str, reason: str, now: datetime, conn: sa.Connection) -> bool:
    end = {"state": state, "reason": reason, "finished_at": now, **leases.FREE}
    return conn.execute(sa.update(rows).where(_held(wish)).values(end)).rowcount == 1


def _fail(wish: ClaimedWish, reason: str, now: datetime, conn: sa.Connection) -> bool:
    if not _end(wish, "failed", reason, now, conn):
        return False
    entry = Entry(
        subject=wish.key,
        kind="effect_failed",
        at=now,
        actor="failure-review",
        reason=reason,
        installation_id=wish.installation_id,
        repo_id=wish.repo_id,
        cause=wish.kind,
    )
    journal.append(conn, [entry])
    return True


def _again(wish: ClaimedWish, back: Mapping[str, object], now: datetime, conn: sa.Connection) -> bool:
    later = sa.and_(rows.c.key == wish.key, rows.c.state == "pending")
    if conn.execute(sa.select(rows.c.id).where(later)).first() is None:
        return (
            conn.execute(sa.update(rows).where(_held(wish)).values(state="pending", **back, **leases.FREE)).rowcount
            == 1
        )
    if not _end(wish, "done", "replaced by a later wish", now, conn):
        return False
    conn.execute(sa.update(rows).where(later).values(back))
    return True


def _sent(key: str, conn: sa.Connection) -> Sent | None:
    row = conn.execute(sa.select(sent).where(sent.c.key == key)).one_or_none()
    return None if row is None else Sent(**row._mapping)  # noqa: SLF001  (the documented way to a row's names)


def _remember(what: Sent, conn: sa.Connection) -> None:
    values = {
        "remote_id": what.remote_id,
        "digest": what.digest,
        "body": what.body,
        "sent_at": what.sent_at,
        "installation_id": what.installation_id,
        "repo_id": what.repo_id,
    }
    upsert = insert(conn, sent).values(key=what.key, **values)
    conn.execute(upsert.on_conflict_do_update(index_elements=[sent.c.key], set_=values))
