"""Fingerprints: whether two red jobs are red for the same reason (X42-X45).

Two sizes. The fingerprint names the rule, the step and the job, and keeps one open record for them on a line of work:
a test that fails differently tomorrow is the same trouble of the same owner. Between people that is too coarse, for two
pull requests may each break a test of their own. So what is compared across lines of work are also the prints of the
most telling lines, with everything taken out that differs from run to run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Final

from github_app.rules.lines import WIDTH, clean

VERSION: Final = "fr1"
"""Changes with the ingredients, so that old and new fingerprints are never taken for each other."""

_EXPRESSION: Final = re.compile(r"\$\{\{[^}]*(?:\}\}|$)")
_BLANKS: Final = re.compile(r"\s+")


def fingerprint(workflow: str, family: str, failed_step: str, rule: str) -> str:
    """Give a stable name for "this rule, in this step of this job": `fr1:` and 16 hexadecimal digits.

    `workflow` is what tells two workflows with a job of the same name apart: the path, or the id in digits (X45).
    """
    parts = "\x1f".join(part.replace("\x1f", " ") for part in (workflow, family, failed_step, rule))
    return f"{VERSION}:{sha256(parts.encode(errors='replace')).hexdigest()[:16]}"


PRINTS_KEPT: Final = 5
"""Telling lines that are printed of one failure."""

# Python's own engine is safe here: the line is cut to `WIDTH` first, so even its square is little.
_SEGMENT: Final = r"[\w.@+~%#-]"
_VARIABLE: Final = re.compile(
    "|".join(
        (
            r"(?P<url>[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"`<>]+)",
            r"(?P<test>[^\s'\"`]+::[^\s'\"`]+)",
            r"(?P<time>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?)",
            r"(?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)",
            r"(?P<address>\b0x[0-9a-fA-F]+\b)",
            rf"(?P<absolute>(?:\b[A-Za-z]:)?(?:[\\/]{_SEGMENT}+)+[\\/])",
            rf"(?P<relative>{_SEGMENT}+(?:[\\/]{_SEGMENT}+)+)",
            r"(?P<worker>\b(?:gw\d+|tmp[a-z0-9_]{6,})\b)",
            r"(?P<word>[0-9A-Za-z_]*[A-Za-z_][0-9A-Za-z_]*)",
            r"(?P<number>\d+(?:[.,]\d+)*)",
        )
    ),
    re.ASCII,
)
_NUMBERS: Final = re.compile(r"(?<![A-Za-z_0-9])\d+(?:[.,]\d+)*(?![A-Za-z_])")
_HEX: Final = re.compile(r"[0-9a-fA-F]{7,}")
_AMOUNT: Final = re.compile(r"\d+(?=[A-Za-z])")  # 12ms, 3rd
_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]+")
_LONG: Final = 20


def line_print(line: str) -> str:
    """Give what stays of a log's line from run to run: no ids, times, numbers, or where a machine keeps its files.

    A test's name stays as it is, for `test_3` is not `test_4`; of an absolute path only the last part stays.
    """
    text = _VARIABLE.sub(lambda found: _STEADY[str(found.lastgroup)](found[0]), clean(line)[:WIDTH])
    return _BLANKS.sub(" ", text).strip()


def prints(lines: Iterable[str]) -> tuple[str, ...]:
    """Give short names for a failure's telling lines, in their order, each once; nothing for lines that say nothing."""
    kept = dict.fromkeys(text for text in map(line_print, lines) if any(char.isalpha() for char in text))
    digests = (sha256(text.encode(errors="replace")).hexdigest()[:16] for text in kept)
    return tuple(f"line:{digest}" for digest in digests)[:PRINTS_KEPT]


_WHOLE: Final = "all:"


def whole_print(found: Iterable[tuple[str, ...]]) -> str:
    """Give a short name for everything that a tool found, to the last number: with one more of it the name differs."""
    told = repr(sorted(found)).encode(errors="replace")
    return f"{_WHOLE}{sha256(told).hexdigest()[:16]}"


def is_of_whole(name: str) -> bool:
    return name.startswith(_WHOLE)


def _steady_word(word: str) -> str:
    """A word is an id when it could only be one: hexadecimal with digits, or long with digits and no underscore."""
    if any(char.isdigit() for char in word):
        is_hex = _HEX.fullmatch(word) is not None
        if is_hex or (len(word) >= _LONG and "_" not in word):
            return "<id>"
    return _AMOUNT.sub("#", word, count=1) if word[0].isdigit() else word


_STEADY: Final[Mapping[str, Callable[[str], str]]] = {
    "time": lambda _: "<time>",
    "uuid": lambda _: "<id>",
    "address": lambda _: "<id>",
    "worker": lambda _: "<id>",
    "absolute": lambda _: "<path>/",
    "url": lambda text: _NUMBERS.sub("#", text.partition("?")[0]),
    "test": lambda text: _ADDRESS.sub("<id>", text),
    "relative": lambda text: _NUMBERS.sub("#", text),
    "word": _steady_word,
    "number": lambda _: "#",
}


def family(job_name: str) -> str:
    """Give the job's name without what differs between the legs of its matrix.

    `test (3.12, ubuntu)` and the literal `test (${{ matrix.python }})` of a skipped matrix are both `test` (X42, X43);
    `caller / called (3.12)` keeps both names (X44). A name that GitHub cut at 100 characters loses its open bracket.
    """
    parts = [_without_leg(part) for part in _EXPRESSION.sub("", job_name).split(" / ")]
    return " / ".join(part for part in parts if part) or job_name.strip()


def _without_leg(name: str) -> str:
    """Cut the last bracket group, and only that: `build (docs) (3.12)` is the job `build (docs)`."""
    name = _BLANKS.sub(" ", name).strip()
    opened = _last_group(name)
    return name[:opened].strip() if opened > 0 else name


def _last_group(name: str) -> int:
    """Give where the bracket group at the end opens, closed or cut off; 0 when the name does not end in one."""
    depth = opened = 0
    for index, char in enumerate(name):
        if char == "(":
            opened = opened if depth else index
            depth += 1
        elif char == ")":
            depth = max(depth - 1, 0)
    return opened if depth or name.endswith(")") else 0
