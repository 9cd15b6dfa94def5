"""JUnit's XML in its many dialects: Surefire, Gradle, pytest, gotestsum, Jest, Mocha, PHPUnit, .NET converters.

The law: no document type and so no entity is accepted (T18), what the file counts is not believed over what it lists,
and a test that passed in a repetition did not fail (Surefire's `flakyFailure`). Output of tests is not read at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from github_app.rules.results.loose import MAX_TEXT
from github_app.rules.results.markup import MAX_DEPTH, MAX_ELEMENTS, fed, well_formed
from github_app.rules.results.places import MAX_LINE, pointed_at, relative
from github_app.rules.results.values import FailedTest, FileKind, FileReport, Unusable

TOOL: Final = "JUnit XML"
KEPT_TESTS: Final = 50
_MAX_COUNT: Final = 1_000_000

_ROOTS: Final = frozenset({"testsuites", "testsuite"})
_FAULTS: Final = frozenset({"failure", "error"})
_BAD_WORDS: Final = frozenset({"failed", "failure", "fail", "error"})


def read_junit(name: str, data: bytes) -> FileReport:
    """Return what a report says; of one that breaks off what it says until there.

    Raises `Unusable` for what is no JUnit XML, has a document type, or is too large or too deep.
    """
    reader = _Reader()
    complete = reader.read(well_formed(data))
    if not reader.is_junit:
        raise Unusable("The file is no JUnit report")
    return reader.report(name, complete=complete)


@dataclass(slots=True)
class _Fault:
    """A `failure` or `error` that is being read."""

    message: str
    kind: str
    depth: int
    parts: list[str] = field(default_factory=list)
    room: int = MAX_TEXT

    def told(self) -> str:
        """Return type, message and text as one, whatever of them there is, the type first where it is not yet."""
        body = "".join(self.parts).strip()
        head = self.message.strip() or _first_of(body)
        typed = f"{self.kind}: {head}" if self.kind and self.kind.rpartition(".")[2] not in head else head
        return "\n".join(part for part in (typed, body if body != head else "") if part)[:MAX_TEXT]


@dataclass(slots=True)
class _Case:
    """A test that is being read, or a suite's own failure."""

    names: tuple[str, str]
    path: str
    line: int
    faults: list[str] = field(default_factory=list)
    said_to_fail: bool = False
    is_suite: bool = False

    def failed(self) -> FailedTest:
        message = self.faults[0] if self.faults else ""
        place = (self.path, self.line) if self.path and self.line else pointed_at(message)
        path, line = place if place[0] else (self.path, self.line)
        return FailedTest(_joined(*self.names), message, path, line)


class _Reader:
    """Reads the elements as they come and keeps only what failed."""

    def __init__(self) -> None:
        self.is_junit = False
        self._depth = self._elements = 0
        self._suites: list[tuple[int, str, str]] = []  # depth, name, file
        self._claims: list[tuple[int, int]] = []  # depth, failures and errors that a suite counts
        self._case: _Case | None = None
        self._fault: _Fault | None = None
        self._failed: list[FailedTest] = []
        self._cases = self._bad = 0

    def read(self, data: bytes) -> bool:
        """Read it all; whether it ended as XML must."""
        complete = fed(data, self._start, self._end, self._text)
        if not complete:
            self._close_all()
        return complete

    def report(self, name: str, *, complete: bool) -> FileReport:
        """Return the sum; failures that a suite counts and nobody lists count as one that has no name of its own."""
        least = min((depth for depth, _ in self._claims), default=0)
        claimed = min(sum(count for depth, count in self._claims if depth == least), _MAX_COUNT)
        if claimed and not self._bad:
            self._bad = claimed
            self._failed = [FailedTest("(not named)", f"The file counts {claimed} failed and lists none of them.")]
        total = max(self._cases, self._bad)
        kept = tuple(self._failed)
        return FileReport(TOOL, FileKind.TESTS, name, kept, total=total, failed=self._bad, complete=complete)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise Unusable("The file holds too many elements, or too deep ones")
        kind = tag.rpartition(":")[2]
        if self._depth == 1:
            self.is_junit = kind in _ROOTS
        if not self.is_junit or self._fault is not None:
            return
        if kind in _ROOTS:
            self._suites.append((self._depth, attributes.get("name", ""), attributes.get("file", "")))
            if attributes.keys() & {"failures", "errors"}:
                self._claims.append((self._depth, _count(attributes, "failures") + _count(attributes, "errors")))
        elif kind == "testcase":
            self._close()
            self._case = self._opened(attributes)
        elif kind in _FAULTS:
            self._case = self._case or self._of_suite()
            self._fault = _Fault(
                attributes.get("message", "")[:MAX_TEXT], attributes.get("type", "")[:MAX_TEXT], self._depth
            )

    def _end(self, tag: str) -> None:
        kind = tag.rpartition(":")[2]
        if self._fault is not None and self._depth == self._fault.depth and self._case is not None:
            self._case.faults.append(self._fault.told())
            self._fault = None
            if self._case.is_suite:
                self._close()
        elif kind == "testcase" and self._fault is None:
            self._close()
        elif self._suites and self._suites[-1][0] == self._depth:
            self._suites.pop()
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._fault is not None and self._fault.room > 0:
            self._fault.parts.append(text[: self._fault.room])
            self._fault.room -= len(text)

    def _opened(self, attributes: dict[str, str]) -> _Case:
        suite, file = self._suites[-1][1:] if self._suites else ("", "")
        path = attributes.get("file") or attributes.get("filepath") or file
        line = attributes.get("line") or attributes.get("lineno") or ""
        owner = attributes.get("classname") or suite
        case = _Case((owner[:MAX_TEXT], attributes.get("name", "")[:MAX_TEXT]), relative(path), _line(line))
        words = {attributes.get(key, "").lower() for key in ("status", "result")}
        case.said_to_fail = bool(words & _BAD_WORDS)
        return case

    def _of_suite(self) -> _Case:
        suite, file = self._suites[-1][1:] if self._suites else ("", "")
        return _Case((suite[:MAX_TEXT], "(suite)"), relative(file), 0, is_suite=True)

    def _close(self) -> None:
        case, self._case = self._case, None
        if case is None:  # a test in a test, which ended the outer one
            return
        self._cases += 1
        if case.faults or case.said_to_fail:
            self._bad += 1
            if len(self._failed) < KEPT_TESTS:
                self._failed.append(case.failed())

    def _close_all(self) -> None:
        """Keep the test in which a file breaks off, if it had failed already."""
        if self._fault is not None and self._case is not None:
            self._case.faults.append(self._fault.told())
        if self._case is not None and self._case.faults:
            self._close()


def _first_of(body: str) -> str:
    """Return the line that says what broke: pytest's own mark, else the first."""
    lines = body.split("\n", 200)[:200]
    marked = (line.removeprefix("E").strip() for line in lines if line.startswith("E   "))
    return next(marked, lines[0].strip())


def _joined(owner: str, name: str) -> str:
    """Return one name of both; Jest and Mocha already repeat the suite in the test's."""
    if not owner or name.startswith(owner):
        return name or "(not named)"
    return f"{owner}::{name or '(not named)'}"


def _count(attributes: dict[str, str], key: str) -> int:
    text = attributes.get(key, "")
    return min(int(text), _MAX_COUNT) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004  (digits)


def _line(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 and int(text) <= MAX_LINE else 0  # noqa: PLR2004  (digits)
