"""Lines that failures are told near: the markers of runners, test tools, compilers and package managers (X30).

`weight` says how likely the cause stands there: 80 and more a tool's own list of what failed, 50 a single error,
20 a line that only says that something before it failed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, NamedTuple

from github_app.rules.lines import JOBBED, STAMP, unstamped
from github_app.rules.regex import ENGINE, PatternSet

EXIT: Final = "the step's end"
"""The line by which a runner says that a step has failed."""

ALARM: Final = "secret scanner"
"""A finding that nothing written after it may push out of sight (T15)."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line to look for, and how many lines around it belong to the story."""

    why: str
    weight: int
    before: int
    after: int
    pattern: str


def _of(why: str, weight: int, before: int, after: int, *patterns: str) -> Anchor:
    return Anchor(why, weight, before, after, "|".join(f"(?:{pattern})" for pattern in patterns))


ANCHORS: Final = (
    _of(
        EXIT,
        20,
        40,
        0,
        r"^##\[error\](?:Process completed with exit code|The process '.*' failed with exit code)",
        r'^The command ".*" (?:exited with [1-9]|failed)',
        r"^ERROR: Job failed",
    ),
    _of("##[error]", 60, 15, 3, r"^##\[error\]"),
    _of(
        ALARM,
        95,
        15,
        25,
        r"(?i)\bleaks? found: [1-9]|\bWRN leaks found|leaks detected,|^\s*RuleID:\s+\S",
        r"(?i)found (?:un)?verified result|potential secrets? about to be|cannot contain secrets|PUSH PROTECTION",
        r"(?i)\b[1-9]\d* (?:\w+ )?(?:secrets?|credentials?|incidents?) (?:were |was |have been )?(?:detected|found)",
        r"(?i)matched one or more prohibited patterns|\bCKV_SECRET_\d|^Private key found:",
    ),
    _of("pytest summary", 90, 5, 40, r"^=+ short test summary info =+", r"^(?:FAILED|ERROR) \S+(?:::| - )"),
    _of("pytest failures", 80, 2, 60, r"^=+ (?:FAILURES|ERRORS) =+$"),
    _of("pytest failure", 78, 15, 6, r"^E   +\S", r"^\S+\.py:\d+: \w*(?:Error|Exception)"),
    _of("unittest failure", 80, 2, 30, r"^(?:FAIL|ERROR): \w+ \(", r"^FAILED \((?:failures|errors)="),
    _of("traceback", 65, 5, 25, r"Traceback \(most recent call last\)"),
    _of("jest failure", 80, 2, 40, r"^\s*● ", r"^FAIL\s+\S+\.[cm]?[jt]sx?", r"^\s*[✕✗\x{d7}✘] "),
    _of("mocha failure", 78, 2, 40, r"^\s+\d+ failing$", r"AssertionError"),
    _of("go test failure", 80, 12, 20, r"^\s*--- FAIL: ", r"^panic: ", r"^FAIL\s+\S+\s"),
    _of("cargo failure", 82, 10, 30, r"^test \S+ \.\.\. FAILED", r"^failures:$", r"panicked at "),
    _of("rust error", 80, 2, 30, r"^error(?:\[E\d+\])?: "),
    _of(
        "compiler error", 82, 5, 20, r"\w:\d+(?::\d+)?: (?:fatal )?error\b", r"error TS\d+:", r"\berror [A-Z]{2,}\d{4}:"
    ),
    _of("compiler error", 80, 3, 20, r"COMPILATION ERROR", r"Compilation failed", r"^\s*\d+:\d+\s+error\s"),
    _of("gradle error", 82, 15, 20, r"^\* What went wrong:", r"^> Task \S+ FAILED"),
    _of("surefire failure", 82, 3, 20, r"<<< (?:FAILURE|ERROR)!", r"^Tests in error:", r"^Failed tests:"),
    _of("surefire summary", 80, 3, 25, r"\[ERROR\] (?:Failures|Errors|Tests run):", r"Results ?:$"),
    _of("maven error", 58, 3, 12, r"\[ERROR\] \S"),
    _of("rspec failure", 80, 3, 40, r"^Failures:$", r"^\d+\) (?:Failure|Error):", r"^rspec \./"),
    _of("phpunit failure", 80, 3, 40, r"^There (?:was|were) \d+ (?:failure|error)"),
    _of("dotnet failure", 80, 3, 20, r"^\s*Failed \w+.* \[\d", r"\[FAIL\]$"),
    _of("package manager error", 70, 8, 15, r"^npm (?:ERR!|error) ", r"ERR_PNPM", r"^error Command failed"),
    _of("pip error", 72, 8, 10, r"^\s*ERROR: \S"),
    _of(
        "docker error",
        84,
        10,
        10,
        r"failed to solve",
        r"Cannot connect to the Docker daemon",
        r"Error response from",
        r"valid Docker environment",
    ),
    _of("vulnerability scanner", 84, 20, 15, r"(?i)\b[1-9]\d* (?:known )?vulnerabilit(?:y|ies)\b", r"CVE-\d{4}-\d{4,}"),
    _of("differences", 70, 6, 40, r"^diff --git ", r"(?i)out of date|out of sync|not up[- ]to[- ]date"),
    _of(
        "network error",
        76,
        8,
        8,
        r"(?i)could not resolve host|ECONNRE|ETIMEDOUT|EAI_AGAIN|connection (?:refused|reset)",
    ),
    _of(
        "database error", 76, 8, 15, r"\bSQLSTATE|(?:Operational|Programming|Integrity)Error|PSQLException|SQLException"
    ),
    _of("killed", 86, 20, 5, r"(?i)no space left on device|out of memory|shutdown signal|\bOOM|^Killed$"),
    _of("benchmark", 76, 15, 20, r"(?i)performance (?:alert|regression)|regression detected|threshold.{0,40}exceeded"),
    _of("exception", 50, 5, 20, r"^(?:Caused by: )?[\w.]+(?:Exception|Error)\b(?::|$)"),
    _of("error line", 45, 10, 10, r"^\s*(?:Error|ERROR|error|FATAL|fatal|Fatal)\b ?:", r"^\[?(?:ERROR|FATAL)\]? "),
)


