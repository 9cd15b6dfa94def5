"""The rows of the timers: one a (subject, kind); an older generation never replaces a newer one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from github_app.engine import Timer
from github_app.store import leases
from github_app.store.database import Database, insert
from github_app.store.schema import timers as rows
from github_app.timers import ClaimedTimer

KEY = sa.tuple_(rows.c.subject, rows.c.kind)


class Timers:
    """What the timer loop asks of the store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(self, worker: str, limit: int, now: datetime) -> list[ClaimedTimer]:
        """Take up to `limit` due timers, the oldest first (E19)."""
        return await self._db.write(partial(_claim, worker, limit, now))

    async def finish(self, claimed: ClaimedTimer) -> None:
        """Remove a fired timer that no change has used up or re-armed."""
        await self._db.write(lambda conn: conn.execute(sa.delete(rows).where(_held(claimed))).close())

    async def again(self, claimed: ClaimedTimer, not_before: datetime) -> None:
        """Fire it again, not before a moment; a timer is never dropped."""
        back = {"not_before": not_before, "attempts": claimed.attempts + 1, **leases.FREE}
        await self._db.write(lambda conn: conn.execute(sa.update(rows).where(_held(claimed)).values(back)).close())

    async def renew(self, worker: str, items: Sequence[ClaimedTimer]) -> None:
        """Extend the leases of what the worker is firing."""
        those = KEY.in_([(each.timer.subject, each.timer.kind) for each in items])
        await self._db.write(partial(leases.renew, worker, rows, those))

    async def release(self, worker: str | None = None) -> None:
        """Give back what the worker (None: any worker) holds."""
        await self._db.write(partial(_release, worker))


def put(conn: sa.Connection, timers: Sequence[Timer]) -> None:
    """Arm, move or cancel timers, except where a later generation is armed already (R4)."""
    ordered = sorted(timers, key=lambda each: (each.subject, each.kind))
    for timer in ordered:
        if timer.due_at is None:
            older = rows.c.generation <= timer.generation
            conn.execute(sa.delete(rows).where(_same(timer.subject, timer.kind), older))
    if armed := [_values(timer) for timer in ordered if timer.due_at is not None]:
        conn.execute(_arm(conn), armed)


def _values(timer: Timer) -> dict[str, object]:
    return {
        "subject": timer.subject,
        "kind": timer.kind,
        "due_at": timer.due_at,
        "generation": timer.generation,
        "installation_id": timer.installation_id,
        "repo_id": timer.repo_id,
    }


def _arm(conn: sa.Connection) -> sa.Insert:
    statement = insert(conn, rows)
    new = {name: statement.excluded[name] for name in ("due_at", "generation", "installation_id", "repo_id")}
    # A fire that is under way holds the old token: it must not remove what is armed now.
    fresh = {"token": rows.c.token + 1, "attempts": 0, "not_before": None, **leases.FREE}
    return statement.on_conflict_do_update(
        index_elements=[rows.c.subject, rows.c.kind],
        set_={**new, **fresh},
        where=statement.excluded.generation >= rows.c.generation,
    )


def use_up(conn: sa.Connection, fired: Sequence[tuple[str, str, int]], now: datetime) -> bool:
    """Remove timers that fired; False when one of them is gone, re-armed or not due: it was used up before."""
    for subject, kind, generation in sorted(fired):
        due = sa.and_(_same(subject, kind), rows.c.generation == generation, rows.c.due_at <= now)
        if conn.execute(sa.delete(rows).where(due)).rowcount == 0:
            return False
    return True


def _claim(worker: str, limit: int, now: datetime, conn: sa.Connection) -> list[ClaimedTimer]:
    due = (
        sa.select(rows.c.subject, rows.c.kind)
        .where(
            rows.c.due_at <= now,
            sa.or_(rows.c.not_before.is_(None), rows.c.not_before <= now),
            sa.or_(rows.c.lease_until.is_(None), leases.expired(conn, rows)),
        )
        .order_by(rows.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = [(row.subject, row.kind) for row in conn.execute(due)]
    if not keys:
        return []
    claim = sa.update(rows).where(KEY.in_(keys)).values(leases.taken(conn, rows, worker)).returning(rows)
    return sorted(
        (_claimed(row) for row in conn.execute(claim)), key=lambda each: (each.timer.due_at, each.timer.subject)
    )


def _claimed(row: sa.Row[Any]) -> ClaimedTimer:
    timer = Timer(row.subject, row.kind, row.due_at, row.generation, row.installation_id, row.repo_id)
    return ClaimedTimer(timer, row.attempts, row.token)


def _same(subject: str, kind: str) -> sa.ColumnElement[bool]:
    return sa.and_(rows.c.subject == subject, rows.c.kind == kind)


def _held(claimed: ClaimedTimer) -> sa.ColumnElement[bool]:
    timer = claimed.timer
    return sa.and_(
        _same(timer.subject, timer.kind), rows.c.generation == timer.generation, rows.c.token == claimed.token
    )


def _release(worker: str | None, conn: sa.Connection) -> None:
    held = rows.c.lease_until.is_not(None) if worker is None else rows.c.worker == worker
    conn.execute(sa.update(rows).where(held).values(leases.FREE))
