"""The JSON lines of trufflehog, findings and log alike, and the findings of version 2.

`Raw`, `RawV2`, `Redacted`, `stringsFound` and diffs are never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from pydantic import AliasChoices, Field

from github_app.rules.results.loose import MAX_ITEMS, Loose, Text, Truth, Whole, mapping
from github_app.rules.results.places import relative
from github_app.rules.results.scans import scan_report
from github_app.rules.results.values import FileReport, Flaw, FlawKind
from pytest_failure_review.report import Severity

TOOL: Final = "trufflehog"


class _Place(Loose):
    file: Text = ""
    line: Whole = 0


class _Found(Loose):
    detector: Text = Field("", validation_alias=AliasChoices("DetectorName", "reason"))
    description: Text = Field("", alias="DetectorDescription")
    verified: Truth = Field(default=False, alias="Verified")
    source: Any = Field(None, alias="SourceMetadata")
    path: Text = ""  # in version 2, which knows no line

    @property
    def place(self) -> _Place:
        """Where it was found: beneath the kind of source that was searched, whichever that is."""
        if self.path:
            return _Place(file=self.path)
        data = mapping(mapping(self.source).get("Data"))
        first = next((value for value in data.values() if isinstance(value, dict)), {})
        return _Place.model_validate(first)


class _Said(Loose):
    """A line of trufflehog's own log."""

    level: Text = ""
    message: Text = Field("", alias="msg")
    error: Text = ""


def is_trufflehog(document: Any) -> bool:
    """Whether an object is one of trufflehog's findings or log lines."""
    told = mapping(document)
    return _is_found(told) or told.get("logger") == TOOL


def _is_found(told: Mapping[str, Any]) -> bool:
    return {"DetectorName", "SourceMetadata"} <= told.keys() or {"reason", "stringsFound", "path"} <= told.keys()


def is_list_of_trufflehog(document: Any) -> bool:
    """Whether a document holds its findings as a list, as people make one of the lines."""
    return isinstance(document, list) and bool(document) and is_trufflehog(document[0])


def read_trufflehog(name: str, documents: Iterable[Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report of all lines; an error that it logged means that it did not see everything."""
    told = [mapping(document) for document in islice(documents, MAX_ITEMS)]
    found = [_Found.model_validate(item) for item in told if _is_found(item)]
    said = [_Said.model_validate(item) for item in told if "level" in item and not _is_found(item)]
    errors = [" ".join(filter(None, (note.message, note.error))) for note in said if note.level in {"error", "fatal"}]
    yield scan_report(
        TOOL, name, [_flaw(each) for each in found], complete=complete, problem=errors[0] if errors else ""
    )


def _flaw(found: _Found) -> Flaw:
    return Flaw(
        kind=FlawKind.SECRET,
        rule=found.detector or "(no detector)",
        tools=(TOOL,),
        text=found.description,
        severity=Severity.CRITICAL,
        path=relative(found.place.file),
        line=found.place.line,
        verified=found.verified,
    )
