"""Hears of each test as it runs: the only hooks of the plugin that a passing test pays for.

The law: an error of the plugin never reaches pytest. Which hooks there are is decided once, at the session's start;
they are functions over local names, since of all that Python does those cost the least.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import pytest

from .breadcrumb import AFTER_CALL, AFTER_SET_UP, AFTER_TEAR_DOWN, AT_PHASE, Breadcrumb
from .report import Counts

Look = Callable[[Any], None]
"""Looks at a report that says more than that a phase passed."""
Trouble = Callable[[str, Exception], None]
"""Notes an error of the plugin itself, and where."""


class Open(Protocol):
    """What is still open of the test that ran last; nothing after one that passed, and then it is not looked at."""

    @property
    def reports(self) -> Sequence[Any]:
        """Always the same list."""

    def settle(self) -> None: ...


class Watch:
    """A plugin object of two hooks; `started` is None where others run the tests."""

    def __init__(self, started: Callable[[str], None] | None, reported: Look) -> None:
        if started is not None:
            self.pytest_runtest_logstart = started
        self.pytest_runtest_logreport = reported


def of_tests(
    breadcrumb: Breadcrumb,
    counts: Counts,
    failed_subtests: Collection[str],
    left: Open,
    *,
    look: Look,
    trouble: Trouble,
) -> Watch:
    """Of a process that runs tests itself, each once."""
    kind, open_reports = pytest.TestReport, left.reports

    def reported(report: pytest.TestReport) -> None:
        try:
            when = report.when
            if when == "setup":
                breadcrumb.memory[AT_PHASE] = AFTER_SET_UP
                if report.outcome == "passed" and not open_reports:
                    return
            elif when == "call":
                breadcrumb.memory[AT_PHASE] = AFTER_CALL
                if (
                    report.outcome == "passed"
                    and type(report) is kind
                    and not report.sections
                    and not failed_subtests
                    and "wasxfail" not in report.__dict__
                ):
                    counts["passed"] += 1
                    return
            else:
                breadcrumb.memory[AT_PHASE] = AFTER_TEAR_DOWN
                if report.outcome == "passed" and not open_reports:
                    return
            look(report)
        except Exception as error:  # noqa: BLE001  (no error of ours may end the run)
            trouble("logreport", error)

    return Watch(_started(breadcrumb, left, trouble), reported)


def of_attempts(breadcrumb: Breadcrumb, failed: Collection[int], left: Open, look: Look, trouble: Trouble) -> Watch:
    """Of a process whose tests may be tried again: of these pytest's reports come too late to say what runs now."""
    return Watch(_started(breadcrumb, left, trouble), _looking(failed, look, trouble))


def of_workers(tried_again: Collection[str], look: Look, trouble: Trouble) -> Watch:
    """Of the process that hands tests out to others."""
    return Watch(None, _looking(tried_again, look, trouble))


def _started(breadcrumb: Breadcrumb, left: Open, trouble: Trouble) -> Callable[[str], None]:
    starting, open_reports = breadcrumb.starting, left.reports

    def started(nodeid: str) -> None:
        try:
            if open_reports:
                left.settle()
            starting(nodeid)
        except Exception as error:  # noqa: BLE001  (no error of ours may end the run)
            trouble("logstart", error)

    return started


def _looking(awaited: Collection[Any], look: Look, trouble: Trouble) -> Look:
    """Looks at all reports while anything is awaited; else not at set-ups and tear-downs that passed."""

    def reported(report: Any) -> None:
        try:
            if awaited or report.when == "call" or report.outcome != "passed":
                look(report)
        except Exception as error:  # noqa: BLE001  (no error of ours may end the run)
            trouble("logreport", error)

    return reported
