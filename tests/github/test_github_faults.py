"""When the line or GitHub breaks: a Retry that knows whether a write may have happened."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tracemalloc
from collections.abc import Callable

import aiohttp
import pytest
from aiohttp import web
from hostile import Hostile, Reply, bomb, raw, reply, reset, text, to, truncated

from github_app.github import download, wire
from github_app.github.client import GitHub
from github_app.outcomes import GiveUp, Retry


async def silence(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(1)
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    """A byte now and then: no single read is slow, only the whole."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(12):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


FAULTS = {
    "500": reply({"message": "oops"}, 500),
    "502 page": text("<html>Unicorn!</html>", 502, "text/html"),
    "503": reply(status=503),
    "599": reply(status=599),
    "408": reply(status=408),
    "reset": reset(),
    "truncated": truncated(b'{"id": 1', 4096),
    "half a document": text('{"id": 1'),
    "not utf-8": text(b'{"id": "\xff"}'),
    "page instead of json": text("<html>Sign in to the proxy</html>", 200, "text/html"),
    "bad gzip": text("no gzip at all", Content_Encoding="gzip"),
    "deep": text("[" * 200_000),
    "huge number": text("1" * 5000),
    "no http": raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "wrong chunks": raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "endless header": raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"),
}
SLOW = {"silence": silence, "drip": drip}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_broken_answer_to_a_write_leaves_its_effect_unknown_f15_f16_l9_l17(
    server: Hostile, github: GitHub, fault: Reply
) -> None:
    server.on("/repos/a/b/issues/1/comments", fault)
    with pytest.raises(Retry, match="create the comment") as failed:
        await github.installation(7).post("/repos/{o}/{r}/issues/{n}/comments", body={}, o="a", r="b", n=1)
    assert failed.value.effect_unknown
    assert len(server.work) == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_broken_answer_to_a_read_has_no_effect_to_doubt_f15_f16(
    server: Hostile, github: GitHub, fault: Reply
) -> None:
    server.on("/repos/a/b/pulls/1", fault)
    with pytest.raises(Retry, match="read the pull request") as failed:
        await github.installation(7).get("/repos/{o}/{r}/pulls/{n}", o="a", r="b", n=1)
    assert not failed.value.effect_unknown


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
async def test_a_slow_answer_to_a_write_leaves_its_effect_unknown_f15_l16(
    server: Hostile, hurried: GitHub, fault: Reply
) -> None:
    server.on("/repos/a/b/issues/1/comments", fault)
    with pytest.raises(Retry, match="create the comment") as failed:
        await hurried.user("t").post("/repos/{o}/{r}/issues/{n}/comments", body={}, o="a", r="b", n=1)
    assert failed.value.effect_unknown
    assert len(server.work) == 1


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW)
async def test_a_slow_answer_to_a_read_has_no_effect_to_doubt_f15_l16(
    server: Hostile, hurried: GitHub, fault: Reply
) -> None:
    server.on("/repos/a/b/pulls/1", fault)
    with pytest.raises(Retry, match="read the pull request") as failed:
        await hurried.user("t").get("/repos/{o}/{r}/pulls/{n}", o="a", r="b", n=1)
    assert not failed.value.effect_unknown


async def test_an_empty_answer_to_a_read_is_no_answer(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply(status=200))
    with pytest.raises(Retry):
        await github.installation(7).get("/user")


async def test_an_unreachable_server_cannot_have_done_anything_l17(connect: Callable[..., GitHub]) -> None:
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        github = connect(api_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Retry, match="could not be reached") as failed:
            await github.user("t").post("/user", body={})
    assert not failed.value.effect_unknown


async def test_a_name_that_does_not_resolve_is_a_retry_without_effect(connect: Callable[..., GitHub]) -> None:
    with pytest.raises(Retry, match="could not be reached") as failed:
        await connect(api_url="http://github.invalid").user("t").post("/user", body={})
    assert not failed.value.effect_unknown


