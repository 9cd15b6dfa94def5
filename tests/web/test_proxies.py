"""What a proxy says counts only when the proxy is ours."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from web_world import a_world

from github_app.web.proxies import Told, forwarded

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("::1/128"), ip_network("127.0.0.0/8"))
CLIENT = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "reviews.example"}


@pytest.mark.parametrize(
    ("peer", "sent", "told"),
    [
        ("10.1.2.3", CLIENT, {"remote": "203.0.113.9", "scheme": "https", "host": "reviews.example"}),
        ("203.0.113.1", CLIENT, {}),
        (None, CLIENT, {}),
        ("not an address", CLIENT, {}),
        ("10.1.2.3", {}, {}),
        ("::1", {"X-Forwarded-For": "2001:db8::7"}, {"remote": "2001:db8::7"}),
        ("10.1.2.3", {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.9.9.9"}, {"remote": "203.0.113.9"}),
        ("10.1.2.3", {"X-Forwarded-For": "10.8.8.8, 10.9.9.9"}, {"remote": "10.8.8.8"}),
        ("10.1.2.3", {"X-Forwarded-For": "6.6.6.6, nonsense"}, {}),
        ("10.1.2.3", {"X-Forwarded-For": "6.6.6.6, nonsense, 10.9.9.9"}, {"remote": "10.9.9.9"}),
        ("10.1.2.3", {"X-Forwarded-Proto": "http, HTTPS"}, {"scheme": "https"}),
        ("10.1.2.3", {"X-Forwarded-Proto": "javascript"}, {}),
        ("10.1.2.3", {"X-Forwarded-Host": "evil.example/path"}, {}),
        ("10.1.2.3", {"X-Forwarded-Host": "a.example, [2001:db8::1]:8443"}, {"host": "[2001:db8::1]:8443"}),
    ],
)
def test_forwarded_headers_are_read_from_the_trusted_end(peer: str | None, sent: dict[str, str], told: Told) -> None:
    assert forwarded(peer, sent, TRUSTED) == told


@given(st.text(), st.text())
def test_a_stranger_is_never_believed(value: str, host: str) -> None:
    sent = {"X-Forwarded-For": value, "X-Forwarded-Proto": "https", "X-Forwarded-Host": host}
    assert forwarded("203.0.113.1", sent, TRUSTED) == {}


@pytest.mark.parametrize(("trusted", "remote"), [(TRUSTED, "203.0.113.9"), ((), "127.0.0.1")])
async def test_handlers_see_the_client_behind_a_trusted_proxy(trusted: tuple[object, ...], remote: str) -> None:
    async def who(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.remote} {(await request.read()).decode()}")

    async with a_world(proxies=trusted, extra=[web.post("/who", who)]) as world:  # type: ignore[arg-type]
        response = await world.browser.post("/who", data=b"body", headers=CLIENT)
        assert await response.text() == f"{remote} body"
