"""Makes records of failures and puts them into the report. It is loaded by the first failure, as all that it needs is.

The law: what goes wrong on the way costs the failure its details, not its record.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from . import strangers
from .deciding import Judge
from .failures import conclude, shown_id
from .fallback import least
from .grouping import Groups
from .happening import Place
from .owners import Owners

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .asking import Asker
    from .book import Clean, Times
    from .happening import Happening
    from .hindsight import Hindsight
    from .report import Failure, Group
    from .rules import Rule
    from .run import Run
    from .writing import ReportFile


class Guard(Protocol):
    """Keeps errors of the plugin out of the test run, and notes them."""

    def __call__(self, where: str) -> AbstractContextManager[None]: ...


class Aftermath:
    """What one process knows of its failures. `file` is None when no report could be opened."""

    def __init__(
        self, config: pytest.Config, run: Run, rules: Sequence[Rule], asker: Asker, file: ReportFile | None
    ) -> None:
        self._place = Place(config.rootpath, run.repository)
        self._judge = Judge(Owners(run.repository), rules, config.hook, asker)
        self._keeps_locals = bool(config.getini("failure_review_locals"))
        self._redactor = run.redactor
        self._groups = Groups()
        self._file = file
        self.unwritten: list[Failure] = []
        """Records that are in no file."""

    def keep(self, happening: Happening, times: Times | None, hindsight: Hindsight, guard: Guard) -> None:
        """Records a failure, or counts it where its cause has a record already. Raises OSError after it was kept."""
        group = self._groups.follows(happening.exception, happening.phase)
        if group:
            self._count_into(group, happening)
            return
        record, trouble = strangers.attempt(
            conclude,
            happening,
            self._place,
            self._judge,
            self._redactor,
            keeps_locals=self._keeps_locals,
            hindsight=partial(self._look_back, happening, times, hindsight, guard),
        )
        if trouble:
            record = least(happening, self._place, self._redactor, trouble)
        self._groups.begins(happening.exception, record)
        if self._file is None:
            self._keep_unwritten(record)
            return
        try:
            self._file.failure(record)
        except OSError:
            self._keep_unwritten(record)
            raise

    def _keep_unwritten(self, record: Failure) -> None:
        """What is in no file cannot be replayed from one."""
        record.pop("replay", None)
        self.unwritten.append(record)

    def groups(self) -> list[Group]:
        """How many tests each cause has failed, in the end."""
        return self._groups.finish()

    def _look_back(
        self, happening: Happening, times: Times | None, hindsight: Hindsight, guard: Guard, clean: Clean
    ) -> dict[str, Any]:
        with guard("checkpoints"):
            number = self._file.failures + 1 if self._file is not None else 1
            return hindsight.of_failure(happening, times, number, clean)
        return {}

    def _count_into(self, group: str, happening: Happening) -> None:
        record = self._groups.add(group, happening.nodeid, shown_id(happening, self._redactor))
        if record is not None and self._file is not None:
            self._file.group(record)
