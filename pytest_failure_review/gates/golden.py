"""A golden dataset: the results that are expected, row by row, against those that came out (S2-062)."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_failure_review.pyproject import Project

from .outcome import FAILED, PASSED, CannotRunError, Outcome, could_not_run, run
from .settings import GateSettings

_LARGEST: Final = 50_000_000
"""Bytes of one file."""
_SHOWN: Final = 20
_WIDTH: Final = 200
_NUMBER: Final = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?|nan", re.ASCII)
"""Not `007`, which is a name."""
_MISSING: Final = "(nothing)"

Rows = Mapping[str, Mapping[str, Any]]


class UnreadableError(ValueError):
    """A dataset that cannot be read; the text is a clause."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may be off: by so much, or by such a share of what is expected; the larger counts."""

    absolute: float = 0
    relative: float = 0

    def same(self, expected: Any, actual: Any) -> bool:
        """Whether two values are the same: numbers within the tolerance, lists and mappings item by item."""
        match expected, actual:
            case (bool(), _) | (_, bool()):
                return expected is actual
            case (int() | float(), int() | float()):
                return self._close(expected, actual)
            case (str(), str()) if _NUMBER.fullmatch(expected) and _NUMBER.fullmatch(actual):
                return expected == actual or self._close(float(expected), float(actual))
            case (list(), list()):
                return len(expected) == len(actual) and all(map(self.same, expected, actual))
            case (dict(), dict()):
                return expected.keys() == actual.keys() and all(
                    self.same(expected[key], actual[key]) for key in expected
                )
        return bool(expected == actual)

    def _close(self, expected: float, actual: float) -> bool:
        if math.isnan(expected) or math.isnan(actual):
            return math.isnan(expected) and math.isnan(actual)
        return expected == actual or abs(expected - actual) <= max(self.absolute, self.relative * abs(expected))


def golden(settings: GateSettings, project: Project) -> Outcome:
    """The results, made by the command where there is one, are those that are expected."""
    actual = project.folder / settings.actual
    before = _stamp(actual)
    try:
        ended = run(settings.command, project.folder, seconds=settings.timeout) if settings.command else None
    except CannotRunError as error:
        return could_not_run(str(error))
    if ended is not None and ended.status != 0:
        return could_not_run(ended.how, **ended.details)
    if ended is not None and _stamp(actual) == before:
        return could_not_run(f"`{ended.command}` did not write {settings.actual}", **ended.details)
    try:
        wanted = read(project.folder / settings.expected, settings)
        came = read(actual, settings)
    except UnreadableError as error:
        return could_not_run(str(error))
    if not wanted:
        return could_not_run(f"{settings.expected} holds no rows")
    return compare(wanted, came, settings)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_ino


def compare(expected: Rows, actual: Rows, settings: GateSettings) -> Outcome:
    """Every row that differs, is missing or is new counts; the first of them are told."""
    tolerance = Tolerance(settings.absolute, settings.relative)
    missing = [key for key in expected if key not in actual]
    new = [key for key in actual if key not in expected]
    differing = {
        key: found
        for key in expected
        if key in actual and (found := list(_differences(expected[key], actual[key], tolerance, settings.ignore)))
    }
    details = {
        "expected": settings.expected,
        "actual": settings.actual,
        "rows": len(expected),
        "differing": len(differing),
        "differences": [{"row": key, **told} for key, found in differing.items() for told in found][:_SHOWN],
        "missing": missing[:_SHOWN],
        "new": new[:_SHOWN],
        "absolute": settings.absolute,
        "relative": settings.relative,
    }
    counts = {"differing": len(differing), "missing": len(missing), "new": len(new)}
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    if not told:
        return Outcome(PASSED, f"All {len(expected)} rows are as {settings.expected} expects.", details)
    return Outcome(FAILED, f"Of {len(expected)} rows of {settings.expected}: {told}{_first(details)}.", details)


def _first(details: Mapping[str, Any]) -> str:
    for told in details["differences"]:
        return f"; in {told['row']}, {told['column']} is {told['actual']}, expected was {told['expected']}"
    return f"; the first is {(*details['missing'], *details['new'])[0]}"


def _differences(
    expected: Mapping[str, Any], actual: Mapping[str, Any], tolerance: Tolerance, ignored: tuple[str, ...]
) -> Iterator[dict[str, str]]:
    for column in dict.fromkeys((*expected, *actual)):
        if column in ignored:
            continue
        if column in expected and column in actual and tolerance.same(expected[column], actual[column]):
            continue
        yield {"column": column, "expected": _shown(expected, column), "actual": _shown(actual, column)}


def _shown(row: Mapping[str, Any], column: str) -> str:
    if column not in row:
        return _MISSING
    value = row[column]
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."


# -- reading -----------------------------------------------------------------------------------------------------------


def read(path: Path, settings: GateSettings) -> Rows:
    """The rows of a dataset, by their key: CSV, TSV, JSON or JSON Lines. Raises UnreadableError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UnreadableError(f"{path.name} is larger than {_LARGEST // 1_000_000} MB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{path.name} is no UTF-8") from None
    try:
        return _keyed(path.name, _rows(path, text), settings.key)
    except (ValueError, csv.Error, RecursionError) as error:
        raise error if isinstance(error, UnreadableError) else UnreadableError(f"{path.name}: {error}") from None


def _rows(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    """Each row with the name that it has where no column names it."""
    match path.suffix.lower():
        case ".csv" | ".tsv":
            yield from _of_table(path, text)
        case ".jsonl" | ".ndjson":
            lines = (line for line in text.splitlines() if line.strip())
            yield from ((f"row {number}", json.loads(line)) for number, line in enumerate(lines, 1))
        case ".json":
            told = json.loads(text)
            if not isinstance(told, dict | list):
                raise UnreadableError(f"{path.name} holds neither a list nor an object")
            named = told.items() if isinstance(told, dict) else ((f"row {n}", row) for n, row in enumerate(told, 1))
            yield from named
        case _:
            raise UnreadableError(f"{path.name} is none of .csv, .tsv, .json, .jsonl")


def _of_table(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    """Without a `key` the first column names the rows."""
    table = csv.DictReader(io.StringIO(text), delimiter="\t" if path.suffix.lower() == ".tsv" else ",", strict=True)
    for row in table:
        if None in row or None in row.values():
            raise UnreadableError(
                f"{path.name} line {table.line_num} has another number of columns than its first line"
            )
        yield str(next(iter(row.values()))), row


def _keyed(name: str, rows: Iterator[tuple[str, Any]], key: tuple[str, ...]) -> Rows:
    found: dict[str, Mapping[str, Any]] = {}
    for usual, value in rows:
        row = value if isinstance(value, dict) else {"value": value}
        if lacking := [column for column in key if column not in row]:
            raise UnreadableError(f"{name}: {usual} has no {lacking[0]}, which is the key")
        label = ", ".join(f"{column}={row[column]}" for column in key) or usual
        if label in found:
            raise UnreadableError(f"{name} holds {label} twice: give a `key` that tells its rows apart")
        found[label] = row
    return found
