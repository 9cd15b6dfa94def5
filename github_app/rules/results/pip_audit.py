"""The JSON report of pip-audit, in its present form and as the bare list that it was before 2.0; it grades nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from github_app.rules.results.loose import MAX_ITEMS, Loose, Many, Text, Texts, mapping
from github_app.rules.results.scans import scan_report
from github_app.rules.results.values import FileReport, Flaw, FlawKind

TOOL: Final = "pip-audit"


class _Vulnerability(Loose):
    id: Text = ""
    fix_versions: Texts = ()
    aliases: Texts = ()
    description: Text = ""


class _Dependency(Loose):
    name: Text = ""
    version: Text = ""
    vulns: Many[_Vulnerability] = ()


def is_pip_audit(document: Any) -> bool:
    """Whether a document lists Python packages with what is known against them."""
    listed = _listed(document)
    first = mapping(listed[0]) if listed else {}
    empty = not listed and "dependencies" in mapping(document) and "fixes" in mapping(document)
    return empty or ("name" in first and ("vulns" in first or "skip_reason" in first))


def read_pip_audit(name: str, document: Any, *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report."""
    packages = [_Dependency.model_validate(item) for item in _listed(document)[:MAX_ITEMS] if isinstance(item, dict)]
    flaws = [_flaw(package, each) for package in packages for each in package.vulns]
    yield scan_report(TOOL, name, flaws, complete=complete)


def _listed(document: Any) -> list[Any]:
    listed = mapping(document).get("dependencies") if isinstance(document, dict) else document
    return listed if isinstance(listed, list) else []


def _flaw(package: _Dependency, told: _Vulnerability) -> Flaw:
    return Flaw(
        kind=FlawKind.DEPENDENCY,
        rule=told.id or "(no advisory)",
        tools=(TOOL,),
        text=told.description,
        package=package.name,
        version=package.version,
        fixed=", ".join(told.fix_versions),
        advisories=told.aliases[:10],
    )
