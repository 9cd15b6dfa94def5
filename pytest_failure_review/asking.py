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
_ENDED: Final = "TimeIsUp"
PATIENCE: Final = 2.5
"""Seconds after which a call is ended, where it can be: an answer that comes a little late is still one."""


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

    def answers(self, caller: Any, /, *, patience: float = PATIENCE, **given: Any) -> Iterator[tuple[str, Any]]:
        """Who answered, and what, for each answer that is not None; `caller` is pluggy's of one hook."""
        for implementation in reversed(caller.get_hookimpls()):
            if id(implementation) in self._dropped:
                self.notes.append(self._dropped[id(implementation)])
                continue
            started = self._clock()
            answer, trouble = self.answer(caller, implementation, patience, **given)
            took = self._clock() - started
            who = _named(caller, implementation)
            if took > TIME_BOX:
                ended = f"was stopped after {took:.1f} s" if trouble == _ENDED else f"took {took * 1000:.0f} ms"
                self.notes.append(f"{who} {ended}: it is not asked again in this run")
                self._dropped[id(implementation)] = f"{who} was not asked: it took too long before"
            if answer is not None:
                yield who, answer

    def answer(
        self, caller: Any, implementation: Any, /, patience: float | None = None, **given: Any
    ) -> tuple[Any, str]:
        """What one implementation answers, and what it raised in words; that is noted as well.

        Without `patience` it may take as long as it will: what takes secrets out may be slow, but not left out.
        """
        if implementation.hookwrapper or implementation.wrapper:
            return None, ""
        arguments = [given.get(name) for name in implementation.argnames]
        if patience is None:
            answer, trouble = attempt(implementation.function, *arguments)
        else:
            from .time_box import attempt_within  # noqa: PLC0415  (most runs have no hooks)

            answer, trouble = attempt_within(patience, implementation.function, *arguments)
        if trouble and trouble != _ENDED:
            self.notes.append(f"{_named(caller, implementation)} raised {trouble}")
        return answer, trouble


def _named(caller: Any, implementation: Any) -> str:
    name = str(implementation.plugin_name)
    return f"{caller.name} of " + (name.replace("\\", "/").rpartition("/")[2] if "/" in name or "\\" in name else name)
