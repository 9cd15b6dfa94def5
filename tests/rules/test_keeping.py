"""A commit keeps a bounded amount of logs for all its causes, and the same in whatever order they were heard of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import UNIT, A, at, book, job, moved, pull, seen, told

from github_app.documents import to_document
from github_app.rules import keeping
from github_app.rules.decide import decide
from github_app.rules.findings import joined, judge
from github_app.rules.keeping import TEXT_KEPT, bounded
from github_app.rules.lines import WIDTH
from github_app.rules.model import Annotation, Evidence, Excerpt
from github_app.rules.records import Finding, Mark
from github_app.rules.regions import HEIGHT
from github_app.rules.verdicts import Line


def found(name: str, lines: int, hit: int | None, marks: int, minute: int) -> Finding:
    """A cause with a stretch of log from line 11 on, and remarks."""
    whole = judge(job(name=name), A, book().signatures, at(minute))
    assert whole is not None
    assert whole.judgement is not None
    told_judgement = replace(
        whole.judgement,
        verdict=replace(whole.judgement.verdict, evidence=(Line(hit, "x", "r"),) if hit else ()),
        excerpt=Excerpt(11, tuple(f"{number:>{20 + number % 7}}" for number in range(lines)), "##[error]"),
        marks=tuple(Mark(f"src/{number}.py", 1, "no" * 30) for number in range(marks)),
    )
    return replace(whole, fingerprint=name, judgement=told_judgement)


def names() -> st.SearchStrategy[str]:
    return st.sampled_from("abcdefgh")


FINDINGS = st.lists(
    st.builds(
        found, names(), st.integers(1, 80), st.none() | st.integers(1, 100), st.integers(0, 50), st.integers(11, 15)
    ),
    max_size=8,
    unique_by=lambda finding: finding.fingerprint,
)


@given(findings=FINDINGS, data=st.data())
def test_what_is_kept_is_the_same_in_any_order_and_number_of_steps(
    findings: list[Finding], data: st.DataObject
) -> None:
    """F26."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "TEXT_KEPT", data.draw(st.integers(0, 6000)))
        once = bounded(joined((), findings))
        kept: tuple[Finding, ...] = ()
        for finding in data.draw(st.permutations(findings)):
            kept = bounded(joined(kept, [finding]))
        assert kept == once
        assert bounded(once) == once
        assert sum(map(size, once)) <= keeping.TEXT_KEPT


def size(finding: Finding) -> int:
    assert finding.judgement is not None
    lines = finding.judgement.excerpt.lines if finding.judgement.excerpt else ()
    return sum(map(len, lines)) + sum(len(mark.path) + len(mark.message) for mark in finding.judgement.marks)


def kept_excerpt(share: int, hit: int | None) -> Excerpt | None:
    """What is kept of ten lines of ten characters, numbered from 11."""
    one = found("a", 1, hit, 0, 11)
    assert one.judgement is not None
    ten = Excerpt(11, tuple(f"line {number:>5}" for number in range(11, 21)), "##[error]")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "TEXT_KEPT", 2 * share)
        [kept] = bounded([replace(one, judgement=replace(one.judgement, excerpt=ten))])
    assert kept.judgement is not None
    return kept.judgement.excerpt


@pytest.mark.parametrize(
    ("hit", "start", "end"), [(15, 14, 16), (11, 11, 13), (20, 18, 20), (None, 18, 20), (99, 18, 20)]
)
def test_the_lines_about_the_one_that_the_verdict_rests_on_are_kept(hit: int | None, start: int, end: int) -> None:
    kept = kept_excerpt(30, hit)
    assert kept is not None
    assert (kept.start, kept.end, kept.cut) == (start, end, True)
    assert kept.lines[0] == f"line {start:>5}"


def test_a_stretch_that_fits_is_whole_and_one_of_which_nothing_fits_is_gone() -> None:
    whole = kept_excerpt(100, 15)
    assert whole is not None
    assert (whole.start, whole.end, whole.cut) == (11, 20, False)
    assert kept_excerpt(9, 15) is None


def test_the_longest_stretch_of_a_log_is_whole_when_it_is_the_commit_s_only_cause() -> None:
    assert HEIGHT * WIDTH <= TEXT_KEPT // 2


def test_a_commit_of_many_causes_stays_small_and_their_failures_keep_everything() -> None:
    """T17: it is written with every event about it."""
    text = "x" * WIDTH
    evidence = Evidence(
        excerpts=(Excerpt(1, (UNIT, *[text] * (HEIGHT - 1)), "##[error]"),),
        annotations=tuple(Annotation(f"src/{number}.py", 3, "failure", "z" * 2000) for number in range(50)),
    )
    jobs = (job(name=f"unit{chr(97 + number)}", run=1000 + number, evidence=evidence) for number in range(20))
    case = told(moved(pull(A)), *(seen(A, each, pulls=(pull(A),)) for each in jobs))
    assert case.commit is not None
    assert len(to_document(case.commit, 0).body) < 2 * TEXT_KEPT
    assert len(case.failures) == 20
    for failure in case.failures:
        assert failure.excerpt is not None
        assert (len(failure.excerpt.lines), len(failure.marks), failure.excerpt.cut) == (HEIGHT, 50, False)


def test_a_line_of_work_that_is_heard_of_later_has_the_failures_with_what_is_kept() -> None:
    """X14."""
    evidence = Evidence(excerpts=(Excerpt(1, (UNIT, *["x" * WIDTH] * (HEIGHT - 1)), "##[error]"),))
    jobs = (job(name=f"unit{chr(97 + number)}", run=1000 + number, evidence=evidence) for number in range(20))
    case = told(*(seen(A, each) for each in jobs))
    later = decide(case, moved(pull(A)), book(), at(60)).case
    assert len(later.failures) == 20
    for failure in later.failures:
        assert failure.excerpt is not None
        assert (failure.excerpt.start, failure.excerpt.lines[0], failure.excerpt.cut) == (1, UNIT, True)
