"""The JSON report of osv-scanner: sources, their packages, and what the OSV database holds against them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from github_app.rules.results.loose import (
    Loose,
    Many,
    Number,
    One,
    Text,
    Texts,
    mapping,
    severity_score,
    severity_word,
    weakness,
)
from github_app.rules.results.places import relative
from github_app.rules.results.scans import scan_report
from github_app.rules.results.values import FileReport, Flaw, FlawKind

TOOL: Final = "osv-scanner"


class _Event(Loose):
    fixed: Text = ""


class _Range(Loose):
    events: Many[_Event] = ()


class _Named(Loose):
    name: Text = ""
    version: Text = ""


class _Affected(Loose):
    package: One[_Named] = _Named()
    ranges: Many[_Range] = ()


class _Database(Loose):
    severity: Text = ""
    cwe_ids: Texts = ()


class _Vulnerability(Loose):
    id: Text = ""
    aliases: Texts = ()
    summary: Text = ""
    affected: Many[_Affected] = ()
    database_specific: One[_Database] = _Database()


class _Group(Loose):
    ids: Texts = ()
    max_severity: Number = None


class _Package(Loose):
    package: One[_Named] = _Named()
    vulnerabilities: Many[_Vulnerability] = ()
    groups: Many[_Group] = ()


class _Source(Loose):
    path: Text = ""


class _Result(Loose):
    source: One[_Source] = _Source()
    packages: Many[_Package] = ()


class _Report(Loose):
    results: Many[_Result] = ()


def is_osv(document: Any) -> bool:
    """Whether a document is a report of osv-scanner, by the shape of its results."""
    results = mapping(document).get("results")
    if not isinstance(results, list):
        return False
    first = mapping(results[0]) if results else {}
    return ("packages" in first and "source" in first) or (not results and "experimental_config" in mapping(document))


def read_osv(name: str, document: Mapping[str, Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report."""
    results = _Report.model_validate(document).results
    flaws = (flaw for result in results for package in result.packages for flaw in _flaws(result.source, package))
    yield scan_report(TOOL, name, flaws, complete=complete)


def _flaws(source: _Source, package: _Package) -> Iterator[Flaw]:
    scores = {name: group.max_severity for group in package.groups for name in group.ids}
    for told in package.vulnerabilities:
        yield _flaw(source, package, told, scores.get(told.id))


def _flaw(source: _Source, package: _Package, told: _Vulnerability, score: float | None) -> Flaw:
    named = package.package.name
    mine = [each for each in told.affected if each.package.name.lower() == named.lower()]
    fixes = [event.fixed for each in mine for span in each.ranges for event in span.events if event.fixed]
    details = told.database_specific
    return Flaw(
        kind=FlawKind.DEPENDENCY,
        rule=told.id or "(no advisory)",
        tools=(TOOL,),
        text=told.summary,
        severity=severity_word(details.severity) or severity_score(score),
        package=named,
        version=package.package.version,
        fixed=", ".join(dict.fromkeys(fixes[:5])),
        advisories=told.aliases[:10],
        cwe=weakness(" ".join(details.cwe_ids)),
        path=relative(source.path),
    )
