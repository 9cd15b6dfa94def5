"""Faults strike the route they are meant for, as often as they are meant to."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest
from sandbox.shops import Shop

PATH = "/repos/octo/shop/issues/1/comments"


@pytest.mark.parametrize(
    ("kind", "status", "header"),
    [
        ("status", 502, None),
        ("secondary_limit", 403, "Retry-After"),
        ("too_many", 429, "Retry-After"),
        ("primary_limit", 403, "X-RateLimit-Reset"),
        ("unauthorised", 401, None),
    ],
)
async def test_a_refusal_comes_once_and_has_no_effect(shop: Shop, kind: str, status: int, header: str | None) -> None:
    """F15, F17, F18."""
    token = await shop.token()
    shop.sandbox.fault(kind, "POST", PATH, status=502)
    refused = await shop.call("POST", PATH, {"body": "x"}, auth=token)
    assert (refused[0], header is None or header in refused[2]) == (status, True)
    assert shop.sandbox.comments(shop.pull) == []
    assert (await shop.call("POST", PATH, {"body": "x"}, auth=token))[0] == 201


async def test_a_limit_may_keep_its_end_to_itself(shop: Shop) -> None:
    """G14."""
    token = await shop.token()
    shop.sandbox.fault("secondary_limit", "GET", PATH, seconds=None)
    assert "Retry-After" not in (await shop.call("GET", PATH, auth=token))[2]


async def test_a_spent_limit_says_zero_remaining(shop: Shop) -> None:
    token = await shop.token()
    shop.sandbox.fault("primary_limit", "GET", PATH)
    assert (await shop.call("GET", PATH, auth=token))[2]["X-RateLimit-Remaining"] == "0"


async def test_a_reset_after_the_effect_leaves_the_effect(shop: Shop) -> None:
    """L17, F5."""
    token = await shop.token()
    shop.sandbox.fault("reset_after_effect", "POST", PATH)
    with pytest.raises(aiohttp.ClientConnectionError):
        await shop.call("POST", PATH, {"body": "kept"}, auth=token)
    assert [comment.body for comment in shop.sandbox.comments(shop.pull)] == ["kept"]


async def test_an_answer_may_be_cut_off(shop: Shop) -> None:
    """L9, F16."""
    token = await shop.token()
    shop.sandbox.fault("truncated", "GET", "/repos/octo/shop")
    with pytest.raises(json.JSONDecodeError):
        await shop.call("GET", "/repos/octo/shop", auth=token)


async def test_an_answer_may_be_slow(shop: Shop) -> None:
    """F16."""
    token = await shop.token()
    shop.sandbox.fault("slow", "GET", "/repos/octo/shop", seconds=0.3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(shop.call("GET", "/repos/octo/shop", auth=token), 0.1)


async def test_a_fault_may_wait_for_its_turn(shop: Shop) -> None:
    token = await shop.token()
    shop.sandbox.fault("status", "GET", "/repos/octo/.*", times=2, skip=1, status=500)
    answers = [(await shop.call("GET", "/repos/octo/shop", auth=token))[0] for _ in range(4)]
    assert answers == [200, 500, 500, 200]


async def test_a_fault_that_does_not_exist_is_named(shop: Shop) -> None:
    with pytest.raises(ValueError, match="no fault of kind 'meteor': choose from status"):
        shop.sandbox.fault("meteor", "GET", ".*")
