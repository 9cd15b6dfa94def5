"""Sees through plugins that run a test again: which attempt failed, and whether the test passed in the end.

The law: every attempt keeps its record; what counts is what pytest's exit status counts, the last attempt.
The three do it in three ways. pytest-rerunfailures runs the whole protocol again and reports afterwards; flaky replaces
pytest's own runner and reports the last attempt only; pytest-retry tries again while pytest makes the first report and
then changes that, so that the first exception is told last and under the last outcome.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from .breadcrumb import Breadcrumb
from .report import Flaky

if TYPE_CHECKING:
    from .happening import Happening

PLUGINS: Final = ("rerunfailures", "pytest_rerunfailures", "flaky", "pytest-retry", "pytest_retry.retry_plugin")
"""By the names under which they may be registered."""
_OUTCOMES: Final = frozenset({"passed", "failed", "skipped"})
"""pytest's own; any other means that the test is tried again."""


def is_tried_again(report: Any) -> bool:
    """Whether this is the report of an attempt after which another one follows."""
    return report.outcome not in _OUTCOMES


class Attempts:
    """Counts the attempts of the running test. Its hooks are registered only where one of the plugins is."""

    def __init__(self, worker: str, breadcrumb: Breadcrumb) -> None:
        self.number = 1
        self.failed: set[int] = set()
        """Attempts of the running test that failed."""
        self._worker = worker
        self._breadcrumb = breadcrumb
        self._item: pytest.Item | None = None
        self._has_passed_call = False
        self._first: tuple[Any, Any] = (None, None)

    # -- pytest's reports come too late to say what runs now --

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item is not self._item:
            self._item, self.number = item, 0
            self.failed.clear()
        # pytest-rerunfailures counts on where a worker died that had the test before.
        self.number = max(self.number + 1, getattr(item, "execution_count", 0))
        self._has_passed_call = False
        self._breadcrumb.in_phase("setup", self.number)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        self._breadcrumb.in_phase("call", self.number)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        self._breadcrumb.in_phase("teardown", self.number)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self) -> None:
        self._breadcrumb.nothing_runs()

    # -- what it means --

    def of(self, happening: Happening, report: Any) -> Happening:
        """The happening with the attempt to which it belongs."""
        first, shown = self._first
        if report is first:
            happening, number = replace(happening, shown=shown), 1
        else:
            number = self.number if happening.node is self._item else 1
        if happening.phase != "collect":
            self.failed.add(number)
        return replace(happening, attempt=number)

    def passed_in_the_end(self, report: Any, *, has_failed_subtests: bool) -> Flaky | None:
        """The record of a test of which this is the last report, after earlier attempts failed."""
        if is_tried_again(report):
            self._first = (report, report.longrepr)
        elif report.when == "call":
            self._has_passed_call = report.passed and not has_failed_subtests
        elif report.when == "teardown" and report.passed and self._has_passed_call and self._only_earlier_ones_failed():
            return Flaky(record="flaky", nodeid=report.nodeid, worker=self._worker, attempts=self.number)
        return None

    def _only_earlier_ones_failed(self) -> bool:
        return bool(self.failed) and max(self.failed) < self.number
