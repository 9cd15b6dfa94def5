"""Markdown as the pages show it: like a code host's, with the little HTML that people use there and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

_TAG = re.compile(r"(<!--.*?(?:-->|\Z)|</?[a-zA-Z][^<>]*>)", re.DOTALL)
_HARMLESS = re.compile(
    r"</?(?:details|summary|br|sub|sup|kbd|b|i|strong|em|code|p|table|tr|td|th)\s*/?>", re.IGNORECASE
)


def harmless_html(text: str) -> str:
    """Raw HTML without comments; tags that can do nothing stay, all else becomes visible text."""
    parts = []
    for part in _TAG.split(text):
        if part.startswith("<!--"):
            continue
        parts.append(part if _HARMLESS.fullmatch(part) else str(escape(part)))
    return "".join(parts)


def _raw_html(
    _renderer: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return harmless_html(tokens[index].content)


def renderer() -> MarkdownIt:
    """CommonMark with tables and strikethrough; no images, since they would call other hosts."""
    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).disable("image")
    made.add_render_rule("html_block", _raw_html)
    made.add_render_rule("html_inline", _raw_html)
    return made


def render(text: str | None) -> Markup:
    """Safe HTML of a Markdown text; nothing for nothing."""
    return Markup(renderer().render(text or ""))  # noqa: S704  (raw HTML is filtered, the rest escaped by the renderer)
