"""Who is signed in, kept in one encrypted cookie: logins under way, then the user token (T25).

The server keeps no session, so replicas need not share one; what has to be spent once is remembered until it expires.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp_session import Session
from aiohttp_session.cookie_storage import EncryptedCookieStorage
from cachetools import TTLCache
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from github_app.web.oauth import Grant

IDLE_S: Final = 30 * 60
ABSOLUTE_S: Final = 8 * 60 * 60
LOGIN_S: Final = 10 * 60
"""How long a visitor may take at GitHub."""

_SLIDE_S: Final = 60  # a visit within a minute of the last writes no new cookie
_MOST_LOGINS: Final = 5  # tabs that sign in side by side
_LEAST_SECRET: Final = 32
_CHANGED: Final = web.RequestKey("changed session", Session)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who signed in; `form_token` proves that a form is ours."""

    token: str = field(repr=False)
    form_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Login:
    """A login under way: what GitHub must repeat, what only we know, and where the visitor wanted to go."""

    state: str
    verifier: str = field(repr=False)
    next: str


class SessionCookie(EncryptedCookieStorage):
    """The encrypted cookie; it can also be deleted under its `__Host-` name, which browsers do only with Secure."""

    def save_cookie(self, response: web.StreamResponse, cookie_data: str, *, max_age: int | None = None) -> None:
        if cookie_data:
            super().save_cookie(response, cookie_data, max_age=max_age)
        else:
            secure = bool(self.cookie_params.get("secure"))
            response.del_cookie(self.cookie_name, path="/", secure=secure, httponly=True, samesite="Lax")


def session_cookie(secret: bytes, *, https: bool) -> SessionCookie:
    """Make the cookie of the site; raises `ValueError` for a secret under 32 bytes.

    On plain HTTP, which is for a demo on loopback, browsers accept neither the `__Host-` prefix nor Secure.
    """
    if len(secret) < _LEAST_SECRET:
        raise ValueError("SESSION_SECRET needs at least 32 bytes")
    key = HKDF(SHA256(), 32, salt=None, info=b"failure-review session cookie").derive(secret)
    name = "__Host-failure-review" if https else "failure-review"
    return SessionCookie(key, cookie_name=name, secure=https or None, httponly=True, samesite="Lax")


class Sessions:
    """Reads and writes the cookie; `clock` gives seconds since the epoch."""

    def __init__(self, cookie: SessionCookie, clock: Callable[[], float] = time.time) -> None:
        self._cookie = cookie
        self._clock = clock
        self._spent: TTLCache[str, bool] = TTLCache(100_000, LOGIN_S, timer=clock)

    @property
    def middleware(self) -> Middleware:
        """Send the cookie with the response when it has changed.

        The middleware of aiohttp-session does the same under a text key, about which aiohttp 3.14 warns.
        """

        @web.middleware
        async def send(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                response = await handler(request)
            except web.HTTPException as answer:
                await self._send(request, answer)
                raise
            await self._send(request, response)
            return response

        return send

    async def visitor(self, request: web.Request) -> Visitor | None:
        """Return who is signed in, and keep the session alive; None when nobody is, or was for too long."""
        session = await self._load(request)
        user = session.get("user")
        now = self._clock()
        if not user:
            return None
        if now >= user["until"] or now >= user["seen"] + IDLE_S:
            request[_CHANGED] = await self._cookie.new_session()
            return None
        if now >= user["seen"] + _SLIDE_S:
            session["user"] = user | {"seen": now}
            request[_CHANGED] = session
        return Visitor(user["token"], user["form_token"])

    async def begin(self, request: web.Request, destination: str) -> Login:
        """Start a login that ends at `destination`, a path of ours."""
        session = await self._load(request)
        login = Login(secrets.token_urlsafe(16), secrets.token_urlsafe(48), destination)
        waiting = [(state, kept) for state, kept in _logins(session).items() if self._fresh(kept)]
        newest = dict(waiting[-(_MOST_LOGINS - 1) :])
        session["logins"] = newest | {login.state: [login.verifier, destination, self._clock()]}
        request[_CHANGED] = session
        return login

    async def take(self, request: web.Request, state: str) -> Login | None:
        """Return the login that this browser began with `state`, once."""
        session = await self._load(request)
        logins = _logins(session)
        kept = logins.pop(state, None)
        # An old cookie could bring a login back; the memory of what was spent does not.
        if kept is None or not self._fresh(kept) or state in self._spent:
            return None
        self._spent[state] = True
        session["logins"] = logins
        request[_CHANGED] = session
        verifier, destination, _ = kept
        return Login(state, verifier, destination)

    async def sign_in(self, request: web.Request, grant: Grant) -> None:
        """Begin a new session, which keeps nothing of the one before."""
        session = await self._cookie.new_session()
        now = self._clock()
        until = now + min(ABSOLUTE_S, grant.lifetime_s or ABSOLUTE_S)
        form_token = secrets.token_urlsafe(16)
        session["user"] = {"token": grant.token, "form_token": form_token, "seen": now, "until": until}
        request[_CHANGED] = session

    async def sign_out(self, request: web.Request) -> None:
        request[_CHANGED] = await self._cookie.new_session()

    async def _load(self, request: web.Request) -> Session:
        changed = request.get(_CHANGED)
        return await self._cookie.load_session(request) if changed is None else changed

    async def _send(self, request: web.Request, response: web.StreamResponse) -> None:
        session = request.get(_CHANGED)
        if session is not None and not response.prepared:
            await self._cookie.save_session(request, response, session)

    def _fresh(self, kept: list[Any]) -> bool:
        return bool(self._clock() < kept[2] + LOGIN_S)


def is_own_form(visitor: Visitor, sent: str) -> bool:
    return hmac.compare_digest(visitor.form_token.encode(), sent.encode(errors="replace"))


def _logins(session: Session) -> dict[str, list[Any]]:
    return dict(session.get("logins", {}))
