"""Leases: a row that is being worked on belongs to one worker until a moment, and a token proves whose turn it is.

The token rises with every claim, so a worker paused past its lease cannot settle what another has taken over (F14).
"""

from __future__ import annotations

import sqlalchemy as sa

from github_app.loops import LEASE_SECONDS
from github_app.store.database import lease_clock

FREE: dict[str, None] = {"worker": None, "lease_until": None}


def deadline(conn: sa.Connection) -> sa.ColumnElement[int]:
    """Return when a lease that begins now ends."""
    return lease_clock(conn) + sa.literal(LEASE_SECONDS * 1_000_000, sa.BigInteger)


def taken(conn: sa.Connection, table: sa.Table, worker: str) -> dict[str, object]:
    """Return the columns that make a row the worker's."""
    return {"token": table.c.token + 1, "worker": worker, "lease_until": deadline(conn)}


def expired(conn: sa.Connection, table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row's worker has not been heard of for the length of a lease."""
    return table.c.lease_until < lease_clock(conn)


def renew(worker: str, table: sa.Table, those: sa.ColumnElement[bool], conn: sa.Connection) -> None:
    """Extend the leases of those rows, as far as they are still the worker's."""
    mine = sa.and_(table.c.worker == worker, those)
    conn.execute(sa.update(table).where(mine).values(lease_until=deadline(conn)))


def turns(key: sa.ColumnElement[object], *order: sa.ColumnElement[object]) -> sa.ColumnElement[int]:
    """Number rows within their `key`: sorting by it first gives every key its first row before any its second."""
    return sa.func.row_number().over(partition_by=key, order_by=order)


def locked(conn: sa.Connection, key: sa.ColumnElement[int], among: sa.Select[int]) -> list[int]:
    """Return the keys of `among` that no other transaction is claiming at this moment, locked for this one."""
    ids = conn.execute(among).scalars().all()
    if conn.dialect.name == "sqlite":  # the writer is alone
        return list(ids)
    return list(conn.execute(sa.select(key).where(key.in_(ids)).with_for_update(skip_locked=True)).scalars())
