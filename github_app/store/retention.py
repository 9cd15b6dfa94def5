"""What is deleted, and when: all of an installation when it goes, and each row when its time is over.

The journal's lines stay, for its chain must hold; their reasons and details go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from github_app.store.database import Database
from github_app.store.schema import deliveries, journal, outbox, records, sent, timers

CHUNK = 500
"""Rows a transaction, so that acknowledgements need not wait for a large clean-up."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept after their end; `kinds` are the kinds of documents that do end.

    `bodies` outlasts the days for which GitHub redelivers (G3). `details` None keeps the journal's details for ever.
    """

    kinds: Sequence[str]
    rows: timedelta = timedelta(days=90)
    bodies: timedelta = timedelta(days=7)
    details: timedelta | None = None


async def forget_installation(db: Database, installation_id: int) -> None:
    """Delete everything of an installation; of its journal, hashes stay, and of its record that it was removed (T32).

    A repository that has moved to another installation stays, and all that is known of it goes over to that one.
    """
    for table in (deliveries, outbox, timers, sent, records):
        await _in_chunks(db, lambda conn, table=table: _rehome(conn, table, installation_id))  # type: ignore[misc]
    for table in (deliveries, outbox, timers, sent):
        await _in_chunks(db, lambda conn, table=table: _delete(conn, table, _belongs(table, installation_id)))  # type: ignore[misc]
    await _in_chunks(db, lambda conn: _erase_details(conn, _belongs(journal, installation_id)))
    mine = _belongs(records, installation_id) & (records.c.kind != "installation")
    await _in_chunks(db, lambda conn: _delete(conn, records, mine & (records.c.kind != "policy")))
    await _in_chunks(db, lambda conn: _delete(conn, records, mine))  # last: it says whose a repository is


def _belongs(table: sa.Table, installation_id: int) -> sa.ColumnElement[bool]:
    """Whether a row is of an installation: the policy's record says whose a repository is now, else the row does."""
    policy = records.alias()
    known = sa.select(policy.c.repo_id).where(policy.c.kind == "policy")
    here, elsewhere = (policy.c.installation_id == installation_id), (policy.c.installation_id != installation_id)
    stays = table.c.repo_id.in_(known.where(elsewhere))
    told = (table.c.installation_id == installation_id) & sa.or_(table.c.repo_id.is_(None), sa.not_(stays))
    return sa.or_(told, table.c.repo_id.in_(known.where(here)))


def _rehome(conn: sa.Connection, table: sa.Table, installation_id: int) -> int:
    policy = records.alias()
    is_its = (policy.c.kind == "policy") & (policy.c.repo_id == table.c.repo_id)
    home = sa.select(policy.c.installation_id).where(is_its).correlate(table).scalar_subquery()
    moved = sa.exists().where(is_its, policy.c.installation_id != installation_id).correlate(table)
    key = sa.tuple_(*table.primary_key.columns)
    some = sa.select(*table.primary_key.columns).where(table.c.installation_id == installation_id, moved).limit(CHUNK)
    return conn.execute(sa.update(table).where(key.in_(some)).values(installation_id=home)).rowcount


async def sweep(db: Database, now: datetime, keep: Retention) -> None:
    """Delete what has been kept long enough."""
    old, stale = now - keep.rows, now - keep.bodies
    ended = records.c.open_key.is_(None) & records.c.kind.in_(keep.kinds) & (records.c.updated_at <= old)
    await _in_chunks(db, lambda conn: _empty_bodies(conn, stale))
    await _in_chunks(db, lambda conn: _delete(conn, deliveries, deliveries.c.finished_at <= old))
    await _in_chunks(
        db, lambda conn: _delete(conn, outbox, (outbox.c.state == "done") & (outbox.c.finished_at <= stale))
    )
    await _in_chunks(db, lambda conn: _delete(conn, outbox, outbox.c.finished_at <= old))
    await _in_chunks(db, lambda conn: _delete(conn, records, ended))
    await _in_chunks(db, lambda conn: _delete(conn, sent, sent.c.sent_at <= old))
    if keep.details is not None:
        before = now - keep.details
        await _in_chunks(db, lambda conn: _erase_details(conn, journal.c.at <= before))


async def _in_chunks(db: Database, work: Callable[[sa.Connection], int]) -> None:
    while await db.write(work):
        pass


def _delete(conn: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    key = sa.tuple_(*table.primary_key.columns)
    some = sa.select(*table.primary_key.columns).where(which).limit(CHUNK)
    return conn.execute(sa.delete(table).where(key.in_(some))).rowcount


def _empty_bodies(conn: sa.Connection, before: datetime) -> int:
    over = deliveries.c.state.in_(("done", "ignored")) & (deliveries.c.finished_at <= before)
    full = sa.select(deliveries.c.seq).where(over, sa.func.length(deliveries.c.body) > 0).limit(CHUNK)
    return conn.execute(sa.update(deliveries).where(deliveries.c.seq.in_(full)).values(body=b"")).rowcount


def _erase_details(conn: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    key = sa.tuple_(journal.c.installation_id, journal.c.seq)
    some = sa.select(journal.c.installation_id, journal.c.seq).where(which, journal.c.detail.is_not(None)).limit(CHUNK)
    return conn.execute(sa.update(journal).where(key.in_(some)).values(detail=None)).rowcount
