"""Listens to pytest while the plugin is on, and hands every failure to the report file.

The law: it never changes what pytest decides, and an error of its own ends in an `internal` record, not in the run.
Order inside pytest: makereport, logreport, then exception_interact (only when something was raised and it is no skip).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any

import pytest

from . import retries, strangers
from .book import Clean, Times
from .breadcrumb import SUFFIX, Breadcrumb
from .checking import findings_of_run
from .deciding import Judge
from .exceptions import message_of
from .failures import conclude, shown_id
from .fallback import least
from .findings import Findings, of_run
from .gates.of_pytest import gate_of_pytest
from .grouping import Groups
from .happening import Happening, Place, happening_of
from .hindsight import Hindsight
from .owners import Owners
from .report import Counts, Crash, Failure, Internal
from .retries import Attempts
from .rules import read_rules
from .run import MAIN, Run
from .showing import print_table, write_step_summary
from .telling import Telling
from .workers import Workers, keep_c_stack
from .writing import ReportFile


class Recorder:
    """The pytest plugin object of one process."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._run = run
        self._place = Place(config.rootpath, run.repository)
        rules = read_rules(config.rootpath, run.repository)
        self._judge = Judge(Owners(run.repository), rules, config.hook)
        self._keeps_locals = bool(config.getini("failure_review_locals"))
        self._most_failures = _whole_number(config, "failure_review_max_failures")
        self._groups = Groups()
        self._telling = Telling(config.hook)
        run.redactor.listen(config.hook.pytest_failure_review_redact, self._judge.asker)
        self._file: ReportFile | None = None
        self._trouble = ""
        self._exit_status: int | None = None
        self._unwritten: list[Failure] = []
        self._counts = Counts(passed=0, failed=0, error=0, skipped=0, xfailed=0, xpassed=0)
        self._failed_subtests: set[str] = set()
        self._notes_phases = True
        self._tried_elsewhere: Mapping[str, str] = {}
        self._workers: Workers | None = None
        self._breadcrumb = Breadcrumb(run.redactor)
        self._hindsight = Hindsight(config, run, self._breadcrumb, self._guard, self._judge.asker)
        self._attempts = Attempts(run.worker, self._breadcrumb)
        self._counts_attempts = False

    # -- the run --

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        with self._guard("sessionstart"):
            plugins = session.config.pluginmanager
            if plugins.has_plugin("dsession"):
                self._workers = Workers(session.config, self._run, self._keep, self._tell, self._guard)
                self._notes_phases, self._tried_elsewhere = False, self._workers.tried_again
                plugins.register(self._workers, "failure_review_workers")
            elif any(map(plugins.has_plugin, retries.PLUGINS)):
                self._counts_attempts, self._notes_phases = True, False
                plugins.register(self._attempts, "failure_review_attempts")
            self._hindsight.open()
            try:
                self._file = ReportFile(
                    self._run.file,
                    self._run.start,
                    self._run.redactor,
                    self._telling.record,
                    most_failures=self._most_failures,
                )
                self._breadcrumb.open(self._run.file.with_suffix(SUFFIX))
                if self._run.worker != MAIN:
                    keep_c_stack(self._run.file)
            except OSError as error:
                self._trouble = f"no report was written: {error}"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._exit_status = int(exitstatus)
        with self._guard("sessionfinish"):
            self._hindsight.close()
            if self._workers is not None:
                self._workers.settle(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
            if self._file is not None:
                for group in self._groups.finish():
                    self._file.group(group)
                if self._run.worker == MAIN:
                    self._file.gate(gate_of_pytest(int(exitstatus), self._counts))
                self._file.finish(int(exitstatus), self._counts)
                self._breadcrumb.close()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        with self._guard("terminal_summary"):
            found = self._found()
            if found.records or found.flaky or self._trouble:
                last = self._trouble or f"report: {self._run.directory}"
                print_table(terminalreporter, config.get_terminal_writer().fullwidth, found, last, self._run.audience)

    def pytest_unconfigure(self) -> None:
        """Later than the workers' end, and also without a terminal."""
        with self._guard("unconfigure"), suppress(OSError):
            found = self._found()
            write_step_summary(found, self._run.audience)
            if self._run.worker == MAIN and self._exit_status is not None:
                redactions = self._run.redactor.count
                self._telling.finish(self._exit_status, found, redactions, self._run.directory)

    def _found(self) -> Findings:
        if self._file is None:
            return of_run(self._unwritten, groups=self._groups.finish())
        found = findings_of_run(self._run.file)
        if not self._unwritten:
            return found
        told = [*found.records, *self._unwritten]
        return of_run(told, flaky=found.flaky, groups=found.groups, troubles=found.troubles, counts=found.counts)

    # -- what ran --

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if self._workers is None:
            self._breadcrumb.starting(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._notes_phases:
            self._breadcrumb.phase_ended(report.when)
        if report.passed and report.when != "call" and not self._attempts.failed and not self._tried_elsewhere:
            return
        with self._guard("logreport"):
            if _is_of_subtest(report):
                if self._notes_phases:
                    self._breadcrumb.call_goes_on()
                if report.failed:
                    self._failed_subtests.add(report.nodeid)
                return
            if report.sections:
                self._run.redactor.read_masks(report.sections)
            if report.when == "setup" and not report.passed and self._notes_phases:
                self._breadcrumb.tearing_down()
            self._count(report)
            self._keep_what_raised_nothing(report)
            if self._counts_attempts or self._workers is not None:
                self._see_through_retries(report)

    def _see_through_retries(self, report: pytest.TestReport) -> None:
        has_failed_subtests = report.nodeid in self._failed_subtests
        if retries.is_tried_again(report):
            self._failed_subtests.discard(report.nodeid)
        if self._workers is not None:
            flaky = self._workers.passed_in_the_end(report)
        else:
            flaky = self._attempts.passed_in_the_end(report, has_failed_subtests=has_failed_subtests)
        if flaky is not None and self._file is not None:
            self._file.flaky(flaky)

    def pytest_collection_finish(self) -> None:
        with self._guard("collection_finish"):
            self._hindsight.watch()

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        self._breadcrumb.collecting(collector.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._breadcrumb.phase_ended(None)
        if report.failed:
            self._counts["error"] += 1
        elif report.skipped:
            self._counts["skipped"] += 1

    def _count(self, report: pytest.TestReport) -> None:
        expected = hasattr(report, "wasxfail")
        if report.passed and report.when == "call":
            # pytest itself turns a test with failed sub-tests red only while it prints it.
            failed = report.nodeid in self._failed_subtests
            self._counts["failed" if failed else "xpassed" if expected else "passed"] += 1
        elif report.skipped:
            self._counts["xfailed" if expected else "skipped"] += 1
        elif report.failed:
            self._counts["error" if report.when in ("setup", "teardown") else "failed"] += 1

    # -- what failed --

    def pytest_exception_interact(
        self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any], report: Any
    ) -> None:
        with self._guard("exception_interact"):
            assert call.excinfo is not None
            happening = happening_of(node, call.excinfo, report, self._run.worker, getattr(node, "execution_count", 1))
            self._keep(
                self._attempts.of(happening, report) if self._counts_attempts else happening,
                None if _is_of_subtest(report) else (call.start, call.stop),
            )

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C or pytest.exit: the test that ran then has no report of its own; other reporters call it passed."""
        with self._guard("keyboard_interrupt"):
            now = self._breadcrumb.trail()
            if now.phase:
                self._keep(
                    Happening(
                        nodeid=now.nodeid,
                        phase=now.phase,
                        outcome="interrupted",
                        worker=self._run.worker,
                        attempt=now.attempt,
                        exception=excinfo.value,
                        shown=excinfo.exconly(),
                    )
                )

    def _keep_what_raised_nothing(self, report: pytest.TestReport) -> None:
        """A strict xfail that passed, and a pytest-xdist worker that died: both show a sentence, no exception."""
        if report.when == "???":  # type: ignore[comparison-overlap]  # pytest-xdist's word for a crash
            happened = self._workers.happening_of(report) if self._workers else None
            if happened is not None:
                self._keep(happened)
        elif report.failed and self._workers is None and str(report.longrepr).startswith("[XPASS(strict)]"):
            attempt = self._attempts.number if self._counts_attempts else 1
            self._attempts.failed.update([attempt] if self._counts_attempts else [])
            happened = Happening(
                report.nodeid, "call", "failed", self._run.worker, shown=report.longrepr, attempt=attempt
            )
            self._keep(happened)

    def _keep(self, happening: Happening, times: Times | None = None) -> None:
        group = self._groups.follows(happening.exception, happening.phase)
        if group:
            self._count_into(group, happening)
            return
        record, trouble = strangers.attempt(
            conclude,
            happening,
            self._place,
            self._judge,
            self._run.redactor,
            keeps_locals=self._keeps_locals,
            hindsight=partial(self._look_back, happening, times),
        )
        if trouble:
            record = least(happening, self._place, self._run.redactor, trouble)
        self._groups.begins(happening.exception, record)
        try:
            if self._file is not None:
                self._file.failure(record)
                return
        except OSError as error:
            self.note_own_error("writing", error)
        self._unwritten.append(record)

    def _tell(self, record: Crash) -> None:
        if self._file is not None:
            self._file.crash(record)

    def _look_back(self, happening: Happening, times: Times | None, clean: Clean) -> dict[str, Any]:
        with self._guard("checkpoints"):
            number = self._file.failures + 1 if self._file is not None else 1
            return self._hindsight.of_failure(happening, times, number, clean)
        return {}

    def _count_into(self, group: str, happening: Happening) -> None:
        record = self._groups.add(group, happening.nodeid, shown_id(happening, self._run.redactor))
        if record is not None and self._file is not None:
            self._file.group(record)

    def _guard(self, where: str) -> _Guard:
        return _Guard(self, where)

    def note_own_error(self, where: str, error: Exception) -> None:
        """Writes the first error of the plugin itself into the report; later ones are likely the same."""
        if self._trouble:
            return
        said = message_of(error)
        self._trouble = f"the plugin itself failed in {where}: {said}"
        if self._file is not None:
            with suppress(OSError):  # a full disk is no reason to stop a test run
                self._file.internal(Internal(record="internal", where=where, error=said))


def _whole_number(config: pytest.Config, option: str) -> int:
    said = str(config.getini(option))
    if not said.isdecimal():
        raise pytest.UsageError(f"{option} must be a whole number, not {said!r}")
    return int(said)


def _is_of_subtest(report: Any) -> bool:
    return type(report).__name__.lower() == "subtestreport"  # pytest's own since 9, pytest-subtests' before


class _Guard:
    """Keeps an error of the plugin out of the test run; Ctrl-C and pytest's own control flow pass."""

    def __init__(self, recorder: Recorder, where: str) -> None:
        self._recorder = recorder
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._recorder.note_own_error(self._where, error)
        return True
