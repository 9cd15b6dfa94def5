"""One failure from its first red job to the green that ends it; every question of time is answered from its history.

Nothing is counted along the way, so deliveries may come in any order (F26). Seven things do depend on it: to which of
two records a red job belongs when the green between them, or the end of its branch, is heard of only afterwards; the
policy that it was judged under; whether the base branch was known to be red before it; whether it was taken to be
complex once, which is not taken back by rule (C02); what people had been shown when they said what it is; how much of
its log is kept where the jobs were heard of before its line of work; and when we heard of it, which is what
`received_at` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from github_app.rules import sla
from github_app.rules.accountable import first_of, owned
from github_app.rules.advice import remedy_for
from github_app.rules.commits import is_allowed_to_fail
from github_app.rules.comparison import Sibling, compared
from github_app.rules.findings import leg_key, speaker
from github_app.rules.history import Span, flips, greens_that_matter, red_spans, with_greens, without
from github_app.rules.lasting import unheard, why_ended, with_ended
from github_app.rules.overrides import eligibility, is_grave, rule_in_force
from github_app.rules.policy import Policy, Rule
from github_app.rules.records import Commit, Failure, FailureState, Finding, Judgement, Leg, PolicySource, Ref
from github_app.rules.signatures import Signatures
from github_app.rules.sla import Complexity
from github_app.rules.verdicts import Correction, Override, Owner, Party, Permission, Verdict
from github_app.rules.verifying import greens_after, reopened, worth_of
from pytest_failure_review.report import Category

LEGS_KEPT = 60
"""Red jobs remembered per failure: the first and the newest."""

QUIET = timedelta(hours=24)
"""How long a fixed failure may come back as the same one (E42)."""

SERIES_AT_ONCE = 100
"""Records of one cause on one line of work, a day of quiet between them, that retention leaves at most."""


@dataclass(frozen=True, slots=True)
class Book:
    """What decisions are made by: the signatures, and the policy with what it was made of."""

    policy: Policy
    signatures: Signatures
    source: PolicySource | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a failure is recorded: its line of work, and what is known of failures like it on others."""

    ref: Ref
    siblings: Sequence[Sibling] = ()


def record(
    finding: Finding, ref: Ref, series: Sequence[Failure], book: Book, siblings: Sequence[Sibling] = ()
) -> Failure | None:
    """Return the ref's failure with the finding in it, None when that changes nothing.

    `series` are the records that this cause has had on the ref; after a day of quiet there is a new one (E42).
    """
    key = leg_key(finding.leg)
    holder = next((known for known in series if any(leg_key(leg) == key for leg in known.legs)), None)
    if holder is not None:
        is_earlier = finding.received_at < holder.received_at
        return replace(holder, received_at=finding.received_at) if is_earlier else None
    newest = max(series, key=lambda known: known.series, default=None)
    judgement, place = finding.judgement, Place(ref, siblings)
    if judgement is not None and (newest is None or _begins_anew(finding.leg, newest, ref)):
        fresh = _judged((finding.leg,), finding, judgement, place, book, series=newest.series + 1 if newest else 1)
        return _with_word(fresh, newest, ref, book) if newest else fresh
    return _with_leg(newest, finding, place, book) if newest else None


