"""XML of test tools, read piece by piece: bounded, and without document types or entities (T18)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from xml.parsers import expat

from github_app.rules.results.loose import decoded
from github_app.rules.results.values import Unusable

MAX_XML: Final = 20 * 1024 * 1024
MAX_ELEMENTS: Final = 300_000
MAX_DEPTH: Final = 100
MAX_TAG: Final = 2 * 1024 * 1024
MAX_REFERENCES: Final = 500_000
_CHUNK: Final = 256 * 1024
_CONTROLS: Final = bytes(code for code in range(32) if code not in {9, 10, 13})  # no XML 1.0 has them, tests print them
_BAD_REFERENCE: Final = re.compile(
    rb"&#(?:0{0,6}(?:[0-8]|1[124-9]|2[0-9]|3[01]|5529[6-9]|55[3-9][0-9]{2}|56[0-9]{3}|57[0-2][0-9]{2}|573[0-3][0-9]"
    rb"|5734[0-3])|x0{0,6}(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}));"
)
"""References to characters that XML 1.0 does not have: controls and halves of characters."""

_ENCODING: Final = re.compile(rb"^\s*<\?xml[^>]{0,100}encoding\s*=\s*[\"']([A-Za-z0-9_.-]{1,40})[\"']")
_EIGHT_BITS: Final = {b"iso-8859-1": "latin-1", b"latin1": "latin-1", b"windows-1252": "cp1252"}


def well_formed(data: bytes) -> bytes:
    """Return the file as UTF-8 without the characters that XML forbids and test runners write all the same.

    Raises `Unusable` for what is too large.
    """
    if len(data) > MAX_XML:
        raise Unusable("The file is larger than 20 MB")
    text = decoded(data)
    if text.count(b"&#") > MAX_REFERENCES:
        raise Unusable("The file holds too many references to characters")
    declared = _ENCODING.match(text)
    encoding = _EIGHT_BITS.get(declared[1].lower(), "utf-8") if declared else "utf-8"
    text = text.translate(None, _CONTROLS).decode(encoding, "replace").encode("utf-8", "replace")
    return _BAD_REFERENCE.sub(b"?", text)


def fed(
    data: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> bool:
    """Hand on elements and text as they come; whether they ended as XML must.

    Raises `Unusable` for a document type, and for a tag that is too large.
    """
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        _feed(parser, data)
    except expat.ExpatError:
        return False
    return True


def _feed(parser: expat.XMLParserType, data: bytes) -> None:
    """Parse in pieces, so that others get their turn in between; of a tag that never ends only so much is looked at."""
    for start in range(0, len(data), _CHUNK):
        parser.Parse(data[start : start + _CHUNK])
        if start + _CHUNK - max(0, parser.CurrentByteIndex) > MAX_TAG + _CHUNK:
            raise Unusable("The file has a tag larger than 2 MB")
    parser.Parse(b"", True)  # noqa: FBT003  (expat's own signature)


def _refuse(*_: Any) -> None:
    raise Unusable("The file has a document type, which no test report needs")
