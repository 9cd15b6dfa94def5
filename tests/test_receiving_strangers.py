"""Whatever anybody sends to `POST /webhook`: never an error of ours, and never a delivery that GitHub did not sign."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from deliveries import BODY, Receiving, head_of, headers_for, raw, receiving_app, signature
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

MIB = 2**20


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Receiving]:
    async with receiving_app(tmp_path) as receiving:
        yield receiving


CHUNKED = [*head_of(BODY)[:-1], b"Transfer-Encoding: chunked"]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (head_of(BODY, length=len(BODY) + 5), BODY),
        (head_of(BODY, length=2 * MIB), BODY),
        (CHUNKED, b"ZZZ\r\nnot a chunk\r\n"),
        (CHUNKED, b"5\r\nhel"),
    ],
)
async def test_a_body_that_breaks_off_is_no_error_of_ours(
    app: Receiving, head: list[bytes], body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """P21: nobody is woken by what a stranger does not finish."""
    answer = await raw(app.port, head, body, close=True, pause=0.05)
    assert answer[9:12] in {b"", b"400"}
    assert app.rows() == []
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    "head",
    [
        [*head_of(BODY)[:-1], b"Content-Length: 7", b"Content-Length: 8"],
        [*head_of(BODY)[:-1], b"Content-Length: -1"],
        [*head_of(BODY)[:-1], b"Content-Length: 3", b"Transfer-Encoding: chunked"],
        [*head_of(BODY)[:-1], b"Content-Encoding: br"],
        [b"X-GitHub-Event: \x01"],
    ],
)
async def test_what_is_no_http_is_the_sender_s_mistake(app: Receiving, head: list[bytes]) -> None:
    answer = await raw(app.port, head, BODY)
    assert answer[9:12] in {b"400", b"415"}
    assert app.rows() == []


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMED = st.dictionaries(
    st.sampled_from(["action", "installation", "repository", "check_run", "pull_request", "sha", "after"]),
    JSON_VALUES | st.fixed_dictionaries({"id": JSON_VALUES, "name": JSON_VALUES, "number": JSON_VALUES}),
    max_size=5,
)
EVENTS = st.sampled_from(["check_run", "push", "pull_request", "installation", "status", "nothing_known"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.binary(max_size=200) | NAMED.map(lambda told: json.dumps(told).encode()))
@example("check_run", b'{"installation": {"id": ' + b"1" * 4301 + b"}}")
async def test_any_signed_body_is_kept_and_sorted(app: Receiving, event: str, body: bytes) -> None:
    """P21, F32."""
    guid = str(uuid4())
    assert await app.post(body, headers_for(body, event, guid)) == 202
    await app.sorted_rows()
    assert dict(app.rows("guid, state"))[guid] in {"ready", "ignored", "quarantined"}


NAMES = st.sampled_from(
    [
        b"Content-Type",
        b"Content-Encoding",
        b"X-GitHub-Event",
        b"X-GitHub-Delivery",
        b"X-Hub-Signature-256",
        b"Expect",
        b"Transfer-Encoding",
        b"Content-Length",
        b"X-Forwarded-For",
        b"Cookie",
        b"Accept",
        b"Origin",
        b"Connection",
    ]
)
VALUES = st.binary(max_size=40) | st.sampled_from(
    [
        b"application/json",
        b"check_run",
        b"72d3162e-cc78-11e3-81ab-4c9367dc0958",
        signature(b"").encode(),
        b"text/html",
        b"sha256=" + b"0" * 64,
        b"chunked",
        b"gzip",
        b"0",
        b"99999999999999999999",
        b"100-continue",
        b"close",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES, VALUES).map(b": ".join), max_size=8), st.binary(max_size=60))
async def test_no_bytes_of_a_stranger_are_an_error_of_ours(app: Receiving, head: list[bytes], body: bytes) -> None:
    """P21: neither a 5xx nor a delivery, whatever is sent."""
    answer = await raw(app.port, head, body, close=True)
    assert answer[9:10] in {b"", b"1", b"4"}
    assert app.rows() == []


async def test_a_body_that_claims_to_be_packed_is_refused_quietly(
    app: Receiving, caplog: pytest.LogCaptureFixture
) -> None:
    """P21, T5: it is never unpacked, so one that is broken is no error of ours."""
    for body in (b"no gzip at all", b"\x1f\x8b" + b"\xff" * 50):
        head = [*head_of(body), b"Content-Encoding: gzip"]
        answer = await raw(app.port, head, body, pause=0.05)
        assert answer[9:12] == b"415"
    assert app.rows() == []
    assert [record for record in caplog.records if record.exc_info] == []