ALWAYS: Final = 1000
"""More than any weight."""


class Mark(NamedTuple):
    """What one line is to whoever looks for the failure."""

    anchor: Anchor | None = None  # the strongest; but a line that ends its step is that, whatever else it looks like
    opens: bool = False  # the runner begins to repeat a step's own text
    closes: bool = False
    jobbed: bool = False  # names its job


_OPENS, _CLOSES, _JOBBED, _KEY = range(len(ANCHORS), len(ANCHORS) + 4)
_STRUCTURE: Final = (
    r"^##\[group\]Run ",
    r"^##\[endgroup\]",
    JOBBED,
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY",
)


def found_in(block: bytes) -> tuple[int, ...]:
    """Give what is found somewhere in a tidy block of lines: at least what `mark_of` finds in any one of them."""
    return _marks().hits(block)


def has_key(found: tuple[int, ...]) -> bool:
    """Whether a private key may begin in the block."""
    return _KEY in found


def has_alarm(found: tuple[int, ...]) -> bool:
    """Whether a secret scanner may speak in the block; where lines name their jobs, that is not seen at once."""
    return _JOBBED in found or any(index < len(ANCHORS) and ANCHORS[index].why == ALARM for index in found)


@lru_cache(maxsize=4096)
def weight_of(found: tuple[int, ...]) -> int:
    """Give the weight of the strongest anchor that may be in the block; `ALWAYS` where something else must be seen."""
    return max((_weight(index) for index in found), default=0)


def _weight(index: int) -> int:
    if index >= len(ANCHORS):
        return 0 if index == _KEY else ALWAYS
    return ALWAYS if ANCHORS[index].why in {EXIT, ALARM} else ANCHORS[index].weight


def mark_of(line: bytes) -> Mark | None:
    """Give what a tidy line is, its time stamp on or off; None for almost every line."""
    found = _marks().hits(line)
    if _JOBBED in found:
        found = (*_marks().hits(unstamped(line.decode())[1]), _JOBBED)
    return _mark(found) if found else None


@lru_cache(maxsize=4096)
def _mark(found: tuple[int, ...]) -> Mark | None:
    anchors = [ANCHORS[index] for index in found if index < len(ANCHORS)]
    anchor = max(anchors, key=lambda each: (each.why == EXIT, each.weight), default=None)
    mark = Mark(anchor, _OPENS in found, _CLOSES in found, _JOBBED in found)
    return None if mark == Mark() else mark


@cache
def _marks() -> PatternSet:
    """Give the patterns for whole blocks, in which `^` and `$` stand for every line's beginning and end."""
    own = [_BEGIN.sub(lambda _: f"^(?:{STAMP})?", anchor.pattern) for anchor in ANCHORS]
    structure = [_BEGIN.sub(lambda _: f"^(?:{STAMP})?", pattern) for pattern in _STRUCTURE if pattern != JOBBED]
    structure.insert(_JOBBED - len(ANCHORS), JOBBED)
    return ENGINE.pattern_set([f"(?m){pattern}" for pattern in (*own, *structure)])


_BEGIN: Final = re.compile(r"(?<![\[\\])\^")
