"""Finds in a report the failures that are to be run again.

The law: a report is a stranger's file. Of it come texts and numbers of bounded size, each checked; whatever is not as
the plugin writes it is refused with a sentence. Nothing in it is run, imported or unpickled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .plain import printable
from .postmortem import Unfinished, autopsy
from .report import FILE_PREFIX, SCHEMA
from .run import MAIN

MAX_REPORT: Final = 8 * 1024 * 1024
"""Bytes of a file; the plugin writes half as much."""
MAX_BEFORE: Final = 256
_MAX_FILES: Final = 1000
_MAX_ID: Final = 4096
_MOST_SHOWN: Final = 200
"""Letters of a name in a sentence."""
_MAX_SEED: Final = 100
_SHORTEST_FINGERPRINT: Final = 8


class NotReplayable(Exception):  # noqa: N818  (its text is the sentence that people read)
    """Why nothing of this report can be run again; a stranger named its files and tests, so it stays one line."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


@dataclass(frozen=True, slots=True)
class Recorded:
    """One failure record, as far as a replay believes it."""

    name: str
    """The report file's name and the failure's number in it."""
    nodeid: str
    node_hash: str
    """Empty in old reports."""
    phase: str
    fingerprint: str
    seeds: Mapping[str, str]
    before: Sequence[str]
    """Tests that ran before it in the same process, oldest first."""
    checkpoints: Sequence[Mapping[str, Any]]
    environment: Mapping[str, Any] | None
    """The checkpoint of the session's start."""


@dataclass(slots=True)
class _Run:
    """The files of one run, in the order in which failures are counted."""

    started_at: str = ""
    failures: list[Recorded] = field(default_factory=list)


def find(argument: str, folder: Path) -> list[Recorded]:
    """The failures that `REPORT[#failure]` names; all of the report without `#`. Raises `NotReplayable`."""
    path, wanted = _split(argument, folder)
    try:
        failures = _newest(path).failures
    except OSError as error:
        raise NotReplayable(f"{path} cannot be read: {error.strerror or error}") from None
    if not failures:
        raise NotReplayable(f"{path} tells of no failure: there is nothing to run again")
    return _chosen(failures, wanted, path) if wanted else failures


def _split(argument: str, folder: Path) -> tuple[Path, str]:
    """At the first `#` before which there is a file: both paths and ids of tests may hold more of them."""
    ends = [len(argument), *(match.start() for match in re.finditer("#", argument))]
    for end in ends:
        if argument[:end] and "\0" not in argument and (folder / argument[:end]).exists():
            return folder / argument[:end], argument[end + 1 :]
    raise NotReplayable(f"{argument[:_MOST_SHOWN]}: there is no such report")


def _chosen(failures: list[Recorded], wanted: str, path: Path) -> list[Recorded]:
    if wanted.isdecimal() and len(wanted) < _SHORTEST_FINGERPRINT:
        if not 1 <= int(wanted) <= len(failures):
            raise NotReplayable(f"{path} has no failure number {wanted}: it tells of {len(failures)}")
        return [failures[int(wanted) - 1]]
    named = [each for each in failures if each.nodeid == wanted]
    is_long = len(wanted) >= _SHORTEST_FINGERPRINT
    alike = [each for each in failures if is_long and each.fingerprint.startswith(wanted)]
    if not (named or alike):
        raise NotReplayable(
            f"{path} tells of no failure {wanted[:_MOST_SHOWN]!r}: give its number (1 to {len(failures)}),"
            " the test's id or the fingerprint"
        )
    return named or alike


def _newest(path: Path) -> _Run:
    if not path.is_dir():
        return _read([path])
    files = sorted(path.glob(f"{FILE_PREFIX}-*.jsonl"), key=lambda file: (f"-{MAIN}." not in file.name, file.name))
    runs: dict[str, list[Path]] = {}
    for file in files[:_MAX_FILES]:
        runs.setdefault(file.name.rpartition("-")[0], []).append(file)
    if not runs:
        raise NotReplayable(f"{path} holds no report: no file {FILE_PREFIX}-*.jsonl is in it")
    # A folder collects the reports of many runs; the last one is what its user has just seen fail.
    usable: list[_Run] = []
    refusal: NotReplayable | None = None
    for each in runs.values():
        try:
            usable.append(_read(each))
        except NotReplayable as error:
            refusal = error  # one broken file is no reason to keep back the others
    if not usable and refusal is not None:
        raise refusal
    return max(usable, key=lambda run: run.started_at)


