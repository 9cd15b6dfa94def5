"""A small App that test_kill.py kills: every delivery is recorded, arms a timer and wishes for an effect."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from databases import until

from github_app.documents import Document
from github_app.engine import Change, Entry, Timer, Wish
from github_app.failpoints import arm, kill
from github_app.inbox import Delivery, Inbox, Sorted
from github_app.loops import Loop
from github_app.outbox import Outbox, Sent
from github_app.store import SqlStore
from github_app.timers import Timers


def now() -> datetime:
    return datetime.now(UTC)


def sort(event: str, body: bytes) -> Sorted:
    return Sorted(body.decode(), 7, 70, "ready")


def on_second_pass() -> Callable[[], None]:
    passes = count(1)

    def action() -> None:
        if next(passes) == 2:
            kill()

    return action


def an_entry(guid: str, kind: str) -> Entry:
    return Entry(guid, kind, now(), "octocat", "because", 7, 70, guid)


async def run(url: str, acknowledged: str, mode: str) -> None:
    store = await SqlStore.open(url)
    await store.become_worker()
    for rows in (store.deliveries, store.outbox, store.timers):
        await rows.release()  # on PostgreSQL others might hold leases; here the one that was killed held them all

    async def handle(delivery: Delivery) -> None:
        change = Change(
            documents=[Document(delivery.guid, "failure", 7, 70, "{}")],
            entries=[an_entry(delivery.guid, "handled")],
            timers=[Timer(delivery.guid, "sla", now(), 1, 7, 70)],
            wishes=[Wish(delivery.guid, "publish", delivery.guid, now(), 7, 70)],
        )
        await store.commit(change, now())  # False: done before the kill

    async def fire(timer: Timer) -> None:
        used = (timer.subject, timer.kind, timer.generation)
        await store.commit(Change(entries=[an_entry(timer.subject, "fired")], fired=[used]), now())

    async def publish(guid: str) -> None:
        await store.outbox.remember(Sent(guid, guid, "", "", now(), 7, 70))

    inbox = Inbox(store.deliveries, sort, handle, now)
    outbox, timers = Outbox(store.outbox, {"publish": publish}, now), Timers(store.timers, fire, now)
    store.on_work("inbox", inbox.loop.wake)
    store.on_work("outbox", outbox.loop.wake)
    store.on_work("timers", timers.loop.wake)
    loops: tuple[Loop[Any], ...] = (inbox.loop, outbox.loop, timers.loop)
    for loop in loops:
        loop.start()
    if mode not in {"", "finish"}:
        arm(mode, on_second_pass())
    if mode != "finish":
        await take_deliveries_in(inbox, acknowledged)

    async def at_rest() -> bool:
        stats = await store.stats(now())
        return set(stats.deliveries) | set(stats.outbox) <= {"done"} and stats.timers == 0

    await until(at_rest, 60)
    for loop in loops:
        await loop.stop()
    await store.close()


async def take_deliveries_in(inbox: Inbox, acknowledged: str) -> None:
    """Some eighty, unless the process is killed before."""
    file = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    numbers = iter(range(80))

    async def client(name: int) -> None:
        for number in numbers:
            guid = f"{os.getpid()}-{number}"
            await inbox.accept(Delivery(guid, "push", f"subject {name}".encode(), now()))
            os.write(file, f"{guid}\n".encode())

    await asyncio.gather(*(client(name) for name in range(8)))


if __name__ == "__main__":
    _, url, acknowledged, mode = sys.argv
    asyncio.run(run(url, acknowledged, mode))
