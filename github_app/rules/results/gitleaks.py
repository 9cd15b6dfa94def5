"""The JSON report of gitleaks: a list of findings, as version 8 names their parts or as those before did.

`Match`, `Secret`, `line`, `offender` and the commit's message are never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import AliasChoices, Field

from github_app.rules.results.loose import MAX_ITEMS, Loose, Text, Whole, mapping
from github_app.rules.results.places import relative
from github_app.rules.results.scans import scan_report
from github_app.rules.results.values import FileReport, Flaw, FlawKind
from pytest_failure_review.report import Severity

TOOL: Final = "gitleaks"


class _Leak(Loose):
    rule: Text = Field("", validation_alias=AliasChoices("RuleID", "rule"))
    description: Text = Field("", alias="Description")
    file: Text = Field("", validation_alias=AliasChoices("File", "file"))
    start: Whole = Field(0, validation_alias=AliasChoices("StartLine", "lineNumber"))


def is_gitleaks(document: Any) -> bool:
    """Whether a document is a list of leaks."""
    first = mapping(document[0]) if isinstance(document, list) and document else {}
    return {"RuleID", "File"} <= first.keys() or {"rule", "file", "offender"} <= first.keys()


def read_gitleaks(name: str, document: list[Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report."""
    leaks = [_Leak.model_validate(item) for item in document[:MAX_ITEMS] if isinstance(item, dict)]
    yield scan_report(TOOL, name, [_flaw(leak) for leak in leaks], complete=complete)


def _flaw(leak: _Leak) -> Flaw:
    return Flaw(
        kind=FlawKind.SECRET,
        rule=leak.rule or "(no rule)",
        tools=(TOOL,),
        text=leak.description,
        severity=Severity.CRITICAL,
        path=relative(leak.file),
        line=leak.start,
    )
