"""What an operator wants to know about the rows: how many stand where, and how long the oldest has waited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from github_app.store.schema import deliveries, outbox, timers


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts by state; ages in seconds, 0 when nothing waits."""

    deliveries: Mapping[str, int]
    outbox: Mapping[str, int]
    timers: int
    oldest_delivery_age: float
    oldest_wish_age: float
    timer_lateness: float


def read(now: datetime, conn: sa.Connection) -> Stats:
    """Count the rows as they are now."""
    waiting = deliveries.c.state.in_(("new", "ready", "running"))
    unsent = outbox.c.state.in_(("pending", "running"))
    return Stats(
        deliveries=_counts(conn, deliveries.c.state),
        outbox=_counts(conn, outbox.c.state),
        timers=conn.execute(sa.select(sa.func.count()).select_from(timers)).scalar_one(),
        oldest_delivery_age=_age(conn, sa.select(sa.func.min(deliveries.c.received_at)).where(waiting), now),
        oldest_wish_age=_age(conn, sa.select(sa.func.min(outbox.c.due_at)).where(unsent), now),
        timer_lateness=_age(conn, sa.select(sa.func.min(timers.c.due_at)), now),
    )


def _counts(conn: sa.Connection, state: sa.Column[str]) -> dict[str, int]:
    return {row[0]: row[1] for row in conn.execute(sa.select(state, sa.func.count()).group_by(state))}


def _age(conn: sa.Connection, oldest: sa.Select[datetime], now: datetime) -> float:
    moment = conn.execute(oldest).scalar_one()
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
