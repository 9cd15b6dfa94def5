"""Makes the failure record from what happened: evidence, category and owner in one value. It writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from . import evidence
from .categorise import Facts, categorise, qualified_name
from .marker import MISREAD, Marked
from .owners import Owners
from .report import Failure, Frame, Owner

Phase = Literal["collect", "setup", "call", "teardown"]
Outcome = Literal["failed", "error", "crashed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Happening:
    """What pytest told of one failure, before anything is concluded from it."""

    nodeid: str
    phase: Phase
    outcome: Outcome
    worker: str
    exception: BaseException | None = None
    shown: Any = ""
    """pytest's representation of the failure, or a sentence where nothing was raised."""
    attempt: int = 1
    line: int = 1
    """Where the test begins, from 1."""
    marker: Marked = field(default_factory=Marked)
    fixtures: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """pytest's fixture definitions of the test, by name."""


class Place:
    """Where paths start: pytest's rootdir for node ids, the repository for everything shown on GitHub."""

    def __init__(self, rootdir: Path, repository: Path) -> None:
        self.repository = repository
        self._rootdir = rootdir

    def of(self, nodeid: str) -> str:
        """The test's file, relative to the repository where that is possible."""
        path = nodeid.partition("::")[0]
        whole = self._rootdir / path
        return whole.relative_to(self.repository).as_posix() if whole.is_relative_to(self.repository) else path


def conclude(happening: Happening, place: Place, owners: Owners) -> Failure:
    """The failure's record. Raises whatever a hostile exception object raises when it is looked at."""
    exceptions = evidence.chain(happening.exception) if happening.exception else []
    root = evidence.root(exceptions) if exceptions else None
    message = evidence.message_of(root) if root else str(happening.shown)
    steps = _steps(happening.exception, root, place.repository)
    file = place.of(happening.nodeid)
    path, line = _where(steps, root, place.repository, (file, happening.line))
    verdict = categorise(
        Facts(
            exceptions=exceptions,
            phase=happening.phase,
            path=file,
            fixture=evidence.failing_fixture(_trace(happening.exception), happening.fixtures),
            marked=happening.marker.category,
            crashed=happening.outcome == "crashed",
        )
    )
    return Failure(
        record="failure",
        nodeid=happening.nodeid,
        phase=happening.phase,
        attempt=happening.attempt,
        worker=happening.worker,
        outcome=happening.outcome,
        category=verdict.category,
        rule=_with_what_was_ignored(verdict.rule, happening.marker),
        confidence=verdict.confidence,
        owner=_marked_owner(happening.marker) or owners.of(file),
        sla=happening.marker.sla,
        exception=qualified_name(type(root)) if root else "",
        message=evidence.end_of(message),
        path=path,
        line=line,
        frames=steps,
        text=evidence.text_of(happening.shown),
        fingerprint=evidence.fingerprint(type(root) if root else None, steps, message),
    )


def _steps(outer: BaseException | None, root: BaseException | None, repository: Path) -> list[Frame]:
    """From the test down to where the exception was caught, then on to where its root was raised."""
    steps = evidence.frames(_trace(outer), repository)
    return steps if root is outer else steps + evidence.frames(_trace(root), repository)


def _trace(exception: BaseException | None) -> Any:
    return exception.__traceback__ if exception else None


def _where(
    steps: Sequence[Frame], root: BaseException | None, repository: Path, test: tuple[str, int]
) -> tuple[str, int]:
    if isinstance(root, SyntaxError) and root.filename and Path(root.filename).is_relative_to(repository):
        return Path(root.filename).relative_to(repository).as_posix(), root.lineno or 1
    return next(((step["path"], step["line"]) for step in reversed(steps) if step["in_repo"]), test)


def _marked_owner(marker: Marked) -> Owner | None:
    return Owner(names=list(marker.owners), source="marker", line=None) if marker.owners else None


def _with_what_was_ignored(rule: str, marker: Marked) -> str:
    return " ".join([rule, *(f"({MISREAD}{words})" for words in marker.ignored)])
