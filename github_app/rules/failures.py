"""One failure from its first red job to the green that ends it; every question of time is answered from its history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from github_app.rules import sla
from github_app.rules.categorise import categorise
from github_app.rules.commits import RED, is_allowed_to_fail
from github_app.rules.fingerprints import family, fingerprint
from github_app.rules.history import Span, greens_that_matter, red_spans, without
from github_app.rules.model import (
    Commit,
    Excerpt,
    Failure,
    FailureState,
    Job,
    Leg,
    Mark,
    Owner,
    PolicySource,
    Pull,
    Ref,
    Verdict,
)
from github_app.rules.overrides import eligibility
from github_app.rules.ownership import owner_of
from github_app.rules.policy import Policy, Rule, rule_of
from github_app.rules.signatures import Signatures
from pytest_failure_review.report import Category

MARKS_KEPT = 50
LEGS_KEPT = 60
"""Red jobs remembered per failure: the first and the newest."""


@dataclass(frozen=True, slots=True)
class Book:
    """What decisions are made by: the signatures, and the policy with what it was made of."""

    policy: Policy
    signatures: Signatures
    source: PolicySource | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A red job and what it was judged to be; `at` is when it ended, UTC."""

    job: Job
    sha: str
    verdict: Verdict
    fingerprint: str
    at: datetime
    received_at: datetime


def wants_judgement(job: Job) -> bool:
    """Whether a job's end calls for one; a cancelled one only when something may say who cancelled it (X11, E33)."""
    return job.done and job.evidence is not None and (job.conclusion in RED or job.conclusion == "cancelled")


def judge(job: Job, sha: str, signatures: Signatures, received_at: datetime) -> Finding | None:
    """Say what a red job is; None for a cancelled one that nothing explains."""
    verdict = categorise(job, signatures)
    if job.conclusion == "cancelled" and verdict.category is Category.UNKNOWN:
        return None
    mark = fingerprint(job.workflow, family(job.name), job.failed_step, verdict.rule)
    return Finding(job, sha, verdict, mark, job.completed_at or received_at, received_at)


def record(finding: Finding, ref: Ref, known: Failure | None, book: Book) -> Failure:
    """Return the ref's failure with the finding in it; a new one when there was none, or after a day of quiet (E42)."""
    leg = _leg(finding)
    if known is None or known.state is FailureState.CLOSED:
        series = known.series + 1 if known else 1
        return _judged((leg,), finding, ref, book, series=series, received_at=finding.received_at)
    if any(other.job_id == leg.job_id for other in known.legs):
        return known
    legs = _kept((*known.legs, leg))
    received_at = min(known.received_at, finding.received_at)
    if _primary(legs) != leg:
        return replace(known, legs=legs, received_at=received_at)
    fresh = _judged(legs, finding, ref, book, series=known.series, received_at=received_at)
    return replace(fresh, greens=known.greens, state=known.state)


def settle(failure: Failure, ref: Ref, commit: Commit | None) -> Failure:
    """Return the failure with its state and clock as its history says."""
    if failure.state is FailureState.CLOSED:
        return failure
    greens = greens_that_matter(failure.legs, (*failure.greens, *ref.greens))
    spans = red_spans(failure.legs, greens)
    last = spans[-1]
    tolerated = commit is not None and _is_tolerated(failure, commit)
    counted = () if tolerated else without(spans, ref.closed)
    return replace(
        failure,
        greens=greens,
        clock=sla.clock_of(counted, failure.clock),
        state=_state(last, ref, tolerated=tolerated),
        opened_at=spans[0].start,
        generation=len(spans),
        resolved_at=last.end,
        fixed_by=last.ended_by,
        flip=any(span.flip for span in spans),
    )


def failure_id(repo_id: int, ref: str, mark: str, series: int) -> str:
    """Return the id of the failure's page; it need not be secret, since the page asks who reads."""
    return "f" + sha256(f"{repo_id}|{ref}|{mark}|{series}".encode()).hexdigest()[:20]


