"""The JSON report of Trivy: packages, misconfigurations, secrets; a secret's `Match` and `Code` are not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import Field

from github_app.rules.results.loose import (
    MAX_ITEMS,
    Loose,
    Many,
    One,
    Text,
    Texts,
    Whole,
    mapping,
    severity_word,
    weakness,
)
from github_app.rules.results.places import relative
from github_app.rules.results.scans import scan_report
from github_app.rules.results.values import FileReport, Flaw, FlawKind
from pytest_failure_review.report import Severity

TOOL: Final = "Trivy"


class _Vulnerability(Loose):
    id: Text = Field("", alias="VulnerabilityID")
    package: Text = Field("", alias="PkgName")
    installed: Text = Field("", alias="InstalledVersion")
    fixed: Text = Field("", alias="FixedVersion")
    severity: Text = Field("", alias="Severity")
    title: Text = Field("", alias="Title")
    cwes: Texts = Field((), alias="CweIDs")


class _Cause(Loose):
    line: Whole = Field(0, alias="StartLine")


class _Misconfiguration(Loose):
    id: Text = Field("", alias="ID")
    severity: Text = Field("", alias="Severity")
    title: Text = Field("", alias="Title")
    status: Text = Field("", alias="Status")
    cause: One[_Cause] = Field(_Cause(), alias="CauseMetadata")


class _Secret(Loose):
    rule: Text = Field("", alias="RuleID")
    title: Text = Field("", alias="Title")
    line: Whole = Field(0, alias="StartLine")


class _Result(Loose):
    target: Text = Field("", alias="Target")
    kind: Text = Field("", alias="Class")
    vulnerabilities: Many[_Vulnerability] = Field((), alias="Vulnerabilities")
    misconfigurations: Many[_Misconfiguration] = Field((), alias="Misconfigurations")
    secrets: Many[_Secret] = Field((), alias="Secrets")

    @property
    def path(self) -> str:
        """The target where it is a file; of an image it is a name, of its packages it may be a language."""
        is_word = self.kind == "lang-pkgs" and "." not in self.target
        return "" if self.kind == "os-pkgs" or is_word or " " in self.target else relative(self.target)


def is_trivy(document: Any) -> bool:
    """Whether a document is a report of Trivy; before 0.20 it was the bare list of results."""
    told = mapping(document)
    first = mapping(document[0]) if isinstance(document, list) and document else {}
    is_old = "Target" in first and ("Vulnerabilities" in first or "Type" in first)
    return is_old or ("SchemaVersion" in told and ("Results" in told or "ArtifactName" in told))


def read_trivy(name: str, document: Any, *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report; no results at all means that there was nothing to look at, which Trivy calls clean."""
    listed = mapping(document).get("Results") if isinstance(document, dict) else document
    listed = listed if isinstance(listed, list) else []
    results = [_Result.model_validate(item) for item in listed[:MAX_ITEMS] if isinstance(item, dict)]
    yield scan_report(TOOL, name, (flaw for result in results for flaw in _flaws(result)), complete=complete)


def _flaws(result: _Result) -> Iterator[Flaw]:
    for leak in result.secrets:
        yield Flaw(
            kind=FlawKind.SECRET,
            rule=leak.rule or "(no rule)",
            tools=(TOOL,),
            text=leak.title,
            severity=Severity.CRITICAL,
            path=result.path,
            line=leak.line,
        )
    for told in result.vulnerabilities:
        yield Flaw(
            kind=FlawKind.DEPENDENCY,
            rule=told.id or "(no advisory)",
            tools=(TOOL,),
            text=told.title,
            severity=severity_word(told.severity),
            package=told.package,
            version=told.installed,
            fixed=told.fixed,
            cwe=weakness(" ".join(told.cwes)),
            path=result.path,
        )
    for wrong in result.misconfigurations:
        if wrong.status in {"", "FAIL"}:
            yield Flaw(
                kind=FlawKind.CONFIGURATION,
                rule=wrong.id or "(no rule)",
                tools=(TOOL,),
                text=wrong.title,
                severity=severity_word(wrong.severity),
                path=result.path,
                line=wrong.cause.line,
            )
