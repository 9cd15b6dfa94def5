"""What goes, when it goes, and what stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from databases import NOW

from github_app.documents import Document
from github_app.engine import Change, Entry, Timer, Wish
from github_app.inbox import Delivery, Final, Sorted
from github_app.outbox import Sent
from github_app.store import Retention, SqlStore
from github_app.store.retention import CHUNK
from github_app.store.schema import deliveries, outbox, records, sent, timers

KEEP = Retention(kinds=["failure"])
DAY = timedelta(days=1)


async def fill(store: SqlStore, installation_id: int) -> None:
    """Put one row of everything under the installation."""
    number = str(installation_id)
    await store.deliveries.keep(Delivery(number, "push", b"body", NOW))
    await store.deliveries.sort(lambda *_: Sorted("s" + number, installation_id, 70, "ready"))
    change = Change(
        documents=[Document("failure:" + number, "failure", installation_id, 70, "{}", open_key=number)],
        entries=[
            Entry("failure:" + number, "opened", NOW, "octocat", "failed", installation_id, 70, "c", '{"log": "x"}')
        ],
        timers=[Timer("failure:" + number, "sla", NOW, 1, installation_id, 70)],
        wishes=[Wish("gate:" + number, "publish", "", NOW, installation_id, 70)],
    )
    assert await store.commit(change, NOW)
    await store.outbox.remember(Sent("gate:" + number, "9", "d", "{}", NOW, installation_id, 70))


async def handled(store: SqlStore, guid: str, state: Final) -> None:
    await store.deliveries.keep(Delivery(guid, "push", b"body", NOW))
    await store.deliveries.sort(lambda *_: Sorted(guid, 7, 70, "ready"))
    [claimed] = await store.deliveries.claim("w", 1, NOW)
    await store.deliveries.finish(claimed, state, "", NOW)


async def bodies(store: SqlStore) -> dict[str, bytes]:
    query = "SELECT guid, body FROM deliveries"
    found = await store._db.read(lambda conn: conn.exec_driver_sql(query).fetchall())
    return {row[0]: bytes(row[1]) for row in found}


async def test_everything_of_an_installation_goes_and_the_rest_stays(store: SqlStore) -> None:
    """T32: of its journal only the lines without details stay, and the chain holds."""
    await fill(store, 7)
    await fill(store, 8)
    await store.forget_installation(7)
    stats = await store.stats(NOW)
    assert (stats.deliveries, stats.outbox, stats.timers) == ({"ready": 1}, {"pending": 1}, 1)
    assert [each.id for each in await store.get(["failure:7", "failure:8"])] == ["failure:8"]
    assert await store.outbox.sent("gate:7") is None
    assert await store.outbox.sent("gate:8") is not None
    assert [each.detail for each in await store.journal.about("failure:7")] == ["{}"]
    assert [each.detail for each in await store.journal.about("failure:8")] == ['{"log": "x"}']
    assert await store.journal.verify() == []


async def everything(store: SqlStore, installation_id: int) -> dict[str, int]:
    """Count the rows that are put down to an installation."""

    def count(conn: sa.Connection) -> dict[str, int]:
        tables = (deliveries, outbox, timers, sent, records)
        those = {table.name: table.c.installation_id == installation_id for table in tables}
        counts = {t.name: sa.select(sa.func.count()).select_from(t).where(those[t.name]) for t in tables}
        return {name: conn.execute(query).scalar_one() for name, query in counts.items()}

    return await store._db.read(count)


async def moved_to(store: SqlStore, installation_id: int) -> None:
    """Let the repository's policy be read through an installation."""
    [known] = await store.get(["policy/70"]) or [Document("policy/70", "policy", 0, 70, "{}")]
    assert await store.commit(Change(documents=[replace(known, installation_id=installation_id)]), NOW)


async def test_a_repository_that_moved_is_not_deleted_with_the_installation_it_came_from(store: SqlStore) -> None:
    """T32: it was transferred, and only then was the App removed from where it had been."""
    await fill(store, 7)
    await moved_to(store, 8)
    await store.forget_installation(7)
    assert await everything(store, 7) == dict.fromkeys(("deliveries", "outbox", "timers", "sent", "records"), 0)
    assert await everything(store, 8) == {"deliveries": 1, "outbox": 1, "timers": 1, "sent": 1, "records": 2}
    assert [each.detail for each in await store.journal.about("failure:7")] == ['{"log": "x"}']