def _read(files: Sequence[Path]) -> _Run:
    run = _Run()
    for file in files:
        _FileReader(file, run).read()
    return run


class _FileReader:
    """One file; its failures join those of its run."""

    def __init__(self, path: Path, run: _Run) -> None:
        self._path = path
        self._run = run
        self._number = 0
        self._seeds: dict[str, str] = {}
        self._history: list[str] = []
        self._environment: Mapping[str, Any] | None = None
        self._crashes: dict[str, Mapping[str, Any]] = {}
        self._checkpoints: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        """Of each attempt at a test, for what follows in its tear-down."""

    def read(self) -> None:
        records = list(_records(self._path))
        start = records[0] if records else {}
        # The page of a process that died, as long as nobody has added to the file what it says.
        records += autopsy(Unfinished(self._path, _text(start.get("worker")), _text(start.get("rootdir")) or "."))
        if start.get("record") != "start" or type(start.get("schema")) is not int:
            raise NotReplayable(f"{self._path.name} is no report: it does not begin with a start record")
        if start["schema"] > SCHEMA:
            raise NotReplayable(f"{self._path.name} has schema {start['schema']}, this version reads {SCHEMA}")
        self._run.started_at = max(self._run.started_at, _text(start.get("started_at")))
        self._seeds = {key: value for key, value in _mapping(start.get("seeds")).items() if _is_seed(value)}
        self._crashes = {_text(each.get("nodeid")): each for each in records if each.get("record") == "crash"}
        for record in records:
            if record.get("record") == "failure":
                self._failure(record)
            elif record.get("record") == "afterwards":
                told = [each for each in _list(record.get("checkpoints")) if isinstance(each, Mapping)]
                self._checkpoints.get(_attempt(record), []).extend(told)

    def _failure(self, record: Mapping[str, Any]) -> None:
        self._number += 1
        name = f"{self._path.name}#{self._number}"
        nodeid, phase = _text(record.get("nodeid")), _text(record.get("phase"))
        if not nodeid or "\0" in nodeid or phase not in ("collect", "setup", "call", "teardown"):
            raise NotReplayable(f"{name} is no failure record: it names no test")
        checkpoints = [each for each in _list(record.get("checkpoints")) if isinstance(each, Mapping)]
        self._checkpoints[_attempt(record)] = checkpoints
        first = checkpoints[0] if checkpoints else {}
        if first.get("kind") == "environment":
            self._environment = first
        self._history += [each for each in _list(record.get("before")) if _text(each)]
        before = self._history[:-1] if self._history[-1:] == [nodeid] else self._history
        if record.get("outcome") == "crashed":  # told by another process, which did not run those before
            before = [each for each in _list(self._crashes.get(nodeid, {}).get("before")) if _text(each)]
        self._run.failures.append(
            Recorded(
                name=name,
                nodeid=nodeid,
                node_hash=_text(record.get("node_hash")),
                phase=phase,
                fingerprint=_text(record.get("fingerprint")),
                seeds=self._seeds,
                before=tuple(before[-MAX_BEFORE:]),
                checkpoints=checkpoints,
                environment=self._environment,
            )
        )
        if self._history[-1:] != [nodeid]:
            self._history.append(nodeid)


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    """The file's records; a line that a dying process left unfinished is passed over."""
    if not path.is_file():
        raise NotReplayable(f"{path.name} is no report: it is no file")
    with path.open("rb") as file:
        content = file.read(MAX_REPORT + 1)
    if len(content) > MAX_REPORT:
        raise NotReplayable(f"{path.name} is no report: it is larger than {MAX_REPORT} bytes")
    for line in content.splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield record


def _attempt(record: Mapping[str, Any]) -> tuple[str, str]:
    return _text(record.get("nodeid")), str(record.get("attempt"))[:_MOST_SHOWN]


def _is_seed(value: Any) -> bool:
    """A number, as the plugin writes it: a seed is shown in a command that people copy."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_SEED


def _text(value: Any, longest: int = _MAX_ID) -> str:
    return value if type(value) is str and len(value) <= longest else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
