"""How long people's word about a failure holds, when the App judges the failure anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from commanding import AWAY, BOB, ROLES, SECURITY, actor, answer, given, heard, leak, red, voice
from stories import ADA, A, B, decided, job, moved, only, pull, seen, told

from github_app.rules.case import Case, Decision
from github_app.rules.commands import parse
from github_app.rules.corrections import proposals_in_words
from github_app.rules.lasting import is_about_another
from github_app.rules.model import Person
from github_app.rules.records import Failure, Manner
from github_app.rules.verdicts import Permission
from pytest_failure_review.report import Category, Severity

MORE = "3:15PM WRN leaks found: 9"


def audit(severity: str) -> Case:
    one = job(name="audit", says=f"Severity: {severity}")
    return told(moved(pull(A)), seen(A, one, pulls=(pull(A),)), policy=ROLES)


def audited(case: Case, severity: str, sha: str = B) -> Decision:
    one = job(name="audit", run=11, minute=50, says=f"Severity: {severity}")
    return heard(case, moved(pull(sha, minute=40)), seen(sha, one, minute=50.1))


def leaks(case: Case) -> Case:
    """A push, on which the scan finds more."""
    return heard(case, moved(pull(B, minute=40)), seen(B, job(run=11, minute=50, says=MORE), minute=50.1)).case


def called_none() -> Case:
    """A secret that two people have called a failing test."""
    first = heard(leak(), voice(AWAY, SECURITY, 20, 1))
    second = heard(first.case, voice(AWAY, actor(BOB), 21, 2))
    assert only(second.case).verdict.category is Category.TEST_UNIT
    return second.case


def is_a_secret(failure: Failure) -> bool:
    return failure.verdict.category is Category.SECURITY_SECRET and failure.override.permission is Permission.NEVER


# --- something graver ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [ADA, BOB])
@pytest.mark.parametrize("worse", ["critical", "high"])
def test_a_word_about_a_mild_weakness_is_no_word_about_a_grave_one(by: Person, worse: str) -> None:
    """X73, T15: nobody has seen the second one."""
    case = heard(audit("low"), given(*parse("/recategorize test.unit x"), by=actor(by))).case
    assert only(case).verdict.category is Category.TEST_UNIT
    failure = only(audited(case, worse).case)
    assert failure.verdict.category is Category.SECURITY_VULNERABILITY
    assert failure.verdict.severity == Severity(worse)
    assert (failure.machine, failure.correction) == (None, None)


def test_what_critical_weakness_follows_such_a_word_is_never_overridden() -> None:
    case = heard(audit("low"), given(*parse("/recategorize test.unit x"), by=actor(ADA))).case
    failure = only(audited(case, "critical").case)
    assert failure.override.permission is Permission.NEVER
    assert proposals_in_words(failure) == (
        "ada called it `test.unit`; set aside, as the App finds something graver now than what that was said of: x",
    )


def test_the_journal_says_that_a_word_was_set_aside_and_what_the_app_says() -> None:
    case = heard(audit("low"), given(*parse("/recategorize test.unit x"), by=actor(ADA))).case
    decision = audited(case, "critical")
    kinds = [note.kind for note in decision.notes]
    assert kinds == ["set_aside", "judged"]
    assert decision.notes[0].reason.startswith("What ada said is set aside, as the App finds something graver now")


def test_about_the_same_mild_weakness_it_holds_on_the_next_commit() -> None:
    """X73."""
    case = heard(audit("low"), given(*parse("/recategorize test.unit x"), by=actor(BOB))).case
    assert only(audited(case, "low").case).verdict.category is Category.TEST_UNIT


def test_a_word_that_makes_it_no_easier_holds_whatever_is_found() -> None:
    case = heard(audit("low"), given(*parse("/recategorize security.secret look"), by=actor(BOB))).case
    assert is_a_secret(only(audited(case, "critical").case))


def test_it_can_be_said_again_by_as_many_as_it_takes() -> None:
    case = heard(audit("low"), given(*parse("/recategorize test.unit x"), by=actor(BOB))).case
    case = audited(case, "critical").case
    first = heard(case, given(*parse(AWAY), by=actor(BOB), minute=60, number=2, told_pull=pull(B, minute=40)))
    assert answer(first).manner is Manner.PROPOSED
    second = heard(first.case, given(*parse(AWAY), by=SECURITY, minute=61, number=3, told_pull=pull(B, minute=40)))
    assert answer(second).manner is Manner.DONE


# --- another secret --------------------------------------------------------------------------------------------------


def test_two_voices_about_one_secret_say_nothing_of_the_next_commits() -> None:
    """C03, T15: it may be another one."""
    failure = only(leaks(called_none()))
    assert is_a_secret(failure)
    assert proposals_in_words(failure)[0] == (
        "sam called it `test.unit`; set aside, as it was said of what commit aaaaaaaaaaaa showed, and this takes two "
        "people each time: a made-up key in a test"
    )


def test_they_hold_for_the_same_commit_run_again() -> None:
    """X73."""
    again = heard(called_none(), seen(A, job(attempt=2, minute=30, says="3:15PM WRN leaks found: 2"), minute=30.1))
    assert only(again.case).verdict.category is Category.TEST_UNIT


def test_other_lines_on_the_same_commit_are_another_thing() -> None:
    known = replace(only(leak()), prints=("generic-api-key config.py",))
    assert is_about_another(known, replace(known, prints=("private-key id_rsa",)))
    assert not is_about_another(known, known)


def test_a_voice_before_a_push_and_one_after_it_are_not_two() -> None:
    """C03: each saw another thing."""
    case = leaks(heard(leak(), voice(AWAY, SECURITY, 20, 1)).case)
    event = given(*parse(AWAY), by=actor(BOB), minute=60, number=2, told_pull=pull(B, minute=40))
    decision = heard(case, event)
    assert (answer(decision).manner, is_a_secret(only(decision.case))) == (Manner.PROPOSED, True)
    assert proposals_in_words(only(decision.case))[0] == (
        "sam called it `test.unit`; it no longer counts, as it was said of what commit aaaaaaaaaaaa showed: "
        "a made-up key in a test"
    )


def test_after_a_push_two_say_it_anew() -> None:
    case = leaks(called_none())
    for number, by in ((3, actor(BOB)), (4, SECURITY)):
        case = heard(
            case, given(*parse(AWAY), by=by, minute=60 + number, number=number, told_pull=pull(B, minute=40))
        ).case
    assert only(case).verdict.category is Category.TEST_UNIT


def test_what_is_said_while_the_new_commit_still_runs_is_said_of_what_was_seen() -> None:
    """C03: both speak after the push, of the red job before it."""
    case = heard(leak(), moved(pull(B, minute=15))).case
    for number, by in ((1, SECURITY), (2, actor(BOB))):
        case = heard(
            case, given(*parse(AWAY), by=by, minute=20 + number, number=number, told_pull=pull(B, minute=15))
        ).case
    assert only(case).verdict.category is Category.TEST_UNIT
    later = decided(seen(B, job(run=11, minute=50, says=MORE), minute=50.1), policy=ROLES, case=case)[-1].case
    assert is_a_secret(only(later))


def test_the_next_record_of_a_secret_does_not_inherit_the_word() -> None:
    """C03, E42: days after it was green."""
    green = heard(called_none(), seen(A, job("success", attempt=2, minute=30), minute=30.1)).case
    push = moved(pull(B, minute=3990))
    later = heard(green, push, seen(B, job(run=12, says=MORE, minute=4000), minute=4000.1)).case
    newest = max(later.failures, key=lambda failure: failure.series)
    assert (newest.series, is_a_secret(newest)) == (2, True)


def test_the_words_of_one_red_kind_still_hold_on_the_next_commit() -> None:
    """X73: what takes no two people."""
    case = heard(red(), given(*parse("/recategorize infra.database x"))).case
    later = heard(case, moved(pull(B, minute=40)), seen(B, job(run=11, minute=50), minute=50.1)).case
    assert only(later).verdict.category is Category.INFRA_DATABASE
