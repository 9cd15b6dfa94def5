"""The JSON report of gitleaks: a list of findings. `Match`, `Secret` and the commit's message are never read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import Field

from github_app.rules.results.loose import MAX_ITEMS, Loose, Text, Whole, mapping
from github_app.rules.results.places import relative
from github_app.rules.results.scans import scan_report
from github_app.rules.results.values import FileReport, Flaw, FlawKind
from pytest_failure_review.report import Severity

TOOL: Final = "gitleaks"


class _Leak(Loose):
    rule: Text = Field("", alias="RuleID")
    description: Text = Field("", alias="Description")
    file: Text = Field("", alias="File")
    line: Whole = Field(0, alias="StartLine")
    commit: Text = Field("", alias="Commit")


def is_gitleaks(document: Any) -> bool:
    """Whether a document is a list of leaks."""
    first = mapping(document[0]) if isinstance(document, list) and document else {}
    return "RuleID" in first and "File" in first


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
        line=leak.line,
    )
