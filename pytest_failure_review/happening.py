"""What pytest tells of one failure, and what can be read of it before anything is concluded.

The law: nothing that a test's objects do when they are looked at loses the failure; what cannot be read is a note.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, Final, Literal, NamedTuple, TypeVar

from . import circumstances, evidence, exceptions
from .evidence import Source, Sources
from .marker import Marked, read_marker
from .report import Fixture, Frame
from .strangers import attempt

Phase = Literal["collect", "setup", "call", "teardown"]
Outcome = Literal["failed", "error", "crashed", "interrupted"]
_MOST_MARKS: Final = 200
_MOST_BESIDE: Final = 4
_NO_REASON: Final = "The test was reported as failed. Nothing was raised, and no reason was given."
T = TypeVar("T")


class Happening(NamedTuple):
    """One failure as pytest tells it."""

    nodeid: str
    phase: Phase
    outcome: Outcome
    worker: str
    exception: BaseException | None = None
    shown: Any = ""
    """pytest's representation of the failure, or a sentence where nothing was raised."""
    attempt: int = 1
    line: int | None = 1
    """Where the test begins, from 1; None where nobody knows."""
    marker: Marked = Marked()
    marks: Sequence[Any] = ()
    """Those on the test, its class and its module, the closest first."""
    node: Any = None
    """pytest's live item or collector, where there is one."""
    excinfo: Any = None
    sections: Sequence[tuple[str, str]] = ()
    """What was captured, by title, as pytest's report has it."""
    secrets: Collection[str] = ()
    """What must not be shown with this failure, as far as pytest's objects do not tell."""
    duration: float | None = None
    """Seconds that the phase took, where pytest has counted them."""


def happening_of(node: Any, excinfo: Any, report: Any, worker: str, attempt: int = 1) -> Happening:
    """What `pytest_exception_interact` was told, or a report alone where nothing was raised.

    `node` is then the test, if it is known, and `excinfo` None.
    """
    phase: Phase = getattr(report, "when", None) or "collect"
    marks = list(islice(node.iter_markers(), _MOST_MARKS)) if node is not None else []
    return Happening(
        nodeid=report.nodeid if node is None else node.nodeid,
        phase=phase,
        outcome="failed" if phase == "call" else "error",
        worker=worker,
        exception=None if excinfo is None else excinfo.value,
        shown=_shown(report.longrepr, excinfo),
        attempt=attempt,
        line=(getattr(report if node is None else node, "location", ("", None, ""))[1] or 0) + 1,
        marker=read_marker((mark.args, mark.kwargs) for mark in marks if mark.name == "failure_review"),
        marks=marks,
        node=node,
        excinfo=excinfo,
        sections=getattr(report, "sections", ()),
        duration=getattr(report, "duration", None),
    )


def _shown(longrepr: Any, excinfo: Any) -> Any:
    if longrepr is not None:
        return longrepr
    # pytest-retry may have made the report of what was raised one of success since.
    return _NO_REASON if excinfo is None else ""


class Place:
    """Where paths start: pytest's rootdir for node ids, the repository for everything shown on GitHub."""

    def __init__(self, rootdir: Path, repository: Path) -> None:
        self.repository = repository
        self.sources = Sources(repository)
        self._rootdir = rootdir
        self._files: dict[str, str] = {}

    def of(self, nodeid: str) -> str:
        """The test's file, relative to the repository where that is possible."""
        path = nodeid.partition("::")[0]
        if path not in self._files:
            whole = self._rootdir / path
            inside = whole.is_relative_to(self.repository)
            self._files[path] = whole.relative_to(self.repository).as_posix() if inside else path
        return self._files[path]


class Read(NamedTuple):
    """All that could be read of a happening."""

    links: list[BaseException]
    """The chain, root first."""
    leaves: list[BaseException]
    root: BaseException | None
    exception: str
    message: str
    frames: list[Frame]
    live: list[tuple[FrameType, Source]]
    beside: list[tuple[FrameType, Source]]
    """The innermost frames of the chain's and the groups' other exceptions."""
    fixture: Fixture | None
    test_path: str
    path: str
    line: int | None
    text: str
    fixtures: list[str]
    markers: list[str]
    params: dict[str, str]
    notes: list[str]


class Reader:
    """Reads with care, and notes what it could not read."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def get(self, what: str, default: T, function: Callable[..., T], *arguments: Any) -> T:
        value, trouble = attempt(function, *arguments)
        if trouble:
            self.notes.append(f"{what} could not be read: {trouble}")
            return default
        return value  # type: ignore[no-any-return]  # `attempt` returns what the function returns


def read(happening: Happening, place: Place) -> Read:
    """Everything that a record and those who decide about it need to know."""
    reader, outer, node = Reader(), happening.exception, happening.node
    links = exceptions.chain(outer) if outer is not None else []
    leaves = exceptions.leaves(links)
    root = exceptions.root(links, leaves) if links else None
    message = exceptions.message_of(root) if root else reader.get("the message", "", _text, happening.shown)
    traces = [exceptions.trace_of(each) for each in ((outer,) if root is outer else (outer, root))]
    walked = evidence.walk(traces, place.sources)
    test_path = place.of(happening.nodeid)
    start = None
    if root is not None and issubclass(type(root), SyntaxError):
        start = reader.get("the place of the syntax error", None, _syntax_error_at, root, place.repository)
    deepest = next(((step["path"], step["line"]) for step in reversed(walked.frames) if step["in_repo"]), None)
    path, line = start or deepest or (test_path, happening.line)
    return Read(
        links=links,
        leaves=leaves,
        root=root,
        exception=exceptions.qualified_name(type(root)) if root else "",
        message=evidence.end_of(message),
        frames=walked.frames,
        live=walked.live,
        beside=[
            step
            for each in (*links, *leaves)
            if each is not root and each is not outer
            for step in evidence.walk([exceptions.trace_of(each)], place.sources).live[-_MOST_BESIDE:]
        ],
        fixture=reader.get("the fixture", None, _fixture, walked, node) if walked.codes else None,
        test_path=test_path,
        path=path,
        line=line,
        text=reader.get("the traceback", message, evidence.text_of, happening.shown),
        fixtures=reader.get("the fixtures", [], circumstances.fixtures_of, node),
        markers=reader.get("the marks", [], circumstances.names_of, happening.marks),
        params=reader.get("the parameters", {}, circumstances.params_of, node),
        notes=reader.notes,
    )


def _text(shown: Any) -> str:
    """A sentence; of a traceback, as pytest shows it, what was raised."""
    said = getattr(getattr(shown, "reprcrash", None), "message", shown)
    return str.__str__(str(said))


def _fixture(walked: evidence.Walked, node: Any) -> Fixture | None:
    definitions: Mapping[str, Sequence[Any]] = getattr(getattr(node, "_fixtureinfo", None), "name2fixturedefs", {})
    return evidence.failing_fixture(walked.codes, definitions)


def _syntax_error_at(root: BaseException, repository: Path) -> tuple[str, int] | None:
    filename, line = getattr(root, "filename", None), getattr(root, "lineno", None)
    if type(filename) is not str or not Path(filename).is_relative_to(repository):
        return None
    return Path(filename).relative_to(repository).as_posix(), line if type(line) is int and line > 0 else 1
