"""What a failure is compared with, in the words that people read; what could not be compared is never called new."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from stories import ADA, DRIFT, A, B, C, at, book, job, only, pull, seen, told
from verdicts import JOB, report, reported

from github_app.rules.comparison import Sibling, compared, elsewhere, prints_of
from github_app.rules.failures import record
from github_app.rules.findings import judge
from github_app.rules.model import BaseJob, Baseline, BaseState, Evidence, Excerpt, Person
from github_app.rules.records import Judgement, Ref
from github_app.rules.results.values import FileKind, FileReport, Flaw, FlawKind
from github_app.rules.verdicts import Answer, Compared, Verdict
from pytest_failure_review.report import Category, Severity

BEA, CAL = Person(2, "bea"), Person(3, "cal")
SHA = "5" * 40
TEST = "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4"
SAME = "FAILED tests/unit/test_cart.py::test_total - assert 7 == 8"
OTHER = "FAILED tests/unit/test_tax.py::test_tax - assert 3 == 4"
NOW = at(60)


def evidence(*lines: str, **more: Any) -> Evidence:
    return Evidence(excerpts=(Excerpt(11, lines, "##[error]"),), **more)


def judged(says: str = TEST, **more: Any) -> Judgement:
    finding = judge(job(evidence=evidence(says, **more)), A, book().signatures, at(10))
    assert finding is not None
    assert finding.judgement is not None
    return finding.judgement


def failed(says: str = TEST, number: int = 1, author: Person = ADA, sha: str = A, **more: Any) -> Sibling:
    """The failure of one job on a pull request, and that pull request."""
    its = pull(sha, number=number, author=author, head_ref=f"work-{number}")
    case = told(seen(sha, job(evidence=evidence(says), **more), pulls=(its,)))
    return Sibling(only(case), case.refs[0])


def on_main(says: str = TEST, sha: str = C, **more: Any) -> Sibling:
    case = told(seen(sha, job(evidence=evidence(says), **more), branch="main"))
    return Sibling(only(case), case.refs[0])


MINE = failed()


def with_pull(sibling: Sibling, **changes: Any) -> Sibling:
    assert sibling.ref.pull is not None
    return replace(sibling, ref=replace(sibling.ref, pull=replace(sibling.ref.pull, **changes)))


# --- with the last green run -----------------------------------------------------------------------------------------


def green(baseline: Baseline | None, says: str = TEST) -> Compared:
    return compared(judged(says, baseline=baseline), "fr1:1", at(10), MINE.ref, (), wholly=False).green


@pytest.mark.parametrize(
    ("baseline", "answer", "sentence"),
    [
        (None, Answer.NOT_COMPARED, "Not compared with a green run."),
        (
            Baseline("main", gap="there is none"),
            Answer.NOT_COMPARED,
            "Not compared with the last green run of this job on main: there is none.",
        ),
        (
            Baseline("main", SHA),
            Answer.NEW,
            (
                f"New since the last green run of this job on main ({SHA[:12]}): "
                "its log shows none of the lines that this rests on."
            ),
        ),
        (
            Baseline("main", SHA, seen=(11,)),
            Answer.SEEN,
            (
                f"Not new: the last green run of this job on main ({SHA[:12]}) shows the same lines, "
                "so they may not be the cause."
            ),
        ),
        (
            Baseline("main", SHA, unfinished=(11,)),
            Answer.NOT_COMPARED,
            "Not compared with the last green run of this job on main: its log is too long to be searched to its end.",
        ),
        (
            Baseline("main", SHA, unsought=(11,)),
            Answer.NOT_COMPARED,
            (
                "Not compared with the last green run of this job on main: "
                "no line that this rests on has a word to look for."
            ),
        ),
    ],
)
def test_a_failure_is_new_since_the_last_green_run_only_when_that_was_read(
    baseline: Baseline | None, answer: Answer, sentence: str
) -> None:
    told = green(baseline)
    assert (told.answer, told.sentence) == (answer, sentence)


def green_of_two(baseline: Baseline) -> str:
    """What is said of a verdict that rests on the lines 11 and 40."""
    two = judged(baseline=baseline)
    lines = (*two.verdict.evidence, replace(two.verdict.evidence[0], line=40))
    both = replace(two, verdict=replace(two.verdict, evidence=lines))
    return compared(both, "fr1:1", at(10), MINE.ref, (), wholly=False).green.sentence


def test_a_failure_of_which_the_green_log_shows_a_part_says_how_much() -> None:
    told = green_of_two(Baseline("main", SHA, seen=(11,)))
    assert told.startswith("Partly new since the last green run")
    assert told.endswith("its log shows 1 of the 2 lines that this rests on.")


def test_a_line_that_could_not_be_looked_for_is_not_counted_as_new() -> None:
    unseen, seen = Baseline("main", SHA, unsought=(40,)), Baseline("main", SHA, seen=(11,), unsought=(40,))
    assert green_of_two(unseen).endswith("its log shows none of the lines that could be looked for.")
    assert "shows all lines that could be looked for, so they may not be the cause." in green_of_two(seen)


def test_a_line_that_may_stand_where_the_green_log_was_not_read_leaves_the_failure_uncompared() -> None:
    told = green_of_two(Baseline("main", SHA, seen=(11,), unfinished=(40,)))
    assert told.endswith("on main: its log is too long to be searched to its end.")


def test_a_verdict_that_rests_on_no_line_of_the_log_is_not_compared_with_one() -> None:
    told = green(Baseline("main", SHA), says="the machine hums")
    assert told.sentence.endswith("on main: the verdict does not rest on lines of the log.")


# --- with the base branch --------------------------------------------------------------------------------------------


def base(at_base: BaseJob | None = None, *siblings: Sibling, red_at: float = 10, ref: Ref = MINE.ref) -> Compared:
    judgement = judged(base=at_base)
    return compared(judgement, MINE.failure.fingerprint, at(red_at), ref, siblings, wholly=False).base


PLACE = f"main at {SHA[:12]}, where this change began"


@pytest.mark.parametrize(
    ("told", "answer", "sentence"),
    [
        (None, Answer.NOT_COMPARED, "Not compared with main."),
        (
            BaseJob("main", SHA, BaseState.NOT_KNOWN, gap="GitHub did not tell just now"),
            Answer.NOT_COMPARED,
            f"Not compared with {PLACE}: GitHub did not tell just now.",
        ),
        (
            BaseJob("main", SHA, BaseState.NOT_RUN),
            Answer.NOT_RUN,
            f"This job did not run on {PLACE}: nothing says whether it was broken before.",
        ),
        (
            BaseJob("main", SHA, BaseState.PASSED),
            Answer.NEW,
            f"New with this change: the job passed on {PLACE}.",
        ),
        (
            BaseJob("main", SHA, BaseState.RED),
            Answer.OTHER_RED,
            f"This job was red on {PLACE}, too, but not known to be for the same reason.",
        ),
        (
            BaseJob("main", SHA, BaseState.RED, prints=("line:0",)),
            Answer.OTHER_RED,
            f"This job was red on {PLACE}, too, but not known to be for the same reason.",
        ),
        (
            BaseJob("main", SHA, BaseState.RED, seen=(11,)),
            Answer.ALREADY_RED,
            f"Already failing on {PLACE}: this change did not break it.",
        ),
        (
            BaseJob("main", SHA, BaseState.RED, prints=judged(SAME).prints),
            Answer.ALREADY_RED,
            f"Already failing on {PLACE}: this change did not break it.",
        ),
    ],
)
def test_what_a_job_came_to_where_a_change_began_is_said(told: BaseJob | None, answer: Answer, sentence: str) -> None:
    """X71: a job that did not run there neither blames nor excuses."""
    answered = base(told)
    assert (answered.answer, answered.sentence) == (answer, sentence)


def test_what_main_failed_of_before_is_not_this_change_s() -> None:
    main = on_main(minute=5)
    told = base(None, main)
    assert (told.answer, told.owner, told.sha) == (Answer.ALREADY_RED, main.failure.owner, C)
    assert (
        told.sentence == f"Already failing on main since {C[:12]} (2026-11-24 08:05 UTC): this change did not break it."
    )


@pytest.mark.parametrize(
    "main",
    [
        on_main(minute=15),
        on_main(OTHER, minute=5),
        on_main(minute=5, sha=A),
        replace(on_main(minute=5), failure=replace(on_main(minute=5).failure, resolved_at=at(8))),
        replace(on_main(minute=5), ref=replace(on_main().ref, name="branch/next")),
    ],
    ids=["later", "another test", "the same commit", "fixed before", "another branch"],
)
def test_what_main_did_not_fail_of_at_that_time_excuses_nobody(main: Sibling) -> None:
    assert base(None, main).answer is Answer.NOT_COMPARED


# --- where one more reads like those that were there ------------------------------------------------------------------

MORE = {
    "leaks": ("3:15PM WRN leaks found: 2", "3:15PM WRN leaks found: 7"),
    "weaknesses": ("Severity: 3 low | 1 critical", "Severity: 2 low | 9 critical"),
    "drift": ("diff --git a/gen/a.py b/gen/a.py\nGenerated client is out of date",) * 2,
}
ADDED = "but not known to be the same: this change may have added to it."


@pytest.mark.parametrize("kind", MORE)
def test_more_leaks_weaknesses_or_drift_than_main_has_are_not_excused_by_main(kind: str) -> None:
    """T15: without their numbers the lines are the same."""
    there, here = (text.splitlines() for text in MORE[kind])
    on_both = told(seen(C, job(evidence=evidence(*there), minute=5), branch="main"))
    main = Sibling(only(on_both), on_both.refs[0])
    mine = judge(job(evidence=evidence(*here)), A, book().signatures, at(10))
    assert mine is not None
    known = record(mine, MINE.ref, (), book(), [main])
    assert known is not None
    assert known.prints[0] in main.failure.prints
    base = known.comparison.base
    assert (base.answer, base.owner) == (Answer.OTHER_RED, None)
    assert base.sentence == f"Also failing on main since {C[:12]} (2026-11-24 08:05 UTC), {ADDED}"


@pytest.mark.parametrize("found", [{"seen": (11,)}, {"prints": judged(MORE["leaks"][0]).prints}])
def test_where_a_change_began_excuses_no_leak_either(found: dict[str, Any]) -> None:
    at_base = BaseJob("main", SHA, BaseState.RED, **found)
    leak = only(told(seen(A, job(evidence=evidence(MORE["leaks"][1], base=at_base)), pulls=(pull(A),))))
    assert leak.comparison.base.answer is Answer.OTHER_RED
    assert leak.comparison.base.sentence == f"Also failing on {PLACE}, {ADDED}"


def test_a_failure_beside_which_the_log_shows_drift_is_not_excused_by_main() -> None:
    at_base = BaseJob("main", SHA, BaseState.RED, seen=(11, 12))
    both = evidence("curl: (6) Could not resolve host: x.example", DRIFT, base=at_base)
    failure = only(told(seen(A, job(evidence=both), pulls=(pull(A),))))
    assert failure.verdict.category is Category.INFRA_NETWORK
    assert failure.comparison.base.answer is Answer.OTHER_RED


FLAW = Flaw(FlawKind.CODE, "py/injection", ("trivy",), severity=Severity.CRITICAL, path="a/b.py", line=3)


def scanned(*flaws: Flaw, **more: Any) -> Evidence:
    its = FileReport("trivy", FileKind.SCAN, "trivy.json", flaws=flaws, total=len(flaws))
    return Evidence(files=(replace(its, **more),))


def drifted(says: str, **more: Any) -> Evidence:
    its = replace(reported(Category.GENERATOR_DRIFT, says), fingerprint="f1")
    return Evidence(report=report(its, **more))


@pytest.mark.parametrize(
    ("there", "here", "answer"),
    [
        (scanned(FLAW), scanned(FLAW), Answer.ALREADY_RED),
        (scanned(FLAW), scanned(FLAW, replace(FLAW, rule="py/pickle")), Answer.OTHER_RED),
        (scanned(FLAW), scanned(replace(FLAW, line=4)), Answer.OTHER_RED),
        (scanned(FLAW), scanned(FLAW, total=2), Answer.OTHER_RED),
        (scanned(FLAW), scanned(FLAW, complete=False), Answer.OTHER_RED),
        (scanned(FLAW), scanned(FLAW, trusted=False), Answer.OTHER_RED),
        (drifted("1 file differs"), drifted("1 file differs"), Answer.ALREADY_RED),
        (drifted("1 file differs"), drifted("2 files differ"), Answer.OTHER_RED),
        (drifted("1 file differs"), drifted("1 file differs", total=2), Answer.OTHER_RED),
        (drifted("1 file differs"), drifted("1 file differs", trusted=False), Answer.OTHER_RED),
    ],
)
def test_what_a_tool_says_in_full_is_excused_when_main_had_all_of_it(
    there: Evidence, here: Evidence, answer: Answer
) -> None:
    main = told(seen(C, job(evidence=there, minute=5), branch="main"))
    mine = judge(job(evidence=here), A, book().signatures, at(10))
    assert mine is not None
    known = record(mine, MINE.ref, (), book(), [Sibling(only(main), main.refs[0])])
    assert known is not None
    assert known.comparison.base.answer is answer


def test_a_branch_has_no_base_to_be_compared_with() -> None:
    told = base(None, on_main(minute=5), ref=on_main().ref)
    assert told.sentence == "Not compared with a base branch: this is no pull request."


def test_whose_an_inherited_failure_is_rests_on_the_base_branch() -> None:
    """C52 would name the author; nobody who only met it answers for it."""
    at_base = BaseJob("main", SHA, BaseState.RED, seen=(11,))
    met = told(seen(A, job(evidence=evidence(TEST, base=at_base)), pulls=(pull(A),)))
    owner = only(met).owner
    assert owner.accountable.people != (ADA,)
    assert owner.steps[0] == f"Already failing on {PLACE}: this change did not break it."


# --- on other pull requests ------------------------------------------------------------------------------------------


def seen_on(*siblings: Sibling, mine: Sibling = MINE, minute: float = 60) -> str:
    return elsewhere(mine.failure, mine.ref, siblings, at(minute)).sentence


NOWHERE = "Not seen on other people's pull requests in the last 7 days."


def test_the_same_failure_of_other_people_is_named() -> None:
    found = (failed(SAME, 12, BEA, B), failed(SAME, 15, BEA, C), failed(SAME, 9, CAL, SHA))
    assert seen_on(*found[:1]) == "Seen elsewhere in the last 7 days: #12 (1 author)."
    assert seen_on(*found) == "Seen elsewhere in the last 7 days: #9, #12, #15 (2 authors)."


def test_many_pull_requests_are_not_counted_so_that_the_words_settle() -> None:
    """G13: each further one would else have every gate written anew."""
    many = [failed(SAME, number, BEA, f"{number:040}") for number in range(10, 17)]
    assert (
        seen_on(*many[:6]) == seen_on(*many) == "Seen elsewhere in the last 7 days: #10, #11, #12, #13, #14 and more."
    )


@pytest.mark.parametrize(
    "other",
    [
        MINE,
        failed(SAME, 12, ADA, B),
        failed(OTHER, 12, BEA, B),
        failed("the machine hums", 12, BEA, B),
        on_main(SAME),
        failed(SAME, 12, BEA, A),
        with_pull(failed(SAME, 12, BEA, B), head_ref="revert-1-work-1"),
        with_pull(failed(SAME, 12, BEA, B), title='Revert "Sum the cart"'),
        with_pull(failed(SAME, 12, BEA, B), commits=(A, B)),
        with_pull(failed(SAME, 12, BEA, B), merged=True),
    ],
    ids=[
        "itself",
        "same author",
        "another test",
        "another rule",
        "a branch",
        "same commit",
        "revert",
        "titled",
        "stack",
        "merged",
    ],
)
def test_what_comes_of_the_same_change_is_not_seen_elsewhere(other: Sibling) -> None:
    """X33."""
    assert seen_on(other) == NOWHERE


def test_a_pull_request_that_was_fixed_and_merged_counts_and_one_of_last_week_does_not() -> None:
    fixed = with_pull(failed(SAME, 12, BEA, B), merged=True)
    fixed = replace(fixed, failure=replace(fixed.failure, resolved_at=at(20)))
    assert seen_on(fixed) == "Seen elsewhere in the last 7 days: #12 (1 author)."
    assert seen_on(fixed, minute=7 * 24 * 60 + 10) == NOWHERE


def test_what_nobody_recognised_is_not_compared_with_others() -> None:
    told = seen_on(failed("the machine hums", 12, BEA, B), mine=failed("the machine hums"))
    assert told == "Not compared with other pull requests: nothing in its evidence tells it from others of its kind."


def test_a_reported_failure_is_known_again_by_the_test_that_failed() -> None:
    """The plugin's fingerprint; of another category it says nothing."""
    failures = [replace(reported(Category.TEST_UNIT), fingerprint=f"f{number}") for number in range(7)]
    failures.append(replace(reported(Category.PERFORMANCE), fingerprint="slow"))
    its = replace(JOB, evidence=Evidence(report=report(*failures)))
    verdict = Verdict(Category.TEST_UNIT, "", "report:test.unit", "report", 0.9)
    assert prints_of(its, verdict)[:-1] == ("test:f0", "test:f1", "test:f2", "test:f3", "test:f4")
