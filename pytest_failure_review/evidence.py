"""Reads what a failure left behind: the chain of exceptions, the frames, the text, and what makes two failures alike.

It looks at values only: no files, and pytest's report is read, never changed. Written to be cheap: pytest's own
iteration over a traceback looks up every file on the disk, and rendering it again costs more than the test did.
"""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any, Final

from .capping import MAX_FIELD_BYTES
from .categorise import qualified_name
from .report import Frame

_MOST_EXCEPTIONS: Final = 100
_MOST_FRAMES: Final = 60
"""A runaway recursion has a thousand; beginning and end say it all."""
_LARGEST_TEXT: Final = 1024 * 1024
_MACHINERY: Final = ("_pytest", "pluggy", "importlib")
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})

_VARIABLE_PARTS: Final = re.compile(
    r"'[^'\n]*'|\"[^\"\n]*\"|(?<![\w-])[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|0x[0-9a-fA-F]+|(?<![\w/.])/[^\s:,;'\"]+|\d+(?:\.\d+)?"
)


def chain(exception: BaseException) -> list[BaseException]:
    """The exceptions behind this one, root first, it last; a group is followed by its leaves."""
    links: list[BaseException] = []
    seen: set[int] = set()  # by identity: comparing would run the exception's own code
    link: BaseException | None = exception
    while link is not None and id(link) not in seen and len(links) < _MOST_EXCEPTIONS:
        links.append(link)
        seen.add(id(link))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return [found for link in reversed(links) for found in _with_leaves(link)][:_MOST_EXCEPTIONS]


def _with_leaves(exception: BaseException) -> Iterator[BaseException]:
    yield exception
    if isinstance(exception, BaseExceptionGroup):
        for inner in exception.exceptions:
            yield from _with_leaves(inner)


def root(exceptions: Sequence[BaseException]) -> BaseException:
    """The exception to name: the root of the chain, or the first leaf when that is a group."""
    return next((e for e in exceptions if not isinstance(e, BaseExceptionGroup)), exceptions[0])


def message_of(exception: BaseException) -> str:
    """Its last lines in a traceback, type included; a broken `__str__` gets Python's placeholder."""
    return "".join(traceback.format_exception_only(type(exception), exception)).strip()


def frames(trace: TracebackType | None, repository: Path) -> list[Frame]:
    """The steps of the traceback outside of pytest, outermost first; of very many the first and last."""
    steps: list[Frame] = []
    prefix = f"{repository.as_posix().rstrip('/')}/"
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] not in _MACHINERY:
            steps.append(_frame(trace.tb_frame.f_code, trace.tb_lineno or 0, prefix))
        trace = trace.tb_next
    return steps if len(steps) <= _MOST_FRAMES else steps[: _MOST_FRAMES // 3] + steps[-2 * _MOST_FRAMES // 3 :]


def _frame(code: CodeType, line: int, prefix: str) -> Frame:
    path = code.co_filename.replace("\\", "/")
    in_repo = path.startswith(prefix) and _INSTALLED.isdisjoint(path.split("/"))
    return Frame(path=path.removeprefix(prefix), line=line, function=code.co_qualname, in_repo=in_repo)


def failing_fixture(trace: TracebackType | None, definitions: Mapping[str, Sequence[Any]]) -> tuple[str, str] | None:
    """Name and scope of the innermost fixture whose function the traceback passes through."""
    by_code = {
        getattr(definition.func, "__code__", None): (name, str(definition.scope))
        for name, overrides in definitions.items()
        for definition in overrides
    }
    found = None
    while trace is not None:
        found = by_code.get(trace.tb_frame.f_code, found)
        trace = trace.tb_next
    return found


def text_of(longrepr: Any) -> str:
    """The traceback as pytest shows it: source lines and messages of the whole chain, no local variables."""
    links = getattr(longrepr, "chain", None)
    if links is None:
        return end_of(str(longrepr))
    lines: list[str] = []
    for shown, _, description in links:
        for entry in shown.reprentries:
            lines += [*entry.lines, ""]
        lines += [description] if description else []
    return end_of("\n".join(lines).rstrip())


def end_of(text: str) -> str:
    """The last mebibyte, from the start of a line, so that no secret is cut before it can be seen as one."""
    if len(text) <= _LARGEST_TEXT:
        return text
    return text[-_LARGEST_TEXT:].partition("\n")[2]


def fingerprint(kind: type[BaseException] | None, steps: Sequence[Frame], message: str) -> str:
    """Sixteen hexadecimal digits of what stays the same when a failure happens again elsewhere or with other values."""
    functions = [step["function"] for step in steps if step["in_repo"]]
    same = _VARIABLE_PARTS.sub("?", message[:MAX_FIELD_BYTES])
    parts = [qualified_name(kind) if kind else "", *functions, same]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
