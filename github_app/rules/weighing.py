"""Lets what a failure reads like speak beside the signatures: where none knows it, and where one may be a symptom.

The law: a likeness takes back nothing that is never overridden, names such a thing only where no signature knows more
than that a step failed, and changes nothing that GitHub, a report or a policy's own signature says. What it sets aside
stays and binds (`Other.binds`): no words open an override, or buy time, that the signature would have refused (T15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from github_app.rules.advice import remedy_for
from github_app.rules.likeness import Alike, Likeness, tells_of_trouble
from github_app.rules.model import Evidence, Job
from github_app.rules.redaction import redact
from github_app.rules.said import said
from github_app.rules.signatures import OWN
from github_app.rules.verdicts import Line, Other, Verdict
from pytest_failure_review.report import Category, State, is_at_or_below

RULE: Final = "likeness"
_UNDECIDED: Final = frozenset({"none:no_match", "none:doubt"})
_ONLY_FAILED: Final = "exit-code-only"
"""The signature that knows no more than that a step failed."""

_OF_SYMPTOM: Final = 0.4
"""What a signature's confidence of 1 weighs against a share of the likeness; found by leaving repositories out."""

_OF_CAUSE: Final = 1.2
"""The same where the signature names what seldom is a symptom of anything else."""

_SYMPTOMS: Final = (Category.TEST_UNIT, Category.BUILD, Category.INFRA_NETWORK)
"""What is often left behind by another failure."""

_LEAST: Final = 0.4
"""Share from which an unknown failure is said to be what it reads like."""

_LEAST_BESIDE: Final = 0.5
"""The same where a signature knows that a step failed, and its number."""

_LEAST_GRAVE: Final = 0.6
"""The same for what is never overridden: nobody is held up by a few words."""

_LEAST_AGAINST: Final = 0.45
"""The same where a signature knows it to be something else."""

_LEAST_UNKNOWN: Final = 0.55
"""The same for what is no failure that anybody knows."""

_ENOUGH: Final = 45
"""Known features that a text must have to speak against a signature, which may need only one line."""

_MOST: Final = 0.75
"""The most that is believed of a likeness."""

_SAY_WHAT_FAILED: Final = frozenset({Category.TEST_UNIT, Category.PERFORMANCE})
"""Kinds that name what failed: a text that tells of no trouble reads like them where all of it passed."""

_KEPT: Final = ("security", Category.GENERATOR_DRIFT)
_WIDTH: Final = 300


def weighed(verdict: Verdict, job: Job, likeness: Likeness | None) -> Verdict:
    """Give the verdict, or what the failure reads like where that outweighs it."""
    evidence = job.evidence
    if likeness is None or evidence is None or not _may_be_weighed(verdict, evidence):
        return verdict
    stretch = _stretch(verdict, evidence)
    # What a job's commands are is shown before they run, and says nothing of how they ended; nor does what stood in the
    # last green run as well.
    green = evidence.baseline.seen if evidence.baseline else ()
    lines = [line for line in said(job, evidence) if line.source == "log" and line.region == stretch]
    spoken = [line.text for line in lines if line.number not in green]
    alike = likeness.of(spoken, (job.name, job.failed_step))
    if alike is None:
        return verdict
    if verdict.rule in _UNDECIDED:
        is_calm = alike.likeliest in _SAY_WHAT_FAILED and not tells_of_trouble(spoken)
        return verdict if is_calm else _filled(verdict, alike, evidence)
    return _told(verdict, alike) if verdict.rule == _ONLY_FAILED else _outweighed(verdict, alike)


def _may_be_weighed(verdict: Verdict, evidence: Evidence) -> bool:
    if not evidence.excerpts or evidence.report is not None or evidence.files:
        return False
    if verdict.rule in _UNDECIDED:
        return True
    is_text = verdict.source == "log" and verdict.state is None and not verdict.rests_on_fact
    kinds = (verdict.category, *(other.category for other in verdict.also))
    grave = any(map(_is_kept, kinds))
    # A signature of what is honestly unknown stands.
    is_known = verdict.category is not Category.UNKNOWN or verdict.rule == _ONLY_FAILED
    return is_text and is_known and not grave and not verdict.rule.startswith(OWN)


