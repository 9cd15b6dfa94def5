"""The gates that run a tool: any command, ruff, and mypy with its list of modules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_failure_review.git import NoBaseError, base_of, text_at, top_of
from pytest_failure_review.pyproject import NAME, BadSettingError, Project, parse, texts

from . import ratchet
from .outcome import FAILED, PASSED, CannotRunError, Ended, Outcome, could_not_run, run
from .settings import GateSettings

_RUFF: Final = re.compile(r"(?P<path>[^\s:][^:]{0,500}):\d+:\d+: (?P<code>[A-Z]{1,6}\d{1,5}|invalid-syntax)\b")
_MYPY: Final = re.compile(r"(?P<path>[^\s:][^:]{0,500}):\d+(?::\d+)*: error: .*?(?:\[(?P<code>[\w-]{1,60})\])?$")
_SHOWN: Final = 20
_MOST_CODES: Final = 5


@dataclass(slots=True)
class Findings:
    """What a tool found, counted line by line as it says it."""

    pattern: re.Pattern[str]
    codes: Counter[str] = field(default_factory=Counter)
    paths: set[str] = field(default_factory=set)
    first: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        hit = self.pattern.match(line)
        if hit is None:
            return
        self.codes[hit["code"] or "without a code"] += 1
        self.paths.add(hit["path"])
        self.first += [line] if len(self.first) < _SHOWN else []

    @property
    def words(self) -> str:
        """`3 errors in 2 files (2 E501, 1 F401)`."""
        common = ", ".join(f"{count} {code}" for code, count in self.codes.most_common(_MOST_CODES))
        more = ", ..." if len(self.codes) > _MOST_CODES else ""
        return f"{_counted(self.codes.total(), 'error')} in {_counted(len(self.paths), 'file')} ({common}{more})"

    @property
    def details(self) -> dict[str, Any]:
        return {"errors": self.codes.total(), "codes": dict(self.codes.most_common()), "first": self.first}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def command(settings: GateSettings, project: Project) -> Outcome:
    """Passed when the command ends with 0."""
    try:
        ended = run(settings.command, project.folder, seconds=settings.timeout)
    except CannotRunError as error:
        return could_not_run(str(error))
    return Outcome(PASSED if ended.status == 0 else FAILED, f"{ended.how}.", ended.details)


def ruff(settings: GateSettings, project: Project) -> Outcome:
    """0 is nothing found, 1 findings, all else a ruff that did not do its work (S2-061)."""
    found = Findings(_RUFF)
    try:
        ended = run(settings.command, project.folder, found.hear, seconds=settings.timeout)
    except CannotRunError as error:
        return could_not_run(str(error))
    return _judged("ruff", ended, found, "ruff finds nothing")


def mypy(settings: GateSettings, project: Project, base: str, environment: Mapping[str, str]) -> Outcome:
    """The modules have no errors, and none of those that were checked before is missing without a reason (S2-060)."""
    found = Findings(_MYPY)
    given = [word for module in settings.modules for word in ("-p", module)]
    try:
        since, earlier = _earlier(settings.name, project, base, environment)
        ended = run((*settings.command, *given), project.folder, found.hear, seconds=settings.timeout)
    except (CannotRunError, NoBaseError, BadSettingError) as error:
        return could_not_run(str(error))
    checked = _counted(len(settings.modules), "module") if settings.modules else "what its settings name"
    added = ratchet.new(earlier, settings.modules)
    words = f"mypy finds nothing in {checked}{f', {len(added)} of them new' if added and earlier else ''}"
    judged = _judged("mypy", ended, found, words)
    gone = ratchet.missing(earlier, settings.modules, settings.dropped)
    lists = {"modules": list(settings.modules), "new": added, "missing": gone, "dropped": dict(settings.dropped)}
    details = {**judged.details, **lists, "since": since}
    if not gone:
        return Outcome(judged.status, judged.summary, details)
    names = ", ".join(gone[:_SHOWN])
    shrunk = f"The list of modules shrank: {names} had been in it. Put it back, or give the reason under `dropped`."
    return Outcome(max(FAILED, judged.status), f"{shrunk} {judged.summary}", details)


def _earlier(name: str, project: Project, base: str, environment: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The commit that the list is compared with, and the list as it was there; both empty outside of git."""
    top = top_of(project.folder)
    if top is None:
        return "", ()
    path = (project.folder / NAME).relative_to(top.resolve()).as_posix()
    commit = base_of(top, path, base, environment)
    text = text_at(top, commit, path)
    then = Project(project.folder, parse(text.encode()) if text else {})
    written = then.table("gates").get(name, {})
    return commit, texts(written, "modules", f"tool.failure_review.gates.{name} at {commit[:12]}")


def _judged(tool: str, ended: Ended, found: Findings, clean: str) -> Outcome:
    details = {**ended.details, **found.details}
    if ended.status == 0:
        return Outcome(PASSED, f"{clean}.", details)
    if ended.status != 1:
        return could_not_run(ended.how, **details)
    words = f"{tool} finds {found.words}" if found.codes else ended.how
    return Outcome(FAILED, f"{words}.", details)
