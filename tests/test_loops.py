"""The body that the three loops share, on work that is only a list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
import structlog
from databases import until

from github_app.loops import Loop, StoreUnavailable, backoff
from github_app.outcomes import Unfinished


class Pile:
    """Items to perform, how each ended, and which of its steps fail the first few times."""

    def __init__(self, *items: str, perform: Callable[[str], Awaitable[None]]) -> None:
        self.items = list(items)
        self.performer = perform
        self.ended: list[tuple[str, str]] = []
        self.renewed: list[str] = []
        self.released = False
        self.claim_fails = 0
        self.settle_fails = 0

    async def claim(self, worker: str, room: int) -> Sequence[str]:
        if self.claim_fails:
            self.claim_fails -= 1
            raise StoreUnavailable("disk full")
        taken, self.items = self.items[:room], self.items[room:]
        return taken

    async def perform(self, item: str) -> None:
        await self.performer(item)

    async def settle(self, item: str, outcome: Unfinished | None) -> None:
        if self.settle_fails:
            self.settle_fails -= 1
            raise StoreUnavailable("disk full")
        self.ended.append((item, "well" if outcome is None else outcome.reason))

    async def renew(self, worker: str, items: Sequence[str]) -> None:
        self.renewed += items

    async def release(self, worker: str) -> None:
        self.released = True

    async def has_renewed(self) -> bool:
        return bool(self.renewed)

    async def has_ended(self) -> bool:
        return bool(self.ended)


@asynccontextmanager
async def running(loop: Loop[str]) -> AsyncIterator[None]:
    loop.start()
    try:
        yield
    finally:
        await loop.stop(grace=1)


async def well(item: str) -> None: ...


async def never(item: str) -> None:
    await asyncio.Event().wait()


async def test_an_item_that_hangs_is_cut_off() -> None:
    """F16, F30."""
    pile = Pile("a", perform=never)
    async with running(Loop("inbox", pile, pile, limit=0.01)):
        await until(pile.has_ended)
    assert pile.ended == [("a", "not done within 0.01 seconds")]


async def test_no_more_run_at_a_time_than_allowed_however_many_are_claimed() -> None:
    most = under_way = 0

    async def counted(item: str) -> None:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1

    pile = Pile(*map(str, range(40)), perform=counted)

    async def all_ended() -> bool:
        return len(pile.ended) == 40

    async with running(Loop("inbox", pile, pile, concurrency=3, batch=10)):
        await until(all_ended)
    assert most == 3


async def test_a_database_that_cannot_be_asked_ends_no_loop() -> None:
    """F11, F13."""
    pile = Pile("a", perform=well)
    pile.claim_fails = 3
    loop = Loop("inbox", pile, pile, poll=0.01)
    with structlog.testing.capture_logs() as logs:
        async with running(loop):
            await until(pile.has_ended)
            assert loop.alive
    assert [(each["event"], each["reason"]) for each in logs] == [("cannot claim", "disk full")] * 3


async def test_an_outcome_that_cannot_be_kept_now_is_kept_later_without_performing_again() -> None:
    """F11, F13."""
    performed = []

    async def perform(item: str) -> None:
        performed.append(item)

    pile = Pile("a", perform=perform)
    pile.settle_fails = 1
    with structlog.testing.capture_logs():
        async with running(Loop("inbox", pile, pile)):
            await until(pile.has_ended)
    assert (performed, pile.ended) == (["a"], [("a", "well")])


async def test_the_lease_of_a_long_item_is_renewed() -> None:
    """F14: only a process that is dead or stopped loses what it holds."""
    pile = Pile("a", perform=never)
    async with running(Loop("inbox", pile, pile, renew=0.01)):
        await until(pile.has_renewed)
    assert set(pile.renewed) == {"a"}


async def test_a_stop_claims_nothing_more_and_gives_back_what_is_held() -> None:
    """F9."""
    pile = Pile(perform=well)
    loop = Loop("inbox", pile, pile)
    async with running(loop):
        assert loop.alive
    pile.items = ["late"]
    loop.wake()
    await asyncio.sleep(0.01)
    assert (loop.alive, pile.released, pile.ended) == (False, True, [])


async def test_what_a_strange_exception_says_is_not_logged_but_where_it_came_from_is() -> None:
    """T28: its words may quote a log that somebody else wrote."""

    async def broken(item: str) -> None:
        raise ValueError("s3cret")

    pile = Pile("a", perform=broken)
    with structlog.testing.capture_logs() as logs:
        async with running(Loop("inbox", pile, pile)):
            await until(pile.has_ended)
    assert pile.ended == [("a", "unexpected ValueError")]
    assert "s3cret" not in str(logs)
    assert logs[0]["where"][-1].endswith(" broken")


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (2000, 60)])
def test_pauses_double_up_to_a_minute_and_differ_a_little(attempts: int, seconds: int) -> None:
    """F15."""
    pauses = {backoff(attempts, key).total_seconds() for key in "abcdef"}
    assert all(seconds <= pause <= seconds * 1.25 for pause in pauses)
    assert len(pauses) > 1
