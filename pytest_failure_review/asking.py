"""Asks hooks one implementation at a time, so that one that raises or is slow costs its own answer and no other.

Wrappers of these hooks are not called: each answer must be somebody's own to be named in a note.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from .strangers import attempt

TIME_BOX: Final = 0.25
"""Seconds that an implementation may take; after a longer call it is not asked again in this run."""


class Asker:
    """Knows which implementations were too slow. One for each process; its notes belong to the failure at hand."""

    def __init__(self, clock: Any = time.perf_counter) -> None:
        self._clock = clock
        self._dropped: dict[int, str] = {}
        self.notes: list[str] = []
        """What went wrong since they were last taken, in sentences."""

    def take_notes(self) -> list[str]:
        notes, self.notes = self.notes, []
        return notes

    def answers(self, caller: Any, /, *, boxed: bool = True, **given: Any) -> Iterator[tuple[str, Any]]:
        """Who answered, and what, for each answer that is not None; `caller` is pluggy's of one hook.

        `boxed=False` asks slow ones again: what takes secrets out may be slow, but not left out.
        """
        for implementation in reversed(caller.get_hookimpls()):
            if implementation.hookwrapper or implementation.wrapper:
                continue
            who = f"{caller.name} of {_named(implementation)}"
            if boxed and id(implementation) in self._dropped:
                self.notes.append(self._dropped[id(implementation)])
                continue
            started = self._clock()
            answer, trouble = attempt(implementation.function, *[given.get(name) for name in implementation.argnames])
            took = self._clock() - started
            if boxed and took > TIME_BOX:
                self.notes.append(f"{who} took {took * 1000:.0f} ms: it is not asked again in this run")
                self._dropped[id(implementation)] = f"{who} was not asked: it took too long before"
            if trouble:
                self.notes.append(f"{who} raised {trouble}")
            elif answer is not None:
                yield who, answer


def _named(implementation: Any) -> str:
    name = str(implementation.plugin_name)
    return name.replace("\\", "/").rpartition("/")[2] if "/" in name or "\\" in name else name
