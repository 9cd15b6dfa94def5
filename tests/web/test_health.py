"""Probes tell an orchestrator what it needs, and no more."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from web_world import a_world

from github_app.web.health import Check, Health


async def fine() -> None:
    return None


async def stopped() -> str:
    return "the inbox loop has stopped"


async def slow() -> None:
    await asyncio.sleep(60)


async def breaking() -> None:
    raise ConnectionError("postgresql://app:hunter2@db/failures refused")


@pytest.mark.parametrize(
    ("checks", "status", "reasons"),
    [
        ({}, 200, {}),
        ({"database": fine}, 200, {}),
        ({"database": fine, "inbox": stopped}, 503, {"inbox": "the inbox loop has stopped"}),
        ({"database": breaking}, 503, {"database": "the check itself broke; the log says how"}),
    ],
    ids=["nothing to check", "fine", "stopped", "breaking"],
)
async def test_ready_says_which_part_cannot_work_and_why(
    checks: dict[str, Check], status: int, reasons: dict[str, str]
) -> None:
    async with a_world(checks=checks) as world:
        response = await world.browser.get("/readyz")
        assert (response.status, await response.json()) == (status, {"ready": not reasons, "reasons": reasons})


async def test_a_check_that_hangs_is_not_waited_for() -> None:
    app = web.Application()
    app.router.add_routes(Health({"database": slow, "outbox": fine}, patience_s=0.01).routes)
    async with asyncio.timeout(5):
        answer = await Health({"database": slow}, patience_s=0.01).ready(web.BaseRequest)  # type: ignore[arg-type]
    assert answer.status == 503
    assert answer.text == '{"ready": false, "reasons": {"database": "no answer within 0.01 s"}}'


async def test_alive_asks_nobody() -> None:
    """A database outage must not make an orchestrator restart every replica."""
    async with a_world(checks={"database": breaking}) as world:
        response = await world.browser.get("/healthz")
        assert (response.status, await response.text()) == (200, "alive\n")
