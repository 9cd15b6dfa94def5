"""The journal: append-only, and chained by hashes per installation, so that a change behind our back shows.

Each line's hash covers the hash before it, its fields and the hash of its detail; so a detail can be erased when it
must be forgotten, and the chain still holds. A tail that was cut off, together with the stored head, shows only against
a head that was published before (T27).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

import sqlalchemy as sa

from github_app.engine import Entry
from github_app.store.database import Database, insert
from github_app.store.schema import EPOCH, MICROSECOND, plain
from github_app.store.schema import journal as rows
from github_app.store.schema import journal_heads as heads

START = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The last line of an installation's chain: its number and its hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The first place where an installation's chain does not hold, in words."""

    installation_id: int
    seq: int
    problem: str


class Journal:
    """What reads and proves the journal; only a commit writes it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def head(self, installation_id: int) -> Head | None:
        """Return the last line, to be published where nobody who edits the database can reach it."""
        return await self._db.read(partial(_head, installation_id))

    async def about(self, subject: str) -> list[Entry]:
        """Return what happened to a subject, the oldest first; an erased reason and detail read as empty."""
        return await self._db.read(partial(_about, subject))

    async def verify(self, published: Mapping[int, Head] | None = None) -> list[Finding]:
        """Read the whole journal and return the first bad line of each installation whose chain does not hold (P18).

        `published` are heads noted earlier, by installation; only they show that the end was cut off and rewritten.
        """
        return await self._db.read(partial(_verify, published or {}))


def append(conn: sa.Connection, entries: Sequence[Entry]) -> None:
    """Add the entries to the chains of their installations, in the given order."""
    by_installation = sorted(entries, key=lambda each: each.installation_id)
    for installation_id, group in groupby(by_installation, key=lambda each: each.installation_id):
        head = _lock_head(conn, installation_id)
        for entry in group:
            line = _line(entry, head)
            conn.execute(sa.insert(rows).values(line))
            head = Head(head.seq + 1, str(line["hash"]))
        conn.execute(
            sa.update(heads).where(heads.c.installation_id == installation_id).values(seq=head.seq, hash=head.hash)
        )


def _lock_head(conn: sa.Connection, installation_id: int) -> Head:
    """Two commits of one installation must not both continue from the same line."""
    first = insert(conn, heads).values(installation_id=installation_id, seq=0, hash=START)
    conn.execute(first.on_conflict_do_nothing())
    mine = sa.select(heads.c.seq, heads.c.hash).where(heads.c.installation_id == installation_id)
    row = conn.execute(mine.with_for_update()).one()
    return Head(row.seq, row.hash)


def _line(entry: Entry, head: Head) -> dict[str, object]:
    # The reason quotes logs, so it must be erasable: it is kept with the detail, and the chain covers their digest.
    detail = plain(json.dumps({"reason": entry.reason, "detail": entry.detail}))
    line: dict[str, object] = {
        "installation_id": entry.installation_id,
        "seq": head.seq + 1,
        "subject": plain(entry.subject),
        "kind": plain(entry.kind),
        "at": entry.at,
        "actor": plain(entry.actor),
        "repo_id": entry.repo_id,
        "cause": plain(entry.cause),
        "detail_hash": _digest(detail),
    }
    return {**line, "detail": detail, "hash": _link(head.hash, line)}


COVERED = ("installation_id", "seq", "subject", "kind", "at", "actor", "repo_id", "cause", "detail_hash")


def _link(previous: str, line: Mapping[str, object]) -> str:
    fields = [_canonical(line[name]) for name in COVERED]
    return _digest(previous + "|" + json.dumps(fields, ensure_ascii=True, separators=(",", ":")))


def _canonical(value: object) -> object:
    return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _head(installation_id: int, conn: sa.Connection) -> Head | None:
    query = sa.select(heads.c.seq, heads.c.hash).where(heads.c.installation_id == installation_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else Head(row.seq, row.hash)


def _about(subject: str, conn: sa.Connection) -> list[Entry]:
    mine = sa.select(rows).where(rows.c.subject == subject).order_by(rows.c.installation_id, rows.c.seq)
    return [
        Entry(
            subject=row.subject,
            kind=row.kind,
            at=row.at,
            actor=row.actor,
            reason=_told(row.detail)["reason"],
            installation_id=row.installation_id,
            repo_id=row.repo_id,
            cause=row.cause,
            detail=_told(row.detail)["detail"],
        )
        for row in conn.execute(mine)
    ]


def _told(detail: str | None) -> dict[str, str]:
    """Return reason and detail of a line; erased ones read as empty."""
    told: dict[str, str] = {"reason": "", "detail": "{}"} if detail is None else json.loads(detail)
    return told


def _verify(published: Mapping[int, Head], conn: sa.Connection) -> list[Finding]:
    own = {row.installation_id: Head(row.seq, row.hash) for row in conn.execute(sa.select(heads))}
    findings: dict[int, Finding | None] = {}
    for installation_id, lines in groupby(_stream(conn), key=lambda line: int(str(line["installation_id"]))):
        expected = [each[installation_id] for each in (own, published) if installation_id in each]
        findings[installation_id] = first_problem(installation_id, lines, expected)
        if installation_id not in own:
            findings[installation_id] = Finding(installation_id, 1, "its head is missing")
    for installation_id in (own.keys() | published.keys()) - findings.keys():
        findings[installation_id] = Finding(installation_id, 1, "every line is missing")
    return [finding for _, finding in sorted(findings.items()) if finding is not None]


def _stream(conn: sa.Connection) -> Iterator[Mapping[str, object]]:
    ordered = sa.select(rows).order_by(rows.c.installation_id, rows.c.seq)
    return (dict(row) for row in conn.execute(ordered.execution_options(yield_per=1000)).mappings())


def first_problem(
    installation_id: int, lines: Iterable[Mapping[str, object]], expected: Sequence[Head]
) -> Finding | None:
    """Return the first line that does not follow from the one before, or an expected head that is not there."""
    previous, last = START, 0
    known = {head.seq: head.hash for head in expected}
    for line in lines:
        if (problem := _problem(line, previous, last, known)) is not None:
            return Finding(installation_id, last + 1, problem)
        previous, last = str(line["hash"]), int(str(line["seq"]))
    if (longest := max(known, default=0)) > last:
        return Finding(installation_id, last + 1, f"the end is missing: lines {last + 1} to {longest} were cut off")
    return None


def _problem(line: Mapping[str, object], previous: str, last: int, known: Mapping[int, str]) -> str | None:
    seq = int(str(line["seq"]))
    if seq != last + 1:
        return f"lines {last + 1} to {seq - 1} are missing"
    if line["detail"] is not None and _digest(str(line["detail"])) != line["detail_hash"]:
        return f"line {seq}: the detail was edited"
    if _link(previous, line) != line["hash"]:
        return f"line {seq} was edited, or stands in another's place"
    if known.get(seq, line["hash"]) != line["hash"]:
        return f"line {seq} is not the one whose hash was published: the chain was rewritten"
    return None
