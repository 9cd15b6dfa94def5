"""CTRF, the Common Test Report Format (https://ctrf.io): one JSON object with the tests of any tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import Field

from github_app.rules.results.junit import KEPT_TESTS
from github_app.rules.results.loose import MAX_TEXT, Loose, One, Text, Whole, mapping
from github_app.rules.results.places import pointed_at, relative
from github_app.rules.results.values import FailedTest, FileKind, FileReport

MAX_TESTS: Final = 50_000


class _Tool(Loose):
    name: Text = ""


class _Summary(Loose):
    tests: Whole = 0
    failed: Whole = 0


class _Results(Loose):
    tool: One[_Tool] = _Tool()
    summary: One[_Summary] = _Summary()
    tests: Any = None


class _Test(Loose):
    name: Text = ""
    suite: Any = None
    status: Text = ""
    message: Text = ""
    trace: Text = ""
    path: Text = Field("", alias="filePath")
    line: Whole = 0

    def failed(self) -> FailedTest:
        """Return it as a failed one."""
        said = "\n".join(part for part in (self.message.strip(), self.trace.strip()) if part)
        own = relative(self.path)
        path, line = (own, self.line) if own else pointed_at(said)
        named = self.suite[:10] if isinstance(self.suite, list) else [self.suite]
        suite = " > ".join(each[:MAX_TEXT] for each in named if isinstance(each, str))
        return FailedTest(f"{suite}::{self.name}" if suite else self.name or "(not named)", said, path, line)


def is_ctrf(document: Any) -> bool:
    """Whether a document is in this format."""
    told = mapping(document)
    results = mapping(told.get("results"))
    return isinstance(results.get("tests"), list) and ("summary" in results or told.get("reportFormat") == "CTRF")


def read_ctrf(name: str, document: Mapping[str, Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report; what the summary counts and nobody lists counts as one that has no name."""
    results = _Results.model_validate(document["results"])
    listed = [item for item in results.tests[:MAX_TESTS] if isinstance(item, dict)]
    bad = [item for item in listed if item.get("status") == "failed"]
    tests = [_Test.model_validate(item).failed() for item in bad[:KEPT_TESTS]]
    claimed = results.summary.failed if not bad else 0
    if claimed:
        tests = [FailedTest("(not named)", f"The file counts {claimed} failed and lists none of them.")]
    yield FileReport(
        (results.tool.name or "CTRF"),
        FileKind.TESTS,
        name,
        tuple(tests),
        total=max(len(listed), results.summary.tests, claimed),
        failed=len(bad) or claimed,
        complete=complete,
    )
