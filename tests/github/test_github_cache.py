"""Answers kept with their ETag: only when asked for, and never across installations."""

from __future__ import annotations

import pytest
from aiohttp import web
from hostile import Hostile, reply, text

from github_app.github.answers import Answer
from github_app.github.auth import Scope
from github_app.github.cache import LARGEST_KEPT, Shelf
from github_app.github.client import GitHub
from github_app.outcomes import Retry

FILE = "/repos/acme/shop/contents/x"


async def unchanged_when_known(request: web.Request) -> web.StreamResponse:
    """The same ETag for everybody, as two tenants with equal names would see it."""
    if request.headers.get("if-none-match") == '"v1"':
        return web.Response(status=304)
    body = {"for": request.headers["authorization"]}
    return web.json_response(body, headers={"ETag": '"v1"', "Link": f'<{request.url}?page=2>; rel="next"'})


async def test_an_unchanged_answer_is_given_again(server: Hostile, github: GitHub) -> None:
    server.on(FILE, unchanged_when_known)
    api = github.installation(7)
    first = await api.get(FILE, cached=True)
    first["for"] = "spoiled by the caller"
    assert await api.get(FILE, cached=True) == {"for": "token token-1"}
    assert server.asked(FILE)[1].headers["if-none-match"] == '"v1"'


async def test_a_changed_answer_replaces_the_kept_one(server: Hostile, github: GitHub) -> None:
    server.on(FILE, reply({"v": 1}, ETag='"v1"'), reply({"v": 2}, ETag='"v2"'), reply(status=304))
    api = github.installation(7)
    assert [(await api.get(FILE, cached=True))["v"] for _ in range(3)] == [1, 2, 2]
    assert server.asked(FILE)[2].headers["if-none-match"] == '"v2"'


async def test_without_the_caller_s_word_nothing_is_kept_or_used_l8(server: Hostile, github: GitHub) -> None:
    server.on(FILE, unchanged_when_known)
    api = github.installation(7)
    await api.get(FILE)
    await api.get(FILE, cached=True)
    await api.get(FILE)
    assert all("if-none-match" not in seen.headers for seen in server.asked(FILE))


async def test_no_tenant_and_no_narrower_token_sees_what_another_was_shown_l8_t24_p17(
    server: Hostile, github: GitHub
) -> None:
    server.on(FILE, unchanged_when_known)
    apis = [
        github.installation(7),
        github.installation(8),
        github.installation(7, 1),
        github.installation(7, None, {"checks": "read"}),
    ]
    shown = [(await api.get(FILE, cached=True))["for"] for api in apis]
    assert shown == [f"token token-{number}" for number in (1, 2, 3, 4)]


async def test_a_person_s_answers_are_never_kept_t24(server: Hostile, github: GitHub) -> None:
    server.on(FILE, unchanged_when_known)
    for token in ("a", "b", "a"):
        assert await github.user(token).get(FILE, cached=True) == {"for": f"token {token}"}


async def test_a_broken_answer_is_not_kept(server: Hostile, github: GitHub) -> None:
    server.on(FILE, text('{"v": ', ETag='"v1"'), reply({"v": 2}))
    api = github.installation(7)
    with pytest.raises(Retry):
        await api.get(FILE, cached=True)
    assert await api.get(FILE, cached=True) == {"v": 2}
    assert "if-none-match" not in server.asked(FILE)[1].headers


def test_the_shelf_is_bounded_in_bytes() -> None:
    shelf, scope = Shelf(size=3 * LARGEST_KEPT), Scope(7)
    kept = Answer(200, {"etag": "x"}, bytes(LARGEST_KEPT - 2048))
    for number in range(5):
        shelf.keep(scope, f"/{number}", kept)
    shelf.keep(scope, "/large", Answer(200, {"etag": "x"}, bytes(LARGEST_KEPT + 1)))
    found = [number for number in (*range(5), "large") if shelf.take(scope, f"/{number}")]
    assert found == [2, 3, 4]
