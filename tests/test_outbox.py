"""The outbox on a real store: every wish ends well or with a reason, and is never performed twice at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from databases import NOW, Clock, until

from github_app.engine import Change, Wish
from github_app.outbox import Outbox, Performer, Sent
from github_app.outcomes import GiveUp, Retry, Wait
from github_app.store import SqlStore


def a_wish(key: str = "gate:1", payload: str = "p", due: timedelta = timedelta(0)) -> Wish:
    return Wish(key, "publish", payload, NOW + due, 7, 70)


async def wish(store: SqlStore, *wishes: Wish) -> None:
    assert await store.commit(Change(wishes=wishes), NOW)


@asynccontextmanager
async def running(store: SqlStore, performers: Mapping[str, Performer], clock: Clock) -> AsyncIterator[Outbox]:
    outbox = Outbox(store.outbox, performers, clock)
    store.on_work("outbox", outbox.loop.wake)
    outbox.loop.start()
    try:
        yield outbox
    finally:
        await outbox.loop.stop()


async def settles(store: SqlStore, **counts: int) -> None:
    async def settled() -> bool:
        return (await store.stats(NOW)).outbox == counts

    await until(settled)


class Script:
    """A performer that ends in these ways, one after the other, and then well."""

    def __init__(self, *outcomes: Exception) -> None:
        self.outcomes = list(outcomes)
        self.performed: list[str] = []

    async def __call__(self, payload: str) -> None:
        self.performed.append(payload)
        if self.outcomes:
            raise self.outcomes.pop(0)

    async def has_performed(self) -> bool:
        return bool(self.performed)


async def test_a_wish_is_performed_as_soon_as_it_is_committed(store: SqlStore, clock: Clock) -> None:
    performer = Script()
    async with running(store, {"publish": performer}, clock):
        await wish(store, a_wish(payload="first"))
        await settles(store, done=1)
    assert performer.performed == ["first"]


async def test_ten_wishes_under_one_key_cost_one_performance_of_the_newest(store: SqlStore, clock: Clock) -> None:
    performer = Script()
    for number in range(10):
        await wish(store, a_wish(payload=str(number)))
    async with running(store, {"publish": performer}, clock):
        await settles(store, done=1)
    assert performer.performed == ["9"]


async def test_a_wish_waits_for_its_time_and_for_the_earliest_of_several(store: SqlStore) -> None:
    await wish(store, a_wish(due=timedelta(seconds=5)))
    await wish(store, a_wish(due=timedelta(seconds=2)))
    await wish(store, a_wish(due=timedelta(seconds=9)))
    assert await store.outbox.claim("w", 9, NOW + timedelta(seconds=1)) == []
    assert len(await store.outbox.claim("w", 9, NOW + timedelta(seconds=2))) == 1


async def test_what_is_wished_while_it_is_performed_is_performed_again_afterwards(
    store: SqlStore, clock: Clock
) -> None:
    performed: list[str] = []

    async def performer(payload: str) -> None:
        performed.append(payload)
        if payload == "old":
            await wish(store, a_wish(payload="new"))
            assert await store.outbox.claim("another", 9, NOW) == []

    async with running(store, {"publish": performer}, clock):
        await wish(store, a_wish(payload="old"))
        await settles(store, done=2)
    assert performed == ["old", "new"]


async def test_a_wait_holds_back_a_later_wish_too(store: SqlStore) -> None:
    """F17: wishing again must not break GitHub's rate limit."""
    await wish(store, a_wish(payload="old"))
    [claimed] = await store.outbox.claim("w", 1, NOW)
    await wish(store, a_wish(payload="new"))
    until = NOW + timedelta(minutes=1)
    assert await store.outbox.again(claimed, until, "rate limit", NOW, counts=False)
    assert await store.outbox.claim("w", 9, until - timedelta(seconds=1)) == []
    [later] = await store.outbox.claim("w", 9, until)
    assert (later.payload, later.attempts) == ("new", 0)
    assert (await store.stats(NOW)).outbox == {"done": 1, "running": 1}


async def test_a_wait_is_not_an_attempt(store: SqlStore, clock: Clock) -> None:
    performer = Script(*[Wait("rate limit", NOW)] * 20)
    async with running(store, {"publish": performer}, clock):
        await wish(store, a_wish())
        await settles(store, done=1)
    assert len(performer.performed) == 21


async def test_a_failed_attempt_is_repeated_after_its_pause(store: SqlStore, clock: Clock) -> None:
    """F15."""
    performer = Script(Retry("502"))
    async with running(store, {"publish": performer}, clock) as outbox:
        await wish(store, a_wish())
        await until(performer.has_performed)
        await settles(store, pending=1)
        clock.now += timedelta(seconds=1.25)
        outbox.loop.wake()
        await settles(store, done=1)
    assert performer.performed == ["p", "p"]


