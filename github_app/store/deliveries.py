"""The rows of the inbox: kept in groups, sorted once, claimed under a lease, finished once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from github_app.failpoints import failpoint
from github_app.inbox import MAX_ATTEMPTS, Claimed, Delivery, Final, Sort, Sorted
from github_app.store import leases
from github_app.store.database import Database, insert, violates_unique
from github_app.store.schema import deliveries as rows
from github_app.store.wakeups import Wakeups

GROUP = 256
SORT_ROWS = 256
SORT_BYTES = 32 * 2**20


class Deliveries:
    """What the inbox asks of the store."""

    def __init__(self, db: Database, wakeups: Wakeups) -> None:
        self._db = db
        self._wakeups = wakeups
        self._waiting: list[tuple[Delivery, asyncio.Future[bool]]] = []
        self._keeping: asyncio.Task[None] | None = None

    async def keep(self, delivery: Delivery) -> bool:
        """Store the delivery durably; False if its GUID was kept before (G5). Raises StoreUnavailable: answer 503.

        While one commit is under way, the deliveries that arrive wait together for the next one.
        """
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, kept))
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep_waiting())
        return await kept

    async def _keep_waiting(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            await self._keep_group(group)

    async def _keep_group(self, group: Sequence[tuple[Delivery, asyncio.Future[bool]]]) -> None:
        try:
            new = await self._db.write(partial(_keep, self._db, [delivery for delivery, _ in group]))
        except Exception as error:  # noqa: BLE001  (carried to everyone who waits for this commit)
            for _, kept in _present(group):
                kept.set_exception(error)
            return
        for delivery, kept in _present(group):
            kept.set_result(delivery.guid in new)
            new.discard(delivery.guid)  # the same GUID twice in one group: one of them is new
        self._wakeups.wake("inbox")

    async def sort(self, sort: Sort) -> int:
        """Look once at deliveries that nobody has looked at, in order of arrival; return how many."""
        verdicts = await self._db.read(partial(_judge, sort))
        if verdicts:
            await self._db.write(partial(_record, verdicts))
        return len(verdicts)

    async def claim(self, worker: str, limit: int, now: datetime) -> list[Claimed]:
        """Take up to `limit` deliveries, one a subject, each installation's first before any one's second."""
        for _ in range(3):
            try:
                return await self._db.write(partial(_claim, worker, limit, now))
            except sa.exc.IntegrityError as error:
                if not violates_unique(error):
                    raise  # else: another replica began with the same subject a moment before
        return []

    async def finish(self, claimed: Claimed, state: Final, reason: str, now: datetime) -> bool:
        """End the delivery; False, and nothing changes, when the claim is no longer valid."""
        end = {"state": state, "reason": reason, "finished_at": now, **leases.FREE}
        return await self._db.write(partial(_settle, claimed, end))

    async def forget(self, claimed: Claimed, reason: str, now: datetime) -> bool:
        """Set the delivery aside and empty its body; its GUID stays, so that it is known when it comes again."""
        end = {"state": "ignored", "reason": reason, "finished_at": now, "body": b"", **leases.FREE}
        return await self._db.write(partial(_settle, claimed, end))

    async def again(self, claimed: Claimed, not_before: datetime, reason: str, *, counts: bool) -> bool:
        """Put the delivery back until `not_before`; `counts` says whether that was an attempt."""
        back = {"state": "ready", "reason": reason, "not_before": not_before, **leases.FREE}
        return await self._db.write(partial(_settle, claimed, {**back, "attempts": claimed.attempts + counts}))

    async def reason(self, guid: str) -> str | None:
        """Return why the delivery stands where it stands; None when nothing was said or it is not known."""
        query = sa.select(rows.c.reason).where(rows.c.guid == guid)
        return await self._db.read(lambda conn: conn.execute(query).scalar_one_or_none())

    async def unhandled(self, repo_id: int, until: datetime) -> bool:
        """Whether any delivery of a repository that was received by then waits for its turn or is being handled.

        One that nobody has looked at yet may be of any repository.
        """
        mine = sa.or_(rows.c.state == "new", rows.c.state.in_(("ready", "running")) & (rows.c.repo_id == repo_id))
        query = sa.select(sa.exists().where(mine, rows.c.received_at <= until))
        return bool(await self._db.read(lambda conn: conn.execute(query).scalar_one()))

    async def renew(self, worker: str, items: Sequence[Claimed]) -> None:
        """Extend the leases of what the worker is handling."""
        those = rows.c.seq.in_([each.seq for each in items])
        await self._db.write(partial(leases.renew, worker, rows, those))

    async def release(self, worker: str | None = None) -> None:
        """Give back what the worker (None: any worker) holds; no attempt is counted."""
        await self._db.write(partial(_release, worker))


def _present(
    group: Sequence[tuple[Delivery, asyncio.Future[bool]]],
) -> Iterator[tuple[Delivery, asyncio.Future[bool]]]:
    """Leave out the clients that have gone away meanwhile."""
    return ((delivery, kept) for delivery, kept in group if not kept.done())


def _keep(db: Database, group: Sequence[Delivery], conn: sa.Connection) -> set[str]:
    failpoint("inbox.before_commit")
    values = [
        {"guid": each.guid, "event": each.event, "received_at": each.received_at, "body": each.body} for each in group
    ]
    statement = insert(conn, rows).on_conflict_do_nothing(index_elements=[rows.c.guid]).returning(rows.c.guid)
    new = set(conn.execute(statement, values).scalars())
    if new:
        db.announce(conn, "inbox")
    return new


def _judge(sort: Sort, conn: sa.Connection) -> list[dict[str, object]]:
    sizes = conn.execute(
        sa.select(rows.c.seq, sa.func.length(rows.c.body))
        .where(rows.c.state == "new")
        .order_by(rows.c.seq)
        .limit(SORT_ROWS)
    ).all()
    chosen: list[int] = []
    total = 0
    for seq, size in sizes:
        if chosen and total + size > SORT_BYTES:
            break
        chosen.append(seq)
        total += size
    unsorted = conn.execute(
        sa.select(rows.c.seq, rows.c.event, rows.c.body, rows.c.received_at).where(rows.c.seq.in_(chosen))
    )
    return [_verdict(row.seq, row.received_at, sort(row.event, row.body)) for row in unsorted]


def _verdict(seq: int, received_at: datetime, verdict: Sorted) -> dict[str, object]:
    return {
        "row": seq,
        "state": verdict.verdict,
        "subject": verdict.subject,
        "installation_id": verdict.installation_id,
        "repo_id": verdict.repo_id,
        "reason": verdict.reason,
        "finished_at": None if verdict.verdict == "ready" else received_at,
    }


def _record(verdicts: list[dict[str, object]], conn: sa.Connection) -> None:
    conn.execute(sa.update(rows).where(rows.c.seq == sa.bindparam("row"), rows.c.state == "new"), verdicts)


def _claim(worker: str, limit: int, now: datetime, conn: sa.Connection) -> list[Claimed]:
    _take_back(conn, now)
    seqs = leases.locked(conn, rows.c.seq, _candidates(limit, now))
    if not seqs:
        return []
    claim = (
        sa.update(rows)
        .where(rows.c.seq.in_(seqs), rows.c.state == "ready")
        .values(state="running", **leases.taken(conn, rows, worker))
        .returning(rows)
    )
    return sorted((_claimed(row) for row in conn.execute(claim)), key=lambda each: each.seq)


def _take_back(conn: sa.Connection, now: datetime) -> None:
    """Free what dead workers held. That was an attempt: a delivery that kills its worker must not do so for ever."""
    lost = sa.and_(rows.c.state == "running", leases.expired(conn, rows))
    reason = "the worker that handled it was lost"
    conn.execute(
        sa.update(rows)
        .where(lost, rows.c.attempts + 1 >= MAX_ATTEMPTS)
        .values(state="parked", attempts=rows.c.attempts + 1, reason=reason, finished_at=now, **leases.FREE)
    )
    conn.execute(
        sa.update(rows).where(lost).values(state="ready", attempts=rows.c.attempts + 1, reason=reason, **leases.FREE)
    )


def _candidates(limit: int, now: datetime) -> sa.Select[int]:
    running = sa.select(rows.c.subject).where(rows.c.state == _literal("running"), rows.c.subject.is_not(None))
    due = (
        sa.select(rows.c.seq, rows.c.installation_id, leases.turns(rows.c.subject, rows.c.seq).label("place"))
        .where(
            rows.c.state == _literal("ready"),
            sa.or_(rows.c.not_before.is_(None), rows.c.not_before <= now),
            rows.c.subject.not_in(running),
        )
        .subquery()
    )
    turn = leases.turns(due.c.installation_id, due.c.seq)
    return sa.select(due.c.seq).where(due.c.place == 1).order_by(turn, due.c.seq).limit(limit)


def _literal(state: str) -> sa.BindParameter[str]:
    """Write the state into the statement, so that the planner sees that the partial index fits."""
    return sa.bindparam(None, state, sa.String, literal_execute=True, unique=True)


def _claimed(row: sa.Row[Any]) -> Claimed:
    delivery = Delivery(row.guid, row.event, row.body, row.received_at)
    return Claimed(delivery, row.seq, row.token, row.attempts, row.subject, row.installation_id, row.repo_id)


def _settle(claimed: Claimed, values: Mapping[str, object], conn: sa.Connection) -> bool:
    held = sa.and_(rows.c.seq == claimed.seq, rows.c.token == claimed.token, rows.c.state == "running")
    return conn.execute(sa.update(rows).where(held).values(values)).rowcount == 1


def _release(worker: str | None, conn: sa.Connection) -> None:
    held = rows.c.state == "running"
    if worker is not None:
        held &= rows.c.worker == worker
    conn.execute(sa.update(rows).where(held).values(state="ready", **leases.FREE))
