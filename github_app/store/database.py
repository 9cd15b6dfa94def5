"""What a database must offer so that the rows above it need not know which one it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
Topic = Literal["inbox", "outbox", "timers"]


class StoreRefused(Exception):  # noqa: N818  (a refusal to start, said to the operator)
    """This database must not be used as it is; the message says why and what to do."""


class Database(Protocol):
    """One open database: transactions run on threads, so that no query ever blocks the event loop."""

    engine: sa.Engine

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction and return its result once that is committed; `work` may run more than once.

        Raises StoreUnavailable, and whatever `work` raised, after rolling back.
        """

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work`, which only reads, on a connection of its own."""

    def announce(self, conn: sa.Connection, topic: Topic) -> None:
        """Tell the other processes, when this transaction commits, that there is work of a kind."""

    async def start(self, heard: Callable[[Topic], None]) -> None:
        """Begin listening to what other processes announce."""

    async def become_worker(self) -> bool:
        """Claim the right to run loops; True when no other process can hold a lease now. Raises StoreRefused."""

    async def close(self) -> None:
        """Finish what was submitted and close every connection."""


def insert(conn: sa.Connection, table: sa.Table) -> postgresql.Insert:
    """Return the INSERT that knows ON CONFLICT; both dialects spell it alike."""
    if conn.dialect.name == "sqlite":
        return cast("postgresql.Insert", sqlite.insert(table))
    return postgresql.insert(table)


def lease_clock(conn: sa.Connection) -> sa.ColumnElement[int]:
    """Return the clock of leases in microseconds: one that no step of a wall clock on some replica moves (F24).

    PostgreSQL's own clock, as all replicas see it; on SQLite, where one process works alone, the monotonic one.
    """
    if conn.dialect.name == "sqlite":
        return sa.literal(time.monotonic_ns() // 1000, sa.BigInteger)
    return sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)


def violates_unique(error: sa.exc.IntegrityError) -> bool:
    """Whether a row with that key exists already, as opposed to a mistake of ours."""
    if getattr(error.orig, "sqlstate", None) is not None:
        return bool(getattr(error.orig, "sqlstate", None) == "23505")
    return "UNIQUE" in str(error.orig)
