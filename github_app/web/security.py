"""What every response carries, and what none gives away: headers, a request id, plain errors (T21, T28)."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from github_app.web.pages import Pages, Site

_ID: Final = web.RequestKey("request id", str)
_SENTENCES: Final = {
    404: "There is nothing at this address.",
    405: "This address does not take that kind of request.",
    413: "What was sent is too large.",
}


def headers(site: Site) -> dict[str, str]:
    """Return the headers of every response of a site.

    Pages load our own style and pictures and nothing else: no script, no frame, no form but ours and GitHub's.
    """
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action 'self' {site.github_url}; base-uri 'none'; frame-ancestors 'none'"
    )
    always = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return always | ({"Strict-Transport-Security": "max-age=31536000"} if site.https else {})


def stamp(site: Site) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Make the signal that puts the headers on; it also sees errors that no middleware can."""
    fixed = headers(site)

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(fixed)
        response.headers.pop("Server", None)  # a banner only tells which holes to try
        response.headers["X-Request-Id"] = request.get(_ID, "")
        lasting = request.path.startswith("/static/") and response.status < HTTPStatus.BAD_REQUEST
        response.headers.setdefault("Cache-Control", "max-age=3600" if lasting else "no-store")

    return prepare


@web.middleware
async def name_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id that the response carries, and every line that is logged meanwhile.

    It stays bound afterwards: the server logs an unforeseen error of this request later in the same task.
    """
    request[_ID] = secrets.token_hex(8)
    structlog.contextvars.bind_contextvars(request_id=request[_ID])
    return await handler(request)


def plain_errors(pages: Pages) -> Middleware:
    """Make the middleware that shows people a page where a machine gets a line."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPError as error:
            if "text/html" not in request.headers.get("Accept", ""):
                raise
            sentence = _SENTENCES.get(error.status, "This request cannot be answered.")
            return pages.say(HTTPStatus(error.status).phrase, sentence, status=error.status)

    return middleware
