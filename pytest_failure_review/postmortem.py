"""Says what a process that died was doing; whoever outlived it reads the page that it left and writes it down."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .breadcrumb import SUFFIX, Trail, left_behind
from .capping import encode
from .command import is_replay_command, with_number
from .deciding import Judge
from .declared import declared
from .failures import conclude
from .happening import Happening, Place
from .owners import Owners
from .redaction import Redactor
from .report import Crash, Failure
from .rules import BadRuleError, Rule, read_rules
from .run import repository_of

NOT_KNOWN: Final = "not known"
_SHELL_SIGNALS: Final = 128
"""A shell's status for a child that a signal ended is this and the signal's number."""
STACK_SUFFIX: Final = ".stack"
"""Stands in place of the report file's `.jsonl`: what faulthandler wrote when a worker died in C."""
_LONGEST_STACK: Final = 64 * 1024


def in_words(status: int | None) -> str:
    """How a process ended, from what `subprocess` (below 0) or a shell (above 128) says of it."""
    if status is None:
        return NOT_KNOWN
    number = -status if status < 0 else status - _SHELL_SIGNALS
    if number > 0 and number in {known.value for known in signal.Signals}:
        return f"signal {signal.Signals(number).name}"
    return f"exit status {status}"


def crash(trail: Trail, worker: str, how: str, c_stack: str = "") -> Crash:
    """The record of a process that left `trail`."""
    return Crash(
        record="crash",
        worker=worker,
        nodeid=trail.nodeid,
        phase=trail.phase,
        how=how,
        c_stack=c_stack,
        last_checkpoint=trail.last_checkpoint,
        attempt=trail.attempt,
        before=list(trail.before),
    )


def sentence(record: Mapping[str, Any]) -> str:
    """What a person wants to know first of a crash record, which may have been written by anybody."""
    nodeid, phase, label, how = (str(record.get(name, "")) for name in ("nodeid", "phase", "last_checkpoint", "how"))
    doing = {"setup": "the set-up", "teardown": "the teardown", "collect": "the collection"}.get(phase, "the call")
    where = f"in {doing} of {nodeid}" if nodeid else "while no test ran"
    newest = f", after the checkpoint {label!r}" if label else ""
    attempt = record.get("attempt", 1)
    tried = f", attempt {attempt}" if isinstance(attempt, int) and attempt > 1 else ""
    return f"the process died {where}{tried}{newest}{'' if how in ('', NOT_KNOWN) else f' ({how})'}"


def happening(record: Crash, rootdir: Path, repository: Path) -> Happening | None:
    """The failure that the death is; None when no test ran."""
    if not record["nodeid"]:
        return None
    known = declared(record["nodeid"], rootdir, repository)
    return Happening(
        nodeid=record["nodeid"],
        phase=record["phase"] or "call",  # type: ignore[arg-type]  # one of the phases, as Trail says
        outcome="crashed",
        worker=record["worker"],
        attempt=record.get("attempt", 1),
        shown=sentence(record),
        line=known.line,
        marker=known.marker,
    )


def take_stack(file: Path) -> str:
    """The C stack beside a report file, which goes then; empty when there is none."""
    path = file.with_suffix(STACK_SUFFIX)
    try:
        with path.open("rb") as stack:
            content = stack.read(_LONGEST_STACK)
        path.unlink()
    except OSError:
        return ""
    return content.decode("utf-8", "replace").strip()


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A report file without an end."""

    path: Path
    worker: str
    rootdir: str
    """As in its start record."""
    failures: int = 0
    """How many it tells of."""
    replay: str = ""
    """As in its start record, which anybody may have written."""


def settle(files: Iterable[Unfinished], status: int | None) -> None:
    """Adds to each file what its dead process was doing.

    The page goes then, so that this happens once. `status` is what the shell said of the one process that died; of
    several it says nothing. Raises OSError.
    """
    dead = [file for file in files if left_behind(file.path.with_suffix(SUFFIX))]
    for file in dead:
        _append(file.path, autopsy(file, status if len(dead) == 1 else None, take_stack(file.path)))
        file.path.with_suffix(SUFFIX).unlink(missing_ok=True)


def autopsy(file: Unfinished, status: int | None = None, c_stack: str = "") -> list[Crash | Failure]:
    """What the page beside the file of a dead process says that it was doing; nothing when there is no page."""
    trail = left_behind(file.path.with_suffix(SUFFIX))
    if trail is None:
        return []
    record = crash(trail, file.worker, in_words(status), c_stack)
    return [record, *_failure(record, file)]


def _failure(record: Crash, file: Unfinished) -> list[Failure]:
    """The command that says this runs in the checkout, as pytest did."""
    repository = repository_of(Path.cwd())
    rootdir = repository / file.rootdir
    happened = happening(record, rootdir, repository)
    if happened is None:
        return []
    judge = Judge(Owners(repository), _rules(rootdir, repository))
    known = {"replay": with_number(file.replay, file.failures + 1)} if is_replay_command(file.replay) else {}
    return [conclude(happened, Place(rootdir, repository), judge, Redactor({}), hindsight=lambda _: known)]


def _rules(rootdir: Path, repository: Path) -> Sequence[Rule]:
    """The run had read them: if they cannot be understood any more, somebody has changed them since."""
    with suppress(BadRuleError):
        return read_rules(rootdir, repository)
    return ()


def _append(path: Path, records: Iterable[Crash | Failure]) -> None:
    redactor = Redactor({})
    # The last line may have been cut off in the middle.
    lines = b"\n" if not path.read_bytes().endswith(b"\n") else b""
    lines += b"".join(encode(redactor.redact(record)) for record in records)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(descriptor, lines)
    finally:
        os.close(descriptor)
