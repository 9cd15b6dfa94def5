"""What the records of a run come to for a reader: the failures that stand, put together by what they look like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from .gates.of_pytest import in_words
from .report import Counts, Failure, Flaky, Gate, Group, rank

_COUNTED: Final = ("failed", "error", "passed", "skipped", "xfailed", "xpassed")


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures that look the same."""

    failures: tuple[Failure, ...]
    """Those with a record of their own, at least one."""
    count: int
    """All of them; a shared fixture that fails has one record for all its tests."""

    @property
    def first(self) -> Failure:
        return self.failures[0]


@dataclass(frozen=True, slots=True)
class Findings:
    """What one or more runs told; made by `of_run` and `together`."""

    standing: Sequence[Failure] = ()
    """The failures without those of attempts that a later attempt took back or repeated."""
    records: Sequence[Failure] = ()
    """All failures."""
    flaky: Sequence[Flaky] = ()
    groups: Sequence[Group] = ()
    gates: Sequence[Gate] = ()
    """All but that of pytest, of which the failures tell; where they do not, it is among them."""
    troubles: Sequence[str] = ()
    """One sentence for each process whose report does not tell the whole run and that no failure speaks of."""
    counts: Counts | None = None
    """None when no run came to its end."""

    def causes(self) -> list[Cause]:
        """The failures that stand, by fingerprint, in the order of their first record."""
        beyond = _beyond_their_records(self.records, self.groups)
        alike: dict[str, list[Failure]] = {}
        for failure in self.standing:
            alike.setdefault(failure["fingerprint"], []).append(failure)
        causes = []
        for failures in alike.values():
            groups = dict.fromkeys(failure.get("group", "") for failure in failures)
            count = len(failures) + sum(beyond.pop(group, 0) for group in groups)
            causes.append(Cause(tuple(failures), count))
        return causes

    def worst_first(self) -> list[Cause]:
        """The causes, the worst category first, of one category the most frequent first."""
        return sorted(self.causes(), key=lambda cause: (rank(cause.first["category"]), -cause.count))

    def beside_tests(self) -> list[str]:
        """What went wrong and is no failure of a test, in sentences."""
        return [*self.troubles, *(in_words(gate) for gate in self.gates if not gate["passed"])]

    def counted(self) -> str:
        """As pytest's last line has it: `2 failed, 3 errors, 30 passed`; empty when no run came to its end."""
        counts = self.counts
        return ", ".join(_counted(counts[name], name) for name in _COUNTED if counts[name]) if counts else ""


def _counted(count: int, name: str) -> str:
    return f"{count} {name}s" if name == "error" and count > 1 else f"{count} {name}"


def distinct(failures: Iterable[Failure]) -> list[Failure]:
    """The failures without what only repeats: a file that cannot be collected fails in every worker."""
    kept: list[Failure] = []
    seen: set[str] = set()
    for failure in failures:
        if failure["phase"] == "collect":
            if failure["nodeid"] in seen:
                continue
            seen.add(failure["nodeid"])
        kept.append(failure)
    return kept


def of_run(
    failures: Sequence[Failure],
    *,
    flaky: Sequence[Flaky] = (),
    groups: Sequence[Group] = (),
    gates: Sequence[Gate] = (),
    troubles: Sequence[str] = (),
    counts: Counts | None = None,
) -> Findings:
    """What the records of one run come to; those of several must not be mixed, for their tests have the same names."""
    return Findings(_standing(failures, flaky), failures, flaky, groups, gates, troubles, counts)


def together(runs: Sequence[Findings]) -> Findings:
    """What several runs come to."""
    counted = [run.counts for run in runs if run.counts]
    return Findings(
        [failure for run in runs for failure in run.standing],
        [failure for run in runs for failure in run.records],
        [test for run in runs for test in run.flaky],
        [group for run in runs for group in run.groups],
        [gate for run in runs for gate in run.gates],
        [said for run in runs for said in run.troubles],
        _sum(counted) if counted else None,
    )


def _sum(counted: Sequence[Counts]) -> Counts:
    total = {name: sum(counts[name] for counts in counted) for name in Counts.__annotations__}  # type: ignore[literal-required]  # its own names
    return cast("Counts", total)


def _standing(failures: Iterable[Failure], flaky: Iterable[Flaky]) -> list[Failure]:
    told = distinct(failures)
    last: dict[tuple[str, str], int] = {}
    for failure in told:
        # What a dead worker's test came to is told by the worker that has it next.
        for key in ((failure["nodeid"], failure["worker"]), (failure["nodeid"], "")):
            last[key] = max(last.get(key, 0), failure["attempt"])
    passed_at = {(test["nodeid"], test["worker"]): test["attempts"] for test in flaky}
    return [
        failure
        for failure in told
        if failure["attempt"] >= passed_at.get((failure["nodeid"], failure["worker"]), last[_heir(failure)])
    ]


def _heir(failure: Failure) -> tuple[str, str]:
    return failure["nodeid"], "" if failure["outcome"] == "crashed" else failure["worker"]


def _beyond_their_records(failures: Iterable[Failure], groups: Iterable[Group]) -> dict[str, int]:
    """How many failures of each group have no record of their own."""
    count: dict[str, int] = {}
    for group in groups:
        count[group["group"]] = count.get(group["group"], 0) + group["count"]
    for failure in failures:
        name = failure.get("group", "")
        if name in count:
            count[name] -= 1
    return {name: left for name, left in count.items() if left > 0}
