"""How much of the evidence a commit keeps with its findings: a share for each cause, so that the sum is bounded.

What is cut for many causes is cut the same whether they were heard of one by one or all at once: causes only ever grow
in number, and what stays under a small share is always a part of what stays under a larger one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, takewhile
from typing import Final

from github_app.rules.model import Excerpt
from github_app.rules.records import Finding, Judgement

TEXT_KEPT: Final = 100_000
"""Characters of logs and remarks that a commit keeps for all its causes together.

The commit is written with every event about it. Its failures hold their evidence themselves; here it only serves a line
of work that is heard of after the jobs. One cause alone needs no more than half of this for its stretch of the log.
"""


def bounded(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return a commit's findings with as much of their logs and remarks as fits into `TEXT_KEPT`."""
    causes = len({finding.fingerprint for finding in findings})
    share = TEXT_KEPT // max(causes, 1) // 2
    return tuple(
        replace(finding, judgement=_cut(finding.judgement, share)) if finding.judgement else finding
        for finding in findings
    )


def _cut(judgement: Judgement, share: int) -> Judgement:
    hits = [line.line for line in judgement.verdict.evidence]
    kept = _fitting((len(mark.path) + len(mark.message) for mark in judgement.marks), share)
    excerpt = _around(judgement.excerpt, hits, share) if judgement.excerpt else None
    return replace(judgement, excerpt=excerpt, marks=judgement.marks[:kept])


def _around(excerpt: Excerpt, hits: Iterable[int], share: int) -> Excerpt | None:
    """Return the lines about the first that the verdict rests on, else the last ones; None when not even one fits."""
    middle = next((hit for hit in hits if excerpt.start <= hit <= excerpt.end), excerpt.end)
    nearest = sorted(range(excerpt.start, excerpt.end + 1), key=lambda number: (abs(number - middle), number))
    kept = nearest[: _fitting((len(excerpt.lines[number - excerpt.start]) for number in nearest), share)]
    if len(kept) == len(nearest):
        return excerpt
    if not kept:
        return None
    lines = excerpt.lines[min(kept) - excerpt.start : max(kept) + 1 - excerpt.start]
    return replace(excerpt, start=min(kept), lines=lines, cut=True)


def _fitting(sizes: Iterable[int], share: int) -> int:
    """Count the first of some sizes that fit together."""
    return sum(1 for _ in takewhile(lambda total: total <= share, accumulate(sizes)))
