"""Notes what a process is doing in a page of memory that outlives it, so that a run that dies can still be told.

The law: no system call per test, and nothing unredacted: the page is a file (0600) next to the report, and whatever
kills the process, the kernel keeps what was written into it. It goes when the run comes to its end.
Layout: 4 KiB of head (see the offsets below), then 64 KiB of ids of tests, each ended by NUL, written round and round.
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
import weakref
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple, cast

from .redaction import Redactor, is_plain_path

SUFFIX: Final = ".running"
"""Stands in place of the report file's `.jsonl`."""
MOST_BEFORE: Final = 256
"""So many tests that ran before are told of."""

Phase = Literal["", "setup", "call", "teardown", "collect"]
_PHASES: Final[tuple[Phase, ...]] = ("", "setup", "call", "teardown", "collect")
_IDLE, _SETUP, _CALL, _TEARDOWN, _COLLECT = range(len(_PHASES))
_NUMBERS: Final = {phase: number for number, phase in enumerate(_PHASES)}
AFTER_SET_UP, AFTER_CALL, AFTER_TEAR_DOWN = _CALL, _TEARDOWN, _IDLE
"""What stands at AT_PHASE when a phase has ended."""

_MAGIC: Final = b"FRTRAIL1"
_WRITTEN: Final = struct.Struct("<Q")
_BEGUN: Final = struct.Struct("<QBB")
_LENGTH: Final = struct.Struct("<H")
_AT_WRITTEN: Final = 8
AT_PHASE: Final = 16
"""Where the page says what runs, in one byte."""
_AT_ATTEMPT: Final = 17
_AT_LABEL: Final = 32
_AT_FILE: Final = 1088
_LONGEST_LABEL: Final = 1024
_LONGEST_ID: Final = 2048
_RING: Final = 4096
_RING_BYTES: Final = 64 * 1024
_SIZE: Final = _RING + _RING_BYTES

_close: Final = os.close
"""What a test puts in its place is none of the page's business."""


class Breadcrumb:
    """What this process is doing now. A forked child writes into a copy of its own, and removes nothing."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.memory: mmap.mmap | bytearray = bytearray(_SIZE)
        """The page; another object after `open`, `close`, and in a forked child."""
        self._path: Path | None = None
        self._descriptor = -1
        self._written = 0
        self._has_label = False
        self.secrets_of: Callable[[str], Collection[str]] = lambda _: ()
        """Tells of a test with parameters which of their values are secret."""
        self.secrets_now: Callable[[], Collection[str]] = lambda: ()
        """Tells what the running test was given that is secret."""
        self._place = ""
        """The file of the tests that begin now, with what stands before their names; it holds no secret."""

    def open(self, path: Path) -> None:
        """Puts the page on the disk. Raises OSError, and then goes on in memory alone."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            _allocate(descriptor)
            _hold(descriptor)
            memory = mmap.mmap(descriptor, _SIZE)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        memory[: len(_MAGIC)] = _MAGIC
        self.memory, self._path, self._descriptor = memory, path, descriptor
        forget = weakref.WeakMethod(self._forget)
        os.register_at_fork(after_in_child=lambda: (method := forget()) and method())

    def close(self) -> None:
        """Removes the page: the run came to its end."""
        if self._path is None:
            return
        cast("mmap.mmap", self.memory).close()
        self.memory = bytearray(_SIZE)
        _close(self._descriptor)
        with suppress(OSError):  # somebody else may have cleaned up already
            self._path.unlink()
        self._path = None

    def _forget(self) -> None:
        self.memory, self._path = bytearray(self.memory), None

    # -- what happens, in the order in which pytest does it --

    def collecting(self, nodeid: str) -> None:
        """A file or folder is about to be imported."""
        self._put(_AT_FILE, nodeid, _LONGEST_ID)
        self.memory[AT_PHASE] = _COLLECT

    def starting(self, nodeid: str) -> None:
        """A test is about to be set up."""
        name = nodeid.removeprefix(self._place).replace("::", "")
        if not (name.isidentifier() and name.isascii()):
            nodeid = self._without_secrets(nodeid)
        # The redactor leaves no NUL in it.
        raw = f"{nodeid or '?'}\0".encode("utf-8", "backslashreplace")
        if len(raw) > _LONGEST_ID:
            raw = raw[:_LONGEST_ID] + b"\0"
        memory, written = self.memory, self._written
        at = written % _RING_BYTES
        end = at + len(raw)
        if end <= _RING_BYTES:
            memory[_RING + at : _RING + end] = raw
        else:
            room = _RING_BYTES - at
            memory[_RING + at :] = raw[:room]
            memory[_RING : _RING + end - _RING_BYTES] = raw[room:]
        # Last, so that a process that is killed between two lines still left something true.
        self._written = written = written + len(raw)
        _BEGUN.pack_into(memory, _AT_WRITTEN, written, _SETUP, 1)
        if self._has_label:
            self._has_label = False
            memory[_AT_LABEL : _AT_LABEL + 2] = b"\0\0"

    def _without_secrets(self, nodeid: str) -> str:
        name = nodeid.removeprefix(self._place)
        is_plain = len(name) < len(nodeid)
        if not is_plain:
            path, _, name = nodeid.partition("::")
            is_plain = is_plain_path(path)
            if is_plain:
                self._place = f"{path}::"
        secrets = self.secrets_of(nodeid) if "[" in nodeid else ()
        if is_plain and not secrets and self._redactor.is_plain_name(name):
            return nodeid
        return self._redactor.redact_id(nodeid, secrets)

    def nothing_runs(self) -> None:
        """A test, or what was collected, is done with."""
        self.memory[AT_PHASE] = _IDLE

    def in_phase(self, phase: Phase, attempt: int) -> None:
        """For tests that are tried again, of which pytest's reports come too late."""
        self.memory[_AT_ATTEMPT] = min(attempt, 255)
        self.memory[AT_PHASE] = _NUMBERS[phase]

    def call_goes_on(self) -> None:
        """What looked like the end of a call was that of a sub-test."""
        self.memory[AT_PHASE] = _CALL

    def tearing_down(self) -> None:
        """The set-up did not succeed: no call follows."""
        self.memory[AT_PHASE] = _TEARDOWN

    def reached(self, label: str) -> None:
        """The running test made a checkpoint."""
        self._put(_AT_LABEL, self._redactor.redact(label, self.secrets_now()), _LONGEST_LABEL)
        self._has_label = True

    def _put(self, at: int, text: str, most: int) -> None:
        raw = text.encode("utf-8", "backslashreplace")[:most]
        self.memory[at + 2 : at + 2 + len(raw)] = raw
        _LENGTH.pack_into(self.memory, at, len(raw))

    def now(self) -> tuple[int, int, Phase]:
        """A number that changes with every test, the attempt at it, and the phase that runs."""
        memory = self.memory
        return self._written, memory[_AT_ATTEMPT] or 1, _PHASES[memory[AT_PHASE]]

    def since(self, position: int) -> list[str]:
        """The tests that began after a position that `now` told, oldest first, as far as the page still holds them."""
        start = max(position, self._written - _RING_BYTES)
        at, length = start % _RING_BYTES, self._written - start
        ring = bytes(self.memory[_RING + at : _RING + min(at + length, _RING_BYTES)])
        ring += bytes(self.memory[_RING : _RING + max(at + length - _RING_BYTES, 0)])
        ids = ring.split(b"\0")[:-1]
        return [raw.decode("utf-8", "replace") for raw in (ids[1:] if start > position else ids)]

    def trail(self) -> Trail:
        """What the page says now."""
        return _read(bytes(self.memory))


