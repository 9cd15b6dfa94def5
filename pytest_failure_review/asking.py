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


def implemented(hooks: Any, node: Any, name: str) -> Any:
    """Pluggy's caller of a hook for those who have a say about this test; None when nobody implements it.

    Which `conftest.py` files those are is looked up only when anybody does: that takes longer than all else here.
    """
    caller = getattr(hooks, name, None)
    if caller is None or not caller.get_hookimpls():
        return None
    caller = getattr(getattr(node, "ihook", hooks), name)
    return caller if caller.get_hookimpls() else None


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

    def answers(self, caller: Any, /, **given: Any) -> Iterator[tuple[str, Any]]:
        """Who answered, and what, for each answer that is not None; `caller` is pluggy's of one hook."""
        for implementation in reversed(caller.get_hookimpls()):
            if id(implementation) in self._dropped:
                self.notes.append(self._dropped[id(implementation)])
                continue
            started = self._clock()
            answer, _ = self.answer(caller, implementation, **given)
            took = self._clock() - started
            who = _named(caller, implementation)
            if took > TIME_BOX:
                self.notes.append(f"{who} took {took * 1000:.0f} ms: it is not asked again in this run")
                self._dropped[id(implementation)] = f"{who} was not asked: it took too long before"
            if answer is not None:
                yield who, answer

    def answer(self, caller: Any, implementation: Any, /, **given: Any) -> tuple[Any, str]:
        """What one implementation answers, and what it raised in words; that is noted as well.

        What takes secrets out is asked so: it may be slow, but not left out.
        """
        if implementation.hookwrapper or implementation.wrapper:
            return None, ""
        answer, trouble = attempt(implementation.function, *[given.get(name) for name in implementation.argnames])
        if trouble:
            self.notes.append(f"{_named(caller, implementation)} raised {trouble}")
        return answer, trouble


def _named(caller: Any, implementation: Any) -> str:
    name = str(implementation.plugin_name)
    return f"{caller.name} of " + (name.replace("\\", "/").rpartition("/")[2] if "/" in name or "\\" in name else name)
