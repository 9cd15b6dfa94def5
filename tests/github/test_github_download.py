"""Logs and artifacts come without our token, from allowed places, and end at a limit."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hostile import Hostile, bomb, reply, reset, text, to, truncated

from github_app.github.client import GitHub
from github_app.github.download import PublicOnly, TooLarge
from github_app.outcomes import GiveUp, Retry, Wait

LOGS = "/repos/{o}/{r}/actions/jobs/{id}/logs"
LOGS_PATH = "/repos/acme/shop/actions/jobs/5/logs"


async def fetched(github: GitHub, limit: int = 2**20) -> bytes:
    api = github.installation(7)
    async with api.download(LOGS, limit=limit, o="acme", r="shop", id=5) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def test_a_log_is_fetched_through_the_redirect_without_our_token_g24_t22(
    server: Hostile, elsewhere: Hostile, github: GitHub
) -> None:
    server.on(LOGS_PATH, to(f"{elsewhere.url}/log%2F1?sig=a%2Bb"))
    elsewhere.on("/log%2F1", text("line 1\nline 2\n", kind="text/plain"))
    assert await fetched(github) == b"line 1\nline 2\n"
    [seen] = elsewhere.seen
    assert seen.path == "/log%2F1?sig=a%2Bb"
    assert not {"authorization", "cookie", "x-github-api-version"} & {name.lower() for name in seen.headers}
    assert server.asked(LOGS_PATH)[0].headers["authorization"] == "token token-1"


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/log",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/log",
        "http://127.0.0.1@evil.example/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "",
    ],
)
async def test_an_evil_place_is_not_visited_t22(server: Hostile, github: GitHub, place: str) -> None:
    server.on(LOGS_PATH, to(place))
    with pytest.raises(GiveUp):
        await fetched(github)
    assert server.work == [LOGS_PATH]


async def test_a_known_host_that_resolves_into_our_network_is_not_visited_t22(
    server: Hostile, connect: Callable[..., GitHub]
) -> None:
    server.on(LOGS_PATH, to("https://localhost/log"))
    github = connect(log_hosts=("localhost",))
    with pytest.raises(GiveUp, match="leads into a private network"):
        await fetched(github)


class Told(AbstractResolver):
    """Resolves every name to what it was told."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        self.addresses = ()


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("20.60.1.1", "169.254.169.254"), ("::1",)])
async def test_one_private_address_spoils_a_log_host_t22(addresses: tuple[str, ...]) -> None:
    resolver = PublicOnly(Told(*addresses), ("blob.core.windows.net",))
    with pytest.raises(GiveUp, match="private network"):
        await resolver.resolve("a.blob.core.windows.net", 443)


async def test_public_log_hosts_and_the_operator_s_own_hosts_resolve() -> None:
    resolver = PublicOnly(Told("20.60.1.1"), ("blob.core.windows.net",))
    assert [found["host"] for found in await resolver.resolve("a.blob.core.windows.net")] == ["20.60.1.1"]
    proxy = PublicOnly(Told("10.0.0.1"), ("blob.core.windows.net",))
    assert [found["host"] for found in await proxy.resolve("proxy.acme.example")] == ["10.0.0.1"]


async def test_a_second_redirect_is_refused_t22(server: Hostile, elsewhere: Hostile, github: GitHub) -> None:
    server.on(LOGS_PATH, to(f"{elsewhere.url}/log"))
    elsewhere.on("/log", to("/other"))
    with pytest.raises(GiveUp, match=r"does not deliver the download \(302\)"):
        await fetched(github)
    assert elsewhere.work == ["/log"]


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_expired_place_is_asked_for_once_more_g24(
    server: Hostile, elsewhere: Hostile, github: GitHub, status: int
) -> None:
    server.on(LOGS_PATH, to(f"{elsewhere.url}/old"), to(f"{elsewhere.url}/new"))
    elsewhere.on("/old", reply(status=status))
    elsewhere.on("/new", text("log"))
    assert await fetched(github) == b"log"


async def test_a_place_that_never_works_is_given_up_g24(server: Hostile, elsewhere: Hostile, github: GitHub) -> None:
    server.on(LOGS_PATH, to(f"{elsewhere.url}/gone"))
    with pytest.raises(GiveUp, match="it does not work"):
        await fetched(github)
    assert (len(server.work), len(elsewhere.work)) == (2, 2)


