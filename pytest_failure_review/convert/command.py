"""`failure-review convert`: reads reports, writes one document. It changes no report."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from pytest_failure_review.checking import RunFile, read, with_their_deaths
from pytest_failure_review.plain import harmless
from pytest_failure_review.report import FILE_PREFIX

from .told import Told, told_by

FORMATS: Final = {
    "junit": "JUnit XML in Surefire's dialect, for whatever shows test results",
    "ctrf": "Common Test Report Format (JSON, https://ctrf.io)",
    "sarif": "SARIF 2.1.0 for code scanning: the failures of security categories only",
    "github": "annotations of GitHub Actions, at most ten errors and a notice",
}
_EPILOG: Final = f"""\
formats:
{chr(10).join(f"  {name:<8}{meaning}" for name, meaning in FORMATS.items())}

A run that did not come to its end is a failure in each format.

examples:
  failure-review convert --to junit -o results.xml .failure-review
  failure-review convert --to sarif -o failures.sarif downloaded/*/failure-review-*.jsonl

exit status: 0 converted, whatever failed in the tests; 2 there is no report, or a file among them is none or cannot be
read (the others are converted all the same)
"""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "convert",
        help="turn reports into JUnit XML, CTRF, SARIF or annotations of GitHub",
        description="Turn the reports of one or more runs into one document for another tool.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--to", required=True, choices=list(FORMATS), metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where to write it (default: standard output)"
    )
    parser.add_argument(
        "reports",
        type=Path,
        nargs="+",
        metavar="DIR_OR_FILE",
        help="report files, or folders that hold some at any depth",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Converts; 0 or 2 as the help says."""
    complaints: list[str] = []
    files = with_their_deaths(_files(arguments.reports, complaints))
    status = 2 if complaints else 0
    if files:
        try:
            _write(_writer(arguments.to)(told_by(files)), arguments.output)
        except OSError as error:
            if arguments.output is None:
                raise  # the command line knows what becomes of its standard output
            complaints.append(str(error))
            status = 2
    sys.stderr.writelines(f"{harmless(complaint)}\n" for complaint in complaints)
    return status


def _writer(name: str) -> Callable[[Sequence[Told]], bytes]:
    module = import_module(f".{name}", __package__)
    return cast("Callable[[Sequence[Told]], bytes]", module.convert)


def _files(given: Sequence[Path], complaints: list[str]) -> dict[Path, RunFile]:
    found: dict[Path, RunFile] = {}
    for path in dict.fromkeys(path for place in given for path in _paths(place, complaints)):
        try:
            file = read(path)
        except OSError as error:
            complaints.append(str(error))
            continue
        if file.unusable:
            complaints.append(f"{path} is no report: {file.unusable}.")
        if file.run_id or file.failures:
            found[path] = file
    return found


def _paths(place: Path, complaints: list[str]) -> list[Path]:
    if not place.is_dir():
        return [place.resolve() if place.exists() else place]
    paths = sorted(path.resolve() for path in place.rglob(f"{FILE_PREFIX}-*.jsonl"))
    if not paths:
        said = "no pytest ran, or pytest-failure-review is not installed where it ran."
        complaints.append(f"No report in {place}: {said}")
    return paths


def _write(document: bytes, output: Path | None) -> None:
    """To a file all at once, so that a full disk or a kill leaves what was there before. Raises OSError."""
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(document)
        Path(name).replace(output)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
