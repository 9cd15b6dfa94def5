"""What every response carries, and what none gives away."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import AsyncIterator, Mapping
from enum import Enum
from html.parser import HTMLParser
from typing import Any

import pytest
import structlog
from aiohttp import web
from web_world import THEIRS, World, a_failure, a_timeline, a_world
from yarl import URL

from github_app.engine import Entry
from github_app.rules.records import Failure
from github_app.web.pages import Site
from github_app.web.security import headers

OURS_ID = "f0123456789abcdef0123"
THEIRS_ID = "f9876543210fedcba9876"
CANARY = "XCANARYX"

PAYLOADS = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    " java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "</code></li></ol><svg onload=alert(1)>",
    "<!--",
    "--><b>",
    "]]><b>",
    "<style>*{display:none}</style>",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "{{ 7 * 7 }}{% raw %}",
    "<iframe src=//evil.example></iframe>",
    "</textarea><form action=//evil.example><input name=a>",
    "\x00<b>\x1b[31m",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "//evil.example",
]


class Skeleton(HTMLParser):
    """The elements of a page with their attributes' names and the addresses that it leads to."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [str(value) for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def filled(value: Any, text: str) -> Any:
    """Put `text` into every free text of a value; enumerations, times and numbers stay."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {field.name: filled(getattr(value, field.name), text) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(filled(item, text) for item in value)
    if isinstance(value, Mapping):
        return {text: text}
    return text if isinstance(value, str) and not isinstance(value, Enum) else value


async def page_filled_with(world: World, text: str) -> Skeleton:
    failure: Failure = filled(a_failure(), text)
    world.records.failures[OURS_ID] = failure
    world.records.journal[failure.id] = [filled(entry, text) for entry in a_timeline(a_failure())]
    response = await world.browser.get(f"/failures/{OURS_ID}")
    assert response.status == 200
    return Skeleton(await response.text())


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_whatever_a_stranger_writes_stays_text(world: World, payload: str) -> None:
    """T21: the page has the same elements, attributes and safe addresses as with a harmless text."""
    await world.sign_in()
    harmless, hostile = await page_filled_with(world, "x"), await page_filled_with(world, payload)
    assert hostile.elements == harmless.elements
    for address in hostile.addresses:
        assert address == "/" or address.startswith(("/static/", "/logout", "#", "https://docs.", world.github_url))


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\x1b", "\x00", "\x7f", "\ud800"])
async def test_invisible_characters_are_shown_by_their_code_point(world: World, hidden: str) -> None:
    await world.sign_in()
    page = await page_filled_with(world, f"a{hidden}b")
    assert f"a[U+{ord(hidden):04X}]b" in page.text
    assert hidden not in page.text


async def test_a_job_may_not_lead_to_a_script(world: World) -> None:
    await world.sign_in()
    page = await page_filled_with(world, "javascript:alert(1)")
    assert not [address for address in page.addresses if address.lower().startswith("javascript")]


# --- tenants ---------------------------------------------------------------------------------------------------------


def addresses(app: web.Application, failure_id: str) -> list[str]:
    known = {resource.canonical for resource in app.router.resources()}
    return sorted(path.replace("{id}", failure_id) for path in known)


async def test_a_visitor_sees_no_byte_of_a_repository_that_he_may_not_read(world: World) -> None:
    """T24, P17: every route, crawled with the other tenant's ids, holds none of its canaries."""
    theirs: Failure = filled(a_failure(THEIRS_ID, THEIRS), CANARY)
    world.records.failures[THEIRS_ID] = theirs
    world.records.journal[theirs.id] = [filled(entry, CANARY) for entry in a_timeline(theirs)]
    await world.sign_in(next=f"/failures/{THEIRS_ID}")
    paths = [*addresses(world.app, THEIRS_ID), *addresses(world.app, OURS_ID)]
    assert f"/failures/{THEIRS_ID}" in paths
    for path in paths:
        response = await world.browser.get(path, allow_redirects=False)
        seen = repr(response.headers) + await response.text()
        assert CANARY not in seen, path


async def test_the_journal_of_another_repository_never_shows(world: World) -> None:
    await world.sign_in()
    foreign = dataclasses.replace(a_timeline(a_failure())[0], repo_id=THEIRS.id, reason=CANARY)
    world.records.journal[OURS_ID].append(foreign)
    assert isinstance(foreign, Entry)
    assert CANARY not in await (await world.browser.get(f"/failures/{OURS_ID}")).text()


async def test_an_answer_is_asked_for_once_a_minute(world: World) -> None:
    await world.sign_in()
    for _ in range(3):
        await world.browser.get(f"/failures/{OURS_ID}")
    assert len(world.members.asked) == 1


