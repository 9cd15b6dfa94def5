"""Installation tokens: minted once, kept by the wall clock, renewed once, and never in a loop."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from hostile import MINT, START, Clock, Hostile, reply, reset, text

from github_app.github.auth import PersonToken, Token
from github_app.github.client import GitHub
from github_app.outcomes import GiveUp, Retry


async def test_a_token_serves_until_five_minutes_before_it_expires(
    server: Hostile, github: GitHub, clock: Clock
) -> None:
    server.on("/user", reply({}))
    for minutes, minted in ((0, 1), (54, 1), (1, 2)):
        clock.forward(minutes=minutes)
        await github.installation(7).get("/user")
        assert server.minted == minted


async def test_a_machine_that_slept_does_not_serve_an_old_token(server: Hostile, github: GitHub, clock: Clock) -> None:
    server.on("/user", reply({}))
    await github.installation(7).get("/user")
    clock.forward(hours=5)
    await github.installation(7).get("/user")
    assert [seen.headers["authorization"] for seen in server.asked("/user")] == ["token token-1", "token token-2"]


async def test_each_repository_and_permission_set_has_its_own_token_g16(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply({}))
    for api in (
        github.installation(7, 1, {"checks": "write", "pulls": "read"}),
        github.installation(7, 1, {"pulls": "read", "checks": "write"}),
        github.installation(7, 2, {"checks": "write", "pulls": "read"}),
        github.installation(7, 1, {"checks": "read"}),
    ):
        await api.get("/user")
    tokens = [seen.headers["authorization"][-1] for seen in server.asked("/user")]
    assert tokens == ["1", "1", "2", "3"]


async def test_a_hundred_callers_at_once_mint_one_token(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply({}))
    await asyncio.gather(*(github.installation(7).get("/user") for _ in range(100)))
    assert server.minted == 1


async def test_a_caller_that_leaves_while_minting_does_not_take_the_others_along(
    server: Hostile, github: GitHub
) -> None:
    asked = asyncio.Event()

    async def never_the_first_time(_: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(0.3)
        return web.Response(status=503)

    server.on(MINT, never_the_first_time, reply({"token": "t", "expires_at": "2026-03-02T10:00:00Z"}, 201))
    server.on("/user", reply({"id": 1}))
    leaving = asyncio.create_task(github.installation(7).get("/user"))
    staying = asyncio.create_task(github.installation(7).get("/user"))
    await asked.wait()
    leaving.cancel()
    assert await staying == {"id": 1}


async def test_a_refused_token_is_replaced_once_and_the_write_repeated_f18_l10(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply({"message": "Bad credentials"}, 401), reply({"id": 1}, 201))
    assert await github.installation(7).post("/user", body={"a": 1}) == {"id": 1}
    assert [(seen.headers["authorization"], seen.json) for seen in server.asked("/user")] == [
        ("token token-1", {"a": 1}),
        ("token token-2", {"a": 1}),
    ]


async def test_a_second_refusal_is_final_f18(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply({"message": "Bad credentials"}, 401))
    with pytest.raises(GiveUp, match="refuses even a fresh token of installation 7") as refused:
        await github.installation(7).get("/user")
    assert (refused.value.status, server.minted, len(server.asked("/user"))) == (401, 2, 2)


async def test_many_refused_at_once_mint_one_new_token_f18(server: Hostile, github: GitHub) -> None:
    async def only_the_second_token(request: web.Request) -> web.StreamResponse:
        good = request.headers["authorization"] == "token token-2"
        return web.json_response({}, status=200 if good else 401)

    server.on("/user", only_the_second_token)
    await asyncio.gather(*(github.installation(7).get("/user") for _ in range(30)))
    assert server.minted == 2


async def test_a_wrong_key_or_clock_is_said_so_f18(server: Hostile, github: GitHub) -> None:
    server.on("/app", reply({"message": "A JSON web token could not be decoded"}, 401))
    with pytest.raises(
        GiveUp, match=r"the App's own key \(401\): check the App's id, its private key and this machine"
    ):
        await github.app().get("/app")
    assert len(server.seen) == 1


@pytest.mark.parametrize("minutes", [-600, 600])
async def test_a_clock_that_is_wrong_by_hours_does_not_mint_per_request_f18(
    server: Hostile, github: GitHub, clock: Clock, minutes: int
) -> None:
    expires = (START + timedelta(hours=1)).isoformat()
    server.on(MINT, reply({"token": "t", "expires_at": expires}, 201))
    server.on("/user", reply({}))
    clock.forward(minutes=minutes)
    for _ in range(5):
        await github.installation(7).get("/user")
    assert len(server.asked(MINT)) == 1


@pytest.mark.parametrize("status", [403, 404])
async def test_a_suspended_or_removed_installation_is_asked_once_a_minute_f38(
    server: Hostile, github: GitHub, clock: Clock, status: int
) -> None:
    server.on(MINT, reply({"message": "This installation has been suspended"}, status))
    for _ in range(3):
        with pytest.raises(GiveUp, match="The App is suspended or no longer installed") as refused:
            await github.installation(7).get("/user")
        assert refused.value.status == status
    assert len(server.seen) == 1
    clock.forward(seconds=60)
    server.on(MINT, reply({"token": "t", "expires_at": "2026-03-02T11:00:00Z"}, 201))
    server.on("/user", reply({"id": 1}))
    assert await github.installation(7).get("/user") == {"id": 1}


async def test_a_permission_that_was_not_granted_names_the_refusal_f19(server: Hostile, github: GitHub) -> None:
    server.on(MINT, reply({"message": "The permissions requested are not granted to this installation."}, 422))
    with pytest.raises(GiveUp, match=r"token of the installation .* requested are not granted"):
        await github.installation(7, 1, {"checks": "write"}).get("/user")


@pytest.mark.parametrize(
    "broken", [reset(), reply({}, 502), text("{", 201), reply({"token": "t"}, 201), reply([], 201)]
)
async def test_a_mint_that_fails_leaves_no_doubt_about_the_write_l17(
    server: Hostile, github: GitHub, broken: object
) -> None:
    server.on(MINT, broken)  # type: ignore[arg-type]  # a parameter knows no type
    with pytest.raises(Retry) as failed:
        await github.installation(7).post("/user", body={})
    assert not failed.value.effect_unknown
    assert server.work == []


async def test_minting_does_not_spend_the_budget_of_writes_p20(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply({}))
    for repo in range(70):
        await github.installation(7, repo).get("/user")
    assert await github.installation(7).post("/user", body={}) == {}


def test_tokens_do_not_show_themselves() -> None:
    assert "secret" not in repr(Token("secret", START)) + repr(PersonToken("secret"))
