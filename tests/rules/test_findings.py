"""What the red jobs of a commit were judged to be, and what of their evidence is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import DATABASE, NETWORK, UNIT, A, at, foreign, job, moved, only, pull, seen, told, why

from github_app.builtin import signatures
from github_app.rules.findings import MARKS_KEPT, joined, judge, wants_judgement
from github_app.rules.model import Annotation, Evidence, Excerpt, Job, ReportedFailure, TestReport
from github_app.rules.records import Finding, Mark
from pytest_failure_review.report import Category

OPENED = moved(pull(), "opened")


def found(told_job: Job, minute: float = 11) -> Finding:
    finding = judge(told_job, A, signatures(), at(minute))
    assert finding is not None
    return finding


SAYS = {"unit (1)": UNIT, "unit (2)": UNIT, "db": DATABASE}
JOBS = st.builds(
    lambda name, attempt: job(name=name, attempt=attempt, says=SAYS[name]), st.sampled_from([*SAYS]), st.integers(1, 2)
)
FINDINGS = st.lists(st.builds(found, JOBS, st.integers(11, 15)), max_size=8)


@given(findings=FINDINGS, data=st.data())
def test_findings_are_joined_in_any_order_and_number_of_steps(findings: list[Finding], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(findings))
    cut = data.draw(st.integers(0, len(shuffled)))
    once = joined((), findings)
    assert joined(joined((), shuffled[:cut]), shuffled[cut:]) == once
    assert joined(once, findings) == once


@given(findings=FINDINGS)
def test_every_cause_has_one_job_that_speaks_for_it_and_speaks_first(findings: list[Finding]) -> None:
    together = joined((), findings)
    speaking = [finding.fingerprint for finding in together if finding.judgement is not None]
    assert sorted(speaking) == sorted({finding.fingerprint for finding in together})
    assert [finding.judgement is None for finding in together] == sorted(f.judgement is None for f in together)


def test_a_job_that_is_judged_again_keeps_its_first_judgement_and_its_first_hearing() -> None:
    first, second = found(job(), 12), found(job(says=NETWORK), 11)
    assert joined(joined((), [first]), [second]) == (replace(first, received_at=at(11)),)


def test_a_check_that_ends_twice_is_found_twice() -> None:
    assert len(joined((), [found(foreign()), found(foreign(minute=20))])) == 2


@pytest.mark.parametrize(
    ("told_job", "expected"),
    [
        (job(), True),
        (job("cancelled", evidence=Evidence()), True),
        (job("cancelled"), False),
        (job("success", evidence=Evidence()), False),
        (job(evidence=None), False),
        (job(None, evidence=Evidence()), False),
    ],
)
def test_a_red_job_is_judged_and_a_cancelled_one_if_something_may_explain_it(told_job: Job, expected: bool) -> None:
    """X11, E33."""
    assert wants_judgement(told_job) is expected


def test_a_cancelled_job_that_nothing_explains_is_no_finding() -> None:
    assert judge(job("cancelled", evidence=Evidence()), A, signatures(), at(11)) is None


def test_the_newest_job_with_the_lowest_id_speaks_for_a_failure() -> None:
    """Whichever is heard of first."""
    jobs = [job(name=f"test ({n})", id=n, evidence=replace(why(UNIT), text=str(n))) for n in (3, 1, 2)]
    lines = [Excerpt(n, (UNIT,), "pytest summary") for n in (3, 1, 2)]
    told_jobs = [
        replace(each, evidence=replace(why(UNIT), excerpts=(line,))) for each, line in zip(jobs, lines, strict=True)
    ]
    for order in (told_jobs, told_jobs[::-1]):
        failure = only(told(OPENED, *(seen(A, each) for each in order)))
        assert failure.excerpt == Excerpt(1, (UNIT,), "pytest summary")


def test_evidence_that_points_at_files_is_marked_there() -> None:
    reported = ReportedFailure(
        "t.py::a", "call", "failed", Category.TEST_UNIT, "assert", 0.9, "no", path="t.py", line=3
    )
    report = TestReport(complete=True, failures=(reported,), total=1, trusted=True)
    failure = only(told(OPENED, seen(A, job(evidence=replace(why(UNIT), report=report)))))
    assert failure.marks == (Mark("t.py", 3, "t.py::a: no"),)


def test_without_any_file_the_workflow_is_marked() -> None:
    failure = only(told(OPENED, seen(A, job(workflow_path=".github/workflows/ci.yml"))))
    assert failure.marks == (Mark(".github/workflows/ci.yml", 1, failure.verdict.reason),)


def test_what_people_noted_on_lines_is_marked_but_not_what_github_noted_on_no_file() -> None:
    noted = Evidence(annotations=(Annotation("a.py", 0, "failure", "no"), Annotation(".github", 9, "failure", "exit")))
    assert only(told(OPENED, seen(A, job(evidence=noted)))).marks == (Mark("a.py", 1, "no"),)


def test_a_line_is_marked_once_and_very_many_are_cut() -> None:
    notes = tuple(Annotation("a.py", 1 + number // 2, "failure", "no") for number in range(2 * MARKS_KEPT + 4))
    failure = only(told(OPENED, seen(A, job(evidence=Evidence(annotations=notes)))))
    assert [mark.line for mark in failure.marks] == list(range(1, MARKS_KEPT + 1))


def test_the_stretch_of_the_log_that_the_verdict_rests_on_is_kept() -> None:
    first, second = Excerpt(1, ("nothing here",), "last lines"), Excerpt(50, (UNIT,), "pytest summary")
    judgement = found(job(evidence=Evidence(excerpts=(first, second)))).judgement
    assert judgement is not None
    assert judgement.excerpt == second


def test_without_a_verdict_from_the_log_the_likeliest_stretch_is_kept() -> None:
    only_one = Excerpt(1, ("nothing here",), "last lines")
    kept = [found(job(evidence=Evidence(excerpts=each))).judgement for each in ((only_one,), ())]
    assert [judgement.excerpt for judgement in kept if judgement] == [only_one, None]
