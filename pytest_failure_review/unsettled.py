"""Keeps in mind what is still open of the running test after one of its phases failed.

That something was raised pytest tells only after it has reported that the phase failed; that nothing was raised
(another plugin turned the report red, or the debugger was quit) it does not tell. So a report that nobody has explained
when the next test starts, or the session ends, is told of as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final


class Unsettled:
    """Nothing is in `reports` as long as nothing failed."""

    def __init__(self, tell: Callable[[Any, int], None]) -> None:
        self._tell = tell
        self.reports: Final[list[Any]] = []
        """Those of phases that failed; always the same list."""
        self._told: list[Any] = []
        self._untold: list[tuple[Any, int]] = []

    def failed(self, report: Any, attempt: int) -> None:
        """A phase failed; where pytest-rerunfailures runs tests, this is said after all was told."""
        if not self.knows_cause(report) and not any(each is report for each, _ in self._untold):
            self._untold.append((report, attempt))
            self.reports.append(report)

    def knows_cause(self, report: Any) -> bool:
        return any(each is report for each in self._told)

    def explained(self, report: Any) -> None:
        """What was raised has been told."""
        self._untold = [each for each in self._untold if each[0] is not report]
        self._told.append(report)
        self.reports.append(report)

    def settle(self) -> None:
        """The test is over: what nobody has explained is told of."""
        untold, self._untold, self._told = self._untold, [], []
        self.reports.clear()
        for report, attempt in untold:
            self._tell(report, attempt)
