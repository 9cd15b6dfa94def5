"""Reports out of a stranger's zip, the plugin's and other tools': streamed, under caps, never extracted (T16, T17)."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from github_app.rules.model import FailedGate, ReportedCheckpoint, ReportedFailure, TestReport
from github_app.rules.results.reading import SNIFFED, may_be_results, read_results
from github_app.rules.results.values import FileReport, Unusable
from pytest_failure_review.report import FILE_PREFIX, SCHEMA, WORST_FIRST, Category

MAX_ZIP = 20 * 1024 * 1024
MAX_INFLATED = 50 * 1024 * 1024
MAX_OF_JOB = 100 * 1024 * 1024
"""Bytes unpacked for one red job, over all its artifacts."""

MAX_LINES = 50_000
"""Lines of reports read for one red job; the plugin writes one for each failure."""

MAX_RATIO = 100
MAX_ENTRIES = 200
MAX_LISTED = 5_000
"""Entries of an artifact of other tools, which may hold a whole site beside its report; only some are read."""

MAX_REPORT = 5 * 1024 * 1024
MAX_RESULTS = 20 * 1024 * 1024
MAX_LINE = 256 * 1024
MAX_LINE_NUMBER = 1_000_000
KEPT_FAILURES = 50
KEPT_GATES = 20
KEPT_CHECKPOINTS = 10
"""The last of each failure."""

MAX_TEXT = 16_000
"""Characters read of each text; more than is kept in the end, so that no credential is cut before it is redacted."""

_ENTRY = b"PK\x01\x02"
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _GitHub(_Line):
    run_id: str | int = ""
    run_attempt: str | int = ""
    job: str = ""
    sha: str = ""
    workflow: str = ""


class _Start(_Line):
    record: Literal["start"]
    worker: str = ""
    schema_: int = Field(alias="schema")
    github: _GitHub | None = None


class _Owner(_Line):
    names: Annotated[tuple[str, ...], Field(max_length=20)] = ()


class _Checkpoint(_Line):
    label: str = ""
    sha256: str = ""
    created_at: str = ""
    parent: str | None = None


class _Failure(_Line):
    record: Literal["failure"]
    nodeid: str = ""
    phase: str = ""
    outcome: str = "failed"
    category: str = "unknown"
    rule: str = ""
    confidence: Annotated[float, Field(ge=0, le=1)] = 0
    message: str = ""
    path: str = ""
    line: int | None = None
    owner: _Owner | None = None
    fingerprint: str = ""
    checkpoints: tuple[_Checkpoint, ...] = ()


class _Flaky(_Line):
    record: Literal["flaky"]


class _Crash(_Line):
    record: Literal["crash"]
    worker: str = ""
    nodeid: str = ""


class _Group(_Line):
    record: Literal["group"]
    group: str = ""
    count: Annotated[int, Field(ge=1, le=1_000_000)]


class _Gate(_Line):
    record: Literal["gate"]
    name: Annotated[str, Field(max_length=60)] = ""
    passed: bool = False
    summary: str = ""


class _Finish(_Line):
    record: Literal["finish"]


class _Other(_Line):
    record: str


_Record = _Start | _Failure | _Flaky | _Crash | _Group | _Gate | _Finish | _Other
_RECORD: TypeAdapter[_Record] = TypeAdapter(_Record)


class ReportFile(BaseModel):
    """One process's report: who wrote it, where, and what failed."""

    run_id: str = ""
    attempt: str = ""
    job: str = ""
    sha: str = ""
    workflow: str = ""
    complete: bool = False
    total: int = 0
    flaky: int = 0
    worker: str = ""
    died: list[str] = []
    """Workers whose death this file reports."""
    died_in: str = ""
    failures: list[ReportedFailure] = []
    gates: dict[str, FailedGate | None] = {}
    """By name; None for one that passed. The last word of a file counts: a gate fails until it has passed."""


