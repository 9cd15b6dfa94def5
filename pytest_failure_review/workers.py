"""Watches over pytest-xdist's workers from the process that hands out the tests, and tells of those that die.

The law: nothing rides on pytest's reports, which pytest-xdist must be able to send; each process has its own files.
A worker's C stack goes to a file of its own, because nobody knows whose it is on the terminal that all of them share.
"""

from __future__ import annotations

import faulthandler
import os
import re
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from .breadcrumb import SUFFIX, Trail, left_behind
from .checking import read
from .declared import declared
from .happening import Happening
from .options import options_of
from .postmortem import STACK_SUFFIX, crash, happening, in_words, sentence, take_stack
from .report import Crash, Flaky
from .retries import is_tried_again
from .run import HANDED, Run
from .shapes import MASK

_PATIENCE: Final = 2.0
"""Seconds: a process closes its end of the pipe a moment before it is gone."""
_NOBODY: Final = Trail(nodeid="", phase="", last_checkpoint="", before=())


def keep_c_stack(file: Path) -> None:
    """In a worker: what kills it from C writes its stack beside its report. Raises OSError.

    Only where faulthandler is on: `-p no:faulthandler` is somebody's decision.
    """
    if faulthandler.is_enabled():
        # Never closed: faulthandler writes to it when nothing else works any more.
        descriptor = os.open(file.with_suffix(STACK_SUFFIX), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        faulthandler.enable(file=descriptor)


class Workers:
    """The plugin object of the main process while it distributes."""

    def __init__(
        self,
        config: pytest.Config,
        run: Run,
        keep: Callable[[Happening], None],
        tell: Callable[[Crash], None],
        guard: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._config = config
        self._run = run
        self._keep = keep
        self._tell = tell
        self._guard = guard
        self._options: list[tuple[str, bool]] | None = None
        self._dead: dict[str, Crash] = {}
        self._kept: set[str] = set()
        self.tried_again: dict[str, str] = {}
        """Tests that a worker died in, and which; another worker has them now."""
        self._passed: set[str] = set()
        self.secrets: set[str] = set()
        """What dead workers had hidden in the ids of their tests."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """pytest-xdist is about to start a worker."""
        if self._options is None:
            self._options = [(word.text, word.is_path) for word in options_of(self._config, self._run)]
        node.workerinput[HANDED] = (self._run.run_id, str(self._run.directory), self._run.program, self._options)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        """A worker is gone; what pytest-xdist says of the test that it had comes afterwards, as a report."""
        with self._guard("testnodedown"):
            if error is not None:
                self._look_at(node.gateway.id, _exit_status(node.gateway))

    def happening_of(self, report: Any) -> Happening | None:
        """The failure behind pytest-xdist's report of a crash; None when the worker could still tell of it itself.

        So it is after Ctrl-C or `pytest.exit` in a worker, which pytest-xdist calls a crash as well.
        """
        worker = report.node.gateway.id
        record = self._dead.get(worker)
        if record is None and read(self._run.file_of(worker)).finish is not None:
            return None
        self._kept.add(worker)
        said = str(report.longrepr)
        # What the worker itself noted is right where pytest-xdist can only guess by the order of the tests.
        hidden = _hidden(record["nodeid"], report.nodeid) if record is not None else None
        same = hidden is not None
        self.secrets.update(hidden or ())
        # pytest-rerunfailures numbers the reports; a scheduler that cannot run a test again leaves it at that.
        attempt = getattr(report, "rerun", 0) + 1
        if is_tried_again(report):
            self.tried_again[report.nodeid] = worker
        known = declared(report.nodeid, self._config.rootpath, self._run.repository)
        return Happening(
            nodeid=report.nodeid,
            phase=record["phase"] if record and same and record["phase"] else "call",  # type: ignore[arg-type]  # as in postmortem
            outcome="crashed",
            worker=worker,
            attempt=attempt,
            shown=sentence(record) if record and same else f"{said}; {sentence(record)}" if record else said,
            secrets=self.secrets,
            line=known.line,
            marker=known.marker,
        )

    def passed_in_the_end(self, report: Any) -> Flaky | None:
        """The record of a test that another worker passed; its own attempts a worker tells of itself."""
        nodeid = report.nodeid
        if nodeid not in self.tried_again:
            return None
        if report.when == "call":
            self._passed.discard(nodeid)
            self._passed.update([nodeid] if report.passed else [])
        elif report.when == "teardown" and report.passed and nodeid in self._passed:
            worker = self.tried_again.pop(nodeid)
            return Flaky(record="flaky", nodeid=nodeid, worker=worker, attempts=getattr(report, "rerun", 1) + 1)
        return None

    def settle(self, *, interrupted: bool) -> None:
        """At the end: tells of workers that died in no test, or that were stopped before they could say so."""
        for path in sorted(self._run.directory.glob(f"{self._run.file_of('*').name}")):
            if path != self._run.file:
                self._look_at(read(path).worker, None)
        for worker, record in self._dead.items():
            happened = happening(record, self._config.rootpath, self._run.repository)
            if happened is not None and worker not in self._kept:
                self._keep(happened._replace(outcome="interrupted") if interrupted else happened)
        for left in self._run.directory.glob(self._run.file_of("*").with_suffix(STACK_SUFFIX).name):
            left.unlink(missing_ok=True)

    def _look_at(self, worker: str, status: int | None) -> None:
        file = self._run.file_of(worker)
        trail = left_behind(file.with_suffix(SUFFIX))
        if worker in self._dead or (trail is None and (status is None or read(file).finish is not None)):
            return
        stack = take_stack(file)
        self._dead[worker] = crash(trail or _NOBODY, worker, in_words(status), stack)
        self._tell(self._dead[worker])
        file.with_suffix(SUFFIX).unlink(missing_ok=True)
        self._show(worker, stack)

    def _show(self, worker: str, stack: str) -> None:
        """Where it would have been seen without us."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if stack and terminal is not None:
            terminal.ensure_newline()
            terminal.write_line(f"[{worker}] {stack}")


def _hidden(shown: str, nodeid: str) -> tuple[str, ...] | None:
    """What a worker has hidden in the id of its test; None when that is another test."""
    found = re.fullmatch(re.escape(shown).replace(re.escape(MASK), "(.+)"), nodeid, re.DOTALL)
    return found.groups() if found else None


def _exit_status(gateway: Any) -> int | None:
    """Of a worker on this machine; execnet has no public way to ask."""
    process = getattr(getattr(gateway, "_io", None), "popen", None)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(_PATIENCE) if process is not None else None
    return None