async def test_a_log_that_github_does_not_have_is_given_up_with_a_reason(server: Hostile, github: GitHub) -> None:
    with pytest.raises(GiveUp, match=r"the log does not exist or is hidden from the App \(404\)"):
        await fetched(github)
    server.on(LOGS_PATH, reply({"message": "gone"}, 410))
    with pytest.raises(GiveUp, match=r"the log is gone \(410\)"):
        await fetched(github)


async def test_an_answer_without_a_place_is_given_up(server: Hostile, github: GitHub) -> None:
    server.on(LOGS_PATH, reply({}))
    with pytest.raises(GiveUp, match="did not say where"):
        await fetched(github)


async def test_a_log_in_the_place_of_a_redirect_is_no_answer(server: Hostile, github: GitHub) -> None:
    server.on(LOGS_PATH, text("line 1", kind="text/plain"))
    with pytest.raises(Retry, match="garbled when we tried to read the log"):
        await fetched(github)


async def test_a_limit_while_asking_for_the_place_is_a_wait_f17(server: Hostile, github: GitHub) -> None:
    server.on(LOGS_PATH, reply({}, 429, Retry_After="30"))
    with pytest.raises(Wait):
        await fetched(github)


async def test_a_renamed_repository_s_log_is_found_f20(server: Hostile, elsewhere: Hostile, github: GitHub) -> None:
    server.on(LOGS_PATH, to("/repositories/9/actions/jobs/5/logs", 301))
    server.on("/repositories/9/actions/jobs/5/logs", to(f"{elsewhere.url}/log"))
    elsewhere.on("/log", text("log"))
    assert await fetched(github) == b"log"


@pytest.mark.parametrize("kind", ["plain", "squeezed"])
async def test_more_than_the_limit_is_not_yielded_l11_l15_t17(
    server: Hostile, elsewhere: Hostile, github: GitHub, kind: str
) -> None:
    server.on(LOGS_PATH, to(f"{elsewhere.url}/log"))
    elsewhere.on("/log", text(bytes(3 * 2**20)) if kind == "plain" else bomb(3 * 2**20))
    got = 0
    api = github.installation(7)
    with pytest.raises(TooLarge, match="larger than 1048576 bytes"):  # noqa: PT012  (the stream raises in its course)
        async with api.download(LOGS, limit=2**20, o="acme", r="shop", id=5) as chunks:
            async for chunk in chunks:
                got += len(chunk)
    assert 0 < got <= 2**20


async def test_exactly_the_limit_is_enough(server: Hostile, elsewhere: Hostile, github: GitHub) -> None:
    server.on(LOGS_PATH, to(f"{elsewhere.url}/log"))
    elsewhere.on("/log", text(b"x" * 100_000))
    assert len(await fetched(github, 100_000)) == 100_000


async def test_a_caller_may_stop_early(server: Hostile, elsewhere: Hostile, github: GitHub) -> None:
    server.on(LOGS_PATH, to(f"{elsewhere.url}/log"))
    elsewhere.on("/log", text(bytes(5 * 2**20)))
    async with github.installation(7).download(LOGS, limit=2**30, o="acme", r="shop", id=5) as chunks:
        assert len(await anext(chunks)) > 0


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (reset(), "could not begin"),
        (truncated(b"half", 4096), "broke off"),
        (reply(status=503), r"could not deliver the download \(503\)"),
        (reply(status=429), r"could not deliver the download \(429\)"),
    ],
    ids=["reset", "truncated", "503", "429"],
)
async def test_a_broken_download_may_be_repeated_f16(
    server: Hostile, elsewhere: Hostile, github: GitHub, fault: object, sentence: str
) -> None:
    server.on(LOGS_PATH, to(f"{elsewhere.url}/log"))
    elsewhere.on("/log", fault)  # type: ignore[arg-type]  # a parameter knows no type
    with pytest.raises(Retry, match=sentence):
        await fetched(github)


async def test_an_artifact_comes_the_same_way_and_unchanged(
    server: Hostile, elsewhere: Hostile, github: GitHub
) -> None:
    async def zipped(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"PK\x03\x04\x00\xff", content_type="application/zip")

    server.on("/repos/acme/shop/actions/artifacts/3/zip", to(f"{elsewhere.url}/zip"))
    elsewhere.on("/zip", zipped)
    template = "/repos/{o}/{r}/actions/artifacts/{id}/zip"
    async with github.installation(7).download(template, limit=100, o="acme", r="shop", id=3) as chunks:
        assert b"".join([chunk async for chunk in chunks]) == b"PK\x03\x04\x00\xff"
