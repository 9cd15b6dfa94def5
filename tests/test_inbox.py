"""The inbox on a real store: what it promises to GitHub and to the other deliveries."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import structlog
from databases import NOW, Clock, until

from github_app.inbox import MAX_ATTEMPTS, Delivery, Inbox, Sorted
from github_app.loops import StoreUnavailable
from github_app.outcomes import GiveUp, Retry, Unexpected, Wait
from github_app.store import SqlStore

Handle = Callable[[Delivery], Awaitable[None]]


def sort(event: str, body: bytes) -> Sorted:
    if event == "unknown":
        return Sorted(None, None, None, "ignored", "nothing handles this event")
    return Sorted(body.decode(), 7, 70, "ready")


def a_delivery(guid: str, subject: str = "a", event: str = "check_run") -> Delivery:
    return Delivery(guid, event, subject.encode(), NOW)


@asynccontextmanager
async def running(store: SqlStore, handle: Handle, clock: Clock) -> AsyncIterator[Inbox]:
    inbox = Inbox(store.deliveries, sort, handle, clock)
    store.on_work("inbox", inbox.loop.wake)
    inbox.loop.start()
    try:
        yield inbox
    finally:
        await inbox.loop.stop()


async def settles(store: SqlStore, **counts: int) -> None:
    """Wait until the deliveries stand in exactly these states."""

    async def settled() -> bool:
        return (await store.stats(NOW)).deliveries == counts

    await until(settled)


def raising(*outcomes: Exception | None) -> tuple[Handle, list[str]]:
    """A handler that ends in these ways, one after the other, and then well; with what it has handled."""
    script, handled = list(outcomes), list[str]()

    async def handle(delivery: Delivery) -> None:
        handled.append(delivery.guid)
        outcome = script.pop(0) if script else None
        if outcome is not None:
            raise outcome

    return handle, handled


async def test_a_delivery_that_comes_ten_times_at_once_is_handled_once(store: SqlStore, clock: Clock) -> None:
    """E22, F25, G5."""
    handle, handled = raising()
    async with running(store, handle, clock) as inbox:
        kept = await asyncio.gather(*(inbox.accept(a_delivery("1")) for _ in range(10)))
        await settles(store, done=1)
        assert not await inbox.accept(a_delivery("1"))
    assert (sorted(kept), handled) == ([False] * 9 + [True], ["1"])


async def test_a_delivery_kept_before_the_start_is_handled(store: SqlStore, clock: Clock) -> None:
    await store.deliveries.keep(a_delivery("1"))
    handle, handled = raising()
    async with running(store, handle, clock):
        await settles(store, done=1)
    assert handled == ["1"]


async def test_an_event_that_nobody_handles_is_kept_and_ignored(store: SqlStore, clock: Clock) -> None:
    """G11, F33."""
    handle, handled = raising()
    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1", event="unknown"))
        await settles(store, ignored=1)
    assert handled == []


async def test_deliveries_of_one_subject_are_handled_one_after_the_other(store: SqlStore, clock: Clock) -> None:
    under_way: set[str] = set()
    order: dict[str, list[str]] = {"a": [], "b": []}

    async def handle(delivery: Delivery) -> None:
        subject = delivery.body.decode()
        assert subject not in under_way
        under_way.add(subject)
        await asyncio.sleep(0.005)
        under_way.remove(subject)
        order[subject].append(delivery.guid)

    async with running(store, handle, clock) as inbox:
        for number in range(12):
            await inbox.accept(a_delivery(f"{number:02}", "ab"[number % 2]))
        await settles(store, done=12)
    assert [order["a"], order["b"]] == [sorted(order["a"]), sorted(order["b"])]


async def test_a_wait_is_not_an_attempt(store: SqlStore, clock: Clock) -> None:
    """F17: GitHub may ask for patience as often as it likes."""
    waits = [Wait("rate limit", NOW)] * (MAX_ATTEMPTS + 2)
    handle, handled = raising(*waits)
    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1"))
        await settles(store, done=1)
    assert len(handled) == MAX_ATTEMPTS + 3


async def test_a_waiting_delivery_stays_untouched_until_its_time_and_holds_nobody_up(
    store: SqlStore, clock: Clock
) -> None:
    handle, handled = raising(Wait("rate limit", NOW + timedelta(minutes=5)))
    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1"))
        await settles(store, ready=1)
        await inbox.accept(a_delivery("2"))
        await settles(store, ready=1, done=1)
        clock.now += timedelta(minutes=5)
        inbox.loop.wake()
        await settles(store, done=2)
    assert handled == ["1", "2", "1"]


@pytest.mark.parametrize("status", [404, 410, 451])
async def test_what_is_about_something_gone_is_ignored_with_its_reason(
    store: SqlStore, clock: Clock, status: int
) -> None:
    handle, _ = raising(GiveUp("the repository is gone", status))
    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1"))
        await settles(store, ignored=1)
    assert await store.deliveries.reason("1") == "the repository is gone"


@pytest.mark.parametrize("status", [0, 409, 422])
async def test_what_cannot_be_looked_into_is_parked_and_never_taken_for_nothing(
    store: SqlStore, clock: Clock, status: int
) -> None:
    """T33: a red job that could not be read is not a job that was not there."""
    handle, _ = raising(GiveUp("GitHub refuses", status))
    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1"))
        await settles(store, parked=1)
    assert await store.deliveries.reason("1") == "GitHub refuses"


@pytest.mark.parametrize("status", [401, 403])
async def test_what_we_may_not_look_into_is_tried_every_five_minutes_for_three_days(
    store: SqlStore, clock: Clock, status: int
) -> None:
    """F18, T33: whoever suspends the App or takes a permission away may give it back."""
    handle, handled = raising(*[GiveUp("the App is suspended", status)] * 1000)
    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1"))

        async def tried_again() -> bool:
            return len(handled) > len(before)

        for _ in range(MAX_ATTEMPTS + 1):
            before = list(handled)
            clock.now += timedelta(minutes=5)
            inbox.loop.wake()
            await until(tried_again)
        await settles(store, ready=1)
        clock.now = NOW + timedelta(hours=72)
        inbox.loop.wake()
        await settles(store, parked=1)
    assert await store.deliveries.reason("1") == "the App is suspended"


async def test_an_outage_of_github_is_outlasted_for_72_hours(store: SqlStore, clock: Clock) -> None:
    """F15: a delivery must not be dropped because GitHub was away for some minutes."""

    async def handle(delivery: Delivery) -> None:
        raise Retry("GitHub answers 502")

    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1"))
        for _ in range(12):
            await settles(store, ready=1)
            clock.now += timedelta(minutes=2)
            inbox.loop.wake()
            await asyncio.sleep(0.02)
        await settles(store, ready=1)
        clock.now = NOW + timedelta(hours=72)
        inbox.loop.wake()
        await settles(store, parked=1)
    assert await store.deliveries.reason("1") == "given up after 72 hours: GitHub answers 502"


@pytest.mark.parametrize(
    ("poison", "reason"),
    [(Unexpected("broke"), "8 attempts failed: broke"), (KeyError("s3cret"), "8 attempts failed: unexpected KeyError")],
    ids=["told", "bug"],
)
async def test_poison_is_parked_with_its_reason_and_blocks_nobody(
    store: SqlStore, clock: Clock, poison: Exception, reason: str
) -> None:
    """F30. What the exception says may quote a stranger, so it is neither stored nor logged (T28)."""

    async def handle(delivery: Delivery) -> None:
        if delivery.guid == "bad":
            raise poison

    with structlog.testing.capture_logs() as logs:
        async with running(store, handle, clock) as inbox:
            await inbox.accept(a_delivery("bad"))
            await inbox.accept(a_delivery("good"))

            async def parked() -> bool:
                clock.now += timedelta(minutes=2)
                inbox.loop.wake()
                return (await store.stats(NOW)).deliveries == {"done": 1, "parked": 1}

            await until(parked)
    assert await store.deliveries.reason("bad") == reason
    assert "s3cret" not in str(logs)


async def test_a_full_disk_is_no_fault_of_the_delivery(store: SqlStore, clock: Clock) -> None:
    """F11: handling it needs the store; that counts as no attempt."""
    handle, handled = raising(*[StoreUnavailable("disk full")] * (MAX_ATTEMPTS + 1))
    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1"))

        async def done() -> bool:
            clock.now += timedelta(seconds=1)
            inbox.loop.wake()
            return (await store.stats(NOW)).deliveries == {"done": 1}

        await until(done)
    assert len(handled) == MAX_ATTEMPTS + 2


async def test_a_stop_lets_what_is_under_way_finish(store: SqlStore, clock: Clock) -> None:
    """F9."""
    began = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        began.set()
        await asyncio.sleep(0.05)

    async with running(store, handle, clock) as inbox:
        await inbox.accept(a_delivery("1"))
        await began.wait()
    assert (await store.stats(NOW)).deliveries == {"done": 1}
    assert not inbox.loop.alive


async def test_what_does_not_finish_in_time_is_given_back_without_an_attempt(store: SqlStore, clock: Clock) -> None:
    """F9: the next process begins with it at once, and need not wait for a lease to expire."""
    began = asyncio.Event()

    async def hang(delivery: Delivery) -> None:
        began.set()
        await asyncio.Event().wait()

    inbox = Inbox(store.deliveries, sort, hang, clock)
    inbox.loop.start()
    await inbox.accept(a_delivery("1"))
    await began.wait()
    await inbox.loop.stop(grace=0.01)
    [claimed] = await store.deliveries.claim("next", 1, NOW)
    assert claimed.attempts == 0


async def test_a_busy_installation_does_not_starve_a_quiet_one(store: SqlStore) -> None:
    """F30."""
    for number in range(20):
        await store.deliveries.keep(a_delivery(f"noisy{number:02}", f"n{number}"))
    await store.deliveries.keep(a_delivery("quiet", "q"))
    await store.deliveries.sort(lambda _, body: Sorted(body.decode(), int(body.startswith(b"n")), 70, "ready"))
    claimed = await store.deliveries.claim("w", 4, NOW)
    assert {each.delivery.guid for each in claimed} == {"noisy00", "noisy01", "noisy02", "quiet"}


async def test_the_body_comes_back_byte_for_byte(store: SqlStore) -> None:
    body = gzip.compress(b"\x00\xff" * 100)
    await store.deliveries.keep(Delivery("1", "e", body, NOW))
    await store.deliveries.sort(lambda *_: Sorted("a", 7, 70, "ready"))
    [claimed] = await store.deliveries.claim("w", 1, NOW)
    assert claimed.delivery == Delivery("1", "e", body, NOW)


async def test_what_waits_is_known_by_its_repository_until_it_has_ended(store: SqlStore) -> None:
    """T33: while it waits, nobody may take a commit of that repository to have nothing to judge."""
    before = NOW - timedelta(seconds=1)

    async def waits(repo_id: int) -> tuple[bool, bool]:
        return await store.deliveries.unhandled(repo_id, before), await store.deliveries.unhandled(repo_id, NOW)

    await store.deliveries.keep(a_delivery("1"))
    assert (await waits(70), await waits(71)) == ((False, True), (False, True))  # nobody has looked whose it is
    await store.deliveries.sort(sort)
    assert (await waits(70), await waits(71)) == ((False, True), (False, False))
    [claimed] = await store.deliveries.claim("w", 1, NOW)
    assert await waits(70) == (False, True)
    await store.deliveries.again(claimed, NOW + timedelta(hours=1), "later", counts=False)
    assert await waits(70) == (False, True)
    [claimed] = await store.deliveries.claim("w", 1, NOW + timedelta(hours=1))
    await store.deliveries.finish(claimed, "done", "", NOW)
    assert await waits(70) == (False, False)
