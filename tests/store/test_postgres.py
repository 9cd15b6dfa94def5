"""What can go wrong with a PostgreSQL server, and how replicas share one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count

import psycopg
import pytest
from databases import NOW, Clock, until

from github_app.inbox import Delivery, Inbox, Sorted
from github_app.loops import StoreUnavailable
from github_app.store import SqlStore, StoreRefused


@pytest.fixture
async def replicas(postgres_database_url: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    one, two = await SqlStore.open(postgres_database_url), await SqlStore.open(postgres_database_url)
    yield one, two
    await one.close()
    await two.close()


def a_delivery(guid: str, subject: str = "a") -> Delivery:
    return Delivery(guid, "push", subject.encode(), NOW)


def by_body(event: str, body: bytes) -> Sorted:
    return Sorted(body.decode(), 7, 70, "ready")


def cut_off(postgres_url: str, database_url: str) -> None:
    """Break every connection to the database, as a restart of the server does."""
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


async def test_lost_connections_are_replaced_without_losing_anything(
    replicas: tuple[SqlStore, SqlStore], postgres_url: str, postgres_database_url: str
) -> None:
    """F13."""
    store, _ = replicas
    for round_ in range(3):
        assert await store.deliveries.keep(a_delivery(str(round_)))
        cut_off(postgres_url, postgres_database_url)
    assert await store.deliveries.keep(a_delivery("last"))
    assert (await store.stats(NOW)).deliveries == {"new": 4}


async def test_a_server_that_refuses_for_long_is_said_and_passes_without_a_restart(
    replicas: tuple[SqlStore, SqlStore], postgres_url: str, postgres_database_url: str
) -> None:
    """F13: GitHub gets its 503 before its ten seconds are over."""
    store, _ = replicas
    name = str(psycopg.conninfo.conninfo_to_dict(postgres_database_url)["dbname"])
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        cut_off(postgres_url, postgres_database_url)
        async with asyncio.timeout(9):
            with pytest.raises(StoreUnavailable, match="PostgreSQL: "):
                await store.deliveries.keep(a_delivery("1"))
        conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert await store.deliveries.keep(a_delivery("1"))


async def test_replicas_wake_each_other(
    replicas: tuple[SqlStore, SqlStore], postgres_url: str, postgres_database_url: str
) -> None:
    one, two = replicas
    heard = asyncio.Event()
    numbers = count()
    two.on_work("inbox", heard.set)

    async def hears() -> bool:
        await one.deliveries.keep(a_delivery(str(next(numbers))))
        return heard.is_set()

    await until(hears)
    cut_off(postgres_url, postgres_database_url)
    heard.clear()
    await until(hears)


async def test_two_replicas_handle_everything_once_and_no_subject_twice_at_a_time(
    replicas: tuple[SqlStore, SqlStore],
) -> None:
    """F14."""
    under_way: set[bytes] = set()
    handled: Counter[str] = Counter()

    async def handle(delivery: Delivery) -> None:
        assert delivery.body not in under_way
        under_way.add(delivery.body)
        await asyncio.sleep(0.002)
        under_way.remove(delivery.body)
        handled[delivery.guid] += 1

    inboxes = [Inbox(store.deliveries, by_body, handle, Clock()) for store in replicas]
    for store, inbox in zip(replicas, inboxes, strict=True):
        store.on_work("inbox", inbox.loop.wake)
        inbox.loop.start()
    await asyncio.gather(*(inboxes[n % 2].accept(a_delivery(str(n), f"s{n % 20}")) for n in range(200)))

    async def done() -> bool:
        return (await replicas[0].stats(NOW)).deliveries == {"done": 200}

    await until(done)
    for inbox in inboxes:
        await inbox.loop.stop()
    assert handled == Counter(map(str, range(200)))


async def test_every_replica_may_work(replicas: tuple[SqlStore, SqlStore]) -> None:
    """E17, and what another replica holds stays its own."""
    one, two = replicas
    await one.deliveries.keep(a_delivery("1"))
    await one.deliveries.sort(by_body)
    [claimed] = await one.deliveries.claim("one", 1, NOW)
    await two.become_worker()
    assert await two.deliveries.claim("two", 1, NOW) == []
    assert await one.deliveries.finish(claimed, "done", "", NOW)


async def test_a_server_that_forgets_what_it_confirmed_is_refused(
    postgres_url: str, postgres_database_url: str
) -> None:
    """F42."""
    name = psycopg.conninfo.conninfo_to_dict(postgres_database_url)["dbname"]
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(StoreRefused, match="PostgreSQL runs with synchronous_commit = off"):
        await SqlStore.open(postgres_database_url)


async def test_a_server_that_is_not_there_is_refused_without_the_password() -> None:
    with pytest.raises(StoreRefused, match="The database cannot be reached") as refused:
        await SqlStore.open("postgresql://user:s3cret@127.0.0.1:1/none")
    assert "s3cret" not in str(refused.value)
