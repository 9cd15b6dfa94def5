"""Deliveries: kept before they are acknowledged, sorted by subject, handled until done, ignored or parked.

Two deliveries of one subject never run at the same time, and the older one goes first when both could; but one that
waits for its next attempt holds nobody up: state must not depend on the order of arrival, as GitHub promises none (G6).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from github_app.failpoints import failpoint
from github_app.loops import LOOK_AGAIN, REFUSED, SHORTLY, Leases, Loop, StoreUnavailable, backoff
from github_app.outcomes import GiveUp, Unexpected, Unfinished, Wait

__all__ = ["Claimed", "Delivery", "Inbox", "Sorted", "StoreUnavailable", "Uninstalled"]

MAX_ATTEMPTS = 8

GONE = frozenset({404, 410, 451})
"""HTTP statuses that say there is nothing left to decide about."""

PATIENCE = timedelta(hours=72)
"""How long a delivery that we may not look into is kept ready; then GitHub itself redelivers no more (G3)."""

Verdict = Literal["ready", "ignored", "quarantined"]
Final = Literal["done", "ignored", "quarantined", "parked"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed request of GitHub as it came: `guid` is the X-GitHub-Delivery header, `body` the raw bytes."""

    guid: str
    event: str
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Sorted:
    """What one look at the body says: whom it concerns, and whether there is anything to do."""

    subject: str | None
    installation_id: int | None
    repo_id: int | None
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that one worker may handle now; `token` proves the claim when it settles."""

    delivery: Delivery
    seq: int
    token: int
    attempts: int
    subject: str | None
    installation_id: int | None
    repo_id: int | None


class Uninstalled(GiveUp):
    """The delivery is of an installation that was removed: nothing of it may be kept but that it came (T32)."""


Sort = Callable[[str, bytes], Sorted]
"""Reads (event, body) once, in a thread, before the delivery is handled; never raises for what a stranger sends."""


class DeliveryRows(Leases[Claimed], Protocol):
    """What the inbox asks of a store; see store.deliveries."""

    async def keep(self, delivery: Delivery) -> bool: ...
    async def sort(self, sort: Sort) -> int: ...
    async def claim(self, worker: str, limit: int, now: datetime) -> list[Claimed]: ...
    async def finish(self, claimed: Claimed, state: Final, reason: str, now: datetime) -> bool: ...
    async def forget(self, claimed: Claimed, reason: str, now: datetime) -> bool: ...
    async def again(self, claimed: Claimed, not_before: datetime, reason: str, *, counts: bool) -> bool: ...


class Inbox:
    """Takes deliveries in and hands each to `handle` until it is done, refused or parked.

    `handle` raises Wait, Retry or GiveUp; anything else that it raises counts as a failed attempt.
    """

    def __init__(
        self,
        rows: DeliveryRows,
        sort: Sort,
        handle: Callable[[Delivery], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._rows = rows
        self._sort = sort
        self._handle = handle
        self._now = now
        self.loop = Loop("inbox", self, rows)

    async def accept(self, delivery: Delivery) -> bool:
        """Return once the delivery is on disk; False when its GUID was there before. Raises StoreUnavailable (503)."""
        new = await self._rows.keep(delivery)
        failpoint("inbox.after_commit")
        return new

    async def claim(self, worker: str, room: int) -> Sequence[Claimed]:
        """Sort some of what is new, then take what may run."""
        if await self._rows.sort(self._sort):
            self.loop.wake()  # there may be more, but a stream without end must not keep the sorted ones waiting
        return await self._rows.claim(worker, room, self._now())

    async def perform(self, item: Claimed) -> None:
        """Hand the delivery over."""
        await self._handle(item.delivery)

    async def settle(self, item: Claimed, outcome: Unfinished | None) -> None:
        """Done, ignored, parked, or again later; a wait is no attempt.

        Only what is gone is ignored: that we could not look is no reason to believe that nothing is red (T33).
        """
        now = self._now()
        match outcome:
            case None:
                await self._rows.finish(item, "done", "", now)
            case Uninstalled():
                await self._rows.forget(item, outcome.reason, now)
            case GiveUp() if outcome.status in GONE:
                await self._rows.finish(item, "ignored", outcome.reason, now)
            case GiveUp() if outcome.status in REFUSED and now - item.delivery.received_at < PATIENCE:
                await self._rows.again(item, now + LOOK_AGAIN, outcome.reason, counts=False)
            case GiveUp():
                await self._rows.finish(item, "parked", outcome.reason, now)
            case Wait():
                await self._rows.again(item, outcome.until, outcome.reason, counts=False)
            case StoreUnavailable():
                await self._rows.again(item, now + SHORTLY, outcome.reason, counts=False)
            case Unexpected() if item.attempts + 1 >= MAX_ATTEMPTS:
                await self._rows.finish(item, "parked", f"{MAX_ATTEMPTS} attempts failed: {outcome.reason}", now)
            case _ if now - item.delivery.received_at >= PATIENCE:
                await self._rows.finish(item, "parked", f"given up after 72 hours: {outcome.reason}", now)
            case _:
                pause = backoff(item.attempts + 1, item.delivery.guid)
                await self._rows.again(item, now + pause, outcome.reason, counts=True)