def settle(failure: Failure, ref: Ref, commit: Commit | None, book: Book, fixes: Sequence[Commit] = ()) -> Failure:
    """Return the failure as its history says: its state, clock, rule and owner.

    `commit` is one of those it was red or green on, `fixes` are others on which it may be green.
    """
    if failure.state is FailureState.CLOSED:
        return failure
    known = _under_policy(_with_commit(failure, commit) if commit else failure, ref, book.policy)
    counting = tuple(leg for leg in known.legs if not leg.tolerated)
    legs = counting or known.legs
    heard = (*known.greens, *ref.greens)
    greens = with_greens(greens_that_matter(known.legs, heard), greens_after(known.sign_offs, heard))
    red = red_spans(legs, greens)
    spans = reopened(red, known.sign_offs, greens)
    gone_at = _gone_at(known, ref)
    closed = ((gone_at, None),) if gone_at else ref.closed
    last = spans[-1]
    is_over = not counting or gone_at is not None or not ref.open
    rule = rule_for(known, known.verdict, ref, book.policy)
    first = first_of(legs, red[-1])
    known = owned(known, first, ref, book.policy, source=book.source, rule=rule)
    told = replace(
        known,
        greens=greens,
        clock=sla.clock_of(without(spans, closed) if counting else (), replace(known.clock, anchor_at=spans[0].start)),
        state=_state(last, is_over=is_over),
        opened_at=spans[0].start,
        generation=len(spans),
        resolved_at=last.end,
        fixed_by=last.ended_by,
        red_sha=first.sha,
        flip=any(span.flip for span in spans),
        flips=flips(legs, greens),
        verified=False,
        proof="",
    )
    return _with_worth(told, (*([commit] if commit else ()), *fixes), book.policy) if told.resolved else told


def _with_worth(failure: Failure, commits: Sequence[Commit], policy: Policy) -> Failure:
    worth = worth_of(failure, next((each for each in commits if each.sha == failure.fixed_by), None), policy)
    return replace(failure, state=worth.state, verified=worth.verified, proof=worth.sentence)


def corrected(
    failure: Failure,
    correction: Correction | None,
    ref: Ref,
    book: Book,
    at: datetime | None = None,
) -> Failure:
    """Return the failure as people say it is, or with None as the App does: its rule, deadline and override.

    What the App says stays beside it, and the fingerprint as it is (X73). `at` is when that was said; the spent time is
    kept then (E39). Without `at` the word is an old one, which holds for what has become known since. Whose it is then,
    `settle` says.
    """
    machine = failure.machine or failure.verdict
    verdict = machine if correction is None else said_by_people(machine, correction)
    if verdict == failure.verdict:
        return replace(failure, correction=correction)
    rule, judged = _rule(verdict, failure.legs, failure.reported, ref, book.policy, was=failure.complexity)
    explanation = sla.explain(rule, judged)
    clock = replace(failure.clock, target_s=rule.sla_s, explanation=explanation)
    return replace(
        failure,
        verdict=verdict,
        machine=machine if correction else None,
        correction=correction,
        override=_override_of(failure, verdict, rule, ref, book.policy),
        clock=sla.retarget(failure.clock, rule.sla_s, at, explanation) if at else clock,
        tier=rule.tier,
        blocks_all=rule.blocks_all,
        notes=(f"Runbook: {rule.runbook}",) if rule.runbook else (),
        policy_version=book.policy.version,
    )


def _override_of(failure: Failure, verdict: Verdict, rule: Rule, ref: Ref, policy: Policy) -> Override:
    """Keep a refusal while nobody knows which paths the change touches: one of them may be the reason for it."""
    is_unknown = ref.pull is not None and ref.pull.changed is None
    if is_unknown and failure.override.permission is Permission.NEVER:
        return failure.override
    return eligibility(verdict, rule, policy, _protected(ref, policy))


def said_by_people(machine: Verdict, correction: Correction) -> Verdict:
    """Return the verdict of a correction; the evidence stays, and with it whatever else it shows (T15)."""
    remedy = remedy_for(correction.category)
    is_same = correction.category is machine.category
    why = correction.reason or "no reason was given"
    return replace(
        machine,
        category=correction.category,
        subcategory=correction.kind,
        severity=machine.severity if is_same else None,
        state=None,
        reason=f"Corrected by {correction.names}: {why}",
        rule="person",
        source="person",
        confidence=1.0,
        runner_up=None,
        description="",
        causes=machine.causes if is_same else remedy.causes,
        advice=machine.advice if is_same else remedy.advice,
    )


def rule_for(failure: Failure, verdict: Verdict, ref: Ref, policy: Policy) -> Rule:
    """Return the policy's rule for a failure if its verdict were this one."""
    return _rule(verdict, failure.legs, failure.reported, ref, policy, was=failure.complexity)[0]


