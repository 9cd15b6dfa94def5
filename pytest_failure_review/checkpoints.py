"""What tests, their helpers and the code under test call to mark a moment: `checkpoint(label, state=..., files=[...])`.

It does nothing while the plugin is off, and never makes a test fail: calls may stay where they are. What was marked is
kept in memory, and written only when the test fails. It imports no pytest, so that an application may import it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final, Protocol

from .report import Kind


class Book(Protocol):
    """Where checkpoints go while a session runs."""

    def take(self, kind: Kind, label: Any, state: Any = None, files: Iterable[Any] = ()) -> None: ...

    def begin(self) -> None: ...


class Record(Protocol):
    """The report that is being replayed."""

    def load(self, label: str) -> Any: ...

    def begin(self) -> None: ...


BOOKS: Final[list[Book]] = []
"""Of the sessions that run in this process, innermost last. No context variable: threads do not inherit those."""
RECORDS: Final[list[Record]] = []
"""What `--failure-review-replay` replays, innermost session last."""


class Checkpoints:
    """The `checkpoint` fixture, and `pytest_failure_review.checkpoint`."""

    def __call__(self, label: str, *, state: Any = None, files: Iterable[str | os.PathLike[str]] = ()) -> None:
        """Marks a moment. `state` is encoded at once, so it may change afterwards; `files` are kept by their hash."""
        if BOOKS:
            BOOKS[-1].take("manual", label, state, files)

    def step(self, label: str) -> AbstractContextManager[None]:
        """Marks the beginning and the end of a block, and whether it was left by an exception."""
        return _Step(label)

    def load(self, label: str) -> Any:
        """The `state` that was recorded under the label, as JSON, in the failure that is being replayed.

        None when nothing is being replayed, or another test runs; KeyError when the failure has no such checkpoint.
        """
        return RECORDS[-1].load(label) if RECORDS else None


class _Step(AbstractContextManager[None]):
    def __init__(self, label: str) -> None:
        self._label = label

    def __enter__(self) -> None:
        if BOOKS:
            BOOKS[-1].take("step_started", self._label)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if BOOKS:
            BOOKS[-1].take("step_ended", self._label, {"raised": kind.__qualname__} if kind else None)


checkpoint: Final = Checkpoints()


def begin() -> Checkpoints:
    """What the fixture does for each test that asks for it: chance goes on as recorded, or is recorded."""
    if RECORDS:
        RECORDS[-1].begin()
    if BOOKS:
        BOOKS[-1].begin()
    return checkpoint
