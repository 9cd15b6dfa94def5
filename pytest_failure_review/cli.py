"""The command line `failure-review`: what the base install can do, and the door for the App's commands."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from . import step_summary
from .annotations import annotate
from .checking import Check, check_the_dead, findings_in
from .convert import command as convert_command
from .drift.command import add_check_drift_command
from .gates.command import add_gate_command
from .migrations.command import add_check_migrations_command
from .plain import harmless

COMMANDS: Final = "failure_review.commands"
"""Entry point group; each is a callable that adds parsers to `subparsers` and sets `run` to `(arguments) -> status`."""
APP_COMMANDS: Final = ("serve", "demo", "classify", "policy", "doctor", "db", "audit")
GOOD, FINDINGS, UNUSABLE, STOPPED = 0, 1, 2, 130
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 good, 1 findings, 2 unusable input, 130 stopped by Ctrl-C, also while it still starts."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        _refuse("Stopped.")
        return STOPPED


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="failure-review", description="Whose CI failure it is, and what may be done.")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_check_report(subparsers)
    convert_command.add(subparsers)
    add_gate_command(subparsers)
    add_check_drift_command(subparsers)
    add_check_migrations_command(subparsers)
    for entry_point in entry_points(group=COMMANDS):
        try:
            entry_point.load()(subparsers)
        except ImportError as error:
            _add_missing(subparsers, error)
    parsed = parser.parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()  # `| head` has seen enough
        return GOOD
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _discard_output()
        return _refuse(str(error))
    return status


def _discard_output() -> None:
    """Without this Python complains once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(sentence: str) -> int:
    with suppress(OSError):  # stderr may stand on the same full disk
        sys.stderr.write(f"{sentence}\n")
    return UNUSABLE


def _add_missing(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], error: ImportError) -> None:
    """Lists the App's commands with what they need, so that nobody looks for a typing error."""
    needs = "needs: pip install 'pytest-failure-review[app]'"

    def refuse(_: argparse.Namespace) -> int:
        return _refuse(f"{needs} ({error})")

    for name in APP_COMMANDS:
        if name not in subparsers.choices:
            # No argument begins with NUL, so that `serve --role all` gets the sentence instead of "unrecognized".
            parser = subparsers.add_parser(name, help=needs, add_help=False, prefix_chars="\0")
            parser.add_argument("rest", nargs="*")
            parser.set_defaults(run=refuse)


def _add_check_report(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "check-report",
        help="say whether the reports in a folder tell the whole run",
        description="Names the test in which a run died and adds it to that run's report. "
        "Exit status: 0 complete, 1 a run died or left no report, 2 a file is no report.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument(
        "--github-output",
        type=Path,
        metavar="FILE",
        help="append the result as outputs of a step, and annotate failures",
    )
    parser.add_argument("--github-step-summary", type=Path, metavar="FILE", help="append the failures as a step's page")
    parser.add_argument("--exit-status", type=int, metavar="N", help="what the command that ran pytest ended with")
    parser.set_defaults(run=_check_report)


def _check_report(arguments: argparse.Namespace) -> int:
    directory: Path = arguments.directory
    if directory.exists() and not directory.is_dir():
        return _refuse(f"{directory} is no folder")
    try:
        found = check_the_dead(directory, arguments.exit_status)
        _tell_github(directory, found, arguments.github_output, arguments.github_step_summary)
    except OSError as error:
        return _refuse(str(error))
    sys.stdout.writelines(f"{harmless(sentence)}\n" for sentence in found.sentences)
    if found.worst_category:
        sys.stdout.write(f"Worst category: {found.worst_category}\n")
    if found.unusable:
        return UNUSABLE
    return GOOD if found.complete else FINDINGS


def _tell_github(directory: Path, found: Check, outputs: Path | None, summary: Path | None) -> None:
    """Raises OSError when the outputs cannot be written; the page is of less weight."""
    if outputs is None and summary is None:
        return
    told = findings_in(directory)
    if outputs is not None:
        with outputs.open("a", encoding="utf-8") as file:
            file.write(_outputs(found, directory))
        sys.stdout.flush()
        sys.stdout.buffer.writelines(f"{line}\n".encode("utf-8", "replace") for line in annotate(told))
        sys.stdout.flush()
    if summary is not None:
        with suppress(OSError):
            step_summary.append(summary, told)


def _outputs(found: Check, directory: Path) -> str:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-output-parameter."""
    return (
        f"failures={found.failures}\n"
        f"worst-category={found.worst_category}\n"
        f"report-path={directory.resolve()}\n"
        f"complete={str(found.complete).lower()}\n"
        f"failed-gates={','.join(found.failed_gates)}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
