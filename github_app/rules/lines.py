"""What a log's line says once time stamps, colours and everything invisible are gone (X28)."""

from __future__ import annotations

import re
from typing import Final

WIDTH: Final = 400
"""Characters kept of one line."""

# Python's own engine is safe here: no two repeats of these patterns can match the same characters.
# `gh run view --log` puts the job and the step before each line.
_STAMP: Final = re.compile(
    r"(?:([^\t\n]{1,200})\t[^\t\n]{1,200}\t)?\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?"
)
_ESCAPE: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-9;:?<=>]*[ -/]*[@-~]|\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_=>78c])"
)
# Letters and marks to Unicode, but nothing to a reader: joiners, fillers, variation selectors (Default_Ignorable).
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def unstamped(line: str) -> tuple[str | None, str]:
    """Give the rest of the line behind its time stamp, and before it the job that the stamp names, often "".

    The job is None where there is no time stamp.
    """
    stamp = _STAMP.match(line)
    return (stamp[1] or "", line[stamp.end() :]) if stamp else (None, line)


def visible(text: str) -> str:
    """Give the text without colours, control and bidi characters; of a bar that redraws itself only the last state.

    What is visible stays as it is: doing it twice changes nothing more.
    """
    if not text.isascii():
        text = _UNSEEN.sub("", text)
    if text.isprintable():
        return text
    text = _ESCAPE.sub("", text).rstrip("\r\n")
    text = text.rsplit("\r", 1)[-1]
    return "".join(map(_visible, text))


def tidy(line: str) -> str:
    """Give a whole line that is all visible, its time stamp still on."""
    if line.isascii() and line.isprintable():
        return line
    stamp = _STAMP.match(line)
    start = stamp.end() if stamp else 0
    return visible(line[:start]) + visible(line[start:])


def clean(line: str) -> str:
    """Give a line of a log as a person would see it. Not cut to `WIDTH`: matching sees the whole line."""
    return visible(unstamped(line)[1])


def _visible(char: str) -> str:
    if char.isprintable() or char == "\t":
        return char
    return " " if char.isspace() else ""
