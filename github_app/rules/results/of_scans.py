"""What scanners found, and which of them never looked (S1-127, S1-128)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Final

from github_app.rules.advice import remedy_for
from github_app.rules.precedence import Finding, Weight
from github_app.rules.results.scans import is_note, merged_flaws, worst_flaws
from github_app.rules.results.values import FileReport, Flaw, FlawKind
from github_app.rules.results.wording import SOURCE, confidence, counted, listed, quoted, remarks, trusted
from github_app.rules.signatures import Signature, Signatures
from github_app.rules.verdicts import Line, Verdict
from pytest_failure_review.report import Category, Severity, is_at_or_below

_SHOWN: Final = 5
_LAST: Final = 9  # place of a scanner that did not finish: whatever else is known explains the job better
_CATEGORY: Final = {
    FlawKind.SECRET: Category.SECURITY_SECRET,
    FlawKind.DEPENDENCY: Category.SECURITY_VULNERABILITY,
    FlawKind.CODE: Category.SECURITY_VULNERABILITY,
    FlawKind.CONFIGURATION: Category.SECURITY_VULNERABILITY,
    FlawKind.LINT: Category.BUILD_LINT,
}
_NOUN: Final = {
    Category.SECURITY_SECRET: ("secret", "secrets"),
    Category.SECURITY_VULNERABILITY: ("vulnerability", "vulnerabilities"),
    Category.BUILD_LINT: ("problem", "problems"),
}
_FINER: Final = {FlawKind.CODE: "code", FlawKind.CONFIGURATION: "configuration"}


def scan_findings(reports: Sequence[FileReport]) -> Iterator[Finding]:
    """Yield one finding for each kind of failure that the scanners tell of, whatever number of tools found it."""
    groups: dict[Category, list[Flaw]] = {}
    for flaw in merged_flaws(flaw for report in reports for flaw in report.flaws):
        groups.setdefault(_CATEGORY[flaw.kind], []).append(flaw)
    for category, flaws in groups.items():
        tools = {tool for flaw in flaws for tool in flaw.tools}
        told = [report for report in reports if report.flaws and report.tool in tools]
        yield Finding(_verdict(category, worst_flaws(flaws), told), _weight(category, flaws, told))


def _weight(category: Category, flaws: Sequence[Flaw], reports: Sequence[FileReport]) -> Weight:
    """Return how much it says; passing jobs too are told of notes, and of what a linter only warns of."""
    if all(map(is_note, flaws)):
        return Weight.WEAK
    if category is Category.BUILD_LINT:
        return Weight.TEXT if any(flaw.level == "error" for flaw in flaws) else Weight.WEAK
    return Weight.REPORT if trusted(reports) else Weight.TEXT


def problem_findings(reports: Sequence[FileReport], signatures: Signatures) -> Iterator[Finding]:
    """Yield what is known of scanners that did not finish: nothing they did not find means anything."""
    for report in reports:
        problem = report.problem or ("" if report.complete else "its file breaks off")
        if problem:
            yield _unfinished(report, problem, _cause_of(problem, signatures))


def _cause_of(problem: str, signatures: Signatures) -> Signature | None:
    hits = (hit.signature for line in problem.split("\n") for hit in signatures.hits(line))
    return next((one for one in hits if is_at_or_below(one.category, "infra") and one.strength == "plain"), None)


def _unfinished(report: FileReport, problem: str, cause: Signature | None) -> Finding:
    name = report.tool or "of this job"
    why = f": {cause.description}" if cause else ", so that it found nothing proves nothing"
    category = cause.category if cause else Category.UNKNOWN
    said = problem.strip().partition("\n")[0].rstrip(". ")[:300].replace("`", "'")
    verdict = Verdict(
        category=category,
        reason=f"The scanner {name} did not finish: {said}{why}.{remarks([report]) if report.problem else ''}",
        rule=f"results:{cause.id}" if cause else "results:scanner-did-not-finish",
        source=SOURCE,
        confidence=confidence([report]),
        subcategory=cause.subcategory if cause else None,
        evidence=(Line(0, f"{report.name}: {said}"[:300], "scanner-did-not-finish"),),
        description="a scanner did not come to its end",
        causes=cause.causes if cause else ("The scanner could not read its database, its settings or the code.",),
        advice=(cause.advice if cause else ()) or ("Run the scanner again, and read its own messages in the log.",),
        measures=MappingProxyType({"scanner": name}),
    )
    return Finding(verdict, Weight.TEXT, 0 if cause else _LAST)


def _verdict(category: Category, flaws: Sequence[Flaw], reports: Sequence[FileReport]) -> Verdict:
    worst = flaws[0]
    remedy = remedy_for(category)
    return Verdict(
        category=category,
        reason=_reason(category, flaws, reports),
        rule=f"results:{category}",
        source=SOURCE,
        confidence=confidence(reports),
        subcategory=_FINER.get(worst.kind),
        severity=_severity(worst, is_trusted=trusted(reports)),
        evidence=tuple(Line(0, _told(flaw)[:300], flaw.rule) for flaw in flaws[:_SHOWN]),
        description=worst.text.partition("\n")[0][:300],
        causes=remedy.causes
        if worst.kind is not FlawKind.CODE
        else ("The code handles what a stranger sends unsafely.",),
        advice=_advice(worst) or remedy.advice,
        measures=MappingProxyType(_measures(flaws)),
    )


def _severity(worst: Flaw, *, is_trusted: bool) -> Severity | None:
    """Return the worst finding's; a fork's word is taken only for the worst, as none counts for that too."""
    if worst.kind is FlawKind.LINT:
        return None
    return worst.severity if is_trusted or worst.severity is Severity.CRITICAL else None


def _reason(category: Category, flaws: Sequence[Flaw], reports: Sequence[FileReport]) -> str:
    tools = listed(tool for flaw in flaws for tool in flaw.tools)
    one, many = _NOUN[category]
    number = max(len(flaws), *(report.failed for report in reports if report.flaws), 0) if reports else len(flaws)
    grades = Counter(flaw.severity for flaw in flaws if flaw.severity)
    graded = ", ".join(f"{grades[severity]} {severity}" for severity in Severity if grades[severity])
    share = f" ({graded})" if graded and category is Category.SECURITY_VULNERABILITY else ""
    lead = "the worst is" if len(flaws) > 1 else "it is"
    return f"{tools} found {counted(number, one, many)}{share}; {lead} {_what(flaws[0])}.{remarks(reports)}"


def _what(flaw: Flaw) -> str:
    """Return one finding in words; of a secret its type and place."""
    parts = [quoted(flaw.rule, 120)]
    if flaw.package:
        parts.append(f"in {quoted(f'{flaw.package} {flaw.version}'.strip())}")
    if flaw.severity and flaw.kind not in {FlawKind.SECRET, FlawKind.LINT}:
        parts.append(f"({flaw.severity})")
    if flaw.path and not flaw.package:
        parts.append(f"in {quoted(_place(flaw))}")
    if flaw.verified:
        parts.append("which still works")
    mended = f", mended in {quoted(flaw.fixed)}" if flaw.fixed else ""
    return " ".join(parts) + mended


def _place(flaw: Flaw) -> str:
    return f"{flaw.path}:{flaw.line}" if flaw.line else flaw.path


def _told(flaw: Flaw) -> str:
    where = _place(flaw)
    package = f"{flaw.package} {flaw.version}".strip()
    words = (flaw.severity, flaw.rule, package, flaw.fixed and f"mended in {flaw.fixed}", flaw.text.partition("\n")[0])
    said = ", ".join(word for word in words if word)
    return f"{where}: {said}" if where else said


def _measures(flaws: Sequence[Flaw]) -> dict[str, str]:
    """Return what a security person looks for first, of the worst finding (S1-128)."""
    worst = flaws[0]
    told = {
        "scanner": listed(worst.tools),
        "rule": worst.rule,
        "package": f"{worst.package} {worst.version}".strip(),
        "fixed_version": worst.fixed,
        "advisory": ", ".join(worst.advisories[:3]),
        "cwe": worst.cwe,
        "place": _place(worst),
    }
    return {name: value[:120] for name, value in told.items() if value}


def _advice(worst: Flaw) -> tuple[str, ...]:
    if worst.kind is not FlawKind.DEPENDENCY or not worst.package:
        return ()
    if not worst.fixed:
        return (f"The scanner names no version that mends {worst.package}: read the advisory, or replace it.",)
    return (f"Move {worst.package} to {worst.fixed}.",)
