"""The web application: every route, joined from the parts that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Final

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from github_app.web.access import Access
from github_app.web.failures import FailurePages, FailureReader
from github_app.web.health import Check, Health
from github_app.web.login import NOT_SET_UP, SignIn
from github_app.web.metrics import Backlog, Judgements, Metrics, MetricsPage
from github_app.web.oauth import OAuthApp
from github_app.web.pages import Pages, Site
from github_app.web.proxies import Network, behind
from github_app.web.security import name_request, plain_errors, stamp
from github_app.web.sessions import Sessions, session_cookie

CALLBACK: Final = "/login/callback"


@dataclass(frozen=True, slots=True)
class LoginKeys:
    """What signing in needs; `session_secret` has 32 bytes or more."""

    client_id: str
    client_secret: str = field(repr=False)
    session_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Everything the pages and probes work with.

    `login` None means that nobody can sign in, so nothing is shown. `proxies` are the networks whose `X-Forwarded-*`
    headers are believed. `now` gives the time in UTC.
    """

    site: Site
    failures: FailureReader
    access: Access
    http: aiohttp.ClientSession
    metrics: Metrics
    backlog: Backlog
    judgements: Judgements
    checks: Mapping[str, Check]
    now: Callable[[], datetime]
    login: LoginKeys | None = None
    proxies: Sequence[Network] = ()


def build_web(
    parts: Collaborators, extra_routes: Iterable[web.AbstractRouteDef] = (), max_body: int = 1024 * 1024
) -> web.Application:
    """Join the routes; `max_body` is the largest body in bytes (L12). Raises `ValueError` for a short secret."""
    pages = Pages(parts.site)
    app = web.Application(client_max_size=max_body)
    app.middlewares.append(name_request)
    if parts.proxies:
        app.middlewares.append(behind(parts.proxies))
    sessions = _add_login(app, parts, pages)
    app.middlewares.append(plain_errors(pages))
    app.on_response_prepare.append(stamp(parts.site))
    app.router.add_get("/", _landing(pages, sessions))
    app.router.add_get("/failures/{id}", FailurePages(parts.failures, parts.access, sessions, pages, parts.now).show)
    app.router.add_static("/static", str(files("github_app.web") / "static"))
    app.router.add_routes(Health(parts.checks).routes)
    _add_metrics(app, parts)
    app.router.add_routes(extra_routes)
    return app


def _add_login(app: web.Application, parts: Collaborators, pages: Pages) -> Sessions | None:
    keys = parts.login
    if keys is None:
        app.router.add_get("/login", _how_to_set_up(pages))
        return None
    site = parts.site
    sessions = Sessions(session_cookie(keys.session_secret, https=site.https), lambda: parts.now().timestamp())
    oauth = OAuthApp(keys.client_id, keys.client_secret, site.github_url, site.public_url + CALLBACK)
    app.middlewares.append(sessions.middleware)
    app.router.add_routes(SignIn(oauth, parts.http, sessions, pages).routes)
    return sessions


def _add_metrics(app: web.Application, parts: Collaborators) -> None:
    page = MetricsPage(parts.metrics, parts.backlog, parts.judgements)
    app.router.add_get("/metrics", page.scrape)
    app.cleanup_ctx.append(page.watch)


def _landing(pages: Pages, sessions: Sessions | None) -> Handler:
    async def landing(request: web.Request) -> web.Response:
        visitor = await sessions.visitor(request) if sessions else None
        return pages.show("landing.html", sign_out=visitor.form_token if visitor else None, login=sessions is not None)

    return landing


def _how_to_set_up(pages: Pages) -> Handler:
    async def how(request: web.Request) -> web.Response:  # noqa: ARG001  (a handler)
        return pages.say("Signing in is not set up", *NOT_SET_UP, status=503)

    return how
