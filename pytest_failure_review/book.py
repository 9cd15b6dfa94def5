"""Keeps the checkpoints of the running test in memory, and makes them into what a failure record says.

The law: a passing test pays only for what it calls itself. When a test fails is known at its failure alone; so the
automatic checkpoints (environment, setup done, failure) are made then, from the times that pytest has taken anyway.
What follows in the tear-down is told when that is done.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from .capping import cut
from .encoding import LEFT_OUT, encode, shown
from .providers import random_state
from .report import Checkpoint, Kind, StoredFile
from .stored_files import Named, Shelf

MOST_KEPT: Final = 100
"""Checkpoints of one attempt; of more the first 20 and the last 80."""
MAX_STATES: Final = 20 * 1024
"""Bytes of the states in one failure record; older ones are left out first."""
MAX_WRITTEN: Final = 32 * 1024
"""Bytes of all checkpoints in one failure record, half of what it may take."""

MOST_ATTEMPTS: Final = 10
"""Attempts at the running test that are kept in mind."""
MAX_HELD: Final = 1024 * 1024
"""Bytes of files in memory for one test."""

_LONGEST_LABEL: Final = 200
_FIRST_KEPT: Final = 20
_ALWAYS_FIT: Final = 3
"""So many that say no more than when they were fit into every record."""
# A test that stops the clock has it stopped still while its failure is written; pytest's own went on.
_wall, _clock = time.time, time.monotonic
_dumps: Final = json.JSONEncoder().encode
_same: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_CALLED: Final = frozenset({"manual", "step_started", "step_ended"})
"""Kinds whose labels a test chose."""
_ALWAYS: Final = frozenset({"environment", "begun"})
_PHASES: Final = frozenset({"setup", "call", "teardown"})


Times = tuple[float, float]
"""Beginning and end, in seconds since the epoch."""
Clean = Callable[[Any], Any]
"""Takes secrets out."""


class Failed(NamedTuple):
    """What pytest says of a failure, as far as its checkpoints need it."""

    nodeid: str
    phase: str
    attempt: int
    provided: Mapping[str, Any]
    """What is known of it beyond the test's own words."""
    times: Times | None
    """When the failing phase began and ended; None when it is not known, or goes on."""


@dataclass(slots=True, eq=False, repr=False)
class Taken:
    """One checkpoint in memory."""

    kind: Kind
    label: str
    phase: str
    state: Any
    wall: float
    clock: float
    task: str = ""
    provided: dict[str, Any] = field(default_factory=dict)
    """What hooks gave."""
    later: Callable[[], Mapping[str, Any]] | None = None
    """Makes what the plugin itself keeps, once it is needed."""
    notes: list[str] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    stored: tuple[list[StoredFile], list[str]] | None = None
    """The files once they are kept, and sentences on those that could not be."""
    is_told: bool = False
    """It stands in a record."""


class _Chain(NamedTuple):
    """Where the checkpoints of an attempt end that stand in its record."""

    failed: Failed
    clean: Clean
    begun: float
    last: str
    number: int
    """Of the last one."""