async def test_whoever_lost_access_is_shut_out_after_a_minute(world: World) -> None:
    await world.sign_in()
    await world.browser.get(f"/failures/{OURS_ID}")
    world.members.rights.clear()
    world.later(seconds=60)
    assert (await world.browser.get(f"/failures/{OURS_ID}")).status == 404


async def test_access_can_be_forgotten_at_once(world: World) -> None:
    await world.sign_in()
    await world.browser.get(f"/failures/{OURS_ID}")
    world.members.rights.clear()
    world.access.forget(THEIRS.id)
    assert (await world.browser.get(f"/failures/{OURS_ID}")).status == 200
    world.access.forget(11)
    assert (await world.browser.get(f"/failures/{OURS_ID}")).status == 404


# --- headers and errors ----------------------------------------------------------------------------------------------


async def broken(request: web.Request) -> web.Response:
    raise RuntimeError(CANARY)


async def taken(request: web.Request) -> web.Response:
    raise web.HTTPAccepted(text="kept")


@pytest.fixture
async def wide() -> AsyncIterator[World]:
    async with a_world(extra=[web.get("/broken", broken), web.post("/webhook", taken)]) as world:
        yield world


REQUESTS = [
    ("GET", "/", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/login", 303),
    ("GET", "/login/callback", 400),
    ("POST", "/logout", 303),
    ("GET", f"/failures/{OURS_ID}", 303),
    ("GET", "/static/style.css", 200),
    ("GET", "/static/none.css", 404),
    ("GET", "/static/..%2fpages.py", 404),
    ("GET", "/nothing", 404),
    ("PUT", "/", 405),
    ("GET", "/broken", 500),
    ("POST", "/webhook", 202),
]


def test_no_route_is_missing_from_the_table_of_requests(wide: World) -> None:
    asked = {path for _, path, _ in REQUESTS}
    known = set(addresses(wide.app, OURS_ID)) - {"/static"}
    assert known <= asked


@pytest.mark.parametrize(("method", "path", "status"), REQUESTS)
async def test_every_response_carries_the_headers(wide: World, method: str, path: str, status: int) -> None:
    response = await wide.browser.request(method, URL(path, encoded=True), allow_redirects=False)
    assert response.status == status
    carried = response.headers
    assert carried["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action 'self' {wide.github_url}; base-uri 'none'; frame-ancestors 'none'"
    )
    assert carried["X-Content-Type-Options"] == "nosniff"
    assert carried["Referrer-Policy"] == "no-referrer"
    assert carried["Cross-Origin-Opener-Policy"] == "same-origin"
    assert carried["Cache-Control"] == ("max-age=3600" if path == "/static/style.css" else "no-store")
    assert len(carried["X-Request-Id"]) == 16
    assert "Server" not in carried
    assert "Strict-Transport-Security" not in carried


def test_https_is_demanded_only_where_it_is_spoken() -> None:
    assert headers(Site("https://reviews.example", "https://github.com"))["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in headers(Site("http://127.0.0.1:1", "https://github.com"))


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
async def test_an_unforeseen_error_tells_nothing(wide: World, accept: str) -> None:
    text = await (await wide.browser.get("/broken", headers={"Accept": accept})).text()
    assert "500" in text
    assert CANARY not in text
    assert "Traceback" not in text


async def test_an_unforeseen_error_is_logged_under_the_id_of_its_response(wide: World) -> None:
    logged: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.append(structlog.contextvars.get_contextvars()["request_id"])

    ear = Ear()
    logging.getLogger("aiohttp.server").addHandler(ear)
    response = await wide.browser.get("/broken")
    logging.getLogger("aiohttp.server").removeHandler(ear)
    assert logged == [response.headers["X-Request-Id"]]


async def test_people_get_a_page_where_machines_get_a_line(wide: World) -> None:
    page = await wide.browser.get("/nothing", headers={"Accept": "text/html,*/*"})
    line = await wide.browser.get("/nothing")
    assert "There is nothing at this address." in await page.text()
    assert await line.text() == "404: Not Found"


async def test_the_pages_hold_no_script_and_no_style_of_their_own(world: World) -> None:
    """The policy would forbid them, so they would be dead."""
    await world.sign_in()
    for path in ("/", f"/failures/{OURS_ID}", f"/failures/{THEIRS_ID}"):
        page = Skeleton(await (await world.browser.get(path)).text())
        assert not [tag for tag, _ in page.elements if tag in {"script", "style", "iframe", "object"}]
        assert not [names for _, names in page.elements if any(name.startswith(("on", "style")) for name in names)]


async def test_the_landing_page_shows_no_data(world: World) -> None:
    text = await (await world.browser.get("/")).text()
    assert "Whose failure is it?" in text
    assert 'href="/login"' in text
    assert 'href="https://docs.example/"' in text
    assert "acme" not in text
