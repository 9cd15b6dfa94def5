"""What every store promises about records and deliveries, on every database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from databases import NOW
from hypothesis import given
from hypothesis import strategies as st

from github_app.documents import Document
from github_app.engine import Change, Entry, Timer, Wish
from github_app.inbox import MAX_ATTEMPTS, Delivery, Sorted
from github_app.loops import StoreUnavailable
from github_app.store import SqlStore
from github_app.store.schema import plain

LATER = NOW + timedelta(seconds=1)


def a_document(id: str = "failure:1", **fields: object) -> Document:  # noqa: A002  (the name of the field)
    values: dict[str, object] = {"kind": "failure", "installation_id": 7, "repo_id": 70, "body": "{}", **fields}
    return Document(id, **values)  # type: ignore[arg-type]  # the fields are those of Document


def an_entry(subject: str = "failure:1", **fields: object) -> Entry:
    values: dict[str, object] = {"installation_id": 7, "repo_id": 70, "detail": '{"a": 1}', **fields}
    return Entry(subject, "opened", NOW, "octocat", "job failed", cause="delivery:1", **values)  # type: ignore[arg-type]  # same


def a_delivery(guid: str = "g1", body: bytes = b"{}", event: str = "check_run") -> Delivery:
    return Delivery(guid, event, body, NOW)


def by_body(event: str, body: bytes) -> Sorted:
    return Sorted(body.decode(), 7, 70, "ready")


async def ids(store: SqlStore, *wanted: str) -> list[str]:
    return [each.id for each in await store.get(wanted)]


async def lapse(store: SqlStore) -> None:
    """Let every lease end, as if its worker had been silent for longer than one."""
    for table in ("deliveries", "outbox", "timers"):
        statement = f"UPDATE {table} SET lease_until = 0 WHERE lease_until IS NOT NULL"
        await store._db.write(lambda conn, statement=statement: conn.exec_driver_sql(statement).close())  # type: ignore[misc]  # a default binds the loop's value


async def test_a_document_is_returned_as_it_was_committed(store: SqlStore) -> None:
    document = {"sha": "a" * 40, "ref": "pull/1", "open_key": "k", "body": '{"a": "\u00e9\U0001f600"}'}
    assert await store.commit(Change(documents=[a_document(**document)]), NOW)
    assert await store.get(["failure:1", "failure:2"]) == [a_document(**document, version=1)]


async def test_closed_failures_are_counted_and_those_that_people_spoke_of_are_found(store: SqlStore) -> None:
    """S1-171; what a log says in quotes is not mistaken for a field."""
    bodies = {
        "closed": '{"state":"closed","looked_by":[]}',
        "seen": '{"state":"closed","looked_by":[{"id":1}]}',
        "quoted": r'{"state":"closed","log":"\"looked_by\":[{","looked_by":[]}',
        "open": '{"state":"assigned","looked_by":[{"id":1}]}',
    }
    documents = [a_document(key, body=body, open_key=key if key == "open" else None) for key, body in bodies.items()]
    await store.commit(Change(documents=documents), NOW)
    closed, found = await store.looked_at()
    assert (closed, [each.id for each in found]) == (3, ["seen"])


async def test_of_two_changes_decided_on_the_same_version_the_second_is_refused_whole(store: SqlStore) -> None:
    """R5: with the document, its timers, wishes and journal lines stay out too."""
    await store.commit(Change(documents=[a_document()]), NOW)
    [found] = await store.get(["failure:1"])
    assert await store.commit(Change(documents=[found]), NOW)
    late = Change(
        documents=[a_document("failure:0"), found],
        entries=[an_entry()],
        timers=[Timer("failure:1", "sla", NOW, 1, 7, 70)],
        wishes=[Wish("gate:1", "publish", "", NOW, 7, 70)],
    )
    assert not await store.commit(late, NOW)
    stats = await store.stats(NOW)
    assert (await ids(store, "failure:0"), stats.timers, stats.outbox) == ([], 0, {})
    assert await store.journal.about("failure:1") == []


async def test_documents_are_found_by_their_print_the_newest_of_them_alone(store: SqlStore) -> None:
    """X33: the same failure on other lines of work."""
    for number, mark in enumerate(("p", "p", "q", None, "p")):
        document = a_document(f"f{number}", print=mark, open_key="k" if number == 0 else None)
        await store.commit(Change(documents=[document]), NOW + timedelta(minutes=number))
    found = [each.id for each in await store.find("failure", 70, prints=["p"])]
    newest = [each.id for each in await store.find("failure", 70, prints=["p", "q"], newest=3)]
    later = NOW + timedelta(minutes=3)
    recent = [each.id for each in await store.find("failure", 70, prints=["p"], open_or_since=later, newest=9)]
    assert (found, newest, recent) == (["f0", "f1", "f4"], ["f1", "f2", "f4"], ["f0", "f4"])


async def test_of_many_at_once_exactly_one_creates_a_document(store: SqlStore) -> None:
    outcomes = await asyncio.gather(*(store.commit(Change(documents=[a_document()]), NOW) for _ in range(20)))
    assert sorted(outcomes) == [False] * 19 + [True]


async def test_no_commit_is_lost_when_many_count_on_the_same_document(store: SqlStore) -> None:
    async def add_one() -> None:
        while True:
            [found] = await store.get(["failure:1"])
            if await store.commit(
                Change(documents=[a_document(body=f"{int(found.body) + 1}", version=found.version)]), NOW
            ):
                return

    await store.commit(Change(documents=[a_document(body="0")]), NOW)
    await asyncio.gather(*(add_one() for _ in range(12)))
    assert [each.body for each in await store.get(["failure:1"])] == ["12"]


async def test_every_document_of_a_kind_is_given_page_by_page(store: SqlStore) -> None:
    names = [f"f{number:02}" for number in range(7)]
    others = [a_document("commit/1", kind="commit"), a_document("g", kind="ref")]
    await store.commit(Change(documents=[*map(a_document, names), *others]), NOW)
    for at_once in (1, 3, 7, 200):
        assert [each.id async for each in store.every("failure", at_once)] == names
    assert [each.id async for each in store.every("policy")] == []


async def test_two_open_records_under_one_key_cannot_exist(store: SqlStore) -> None:
    """R2, for a new record and for one that would take the key over."""
    await store.commit(Change(documents=[a_document("failure:1", open_key="k"), a_document("failure:2")]), NOW)
    assert not await store.commit(Change(documents=[a_document("failure:3", open_key="k")]), NOW)
    assert not await store.commit(Change(documents=[a_document("failure:2", open_key="k", version=1)]), NOW)


async def test_a_change_may_close_one_record_and_open_the_next_under_its_key(store: SqlStore) -> None:
    await store.commit(Change(documents=[a_document("failure:9", open_key="k")]), NOW)
    handover = [a_document("failure:1", open_key="k"), a_document("failure:9", version=1)]
    assert await store.commit(Change(documents=handover), NOW)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["a", "b", "c"]),
        ({"sha": "1"}, ["a", "b"]),
        ({"refs": ["pull/1", "pull/2"]}, ["a", "c"]),
        ({"refs": []}, []),
        ({"sha": "1", "refs": ["pull/1"]}, ["a"]),
        ({"open_or_since": NOW}, ["b", "c"]),
        ({"open_or_since": NOW, "sha": "1"}, ["b"]),
    ],
)
async def test_documents_are_found_by_what_they_are_looked_up_by(
    store: SqlStore, asked: dict[str, object], found: list[str]
) -> None:
    early = [a_document("a", sha="1", ref="pull/1"), a_document("b", sha="1", open_key="k")]
    await store.commit(Change(documents=[*early, a_document("x", repo_id=71), a_document("y", kind="commit")]), NOW)
    await store.commit(Change(documents=[a_document("c", sha="2", ref="pull/2")]), LATER)
    documents = await store.find("failure", 70, **asked)  # type: ignore[arg-type]  # the cases above are well typed
    assert [each.id for each in documents] == found


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_becomes_one_that_both_databases_take(text: str) -> None:
    """L5: U+0000 is refused by PostgreSQL, a lone surrogate by UTF-8."""
    stored = plain(text)
    assert "\x00" not in stored
    assert plain(stored.encode().decode()) == stored


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert plain(text) == text


async def test_text_that_a_database_cannot_take_is_stored_without_it(store: SqlStore) -> None:
    """L5, F34."""
    await store.commit(Change(documents=[a_document(body='"\x00 \ud800 ok"')], entries=[an_entry(detail="\x00")]), NOW)
    assert [each.body for each in await store.get(["failure:1"])] == ['"\ufffd \ufffd ok"']
    assert await store.journal.verify() == []


async def test_a_delivery_is_kept_once(store: SqlStore) -> None:
    """G5."""
    assert await store.deliveries.keep(a_delivery())
    assert not await store.deliveries.keep(a_delivery(body=b"other"))


async def test_only_one_delivery_of_a_subject_runs_and_the_oldest_first(store: SqlStore) -> None:
    for guid, body in [("1", b"a"), ("2", b"a"), ("3", b"b")]:
        await store.deliveries.keep(a_delivery(guid, body))
    assert await store.deliveries.sort(by_body) == 3
    first = await store.deliveries.claim("w", 10, NOW)
    assert [each.delivery.guid for each in first] == ["1", "3"]
    assert await store.deliveries.claim("w", 10, NOW) == []
    assert await store.deliveries.finish(first[0], "done", "", NOW)
    assert [each.delivery.guid for each in await store.deliveries.claim("w", 10, NOW)] == ["2"]


async def test_what_cannot_be_read_is_quarantined_with_its_reason_and_body(store: SqlStore) -> None:
    """F32."""
    await store.deliveries.keep(a_delivery("1", b"\xff{"))
    await store.deliveries.sort(lambda *_: Sorted(None, None, None, "quarantined", "not JSON"))
    assert (await store.stats(NOW)).deliveries == {"quarantined": 1}
    assert await store.deliveries.reason("1") == "not JSON"


async def test_large_deliveries_are_sorted_a_few_at_a_time(store: SqlStore) -> None:
    """T5: bodies of 25 MB each must not be in memory all at once."""
    for guid in "123":
        await store.deliveries.keep(a_delivery(guid, b"x" * (20 * 2**20)))
    assert [await store.deliveries.sort(lambda *_: Sorted("s", 7, 70, "ready")) for _ in range(4)] == [1, 1, 1, 0]


async def test_a_delivery_whose_worker_fell_silent_is_taken_over_and_the_old_claim_is_void(store: SqlStore) -> None:
    """F14, P6: a worker that was paused longer than its lease comes back too late."""
    await store.deliveries.keep(a_delivery())
    await store.deliveries.sort(by_body)
    [paused] = await store.deliveries.claim("paused", 1, NOW)
    await lapse(store)
    [taken] = await store.deliveries.claim("other", 1, NOW)
    assert (taken.token, taken.attempts) == (paused.token + 1, 1)
    assert not await store.deliveries.finish(paused, "done", "", NOW)
    assert not await store.deliveries.again(paused, NOW, "", counts=True)
    assert await store.deliveries.finish(taken, "done", "", NOW)


async def test_a_renewed_lease_does_not_end(store: SqlStore) -> None:
    await store.deliveries.keep(a_delivery())
    await store.deliveries.sort(by_body)
    held = await store.deliveries.claim("w", 1, NOW)
    await lapse(store)
    await store.deliveries.renew("other", held)  # not its own
    await store.deliveries.renew("w", held)
    assert await store.deliveries.claim("other", 1, NOW) == []


async def test_a_delivery_that_kills_its_workers_is_parked(store: SqlStore) -> None:
    """F30: it must not take one process after the other down for ever."""
    await store.deliveries.keep(a_delivery())
    await store.deliveries.sort(by_body)
    for _ in range(MAX_ATTEMPTS):
        assert len(await store.deliveries.claim("w", 1, NOW)) == 1
        await lapse(store)
    assert await store.deliveries.claim("w", 1, NOW) == []
    assert (await store.stats(NOW)).deliveries == {"parked": 1}
    assert await store.deliveries.reason("g1") == "the worker that handled it was lost"


async def test_the_numbers_say_how_long_the_oldest_has_waited(store: SqlStore) -> None:
    quiet = await store.stats(NOW)
    await store.deliveries.keep(a_delivery())
    change = Change(
        timers=[Timer("s", "sla", NOW, 1, 7, 70)],
        wishes=[Wish("gate:1", "publish", "", NOW, 7, 70), Wish("gate:2", "publish", "", LATER, 7, 70)],
    )
    await store.commit(change, NOW)
    busy = await store.stats(LATER)
    assert (quiet.oldest_delivery_age, quiet.oldest_wish_age, quiet.timer_lateness) == (0, 0, 0)
    assert (busy.oldest_delivery_age, busy.oldest_wish_age, busy.timer_lateness) == (1, 1, 1)
    assert (busy.deliveries, busy.outbox, busy.timers) == ({"new": 1}, {"pending": 2}, 1)


async def test_a_store_that_takes_transactions_answers_a_ping(store: SqlStore) -> None:
    await store.ping()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.ping()
