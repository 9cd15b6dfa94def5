"""The one body that the three background loops share: claim, perform, settle.

It owns concurrency, time limits, leases and shutdown; it does not know what is performed or how an outcome is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import traceback
from collections.abc import Sequence
from datetime import timedelta
from typing import Generic, Protocol, TypeVar
from uuid import uuid4

import structlog

from github_app.failpoints import failpoint
from github_app.outcomes import Retry, Unexpected, Unfinished

LEASE_SECONDS = 30
"""Whoever is not heard of for so long has lost what it was doing; others take it over (P6)."""

LONGEST_PAUSE = 60
SHORTLY = timedelta(seconds=1)
"""When to come back after a failure that was the database's and not the item's."""

REFUSED = frozenset({401, 403})
"""HTTP statuses that say we may not just now: suspended, a permission missing, a key replaced (F18)."""

LOOK_AGAIN = timedelta(minutes=5)
"""When to ask again whether we may."""

Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)

log = structlog.get_logger(__name__)


class StoreUnavailable(Retry):
    """The database cannot read or commit now: disk full, locked too long, connection lost.

    Nothing was kept, unless the connection broke during the commit; so whoever repeats it may find it done.
    """


def backoff(attempts: int, key: str) -> timedelta:
    """Return the pause after `attempts` failed attempts: 1, 2, 4 ... 60 seconds, and up to a quarter more (F15).

    The extra comes from `key`, so that many that failed together do not come back together.
    """
    base = min(LONGEST_PAUSE, 2 ** max(0, min(attempts, 10) - 1))
    share = hashlib.sha256(f"{key}|{attempts}".encode()).digest()[0] / 255
    return timedelta(seconds=base * (1 + share / 4))


class Work(Protocol[Item]):
    """What one loop does."""

    async def claim(self, worker: str, room: int) -> Sequence[Item]:
        """Take up to `room` items that can be performed now, under leases of `worker`."""

    async def perform(self, item: Item) -> None:
        """Do it; raises one of the outcomes when it is not done."""

    async def settle(self, item: Item, outcome: Unfinished | None) -> None:
        """Keep how it ended; None is well."""


class Leases(Protocol[Item_contra]):
    """The rows that a loop holds while it works on them."""

    async def renew(self, worker: str, items: Sequence[Item_contra]) -> None:
        """Extend the leases of the items."""

    async def release(self, worker: str) -> None:
        """Give back whatever the worker still holds."""


class Loop(Generic[Item]):
    """Performs work until it is stopped: at most `concurrency` items at a time, each for at most `limit` seconds.

    Up to `batch` items are claimed ahead. Without work it sleeps until `wake` is called, but at most `poll` seconds.
    Every `renew` seconds it extends the leases of what it holds, so that only a dead process loses them.
    """

    def __init__(
        self,
        name: str,
        work: Work[Item],
        leases: Leases[Item],
        *,
        concurrency: int = 8,
        batch: int = 8,
        limit: float = 60,
        poll: float = 1,
        renew: float = LEASE_SECONDS / 3,
    ) -> None:
        self.name = name
        self._work = work
        self._leases = leases
        self._concurrency = concurrency
        self._batch = batch
        self._limit = limit
        self._poll = poll
        self._renew = renew
        self._worker = uuid4().hex
        self._slots = asyncio.Semaphore(concurrency)
        self._wake = asyncio.Event()
        self._stopping = False
        self._items: dict[asyncio.Task[None], Item] = {}
        self._main: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether the loop runs; a loop that is not alive makes the process not ready."""
        return self._main is not None and not self._main.done()

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def start(self) -> None:
        """Begin, on the running event loop."""
        self._main = asyncio.create_task(self._run(), name=self.name)
        self._keeper = asyncio.create_task(self._keep_leases())

    async def stop(self, grace: float = 25) -> None:
        """Claim nothing more, give what is under way `grace` seconds, then give back the rest (F9)."""
        self._stopping = True
        self.wake()
        if self._main is not None:
            await self._main
        if self._items:
            await asyncio.wait(self._items, timeout=grace)
        unfinished = list(self._items)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        if self._keeper is not None:
            self._keeper.cancel()
        with contextlib.suppress(StoreUnavailable):  # then the leases expire
            await self._leases.release(self._worker)

    async def _run(self) -> None:
        while not self._stopping:
            await self._turn()

    async def _turn(self) -> None:
        self._wake.clear()
        room = self._batch - len(self._items) if len(self._items) < self._concurrency else 0
        found = await self._claim(room) if room else ()
        for item in found:
            task = asyncio.create_task(self._one(item))
            self._items[task] = item
            task.add_done_callback(self._ended)
        if not room or len(found) < room:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._poll)

    async def _claim(self, room: int) -> Sequence[Item]:
        try:
            found = await self._work.claim(self._worker, room)
        except Exception as error:  # noqa: BLE001  (whatever it was, the loop must go on)
            self._tell("cannot claim", error)
            return ()
        if found:
            failpoint(f"{self.name}.after_claim")
        return found

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._items[task]
        self.wake()  # the next item of the same subject may be free now

    async def _one(self, item: Item) -> None:
        async with self._slots:
            outcome = await self._attempt(item)
            failpoint(f"{self.name}.after_perform")
            while not await self._settled(item, outcome):  # noqa: ASYNC110  (no database tells when it takes commits again)
                await asyncio.sleep(1)

    async def _attempt(self, item: Item) -> Unfinished | None:
        try:
            async with asyncio.timeout(self._limit):
                await self._work.perform(item)
        except Unfinished as outcome:
            return outcome
        except TimeoutError:
            return Unexpected(f"not done within {self._limit:g} seconds", effect_unknown=True)
        except Exception as error:  # noqa: BLE001  (a poisonous item must not end the loop)
            self._tell("unexpected failure", error)
            return Unexpected(f"unexpected {type(error).__name__}", effect_unknown=True)
        return None

    async def _settled(self, item: Item, outcome: Unfinished | None) -> bool:
        try:
            await self._work.settle(item, outcome)
        except Exception as error:  # noqa: BLE001  (the outcome is kept in memory until the database takes it)
            self._tell("cannot settle", error)
            return False
        return True

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._renew)
            if items := list(self._items.values()):
                try:
                    await self._leases.renew(self._worker, items)
                except Exception as error:  # noqa: BLE001  (else every lease of the loop would lapse)
                    self._tell("cannot renew leases", error)

    def _tell(self, what: str, error: Exception) -> None:
        """Log where it happened, not what it said: messages quote what strangers sent."""
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-5:]]
        reason = error.reason if isinstance(error, Unfinished) else None
        log.error(what, loop=self.name, error=type(error).__name__, reason=reason, where=where)
