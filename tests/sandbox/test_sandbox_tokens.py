"""Who may call: App JWTs, installation tokens and their permissions, and the login of users."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from sandbox.shops import Shop

from github_app.sandbox.auth import refusal_of_claims
from github_app.sandbox.login import s256

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("claims", "part_of_refusal"),
    [
        ({"iat": NOW - 60, "exp": NOW + 540}, None),
        ({"iat": NOW - 60, "exp": NOW + 600}, None),
        ({"iat": NOW - 60, "exp": NOW + 601}, "too far in the future"),
        ({"iat": NOW - 600, "exp": NOW}, "must be a numeric value representing the future"),
        ({"iat": NOW + 1, "exp": NOW + 540}, "'iat'"),
        ({"exp": NOW + 540}, "'iat'"),
        ({"iat": NOW - 60}, "'exp'"),
    ],
)
def test_a_jwt_lives_ten_minutes_at_most(claims: dict[str, Any], part_of_refusal: str | None) -> None:
    """G15."""
    refusal = refusal_of_claims(claims, NOW)
    assert refusal is None if part_of_refusal is None else part_of_refusal in (refusal or "")


@pytest.mark.parametrize("issuer", ["app_id", "client_id"])
async def test_an_app_signs_as_its_id_or_its_client_id(shop: Shop, issuer: str) -> None:
    bearer = f"Bearer {shop.jwt(iss=str(getattr(shop.app, issuer)))}"
    assert (await shop.call("GET", "/app", auth=bearer))[0] == 200


async def test_a_jwt_of_another_key_or_no_app_is_refused(shop: Shop) -> None:
    other = shop.sandbox.register_app(None, slug="other-app")
    now = int(time.time())
    claims = {"iss": str(shop.app.app_id), "iat": now, "exp": now + 60}
    forged = jwt.encode(claims, other.private_key_pem, "RS256")
    assert (await shop.call("GET", "/app", auth=f"Bearer {forged}"))[0] == 401
    assert (await shop.call("GET", "/app", auth=f"Bearer {shop.jwt(iss='12')}"))[0] == 404
    assert (await shop.call("GET", "/app", auth="Bearer a.b.c"))[0] == 401
    assert (await shop.call("GET", "/app", auth="Basic abc"))[0] == 401


async def test_a_token_is_narrowed_to_repositories_and_permissions(shop: Shop) -> None:
    """G16."""
    second = shop.sandbox.create_repo("octo", "other", private=True)
    await shop.sandbox.install(shop.app.app_id, second)
    token = await shop.token(repository_ids=[second.id], permissions={"checks": "read"})
    _, mine, _ = await shop.call("GET", "/installation/repositories", auth=token)
    assert [each["full_name"] for each in mine["repositories"]] == ["octo/other"]
    assert (await shop.call("GET", "/repos/octo/shop", auth=token))[0] == 404
    body = {"name": "gate", "head_sha": second.branches["main"]}
    status, refused, _ = await shop.call("POST", "/repos/octo/other/check-runs", body, auth=token)
    assert (status, refused["message"]) == (403, "Resource not accessible by integration")


@pytest.mark.parametrize(
    "narrowed", [{"repository_ids": [1]}, {"permissions": {"issues": "write"}}, {"permissions": {"contents": "write"}}]
)
async def test_a_token_cannot_have_more_than_its_installation(shop: Shop, narrowed: dict[str, Any]) -> None:
    path, bearer = f"/app/installations/{shop.installation}/access_tokens", f"Bearer {shop.jwt()}"
    assert (await shop.call("POST", path, narrowed, auth=bearer))[0] == 422


async def test_a_token_is_dead_after_an_hour(shop: Shop) -> None:
    token, start = await shop.token(), datetime.now(UTC)
    shop.sandbox.world.clock = lambda: start + timedelta(minutes=61)
    assert (await shop.call("GET", "/repos/octo/shop", auth=token))[0] == 401


async def test_a_revoked_token_is_dead(shop: Shop) -> None:
    token = await shop.token()
    assert (await shop.call("DELETE", "/installation/token", auth=token))[0] == 204
    assert (await shop.call("GET", "/repos/octo/shop", auth=token))[0] == 401


async def test_a_suspended_installation_is_refused_until_it_is_unsuspended(shop: Shop) -> None:
    """G29."""
    token, path = await shop.token(), f"/app/installations/{shop.installation}/access_tokens"
    await shop.sandbox.suspend(shop.installation)
    assert (await shop.call("GET", "/repos/octo/shop", auth=token))[0] == 403
    assert (await shop.call("POST", path, auth=f"Bearer {shop.jwt()}"))[0] == 403
    await shop.sandbox.unsuspend(shop.installation)
    assert (await shop.call("GET", "/repos/octo/shop", auth=token))[0] == 200


async def test_an_uninstalled_app_has_no_tokens(shop: Shop) -> None:
    token, path = await shop.token(), f"/app/installations/{shop.installation}/access_tokens"
    await shop.sandbox.uninstall(shop.installation)
    assert (await shop.call("GET", "/repos/octo/shop", auth=token))[0] == 401
    assert (await shop.call("POST", path, auth=f"Bearer {shop.jwt()}"))[0] == 404


async def test_a_person_sees_what_their_role_lets_them_see(shop: Shop) -> None:
    """G17: a private repository is not there for strangers."""
    seen = {}
    for name in ("mona", "stranger"):
        token = f"Bearer {shop.sandbox.user_token(name)}"
        seen[name] = (await shop.call("GET", f"/repositories/{shop.repo.id}", auth=token))[0]
    assert seen == {"mona": 200, "stranger": 404}


async def test_nobody_sees_nothing(shop: Shop) -> None:
    assert (await shop.call("GET", "/repos/octo/shop"))[0] == 401
    assert (await shop.call("GET", "/user"))[0] == 401
    assert (await shop.call("GET", "/user", auth=await shop.token()))[0] == 403


async def _code(shop: Shop, **query: str) -> str:
    asked = {"client_id": shop.app.client_id, "redirect_uri": "http://app/back", "state": "s1", **query}
    url = f"{shop.sandbox.base_url}/login/oauth/authorize"
    async with shop.session.get(url, params=asked, allow_redirects=False) as answer:
        found = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert found["state"] == ["s1"]
    return found.get("code", found.get("error", [""]))[0]


async def _exchange(shop: Shop, code: str, **more: str) -> dict[str, str]:
    asked = {"client_id": shop.app.client_id, "client_secret": shop.app.client_secret, "code": code, **more}
    url = f"{shop.sandbox.base_url}/login/oauth/access_token"
    async with shop.session.post(url, data=asked, headers={"Accept": "application/json"}) as answer:
        found: dict[str, str] = await answer.json()
        return found


async def test_the_login_gives_a_token_of_whoever_sits_at_the_browser(shop: Shop) -> None:
    shop.sandbox.at_the_browser("ada")
    code = await _code(shop, code_challenge=s256("v" * 43), code_challenge_method="S256")
    token = (await _exchange(shop, code, code_verifier="v" * 43))["access_token"]
    assert (await shop.call("GET", "/user", auth=f"Bearer {token}"))[1]["login"] == "ada"


async def test_a_login_code_is_good_once(shop: Shop) -> None:
    shop.sandbox.at_the_browser("ada")
    code = await _code(shop)
    assert "access_token" in await _exchange(shop, code)
    assert (await _exchange(shop, code))["error"] == "bad_verification_code"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"code_verifier": "w" * 43}, "bad_verification_code"),
        ({"code_verifier": ""}, "bad_verification_code"),
        ({"code_verifier": "v" * 43, "redirect_uri": "http://evil/back"}, "redirect_uri_mismatch"),
        ({"code_verifier": "v" * 43, "client_secret": "wrong"}, "incorrect_client_credentials"),
    ],
)
async def test_a_login_code_is_only_for_who_asked_for_it(shop: Shop, more: dict[str, str], error: str) -> None:
    """T25."""
    shop.sandbox.at_the_browser("ada")
    code = await _code(shop, code_challenge=s256("v" * 43), code_challenge_method="S256")
    assert (await _exchange(shop, code, **more))["error"] == error


async def test_a_person_may_decline_the_login(shop: Shop) -> None:
    shop.sandbox.at_the_browser(None)
    assert await _code(shop) == "access_denied"


async def test_a_stranger_may_read_but_not_write_a_public_repository(shop: Shop) -> None:
    public = shop.sandbox.create_repo("octo", "open")
    token = f"Bearer {shop.sandbox.user_token('stranger')}"
    assert (await shop.call("GET", "/repos/octo/open", auth=token))[0] == 200
    assert (await shop.call("POST", "/repos/octo/open/labels", {"name": "x"}, auth=token))[0] == 403
    status = {"state": "success"}
    path = f"/repos/octo/open/statuses/{public.branches['main']}"
    assert (await shop.call("POST", path, status, auth=await shop.token()))[0] == 403


async def test_a_renamed_person_keeps_the_number_and_frees_the_name(shop: Shop) -> None:
    """G28."""
    mona = shop.sandbox.user("mona")
    shop.sandbox.rename_user("mona", "lisa")
    claimed = shop.sandbox.user("mona")
    token, path = await shop.token(), "/repos/octo/shop/collaborators/{}/permission"
    roles = [(await shop.call("GET", path.format(name), auth=token))[1]["role_name"] for name in ("lisa", "mona")]
    assert (shop.sandbox.user("lisa") is mona, claimed.id == mona.id, roles) == (True, False, ["maintain", "none"])


async def test_the_app_and_the_installation_are_asked_for_by_their_own_credentials(shop: Shop) -> None:
    assert (await shop.call("GET", "/app", auth=await shop.token()))[0] == 401
    assert (await shop.call("GET", "/installation/repositories", auth=f"Bearer {shop.jwt()}"))[0] == 403


async def test_a_login_that_asks_for_a_weak_challenge_is_refused(shop: Shop) -> None:
    shop.sandbox.at_the_browser("ada")
    asked = {"client_id": shop.app.client_id, "redirect_uri": "http://app/back", "code_challenge_method": "plain"}
    url = f"{shop.sandbox.base_url}/login/oauth/authorize"
    for more, status in (({"code_challenge": "x"}, 400), ({"client_id": "none"}, 404)):
        async with shop.session.get(url, params={**asked, **more}, allow_redirects=False) as answer:
            assert answer.status == status
