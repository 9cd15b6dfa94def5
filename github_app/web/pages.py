"""Templates become pages: every value is escaped and every invisible character made visible (T21)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from github_app.rules.sla import duration_in_words

# Controls hide text from people, direction marks reorder it, lone surrogates cannot be sent as UTF-8.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9._\[\]:-]+")


def quoting(sentence: str) -> Markup:
    """Show what a sentence quotes between backticks as code; every part is escaped by itself."""
    parts = str(visible(sentence)).split("`")
    if len(parts) % 2 == 0:  # a quotation without an end quotes nothing
        return escape("`".join(parts))
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if number % 2 else escape(part) for number, part in enumerate(parts))


@dataclass(frozen=True, slots=True)
class Site:
    """Where things are: our own origin, the one of GitHub's pages (no API), and our documentation, if it is published.

    Raises `ValueError` when one of the first two is no origin: they stand in the callback URL and in every header.
    """

    public_url: str
    github_url: str
    docs_url: str = ""

    def __post_init__(self) -> None:
        for name, url in (("PUBLIC_URL", self.public_url), ("the address of GitHub's pages", self.github_url)):
            if not _ORIGIN.fullmatch(url):
                raise ValueError(
                    f"{name} has to be scheme and host alone, like https://reviews.example: {url!r} is not"
                )

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


class Pages:
    """The templates of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._templates = Environment(
            loader=PackageLoader("github_app.web"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=visible,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"moment": moment, "duration": duration_in_words, "quoting": quoting}

    def show(self, template: str, *, status: int = 200, sign_out: str | None = None, **facts: Any) -> web.Response:
        """Render a page; `sign_out` is the token of the sign-out form, None when nobody is signed in."""
        text = self._templates.get_template(template).render(site=self.site, sign_out=sign_out, **facts)
        return web.Response(text=text, status=status, content_type="text/html")

    def say(
        self, title: str, *sentences: str, status: int, sign_out: str | None = None, retry: str = ""
    ) -> web.Response:
        """Show a page of a few sentences; `retry` is a path of ours to offer for another try."""
        return self.show(
            "message.html", status=status, sign_out=sign_out, title=title, sentences=sentences, retry=retry
        )


def visible(value: Any) -> Any:
    """Replace what cannot be seen in a text by its code point: `[U+202E]`."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _INVISIBLE.sub(lambda found: f"[U+{ord(found.group()):04X}]", value)


def moment(at: datetime) -> str:
    """Write a time as people read it: `24 Nov 2026, 08:13 UTC`."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC"
