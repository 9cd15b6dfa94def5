"""What a failure's record says of the time before it: checkpoints, the tests that ran, and how to see it again."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

import pytest

from .asking import Asker, implemented
from .book import Book, Clean, Failed, Times
from .breadcrumb import Breadcrumb
from .checkpoints import BOOKS
from .command import Here, as_seen_from, downloaded, in_place, replay_command, with_number
from .encoding import encode
from .providers import environment_of, hypothesis_facts, seeds_of
from .report import Afterwards
from .run import Run
from .stored_files import Shelf

if TYPE_CHECKING:
    from pathlib import Path

    from .happening import Happening

MOST_BEFORE: Final = 200
"""Tests that one record names; a longer list would be cut in its middle."""
_NEVER_CARRIED: Final = ("-q", "-v", "-r", "-x", "--failure-review")
"""What the commonest options begin with; pytest keeps short ones in small letters to itself."""
_HOOK: Final = "pytest_failure_review_checkpoint"


class Hindsight:
    """Of one process."""

    def __init__(
        self,
        config: pytest.Config,
        run: Run,
        breadcrumb: Breadcrumb,
        guard: Callable[[str], AbstractContextManager[None]],
        asker: Asker,
    ) -> None:
        self._config = config
        self._run = run
        self._breadcrumb = breadcrumb
        self._guard = guard
        self._asker = asker
        share = int(getattr(config, "workerinput", {}).get("workercount", 1))
        shelf = Shelf(run.directory, (config.rootpath, run.repository), run.redactor, share)
        self._book = Book(shelf, breadcrumb.now, breadcrumb.reached, guard, self._ask)
        self._first_command = ""
        self._on_github = False
        """People then run the command elsewhere, beside a report that they have downloaded."""
        self._told = 0
        """Where the tests begin that no record names yet."""

    def open(self) -> None:
        """The session starts: by now all plugins know their seeds."""
        self._run.start["seeds"] = seeds_of(self._config, os.environ)
        self._on_github = os.environ.get("GITHUB_ACTIONS") == "true"
        with self._guard("replay"):  # whoever outlives this process cannot ask pytest for its options
            self._run.start["replay"] = self._command_of_first()
        BOOKS.append(self._book)
        self._book.open(environment_of(self._config))

    def watch(self) -> None:
        """All tests are collected, and with them all hooks: from now on these see the end of each set-up."""
        if implemented(self._config.hook, None, _HOOK):
            self._config.pluginmanager.register(_SetUpWatch(self._book), "failure_review_set_up")

    def close(self) -> None:
        """The session is over."""
        BOOKS.remove(self._book)

    def of_failure(self, happening: Happening, times: Times | None, number: int, clean: Clean) -> dict[str, Any]:
        """Fields of the `number`th failure record of this process."""
        fields: dict[str, Any] = {"replay": self._command(number)}
        if happening.worker != self._run.worker:
            return fields  # a worker that died took its checkpoints with it
        before = self._breadcrumb.since(self._told)
        if happening.phase != "collect":
            before = before[:-1]  # the last one is the test itself, if no record has named it yet
        if before:
            fields["before"] = before[-MOST_BEFORE:]
        self._told, _, _ = self._breadcrumb.now()
        with self._guard("checkpoints"):
            facts = hypothesis_facts(happening.node, happening.exception)
            provided = {"hypothesis": facts} if facts else {}
            failed = Failed(happening.nodeid, happening.phase, happening.attempt, provided, times)
            fields["checkpoints"] = self._book.of_failure(failed, clean)
        return fields

    def torn_down(self, attempt: int, at: float | None) -> Afterwards | None:
        """The record of what follows a failure of the running test; None when nothing of it failed."""
        told = self._book.torn_down(attempt, at)
        if told is None:
            return None
        from .evidence import short_hash  # noqa: PLC0415  (loaded by the failure)

        failed, clean, checkpoints = told
        record: Afterwards = clean(
            Afterwards(
                record="afterwards",
                nodeid=failed.nodeid,
                node_hash=short_hash(failed.nodeid),
                attempt=attempt,
                worker=self._run.worker,
                checkpoints=checkpoints,
            )
        )
        return record

    def _command(self, number: int) -> str:
        if not self._first_command:  # the others differ in their number alone
            # Anew: more secrets may be known by now than when the run began.
            self._first_command = self._command_of_first()
        return with_number(self._first_command, number)

    def _command_of_first(self) -> str:
        run = self._run
        place = downloaded if self._on_github else in_place
        started, rootdir = self._config.invocation_params.dir, self._config.rootpath
        report, folder = place(run.file, Here(started, rootdir, self._config.inipath, run.repository))
        base = (run.repository if self._on_github else started) / folder
        return replay_command(
            report,
            1,
            folder=folder,
            hash_seed=run.start.get("seeds", {}).get("PYTHONHASHSEED", ""),
            options=self._options(base),
            program=run.program,
        )

    def _options(self, base: Path) -> list[str]:
        run = self._run
        words = [*run.given, *map(str, self._config.invocation_params.args)]
        if run.options is None and all(word.startswith(_NEVER_CARRIED) for word in words if word.startswith("-")):
            return []
        from .options import options_of  # noqa: PLC0415  (few runs have any)

        return [
            as_seen_from(base, word.text, run.repository) if word.is_path else word.text
            for word in options_of(self._config, run)
        ]

    def _ask(self, label: str, state: Any) -> tuple[dict[str, Any], list[str]]:
        caller = implemented(self._config.hook, None, _HOOK)
        if caller is None:
            return {}, []
        earlier = self._asker.take_notes()
        given = state if isinstance(state, dict) else {"state": state}
        answers: dict[str, Any] = {}
        for who, answer in self._asker.answers(caller, label=label, state=given):
            made = encode(answer)
            if isinstance(made, dict):
                answers |= made
            else:
                self._asker.notes.append(f"{who} was passed over: it gave no mapping")
        notes, self._asker.notes = self._asker.take_notes(), earlier
        return answers, notes


class _SetUpWatch:
    """Registered only where a hook provides for checkpoints; others pay nothing for it."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        self._book.take("setup_done", "setup done")
