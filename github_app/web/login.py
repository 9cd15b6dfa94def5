"""Signing in with GitHub and out again: `/login`, `/login/callback`, `/logout`."""

from __future__ import annotations

import re
from typing import Final

import aiohttp
import structlog
from aiohttp import web
from yarl import URL

from github_app.web.oauth import UNCLEAR, OAuthApp, Refused, authorize_url, exchange
from github_app.web.pages import Pages
from github_app.web.sessions import Sessions, is_own_form

NOT_SET_UP: Final = (
    "Nobody can sign in on this server yet, so it shows no failures.",
    "Whoever runs it sets GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, SESSION_SECRET (32 random bytes) and PUBLIC_URL.",
    "The first two are on the GitHub App's settings page, where PUBLIC_URL/login/callback must be a callback URL.",
)

# Printable ASCII without blanks and backslashes: browsers drop tabs and newlines, and read `\` as `/`.
_PATH = re.compile(r"/(?!/)[!-\[\]-~]{0,200}")
_log = structlog.get_logger()


class SignIn:
    """The three routes, for one App."""

    def __init__(self, app: OAuthApp, http: aiohttp.ClientSession, sessions: Sessions, pages: Pages) -> None:
        self._app = app
        self._http = http
        self._sessions = sessions
        self._pages = pages

    @property
    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/login", self.login, allow_head=False),
            web.get("/login/callback", self.callback, allow_head=False),
            web.post("/logout", self.logout),
        ]

    async def login(self, request: web.Request) -> web.Response:
        begun = await self._sessions.begin(request, own_path(request.query.get("next", "/")))
        raise web.HTTPSeeOther(authorize_url(self._app, begun.state, begun.verifier))

    async def callback(self, request: web.Request) -> web.Response:
        begun = await self._sessions.take(request, _only(request, "state"))
        if begun is None:
            return self._failed("This sign-in was not begun in this browser, was finished before, or took too long.")
        if request.query.get("error") == "access_denied":
            return self._failed("You declined to sign in at GitHub.", begun.next)
        code = _only(request, "code")
        if not code:
            return self._failed(UNCLEAR, begun.next)
        try:
            grant = await exchange(self._http, self._app, code, begun.verifier)
        except Refused as why:
            _log.warning("a sign-in failed", reason=why.reason)
            return self._failed(why.reason, begun.next)
        await self._sessions.sign_in(request, grant)
        raise web.HTTPSeeOther(self._pages.site.public_url + begun.next)

    async def logout(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.visitor(request)
        if visitor is not None:
            form = await request.post()
            if is_foreign(request, self._pages.site.public_url) or not is_own_form(visitor, str(form.get("token", ""))):
                return self._pages.say("Not signed out", "This form is not from this site or is too old.", status=403)
            await self._sessions.sign_out(request)
        raise web.HTTPSeeOther(self._pages.site.public_url + "/")

    def _failed(self, reason: str, destination: str = "/") -> web.Response:
        return self._pages.say("You are not signed in", reason, status=400, retry=login_path(destination))


def own_path(wanted: str) -> str:
    """Return `wanted` if it is a page of ours to return to after signing in, else the landing page (T25)."""
    return wanted if _PATH.fullmatch(wanted) else "/"


def login_path(destination: str) -> str:
    return str(URL("/login").with_query(next=destination))


def is_foreign(request: web.Request, origin: str) -> bool:
    """Whether the browser says that a form was sent by another site; a browser that says nothing proves nothing."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site != "same-origin"
    # `null` is what our own pages send, since they give no referrer; the form's token decides about those.
    return request.headers.get("Origin", "null") not in {"null", origin}


def _only(request: web.Request, name: str) -> str:
    values = request.query.getall(name, [])
    return values[0] if len(values) == 1 else ""
