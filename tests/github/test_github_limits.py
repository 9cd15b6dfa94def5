"""GitHub's limits are a wait of one installation, never a failed attempt and never a second request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from aiohttp import web
from hostile import START, Clock, Hostile, reply, text
from hypothesis import given
from hypothesis import strategies as st

from github_app.github.answers import Answer
from github_app.github.client import Api, GitHub
from github_app.github.limits import CONCURRENT, LONGEST_PAUSE, Lane, pause_asked
from github_app.outcomes import GiveUp, Unfinished, Wait

COMMENTS = "/repos/acme/shop/issues/1/comments"
RESET = int(START.timestamp()) + 900


async def comment(api: Api) -> object:
    return await api.post(COMMENTS, body={"body": "x"})


@pytest.mark.parametrize(
    ("status", "headers", "body", "strikes", "seconds"),
    [
        (429, {"retry-after": "30"}, "", 0, 30),
        (403, {"retry-after": "30"}, "", 0, 30),
        (403, {"retry-after": "0"}, "", 0, 1),
        (403, {"retry-after": "30", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET)}, "", 0, 30),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET)}, "", 0, 900),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(RESET)}, "", 0, 900),
        (403, {}, "You have exceeded a secondary rate limit.", 0, 60),
        (403, {}, "You have triggered an abuse detection mechanism", 0, 60),
        (403, {}, "API rate limit exceeded for installation", 2, 240),
        (429, {}, "", 0, 60),
        (429, {}, "", 1, 120),
        (429, {}, "", 30, 3600),
        (429, {"retry-after": "99999999"}, "", 0, 3600),
        (429, {"retry-after": "soon"}, "", 0, 60),
        (429, {"retry-after": "²"}, "", 0, 60),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "", 0, 60),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "NaN"}, "", 0, 60),
        (403, {"x-ratelimit-remaining": "10", "x-ratelimit-reset": str(RESET)}, "Resource not accessible", 0, None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "Resource not accessible", 0, None),
        (404, {"retry-after": "30"}, "", 0, None),
        (200, {}, "rate limit", 0, None),
        (503, {"retry-after": "30"}, "", 0, None),
    ],
)
def test_how_long_an_answer_asks_us_to_wait_g14_l9(
    status: int, headers: Mapping[str, str], body: str, strikes: int, seconds: int | None
) -> None:
    until = pause_asked(Answer(status, headers, body.encode()), START, strikes)
    assert until == (None if seconds is None else START + timedelta(seconds=seconds))


@given(
    st.sampled_from([403, 429]),
    st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"]), st.text()),
    st.binary(),
    st.integers(0, 10**6),
)
def test_a_pause_is_always_ahead_and_never_endless(
    status: int, headers: dict[str, str], body: bytes, strikes: int
) -> None:
    until = pause_asked(Answer(status, headers, body), START, strikes)
    assert until is None or START < until <= START + LONGEST_PAUSE


async def test_while_paused_no_request_of_that_installation_goes_out_f17(
    server: Hostile, github: GitHub, clock: Clock
) -> None:
    server.on(COMMENTS, reply({"message": "slow down"}, 429, Retry_After="30"), reply({"id": 1}, 201))
    with pytest.raises(Wait) as first:
        await comment(github.installation(7))
    clock.forward(seconds=29)
    with pytest.raises(Wait) as second:
        await comment(github.installation(7, 99))
    assert first.value.until == second.value.until == START + timedelta(seconds=30)
    assert len(server.work) == 1
    clock.forward(seconds=1)
    assert await comment(github.installation(7)) == {"id": 1}


async def test_another_installation_is_not_held_up_f17(server: Hostile, github: GitHub) -> None:
    server.on(COMMENTS, reply({}, 403, Retry_After="30"), reply({"id": 1}, 201))
    with pytest.raises(Wait):
        await comment(github.installation(7))
    assert await comment(github.installation(8)) == {"id": 1}


async def test_the_wait_says_until_when_in_words(server: Hostile, github: GitHub) -> None:
    server.on(COMMENTS, reply({}, 429, Retry_After="30"))
    with pytest.raises(Wait, match=r"GitHub asked us to wait until 09:00:30 UTC \(rate limit, 429\)"):
        await comment(github.installation(7))


async def test_limits_that_name_no_time_double_until_one_request_succeeds_g14(
    server: Hostile, github: GitHub, clock: Clock
) -> None:
    limit = text("You have exceeded a secondary rate limit", 403, "text/html")
    server.on(COMMENTS, limit, limit, reply({"id": 1}, 201), limit)
    waits = []
    for _ in range(4):
        try:
            await comment(github.installation(7))
        except Wait as wait:
            waits.append((wait.until - clock.at).total_seconds())
            clock.at = wait.until
    assert waits == [60, 120, 60]


async def test_the_last_permitted_request_pauses_the_lane_before_the_refusal_g14(
    server: Hostile, github: GitHub, clock: Clock
) -> None:
    server.on(COMMENTS, reply({"id": 1}, 201, X_RateLimit_Remaining="0", X_RateLimit_Reset=str(RESET)))
    assert await comment(github.installation(7)) == {"id": 1}
    with pytest.raises(Wait) as wait:
        await comment(github.installation(7))
    assert wait.value.until == START + timedelta(minutes=15)
    assert len(server.work) == 1


async def test_an_exhausted_search_limit_does_not_stop_the_rest(server: Hostile, github: GitHub) -> None:
    spent = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": str(RESET), "X_RateLimit_Resource": "search"}
    server.on(COMMENTS, reply({"id": 1}, 201, **spent))
    assert await comment(github.installation(7)) == await comment(github.installation(7)) == {"id": 1}


async def test_odd_limit_numbers_do_not_spoil_a_good_answer_l9(server: Hostile, github: GitHub) -> None:
    server.on(
        "/user", reply({"id": 1}, 200, X_RateLimit_Limit="many", X_RateLimit_Remaining="?", X_RateLimit_Reset="x")
    )
    assert await github.installation(7).get("/user") == {"id": 1}


async def test_a_limit_while_minting_pauses_that_installation_only_f17(server: Hostile, github: GitHub) -> None:
    server.on("/app/installations/7/access_tokens", reply({}, 429, Retry_After="30"))
    server.on("/user", reply({}))
    for _ in range(2):
        with pytest.raises(Wait):
            await github.installation(7).get("/user")
    await github.installation(8).get("/user")
    assert [seen.path for seen in server.seen] == [
        "/app/installations/7/access_tokens",
        "/app/installations/8/access_tokens",
        "/user",
    ]


async def test_sixty_writes_a_minute_and_the_next_waits_p20(server: Hostile, github: GitHub, clock: Clock) -> None:
    server.on(COMMENTS, reply({"id": 1}, 201))
    api = github.installation(7)
    for _ in range(60):
        await comment(api)
        clock.forward(seconds=0.5)
    with pytest.raises(Wait, match="limit of writes") as wait:
        await comment(api)
    assert wait.value.until == START + timedelta(minutes=1)
    assert len(server.work) == 60
    await comment(github.installation(8))
    clock.at = wait.value.until
    await comment(api)


async def test_over_the_budget_of_writes_reads_and_deletions_go_on_p20(server: Hostile, github: GitHub) -> None:
    server.on(COMMENTS, reply([], 200))
    api = github.installation(7)
    for _ in range(60):
        await comment(api)
    assert await api.get(COMMENTS) == []
    await api.delete(COMMENTS)


async def test_four_hundred_writes_an_hour_and_the_next_waits_p20() -> None:
    clock = Clock()
    lane = Lane(clock)
    for _ in range(400):
        async with lane.turn(creates=True):
            clock.forward(seconds=2)
    with pytest.raises(Wait) as wait:
        async with lane.turn(creates=True):
            raise AssertionError
    assert wait.value.until == START + timedelta(hours=1)


async def test_no_more_than_ten_requests_of_an_installation_at_once_g13(server: Hostile, github: GitHub) -> None:
    now_in, most_in, gate = 0, 0, asyncio.Event()

    async def crowded(_: web.Request) -> web.StreamResponse:
        nonlocal now_in, most_in
        now_in += 1
        most_in = max(most_in, now_in)
        if now_in == CONCURRENT:
            gate.set()
        await gate.wait()
        await asyncio.sleep(0.02)
        now_in -= 1
        return web.json_response({})

    server.on("/user", crowded)
    api = github.installation(7)
    await asyncio.gather(*(api.get("/user") for _ in range(25)))
    assert most_in == CONCURRENT
    assert len(server.work) == 25


async def fill(lane: Lane, leave: asyncio.Event) -> list[asyncio.Task[None]]:
    """Takes every place in the lane until `leave`."""

    async def one() -> None:
        async with lane.turn(creates=False):
            await leave.wait()

    tasks = [asyncio.create_task(one()) for _ in range(CONCURRENT)]
    await asyncio.sleep(0)
    return tasks


async def test_requests_in_line_when_a_pause_begins_are_not_sent_f17() -> None:
    lane, leave, sent = Lane(Clock()), asyncio.Event(), []
    inside = await fill(lane, leave)

    async def in_line() -> None:
        async with lane.turn(creates=False):
            sent.append(1)

    waiting = asyncio.create_task(in_line())
    await asyncio.sleep(0)
    with pytest.raises(Wait):
        lane.learn(Answer(429, {}, b""))
    leave.set()
    await asyncio.gather(*inside)
    with pytest.raises(Wait):
        await waiting
    assert sent == []


async def test_a_paused_lane_refuses_at_once_even_when_it_is_full_f17() -> None:
    lane, leave = Lane(Clock()), asyncio.Event()
    inside = await fill(lane, leave)
    with pytest.raises(Wait):
        lane.learn(Answer(429, {}, b""))
    with pytest.raises(Wait):
        async with asyncio.timeout(0.1), lane.turn(creates=False):
            raise AssertionError
    leave.set()
    await asyncio.gather(*inside)


async def test_a_missing_permission_is_no_limit_f19(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply({"message": "Resource not accessible by integration"}, 403))
    for _ in range(2):
        with pytest.raises(GiveUp):
            await github.installation(7).get("/user")
    assert len(server.work) == 2


async def test_a_wait_is_one_of_the_three_outcomes() -> None:
    assert issubclass(Wait, Unfinished)
