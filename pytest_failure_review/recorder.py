"""Listens to pytest while the plugin is on, and hands every failure to the report file.

The law: it never changes what pytest decides, and an error of its own ends in an `internal` record, not in the run.
Order inside pytest: makereport, logreport, then exception_interact (only when something was raised and it is no skip).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from . import retries, watch
from .asking import Asker
from .breadcrumb import SUFFIX, Breadcrumb
from .gates.of_pytest import gate_of_pytest
from .hindsight import Hindsight
from .parameters import SecretParameters
from .report import Counts, Crash, Internal
from .run import MAIN, Run
from .telling import Telling
from .unsettled import Unsettled
from .writing import ReportFile

if TYPE_CHECKING:
    from .aftermath import Aftermath
    from .book import Times
    from .findings import Findings
    from .happening import Happening
    from .rules import Rule
    from .workers import Workers

# What only a failure, a finish with failures or pytest-xdist needs is imported there: most runs pass.
# ruff: noqa: PLC0415


class Recorder:
    """The pytest plugin object of one process."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
        self._rules = _rules(config.rootpath, run.repository)
        self._asker = Asker()
        self._aftermath: Aftermath | None = None
        self._most_failures = _whole_number(config, "failure_review_max_failures")
        self._telling = Telling(config.hook)
        run.redactor.listen(config.hook.pytest_failure_review_redact, self._asker)
        self._file: ReportFile | None = None
        self._trouble = ""
        self._exit_status: int | None = None
        self._counts = Counts(passed=0, failed=0, error=0, skipped=0, xfailed=0, xpassed=0)
        self._failed_subtests: set[str] = set()
        self._unsettled = Unsettled(self._keep_what_raised_nothing)
        self._session: pytest.Session | None = None
        self._notes_phases = True
        self._workers: Workers | None = None
        self._breadcrumb = Breadcrumb(run.redactor)
        self._parameters = SecretParameters(lambda: getattr(self._session, "items", ()), self._running)
        self._breadcrumb.secrets_of, self._breadcrumb.secrets_now = self._parameters.of, self._parameters.given_now
        self._hindsight = Hindsight(config, run, self._breadcrumb, self._guard, self._asker)
        self._attempts: retries.Attempts | None = None

    # -- the run --

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        with self._guard("sessionstart"):
            self._session = session
            plugins = session.config.pluginmanager
            if plugins.has_plugin("dsession"):
                from .workers import Workers

                self._workers = Workers(session.config, self._run, self._keep, self._tell, self._guard)
                self._notes_phases = False
                plugins.register(self._workers, "failure_review_workers")
            elif any(map(plugins.has_plugin, retries.PLUGINS)):
                self._attempts = retries.Attempts(self._run.worker, self._breadcrumb, self._torn_down)
                self._notes_phases = False
                plugins.register(self._attempts, "failure_review_attempts")
                if any(map(plugins.has_plugin, retries.RETRY)):
                    first = retries.FirstAttempts(
                        self._attempts, self.pytest_exception_interact, self._unsettled.explained
                    )
                    plugins.register(first, "failure_review_first_attempts")
            plugins.register(self._watch(), "failure_review_watch")
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
                    from .workers import keep_c_stack

                    keep_c_stack(self._run.file)
            except OSError as error:
                self._trouble = f"no report was written: {error}"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._exit_status = int(exitstatus)
        with self._guard("sessionfinish"):
            self._unsettled.settle()
            self._hindsight.close()
            if self._workers is not None:
                self._workers.settle(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
            if self._file is not None:
                for group in self._aftermath.groups() if self._aftermath is not None else ():
                    self._file.group(group)
                if self._run.worker == MAIN:
                    self._file.gate(gate_of_pytest(int(exitstatus), self._counts))
                self._file.finish(int(exitstatus), self._counts)
                self._breadcrumb.close()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        with self._guard("terminal_summary"):
            if self._is_quiet():
                return
            found = self._found()
            if found.records or found.flaky or found.troubles or self._trouble:
                from .showing import print_table

                notes = [f"note: {self._run.redactor.redact(note)}" for note in self._telling.notes]
                last = [*notes, self._trouble or f"report: {self._run.directory}"]
                print_table(terminalreporter, config.get_terminal_writer().fullwidth, found, last, self._run.audience)

    def pytest_unconfigure(self) -> None:
        """Later than the workers' end, and also without a terminal."""
        with self._guard("unconfigure"), suppress(OSError):
            if self._run.audience.step_summary is not None:
                from .showing import write_step_summary

                write_step_summary(self._found(), self._run.audience)
            if self._run.worker == MAIN and self._exit_status is not None and self._telling.is_awaited:
                redactions = self._run.redactor.count
                self._telling.finish(self._exit_status, self._found(), redactions, self._run.directory)

    def _is_quiet(self) -> bool:
        """Whether nothing went wrong, in this process nor in any that it watches over."""
        failed = self._counts["failed"] or self._counts["error"] or self._trouble
        return self._workers is None and self._file is not None and self._file.is_quiet and not failed

    def _found(self) -> Findings:
        from .checking import findings_of_own, findings_of_run
        from .findings import of_run

        unwritten = self._aftermath.unwritten if self._aftermath is not None else []
        if self._file is None:
            return of_run(unwritten, groups=self._aftermath.groups() if self._aftermath is not None else ())
        if self._workers is None:
            found = findings_of_own(self._run.file.name, self._file.held)
        else:
            found = findings_of_run(self._run.file)
        if not unwritten:
            return found
        told = [*found.records, *unwritten]
        return of_run(told, flaky=found.flaky, groups=found.groups, troubles=found.troubles, counts=found.counts)

    # -- what ran --

    def _watch(self) -> watch.Watch:
        if self._workers is not None:
            return watch.of_workers(self._workers.tried_again, self._look_at, self.note_own_error)
        left, trouble = self._unsettled, self.note_own_error
        if self._attempts is not None:
            return watch.of_attempts(self._breadcrumb, self._attempts.failed, left, self._look_at, trouble)
        return watch.of_tests(
            self._breadcrumb, self._counts, self._failed_subtests, left, look=self._look_at, trouble=trouble
        )

    def _look_at(self, report: pytest.TestReport) -> None:
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
        elif report.when == "teardown" and report.passed and self._notes_phases:
            self._unsettled.settle()
            self._torn_down(1, report.stop)
        self._count(report)
        if self._workers is None:
            self._open(report)
        elif report.when == "???":  # type: ignore[comparison-overlap]  # pytest-xdist's word for a crash
            crashed = self._workers.happening_of(report)
            if crashed is not None:
                self._keep(crashed)
        self._see_through_retries(report)

    def _open(self, report: pytest.TestReport) -> None:
        """What was raised, if anything was, pytest tells next."""
        if self._attempts is None:
            if report.failed:
                self._unsettled.failed(report, 1)
        elif report.failed or (retries.is_tried_again(report) and report.nodeid not in self._failed_subtests):
            self._attempts.failed.add(self._attempts.number)
            self._unsettled.failed(report, self._attempts.number)

    def _see_through_retries(self, report: pytest.TestReport) -> None:
        if self._workers is None and self._attempts is None:
            return
        has_failed_subtests = report.nodeid in self._failed_subtests
        if retries.is_tried_again(report):
            self._failed_subtests.discard(report.nodeid)
        if self._attempts is None:
            assert self._workers is not None
            flaky = self._workers.passed_in_the_end(report)
        else:
            flaky = self._attempts.passed_in_the_end(report, has_failed_subtests=has_failed_subtests)
        if flaky is not None and self._file is not None:
            secrets = self._parameters.of(flaky["nodeid"]) if self._workers is None else self._workers.secrets
            self._file.flaky(self._run.redactor.redact(flaky, secrets))

    def pytest_collection_finish(self) -> None:
        with self._guard("collection_finish"):
            self._hindsight.watch()

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        self._breadcrumb.collecting(collector.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._breadcrumb.nothing_runs()
        if report.outcome == "passed":
            return
        if report.failed:
            self._counts["error"] += 1
            if self._workers is None:
                self._unsettled.failed(report, 1)
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
            from .happening import happening_of

            if self._unsettled.knows_cause(report):
                return
            assert call.excinfo is not None
            self._unsettled.explained(report)
            happening = happening_of(node, call.excinfo, report, self._run.worker, getattr(node, "execution_count", 1))
            self._keep(
                self._attempts.of(happening) if self._attempts is not None else happening,
                None if _is_of_subtest(report) else (call.start, call.stop),
            )

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C or pytest.exit: the test that ran then has no report of its own; other reporters call it passed."""
        with self._guard("keyboard_interrupt"):
            self._unsettled.settle()
            now = self._breadcrumb.trail()
            if now.phase:
                from .happening import Happening

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

    def _keep_what_raised_nothing(self, report: Any, attempt: int) -> None:
        """A strict xfail that passed, say, or a report that another plugin turned red."""
        with self._guard("settle"):
            from .happening import happening_of

            items = getattr(self._session, "items", ())
            node = next((item for item in items if item.nodeid == report.nodeid), None)
            happening = happening_of(node, None, report, self._run.worker, attempt)
            self._keep(happening, None if happening.phase == "collect" else (report.start, report.stop))

    def _keep(self, happening: Happening, times: Times | None = None) -> None:
        if self._aftermath is None:
            from .aftermath import Aftermath

            self._aftermath = Aftermath(self._config, self._run, self._rules, self._asker, self._file)
        try:
            self._aftermath.keep(happening, times, self._hindsight, self._guard)
        except OSError as error:
            self.note_own_error("writing", error)

    def _torn_down(self, attempt: int, at: float | None = None) -> None:
        with self._guard("torn_down"):
            record = self._hindsight.torn_down(attempt, at)
            if record is not None and self._file is not None:
                self._file.afterwards(record)

    def _running(self) -> Any:
        """What pytest has set up last; there is no public way to ask for it."""
        return next(reversed(getattr(getattr(self._session, "_setupstate", None), "stack", None) or {None: None}))

    def _tell(self, record: Crash) -> None:
        if self._file is not None:
            self._file.crash(record)

    def _guard(self, where: str) -> _Guard:
        return _Guard(self, where)

    def note_own_error(self, where: str, error: Exception) -> None:
        """Writes the first error of the plugin itself into the report; later ones are likely the same."""
        if self._trouble:
            return
        self._trouble = f"the plugin itself failed in {where}"
        # A full disk is no reason to stop a test run, nor is what a test put in place of the standard library.
        with suppress(Exception):
            from .exceptions import message_of

            said = message_of(error)
            self._trouble = f"{self._trouble}: {said}"
            if self._file is not None:
                self._file.internal(Internal(record="internal", where=where, error=said))


def _rules(rootdir: Path, repository: Path) -> Sequence[Rule]:
    """Most projects have none, and need not read how rules are read."""
    for folder in (rootdir, repository):
        with suppress(OSError):
            if b"failure_review" in (folder / "pyproject.toml").read_bytes():
                break
    else:
        return ()
    from .rules import BadRuleError, read_rules

    try:
        return read_rules(rootdir, repository)
    except BadRuleError as error:
        raise pytest.UsageError(str(error)) from None


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