class Book:
    """The checkpoints of one process."""

    def __init__(
        self,
        shelf: Shelf,
        now: Callable[[], tuple[int, int, str]],
        reached: Callable[[str], None],
        guard: Callable[[str], AbstractContextManager[None]],
        ask: Callable[[str, Any], tuple[dict[str, Any], list[str]]],
    ) -> None:
        self._shelf = shelf
        self._now = now
        self._reached = reached
        self._guard = guard
        self._ask = ask
        self._test = -1
        self._attempts: dict[int, list[Taken]] = {}
        self._chains: dict[int, _Chain] = {}
        """Of the attempts that failed, each until its tear-down is done."""
        self._room = MAX_HELD
        self._environment: Taken | None = None
        self._root: str | None = None
        """The hash of the session's start, once that is written."""

    # -- while tests run --

    def open(self, environment: Any) -> None:
        """The session starts."""
        with self._guard("checkpoint"):
            self._environment = self._made("environment", "environment", "session", environment)
            self._environment.later = random_state()

    def begin(self) -> None:
        """A test asked for the fixture `checkpoint`."""
        with self._guard("checkpoint"):
            kept, phase = self._page(), self._phase()
            begun = self._made("begun", "begun", phase, None)
            begun.later = random_state()
            kept.append(begun)

    def _made(self, kind: Kind, label: str, phase: str, state: Any) -> Taken:
        kept = encode(state) if state is not None else None
        made = Taken(kind, label, phase, kept, _wall(), _clock(), _task())
        made.provided, made.notes = self._ask(label, made.state)
        return made

    def take(self, kind: Kind, label: Any, state: Any = None, files: Iterable[Any] = ()) -> None:
        """Marks this moment; nothing that goes wrong here reaches the test."""
        with self._guard("checkpoint"):
            text = cut(label if type(label) is str else shown(label), _LONGEST_LABEL)
            kept, phase = self._page(), self._phase()
            taken = self._made(kind, text, phase, state)
            if files:
                taken.named = self._shelf.look_at(files, self._room)
                self._room -= sum(len(each.content or b"") for each in taken.named)
            kept.append(taken)
            if len(kept) > MOST_KEPT:
                del kept[_FIRST_KEPT]
            if kind != "setup_done":
                self._reached({"step_started": f"{text} (started)", "step_ended": f"{text} (ended)"}.get(kind, text))

    def _phase(self) -> str:
        return _phase_by_pytest() or self._now()[2]

    def _page(self) -> list[Taken]:
        """Where the running attempt's checkpoints are kept; those of other tests are forgotten."""
        test, attempt, _ = self._now()
        if test != self._test:
            self._test, self._attempts, self._chains, self._room = test, {}, {}, MAX_HELD
        while attempt not in self._attempts and len(self._attempts) >= MOST_ATTEMPTS:
            del self._attempts[min(self._attempts)]
        return self._attempts.setdefault(attempt, [])

    # -- when it has failed --

    def of_failure(self, failed: Failed, clean: Clean) -> list[Checkpoint]:
        """What the failure's record says of the attempt, secrets taken out, the environment first where it is new."""
        self._page()
        taken = list(self._attempts.get(failed.attempt, ()))
        end = self._made("failure", "failure", failed.phase, None)
        end.later = lambda: failed.provided
        if failed.times is not None:
            # pytest-retry tells of the first attempt when all are over.
            shift = end.wall - end.clock
            end.wall, end.clock = failed.times[1], failed.times[1] - shift
            if failed.phase == "call" and not any(each.kind == "setup_done" for each in taken):
                began = failed.times[0] - shift
                at = next((at for at, each in enumerate(taken) if each.clock > began), len(taken))
                taken.insert(at, Taken("setup_done", "setup done", "setup", None, failed.times[0], began))
        taken.append(end)
        begun = taken[0].clock
        if self._root is None and self._environment is not None:
            taken = [self._environment, *taken]
        chain = _Chain(failed, clean, begun, self._root or "", 0 if taken[0] is self._environment else 1)
        written = self._written(taken, chain)
        if chain.number == 0:
            self._root = written[0]["sha256"]
        return _newest(MAX_WRITTEN, written)

    def torn_down(self, attempt: int, at: float | None = None) -> tuple[Failed, Clean, list[Checkpoint]] | None:
        """What an attempt that has failed marked since, and that its tear-down is done; None when it did not fail.

        `at` is when that was, in seconds since the epoch; None for now.
        """
        if not self._chains:
            return None
        self._page()
        chain = self._chains.get(attempt)
        if chain is None:
            return None
        done = self._made("teardown_done", "teardown done", "teardown", None)
        if at is not None:
            done.wall, done.clock = at, at - (done.wall - done.clock)
        taken = [each for each in self._attempts.get(attempt, ()) if not each.is_told]
        written = _newest(MAX_WRITTEN, self._written([*taken, done], chain))
        del self._chains[attempt]
        return chain.failed, chain.clean, written

    def _written(self, taken: list[Taken], chain: _Chain) -> list[Checkpoint]:
        def clean(value: Any) -> Any:
            # Twice, as the record is redacted once more: what that finds must be what the hash is of.
            return chain.clean(chain.clean({"state": value}))["state"] if value else value

        failed, parent = chain.failed, chain.last or None
        states = _within(MAX_STATES, [clean(each.state) for each in taken])
        written: list[Checkpoint] = []
        for sequence, (each, state) in enumerate(zip(taken, states, strict=True), chain.number + 1):
            if each.stored is None:
                each.stored = self._shelf.keep(each.named, failed.nodeid, failed.attempt) if each.named else ([], [])
            made = _record(each, state, sequence, chain.begun, clean)
            made["parent"], parent = parent, made["sha256"]
            written.append(made)
            each.is_told = True
        self._chains[failed.attempt] = chain._replace(last=written[-1]["sha256"], number=chain.number + len(written))
        return written


