"""Timers on a real store: every deadline fires, once, however the clock jumps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from databases import NOW, Clock, until

from github_app.engine import Change, Entry, Timer
from github_app.outcomes import GiveUp, Retry, Wait
from github_app.store import SqlStore
from github_app.timers import Timers

MINUTE = timedelta(minutes=1)


def a_timer(subject: str = "failure:1", due: datetime | None = NOW, generation: int = 1, kind: str = "sla") -> Timer:
    return Timer(subject, kind, due, generation, 7, 70)


async def arm(store: SqlStore, *timers: Timer) -> None:
    assert await store.commit(Change(timers=timers), NOW)


async def due(store: SqlStore, now: datetime = NOW, limit: int = 200) -> list[Timer]:
    return [each.timer for each in await store.timers.claim("w", limit, now)]


def an_entry(timer: Timer) -> Entry:
    return Entry(timer.subject, "fired", NOW, "clock", "due", 7, 70, timer.kind)


class Door:
    """What stands for the engine: a fire commits a change that uses the timer up, after these outcomes."""

    def __init__(self, store: SqlStore, clock: Clock, *outcomes: Exception) -> None:
        self.store = store
        self.clock = clock
        self.outcomes = list(outcomes)
        self.fired: list[Timer] = []

    async def __call__(self, timer: Timer) -> None:
        self.fired.append(timer)
        if self.outcomes:
            raise self.outcomes.pop(0)
        used = (timer.subject, timer.kind, timer.generation)
        assert await self.store.commit(Change(entries=[an_entry(timer)], fired=[used]), self.clock())


@asynccontextmanager
async def running(store: SqlStore, fire: Callable[[Timer], Awaitable[None]], clock: Clock) -> AsyncIterator[Timers]:
    timers = Timers(store.timers, fire, clock)
    store.on_work("timers", timers.loop.wake)
    timers.loop.start()
    try:
        yield timers
    finally:
        await timers.loop.stop()


async def armed(store: SqlStore, count: int) -> None:
    async def settled() -> bool:
        return (await store.stats(NOW)).timers == count

    await until(settled)


async def test_a_due_timer_fires_once_and_is_used_up(store: SqlStore, clock: Clock) -> None:
    """P7."""
    door = Door(store, clock)
    async with running(store, door, clock):
        await arm(store, a_timer(), a_timer("failure:2", NOW + MINUTE))
        await armed(store, 1)
    assert door.fired == [a_timer()]
    assert len(await store.journal.about("failure:1")) == 1


async def test_a_jump_of_the_clock_fires_nothing_twice(store: SqlStore, clock: Clock) -> None:
    """F24: five hours ahead, an hour back, and ahead again."""
    door = Door(store, clock)
    await arm(store, a_timer("a", NOW + MINUTE), a_timer("b", NOW + timedelta(hours=4)))
    async with running(store, door, clock) as timers:
        for hours in (5, -1, 6):
            clock.now += timedelta(hours=hours)
            timers.loop.wake()
            await armed(store, 0)
            await asyncio.sleep(0.02)
    assert sorted(timer.subject for timer in door.fired) == ["a", "b"]


async def test_a_fire_that_fails_is_repeated_until_it_works(store: SqlStore, clock: Clock) -> None:
    """P7: no deadline is lost because something else was broken."""
    door = Door(store, clock, *[Retry("busy"), KeyError("bug"), Wait("later", NOW)] * 5)
    async with running(store, door, clock) as timers:
        await arm(store, a_timer())

        async def used_up() -> bool:
            clock.now += 2 * MINUTE
            timers.loop.wake()
            return (await store.stats(NOW)).timers == 0

        await until(used_up)
    assert len(door.fired) == 16
    assert len(await store.journal.about("failure:1")) == 1


@pytest.mark.parametrize("outcome", [None, GiveUp("the installation is gone")], ids=["well", "given up"])
async def test_a_timer_that_no_rule_answers_is_removed(
    store: SqlStore, clock: Clock, outcome: Exception | None
) -> None:
    async def fire(timer: Timer) -> None:
        if outcome is not None:
            raise outcome

    async with running(store, fire, clock):
        await arm(store, a_timer())
        await armed(store, 0)


async def test_many_overdue_timers_come_in_batches_the_oldest_first(store: SqlStore) -> None:
    """E19."""
    many = [a_timer(f"s{number:05}", NOW - number * timedelta(seconds=1)) for number in range(2000)]
    await arm(store, *many)
    first = await due(store)
    second = await due(store)
    assert [len(first), len(second)] == [200, 200]
    assert first + second == sorted(many, key=lambda timer: timer.due_at or NOW)[:400]


async def test_only_the_latest_generation_counts(store: SqlStore) -> None:
    """R4."""
    await arm(store, a_timer(generation=2, due=NOW + MINUTE))
    await arm(store, a_timer(generation=1, due=NOW))
    assert await due(store) == []
    await arm(store, a_timer(generation=1, due=None))
    assert await due(store, NOW + MINUTE) == [a_timer(generation=2, due=NOW + MINUTE)]


async def test_a_cancelled_timer_does_not_fire(store: SqlStore) -> None:
    await arm(store, a_timer())
    await arm(store, a_timer(due=None))
    assert await due(store) == []


@pytest.mark.parametrize(
    ("rearmed", "why"),
    [
        (None, "it is used up"),
        (a_timer(generation=2), "a later generation took its place"),
        (a_timer(due=NOW + MINUTE), "it was moved"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_late_fire_changes_nothing(store: SqlStore, rearmed: Timer | None, why: str) -> None:
    """F14, R4: the first fire is committed after the timer was used up or armed anew."""
    await arm(store, a_timer())
    if rearmed is None:
        assert await store.commit(Change(fired=[("failure:1", "sla", 1)]), NOW)
    else:
        await arm(store, rearmed)
    late = Change(entries=[an_entry(a_timer())], fired=[("failure:1", "sla", 1)])
    assert await store.commit(late, NOW)
    assert await store.journal.about("failure:1") == []
    assert (await store.stats(NOW)).timers == (rearmed is not None)


async def test_a_change_may_use_a_timer_up_and_arm_the_next(store: SqlStore) -> None:
    await arm(store, a_timer())
    following = a_timer(generation=2, due=NOW + MINUTE)
    assert await store.commit(Change(timers=[following], fired=[("failure:1", "sla", 1)]), NOW)
    assert await due(store, NOW + MINUTE) == [following]


async def test_what_is_armed_during_a_fire_survives_its_end(store: SqlStore) -> None:
    await arm(store, a_timer())
    [claimed] = await store.timers.claim("w", 1, NOW)
    await arm(store, a_timer(due=NOW + MINUTE))
    await store.timers.finish(claimed)
    await store.timers.again(claimed, NOW + timedelta(days=1))
    assert await due(store, NOW + MINUTE) == [a_timer(due=NOW + MINUTE)]


async def test_a_timer_is_claimed_by_one_worker_until_it_is_given_back(store: SqlStore) -> None:
    """F14."""
    await arm(store, a_timer())
    assert len(await store.timers.claim("one", 9, NOW)) == 1
    assert await store.timers.claim("two", 9, NOW) == []
    await store.timers.release("one")
    assert len(await store.timers.claim("two", 9, NOW)) == 1