def _is_kept(category: Category) -> bool:
    return any(is_at_or_below(category, kept) for kept in _KEPT)


def _stretch(verdict: Verdict, evidence: Evidence) -> tuple[int, int]:
    """What the verdict rests on, else the likeliest: in another part of a long log stands another failure."""
    all_of_it = [(excerpt.start, excerpt.end) for excerpt in evidence.excerpts]
    return verdict.region if verdict.region in all_of_it else all_of_it[0]


def _filled(verdict: Verdict, alike: Alike, evidence: Evidence) -> Verdict:
    """What no signature knows is what it reads like, when that is clear enough."""
    category, share = alike.likeliest, alike.shares[alike.likeliest]
    if not _is_clear(category, share, _LEAST):
        return verdict
    first = evidence.excerpts[0]
    told = next((line for line in reversed(first.lines) if line.strip()), "")
    return replace(
        _like(verdict, category, share),
        reason=f"No signature knows this failure; it reads like {category} ({share:.0%}){_because(alike.words)}.",
        evidence=(Line(first.end, redact(told).text[:_WIDTH], RULE),),
        region=(first.start, first.end),
    )


def _told(verdict: Verdict, alike: Alike) -> Verdict:
    """A likeness that is clear, beside a signature that knows only that a step failed."""
    category, share = alike.likeliest, alike.shares[alike.likeliest]
    return _aside(verdict, alike, category) if _is_clear(category, share, _LEAST_BESIDE) else verdict


def _is_clear(category: Category, share: float, least: float) -> bool:
    return category is not Category.UNKNOWN and share >= (_LEAST_GRAVE if _is_kept(category) else least)


def _outweighed(verdict: Verdict, alike: Alike) -> Verdict:
    """A likeness that outweighs the signature's word, which then stands beside it and binds."""
    own = _label(verdict.category, alike)
    if own not in alike.shares or alike.features < _ENOUGH:
        return verdict
    scores = {category: share for category, share in alike.shares.items() if not _is_kept(category)}
    scores[own] += (_OF_SYMPTOM if own in _SYMPTOMS else _OF_CAUSE) * verdict.confidence
    best = max(scores, key=lambda category: scores[category])
    least = _LEAST_UNKNOWN if best is Category.UNKNOWN else _LEAST_AGAINST
    is_heard = best is not own and alike.shares[best] >= least
    return _aside(verdict, alike, best) if is_heard else verdict


def _aside(verdict: Verdict, alike: Alike, best: Category) -> Verdict:
    share = alike.shares[best]
    aside = Other(verdict.category, verdict.subcategory, verdict.severity, binds=True)
    return replace(
        _like(verdict, best, share),
        reason=f"It reads like {best} ({share:.0%}){_because(alike.words)}; set aside, but still binding, is"
        f" {verdict.category}: {verdict.reason}",
        runner_up=f"{verdict.category}, by rule `{verdict.rule}`",
        also=tuple(dict.fromkeys((*verdict.also, aside))),
    )


def _like(verdict: Verdict, category: Category, share: float) -> Verdict:
    remedy = remedy_for(category)
    return replace(
        verdict,
        category=category,
        rule=RULE,
        source="log",
        confidence=round(min(share, _MOST), 2),
        state=State.NO_MATCH if category is Category.UNKNOWN else None,
        subcategory=None,
        severity=None,
        description="what failures with such words were in other repositories",
        causes=remedy.causes,
        advice=remedy.advice,
    )


def _label(category: Category, alike: Alike) -> Category:
    """The kind that the model knows a category by: `build` for `build.compile`, the runner for a container."""
    known = [label for label in alike.shares if is_at_or_below(category, label)]
    return known[0] if known else Category.INFRA_RUNNER


def _because(words: Sequence[str]) -> str:
    return f", by its words {', '.join(f'`{word}`' for word in words)}" if words else ""
