"""Other tools' JSON as values: what is missing, misspelt or of a wrong type is empty, and everything is bounded.

The law: a stranger's document never raises anything but `Unusable`, and its size in memory follows its size in bytes
(T17, T18). It is first counted, then parsed by pydantic's own parser, which refuses deep nesting.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import from_json

from github_app.rules.results.values import Unusable
from pytest_failure_review.report import Severity

MAX_JSON: Final = 10 * 1024 * 1024
MAX_NODES: Final = 400_000
"""Lists and objects of one document; each takes far more memory than the two bytes that it may be written with."""

MAX_VALUES: Final = 1_500_000
MAX_ITEMS: Final = 5_000
"""Items looked at of one list."""

MAX_TEXT: Final = 16_000
"""Characters read of each text; more than is kept, so that no credential is cut before it is redacted."""

MAX_WHOLE: Final = 1_000_000_000
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Loose(BaseModel):
    """An object of which only the named fields are read; none of them can make it invalid."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)[:40] if isinstance(value, float) or abs(value) < 10**30 else ""


def _whole(value: Any) -> int:
    number = _number(value)
    return 0 if number is None else int(min(max(0.0, number), MAX_WHOLE))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value[:40] if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _one(value: Any) -> Any:
    return value if isinstance(value, dict | BaseModel) else {}


def _many(value: Any) -> list[Any]:
    return [item for item in value[:MAX_ITEMS] if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    listed = [value] if isinstance(value, str) else value
    return [text for item in listed[:50] if (text := _text(item))] if isinstance(listed, list) else []


T = TypeVar("T")
Text = Annotated[str, BeforeValidator(_text)]
Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float | None, BeforeValidator(_number)]
Truth = Annotated[bool, BeforeValidator(lambda value: value is True)]
One = Annotated[T, BeforeValidator(_one)]
Many = Annotated[tuple[T, ...], BeforeValidator(_many)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


def decoded(data: bytes) -> bytes:
    """Return a text file as UTF-8 without a byte order mark; PowerShell, for one, writes UTF-16 (about_Encoding)."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data.removeprefix(codecs.BOM_UTF8)


def parsed(data: bytes) -> tuple[Any, bool]:
    """Return a JSON document, and whether it was whole; of one that breaks off what there is of it.

    Raises `Unusable` for what is no JSON, too large, or too finely divided.
    """
    if len(data) > MAX_JSON:
        raise Unusable("The file is larger than 10 MB")
    if data.count(b"{") + data.count(b"[") > MAX_NODES or data.count(b",") > MAX_VALUES:
        raise Unusable("The file holds too many values")
    try:
        return from_json(data), True
    except ValueError:
        pass
    try:
        return from_json(data, allow_partial="trailing-strings"), False
    except ValueError:
        raise Unusable("The file is no JSON") from None


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


_WORDS: Final = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,  # Red Hat's word
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "info": Severity.LOW,
}


_CWE: Final = re.compile(r"(?i)\bcwe[-_/]0*(\d{1,6})\b")


def weakness(text: str) -> str:
    """Return the first CWE that a text names, as CWE-22; "" when it names none."""
    found = _CWE.search(text)
    return f"CWE-{found[1]}" if found else ""


def severity_word(word: str) -> Severity | None:
    """Return the severity that a tool's word means; None for "unknown" and what nobody knows."""
    return _WORDS.get(word.strip().lower())


def severity_score(score: float | None) -> Severity | None:
    """Return the severity of a CVSS score, as GitHub and CVSS v3 divide it; None for none, and for 0."""
    if score is None or not 0 < score <= 10:  # noqa: PLR2004  (the scale's end)
        return None
    bounds = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
    return next((severity for least, severity in bounds if score >= least), Severity.LOW)
