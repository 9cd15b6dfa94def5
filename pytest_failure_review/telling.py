"""Tells hooks of what was written and of the session's end. What goes wrong with them stands below the table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .asking import PATIENCE, Asker, implemented
from .report import worst

if TYPE_CHECKING:
    from .findings import Findings

_RECORD = "pytest_failure_review_record"
_FINISH = "pytest_failure_review_finish"
_FINISH_PATIENCE: Final = 30.0
"""Seconds: it is asked once, when nothing waits any more but the job, and may send what it was told."""
_MOST_NOTES: Final = 5


class Telling:
    """Knows pytest's hooks; costs a look at them where nobody listens."""

    def __init__(self, hooks: Any) -> None:
        self._hooks = hooks
        self._asker = Asker()
        self.notes: list[str] = []
        """What went wrong with hooks that were told of records, in sentences."""

    def record(self, record: Mapping[str, Any], line: bytes) -> None:
        """One record, as the line that was written."""
        caller = implemented(self._hooks, None, _RECORD)
        if caller is None:
            return
        from .values import Written  # noqa: PLC0415  (only for those who listen)

        self._ask(caller, record=Written(kind=str(record["record"]), json=line.decode("ascii")))

    @property
    def is_awaited(self) -> bool:
        """Whether anybody wants to know of the session's end."""
        return implemented(self._hooks, None, _FINISH) is not None

    def finish(self, exit_status: int, findings: Findings, redactions: int, directory: Path) -> None:
        """The end of the session, in the process that has the whole of it."""
        caller = implemented(self._hooks, None, _FINISH)
        if caller is None:
            return
        from .values import Summary  # noqa: PLC0415

        causes = findings.causes()
        categories: dict[str, int] = {}
        for cause in causes:
            category = cause.first["category"]
            categories[category] = categories.get(category, 0) + cause.count
        summary = Summary(
            exit_status=exit_status,
            counts=dict(findings.counts.items()) if findings.counts else {},  # type: ignore[arg-type]  # its values are numbers
            failures=sum(cause.count for cause in causes),
            categories=categories,
            worst_category=worst(categories),
            redactions=redactions,
        )
        self._ask(caller, _FINISH_PATIENCE, summary=summary, report_path=directory)

    def _ask(self, caller: Any, patience: float = PATIENCE, **given: Any) -> None:
        for _ in self._asker.answers(caller, patience=patience, **given):
            pass
        # Each once: a hook that raises does so for every record.
        self.notes = list(dict.fromkeys([*self.notes, *self._asker.take_notes()]))[:_MOST_NOTES]
