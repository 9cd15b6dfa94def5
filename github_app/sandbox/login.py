"""The login of users: authorize and exchange, with PKCE; whoever was chosen beforehand approves at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from github_app.sandbox.state import Account, App, LoginCode
from github_app.sandbox.world import World


def login_routes(world: World, chosen: Callable[[], Account | None]) -> list[web.RouteDef]:
    """`/login/oauth/authorize` and `/login/oauth/access_token`; `chosen` says who sits at the browser."""

    async def authorize(request: web.Request) -> web.Response:
        app, account, redirect = (
            _app(world, request.query.get("client_id", "")),
            chosen(),
            request.query.get("redirect_uri", ""),
        )
        if app is None or not redirect:
            raise web.HTTPNotFound(text="No such App, or no redirect_uri.")
        state = {"state": request.query["state"]} if "state" in request.query else {}
        if account is None:
            raise web.HTTPFound(f"{redirect}?{urlencode({'error': 'access_denied', **state})}")
        code = secrets.token_hex(10)
        challenge = request.query.get("code_challenge")
        if challenge is not None and request.query.get("code_challenge_method") != "S256":
            raise web.HTTPBadRequest(text="code_challenge_method must be S256.")
        world.state.login_codes[code] = LoginCode(app, account, redirect, challenge)
        raise web.HTTPFound(f"{redirect}?{urlencode({'code': code, **state})}")

    async def access_token(request: web.Request) -> web.Response:
        body = await request.text()
        asked = await request.json() if request.content_type == "application/json" else dict(parse_qsl(body))
        return _answer(request, _exchange(world, {**request.query, **asked}))

    return [
        web.get("/login/oauth/authorize", authorize),
        web.post("/login/oauth/access_token", access_token),
    ]


def _app(world: World, client_id: str) -> App | None:
    return next((app for app in world.state.apps.values() if app.client_id and app.client_id == client_id), None)


def _exchange(world: World, asked: dict[str, str]) -> dict[str, str]:
    """A user token for a code; GitHub answers 200 with an `error` when it will not."""
    app = _app(world, asked.get("client_id", ""))
    if app is None or not hmac.compare_digest(asked.get("client_secret", "").encode(), app.client_secret.encode()):
        return _error("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
    code = world.state.login_codes.pop(asked.get("code", ""), None)  # single use, even when what follows refuses
    if code is None or code.app is not app:
        return _error("bad_verification_code", "The code passed is incorrect or expired.")
    if asked.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        return _error("redirect_uri_mismatch", "The redirect_uri MUST match the one of the authorization.")
    if code.challenge is not None and not hmac.compare_digest(
        s256(asked.get("code_verifier", "")).encode(), code.challenge.encode()
    ):
        return _error("bad_verification_code", "The code_verifier does not fit the code_challenge.")
    return {"access_token": sign_in(world, code.account), "token_type": "bearer", "scope": ""}


def sign_in(world: World, account: Account) -> str:
    """A user token of this account."""
    token = f"ghu_{secrets.token_hex(18)}"
    world.state.user_tokens[token] = account
    return token


def s256(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _error(code: str, description: str) -> dict[str, str]:
    return {"error": code, "error_description": description}


def _answer(request: web.Request, body: dict[str, str]) -> web.Response:
    if "json" in request.headers.get("Accept", ""):
        return web.json_response(body)
    return web.Response(text=urlencode(body), content_type="application/x-www-form-urlencoded")
