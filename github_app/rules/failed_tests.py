"""Which tests a failure is about, as its evidence names them: their files, and their names where they are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from github_app.rules.records import Failure
from github_app.rules.regex import compiled
from github_app.rules.test_words import TEST_FILE

_NAMED: Final = (
    r"\b(?:FAILED|ERROR)\s+(?P<path>[\w./-]+\.py)::(?P<name>[^\s\[]+)",
    r"^(?:FAIL|ERROR): (?P<name>test\w*) \((?P<dotted>[\w.]+)\)",
    r"^\s*--- FAIL: (?P<name>(?:Test|Fuzz)\w*)",
    r"^\s*(?P<path>[\w./-]*_test\.go):\d+: ",
    r"^\s*(?:FAIL|\x{276F}|\x{D7})\s+(?P<path>[\w./@-]+\.[cm]?[jt]sx?)(?: > (?:[^>]* > )*(?P<name>[^>]+))?\s*$",
    r"^\s*\x{25CF}\s+(?:.* \x{203A} )?(?P<name>[^\x{203A}]+)$",
    r"^\s*rspec (?:\./)?(?P<path>[\w./-]+_spec\.rb)",
    r"^test (?:\w+::)*(?P<name>\w+) \.\.\. FAILED",
    r"\bpanicked at (?P<path>[\w./-]+\.rs):\d+",
    r"^\[ERROR\]\s+(?:\w+\.)*(?P<dotted>\w+)\.(?P<name>\w+):\d+",
    r"^\s*(?:\[FAIL\]|Failed|X)\s+(?:\w+\.)*(?P<dotted>\w+)\.(?P<name>\w+)\b",
    r"^\d+\) (?:\w+\\)*(?P<dotted>\w+)::(?P<name>\w+)",
)
"""How pytest, unittest, Go, Vitest and Jest, RSpec, Rust, Surefire, dotnet and PHPUnit name what failed."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """Files, classes or modules, and names of the tests that failed; `is_vague` when there are more than are named."""

    paths: frozenset[str]
    homes: frozenset[str]
    names: frozenset[str]
    is_vague: bool

    def means(self, path: str) -> bool:
        """Whether one of the tests stood in a file; a log may name it from a folder below the top, or above it."""
        if any(path == one or path.endswith(f"/{one}") or one.endswith(f"/{path}") for one in self.paths):
            return True
        return path.rpartition("/")[2].partition(".")[0] in self.homes

    def is_another(self, test: str) -> bool:
        """Whether a test is known not to be among those that failed; of "" nobody knows which it is."""
        return bool(test) and not self.is_vague and bool(self.names) and test not in self.names


def suspects(failure: Failure) -> Suspects:
    """Return what is known of the tests that failed."""
    paths = {path for path in failure.paths if compiled(TEST_FILE).search(path)}
    names: set[str] = set()
    homes: set[str] = set()
    for line in _lines(failure):
        for pattern in _NAMED:
            for hit in compiled(pattern).finditer(line):
                told = hit.groupdict()
                paths |= {path.removeprefix("./") for path in [told.get("path")] if path}
                names |= {_last(name) for name in [told.get("name")] if name}
                homes |= {part for part in (told.get("dotted") or "").split(".") if part}
    for mark in failure.marks:
        path, _, name = mark.message.partition(": ")[0].partition("::")
        paths |= {path} if name else set()
        names |= {_last(name)} if name else set()
    is_vague = not (paths or homes) or failure.reported > max(1, len(names))
    return Suspects(frozenset(paths), frozenset(homes), frozenset(names), is_vague)


def _lines(failure: Failure) -> Iterable[str]:
    yield from (line.text for line in failure.verdict.evidence)
    yield from failure.excerpt.lines if failure.excerpt else ()


def _last(name: str) -> str:
    """`TestCart::test_total[a-1]` -> test_total."""
    return name.partition("[")[0].rpartition("::")[2].strip()