def failure_id(repo_id: int, ref: str, mark: str, series: int) -> str:
    """Return the id of the failure's page; it need not be secret, since the page asks who reads."""
    return "f" + sha256(f"{repo_id}|{ref}|{mark}|{series}".encode()).hexdigest()[:20]


def later_ids(failure: Failure) -> tuple[str, ...]:
    """Return the ids under which this cause may have had a record on its ref since; see `SERIES_AT_ONCE`."""
    numbers = range(failure.series, failure.series + SERIES_AT_ONCE)
    return tuple(failure_id(failure.repo.id, failure.ref, failure.fingerprint, number) for number in numbers)


def _begins_anew(leg: Leg, newest: Failure, ref: Ref) -> bool:
    """Whether a red job is no more of the newest record: a day after its end, or after that of its branch (E26)."""
    gone_at = _gone_at(newest, ref)
    is_after_quiet = newest.resolved_at is not None and leg.at > newest.resolved_at + QUIET
    return is_after_quiet or (gone_at is not None and leg.at > gone_at)


def _with_leg(known: Failure, finding: Finding, place: Place, book: Book) -> Failure | None:
    legs = _kept((*known.legs, finding.leg))
    if legs == known.legs:
        return None
    received_at = min(known.received_at, finding.received_at)
    # Only its history says whether it is closed; whoever adds to that asks anew.
    state = FailureState.RESOLVED_UNVERIFIED if known.state is FailureState.CLOSED else known.state
    judgement = finding.judgement
    if judgement is None or leg_key(speaker(legs)) != leg_key(finding.leg):
        return replace(known, legs=legs, received_at=received_at, state=state)
    fresh = _judged(legs, finding, judgement, place, book, series=known.series)
    clock = replace(known.clock, target_s=fresh.clock.target_s, explanation=fresh.clock.explanation)
    told = replace(fresh, greens=known.greens, received_at=received_at, state=state, clock=clock)
    told = replace(told, looked_by=known.looked_by, complexity=known.complexity or fresh.complexity)
    told = replace(told, sign_offs=known.sign_offs, validity=known.validity)
    return _with_word(replace(told, proposals=unheard(known, told)), known, place.ref, book)


def _with_word(fresh: Failure, known: Failure, ref: Ref, book: Book) -> Failure:
    """Let people's word about what was known hold for the same failure judged anew, else become a proposal (T6)."""
    word = known.correction
    ended = why_ended(known, fresh, said_by_people(fresh.verdict, word), book.policy) if word else ""
    if word is not None and ended:
        return replace(fresh, proposals=with_ended(fresh.proposals, word, ended))
    return corrected(fresh, word, ref, book)


def _state(last: Span, *, is_over: bool) -> FailureState:
    if last.end is not None:
        return FailureState.RESOLVED_UNVERIFIED
    return FailureState.OBSOLETE if is_over else FailureState.ASSIGNED


def _gone_at(failure: Failure, ref: Ref) -> datetime | None:
    """Return when the branch was deleted on which it was red; one made anew under its name is another (E26)."""
    ends = [at for at, is_open in ref.turns if not is_open]
    if ref.gated or not ends or any(leg.at > max(ends) for leg in failure.legs):
        return None
    return max(ends)


def _with_commit(failure: Failure, commit: Commit) -> Failure:
    """Say of the jobs on a commit whether their workflow lets them fail, and who made it."""
    ids = {leg.job_id for leg in failure.legs}
    jobs = {(job.slot, job.id, job.attempt): job for job in commit.jobs if job.id in ids}

    def told(leg: Leg) -> Leg:
        job = jobs.get((leg.slot, leg.job_id, leg.attempt)) if leg.sha == commit.sha else None
        return replace(leg, tolerated=is_allowed_to_fail(job, commit), hands=commit.hands) if job else leg

    return replace(failure, legs=tuple(told(leg) for leg in failure.legs))


