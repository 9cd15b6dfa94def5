"""A failure judged again from what was kept of its log, to see what other rules would say of it.

Kept are one stretch of the log and the lines that the verdict rested on. What rested on anything else (GitHub's own
facts, a report, a check's text) is not judged again, since the half of its evidence would say something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from github_app.rules.categorise import DOUBT
from github_app.rules.findings import verdict_on
from github_app.rules.model import Evidence, Excerpt, Job, Source
from github_app.rules.records import Failure
from github_app.rules.signatures import Signatures
from github_app.rules.verdicts import Answer, Verdict

_RESTS_ON: Final = {
    "facts": "it rests on what GitHub itself said of the job, which is not kept",
    "report": "it rests on a test report, which is not kept",
    "file": "it rests on the results that a tool wrote into a file, which are not kept",
    "output": "it rests on the text of a check or an annotation, which is not kept",
}


@dataclass(frozen=True, slots=True)
class Again:
    """A verdict that the App gave, and the one that it would give now; None with the reason why there is none.

    `before` is the App's own word also where people said otherwise since.
    """

    failure: Failure
    before: Verdict
    after: Verdict | None
    lacks: str = ""

    @property
    def changed(self) -> bool:
        """Whether people would see another verdict: the rule behind the same kind does not matter to them."""
        return self.after is not None and _seen(self.before) != _seen(self.after)

    @property
    def corrected(self) -> bool:
        """Whether people have said what the failure is, which no rule undoes."""
        return self.failure.correction is not None

    @property
    def compared(self) -> bool:
        """Whether lines that a green run shows too were set aside then; which they were is not kept."""
        return self.failure.comparison.green.answer in {Answer.NEW, Answer.SEEN}

    @property
    def other_rule(self) -> bool:
        """Whether the same is said for another reason, so that the next such failure is not known as the same one."""
        return self.after is not None and not self.changed and self.before.rule != self.after.rule


def failed_job(name: str, step: str, evidence: Evidence, workflow: str = "") -> Job:
    """Return a job of Actions that failed, of which nothing is known but this."""
    return Job(
        id=0,
        source=Source.ACTIONS,
        app="github-actions",
        name=name,
        status="completed",
        conclusion="failure",
        workflow=workflow,
        failed_step=step,
        evidence=evidence,
    )


def judged_again(failure: Failure, signatures: Signatures) -> Again:
    """Judge a failure by what was kept of its log, under other signatures."""
    before = failure.machine or failure.verdict
    kept, lacks = failure.excerpt, _lacks(before)
    if lacks or kept is None:
        return Again(failure, before, None, lacks or "nothing of its log was kept")
    if kept.cut:
        return Again(failure, before, None, "only a part of the stretch of its log was kept")
    evidence = Evidence(excerpts=(kept, *_elsewhere(kept, before)))
    job = failed_job(failure.job, failure.failed_step, evidence, failure.workflow)
    return Again(failure, before, verdict_on(job, signatures))


def _lacks(before: Verdict) -> str:
    if before.rule == DOUBT:
        return "it was doubted, and whether its log broke off is not kept"
    if before.source in {"log", "none"}:
        return ""
    return _RESTS_ON.get(before.source, f"it rests on {before.source}, which is not kept")


def _elsewhere(kept: Excerpt, before: Verdict) -> Iterator[Excerpt]:
    for line in before.evidence:
        if line.line and not kept.start <= line.line <= kept.end:
            yield Excerpt(line.line, (line.text,), "evidence that was kept")


def _seen(verdict: Verdict) -> tuple[object, ...]:
    return verdict.category, verdict.state, verdict.subcategory, verdict.severity
