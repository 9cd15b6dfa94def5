"""Say what kind of failure a red job is, and why: from the plugin's report, GitHub's facts, the log, or not at all.

The law: every verdict explains itself in one sentence for the person with the red pull request, and text from CI can
only raise a verdict (`precedence`). What nobody recognises is `unknown`, which keeps the gate shut (X32).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from github_app.rules import facts
from github_app.rules.context import in_context
from github_app.rules.elsewhere import as_severe_as_elsewhere, of_elsewhere, of_unread
from github_app.rules.last_tool import tool_findings
from github_app.rules.leaks import leaks_in_words
from github_app.rules.limits import with_limits
from github_app.rules.lines import quoted
from github_app.rules.loading import layout_findings, with_loading
from github_app.rules.model import Evidence, Job, Source, TestReport
from github_app.rules.policy import regression_of
from github_app.rules.precedence import Finding, Weight, best_first, is_stricter, not_lowered, worst_severity
from github_app.rules.redaction import redact
from github_app.rules.regex import compiled
from github_app.rules.reported import of_gates, report_finding, reported_categories
from github_app.rules.results.judging import result_findings
from github_app.rules.results.wording import SOURCE as FILE
from github_app.rules.said import Said, said
from github_app.rules.seen import that_count, with_old_news
from github_app.rules.signatures import OWN, SEVERITY_GROUP, Hit, Signature, Signatures
from github_app.rules.verdicts import Line, Other, Verdict
from github_app.rules.weighing import weighed
from pytest_failure_review.report import Category, Severity, State, is_at_or_below

EVIDENCE_LINES: Final = 5
EVIDENCE_WIDTH: Final = 300
_QUOTE_WIDTH: Final = 160

# How sure a verdict is, 0 to 1: GitHub's own words more than the log's, its likeliest stretch more than a later one.
_OF_FACT: Final = 0.95
_OF_PLACE: Final = (0.8, 0.7, 0.6)
_OF_WEAK: Final = 0.4
BELIEVED: Final = 0.3
"""A verdict on text that is less sure than this is `unknown`: a symptom that others contradict, in half a log."""

DOUBT: Final = "none:doubt"
"""The rule of a verdict that was given up because it was not sure enough."""

_PER_PLACE: Final = 0.05  # taken off a symptom for each stretch of the log that is likelier
_DOUBT: Final = 0.1  # taken off when another category was found as well, or when the log breaks off


def categorise(job: Job, signatures: Signatures) -> Verdict:
    """Give the one verdict on a job that did not succeed."""
    evidence = job.evidence or Evidence(log="missing")
    findings = best_first([*_findings(job, evidence, signatures)])
    if not findings:
        return weighed(_unjudged(job, evidence), job, signatures.likeness)
    news = that_count(findings, evidence)
    chosen = _most_telling(_choice(not_lowered(news), evidence), news)
    explained = weighed(_explained(chosen, news, findings, evidence), job, signatures.likeness)
    return with_old_news(explained, findings, evidence)


def _findings(job: Job, evidence: Evidence, signatures: Signatures) -> Iterator[Finding]:
    lines = [*said(job, evidence)]
    matched = [finding for line in lines for finding in _matched(line, signatures)]
    read = with_limits(with_loading(in_context(matched, lines), lines), lines)
    texts = [*(as_severe_as_elsewhere(each, evidence) for each in read), *layout_findings(lines)]
    if facts.is_about_integration(job):
        texts = [_as_integration(finding) for finding in texts]
    if evidence.report and (reported := report_finding(evidence.report)) and _counts(reported, job):
        yield reported
    told = {finding.verdict.category for finding in texts if finding.weight is Weight.TEXT}
    yield from (finding for finding in result_findings(job, signatures, told) if _counts(finding, job))
    yield from facts.conclusion_findings(job)
    yield from facts.step_findings(job)
    yield from facts.gate_findings(job)
    yield from (finding for finding in texts if _counts(finding, job))
    if all(_is_silent(finding) for finding in texts):
        yield from tool_findings(job, evidence)
    yield from facts.name_findings(job) if _may_be_named(job, evidence) else ()


def _choice(findings: Sequence[Finding], evidence: Evidence) -> Finding:
    """Give the first of the findings; where a fork's report speaks against the log, the stricter of both (T15).

    So it is with anybody's report that does not decide by itself, as when it only quotes what broke: what the log says
    may be stricter than that.
    """
    first = findings[0]
    told_by_change = (*((evidence.report,) if evidence.report else ()), *evidence.files)
    is_own = all(each.trusted for each in told_by_change) and first.verdict.source not in _OF_CHANGE
    if is_own or first.weight is not Weight.TEXT:
        return first
    # That a scanner did not finish stands beside the verdict; it is none where another can be given.
    known = (finding for finding in findings if finding.verdict.category is not Category.UNKNOWN)
    told = [finding for finding in known if finding.weight is Weight.TEXT]
    other = next(
        (each for each in told if (each.verdict.source in _OF_CHANGE) != (first.verdict.source in _OF_CHANGE)), first
    )
    return other if is_stricter(other.verdict.category, than=first.verdict.category) else first


def _most_telling(chosen: Finding, findings: Sequence[Finding]) -> Finding:
    """Give, of findings that are equal but for their words, one that names a file where the first names none.

    Many tools head their findings with a line that says no more than that there are some.
    """
    if chosen.verdict.source != "log" or _names_file(chosen) or chosen.verdict.rule.startswith(OWN):
        return chosen
    return next((each for each in findings if _is_alike(each, chosen) and _names_file(each)), chosen)


def _is_alike(one: Finding, other: Finding) -> bool:
    kinds = [(each.verdict.category, each.verdict.subcategory, each.verdict.source) for each in (one, other)]
    shipped = not one.verdict.rule.startswith(OWN)
    return shipped and kinds[0] == kinds[1] and one.standing == other.standing


def _names_file(finding: Finding) -> bool:
    return any(compiled(_FILE).search(line.text) and "://" not in line.text for line in finding.verdict.evidence)


_FILE: Final = r"[\w-]/[\w./-]*\.[A-Za-z]\w{0,6}\b|\w\.[A-Za-z]\w{0,6}(?:::|:\[?\d|\(\d)"
_OF_CHANGE: Final = frozenset({"report", FILE})


def _counts(finding: Finding, job: Job) -> bool:
    """Whether a finding means something: cancelling leaves errors of all kinds behind; only a lost runner explains it.

    A finished report is no error left behind, and security is never passed over.
    """
    if job.conclusion != "cancelled" or finding.weight is Weight.REPORT:
        return True
    explains = finding.verdict.category is Category.INFRA_RUNNER
    return finding.weight >= Weight.TEXT and (explains or is_at_or_below(finding.verdict.category, "security"))


def _is_silent(finding: Finding) -> bool:
    """Whether it says no more than that something ended with an error; a stop from outside does say more."""
    return finding.weight is Weight.FAINT and finding.verdict.subcategory != "cancelled"


def _may_be_named(job: Job, evidence: Evidence) -> bool:
    """Whether names may be asked: never when a log was read and says nothing known, that is honestly unknown."""
    return job.source is not Source.ACTIONS or (evidence.log != "read" and not evidence.excerpts)


def _matched(line: Said, signatures: Signatures) -> Iterator[Finding]:
    hits: dict[str, Hit] = {}
    for wording in line.wordings:
        for hit in signatures.hits(wording):
            hits.setdefault(hit.signature.id, hit)
    for hit in hits.values():
        weight = _weight(line, hit.signature)
        yield Finding(_verdict(line, hit, weight), weight, line.place)


def _weight(line: Said, signature: Signature) -> Weight:
    """Say how much a hit counts: trouble around the code that a line only tells of is a symptom."""
    if signature.strength == "faint":
        return Weight.FAINT
    around = is_at_or_below(signature.category, "infra") or signature.category is Category.UNKNOWN
    if signature.strength == "weak" or (around and line.weight is not Weight.FACT and line.is_hearsay):
        return Weight.WEAK
    # Only about the machine is GitHub's word a fact; the same annotation may quote what a tool said.
    return line.weight if signature.category is Category.INFRA_RUNNER else Weight.TEXT


def _verdict(line: Said, hit: Hit, weight: Weight) -> Verdict:
    signature = hit.signature
    text = redact(line.text.removeprefix("##[error]").strip()).text
    place = f" (line {line.number})" if line.source == "log" else ""
    quote = text if len(text) <= _QUOTE_WIDTH else f"{quoted(text, hit.told, _QUOTE_WIDTH - 1)}…"
    quote = quote.replace("`", "'")
    number = line.number if line.source == "log" else 0
    measures = {name: redact(value).text[:40] for name, value in hit.caught.items() if name != SEVERITY_GROUP}
    return Verdict(
        category=signature.category,
        reason=f"{line.speaker} `{quote}`{place}: {signature.description}.",
        rule=f"fact:{signature.id}" if weight is Weight.FACT else signature.id,
        source=line.source,
        confidence=_confidence(weight, line.place),
        subcategory=signature.subcategory,
        severity=_severity(hit),
        evidence=(Line(number, quoted(text, hit.told, EVIDENCE_WIDTH), signature.id),),
        region=line.region,
        description=signature.description,
        causes=signature.causes,
        advice=signature.advice,
        measures=MappingProxyType(measures),
    )


def _confidence(weight: Weight, place: int) -> float:
    if weight <= Weight.WEAK:
        return _OF_WEAK - _PER_PLACE * min(place, len(_OF_PLACE) - 1)
    return _OF_FACT if weight is Weight.FACT else _OF_PLACE[min(place, len(_OF_PLACE) - 1)]


_SEVERITY_WORDS: Final = {"moderate": Severity.MEDIUM, **{str(severity): severity for severity in Severity}}


def _severity(hit: Hit) -> Severity | None:
    word = hit.caught.get(SEVERITY_GROUP, "").lower()
    return _SEVERITY_WORDS.get(word, hit.signature.severity)


def _as_integration(finding: Finding) -> Finding:
    """The same failing test in a job whose name says that it needs more than its own process."""
    verdict = finding.verdict
    if verdict.category is not Category.TEST_UNIT:
        return finding
    reason = f"{verdict.reason.removesuffix('.')}, in a job of integration tests."
    return replace(finding, verdict=replace(verdict, category=Category.TEST_INTEGRATION, reason=reason))


# --- the explanation -------------------------------------------------------------------------------------------------


def _explained(
    chosen: Finding, findings: Sequence[Finding], everything: Sequence[Finding], evidence: Evidence
) -> Verdict:
    """Give the chosen verdict with its reasons.

    `everything` also holds what a green run shows: that explains nothing, but may still forbid an override (T15).
    """
    verdict = chosen.verdict
    same = [
        chosen,
        *(other for other in findings if other.verdict.category is verdict.category and other is not chosen),
    ]
    rival = _runner_up(chosen, findings)
    doubts = (rival is not None and chosen.weight <= Weight.TEXT) + (evidence.log == "partial")
    judged = replace(
        verdict,
        reason=verdict.reason + _remark(verdict, evidence),
        confidence=round(max(0.1, verdict.confidence - _DOUBT * doubts), 2),
        severity=worst_severity([other for other in same if _is_beside(other, chosen)]),
        evidence=_lines(same),
        runner_up=f"{rival.category}, by rule `{rival.rule}`" if rival else None,
    )
    judged = replace(judged, also=_also(judged, chosen, everything, evidence.report))
    return judged if judged.confidence >= BELIEVED or judged.category is Category.UNKNOWN else _doubted(judged)


def _doubted(nearly: Verdict) -> Verdict:
    """Give up a verdict that is not sure enough; what was looked at and what was nearly believed is said (X32)."""
    looked_at = f"lines {nearly.region[0]} to {nearly.region[1]} of the log" if nearly.region else "all that is known"
    return replace(
        nearly,
        category=Category.UNKNOWN,
        subcategory=None,
        severity=None,
        reason=f"Nothing is sure enough in {looked_at}; nearly believed was {nearly.category}: {nearly.reason}",
        rule=DOUBT,
        state=State.NO_MATCH,
        runner_up=f"{nearly.category}, by rule `{nearly.rule}`",
        description="",
        causes=(),
        advice=(),
    )


def _lines(findings: Sequence[Finding]) -> tuple[Line, ...]:
    """Give the first few lines that the findings rest on, each once, whatever else was found in it."""
    kept: dict[tuple[int, str], Line] = {}
    for line in (line for finding in findings for line in finding.verdict.evidence):
        kept.setdefault((line.line, line.text), line)
    return tuple(kept.values())[:EVIDENCE_LINES]


def _runner_up(chosen: Finding, findings: Sequence[Finding]) -> Verdict | None:
    """Give the next verdict of another kind; a symptom is no rival of a cause."""
    least = min(chosen.weight, Weight.TEXT)
    others = (finding.verdict for finding in findings if finding.weight >= least)
    known = (other for other in others if other.category not in {chosen.verdict.category, Category.UNKNOWN})
    return next(known, None)


_SYMPTOMS: Final = frozenset({Weight.FAINT, Weight.WEAK})


def _is_beside(finding: Finding, chosen: Finding) -> bool:
    """Whether a finding binds beside the chosen one; a symptom that passing jobs show too does not beside a cause."""
    return finding.weight not in _SYMPTOMS or chosen.weight <= Weight.WEAK


def _also(
    judged: Verdict, chosen: Finding, findings: Sequence[Finding], report: TestReport | None
) -> tuple[Other, ...]:
    """Give every other kind of failure that is in the evidence, so that no line of text hides one of them (T15).

    Of the lines of one signature the worst counts, and what one of them leaves open counts as the worst, also where the
    verdict itself is of that signature.
    """
    alike: dict[tuple[Category, str | None, str], list[Finding]] = {}
    for finding in findings:
        if _is_beside(finding, chosen):
            verdict = finding.verdict
            alike.setdefault((verdict.category, verdict.subcategory, verdict.rule), []).append(finding)
    of_verdict = _other([replace(chosen, verdict=judged)])
    own = alike.get((judged.category, judged.subcategory, judged.rule), [])
    others = [_other(group) for group in alike.values() if group is not own]
    others += (
        [other for other in (_other(own),) if replace(other, severity=judged.severity) != of_verdict] if own else []
    )
    reported = reported_categories(report) if report else ()
    others += [Other(category) for category in reported if category is not judged.category]
    return tuple(dict.fromkeys(others))


def _other(alike: Sequence[Finding]) -> Other:
    first = alike[0].verdict
    measured = [percent for finding in alike if (percent := regression_of(finding.verdict)) is not None]
    regression = str(max(measured)) if len(measured) == len(alike) else ""
    return Other(first.category, first.subcategory, worst_severity(alike), regression)


def _remark(verdict: Verdict, evidence: Evidence) -> str:
    told = (_of_secrets(verdict, evidence), of_elsewhere(verdict, evidence), _of_step(verdict, evidence))
    return "".join(told) + of_unread(evidence) + of_gates(evidence.report)


def _of_step(verdict: Verdict, evidence: Evidence) -> str:
    """Say so where a finding stands in a step that is not seen to end with an error while another one is.

    It still counts, since a change writes its own steps and could make any finding look like one of these (T15).
    """
    own = next((each.step for each in evidence.excerpts if (each.start, each.end) == verdict.region), "")
    ended = [each.step for each in evidence.excerpts if any(line.startswith(_ERROR) for line in each.lines)]
    if verdict.source != "log" or not own or not all(ended) or own in ended or not ended:
        return ""
    here, there = (redact(step).text.replace("`", "'")[:_STEP_WIDTH] for step in (own, ended[0]))
    return f" It stands in the step `{here}`; of what was read, it is `{there}` that ends with an error."


_ERROR: Final = "##[error]"
_STEP_WIDTH: Final = 60


def _of_secrets(verdict: Verdict, evidence: Evidence) -> str:
    if verdict.category is not Category.SECURITY_SECRET or not evidence.secrets:
        return ""
    return f" Taken out of the log before it was kept: {leaks_in_words(evidence.leaks, evidence.secrets)}."


_NO_LOG: Final = {
    "missing": "GitHub has no log of this job",
    "too_big": "The job's log is too big to be read",
    "refused": "GitHub refused to give the job's log",
}


def _unjudged(job: Job, evidence: Evidence) -> Verdict:
    excerpt = evidence.excerpts[0] if evidence.excerpts else None
    if excerpt is None and evidence.log in _NO_LOG:
        reason, state = f"{_NO_LOG[evidence.log]}, and nothing else says why it failed.", State.NO_LOG
    elif excerpt is None:
        told = job.app or "It" if job.source is not Source.ACTIONS else "The log"
        reason, state = f"{told} says nothing about the failure that is known here.", State.NO_MATCH
    else:
        place = f"lines {excerpt.start} to {excerpt.end}"
        reason = f"Nothing in the log is a failure known here; the likeliest place is {place}.{of_unread(evidence)}"
        state = State.NO_MATCH
    reason += of_gates(evidence.report)
    region = (excerpt.start, excerpt.end) if excerpt else None
    rule = f"none:{state}"
    return Verdict(Category.UNKNOWN, reason, rule, "none", confidence=0.0, state=state, region=region)