def _state(last: Span, ref: Ref, *, tolerated: bool) -> FailureState:
    if last.end is not None:
        return FailureState.RESOLVED_UNVERIFIED
    return FailureState.OBSOLETE if tolerated or not ref.open else FailureState.ASSIGNED


def _is_tolerated(failure: Failure, commit: Commit) -> bool:
    """Whether the workflow itself lets every one of its jobs fail."""
    jobs = {job.id: job for job in commit.jobs}
    return all(leg.job_id in jobs and is_allowed_to_fail(jobs[leg.job_id], commit) for leg in failure.legs)


def _leg(finding: Finding) -> Leg:
    job = finding.job
    return Leg(job.id, job.slot, job.order, job.name, finding.sha, job.run_id, job.attempt, job.url, finding.at)


def _kept(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    ordered = sorted(legs, key=lambda leg: (leg.at, leg.job_id))
    return tuple(ordered if len(ordered) <= LEGS_KEPT else [ordered[0], *ordered[-LEGS_KEPT + 1 :]])


def _primary(legs: tuple[Leg, ...]) -> Leg:
    """The leg whose evidence is shown: of the newest run the lowest job id, the same in any order of arrival."""
    return max(legs, key=lambda leg: (leg.order, -leg.job_id))


def _judged(
    legs: tuple[Leg, ...], finding: Finding, ref: Ref, book: Book, *, series: int, received_at: datetime
) -> Failure:
    """Say whose it is, by when, and whether it may be overridden."""
    job, verdict, policy = finding.job, finding.verdict, book.policy
    rule, explanation = _rule(finding, legs, ref.pull, policy)
    protected = policy.protected_path(ref.pull.changed or ()) if ref.pull else None
    started = sla.start(min(leg.at for leg in legs), rule.sla_s, explanation)
    return Failure(
        id=failure_id(ref.repo.id, ref.name, finding.fingerprint, series),
        repo=ref.repo,
        ref=ref.name,
        fingerprint=finding.fingerprint,
        state=FailureState.DETECTED,
        verdict=verdict,
        owner=_owner(finding, ref, rule, book),
        override=eligibility(verdict, rule, policy, protected),
        clock=started,
        tier=rule.tier,
        policy_version=policy.version,
        legs=legs,
        workflow=job.workflow,
        workflow_id=job.workflow_id,
        job=family(job.name),
        failed_step=job.failed_step,
        opened_at=started.anchor_at,
        received_at=received_at,
        excerpt=_excerpt(job, verdict),
        marks=_marks(job, verdict),
        series=series,
        blocks_all=rule.blocks_all,
        notes=(f"Runbook: {rule.runbook}",) if rule.runbook else (),
    )


def _owner(finding: Finding, ref: Ref, rule: Rule, book: Book) -> Owner:
    codeowners, admins = (book.source.codeowners, book.source.admins) if book.source else (None, ())
    verdict, job = finding.verdict, finding.job
    return owner_of(verdict, job, ref, rule, book.policy, codeowners=codeowners, admins=admins)


def _rule(finding: Finding, legs: tuple[Leg, ...], pull: Pull | None, policy: Policy) -> tuple[Rule, str]:
    """Return the policy's rule for a verdict, and its deadline's arithmetic in words."""
    verdict = finding.verdict
    judged = None
    if verdict.category is Category.TEST_DATABASE:
        judged = sla.complexity(
            policy,
            changed=(pull.changed or ()) if pull else (),
            database_failures=_reported(finding.job, Category.TEST_DATABASE),
            jobs=len({leg.slot for leg in legs}),
            labels=pull.labels if pull else (),
        )
    rule = rule_of(verdict, policy, judged.value if judged else None)
    return rule, sla.explain(rule, judged)


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
    noted = evidence.annotations if evidence else ()
    # GitHub's own remarks on a job stand at ".github", which is no file that could be marked.
    marks += [Mark(note.path, max(1, note.line), note.message) for note in noted if note.path not in {"", ".github"}]
    if not marks and job.workflow_path:
        marks = [Mark(job.workflow_path, 1, verdict.reason)]
    return tuple(dict.fromkeys(marks))[:MARKS_KEPT]
