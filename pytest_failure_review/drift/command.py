"""`failure-review check-drift`: whether generated files are what their generators write, and how the API changed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pytest_failure_review.gates.outcome import CannotRunError, run
from pytest_failure_review.git import NoBaseError, base_of, text_at, top_of
from pytest_failure_review.plain import printable
from pytest_failure_review.pyproject import BadSettingError, Project, find

from .generators import Drifted, DriftSettings, Generator, drifted, settings_of, unknown_outputs

GOOD, FINDINGS, UNUSABLE = 0, 1, 2
NEEDS: Final = "To see how the API changed: pip install 'pytest-failure-review[app]'"
Text = Callable[[str], str | None]
Compare = Callable[[Text, Text, Sequence[str]], Iterable[dict[str, Any]]]
"""From the texts of both sides by path, and the named documents, to a report of each: by the App's rules and policy."""


class CannotTellError(Exception):
    """Whether files drifted is not known; the text is a sentence."""


def add_check_drift_command(subparsers: Any) -> None:
    """Adds `check-drift` to the commands of `failure-review`."""
    parser = subparsers.add_parser(
        "check-drift",
        help="run the generators of pyproject.toml, and say which committed files differ and how the API changed",
        description="Runs the generators of [tool.failure_review.drift] in pyproject.toml, which write their files in "
        "place. Exit status: 0 all is as committed, 1 files differ, 2 a generator failed or nothing can be checked.",
    )
    parser.add_argument(
        "--base", metavar="COMMIT", default="", help="where the change began (default: the main branch)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object; generators then speak on stderr")
    # The App's commands put its comparison in place of None.
    parser.set_defaults(run=lambda arguments: _check(arguments, os.environ), contracts=None)


def _check(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    try:
        project = find(Path.cwd())
        settings = settings_of(project)
        with redirect_stdout(sys.stderr) if arguments.json else nullcontext():
            for generator in settings.generators:
                _generate(generator, project.folder)
    except (BadSettingError, CannotTellError) as error:
        sys.stderr.write(f"{printable(str(error))}\n")
        return UNUSABLE
    files = sorted(set(drifted(project.folder, settings.generators)))
    began = _Began(project, arguments.base, environment)
    reports, gap = _contracts(settings, arguments.contracts, began)
    if arguments.json:
        told = {"drifted": [asdict(file) for file in files], "contracts": reports, "gap": gap}
        sys.stdout.write(f"{json.dumps(told)}\n")
    else:
        sys.stdout.writelines(f"{printable(line)}\n" for line in _told(files, reports, gap))
    return FINDINGS if files else GOOD


def _generate(generator: Generator, folder: Path) -> None:
    if top_of(folder) is None:
        raise CannotTellError("git knows nothing of this folder, so nothing can be compared.")
    try:
        ended = run(generator.command, folder, seconds=generator.timeout)
    except CannotRunError as error:
        raise CannotTellError(f"The generator {generator.name} could not run: {error}.") from None
    if ended.status:
        raise CannotTellError(f"The generator {generator.name} failed: {ended.how}.")
    if unknown := unknown_outputs(folder, generator):
        raise CannotTellError(
            f"Of the generator {generator.name} git knows no file {unknown[0]}, so it was not checked."
        )


def _told(files: Sequence[Drifted], reports: Sequence[Mapping[str, Any]], gap: str) -> list[str]:
    """The first sentence and the list are those by which the App knows drift in a log."""
    lines = ["Generated files are what is committed."]
    if files:
        lines = ["Generated files differ from what is committed:", *map(str, files)]
        lines += ["They now hold what the generators write: add them to the commit."]
    for report in reports:
        lines += [report["sentence"], *(_change(change) for change in report["changes"])]
        more = report["total"] - len(report["changes"])
        lines += [f"  and {more} more"] if more > 0 else []
        lines += [report["users"]] if report["changes"] else []
    return [*lines, *([gap] if gap else [])]


def _change(change: Mapping[str, Any]) -> str:
    return f"  {'breaking' if change['breaking'] else 'not breaking'}: {change['where']}: {change['what']}"


@dataclass(frozen=True, slots=True)
class _Began:
    """Where the change that is checked out began."""

    project: Project
    named: str
    environment: Mapping[str, str]

    def sides(self) -> tuple[Text, Text]:
        """The texts of files then and now, by path from the top of the checkout. Raises NoBaseError."""
        top = top_of(self.project.folder)
        assert top is not None  # generators only run in a checkout
        commit = base_of(top, ".", self.named, self.environment)
        return lambda path: text_at(top, commit, path), lambda path: _text(top, path)


def _contracts(settings: DriftSettings, compare: Compare | None, began: _Began) -> tuple[list[dict[str, Any]], str]:
    """How the API changed since the change began, and a sentence where that cannot be told."""
    if compare is None:
        return [], NEEDS if settings.openapi else ""
    try:
        return list(compare(*began.sides(), settings.openapi)), ""
    except NoBaseError as error:
        return [], f"How the API changed is not known: {error}."


def _text(top: Path, path: str) -> str | None:
    try:
        return (top / path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