@pytest.mark.parametrize("fault", [bomb(200 * 2**20), text(b" " * (10 * 2**20 + 1))], ids=["bomb", "plain"])
async def test_no_answer_beyond_ten_megabytes_is_read_l11_l15(
    server: Hostile, connect: Callable[..., GitHub], fault: Reply
) -> None:
    server.on("/user", fault)
    tracemalloc.start()
    try:
        with pytest.raises(GiveUp, match="larger than 10 MB"):
            await connect().user("t").get("/user")
        assert tracemalloc.get_traced_memory()[1] < 60 * 2**20
    finally:
        tracemalloc.stop()


async def test_ten_megabytes_are_read(server: Hostile, connect: Callable[..., GitHub]) -> None:
    server.on("/user", text(b"[" + b" " * (10 * 2**20 - 2) + b"]"))
    assert await connect().user("t").get("/user") == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_elsewhere_takes_no_token_along_l7_l14_t22_p16(
    server: Hostile, elsewhere: Hostile, github: GitHub, status: int
) -> None:
    server.on("/user", to(f"{elsewhere.url}/user", status))
    with pytest.raises(GiveUp):
        await github.installation(7).get("/user")
    assert elsewhere.seen == []


async def test_a_next_page_elsewhere_takes_no_token_along_l7_p16(
    server: Hostile, elsewhere: Hostile, github: GitHub
) -> None:
    server.on("/app/installations", reply([{"id": 1}], Link=f'<{elsewhere.url}/app/installations>; rel="next"'))
    with pytest.raises(GiveUp, match="leaves GitHub's API"):
        assert [entry async for entry in github.app().pages("/app/installations")] == []
    assert elsewhere.seen == []


async def test_the_address_is_judged_before_a_token_is_minted_p16(server: Hostile, github: GitHub) -> None:
    with pytest.raises(GiveUp):
        await github.installation(7).get("/repos/{o}/x", o="..")
    assert server.seen == []


async def test_cookies_are_neither_kept_nor_sent_t24(server: Hostile, github: GitHub) -> None:
    server.on("/user", reply({}, Set_Cookie="session=of-tenant-seven; Path=/"))
    await github.installation(7).get("/user")
    await github.installation(8).get("/user")
    assert all("cookie" not in seen.headers for seen in server.seen)


async def test_the_time_outs_are_those_of_the_law_l16() -> None:
    assert aiohttp.ClientTimeout(total=15, connect=5, sock_read=10) == wire.TIMEOUT
    assert (download.TIMEOUT.connect, download.TIMEOUT.sock_read) == (5, 10)


async def test_a_cancelled_request_leaves_its_place_in_the_lane(
    server: Hostile, connect: Callable[..., GitHub]
) -> None:
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def hang(request: web.Request) -> web.StreamResponse:
        arrived.put_nowait(request.path)
        return await silence(request)

    server.on("/user", hang, hang, reply({}))
    api = connect().installation(7)
    for _ in range(2):
        asking = asyncio.ensure_future(api.get("/user"))
        await arrived.get()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert await asyncio.gather(*(api.get("/user") for _ in range(12))) == [{}] * 12


async def test_https_goes_through_the_proxy_which_never_sees_a_token(connect: Callable[..., GitHub]) -> None:
    heard = bytearray()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    proxy = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with proxy:
        port = proxy.sockets[0].getsockname()[1]
        github = connect(api_url="https://api.github.example", proxy=f"http://127.0.0.1:{port}")
        with pytest.raises(Retry, match="could not be reached") as failed:
            await github.user("secret").post("/user", body={})
    assert not failed.value.effect_unknown
    assert heard.startswith(b"CONNECT api.github.example:443 ")
    assert b"secret" not in heard


async def test_plain_http_does_not_go_through_the_proxy(server: Hostile, connect: Callable[..., GitHub]) -> None:
    server.on("/user", reply({}))
    assert await connect(proxy="http://127.0.0.1:1").user("t").get("/user") == {}
