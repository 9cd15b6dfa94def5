"""Effects: wishes performed one at a time a key, repeated until done, given up with a reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from github_app.loops import LOOK_AGAIN, REFUSED, SHORTLY, Leases, Loop, StoreUnavailable, backoff
from github_app.outcomes import GiveUp, Unfinished, Wait

PATIENCE = timedelta(hours=72)
"""How long a wish is tried since it was last wished for (P9)."""

Performer = Callable[[str], Awaitable[None]]
"""Performs a wish from its payload, safely again and again; raises Wait, Retry or GiveUp when it is not done."""


@dataclass(frozen=True, slots=True)
class ClaimedWish:
    """A wish that one worker may perform now; `token` proves the claim when it settles.

    `wanted_at` is when it was last wished for: from then on it is tried for 72 hours.
    """

    id: int
    key: str
    kind: str
    payload: str
    wanted_at: datetime
    attempts: int
    token: int
    installation_id: int
    repo_id: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What was last shown to the world under a key, and where: the memory that look-then-create starts from."""

    key: str
    remote_id: str
    digest: str
    body: str
    sent_at: datetime
    installation_id: int
    repo_id: int


class WishRows(Leases[ClaimedWish], Protocol):
    """What the outbox asks of a store; see store.outbox."""

    async def claim(self, worker: str, limit: int, now: datetime) -> list[ClaimedWish]: ...
    async def done(self, wish: ClaimedWish, now: datetime) -> bool: ...
    async def fail(self, wish: ClaimedWish, reason: str, now: datetime) -> bool: ...
    async def again(
        self, wish: ClaimedWish, not_before: datetime, reason: str, now: datetime, *, counts: bool
    ) -> bool: ...


class Outbox:
    """Performs each due wish with the performer of its kind."""

    def __init__(self, rows: WishRows, performers: Mapping[str, Performer], now: Callable[[], datetime]) -> None:
        self._rows = rows
        self._performers = performers
        self._now = now
        self.loop = Loop("outbox", self, rows, poll=0.5)

    async def claim(self, worker: str, room: int) -> Sequence[ClaimedWish]:
        """Take what is due."""
        return await self._rows.claim(worker, room, self._now())

    async def perform(self, item: ClaimedWish) -> None:
        """Call the performer of the wish's kind."""
        performer = self._performers.get(item.kind)
        if performer is None:
            raise GiveUp(f"nothing performs effects of the kind {item.kind!r}")
        await performer(item.payload)

    async def settle(self, item: ClaimedWish, outcome: Unfinished | None) -> None:
        """Done, failed with a reason, or again later; a wait is no attempt."""
        now = self._now()
        match outcome:
            case None:
                await self._rows.done(item, now)
            case GiveUp() if outcome.status in REFUSED and now - item.wanted_at < PATIENCE:
                await self._rows.again(item, now + LOOK_AGAIN, outcome.reason, now, counts=False)
            case GiveUp():
                await self._rows.fail(item, outcome.reason, now)
            case Wait():
                await self._rows.again(item, outcome.until, outcome.reason, now, counts=False)
            case StoreUnavailable():
                await self._rows.again(item, now + SHORTLY, outcome.reason, now, counts=False)
            case _ if now - item.wanted_at >= PATIENCE:
                await self._rows.fail(item, f"given up after 72 hours: {outcome.reason}", now)
            case _:
                pause = backoff(item.attempts + 1, item.key)
                await self._rows.again(item, now + pause, outcome.reason, now, counts=True)