async def test_it_is_tried_for_72_hours_and_then_fails_with_its_reason(store: SqlStore, clock: Clock) -> None:
    """P9, F23."""
    performer = Script(*[Retry("Slack answers 503")] * 2)
    async with running(store, {"publish": performer}, clock) as outbox:
        await wish(store, a_wish())
        await until(performer.has_performed)
        await settles(store, pending=1)
        clock.now += timedelta(hours=72)
        outbox.loop.wake()
        await settles(store, failed=1)
    assert await reasons(store) == ["given up after 72 hours: Slack answers 503"]


async def reasons(store: SqlStore) -> list[str]:
    return [entry.reason for entry in await store.journal.about("gate:1")]


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ("publish", "the pull request is gone"),
        ("label", "nothing performs effects of the kind 'publish'"),
    ],
)
async def test_what_cannot_be_done_fails_at_once_and_the_journal_says_so(
    store: SqlStore, clock: Clock, known: str, reason: str
) -> None:
    async with running(store, {known: Script(GiveUp("the pull request is gone", 404))}, clock):
        await wish(store, a_wish())
        await settles(store, failed=1)
    assert await reasons(store) == [reason]


@pytest.mark.parametrize("status", [401, 403])
async def test_what_we_may_not_do_is_tried_again_in_five_minutes(store: SqlStore, clock: Clock, status: int) -> None:
    """F18: a permission that is given back must not find the gate forgotten."""
    performer = Script(GiveUp("not allowed", status))
    async with running(store, {"publish": performer}, clock) as outbox:
        await wish(store, a_wish())
        await until(performer.has_performed)
        await settles(store, pending=1)
        clock.now += timedelta(minutes=5)
        outbox.loop.wake()
        await settles(store, done=1)


async def test_what_we_may_never_do_fails_after_72_hours(store: SqlStore, clock: Clock) -> None:
    """P9."""
    clock.now = NOW + timedelta(hours=72)
    async with running(store, {"publish": Script(GiveUp("not allowed", 403))}, clock):
        await wish(store, a_wish())
        await settles(store, failed=1)
    assert await reasons(store) == ["not allowed"]


async def test_a_wish_after_a_failed_one_is_a_new_one(store: SqlStore, clock: Clock) -> None:
    performer = Script(GiveUp("no"))
    async with running(store, {"publish": performer}, clock):
        await wish(store, a_wish())
        await settles(store, failed=1)
        await wish(store, a_wish())
        await settles(store, failed=1, done=1)


async def test_what_a_lost_worker_held_is_performed_by_another(store: SqlStore) -> None:
    """F4, F14: and the lost one, should it come back, cannot settle it any more."""
    await wish(store, a_wish())
    [lost] = await store.outbox.claim("lost", 1, NOW)
    await store.outbox.release("lost")
    [taken] = await store.outbox.claim("next", 1, NOW)
    assert not await store.outbox.done(lost, NOW)
    assert not await store.outbox.fail(lost, "no", NOW)
    assert not await store.outbox.again(lost, NOW, "no", NOW, counts=True)
    assert await store.outbox.done(taken, NOW)


async def test_a_lost_wish_that_was_wished_for_again_lives_on_in_the_later_one(store: SqlStore) -> None:
    await wish(store, a_wish(payload="old"))
    await store.outbox.claim("lost", 1, NOW)
    await wish(store, a_wish(payload="new"))
    await store.outbox.release("lost")
    assert [each.payload for each in await store.outbox.claim("next", 9, NOW)] == ["new"]


async def test_a_busy_installation_does_not_starve_a_quiet_one(store: SqlStore) -> None:
    """F30."""
    await wish(store, *(a_wish(f"noisy:{number}") for number in range(20)))
    await wish(store, Wish("quiet", "publish", "", NOW + timedelta(seconds=1), 8, 80))
    claimed = await store.outbox.claim("w", 4, NOW + timedelta(seconds=1))
    assert {each.installation_id for each in claimed} == {7, 8}


async def test_what_was_sent_is_remembered_and_the_last_one_wins(store: SqlStore) -> None:
    first = Sent("gate:1", "99", "d1", '{"a": 1}', NOW, 7, 70)
    second = Sent("gate:1", "99", "d2", '{"a": 2}', NOW + timedelta(seconds=1), 7, 70)
    assert await store.outbox.sent("gate:1") is None
    await store.outbox.remember(first)
    await store.outbox.remember(second)
    assert await store.outbox.sent("gate:1") == second