def _kept(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    ordered = sorted(legs, key=lambda leg: (leg.at, leg.slot, leg.job_id, leg.attempt))
    return tuple(ordered if len(ordered) <= LEGS_KEPT else [ordered[0], *ordered[-LEGS_KEPT + 1 :]])


def _judged(
    legs: tuple[Leg, ...], finding: Finding, judgement: Judgement, place: Place, book: Book, *, series: int
) -> Failure:
    """Say whose it is, by when, and whether it may be overridden."""
    verdict, policy, ref = judgement.verdict, book.policy, place.ref
    rule, judged = _rule(verdict, legs, judgement.reported, ref, policy)
    explanation = sla.explain(rule, judged)
    red_at = min(leg.at for leg in legs)
    started = sla.start(red_at, rule.sla_s, explanation)
    return Failure(
        id=failure_id(ref.repo.id, ref.name, finding.fingerprint, series),
        repo=ref.repo,
        ref=ref.name,
        fingerprint=finding.fingerprint,
        state=FailureState.DETECTED,
        verdict=verdict,
        owner=Owner(Party(rule.owners[0])),  # `owned` says whose it is
        override=eligibility(verdict, rule, policy, _protected(ref, policy)),
        clock=started,
        tier=rule.tier,
        policy_version=policy.version,
        legs=legs,
        workflow=judgement.workflow,
        workflow_id=judgement.workflow_id,
        job=judgement.job,
        failed_step=judgement.failed_step,
        opened_at=started.anchor_at,
        received_at=finding.received_at,
        excerpt=judgement.excerpt,
        marks=judgement.marks,
        series=series,
        blocks_all=rule.blocks_all,
        notes=(f"Runbook: {rule.runbook}",) if rule.runbook else (),
        reported=judgement.reported,
        paths=judgement.paths,
        prints=judgement.prints,
        comparison=compared(
            judgement, finding.fingerprint, red_at, ref, place.siblings, wholly=is_grave(verdict, rule, policy)
        ),
        committers=judgement.committers,
        contracts=judgement.contracts,
        complexity=_why_complex(judged),
    )


def _under_policy(failure: Failure, ref: Ref, policy: Policy) -> Failure:
    """Apply the rule anew, since more jobs or the change's paths may have become known; under its own policy only."""
    if failure.policy_version != policy.version or (ref.pull is not None and ref.pull.changed is None):
        return failure
    verdict = failure.verdict
    rule, judged = _rule(verdict, failure.legs, failure.reported, ref, policy, was=failure.complexity)
    return replace(
        failure,
        clock=replace(failure.clock, target_s=rule.sla_s, explanation=sla.explain(rule, judged)),
        complexity=_why_complex(judged) or failure.complexity,
        override=eligibility(verdict, rule, policy, _protected(ref, policy)),
        tier=rule.tier,
    )


def _protected(ref: Ref, policy: Policy) -> str | None:
    return policy.protected_path(ref.pull.changed or ()) if ref.pull else None


def _rule(
    verdict: Verdict, legs: Sequence[Leg], reported: int, ref: Ref, policy: Policy, *, was: str = ""
) -> tuple[Rule, Complexity | None]:
    """Return the policy's rule for a verdict, and how complex it is taken to be where that matters.

    `was` says why it was complex before: by rule it only ever becomes more so, a person alone takes that back (C02).
    """
    judged, pull = None, ref.pull
    if verdict.category is Category.TEST_DATABASE:
        judged = sla.complexity(
            policy,
            changed=(pull.changed or ()) if pull else (),
            database_failures=reported,
            jobs=len({leg.slot for leg in legs}),
            labels=pull.labels if pull else (),
        )
        judged = Complexity(sla.COMPLEX, was) if was and judged.value != sla.COMPLEX else judged
    return rule_in_force(verdict, policy, judged.value if judged else None), judged


def _why_complex(judged: Complexity | None) -> str:
    return judged.sentence if judged is not None and judged.value == sla.COMPLEX else ""