async def test_a_repository_goes_with_the_installation_that_it_moved_to(store: SqlStore) -> None:
    """T32: also what was written under the former one."""
    await fill(store, 7)
    await moved_to(store, 8)
    await store.forget_installation(8)
    assert (await everything(store, 7)).keys() == {"deliveries", "outbox", "timers", "sent", "records"}
    assert sum((await everything(store, 7)).values()) + sum((await everything(store, 8)).values()) == 0
    assert [each.detail for each in await store.journal.about("failure:7")] == ["{}"]


async def test_that_an_installation_was_removed_is_remembered(store: SqlStore) -> None:
    """T32: or what is heard of it later would begin its records anew."""
    await store.commit(Change(documents=[Document("installation/7", "installation", 7, 0, "{}")]), NOW)
    await store.forget_installation(7)
    assert [each.id for each in await store.get(["installation/7"])] == ["installation/7"]


async def test_more_than_one_chunk_goes_too(store: SqlStore) -> None:
    await store.commit(Change(wishes=[Wish(f"k{n}", "publish", "", NOW, 7, 70) for n in range(CHUNK + 1)]), NOW)
    await store.forget_installation(7)
    assert (await store.stats(NOW)).outbox == {}


async def test_bodies_of_handled_deliveries_go_after_a_week_and_the_rows_after_ninety_days(store: SqlStore) -> None:
    """G3: GitHub redelivers for three days, and a GUID must be known for as long. A parked one can still be studied."""
    await handled(store, "done", "done")
    await handled(store, "parked", "parked")
    await store.sweep(NOW + 6 * DAY, KEEP)
    assert await bodies(store) == {"done": b"body", "parked": b"body"}
    await store.sweep(NOW + 7 * DAY, KEEP)
    assert await bodies(store) == {"done": b"", "parked": b"body"}
    await store.sweep(NOW + 90 * DAY, KEEP)
    assert await bodies(store) == {}


async def test_what_is_not_finished_is_never_swept(store: SqlStore) -> None:
    await fill(store, 7)
    await store.sweep(NOW + 1000 * DAY, KEEP)
    stats = await store.stats(NOW)
    assert (stats.deliveries, stats.outbox, stats.timers) == ({"ready": 1}, {"pending": 1}, 1)
    assert len(await store.get(["failure:7"])) == 1


async def test_closed_records_of_kinds_that_end_go_after_ninety_days(store: SqlStore) -> None:
    documents = [Document(kind, kind, 7, 70, "{}") for kind in ("failure", "policy")]
    await store.commit(Change(documents=documents), NOW)
    await store.sweep(NOW + 89 * DAY, KEEP)
    assert len(await store.get(["failure", "policy"])) == 2
    await store.sweep(NOW + 90 * DAY, KEEP)
    assert [each.id for each in await store.get(["failure", "policy"])] == ["policy"]


async def test_performed_wishes_go_after_a_week_and_failed_ones_after_ninety_days(store: SqlStore) -> None:
    await store.commit(Change(wishes=[Wish(key, "publish", "", NOW, 7, 70) for key in ("done", "failed")]), NOW)
    done, failed = await store.outbox.claim("w", 2, NOW)
    await store.outbox.done(done, NOW)
    await store.outbox.fail(failed, "no", NOW)
    await store.sweep(NOW + 7 * DAY, KEEP)
    assert (await store.stats(NOW)).outbox == {"failed": 1}
    await store.sweep(NOW + 90 * DAY, KEEP)
    assert (await store.stats(NOW)).outbox == {}


async def test_details_of_the_journal_stay_as_long_as_the_policy_says(store: SqlStore) -> None:
    await fill(store, 7)
    await store.sweep(NOW + 1000 * DAY, KEEP)
    assert [each.detail for each in await store.journal.about("failure:7")] == ['{"log": "x"}']
    await store.sweep(NOW + 1000 * DAY, Retention(kinds=[], details=365 * DAY))
    assert [each.detail for each in await store.journal.about("failure:7")] == ["{}"]
    assert await store.journal.verify() == []