def _record(taken: Taken, state: Any, sequence: int, begun: float, clean: Clean) -> Checkpoint:
    files, notes = taken.stored or ([], [])
    label = clean(taken.label) if taken.kind in _CALLED else taken.label
    provided = clean(taken.provided) if taken.provided else {}
    if taken.later is not None:
        provided = {**provided, **taken.later()}
    made: Checkpoint = {
        "label": label,
        "sequence": sequence,
        "sha256": _digest(label, state, provided, files),
        "parent": None,
        "created_at": _in_words(taken.wall),
        "elapsed": round(max(taken.clock - begun, 0.0), 6),
        "phase": taken.phase,
        "task": clean(taken.task) if taken.kind in _CALLED else taken.task,
        "kind": taken.kind,
        "state": state,
        "files": files,
    }
    if provided:
        made["provided"] = provided
    if taken.notes or notes:
        made["notes"] = clean([*taken.notes, *notes])
    return made


def _within(most: int, states: list[Any]) -> list[Any]:
    """The states, as many of the newest as `most` bytes of JSON hold."""
    kept: list[Any] = []
    for state in reversed(states):
        size = len(_dumps(state)) if state is not None else len("null")
        kept.append(state if size <= most else LEFT_OUT)
        most = max(most - size, 0)
    return kept[::-1]


def _newest(most: int, written: list[Checkpoint]) -> list[Checkpoint]:
    """As many of the newest as `most` bytes of JSON hold, and always how chance stood at the beginning."""
    if len(written) <= _ALWAYS_FIT and not any(
        each["state"] or each["files"] or "provided" in each or "notes" in each for each in written
    ):
        return written
    sizes = [len(_dumps(each)) for each in written]
    most -= sum(size for each, size in zip(written, sizes, strict=True) if each["kind"] in _ALWAYS)
    kept: list[Checkpoint] = []
    for each, size in zip(reversed(written), reversed(sizes), strict=True):
        if each["kind"] not in _ALWAYS:
            most -= size
        if most >= 0 or each["kind"] in _ALWAYS:
            kept.append(each)
    return kept[::-1]


def _in_words(wall: float) -> str:
    second, part = divmod(int(wall * 1_000_000), 1_000_000)
    return f"{_second(second)}.{part:06d}Z"


@lru_cache(maxsize=8)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _digest(label: str, state: Any, provided: Mapping[str, Any], files: list[StoredFile]) -> str:
    if state is None and not provided and not files:
        return _digest_of_label(label)
    content = {"label": label, "state": state, "provided": provided, "files": [file["sha256"] for file in files]}
    return sha256(_same(content).encode("ascii")).hexdigest()


@lru_cache(maxsize=64)
def _digest_of_label(label: str) -> str:
    content: dict[str, Any] = {"label": label, "state": None, "provided": {}, "files": []}
    return sha256(_same(content).encode("ascii")).hexdigest()


def _phase_by_pytest() -> str:
    """As pytest says it to everybody; empty where a test has emptied the environment."""
    said = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[2].removesuffix(")")
    return said if said in _PHASES else ""


def _task() -> str:
    thread = threading.current_thread().name
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return thread
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return thread
    return cut(f"{thread}/{task.get_name()}" if task else thread, _LONGEST_LABEL)
