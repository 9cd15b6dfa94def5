"""SARIF 2.1 (OASIS) as tools really write it: without rules, with wrong levels, with only an index.

A run that did not succeed, or that has no list of results at all, found nothing because it did not look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import Field

from github_app.rules.results.loose import (
    MAX_TEXT,
    Loose,
    Many,
    One,
    Text,
    Texts,
    Whole,
    mapping,
    severity_score,
    severity_word,
    weakness,
)
from github_app.rules.results.places import relative
from github_app.rules.results.scans import scan_report
from github_app.rules.results.values import FileKind, FileReport, Flaw, FlawKind
from pytest_failure_review.report import Severity

MAX_RUNS: Final = 20
MAX_RESULTS: Final = 20_000
_LEVELS: Final = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW, "none": Severity.LOW}
_SECRET_TOOLS: Final = re.compile(r"(?i)gitleaks|trufflehog|detect-secrets|ggshield|gitguardian|secretlint|whispers")
_SECURITY_TOOLS: Final = re.compile(
    r"(?i)trivy|grype|snyk|osv-scanner|semgrep|codeql|bandit|gosec|checkov|tfsec|terrascan|kics|brakeman|zizmor|anchore"
    r"|dependency-check|docker scout|njsscan|horusec|nuclei|zap\b"
)
_CONFIGURATION: Final = re.compile(r"(?i)checkov|tfsec|terrascan|kics|zizmor|misconfiguration")
_ADVISORY: Final = re.compile(r"\b(?:CVE-\d{4}-\d{4,9}|GHSA(?:-[0-9a-z]{4}){3}|PYSEC-\d{4}-\d{1,6})\b")
_NAMED: Final = {
    "package": re.compile(r"(?m)^\s*Package:\s*(\S[^\n]*)"),
    "version": re.compile(r"(?m)^\s*(?:Installed )?Version:\s*(\S[^\n]*)"),
    "fixed": re.compile(r"(?m)^\s*Fixed Version:\s*(\S[^\n]*)"),
}
"""The lines in which Trivy, for one, writes what SARIF has no field for."""

_NO_FINDING: Final = frozenset({"pass", "notApplicable", "informational", "open", "review"})


class _Message(Loose):
    text: Text = ""
    markdown: Text = ""


class _Properties(Loose):
    score: Text = Field("", alias="security-severity")
    severity: Text = ""
    tags: Texts = ()
    cwe: Texts = ()


class _Default(Loose):
    level: Text = ""


class _Rule(Loose):
    id: Text = ""
    name: Text = ""
    short: One[_Message] = Field(_Message(), alias="shortDescription")
    default: One[_Default] = Field(_Default(), alias="defaultConfiguration")
    properties: One[_Properties] = _Properties()


class _Component(Loose):
    name: Text = ""
    rules: Many[_Rule] = ()


class _Tool(Loose):
    driver: One[_Component] = _Component()
    extensions: Many[_Component] = ()
    name: Text = ""  # version 1 of the format


class _Artifact(Loose):
    uri: Text = ""


class _Region(Loose):
    start: Whole = Field(0, alias="startLine")


class _Physical(Loose):
    artifact: One[_Artifact] = Field(_Artifact(), alias="artifactLocation")
    region: One[_Region] = _Region()


class _Location(Loose):
    physical: One[_Physical] = Field(_Physical(), alias="physicalLocation")


class _Result(Loose):
    rule_id: Text = Field("", alias="ruleId")
    rule_index: Any = Field(None, alias="ruleIndex")
    rule: Any = None
    level: Text = ""
    kind: Text = ""
    message: One[_Message] = _Message()
    locations: Many[_Location] = ()
    suppressions: Any = None
    baseline: Text = Field("", alias="baselineState")
    properties: One[_Properties] = _Properties()


class _Notification(Loose):
    level: Text = ""
    message: One[_Message] = _Message()


class _Invocation(Loose):
    successful: Any = Field(None, alias="executionSuccessful")
    notifications: Many[_Notification] = Field((), alias="toolExecutionNotifications")
    exit_description: Text = Field("", alias="exitCodeDescription")


class _Run(Loose):
    tool: One[_Tool] = _Tool()
    results: Any = None
    invocations: Many[_Invocation] = ()


@dataclass(frozen=True, slots=True)
class _Scan:
    """One run, and its rules by id and by index."""

    tool: str
    run: _Run
    by_id: Mapping[str, _Rule]

    def rule_of(self, result: _Result) -> _Rule:
        """Return what is known of a result's rule: by reference, index or id, whichever the file has."""
        told = mapping(result.rule)
        component = self._component(mapping(told.get("toolComponent")).get("index"))
        index = told.get("index", result.rule_index)
        name = result.rule_id or str(told.get("id") or "")[:MAX_TEXT]
        if isinstance(index, int) and 0 <= index < len(component.rules):
            by_index = component.rules[index]
            if not name or by_index.id == name:
                return by_index
        # "CA1000/1" is a rule below CA1000 (SARIF 3.27.5).
        return self.by_id.get(name) or self.by_id.get(name.rpartition("/")[0]) or _Rule(id=name)

    def _component(self, index: Any) -> _Component:
        extensions = self.run.tool.extensions
        is_known = isinstance(index, int) and 0 <= index < len(extensions)
        return extensions[index] if is_known else self.run.tool.driver


