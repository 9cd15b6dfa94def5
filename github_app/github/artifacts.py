"""The plugin's report out of a stranger's zip: named entries only, streamed, under caps, never extracted (T16, T17)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from github_app.rules.model import ReportedFailure, TestReport
from pytest_failure_review.report import FILE_PREFIX, SCHEMA, WORST_FIRST, Category

MAX_ZIP = 20 * 1024 * 1024
MAX_INFLATED = 50 * 1024 * 1024
MAX_RATIO = 100
MAX_ENTRIES = 200
MAX_REPORT = 5 * 1024 * 1024
MAX_LINE = 256 * 1024
MAX_FAILURES = 5000
KEPT_FAILURES = 50


class Unusable(Exception):  # noqa: N818  (a finding about a stranger's file)
    """The archive breaks a rule; the text is the sentence that people read."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _GitHub(_Line):
    run_id: str | int = ""
    run_attempt: str | int = ""
    job: str = ""
    sha: str = ""


class _Start(_Line):
    record: Literal["start"]
    schema_: int = Field(alias="schema")
    github: _GitHub | None = None


class _Owner(_Line):
    names: Annotated[tuple[str, ...], Field(max_length=20)] = ()


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


class _Finish(_Line):
    record: Literal["finish"]


class _Other(_Line):
    record: str


_RECORD: TypeAdapter[_Start | _Failure | _Finish | _Other] = TypeAdapter(_Start | _Failure | _Finish | _Other)


class ReportFile(BaseModel):
    """One process's report: who wrote it, where, and what failed."""

    run_id: str = ""
    attempt: str = ""
    job: str = ""
    sha: str = ""
    complete: bool = False
    total: int = 0
    failures: list[ReportedFailure] = []


def read_reports(archive: bytes) -> list[ReportFile]:
    """Return the reports in an artifact.

    Raises `Unusable` for an archive that is broken, hides its size, names paths, or is larger than the caps.
    """
    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            entries = _allowed(opened)
            return [_read(_lines(opened, entry)) for entry in entries]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Unusable(f"The report artifact cannot be read: {str(error)[:120]}") from error


def merged(files: list[ReportFile], *, trusted: bool) -> TestReport | None:
    """Return the reports of all processes of one job as one; None when there are none."""
    if not files:
        return None
    failures = sorted((failure for file in files for failure in file.failures), key=_rank)
    complete = all(file.complete for file in files)
    return TestReport(complete, tuple(failures[:KEPT_FAILURES]), sum(file.total for file in files), trusted)


def _rank(failure: ReportedFailure) -> int:
    return WORST_FIRST.index(failure.category)


def _allowed(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = opened.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Unusable(f"The report artifact has {len(entries)} entries; at most {MAX_ENTRIES} are read")
    named = [entry for entry in entries if _is_report(entry.filename)]
    if sum(entry.file_size for entry in named) > MAX_INFLATED:
        raise Unusable("The report artifact is too large once unpacked")
    if any(entry.file_size > MAX_RATIO * max(entry.compress_size, 1) for entry in named if entry.file_size > MAX_LINE):
        raise Unusable("The report artifact is packed suspiciously tight")
    return named


def _is_report(name: str) -> bool:
    """A plain name in any plain folder; nothing that climbs, nothing hidden behind another suffix."""
    parts = name.replace("\\", "/").split("/")
    plain = not name.startswith("/") and ".." not in parts and ":" not in name
    return plain and parts[-1].startswith(FILE_PREFIX) and parts[-1].endswith(".jsonl")


def _lines(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield an entry's lines; what the directory says of its size is not believed, the bytes are counted."""
    read = 0
    with opened.open(entry) as stream:
        while line := stream.readline(MAX_LINE):
            read += len(line)
            if read > MAX_REPORT:
                raise Unusable("A report file is larger than 5 MB")
            yield line


def _read(lines: Iterator[bytes]) -> ReportFile:
    file = ReportFile()
    for line in lines:
        try:
            record = _RECORD.validate_json(line)
        except ValidationError:
            continue  # a line cut by a dying process, or a hostile one: the rest still counts
        file.complete = isinstance(record, _Finish)
        match record:
            case _Start():
                if record.schema_ > SCHEMA:
                    raise Unusable(f"The report has schema {record.schema_}; this App reads up to {SCHEMA}")
                _place(file, record.github)
            case _Failure():
                file.total += 1
                if file.total <= MAX_FAILURES:
                    file.failures.append(_failure(record))
            case _:
                pass
    return file


def _place(file: ReportFile, told: _GitHub | None) -> None:
    if told is not None:
        file.run_id, file.attempt = str(told.run_id), str(told.run_attempt)
        file.job, file.sha = told.job, told.sha


def _failure(record: _Failure) -> ReportedFailure:
    known = record.category in set(Category)
    return ReportedFailure(
        nodeid=record.nodeid[:500],
        phase=record.phase[:20],
        outcome=record.outcome[:20],
        category=Category(record.category) if known else Category.UNKNOWN,
        rule=record.rule[:200],
        confidence=record.confidence,
        message=record.message[:1000],
        path=record.path[:500],
        line=max(0, record.line or 0),
        owner=tuple(name[:100] for name in (record.owner.names if record.owner else ())),
        fingerprint=record.fingerprint[:80],
    )
