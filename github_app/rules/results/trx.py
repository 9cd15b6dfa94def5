"""The `.trx` files of `dotnet test` and Visual Studio.

The law: as of JUnit's files, no document type is accepted (T18) and what tests print is not read. Of a test with rows
of data only the rows count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from github_app.rules.results.loose import MAX_TEXT
from github_app.rules.results.markup import MAX_DEPTH, MAX_ELEMENTS, fed, well_formed
from github_app.rules.results.places import MAX_LINE, relative
from github_app.rules.results.values import FailedTest, FileKind, FileReport, Unusable

TOOL: Final = "TRX"
KEPT_TESTS: Final = 50
_BAD: Final = frozenset({"failed", "error", "timeout", "aborted"})
_FRAME: Final = re.compile(r" in (\S[^\n]{0,400}?\.(?:cs|fs|vb)):line (\d{1,7})")


@dataclass(slots=True)
class _Result:
    """A test that is being read, or a message of the run's own, which has no name."""

    name: str = ""
    test: str = ""  # its id, by which its class is named elsewhere in the file
    failed: bool = False
    is_parent: bool = False
    said: list[str] = field(default_factory=list)

    def told(self, owner: str) -> FailedTest:
        message = "".join(self.said).strip()[:MAX_TEXT]
        method = self.name.removeprefix(f"{owner}.")
        path, line = _place(message)
        return FailedTest(f"{owner}::{method}" if owner else method or "(test run)", message, path, line)


def read_trx(name: str, data: bytes) -> FileReport:
    """Return what a file says; of one that breaks off what it says until there.

    Raises `Unusable` for what has a document type, or is too large or too deep.
    """
    reader = _Reader()
    complete = fed(well_formed(data), reader.start, reader.end, reader.text)
    return reader.report(name, complete=complete)


class _Reader:
    """Reads the elements as they come and keeps only what failed."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._elements = self._room = self._total = self._bad = 0
        self._results: list[_Result] = []  # one in another, where a test has rows
        self._failed: list[_Result] = []
        self._owners: dict[str, str] = {}  # classes by the ids of their tests
        self._test = ""

    def report(self, name: str, *, complete: bool) -> FileReport:
        kept = tuple(each.told(self._owners.get(each.test, "")) for each in self._failed)
        total = max(self._total, self._bad)
        return FileReport(TOOL, FileKind.TESTS, name, kept, total=total, failed=self._bad, complete=complete)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        self._open.append(kind)
        self._elements += 1
        if len(self._open) > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise Unusable("The file holds too many elements, or too deep ones")
        if kind == "UnitTestResult":
            if self._results:
                self._results[-1].is_parent = True
            is_bad = attributes.get("outcome", "").lower() in _BAD
            named = attributes.get("testName", "")[:MAX_TEXT]
            self._results.append(_Result(named, attributes.get("testId", "")[:100], is_bad))
            self._room = MAX_TEXT
        elif kind == "RunInfo" and attributes.get("outcome", "").lower() in _BAD:
            self._results.append(_Result(failed=True))
            self._room = MAX_TEXT
        elif kind == "UnitTest":
            self._test = attributes.get("id", "")[:100]
        elif kind == "TestMethod" and self._test:
            self._owners[self._test] = attributes.get("className", "").partition(",")[0][:MAX_TEXT]

    def end(self, _: str) -> None:
        kind = self._open.pop()
        if kind == "Message" and self._results:
            self._results[-1].said.append("\n")
        elif kind in {"UnitTestResult", "RunInfo"} and self._results:
            self._close(self._results.pop())

    def text(self, text: str) -> None:
        within = self._open[-2:]
        if self._results and self._room > 0 and within in _TOLD:
            self._results[-1].said.append(text[: self._room])
            self._room -= len(text)

    def _close(self, result: _Result) -> None:
        if result.is_parent:
            return
        self._total += bool(result.name)
        if result.failed:
            self._bad += 1
            if len(self._failed) < KEPT_TESTS:
                self._failed.append(result)


_TOLD: Final = (["ErrorInfo", "Message"], ["ErrorInfo", "StackTrace"], ["RunInfo", "Text"])


def _place(message: str) -> tuple[str, int]:
    """Return the innermost place of a stack that is in the repository."""
    frames = ((relative(path), int(line)) for path, line in _FRAME.findall(message))
    return next(((path, line) for path, line in frames if path and 0 < line <= MAX_LINE), ("", 0))
