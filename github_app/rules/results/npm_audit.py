"""The JSON of `npm audit`, by advisory (npm 6, pnpm) or by package (npm 7 and later), and the JSON lines of yarn's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from pydantic import Field

from github_app.rules.results.loose import (
    MAX_ITEMS,
    MAX_TEXT,
    Loose,
    Many,
    Text,
    Texts,
    mapping,
    severity_word,
    weakness,
)
from github_app.rules.results.scans import scan_report
from github_app.rules.results.values import FileReport, Flaw, FlawKind

TOOL: Final = "npm audit"
_YARN: Final = "yarn audit"
_ERROR: Final = frozenset({"code", "summary", "detail", "message"})


class _Finding(Loose):
    version: Text = ""


class _Advisory(Loose):
    """One advisory as npm 6 tells it, and as the `via` of npm 7 does."""

    id: Text = ""
    module: Text = Field("", alias="module_name")
    name: Text = ""
    severity: Text = ""
    title: Text = ""
    url: Text = ""
    patched: Text = Field("", alias="patched_versions")
    ghsa: Text = Field("", alias="github_advisory_id")
    source: Text = ""
    cves: Texts = ()
    cwe: Texts = ()
    findings: Many[_Finding] = ()

    @property
    def advisory(self) -> str:
        """Its name; npm 7 has GitHub's only in the address."""
        last = self.url.rstrip("/").rpartition("/")[2]
        return self.ghsa or (last if last.startswith("GHSA-") else "") or self.id or self.source


class _Package(Loose):
    name: Text = ""
    severity: Text = ""
    via: Any = None
    fix: Any = Field(None, alias="fixAvailable")


def is_npm_audit(document: Any) -> bool:
    """Whether a document is an audit of npm's, or the error that npm writes in its place."""
    told = mapping(document)
    if isinstance(told.get("advisories"), dict) and "metadata" in told:
        return True
    by_package = isinstance(told.get("vulnerabilities"), dict) and ("auditReportVersion" in told or "metadata" in told)
    error = mapping(told.get("error"))
    is_refusal = bool(error) and error.keys() <= _ERROR and ("code" in error or {"method", "uri"} <= told.keys())
    return by_package or is_refusal


def read_npm_audit(name: str, document: Mapping[str, Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report."""
    error = mapping(document.get("error"))
    said = ": ".join(
        text for key in ("code", "summary", "detail", "message") if isinstance(text := error.get(key), str) and text
    )
    problem = (said or str(document.get("message", ""))[:MAX_TEXT] or "it says no more") if error else ""
    by_advisory = mapping(document.get("advisories"))
    old = [_Advisory.model_validate(each) for each in islice(by_advisory.values(), MAX_ITEMS) if isinstance(each, dict)]
    flaws = [_flaw(each, each.module, each.patched) for each in old]
    for each in islice(mapping(document.get("vulnerabilities")).values(), MAX_ITEMS):
        flaws += _of_package(_Package.model_validate(each)) if isinstance(each, dict) else []
    yield scan_report(TOOL, name, flaws, complete=complete, problem=problem)


def is_yarn_audit(document: Any) -> bool:
    """Whether an object is a line of `yarn audit`, or of `yarn npm audit` as later versions call it."""
    told = mapping(document)
    is_later = isinstance(told.get("value"), str) and {"ID", "Severity"} <= mapping(told.get("children")).keys()
    return told.get("type") in {"auditAdvisory", "auditSummary"} or is_later


def read_yarn_audit(name: str, documents: Iterable[Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield the one report of all lines; an error that yarn told of means that it did not look everything up."""
    told = [mapping(document) for document in islice(documents, MAX_ITEMS)]
    flaws = [flaw for item in told for flaw in _of_yarn(item)]
    errors = [text for item in told if item.get("type") == "error" and isinstance(text := item.get("data"), str)]
    problem = errors[0][:MAX_TEXT] if errors else ""
    yield scan_report(_YARN, name, flaws, complete=complete, problem=problem)


def _of_yarn(item: Mapping[str, Any]) -> Iterator[Flaw]:
    if item.get("type") == "auditAdvisory":
        old = _Advisory.model_validate(mapping(mapping(item.get("data")).get("advisory")))
        yield _flaw(old, old.module, old.patched, by=_YARN)
    elif is_yarn_audit(item) and isinstance(item.get("value"), str):
        later = mapping(item.get("children"))
        names = {"ID": "id", "Issue": "title", "URL": "url", "Severity": "severity"}
        fields = {own: later.get(key) for key, own in names.items()}
        yield _flaw(_Advisory.model_validate(fields), item["value"][:MAX_TEXT], "", by=_YARN)


def _of_package(package: _Package) -> list[Flaw]:
    """Return the package's own advisories; one that only depends on such a package is told of there."""
    via = package.via[:100] if isinstance(package.via, list) else []
    fix = mapping(package.fix)
    by = f"{fix['name']} {fix.get('version', '')}".strip() if isinstance(fix.get("name"), str) else ""
    own = [_Advisory.model_validate(each) for each in via if isinstance(each, dict)]
    return [_flaw(each, package.name or each.name, by) for each in own]


def _flaw(told: _Advisory, package: str, fixed: str, by: str = TOOL) -> Flaw:
    return Flaw(
        kind=FlawKind.DEPENDENCY,
        rule=told.advisory or "(no advisory)",
        tools=(by,),
        text=told.title,
        severity=severity_word(told.severity),
        package=package,
        version=told.findings[0].version if told.findings else "",
        fixed="" if fixed == "<0.0.0" else fixed,  # npm's way to say that there is none
        advisories=told.cves[:10],
        cwe=weakness(" ".join(told.cwe)),
        path="package-lock.json" if by == TOOL else "yarn.lock",
    )