def is_sarif(document: Any) -> bool:
    """Whether a document is SARIF, by what it holds."""
    told = mapping(document)
    runs = told.get("runs")
    named = "sarif" in str(told.get("$schema", "")).lower() or str(told.get("version", "")).startswith("2.")
    return isinstance(runs, list) and (named or any("tool" in mapping(run) for run in runs))


def read_sarif(name: str, document: Mapping[str, Any], *, complete: bool) -> Iterator[FileReport]:
    """Yield one report a run; a file without any says that its scanner did not get that far."""
    runs = [run for run in document["runs"][:MAX_RUNS] if isinstance(run, dict)]
    if not runs:
        yield FileReport("", FileKind.SCAN, name, complete=complete, problem="its SARIF file holds no run")
    for each in runs:
        run = _Run.model_validate(each)
        tool = run.tool.driver.name or run.tool.name or "a scanner"
        results = run.results[:MAX_RESULTS] if isinstance(run.results, list) else []
        parts = (run.tool.driver, *run.tool.extensions)
        scan = _Scan(tool, run, {rule.id: rule for part in reversed(parts) for rule in part.rules})
        flaws = [flaw for flaw in (_flaw(scan, item) for item in results if isinstance(item, dict)) if flaw]
        yield scan_report(tool, name, flaws, complete=complete, problem=_problem(run))


def _problem(run: _Run) -> str:
    failed = [told for told in run.invocations if told.successful is False]
    succeeded = any(told.successful is True for told in run.invocations)
    said = [note for told in run.invocations for note in told.notifications if note.level == "error"]
    words = next((note.message.text or note.message.markdown for note in said if note.message), "")
    if failed:
        return words or next((told.exit_description for told in failed if told.exit_description), "it says so itself")
    if said and not succeeded:
        return words or "it reports an error of its own"
    if not isinstance(run.results, list) and not succeeded:
        return "its file has no list of results"
    return ""


def _flaw(scan: _Scan, item: Mapping[str, Any]) -> Flaw | None:
    result = _Result.model_validate(item)
    if result.suppressions or result.baseline == "absent" or result.kind in _NO_FINDING:
        return None
    rule = scan.rule_of(result)
    kind = _kind(scan.tool, rule, result)
    said = result.message.text or result.message.markdown
    where = result.locations[0].physical if result.locations else _Physical()
    level = (result.level or rule.default.level or "warning").lower()
    tags = " ".join((*rule.properties.tags, *rule.properties.cwe, *result.properties.tags, *result.properties.cwe))
    is_dependency = kind is FlawKind.DEPENDENCY
    named = _named(said) if is_dependency else {}
    name = rule.id or result.rule_id
    return Flaw(
        kind=kind,
        rule=(name or rule.name or "(no rule)"),
        tools=(scan.tool,),
        text=_sentence(kind, rule, said),
        severity=_severity(kind, rule, result, level),
        level="note" if level in {"note", "none"} else "error" if level == "error" else "warning",
        advisories=tuple(dict.fromkeys(_ADVISORY.findall(f"{name} {said}"[:2000]))) if is_dependency else (),
        cwe=weakness(tags),
        path=relative(where.artifact.uri),
        line=where.region.start,
        package=named.get("package", ""),
        version=named.get("version", ""),
        fixed=named.get("fixed", ""),
    )


def _named(said: str) -> dict[str, str]:
    return {key: found[1].strip() for key, each in _NAMED.items() if (found := each.search(said))}


def _sentence(kind: FlawKind, rule: _Rule, said: str) -> str:
    """Return what it says; of a secret only what its rule says, since the message may quote it."""
    return rule.short.text if kind is FlawKind.SECRET else (said or rule.short.text)


def _kind(tool: str, rule: _Rule, result: _Result) -> FlawKind:
    tags = {tag.lower() for tag in (*rule.properties.tags, *result.properties.tags)}
    name = rule.id or result.rule_id
    if _SECRET_TOOLS.search(tool) or tags & {"secret", "secrets"} or "hardcoded-secret" in name.lower():
        return FlawKind.SECRET
    if _CONFIGURATION.search(tool) or "misconfiguration" in tags:
        return FlawKind.CONFIGURATION
    if _ADVISORY.search(name) or "vulnerability" in tags:
        return FlawKind.DEPENDENCY
    scored = rule.properties.score or result.properties.score
    tagged = "security" in tags or any(tag.startswith(("cwe-", "external/cwe")) for tag in tags)
    # CodeQL's own queries on quality are tagged, and are no matter of security.
    of_security = _SECURITY_TOOLS.search(tool) and "codeql" not in tool.lower()
    return FlawKind.CODE if scored or tagged or of_security else FlawKind.LINT


def _severity(kind: FlawKind, rule: _Rule, result: _Result, level: str) -> Severity | None:
    """Return the score's severity, else the word's, else the level's (GitHub docs: SARIF support)."""
    if kind is FlawKind.SECRET:
        return Severity.CRITICAL  # every secret is alike to the matrix (S1-032)
    for properties in (result.properties, rule.properties):
        try:
            scored = severity_score(float(properties.score)) if properties.score else None
        except ValueError:
            scored = severity_word(properties.score)
        if found := scored or severity_word(properties.severity) or _tagged(properties.tags):
            return found
    return _LEVELS.get(level) or severity_word(level)


def _tagged(tags: tuple[str, ...]) -> Severity | None:
    return next((found for tag in tags if (found := severity_word(tag)) is not None), None)
