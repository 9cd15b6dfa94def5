"""How a gate ended, and how the tool behind it was run."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pytest_failure_review.postmortem import in_words

from .process import follow

PASSED, FAILED, COULD_NOT_RUN = 0, 1, 2
MOST_SECONDS: Final = 3600
"""An hour, where the project says nothing else."""
_LAST_LINES: Final = 40
_NO_SUCH: Final = (126, 127)
"""What a shell says of a command that it cannot run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of one gate; `summary` is one sentence. What could not run has failed, for that reason."""

    status: int
    summary: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.status == PASSED


def could_not_run(why: str, **details: Any) -> Outcome:
    return Outcome(COULD_NOT_RUN, f"It could not run: {why}.", details)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tool ended; its output was shown as it came."""

    words: tuple[str, ...]
    status: int
    tail: tuple[str, ...]
    """The last lines of its output that are not empty."""

    @property
    def command(self) -> str:
        return shlex.join(self.words)

    @property
    def how(self) -> str:
        return f"`{self.command}` ended with {in_words(self.status)}{self.said}"

    @property
    def said(self) -> str:
        """Its last line behind a colon; empty when it said nothing."""
        return f": {self.tail[-1].strip()[:300].rstrip('.')}" if self.tail else ""

    @property
    def details(self) -> dict[str, Any]:
        return {"command": self.command, "exit_status": self.status, "output": "\n".join(self.tail)}


class CannotRunError(Exception):
    """The tool is not there, may not be started, or took too long; the text is a clause."""


def run(
    words: Sequence[str], folder: Path, listen: Callable[[str], None] = lambda _: None, *, seconds: float = 0
) -> Ended:
    """Runs a tool in `folder`, an hour at most or `seconds`, and hands each line to `listen`. Raises CannotRunError.

    It is looked for as a shell would, then beside the Python that runs this: that is where the project's own tools are.
    """
    named = str(folder / words[0]) if os.sep in words[0] or "/" in words[0] else words[0]
    found = shutil.which(named, path=_search(folder))
    if found is None:
        raise CannotRunError(f"there is no program `{words[0]}` in this environment")
    tail: deque[str] = deque(maxlen=_LAST_LINES)

    def hear(raw: bytes) -> None:
        line = raw.decode("utf-8", "replace")
        _show(line)
        listen(line.rstrip("\r\n"))
        tail.extend([line.rstrip()] if line.strip() else [])

    most = seconds or MOST_SECONDS
    try:
        status = follow([found, *words[1:]], folder, most, hear)
    except OSError as error:
        raise CannotRunError(f"`{words[0]}` cannot be started: {error.strerror}") from None
    ended = Ended(tuple(words), -1 if status is None else status, tuple(tail))
    if status is None:
        raise CannotRunError(
            f"`{ended.command}` did not end within {most:g} seconds and was stopped (`timeout` allows more){ended.said}"
        )
    if status in _NO_SUCH:
        raise CannotRunError(ended.how)
    return ended


def _show(line: str) -> None:
    """Whoever watches the job, and whatever reads its log, sees what the tool says."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def _search(folder: Path) -> str:
    own = str(Path(sys.executable).parent)
    return os.pathsep.join([*(str(folder / place) for place in os.get_exec_path()), own])
