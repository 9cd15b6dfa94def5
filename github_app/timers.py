"""Timers: what is due becomes an event, once, through the same door as everything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from github_app.engine import Timer
from github_app.loops import Leases, Loop, backoff
from github_app.outcomes import GiveUp, Unfinished, Wait

BATCH = 200
"""How many due timers are taken at a time, so that a long outage ends in orderly steps (E19)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ClaimedTimer:
    """A due timer that one worker may fire now; `token` proves the claim when it settles."""

    timer: Timer
    attempts: int
    token: int


class TimerRows(Leases[ClaimedTimer], Protocol):
    """What the timer loop asks of a store; see store.timers."""

    async def claim(self, worker: str, limit: int, now: datetime) -> list[ClaimedTimer]: ...
    async def finish(self, claimed: ClaimedTimer) -> None: ...
    async def again(self, claimed: ClaimedTimer, not_before: datetime) -> None: ...


class Timers:
    """Fires each due timer by handing it to `fire`, whose committed change names it in `fired` and so uses it up."""

    def __init__(self, rows: TimerRows, fire: Callable[[Timer], Awaitable[None]], now: Callable[[], datetime]) -> None:
        self._rows = rows
        self._fire = fire
        self._now = now
        self.loop = Loop("timers", self, rows, batch=BATCH)

    async def claim(self, worker: str, room: int) -> Sequence[ClaimedTimer]:
        """Take what is due, the oldest first."""
        return await self._rows.claim(worker, room, self._now())

    async def perform(self, item: ClaimedTimer) -> None:
        """Send the event."""
        await self._fire(item.timer)

    async def settle(self, item: ClaimedTimer, outcome: Unfinished | None) -> None:
        """Gone, or again later: a deadline is never dropped because firing it failed (P7)."""
        match outcome:
            case None:
                await self._rows.finish(item)
            case GiveUp():
                log.warning("timer refused", subject=item.timer.subject, kind=item.timer.kind, reason=outcome.reason)
                await self._rows.finish(item)
            case Wait():
                await self._rows.again(item, outcome.until)
            case _:
                pause = backoff(item.attempts + 1, f"{item.timer.subject}|{item.timer.kind}")
                await self._rows.again(item, self._now() + pause)
