"""What every store promises, on every database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from databases import NOW

from github_app.engine import Change, Document, Wish
from github_app.inbox import Delivery, Sorted
from github_app.store import SqlStore


def a_document(id: str = "failure:1", **fields: object) -> Document:  # noqa: A002  (the name of the field)
    return Document(**{"id": id, "kind": "failure", "installation_id": 7, "repo_id": 70, "body": "{}", **fields})  # type: ignore[arg-type]


def a_delivery(guid: str = "g1", body: bytes = b"{}", event: str = "check_run") -> Delivery:
    return Delivery(guid, event, body, NOW)


def by_body(event: str, body: bytes) -> Sorted:
    subject, _, installation = body.decode().partition("@")
    return Sorted(subject, int(installation or 7), 70, "ready")


async def test_a_document_is_returned_as_it_was_committed(store: SqlStore) -> None:
    document = a_document(sha="a" * 40, ref="pull/1", open_key="k", body='{"a": "\u00e9"}')
    assert await store.commit(Change(documents=[document]), NOW)
    [found] = await store.get(["failure:1", "failure:2"])
    assert found == a_document(sha="a" * 40, ref="pull/1", open_key="k", body='{"a": "\u00e9"}', version=1)


async def test_of_two_changes_decided_on_the_same_version_the_second_is_refused(store: SqlStore) -> None:
    await store.commit(Change(documents=[a_document()]), NOW)
    [found] = await store.get(["failure:1"])
    assert await store.commit(Change(documents=[found]), NOW)
    assert not await store.commit(Change(documents=[found, a_document("failure:2")]), NOW)
    assert [each.id for each in await store.get(["failure:1", "failure:2"])] == ["failure:1"]


async def test_a_delivery_is_kept_once(store: SqlStore) -> None:
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


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=2)])
async def test_a_second_wish_before_the_first_is_performed_costs_nothing(store: SqlStore, late: timedelta) -> None:
    for due in (NOW + late, NOW + timedelta(seconds=2) - late):
        await store.commit(Change(wishes=[Wish("gate:1", "publish", "{}", due, 7, 70)]), NOW)
    [wish] = await store.outbox.claim("w", 10, NOW)
    assert (wish.key, wish.payload) == ("gate:1", "{}")