@dataclass(slots=True)
class Budget:
    """What may still be unpacked for a red job over all its artifacts, in bytes and in lines of reports (P19, T17)."""

    left: int = MAX_OF_JOB
    lines: int = MAX_LINES

    @property
    def is_spent(self) -> bool:
        return self.left < 0

    def take(self, count: int) -> None:
        """Count bytes; raises `Unusable` when there are too many."""
        self.left -= count
        if self.is_spent:
            raise Unusable("The artifacts of the job are too large once unpacked")

    def take_line(self, count: int) -> None:
        """Count a line of so many bytes; raises `Unusable` when there are too many."""
        self.lines -= 1
        if self.lines < 0:
            raise Unusable(f"The reports of the job have more than {MAX_LINES} lines")
        self.take(count)


def read_reports(archive: bytes, budget: Budget | None = None) -> list[ReportFile]:
    """Return the reports in an artifact; `budget` is what its job has left.

    Raises `Unusable` for an archive that is broken, hides its size, is packed oddly, or is larger than the caps.
    """
    if archive.count(_ENTRY) > MAX_ENTRIES:  # counted before the directory is read, which alone could fill the memory
        raise Unusable(f"The report artifact has more than {MAX_ENTRIES} entries")
    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            budget = budget or Budget()
            return [_read(_lines(opened, entry, budget)) for entry in _allowed(opened)]
    except _BROKEN as error:
        raise Unusable(f"The report artifact cannot be read: {str(error)[:120]}") from error


def read_result_files(archive: bytes, budget: Budget | None = None) -> list[FileReport]:
    """Return what the files of other tools in an artifact say; those in no known format are passed over.

    Raises `Unusable` as `read_reports` does. Of an artifact with many files only the first are looked into.
    """
    if archive.count(_ENTRY) > MAX_LISTED:
        raise Unusable(f"The artifact has more than {MAX_LISTED} entries")
    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            budget = budget or Budget()
            named = [entry for entry in opened.infolist() if _is_plain(entry.filename) and not entry.is_dir()]
            others = _within_caps([entry for entry in named if not _is_report(entry.filename)][:MAX_ENTRIES])
            return [report for entry in others for report in _results(opened, entry, budget)]
    except _BROKEN as error:
        raise Unusable(f"The artifact cannot be read: {str(error)[:120]}") from error


def merged(files: list[ReportFile], *, trusted: bool, doubt: str = "") -> TestReport | None:
    """Return the reports of all processes of one job as one; None when there are none. A doubt takes the trust away."""
    if not files:
        return None
    failures = _worst([failure for file in files for failure in file.failures])
    told = {worker for file in files if file.complete for worker in file.died if worker}
    complete = all(file.complete or file.worker in told for file in files)
    gates = {gate.name: gate for file in files for gate in file.gates.values() if gate}
    return TestReport(
        complete,
        tuple(failures),
        total=sum(file.total for file in files),
        trusted=trusted and not doubt,
        doubt=doubt,
        died_in=next((file.died_in for file in files if file.died_in), ""),
        gates=tuple(gates.values())[:KEPT_GATES],
        flaky=sum(file.flaky for file in files),
    )


def _worst(failures: list[ReportedFailure]) -> list[ReportedFailure]:
    """The worst ones, of equals those told first."""
    return sorted(failures, key=lambda failure: WORST_FIRST.index(failure.category))[:KEPT_FAILURES]


