"""What a converter needs to know of each run: its tests with all their attempts, and what no test can tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_failure_review.checking import RunFile, by_run, findings_of
from pytest_failure_review.findings import Findings
from pytest_failure_review.report import Failure
from pytest_failure_review.run import MAIN

_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_MOST_NAMED: Final = 1000


@dataclass(frozen=True, slots=True)
class Attempts:
    """One test that failed at least once."""

    nodeid: str
    worker: str
    standing: tuple[Failure, ...]
    """What failed in its last attempt, one for each phase or sub-test; empty when it passed in the end."""
    earlier: tuple[Failure, ...]
    """What failed in the attempts before."""
    count: int
    """How many attempts there were."""


@dataclass(frozen=True, slots=True)
class Followers:
    """Tests that fell to the cause of another's failure and have no records of their own."""

    first: Failure
    nodeids: tuple[str, ...]
    more: int
    """How many of them nobody names."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one run told."""

    run_id: str
    start: dict[str, Any]
    """The start record of its main process; whatever is in it, nobody has looked at."""
    findings: Findings
    unrecorded: int = 0
    """Failures that were only counted because a file was full."""

    @property
    def rootdir(self) -> str:
        rootdir = text(self.start.get("rootdir"))
        return "" if rootdir in ("", ".") else f"{rootdir}/"

    def tests(self) -> list[Attempts]:
        """The tests with records, in the order of these."""
        stand = {id(failure) for failure in self.findings.standing}
        passed_at = {(test["nodeid"], test["worker"]): test["attempts"] for test in self.findings.flaky}
        found: dict[tuple[str, str], list[Failure]] = {}
        for failure in self.findings.records:
            # Of a file that cannot be collected every worker says the same.
            if failure["phase"] != "collect" or id(failure) in stand:
                found.setdefault((failure["nodeid"], failure["worker"]), []).append(failure)
        return [
            Attempts(
                nodeid,
                worker,
                standing=tuple(failure for failure in failures if id(failure) in stand),
                earlier=tuple(failure for failure in failures if id(failure) not in stand),
                count=max(passed_at.get((nodeid, worker), 1), *(failure["attempt"] for failure in failures)),
            )
            for (nodeid, worker), failures in found.items()
        ]

    def followers(self) -> list[Followers]:
        """For each cause that failed more tests than have records: these."""
        known = {failure["nodeid"] for failure in self.findings.records}
        found = []
        for cause in self.findings.causes():
            beyond = cause.count - len(cause.failures)
            groups = {failure.get("group", "") for failure in cause.failures}
            named = [name for group in self.findings.groups if group["group"] in groups for name in group["nodeids"]]
            others = [name for name in dict.fromkeys(named) if name not in known][: min(beyond, _MOST_NAMED)]
            if beyond > 0:
                found.append(Followers(cause.first, tuple(others), beyond - len(others)))
        return found

    def file_of(self, nodeid: str) -> str:
        """The test's file, relative to the repository."""
        return f"{self.rootdir}{nodeid.partition('::')[0]}"

    def place_in_test(self, failure: Failure) -> tuple[str, int | None]:
        """The test's file, and the line in it from which the failure came, if any did."""
        file = self.file_of(failure["nodeid"])
        if failure["path"] == file:
            return file, failure["line"]
        steps = (step["line"] for step in reversed(failure["frames"]) if step["in_repo"] and step["path"] == file)
        return file, next(steps, None)


def told_by(files: Iterable[RunFile]) -> list[Told]:
    """One for each run, in the order of its first file."""
    return [_told(run_id, each) for run_id, each in by_run(files).items()]


def _told(run_id: str, files: Sequence[RunFile]) -> Told:
    main = next((file for file in files if file.worker == MAIN), files[0])
    return Told(
        run_id,
        main.start,
        findings_of(list(files)),
        sum(_truncated(file) for file in files),
    )


def _truncated(file: RunFile) -> int:
    count: Any = file.finish.get("truncated") if file.finish else 0
    return count if isinstance(count, int) and count > 0 else 0


def suites_of(nodeid: str) -> list[str]:
    """The names around a test, outermost first: folders, module, classes."""
    path, *inside = name_parts(nodeid)
    return [name for name in (*path.removesuffix(".py").split("/"), *inside[:-1]) if name]


def name_of(nodeid: str) -> str:
    """The test's own name; of a file that could not be collected the file's."""
    return name_parts(nodeid)[-1] or "(no name)"


def name_parts(nodeid: str) -> list[str]:
    """As pytest joined them; what stands in brackets is a parameter and may hold anything."""
    before, bracket, parameter = nodeid.partition("[")
    *parts, last = before.split("::")
    return [*parts, last + bracket + parameter]


def text(value: Any) -> str:
    """A text that every encoding holds; what is no text is none."""
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else ""


def clean(value: Any) -> Any:
    """The value with texts, and keys, that every encoding holds."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(key): clean(item) for key, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list) else value
