"""What a log's line says once time stamps, colours and everything invisible are gone (X28)."""

from __future__ import annotations

import re
from typing import Final

WIDTH: Final = 600
"""Characters kept of one line."""

_MARKS: Final = "(?:\ufeff|\u2229\u2557\u2510|\u00b4\u2557\u2510|\u00ef\u00bb\u00bf)"
"""A byte order mark, also as a console shows it that takes UTF-8 for something older."""

# Python's own engine is safe here: no two repeats of these patterns can match the same characters.
# `gh run view --log` puts the job and the step before each line.
_TIME: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ?"
_STAMP: Final = re.compile(rf"(?:([^\t\n]{{1,200}})\t[^\t\n]{{1,200}}\t)?{_MARKS}?{_TIME}")
_STAMP_BYTES: Final = re.compile(_STAMP.pattern.encode())
_CSI: Final = r"[0-9;:?<=>]*[ -/]*[@-~]"
_ESCAPES: Final = rf"\x1b(?:\[{_CSI}|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\^_=>78c])"
_ESCAPE: Final = re.compile(rf"{_ESCAPES}|\x9b{_CSI}")
_ESCAPE_BYTES: Final = re.compile(_ESCAPES.encode())

# Letters and marks to Unicode, but nothing to a reader: joiners, fillers, variation selectors (Default_Ignorable).
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

STAMP: Final = (
    rf"(?:\x{{feff}}|\x{{2229}}\x{{2557}}\x{{2510}}|\x{{b4}}\x{{2557}}\x{{2510}}|\x{{ef}}\x{{bb}}\x{{bf}})?{_TIME}"
)
"""The time stamp that a line may begin with, for RE2."""

JOBBED: Final = rf"^[^\t\n]+\t[^\t\n]+\t{STAMP}"
"""A line that names its job before its time stamp, for RE2."""

_ASCII: Final = bytes(range(128))
_SPACES: Final = b"\x0b\x0c\x1c\x1d\x1e\x1f"
_AS_BLANKS: Final = bytes.maketrans(_SPACES, b" " * len(_SPACES))
_CONTROLS: Final = bytes(code for code in (*range(32), 127) if code not in b"\t\n\r" + _SPACES)


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
    return text if text.replace("\t", "").isprintable() else "".join(map(_visible, text))


def tidy(line: str) -> str:
    """Give a whole line that is all visible, its time stamp still on."""
    if line.isascii() and line.isprintable():
        return line
    stamp = _STAMP.match(line)
    start = stamp.end() if stamp else 0
    return visible(line[:start]) + visible(line[start:])


def tidy_block(raw: bytes) -> bytes:
    """Give a block of whole lines, each as `tidy` gives it; bytes that are no UTF-8 are replaced by question marks.

    What can be done to the whole block at once is; a megabyte of ordinary lines takes a few milliseconds.
    """
    if b"\r" in raw:
        raw = _redrawn(raw.replace(b"\r\n", b"\n"))
    seen = raw if raw.isascii() else _in_plain_utf8(raw)
    if b"\x1b" in seen:
        # What is no colour, as a link, may reach over the time stamp of a line that names its job.
        is_far = b"\x1b]" in seen and b"\t20" in seen
        seen = b"\n".join(map(_tidied, raw.split(b"\n"))) if is_far else _ESCAPE_BYTES.sub(b"", seen)
    return seen.translate(_AS_BLANKS, _CONTROLS)


def _in_plain_utf8(raw: bytes) -> bytes:
    """Give the block without what is invisible and no ASCII."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        raw = raw.decode("utf-8", "replace").encode()
    beyond = raw.translate(None, _ASCII).decode()
    if not beyond.isprintable():
        return b"\n".join(line if line.isascii() else _tidied(line) for line in raw.split(b"\n"))
    return _UNSEEN.sub("", raw.decode()).encode() if _UNSEEN.search(beyond) else raw


def _tidied(line: bytes) -> bytes:
    return tidy(line.decode("utf-8", "replace")).encode()


def _redrawn(raw: bytes) -> bytes:
    """Tidy the lines of bars that redraw themselves; the others stay as they came."""
    parts, done, at = [], 0, raw.find(b"\r")
    while at >= 0:
        start, end = raw.rfind(b"\n", done, at) + 1 or done, raw.find(b"\n", at)
        end = len(raw) if end < 0 else end
        parts += [raw[done:start], _last_state(raw[start:end])]
        done, at = end, raw.find(b"\r", end)
    return b"".join([*parts, raw[done:]])


def _last_state(line: bytes) -> bytes:
    if b"\x1b" in line or not line.isascii():
        return _tidied(line)
    stamp = _STAMP_BYTES.match(line)
    start = stamp.end() if stamp else 0
    return b"".join(part.rstrip(b"\r").rpartition(b"\r")[2] for part in (line[:start], line[start:]))


def clean(line: str) -> str:
    """Give a line of a log as a person would see it. Not cut to `WIDTH`: matching sees the whole line."""
    return visible(unstamped(line)[1])


def quoted(text: str, told: str, width: int) -> str:
    """Give as much of a text: its beginning, or of a long one what stands around `told`, where that comes later."""
    at = text.find(told) if told else 0
    return text[:width] if at < width // 2 else "…" + text[at - width // 4 :][: width - 1]


def _visible(char: str) -> str:
    if char.isprintable() or char == "\t":
        return char
    return " " if char.isspace() else ""
