"""What is counted when Prometheus asks: rows that wait, and what people corrected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from github_app.documents import to_record
from github_app.rules.accuracy import Figures, among, figures
from github_app.rules.records import Failure
from github_app.store import SqlStore
from github_app.web.metrics import Waiting

COUNT_EVERY = timedelta(minutes=1)
"""How long figures about people's corrections hold: for new ones every closed failure is looked through."""


def backlog(store: SqlStore, now: Callable[[], datetime]) -> Callable[[], Awaitable[Mapping[str, Waiting]]]:
    """Return what counts the rows that wait."""

    async def count() -> Mapping[str, Waiting]:
        told = await store.stats(now())
        inbox = sum(told.deliveries.get(state, 0) for state in ("new", "ready", "running"))
        outbox = sum(told.outbox.get(state, 0) for state in ("pending", "running"))
        return {
            "inbox": Waiting(inbox, told.oldest_delivery_age),
            "outbox": Waiting(outbox, told.oldest_wish_age),
            "timers": Waiting(told.timers, told.timer_lateness),
        }

    return count


def judgements(store: SqlStore, now: Callable[[], datetime]) -> Callable[[], Awaitable[Figures]]:
    """Return what counts people's corrections (S1-171)."""
    known: list[tuple[datetime, Figures]] = []

    async def count() -> Figures:
        if not known or now() - known[-1][0] >= COUNT_EVERY:
            closed, documents = await store.looked_at()
            failures = [record for record in map(to_record, documents) if isinstance(record, Failure)]
            known[:] = [(now(), among(figures(failures), closed))]
        return known[-1][1]

    return count
