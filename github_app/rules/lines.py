"""What a log's line says once time stamps, colours and everything invisible are gone (X28)."""

from __future__ import annotations

import re
from typing import Final

WIDTH: Final = 400
"""Characters kept of one line."""

# Python's own engine is safe here: no two repeats of these patterns can match the same characters.
# `gh run view --log` puts the job and the step before each line.
_STAMP: Final = re.compile(
    r"(?:([^\t\n]{1,200})\t([^\t\n]{1,200})\t)?\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?"
)
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_=>78c])")


def stamped(line: str) -> bool:
    """Whether the line begins with a time stamp as the log of a GitHub job has it."""
    return _STAMP.match(line) is not None


def place(line: str) -> tuple[str, str]:
    """Give the job and the step that `gh run view --log` names before the time stamp; empty without them."""
    stamp = _STAMP.match(line)
    return (stamp[1] or "", stamp[2] or "") if stamp else ("", "")


def clean(line: str) -> str:
    """Give the line as a person would see it: no time stamp, no colours, no control or bidi characters.

    Of a progress bar that redraws itself only the last state stays. Not cut to `WIDTH`: matching sees the whole line.
    """
    if stamp := _STAMP.match(line):
        line = line[stamp.end() :]
    if line.isprintable():
        return line
    line = _ESCAPE.sub("", line).rstrip("\r\n")
    line = line.rsplit("\r", 1)[-1]
    return "".join(map(_visible, line))


def _visible(char: str) -> str:
    if char.isprintable() or char == "\t":
        return char
    return " " if char.isspace() else ""
