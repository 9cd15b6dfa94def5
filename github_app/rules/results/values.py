"""What a file of results says, whichever tool wrote it and in whichever format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_failure_review.report import Severity


class Unusable(Exception):  # noqa: N818  (a finding about a stranger's file)
    """The file or archive breaks a rule; the text is the sentence that people read."""


class FileKind(StrEnum):
    """What a file tells of."""

    TESTS = "tests"
    SCAN = "scan"
    BENCHMARKS = "benchmarks"


class FlawKind(StrEnum):
    """What sort of thing a scanner or a linter found."""

    SECRET = "secret"  # noqa: S105  (the word, not one)
    DEPENDENCY = "dependency"  # a published weakness of a package
    CODE = "code"  # a weakness of the repository's own code
    CONFIGURATION = "configuration"
    LINT = "lint"  # nothing about security


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A test that failed in the end; one that a repetition saved is none."""

    name: str  # "cart.TotalTest::adds": class or suite, then test
    message: str = ""  # type of the error and what it said
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that a scanner found. Of a secret only type and place are kept, never its text (S1-127, S1-128).

    `level` is "note" for what the tool itself does not call a problem.
    """

    kind: FlawKind
    rule: str  # the tool's name of it: "py/sql-injection", "CVE-2021-44228"
    tools: tuple[str, ...]
    text: str = ""
    severity: Severity | None = None
    level: str = "error"
    package: str = ""
    version: str = ""
    fixed: str = ""
    advisories: tuple[str, ...] = ()
    cwe: str = ""
    path: str = ""
    line: int = 0
    verified: bool = False  # a secret that the tool tried, and that works

    @property
    def names(self) -> frozenset[str]:
        """Every name under which another tool may know it."""
        return frozenset(name.upper() for name in (self.rule, *self.advisories) if name)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One measurement, compared with an earlier one where the files hold one.

    `slower` is the change for the worse in percent, negative for the better; None when there is nothing to compare.
    `spread` is that of the samples in percent of the value; `samples` 0 is unknown.
    """

    name: str
    value: float
    unit: str = ""
    samples: int = 0
    spread: float | None = None
    baseline: float | None = None
    slower: float | None = None
    more_is_better: bool = False


@dataclass(frozen=True, slots=True)
class FileReport:
    """What one tool's files say about a job; lists are cut, `total` and `failed` count everything.

    `problem` says why the tool did not come to its end, in its own words: then a lack of findings means nothing.
    `complete` is whether the file could be read to its end. `at` orders measurements of one tool. `basis` is a sentence
    on why it is taken to be this job's.
    """

    tool: str
    kind: FileKind
    name: str = ""  # of the file
    tests: tuple[FailedTest, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    total: int = 0
    failed: int = 0
    problem: str = ""
    trusted: bool = True
    complete: bool = True
    at: str = ""
    basis: str = ""

    @property
    def says_something(self) -> bool:
        """Whether it can explain a red job: a report without failures, of a tool that finished, cannot."""
        is_slower = any(each.slower is not None for each in self.benchmarks)
        cut_scan = self.kind is FileKind.SCAN and not self.complete
        return bool(self.tests or self.failed or self.flaws or self.problem or is_slower or cut_scan)
