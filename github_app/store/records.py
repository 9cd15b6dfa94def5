"""Records: documents under compare-and-set, and the one transaction in which everything that a change means is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from github_app.documents import Document
from github_app.engine import Change
from github_app.store import journal, outbox, timers
from github_app.store.database import Database, insert
from github_app.store.schema import records as rows


class MovedOn(Exception):  # noqa: N818  (not an error: the caller loads and decides again)
    """A document is no longer what the change was decided on."""


class AlreadyFired(Exception):  # noqa: N818  (not an error: there is nothing left to do)
    """A timer that the change would use up is gone, cancelled, re-armed or moved."""


def commit(db: Database, change: Change, now: datetime, conn: sa.Connection) -> None:
    """Keep the whole change; raises MovedOn or AlreadyFired, after which nothing of it may stay."""
    if not timers.use_up(conn, change.fired, now):
        raise AlreadyFired
    for document in sorted(change.documents, key=_closing_first):
        if not _put(conn, document, now):
            raise MovedOn
    if change.timers:
        timers.put(conn, change.timers)
        db.announce(conn, "timers")
    if change.wishes:
        outbox.put(conn, change.wishes, now)
        db.announce(conn, "outbox")
    journal.append(conn, change.entries)  # last: it holds the installation's head until the commit


def _closing_first(document: Document) -> tuple[bool, bool, str]:
    """A change may close one record and open the next under the same key."""
    return document.open_key is not None, document.version == 0, document.id


def _put(conn: sa.Connection, document: Document, now: datetime) -> bool:
    values = {
        "kind": document.kind,
        "installation_id": document.installation_id,
        "repo_id": document.repo_id,
        "body": document.body,
        "sha": document.sha,
        "ref": document.ref,
        "open_key": document.open_key,
        "print": document.print,
        "version": document.version + 1,
        "updated_at": now,
    }
    if document.version == 0:
        new = insert(conn, rows).values(id=document.id, **values).on_conflict_do_nothing().returning(rows.c.id)
        return conn.execute(new).first() is not None
    same = sa.and_(rows.c.id == document.id, rows.c.version == document.version)
    return conn.execute(sa.update(rows).where(same).values(values)).rowcount == 1


def get(ids: Sequence[str], conn: sa.Connection) -> list[Document]:
    """Return the stored ones of `ids`."""
    return find([rows.c.id.in_(ids)], conn)


def page(kind: str, after: str, limit: int, conn: sa.Connection) -> list[Document]:
    """Return the next documents of a kind in the order of their ids, those behind `after`."""
    query = sa.select(rows).where(rows.c.kind == kind, rows.c.id > after)
    return _documents(query.order_by(rows.c.id).limit(limit), conn)


def matching(
    kind: str,
    repo_id: int,
    *,
    sha: str | None,
    refs: Sequence[str] | None,
    prints: Sequence[str] | None,
    open_or_since: datetime | None,
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of engine.Store.find."""
    conditions: list[sa.ColumnElement[bool]] = [rows.c.repo_id == repo_id, rows.c.kind == kind]
    if sha is not None:
        conditions.append(rows.c.sha == sha)
    if refs is not None:
        conditions.append(rows.c.ref.in_(refs))
    if prints is not None:
        conditions.append(rows.c.print.in_(prints))
    if open_or_since is not None:
        conditions.append(sa.or_(rows.c.open_key.is_not(None), rows.c.updated_at > open_or_since))
    return conditions


def looked_at(conn: sa.Connection) -> tuple[int, list[Document]]:
    """Return the number of closed failures, and those of them that people have said something about.

    A quote inside a value is escaped in JSON, so no text of a stranger's looks like these fields.
    """
    closed = (rows.c.kind == "failure") & rows.c.open_key.is_(None) & rows.c.body.contains('"state":"closed"')
    count = conn.execute(sa.select(sa.func.count()).select_from(rows).where(closed)).scalar_one()
    return count, find([closed, rows.c.body.contains('"looked_by":[{')], conn)


def find(
    conditions: Sequence[sa.ColumnElement[bool]], conn: sa.Connection, newest: int | None = None
) -> list[Document]:
    """Return the documents that fit every condition, by id; the `newest` ones alone, by when they were committed."""
    query = sa.select(rows).where(*conditions)
    if newest is not None:
        last = sa.select(rows.c.id).where(*conditions).order_by(rows.c.updated_at.desc(), rows.c.id).limit(newest)
        query = sa.select(rows).where(rows.c.id.in_(last))
    return _documents(query.order_by(rows.c.id), conn)


def _documents(query: sa.Select[Any], conn: sa.Connection) -> list[Document]:
    return [
        Document(
            id=row.id,
            kind=row.kind,
            installation_id=row.installation_id,
            repo_id=row.repo_id,
            body=row.body,
            sha=row.sha,
            ref=row.ref,
            open_key=row.open_key,
            print=row.print,
            version=row.version,
        )
        for row in conn.execute(query)
    ]
