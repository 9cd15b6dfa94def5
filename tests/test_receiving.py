"""`POST /webhook` through a real server and a real database: what is kept, what is refused, and in which words."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from deliveries import BODY, SECRET, Receiving, head_of, headers_for, padded, raw, receiving_app, signature

from github_app.github.receiving import Receiver
from github_app.github.webhook import SIGNATURE_REFUSED
from github_app.inbox import Delivery

MIB = 2**20


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Receiving]:
    async with receiving_app(tmp_path) as receiving:
        yield receiving


# --- kept, then answered


async def test_when_the_answer_arrives_another_connection_sees_the_delivery(app: Receiving) -> None:
    """P1, F2."""
    assert await app.post(BODY) == 202
    assert app.rows("event, body, state") == [("check_run", BODY, "new")]


async def test_no_answer_comes_before_the_commit(app: Receiving) -> None:
    with closing(sqlite3.connect(app.folder / "app.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = asyncio.create_task(app.post(BODY))
        await asyncio.sleep(0.3)
        assert not answer.done()
        other.execute("ROLLBACK")
    assert await answer == 202
    assert len(app.rows()) == 1


async def test_a_guid_that_was_seen_is_answered_202_and_kept_once(app: Receiving) -> None:
    """G5: whoever redelivers must not be told that it failed; letter case does not make another GUID."""
    headers = headers_for(BODY)
    shouted = headers | {"X-GitHub-Delivery": headers["X-GitHub-Delivery"].upper()}
    assert [await app.post(BODY, told) for told in (headers, headers, shouted)] == [202, 202, 202]
    assert app.rows() == [(headers["X-GitHub-Delivery"],)]


async def test_ten_at_once_under_one_guid_are_kept_once_f25(app: Receiving) -> None:
    headers = headers_for(BODY)
    assert await asyncio.gather(*(app.post(BODY, headers) for _ in range(10))) == [202] * 10
    assert len(app.rows()) == 1


async def test_the_time_until_the_answer_is_measured(app: Receiving) -> None:
    await app.post(BODY)
    assert "failure_review_acknowledgement_seconds_count 1.0" in await app.metrics()


# --- signed, but nothing to work on


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "The body is not JSON"),
        (b"{", "The body is not JSON"),
        (b'{"action": 1} x', "The body is not JSON"),
        (b"\xef\xbb\xbf{}", "The body is not JSON"),
        (b'{"a": "\xff"}', "The body is not JSON"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "The body is not JSON"),
        (b"[" * 200_000, "The body is not JSON"),
        (b'{"a": NaN}', "The body is not JSON"),
        (b'{"a": -Infinity}', "The body is not JSON"),
        (b'{"a": "\\ud800"}', "The body is not JSON"),
        (b'{"a": "\x00"}', "The body is not JSON"),
        (b'{"a": 1, "a": 2}', "The body is not JSON: a key stands twice in one object"),
        (b'{"b": [{"a": 1, "a": 1}]}', "The body is not JSON: a key stands twice in one object"),
        (b"null", "The body is not a JSON object"),
        (b"[]", "The body is not a JSON object"),
        (b'"{}"', "The body is not a JSON object"),
        (b"7", "The body is not a JSON object"),
        (b'{"action": {"a": 1}}', "The payload cannot be read: action: "),
        (b'{"action": []}', "The payload cannot be read: action: "),
        (b'{"installation": 7}', "The payload cannot be read: installation: "),
        (b'{"installation": {"id": "x"}}', "The payload cannot be read: installation.id: "),
        (b'{"installation": {"id": 9223372036854775808}}', "The payload cannot be read: installation.id: "),
        (b'{"installation": {"id": -1}}', "The payload cannot be read: installation.id: "),
        (b'{"installation": {"id": ' + b"9" * 5000 + b"}}", "The "),
        (b'{"repository": {"id": 1}}', "The payload cannot be read: repository.name: "),
    ],
)
async def test_what_cannot_be_read_is_kept_and_quarantined_with_the_reason(
    app: Receiving, body: bytes, reason: str
) -> None:
    """L3, L4, L5, F32: a 4xx would lose it for good."""
    assert await app.post(body) == 202
    [(state, told)] = await app.sorted_rows()
    assert (state, told[: len(reason)]) == ("quarantined", reason)
    assert app.rows("body") == [(body,)]


async def test_what_is_in_quarantine_stops_nobody(app: Receiving) -> None:
    """L6, F30: sorted together with what is well."""
    for body in (b'{"installation": {"id": 1e400}}', b'{"a": "\\u0000"}', b"[]", BODY):
        await app.post(body)
    assert [state for state, _ in await app.sorted_rows()] == ["quarantined", "ignored", "quarantined", "ready"]


@pytest.mark.parametrize(
    ("event", "told", "reason"),
    [
        ("an_event_of_2031", {}, "No handler for the event an_event_of_2031"),
        ("ping", {}, "No handler for the event ping"),
        ("check_run", {"action": "exploded"}, "No handler for the action exploded of check_run"),
        ("check_run", {"action": None}, "No handler for the action  of check_run"),
        ("check_run", {"action": "a\0b"}, "No handler for the action a\ufffdb of check_run"),
        ("check_run", {"installation": None}, "Names no installation of this App"),
        ("push", {"repository": None}, "Names no repository"),
    ],
)
async def test_what_nobody_handles_is_kept_ignored_and_counted(
    app: Receiving, event: str, told: dict[str, Any], reason: str
) -> None:
    """G11, F33, F38."""
    body = json.dumps({**json.loads(BODY), **told}).encode()
    assert await app.post(body, event=event) == 202
    assert await app.sorted_rows() == [("ignored", reason)]
    label = event if event != "an_event_of_2031" else "other"
    assert f'failure_review_deliveries_total{{event="{label}",outcome="ignored"}} 1.0' in await app.metrics()


async def test_quarantine_is_counted(app: Receiving) -> None:
    await app.post(b"no JSON")
    await app.sorted_rows()
    assert 'failure_review_deliveries_total{event="check_run",outcome="quarantined"} 1.0' in await app.metrics()


@pytest.mark.parametrize(
    ("event", "told", "subject"),
    [
        ("check_run", {}, "70/" + "a" * 40),
        ("workflow_run", {"action": "completed", "workflow_run": {"head_sha": "b" * 40}}, "70/" + "b" * 40),
        ("status", {"sha": "c" * 40}, "70/" + "c" * 40),
        ("push", {"after": "d" * 40}, "70/" + "d" * 40),
        ("pull_request", {"action": "opened", "pull_request": {"number": 5}}, "70/pull/5"),
        ("repository", {"action": "renamed"}, "70"),
        ("installation", {"action": "deleted", "repository": None}, "installation/7"),
        ("check_run", {"check_run": "no object"}, "70"),
        ("check_run", {"check_run": {"head_sha": ["x"]}}, "70/['x']"),
    ],
)
async def test_deliveries_about_one_thing_wait_for_each_other(
    app: Receiving, event: str, told: dict[str, Any], subject: str
) -> None:
    await app.post(json.dumps({**json.loads(BODY), **told}).encode(), event=event)
    assert [state for state, _ in await app.sorted_rows()] == ["ready"]
    assert app.rows("subject, installation_id") == [(subject, 7)]


# --- refused


def hmac_of(algorithm: str, body: bytes) -> str:
    return f"{algorithm}=" + hmac.new(SECRET.encode(), body, algorithm).hexdigest()


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Hub-Signature-256": None},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": signature(BODY, "another-secret-of-some-length")},
        {"X-Hub-Signature-256": signature(BODY + b" ")},
        {"X-Hub-Signature-256": signature(BODY).upper()},
        {"X-Hub-Signature-256": hmac_of("sha1", BODY)},
        {"X-Hub-Signature-256": hmac_of("sha512", BODY)},
        {"X-Hub-Signature-256": None, "X-Hub-Signature": hmac_of("sha1", BODY)},
        {"X-Hub-Signature-256": "sha256=" + "é" * 64},
        {"X-Hub-Signature-256": f"{signature(BODY)}, {signature(BODY)}"},
    ],
)
async def test_every_wrong_signature_gets_the_same_answer(app: Receiving, changes: dict[str, str | None]) -> None:
    """T1, L1, L2."""
    status, text, _ = await app.answer(BODY, headers_for(BODY, changes=changes))
    assert (status, text) == (401, SIGNATURE_REFUSED + "\n")
    assert app.rows() == []


async def test_two_signatures_are_refused_even_when_both_are_right(app: Receiving) -> None:
    answer = await raw(app.port, head_of(BODY, b"X-Hub-Signature-256: " + signature(BODY).encode()), BODY)
    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_bytes_that_are_no_text_in_a_signature_are_refused(app: Receiving) -> None:
    head = [line for line in head_of(BODY) if not line.startswith(b"X-Hub")] + [b"X-Hub-Signature-256: sha256=\xff\xfe"]
    assert (await raw(app.port, head, BODY)).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json; charset=utf-7"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Encoding": "deflate"}, 415),
        ({"X-GitHub-Event": None}, 400),
        ({"X-GitHub-Delivery": None}, 400),
        ({"X-GitHub-Delivery": "1"}, 400),
    ],
)
async def test_what_is_no_delivery_by_its_headers_is_refused(
    app: Receiving, changes: dict[str, str | None], status: int
) -> None:
    assert await app.post(BODY, headers_for(BODY, changes=changes)) == status
    assert app.rows() == []


# --- sizes and times


@pytest.mark.parametrize(("mib", "status", "kept"), [(1, 202, 1), (25, 202, 1), (26, 202, 1), (27, 413, 0)])
async def test_a_body_up_to_github_s_largest_is_kept_l12_f31(app: Receiving, mib: int, status: int, kept: int) -> None:
    assert await app.post(padded(mib * MIB)) == status
    assert len(app.rows()) == kept


async def test_a_body_that_does_not_say_its_size_is_cut_off_too(app: Receiving) -> None:
    whole = padded(27 * MIB)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), MIB):
            yield whole[start : start + MIB]

    try:
        status = (await app.answer(pieces(), headers_for(whole)))[0]
    except OSError:  # the server may hang up while we still send
        status = 413
    assert (status, app.rows()) == (413, [])


async def test_a_body_in_pieces_is_kept_whole(app: Receiving) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in BODY:
            yield bytes([byte])

    assert (await app.answer(pieces(), headers_for(BODY)))[0] == 202
    assert app.rows("body") == [(BODY,)]


async def test_a_gzip_bomb_is_refused_unopened_l13(app: Receiving) -> None:
    bomb = gzip.compress(b" " * (200 * MIB), 1)
    assert await app.post(bomb, headers_for(bomb, changes={"Content-Encoding": "gzip"})) == 415


@pytest.mark.parametrize("length", [len(BODY), 2 * MIB])
async def test_a_body_that_does_not_come_in_time_is_given_up(length: int) -> None:
    """T5: whether it claims to be small or large."""

    async def accept(delivery: Delivery) -> bool:
        raise AssertionError(delivery)

    refused: list[int] = []
    receiver = Receiver(
        [SECRET.encode()], accept, lambda _: None, refused.append, lambda: datetime.now(UTC), read_seconds=0.2
    )
    server = web.Application()
    server.add_routes(receiver.routes)
    runner = web.AppRunner(server, access_log=None, lingering_time=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    answer = await raw(runner.addresses[0][1], head_of(BODY, length=length), BODY[:9])
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert refused == [408]
    await runner.cleanup()


# --- the database fails


async def pragma(app: Receiving, text: str) -> None:
    """Set it on the connection that writes."""
    store: Any = app.parts.store
    await store._db.write(lambda conn: conn.exec_driver_sql(f"PRAGMA {text}").close())


async def test_a_full_disk_is_told_with_a_time_and_gets_well_without_a_restart_f11(app: Receiving) -> None:
    with closing(sqlite3.connect(app.folder / "app.db")) as conn:
        [pages] = conn.execute("PRAGMA page_count").fetchone()
    await pragma(app, f"max_page_count = {pages}")
    large = padded(MIB)
    headers = headers_for(large)
    status, text, told = await app.answer(large, headers)
    assert (status, text, told["Retry-After"]) == (503, "Cannot be kept just now\n", "60")
    assert app.rows() == []
    await pragma(app, "max_page_count = 1000000")
    assert await app.post(large, headers) == 202
    assert len(app.rows()) == 1


async def test_a_locked_database_is_told_and_gets_well_without_a_restart_f10(app: Receiving) -> None:
    await pragma(app, "busy_timeout = 100")
    headers = headers_for(BODY)
    with closing(sqlite3.connect(app.folder / "app.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await app.post(BODY, headers) == 503
        other.execute("ROLLBACK")
    assert await app.post(BODY, headers) == 202