class Trail(NamedTuple):
    """What a page tells."""

    nodeid: str
    """What was running or being collected; empty when nothing was."""
    phase: Phase
    last_checkpoint: str
    before: tuple[str, ...]
    """Tests that ran before it, oldest first."""
    attempt: int = 1


def left_behind(path: Path) -> Trail | None:
    """What a dead process was doing; None when there is no page, it is no page of ours, or its process still lives."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        _hold(descriptor)
        content = os.read(descriptor, _SIZE)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return _read(content) if len(content) == _SIZE and content.startswith(_MAGIC) else None


def is_held(path: Path) -> bool:
    """Whether the page's process still lives."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        _hold(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _allocate(descriptor: int) -> None:
    """Gives the page all of its blocks. Raises OSError when the disk has no room for them.

    In a page with holes the first write to one ends the process (SIGBUS) where the disk is full by then.
    """
    if os.write(descriptor, bytes(_SIZE)) != _SIZE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _hold(descriptor: int) -> None:
    """Locks the page for as long as this process lives. Raises OSError when another one holds it.

    POSIX locks, because a forked child that outlives a dead run does not inherit them.
    """
    try:
        import fcntl  # noqa: PLC0415  (Windows has none; there a page is taken for a dead one's)
    except ImportError:
        return
    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(content: bytes) -> Trail:
    """Written next to the tests, by whatever they are: no length in it is believed."""
    (written,) = _WRITTEN.unpack_from(content, _AT_WRITTEN)
    at = written % _RING_BYTES
    ring = content[_RING + at :] + content[_RING : _RING + at]
    found = ring.split(b"\0")[:-1]
    whole = found[1:] if written > _RING_BYTES else found  # the oldest is half overwritten
    ids = [raw.decode("utf-8", "replace") for raw in whole if raw][-MOST_BEFORE - 1 :]
    phase = _PHASES[content[AT_PHASE]] if content[AT_PHASE] < len(_PHASES) else ""
    if phase in ("", "collect"):
        running, before = _text(content, _AT_FILE, _LONGEST_ID) if phase else "", ids
    else:
        running, before = ids[-1] if ids else "", ids[:-1]
    label = _text(content, _AT_LABEL, _LONGEST_LABEL)
    return Trail(running, phase, label, tuple(before[-MOST_BEFORE:]), max(content[_AT_ATTEMPT], 1))


def _text(content: bytes, at: int, most: int) -> str:
    (length,) = _LENGTH.unpack_from(content, at)
    return content[at + 2 : at + 2 + min(length, most)].decode("utf-8", "replace")
