"""Writes one report file: records in order, each in a single write, so that a process that dies leaves whole lines.

The law: nothing reaches the disk unredacted, the file hardly grows over its limit, and the finish record comes last.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from .capping import MAX_FIELD_BYTES, MAX_FILE_BYTES, cut, encode
from .redaction import Redacted, Redactor
from .report import Afterwards, Counts, Crash, Failure, Finish, Flaky, Gate, Group, Internal, Record, Start

R = TypeVar("R", bound=Record)
Told = Callable[[Mapping[str, Any], bytes], None]
"""Who is told of each record, and the line that it became."""
_SHOWN: Final = (
    "record", "nodeid", "phase", "attempt", "worker", "outcome", "category", "rule", "owner", "sla", "sla_terms",
    "message", "path", "line", "fingerprint", "group", "notes", "replay",
)  # fmt: skip
"""What is kept in memory of a failure, for those who show it at the end."""

# A test that puts something else in their place has it there still while its failure is written.
_write, _close, _process = os.write, os.close, os.getpid


class ReportFile:
    """An open report file, with `start` as its first record. Each method raises OSError when it cannot be written.

    A forked child of the process that opened it writes nothing: its records would not be in the digest.
    """

    def __init__(
        self, path: Path, start: Start, redactor: Redactor, told: Told | None = None, *, most_failures: int = 1000
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # 0600: a report holds values from tests, and machines are shared. EXCL: two processes never share a file.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o600)
        self._process = _process()
        self._redactor = redactor
        self._told = told
        self._most_failures = most_failures
        self._digest = hashlib.sha256()
        self._bytes = 0
        self.failures = 0
        """How many of them the file holds."""
        self.is_quiet = True
        """Nothing was told of but the run itself and its gate."""
        self.held: list[Record] = []
        """What the file tells beyond its start, of failures only what is shown."""
        self._truncated = 0
        self._write(start)

    def failure(self, record: Failure) -> None:
        """Writes the failure, or only counts it when the file is full or has enough of them."""
        self.is_quiet = False
        if self._bytes >= MAX_FILE_BYTES or self.failures >= self._most_failures:
            self._truncated += 1
            return
        self.held.append(_shown(self._write(record)))
        self.failures += 1

    def afterwards(self, record: Afterwards) -> None:
        """Writes what followed a failure, unless the file is full."""
        if self._bytes < MAX_FILE_BYTES and not self._truncated:
            self._write(record)

    def group(self, record: Group) -> None:
        """Writes how many tests one cause has failed so far."""
        self.is_quiet = False
        self._hold(record)

    def crash(self, record: Crash) -> None:
        """Writes that another process died."""
        self.is_quiet = False
        self._write(record)

    def gate(self, record: Gate) -> None:
        """Writes how a quality gate ended."""
        self._hold(record)

    def flaky(self, record: Flaky) -> None:
        """Writes that a test passed in the end, unless the file is full."""
        self.is_quiet = False
        if self._bytes < MAX_FILE_BYTES:
            self._hold(record)

    def internal(self, record: Internal) -> None:
        """Writes that the plugin itself failed."""
        self.is_quiet = False
        self._hold(record)

    def finish(self, exit_status: int, counts: Counts) -> None:
        """Writes the last record and closes the file."""
        self._hold(
            Finish(
                record="finish",
                exit_status=exit_status,
                counts=counts,
                failures=self.failures,
                truncated=self._truncated,
                redactions=self._redactor.count,
                sha256=self._digest.hexdigest(),
            )
        )
        _close(self._descriptor)
        self._descriptor = -1  # its number may soon be that of somebody else's file

    def _hold(self, record: Record) -> None:
        self.held.append(self._write(record))

    def _write(self, record: R) -> R:
        """The record as it was written, without secrets."""
        if _process() != self._process:
            return record
        clean: R = self._redactor.redact(record)
        line = clean.line if isinstance(clean, Redacted) and clean.line else encode(clean)
        if _write(self._descriptor, line) != len(line):
            raise OSError(errno.ENOSPC, "the report could only be written in part")
        self._digest.update(line)
        self._bytes += len(line)
        if self._told is not None:
            self._told(record, line)
        return clean


def _shown(record: Failure) -> Failure:
    kept = {name: record[name] for name in _SHOWN if name in record}
    return cast("Failure", kept | {"message": cut(record["message"], MAX_FIELD_BYTES)})
