"""Signing in holds against the attacks on the web application flow (T25)."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from web_world import SECRET, World, a_browser, a_world, challenge_of

from github_app.web.login import own_path
from github_app.web.oauth import Grant, OAuthApp, web_origin
from github_app.web.server import LoginKeys
from github_app.web.sessions import Login, Visitor, session_cookie

PAGE = "/failures/f0123456789abcdef0123"


async def can_read(world: World, path: str = PAGE) -> bool:
    response = await world.browser.get(path, allow_redirects=False)
    return response.status == 200


async def form_token(world: World) -> str:
    page = await (await world.browser.get("/")).text()
    return page.split('name="token" value="')[1].split('"')[0]


async def test_signing_in_opens_what_github_opens(world: World) -> None:
    assert not await can_read(world)
    response = await world.sign_in(next=PAGE)
    assert (response.status, response.headers["Location"]) == (303, world.public_url + PAGE)
    assert await can_read(world)


async def test_github_is_asked_with_state_challenge_and_the_exact_callback(world: World) -> None:
    asked = await world.begin()
    assert asked.keys() == {"client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"}
    assert asked["client_id"] == "client-id"
    assert asked["redirect_uri"] == world.public_url + "/login/callback"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 22  # 128 bits in base64


async def test_the_code_is_traded_with_the_verifier_of_its_challenge(world: World) -> None:
    asked = await world.begin()
    await world.browser.get("/login/callback", params=world.github.authorize(asked))
    (trade,) = world.github.trades
    assert challenge_of(trade["code_verifier"]) == asked["code_challenge"]
    assert trade["redirect_uri"] == asked["redirect_uri"]


@pytest.mark.parametrize("state", [None, "", "guess", "0" * 22], ids=["missing", "empty", "guessed", "zeros"])
async def test_a_callback_without_the_state_of_this_browser_trades_nothing(world: World, state: str | None) -> None:
    back = world.github.authorize(await world.begin())
    query = {"code": back["code"]} | ({} if state is None else {"state": state})
    response = await world.browser.get("/login/callback", params=query, allow_redirects=False)
    assert response.status == 400
    assert "was not begun in this browser" in await response.text()
    assert world.github.trades == []
    assert not await can_read(world)


async def test_a_state_is_good_for_one_callback(world: World) -> None:
    back = world.github.authorize(await world.begin())
    first = await world.browser.get("/login/callback", params=back, allow_redirects=False)
    again = await world.browser.get("/login/callback", params=back, allow_redirects=False)
    assert (first.status, again.status) == (303, 400)
    assert len(world.github.trades) == 1


async def test_an_old_cookie_does_not_bring_a_used_state_back(world: World) -> None:
    asked = await world.begin()
    (old,) = [cookie.value for cookie in world.browser.cookie_jar]
    await world.browser.get("/login/callback", params=world.github.authorize(asked), allow_redirects=False)
    async with a_browser(world.public_url) as other:
        headers = {"Cookie": f"failure-review={old}"}
        again = world.github.authorize(asked)
        response = await other.get("/login/callback", params=again, headers=headers, allow_redirects=False)
    assert response.status == 400
    assert len(world.github.trades) == 1


async def test_a_state_of_another_browser_is_refused(world: World) -> None:
    """An attacker who sends a victim to a callback of his own does not sign the victim in as himself."""
    async with a_browser(world.public_url) as attacker:
        world.github.account = "mallory"
        back = world.github.authorize(await world.begin(attacker))
    await world.begin()
    response = await world.browser.get("/login/callback", params=back, allow_redirects=False)
    assert response.status == 400
    assert world.github.trades == []


async def test_a_stolen_code_is_worthless_in_another_login(world: World) -> None:
    """Code injection: the code was issued for another challenge, so GitHub refuses the verifier."""
    async with a_browser(world.public_url) as victim:
        stolen = world.github.authorize(await world.begin(victim))["code"]
    own = await world.begin()
    response = await world.browser.get("/login/callback", params={"code": stolen, "state": own["state"]})
    assert response.status == 400
    assert not await can_read(world)


async def test_a_callback_without_a_code_trades_nothing(world: World) -> None:
    asked = await world.begin()
    response = await world.browser.get("/login/callback", params={"state": asked["state"]})
    assert (response.status, world.github.trades) == (400, [])


async def test_a_login_ends_after_ten_minutes(world: World) -> None:
    back = world.github.authorize(await world.begin())
    world.later(minutes=10)
    assert (await world.browser.get("/login/callback", params=back)).status == 400


async def test_a_repeated_parameter_is_refused(world: World) -> None:
    back = world.github.authorize(await world.begin())
    query = [("state", back["state"]), ("state", "other"), ("code", back["code"])]
    assert (await world.browser.get("/login/callback", params=query)).status == 400


async def test_two_tabs_sign_in_side_by_side(world: World) -> None:
    first, second = await world.begin(next="/failures/one"), await world.begin(next="/failures/two")
    for asked, path in ((first, "/failures/one"), (second, "/failures/two")):
        async with a_browser(world.public_url) as tab:
            (cookie,) = [cookie.value for cookie in world.browser.cookie_jar]
            headers = {"Cookie": f"failure-review={cookie}"}
            back = world.github.authorize(asked)
            response = await tab.get("/login/callback", params=back, headers=headers, allow_redirects=False)
            assert response.headers["Location"] == world.public_url + path


async def test_the_cookie_stays_small_enough_for_browsers(world: World) -> None:
    """RFC 6265 promises 4096 bytes; a cookie beyond that is dropped, and nobody could sign in."""
    world.github.account = "x" * 1000
    await world.sign_in()
    for tab in range(9):
        await world.begin(next=f"/{tab}" + "a" * 198)
    (cookie,) = world.browser.cookie_jar
    assert len(cookie.value) < 3900


async def test_whoever_declines_at_github_is_told_so_and_may_try_again(world: World) -> None:
    asked = await world.begin(next=PAGE)
    query = {"error": "access_denied", "state": asked["state"]}
    response = await world.browser.get("/login/callback", params=query)
    assert response.status == 400
    text = await response.text()
    assert "You declined to sign in at GitHub." in text
    assert f'href="/login?next={PAGE}"' in text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (web.json_response({"error": "bad_verification_code", "error_description": "CANARY"}), "is too old"),
        (web.json_response({"error": "incorrect_client_credentials"}), "does not accept this server"),
        (web.json_response({"error": "CANARY"}), "GitHub did not sign you in."),
        (web.json_response({"access_token": "CANARY with blanks"}), "GitHub did not sign you in."),
        (web.json_response({"access_token": 7}), "GitHub did not sign you in."),
        (web.json_response(["CANARY"]), "GitHub did not sign you in."),
        (web.Response(text="<html>CANARY"), "GitHub did not sign you in."),
        (web.Response(status=500, text="CANARY"), "GitHub did not answer."),
        (web.Response(status=302, headers={"Location": "/CANARY"}), "GitHub did not answer."),
        (web.Response(body=b'{"access_token": "' + b"x" * 70_000 + b'"}'), "GitHub did not answer."),
    ],
    ids=[
        "old code",
        "bad secret",
        "new error",
        "odd token",
        "no text",
        "no object",
        "no JSON",
        "500",
        "redirect",
        "huge",
    ],
)
async def test_a_trade_that_fails_is_one_sentence_of_ours(world: World, answer: web.Response, sentence: str) -> None:
    """T34: what the other side says is not repeated."""
    world.github.answer = answer
    response = await world.sign_in()
    assert response.status == 400
    text = await response.text()
    assert sentence in text
    assert "CANARY" not in text
    assert not await can_read(world)


EVIL = [
    "//evil.example",
    "///evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/\x00/evil.example",
    "evil.example",
    ".evil.example",
    "@evil.example",
    "/ä",
    "/" + "a" * 600,
    "",
]


@pytest.mark.parametrize("wanted", EVIL)
async def test_nobody_is_sent_to_another_site(world: World, wanted: str) -> None:
    response = await world.sign_in(next=wanted)
    assert response.headers["Location"] == world.public_url + "/"


@given(st.text(alphabet=st.sampled_from("/\\:@?#.%2f\t\n ab[]é"), max_size=12))
def test_whatever_is_wanted_the_way_back_stays_here(wanted: str) -> None:
    there = urlsplit(urljoin("https://reviews.example/login/callback", own_path(wanted)))
    assert (there.scheme, there.netloc) == ("https", "reviews.example")


async def test_signing_in_begins_a_new_session(world: World) -> None:
    """Session fixation: nothing of the cookie that a browser came with survives, and it stays worthless."""
    await world.begin()
    (planted,) = [cookie.value for cookie in world.browser.cookie_jar]
    await world.sign_in()
    (own,) = [cookie.value for cookie in world.browser.cookie_jar]
    assert own != planted
    async with a_browser(world.public_url) as attacker:
        headers = {"Cookie": f"failure-review={planted}"}
        assert (await attacker.get(PAGE, headers=headers, allow_redirects=False)).status == 303


async def test_the_user_token_is_not_readable_in_the_cookie(world: World) -> None:
    await world.sign_in()
    (cookie,) = [cookie.value for cookie in world.browser.cookie_jar]
    assert "ghu_" not in cookie
    forged = Fernet(Fernet.generate_key()).encrypt(json.dumps({"session": {"user": {}}}).encode()).decode()
    for value in (forged, cookie[:-8] + "AAAAAAA=", "no cookie", '"'):
        async with a_browser(world.public_url) as other:
            response = await other.get(PAGE, headers={"Cookie": f"failure-review={value}"}, allow_redirects=False)
            assert response.status == 303


@pytest.mark.parametrize(("minutes", "readable"), [(29, True), (30, False)])
async def test_a_session_ends_after_thirty_idle_minutes(world: World, minutes: int, readable: bool) -> None:
    await world.sign_in()
    world.later(minutes=minutes)
    assert await can_read(world) is readable


async def test_a_session_that_is_used_ends_after_eight_hours(world: World) -> None:
    await world.sign_in()
    for _ in range(19):
        world.later(minutes=25)
        assert await can_read(world)
    world.later(minutes=5)
    assert not await can_read(world)


async def test_a_session_ends_with_the_user_token(world: World) -> None:
    world.github.lifetime_s = 600
    await world.sign_in()
    world.later(seconds=599)
    assert await can_read(world)
    world.later(seconds=1)
    assert not await can_read(world)


async def test_the_cookie_is_bound_to_the_host_on_https() -> None:
    async with a_world(https=True) as world:
        response = await world.browser.get("/login", allow_redirects=False)
    (cookie,) = SimpleCookie(response.headers["Set-Cookie"]).values()
    assert cookie.key == "__Host-failure-review"
    flags = (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"])
    assert flags == (True, True, "Lax", "/", "")


async def test_the_cookie_works_on_plain_loopback(world: World) -> None:
    response = await world.browser.get("/login", allow_redirects=False)
    (cookie,) = SimpleCookie(response.headers["Set-Cookie"]).values()
    assert (cookie.key, cookie["secure"], cookie["httponly"]) == ("failure-review", "", True)


def test_deleting_the_cookie_keeps_its_flags() -> None:
    """Browsers ignore the deletion of a `__Host-` cookie that is not marked Secure."""
    response = web.Response()
    session_cookie(SECRET, https=True).save_cookie(response, "")
    (cookie,) = response.cookies.values()
    assert (cookie.key, cookie["secure"], cookie["max-age"]) == ("__Host-failure-review", True, "0")


def test_no_secret_shows_in_a_repr() -> None:
    """T28"""
    secret = "hunter2"
    values = [
        LoginKeys("id", secret, secret.encode()),
        OAuthApp("id", secret, "https://github.com", "https://reviews.example/login/callback"),
        Grant(secret, None),
        Visitor(secret, secret),
        Login("state", secret, "/"),
    ]
    assert secret not in repr(values)


def test_a_short_session_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="SESSION_SECRET needs at least 32 bytes"):
        session_cookie(b"x" * 31, https=True)


async def test_signing_out_forgets_the_session(world: World) -> None:
    await world.sign_in()
    response = await world.browser.post("/logout", data={"token": await form_token(world)}, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, world.public_url + "/")
    assert not await can_read(world)


@pytest.mark.parametrize("sent", [{}, {"token": ""}, {"token": "guess"}, {"token": "ä"}])
async def test_a_form_without_our_token_signs_nobody_out(world: World, sent: dict[str, str]) -> None:
    await world.sign_in()
    assert (await world.browser.post("/logout", data=sent)).status == 403
    assert await can_read(world)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none", "Origin": "null"},
    ],
)
async def test_a_form_of_another_site_signs_nobody_out(world: World, headers: dict[str, str]) -> None:
    await world.sign_in()
    data = {"token": await form_token(world)}
    assert (await world.browser.post("/logout", data=data, headers=headers)).status == 403
    assert await can_read(world)


@pytest.mark.parametrize("headers", [{"Origin": "null"}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}])
async def test_a_form_of_our_own_page_signs_out_though_it_names_no_origin(
    world: World, headers: dict[str, str]
) -> None:
    """With `Referrer-Policy: no-referrer` browsers send `Origin: null` (Fetch standard)."""
    await world.sign_in()
    data = {"token": await form_token(world)}
    response = await world.browser.post("/logout", data=data, headers=headers, allow_redirects=False)
    assert response.status == 303


async def test_signing_out_is_no_link(world: World) -> None:
    await world.sign_in()
    assert (await world.browser.get("/logout")).status == 405
    assert await can_read(world)


@pytest.mark.parametrize(
    ("api_url", "origin"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://git.acme.example/api/v3", "https://git.acme.example"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("https://api.acme.example/api/v3", "https://api.acme.example"),
    ],
)
def test_the_login_page_belongs_to_the_api(api_url: str, origin: str) -> None:
    assert web_origin(api_url) == origin
