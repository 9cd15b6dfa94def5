"""Reads what a failure left behind: the frames, the text, and what makes two failures alike.

It looks at values only: no files, and pytest's report is read, never changed. Written to be cheap: pytest's own
iteration over a traceback looks up every file on the disk, and rendering it again costs more than the test did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, NamedTuple

from .report import Fixture, Frame
from .shapes import Pattern

_MOST_FRAMES: Final = 60
"""A runaway recursion has a thousand; beginning and end say it all."""
_LARGEST_TEXT: Final = 1024 * 1024
_LONGEST_ALIKE: Final = 1000
"""Characters of a message that make two failures alike: what follows is a diff of values."""
_LONGEST_SECRET: Final = 4096
_MACHINERY: Final = ("_pytest", "pluggy", "importlib", __package__)
_FIXTURES: Final = "_pytest.fixtures"
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})

_VARIABLE_PARTS: Final = Pattern(
    # The signs that any of these begins with stand before all: most letters of a text are none of them.
    r"(?=['\"/\dA-Fa-f])(?:'[^'\n]*'|\"[^\"\n]*\"|(?<![\w-])[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|0x[0-9a-fA-F]+"
    r"|(?<![\w/.])/[^\s:,;'\"]+"
    r"|\b(?=[a-f]*\d)[0-9a-f]{7,}\b|\d+(?:\.\d+)?)"
)


class Source(NamedTuple):
    """A file that frames come from: as it is shown, whether it is in the repository, and whether it runs tests."""

    path: str
    in_repo: bool
    is_machinery: bool
    runs_fixtures: bool = False
    """It is the part of pytest through which every fixture is called."""


class Sources(dict[str, Source]):
    """Knows the files of one run's frames, by the name that the code has; each is judged once."""

    def __init__(self, repository: Path) -> None:
        super().__init__()
        self._prefix = f"{repository.as_posix().rstrip('/')}/"

    def judge(self, frame: FrameType) -> Source:
        name = frame.f_code.co_filename
        module = str(frame.f_globals.get("__name__", ""))
        path = name.replace("\\", "/")
        in_repo = path.startswith(self._prefix) and _INSTALLED.isdisjoint(path.split("/"))
        source = Source(
            path.removeprefix(self._prefix), in_repo, module.partition(".")[0] in _MACHINERY, module == _FIXTURES
        )
        self[name] = source
        return source


class Walked(NamedTuple):
    """What tracebacks pass through, outermost first."""

    frames: list[Frame]
    live: list[tuple[FrameType, Source]]
    """The frames themselves, as long as the failure is being looked at."""
    codes: list[int]
    """Identities of the code passed through below pytest's calls of fixtures; some are its own (`setup_module`)."""


def walk(traces: Sequence[TracebackType | None], sources: Sources) -> Walked:
    """The steps of the tracebacks outside of pytest, one after the other; of very many the first and last.

    What runs tests is left out, also where it is what the repository is about: there it counts below the first step
    of a test.
    """
    steps: list[tuple[FrameType, int, Source]] = []
    codes: list[int] = []
    in_fixture = False
    known = sources.get
    for start in traces:
        trace = start
        while trace is not None:
            frame = trace.tb_frame
            code = frame.f_code
            source = known(code.co_filename) or sources.judge(frame)
            if in_fixture or source.runs_fixtures:
                in_fixture = True
                codes.append(id(code))
            if not source.is_machinery or (source.in_repo and steps):
                steps.append((frame, trace.tb_lineno or 0, source))
            trace = trace.tb_next
    if len(steps) > _MOST_FRAMES:
        steps = steps[: _MOST_FRAMES // 3] + steps[-2 * _MOST_FRAMES // 3 :]
    return Walked(
        frames=[
            {"path": source.path, "line": line, "function": frame.f_code.co_qualname, "in_repo": source.in_repo}
            for frame, line, source in steps
        ],
        live=[(frame, source) for frame, _, source in steps],
        codes=codes,
    )


def failing_fixture(codes: Sequence[int], definitions: Mapping[str, Sequence[Any]]) -> Fixture | None:
    """The innermost fixture whose function the traceback passes through, by the identities of its code."""
    if not codes or not definitions:
        return None
    by_code = {
        id(code): definition
        for overrides in definitions.values()
        for definition in overrides
        if (code := getattr(definition.func, "__code__", None)) is not None
    }
    found = next((by_code[code] for code in reversed(codes) if code in by_code), None)
    return None if found is None else Fixture(name=str(found.argname), scope=str(found.scope))


def text_of(longrepr: Any) -> str:
    """The traceback as pytest shows it: source lines and messages of the whole chain, no local variables."""
    links = getattr(longrepr, "chain", None)
    if links is None:
        return end_of(str.__str__(str(longrepr)))
    lines: list[str] = []
    for shown, _, description in links:
        for entry in shown.reprentries:
            lines += [*entry.lines, ""]
        lines += [description] if description else []
    return end_of("\n".join(lines).rstrip())


def end_of(text: str, most: int = _LARGEST_TEXT) -> str:
    """The last mebibyte, from the start of a line, so that no secret is cut before it can be seen as one."""
    if len(text) <= most:
        return text
    end = text[-most:]
    return end.partition("\n")[2] or end[min(most // 2, _LONGEST_SECRET) :]


def fingerprints(kind: str, steps: Sequence[Frame], message: str) -> tuple[str, str]:
    """What stays the same when a failure happens again with other values: there, and wherever it was raised.

    Each is sixteen hexadecimal digits.
    """
    same = f"{kind}\0{_VARIABLE_PARTS.sub('?', message[:_LONGEST_ALIKE])}"
    functions = [step["function"] for step in steps if step["in_repo"]]
    return short_hash("\0".join([same, *functions])), short_hash(same)


@lru_cache(maxsize=128)
def short_hash(text: str) -> str:
    """Sixteen hexadecimal digits by which the same text is known again; a lone surrogate does no harm."""
    # blake2 is Python's own code: a hash of OpenSSL's takes longer to be looked up than to be computed
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
