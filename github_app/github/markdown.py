"""Strangers' text in Markdown: shown as it is, never obeyed (T19).

Everything that goes through here can neither mention, link, close issues, open HTML nor break out of its place. Only
what could begin Markdown is escaped, so that the text can be read where nobody renders it, in a mail or an API answer.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_MARKUP = re.compile(r"[\\`*\[\]<|~$]|&(?=#?\w{1,40};)|(?<![^\W_])_|_(?![^\W_])|#$")
_AT_START = re.compile(r"[#>+=-]|(?<=\d)[.)](?=\s|$)")
_NUMBER = re.compile(r"\d{1,9}")
_REFERENCE = re.compile(r"(@|#(?=\w)|\bGH-(?=\d)|\b(?:https?|ftp|www|mailto|xmpp)(?=[:.]))", re.IGNORECASE)
_QUOTED = re.compile(r"`([^`]+)`")
_ZERO = "\u200b"
"""GitHub looks for mentions and links after rendering, when a backslash is gone; this still stands there."""


def clean(text: str) -> str:
    """Return text without what cannot be seen, hides or reorders other text; line ends stay (X36)."""
    lines = text.replace("\r\n", "\n").replace("\t", "    ").split("\n")
    return "\n".join(line if line.isprintable() else _visible(line) for line in lines)


def one_line(text: str, limit: int) -> str:
    """Return text as one line of at most `limit` characters that can all be seen."""
    line = " ".join(clean(text[: 20 * limit + 1000]).split())
    return line if len(line) <= limit else line[: limit - 1] + ELLIPSIS


def plain(text: str, limit: int = 300) -> str:
    """Return one line of text as Markdown that renders as exactly that text, at most `limit` characters."""
    return _escaped(one_line(text, limit))


def sentence(text: str, limit: int = 600) -> str:
    """Return one line like `plain`, but with what stands between backticks shown as code."""
    parts = _QUOTED.split(one_line(text, limit))
    shown = [code(part) if index % 2 else _escaped(part) or _ZERO for index, part in enumerate(parts)]
    return "".join(shown).strip(_ZERO)


def code(text: str, limit: int = 200) -> str:
    """Return one line as inline code, where nothing is a mention or a link; no bar in it can end a table cell."""
    line = one_line(text, limit).replace("|", "\u00a6")
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(text: str, language: str = "text") -> str:
    """Return lines as a code block whose fence is longer than any in it."""
    body = clean(text)
    fence = "`" * max(3, _longest_run(body) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def cut(text: str, limit: int, link: str = "") -> str:
    """Return text of at most `limit` UTF-8 bytes; a cut one says so, closes its fence and links to the rest (X35).

    `limit` must leave room for that last line.
    """
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return raw.decode()
    end = f"\n\n{ELLIPSIS} cut here" + (f": [the rest]({link})" if link else "") + "\n"
    room = limit - len(end.encode()) - _longest_run(text) - 1
    kept = raw[: max(0, room)].decode("utf-8", "ignore")
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept
    return kept + _closing(kept) + end


def _visible(line: str) -> str:
    """Drop escape sequences and invisible characters; odd spaces become plain ones, half characters a question mark."""
    kept = _ESCAPE_SEQUENCE.sub("", line)
    return "".join(char if char.isprintable() else _STAND_INS.get(unicodedata.category(char), "") for char in kept)


_STAND_INS = {"Zs": " ", "Cs": "\ufffd"}


def _escaped(line: str) -> str:
    escaped = _MARKUP.sub(r"\\\g<0>", line)
    start = _AT_START.match(escaped, _digits(escaped))
    if start:
        escaped = f"{escaped[: start.start()]}\\{escaped[start.start() :]}"
    return _REFERENCE.sub(r"\1" + _ZERO, escaped)


def _digits(line: str) -> int:
    number = _NUMBER.match(line)
    return number.end() if number else 0


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