def _allowed(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return _within_caps([entry for entry in opened.infolist() if _is_report(entry.filename)])


def _within_caps(named: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if any(entry.compress_type not in _PACKINGS for entry in named):
        raise Unusable("The report artifact is packed in a way that GitHub does not use")
    if sum(entry.file_size for entry in named) > MAX_INFLATED:
        raise Unusable("The report artifact is too large once unpacked")
    if any(entry.file_size > MAX_RATIO * max(entry.compress_size, 1) for entry in named if entry.file_size > MAX_LINE):
        raise Unusable("The report artifact is packed suspiciously tight")
    return named


def _is_report(name: str) -> bool:
    """A plain name of ours in any plain folder; nothing hidden behind another suffix."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return _is_plain(name) and last.startswith(FILE_PREFIX) and last.endswith(".jsonl")


def _is_plain(name: str) -> bool:
    """Whether a name stays inside the archive's folder."""
    return not name.startswith("/") and ".." not in name.replace("\\", "/").split("/") and ":" not in name


def _results(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> tuple[FileReport, ...]:
    """Return what one file says, nothing for one that is not ours to read."""
    with opened.open(entry) as stream:
        head = stream.read(SNIFFED)
        budget.take(len(head))
        if not may_be_results(entry.filename, head):
            return ()
        rest = stream.read(MAX_RESULTS)
        budget.take(len(rest))
    try:
        return read_results(entry.filename, head + rest)
    except Unusable:
        return ()  # one bad file does not speak for the others


def _lines(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    """Yield an entry's lines; what the directory says of its size is not believed, the bytes are counted."""
    read = 0
    with opened.open(entry) as stream:
        while line := stream.readline(MAX_LINE):
            read += len(line)
            budget.take_line(len(line))
            if read > MAX_REPORT:
                raise Unusable("A report file is larger than 5 MB")
            yield line


def _read(lines: Iterator[bytes]) -> ReportFile:
    file, more = ReportFile(), dict[str, int]()
    for line in lines:
        if b'"record"' not in line:
            continue  # no line of the plugin, and to find that out the long way costs the most
        try:
            record = _RECORD.validate_json(line)
        except ValidationError:
            continue  # a line cut by a dying process, or a hostile one: the rest still counts
        file.complete = isinstance(record, _Finish)
        _take(file, record, more)
    file.total += sum(more.values())  # the first of each group has a record of its own
    return file


def _take(file: ReportFile, record: _Record, more: dict[str, int]) -> None:
    match record:
        case _Start():
            if record.schema_ > SCHEMA:
                raise Unusable(f"The report has schema {record.schema_}; this App reads up to {SCHEMA}")
            file.worker = record.worker
            _place(file, record.github)
        case _Failure():
            file.total += 1
            file.failures.append(_failure(record))
            if len(file.failures) > 2 * KEPT_FAILURES:
                file.failures = _worst(file.failures)
        case _Group():
            more[record.group] = max(more.get(record.group, 0), record.count - 1)
        case _Flaky():
            file.flaky += 1
        case _Gate():
            if len(file.gates) < KEPT_GATES or record.name in file.gates:
                gate = FailedGate(record.name, record.summary[:MAX_TEXT])
                file.gates[record.name] = None if record.passed else gate
        case _Crash():
            file.died_in = record.nodeid[:MAX_TEXT]
            file.died.append(record.worker)
        case _:
            pass


def _place(file: ReportFile, told: _GitHub | None) -> None:
    if told is not None:
        file.run_id, file.attempt = str(told.run_id), str(told.run_attempt)
        file.job, file.sha, file.workflow = told.job, told.sha, told.workflow


def _failure(record: _Failure) -> ReportedFailure:
    known = record.category in set(Category)
    return ReportedFailure(
        nodeid=record.nodeid[:MAX_TEXT],
        phase=record.phase[:20],
        outcome=record.outcome[:20],
        category=Category(record.category) if known else Category.UNKNOWN,
        rule=record.rule[:MAX_TEXT],
        confidence=record.confidence,
        message=record.message[:MAX_TEXT],
        path=record.path[:MAX_TEXT],
        line=min(max(0, record.line or 0), MAX_LINE_NUMBER),
        owner=_names(record.owner),
        fingerprint=record.fingerprint[:MAX_TEXT],
        checkpoints=tuple(_checkpoints(record.checkpoints)),
    )


def _names(told: _Owner | None) -> tuple[str, ...]:
    return tuple(name[:MAX_TEXT] for name in told.names) if told else ()


def _checkpoints(told: tuple[_Checkpoint, ...]) -> Iterator[ReportedCheckpoint]:
    for each in told[-KEPT_CHECKPOINTS:]:
        if _is_hash(each.sha256):
            parent = each.parent if each.parent and _is_hash(each.parent) else ""
            yield ReportedCheckpoint(each.label[:MAX_TEXT], each.sha256, each.created_at[:40], parent)


def _is_hash(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}", text) is not None
