"""What the red jobs of a commit were judged to be: read from their evidence once, and kept without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from github_app.rules.categorise import categorise
from github_app.rules.commits import RED
from github_app.rules.comparison import prints_of
from github_app.rules.drift import with_drift
from github_app.rules.fingerprints import family, fingerprint
from github_app.rules.leak_places import excerpt_without_people, without_people
from github_app.rules.model import Excerpt, Job
from github_app.rules.ownership import failing_paths
from github_app.rules.records import Finding, Judgement, Leg, Mark
from github_app.rules.results.marking import marked_places
from github_app.rules.signatures import Signatures
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

MARKS_KEPT = 50

Key = tuple[str, int, int, datetime | None]


def wants_judgement(job: Job) -> bool:
    """Whether a job's end calls for one; a cancelled one only when something may say who cancelled it (X11, E33)."""
    return job.done and job.evidence is not None and (job.conclusion in RED or job.conclusion == "cancelled")


def judge(job: Job, sha: str, signatures: Signatures, received_at: datetime) -> Finding | None:
    """Say what a red job is; None for a cancelled one that nothing explains."""
    verdict = verdict_on(job, signatures)
    if job.conclusion == "cancelled" and verdict.category is Category.UNKNOWN:
        return None
    at = job.completed_at or received_at
    leg = Leg(job.id, job.slot, job.order, job.name, sha, job.run_id, job.attempt, job.url, at)
    workflow = str(job.workflow_id) if job.workflow_id else job.app  # a name can belong to two workflows (X45)
    mark = fingerprint(workflow, family(job.name), job.failed_step, verdict.rule)
    judgement = Judgement(
        verdict=verdict,
        workflow=job.workflow,
        workflow_id=job.workflow_id,
        job=family(job.name),
        failed_step=job.failed_step,
        excerpt=_excerpt(job, verdict),
        marks=_marks(job, verdict),
        paths=failing_paths(job),
        reported=_reported(job, verdict.category),
        prints=prints_of(job, verdict),
        baseline=job.evidence.baseline if job.evidence else None,
        base=job.evidence.base if job.evidence else None,
        contracts=job.evidence.contracts if job.evidence else (),
    )
    return Finding(leg, mark, received_at, _told_privately(judgement, job) if is_leak(verdict) else judgement)


def verdict_on(job: Job, signatures: Signatures) -> Verdict:
    """Say what a red job is: of a drift also which, of a leak not who committed it (S1-006, S1-017)."""
    verdict = with_drift(categorise(job, signatures), job.evidence)
    if not is_leak(verdict):
        return verdict
    lines = tuple(replace(line, text=without_people(line.text)) for line in verdict.evidence)
    return replace(verdict, reason=without_people(verdict.reason), evidence=lines)


def is_leak(verdict: Verdict) -> bool:
    """Whether a verdict speaks of a credential, first or beside something else."""
    return Category.SECURITY_SECRET in {verdict.category, *(other.category for other in verdict.also)}


def _told_privately(judgement: Judgement, job: Job) -> Judgement:
    """Keep who committed a credential, and keep it out of everything that is shown (S1-017)."""
    return replace(
        judgement,
        excerpt=excerpt_without_people(judgement.excerpt),
        marks=tuple(replace(each, message=without_people(each.message)) for each in judgement.marks),
        committers=job.evidence.committers if job.evidence else (),
    )


def joined(known: Iterable[Finding], heard: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return a commit's findings with more of them, those that speak for a cause first; any order, the same end.

    A job that is judged again keeps its first judgement: others were set aside because of it.
    """
    found: dict[Key, Finding] = {}
    for finding in (*known, *heard):
        first = found.setdefault(leg_key(finding.leg), finding)
        received_at = min(first.received_at, finding.received_at)
        found[leg_key(finding.leg)] = replace(first, received_at=received_at)
    speakers: dict[str, Leg] = {}
    for finding in found.values():
        speakers[finding.fingerprint] = speaker((finding.leg, speakers.get(finding.fingerprint, finding.leg)))
    spoken = (_unless_spoken_for(finding, speakers[finding.fingerprint]) for finding in found.values())
    return tuple(sorted(spoken, key=lambda item: (item.judgement is None, item.leg.at, leg_key(item.leg)[:3])))


def speaker(legs: Iterable[Leg]) -> Leg:
    """The job whose evidence is shown: of the newest run the lowest job id, the same in any order of arrival."""
    return max(legs, key=lambda leg: (leg.order, -leg.job_id, leg.at))


def leg_key(leg: Leg) -> Key:
    """Return what a red job is known again by; a check of another App can end more than once (X45)."""
    is_of_actions = leg.order[0] != 0
    return leg.slot, leg.job_id, leg.attempt, None if is_of_actions else leg.at


def _unless_spoken_for(finding: Finding, by: Leg) -> Finding:
    return finding if leg_key(finding.leg) == leg_key(by) else replace(finding, judgement=None)


def _reported(job: Job, category: Category) -> int:
    report = job.evidence.report if job.evidence else None
    return max(1, sum(1 for failure in report.failures if failure.category is category) if report else 1)


def _excerpt(job: Job, verdict: Verdict) -> Excerpt | None:
    """Return the stretch of the log that the verdict rests on, else the likeliest one."""
    excerpts = job.evidence.excerpts if job.evidence else ()
    mine = (excerpt for excerpt in excerpts if verdict.region == (excerpt.start, excerpt.end))
    return next(mine, excerpts[0] if excerpts else None)


def _marks(job: Job, verdict: Verdict) -> tuple[Mark, ...]:
    """Return the lines of the repository that the evidence points at, else the workflow's file (X37)."""
    evidence = job.evidence
    told = evidence.report.failures if evidence and evidence.report else ()
    marks = [Mark(item.path, max(1, item.line), f"{item.nodeid}: {item.message}") for item in told if item.path]
    marks += [Mark(*place) for place in marked_places(evidence.files if evidence else ())]
    noted = evidence.annotations if evidence else ()
    # GitHub's own remarks on a job stand at ".github", which is no file that could be marked.
    marks += [Mark(note.path, max(1, note.line), note.message) for note in noted if note.path not in {"", ".github"}]
    if not marks and job.workflow_path:
        marks = [Mark(job.workflow_path, 1, verdict.reason)]
    return tuple(dict.fromkeys(marks))[:MARKS_KEPT]
