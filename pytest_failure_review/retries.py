"""Sees through plugins that run a test again: which attempt failed, and whether the test passed in the end.

The law: every attempt keeps its record; what counts is what pytest's exit status counts, the last attempt.
The three do it in three ways. pytest-rerunfailures runs the whole protocol again and reports afterwards; flaky replaces
pytest's own runner and reports the last attempt only; pytest-retry tries again while pytest makes the first report and
then changes that, so that the first exception is told last and under the last outcome: there we listen earlier.
"""

from __future__ import annotations

from bdb import BdbQuit
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final

import pytest

from .breadcrumb import Breadcrumb
from .report import Flaky

if TYPE_CHECKING:
    from .happening import Happening

PLUGINS: Final = ("rerunfailures", "pytest_rerunfailures", "flaky", "pytest-retry", "pytest_retry.retry_plugin")
"""By the names under which they may be registered."""
RETRY: Final = PLUGINS[3:]
"""Names of pytest-retry."""
_OUTCOMES: Final = frozenset({"passed", "failed", "skipped"})
"""pytest's own; any other means that the test is tried again."""


def is_tried_again(report: Any) -> bool:
    """Whether this is the report of an attempt after which another one follows."""
    return report.outcome not in _OUTCOMES


class Attempts:
    """Counts the attempts of the running test. Its hooks are registered only where one of the plugins is."""

    def __init__(self, worker: str, breadcrumb: Breadcrumb, torn_down: Callable[[int], None]) -> None:
        self.number = 1
        self.failed: set[int] = set()
        """Attempts of the running test that failed."""
        self._worker = worker
        self._breadcrumb = breadcrumb
        self._item: pytest.Item | None = None
        self._has_passed_call = False
        self._torn_down = torn_down
        self.is_in_call = False

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

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, Any, Any]:
        self._breadcrumb.in_phase("call", self.number)
        self.is_in_call = True
        try:
            return (yield)
        finally:
            self.is_in_call = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, Any, Any]:
        self._breadcrumb.in_phase("teardown", self.number)
        result = yield
        self._torn_down(self.number)
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self) -> None:
        self._breadcrumb.nothing_runs()

    # -- what it means --

    def of(self, happening: Happening) -> Happening:
        """The happening with the attempt to which it belongs."""
        number = self.number if happening.node is self._item else 1
        if happening.phase != "collect":
            self.failed.add(number)
        return happening._replace(attempt=number)

    def passed_in_the_end(self, report: Any, *, has_failed_subtests: bool) -> Flaky | None:
        """The record of a test of which this is the last report, after earlier attempts failed."""
        if is_tried_again(report):
            return None
        if report.when == "call":
            self._has_passed_call = report.passed and not has_failed_subtests
        elif report.when == "teardown" and report.passed and self._has_passed_call and self._only_earlier_ones_failed():
            return Flaky(record="flaky", nodeid=report.nodeid, worker=self._worker, attempts=self.number)
        return None

    def _only_earlier_ones_failed(self) -> bool:
        return bool(self.failed) and max(self.failed) < self.number


class FirstAttempts:
    """Registered beside pytest-retry: tells of the first attempt before there is another, in which all may end."""

    def __init__(
        self,
        attempts: Attempts,
        tell: Callable[[pytest.Item, pytest.CallInfo[Any], Any], None],
        explained: Callable[[Any], None],
    ) -> None:
        self._attempts = attempts
        self._tell = tell
        self._explained = explained

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
        report = yield
        if call.when == "call" and _is_to_be_told(call, report):
            if self._attempts.is_in_call:
                self._explained(report)  # a sub-test, of which pytest tells by another report
            else:
                self._tell(item, call, report)
        return report


def _is_to_be_told(call: pytest.CallInfo[Any], report: Any) -> bool:
    """As pytest decides it for `pytest_exception_interact`."""
    excinfo = call.excinfo
    return (
        excinfo is not None
        and report.failed
        and not hasattr(report, "wasxfail")
        and not issubclass(excinfo.type, (pytest.skip.Exception, BdbQuit))
    )
