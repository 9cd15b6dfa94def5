"""Strangers' text in Markdown: shown as it is, never obeyed (T19).

Everything that goes through here can neither mention, link, close issues, open HTML nor break out of its place.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Control, invisible and direction-changing characters: what is read must be what is there."""

_SURROGATES = re.compile(r"[\ud800-\udfff]")
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$-])")
_LINKS = re.compile(r"(?i)\b(https?|ftp|www|mailto)(?=[:.])")
_ZERO = "\u200b"

ELLIPSIS = "…"


def clean(text: str) -> str:
    """Return text without characters that cannot be seen or that hide others; line ends stay."""
    return _CONTROL.sub("", _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n").replace("\t", "    ")))


def plain(text: str, limit: int = 300) -> str:
    """Return one line of text as Markdown that renders as exactly that text, at most `limit` characters."""
    line = " ".join(clean(text).split())
    line = line if len(line) <= limit else line[: limit - 1] + ELLIPSIS
    escaped = _PUNCTUATION.sub(r"\\\1", line)
    return _LINKS.sub(lambda match: match[0] + _ZERO, escaped.replace("@", "@" + _ZERO))


def code(text: str, limit: int = 200) -> str:
    """Return one line as inline code, where nothing is a mention or a link; no bar in it can end a table cell."""
    line = " ".join(clean(text).split())
    line = (line if len(line) <= limit else line[: limit - 1] + ELLIPSIS).replace("|", "\u00a6")
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(text: str, language: str = "text") -> str:
    """Return lines as a code block whose fence is longer than any in it."""
    body = clean(text)
    fence = "`" * max(3, _longest_run(body) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def cut(text: str, limit: int, link: str = "") -> str:
    """Return text of at most `limit` UTF-8 bytes; a cut one says so, closes its fence and links to the rest (X35)."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode()
    end = f"\n\n{ELLIPSIS} cut here" + (f": [the rest]({link})" if link else "") + "\n"
    room = limit - len(end.encode()) - 200
    kept = raw[: max(0, room)].decode("utf-8", "ignore")
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept
    return kept + _closing(kept) + end


def _closing(text: str) -> str:
    """Return the fence that a cut left open, so that what follows is not swallowed by it."""
    open_fence = ""
    for line in text.split("\n"):
        found = re.match(r"(`{3,})", line)
        if found and not open_fence:
            open_fence = found[1]
        elif found and line.strip() == open_fence:
            open_fence = ""
    return f"\n{open_fence}" if open_fence else ""


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
