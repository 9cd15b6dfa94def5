"""Under which clock, owner and override a failure stands, and when that changes."""

from __future__ import annotations

import pytest
from stories import (
    ADA,
    DATABASE,
    A,
    at,
    fired,
    job,
    moved,
    only,
    pull,
    seen,
    told,
)
from test_failures import OPENED, go_on

from github_app.rules.decide import DEADLINE
from github_app.rules.model import Person
from github_app.rules.verdicts import Permission


def test_the_clock_starts_when_github_says_that_the_job_ended() -> None:
    """C58, C59."""
    failure = only(told(OPENED, seen(A, job(minute=10), minute=45)))
    assert (failure.clock.anchor_at, failure.received_at) == (at(10), at(45))


def test_a_failure_was_heard_of_when_the_first_of_its_jobs_was() -> None:
    later, sooner = seen(A, job(), minute=45), seen(A, job(name="unit (2)", minute=11), minute=12)
    for order in ((later, sooner), (sooner, later), (later, sooner, later)):
        assert only(told(OPENED, *order)).received_at == at(12)


def test_a_job_without_an_end_starts_the_clock_when_it_was_heard_of() -> None:
    assert only(told(OPENED, seen(A, job(completed_at=None), minute=45))).clock.anchor_at == at(45)


def test_more_jobs_make_a_database_failure_complex_whichever_comes_first() -> None:
    """C02."""
    legs = [job(name=f"db ({n})", id=n, says=DATABASE) for n in (1, 2)]
    one = only(told(OPENED, seen(A, legs[0])))
    both = [only(told(OPENED, *(seen(A, each) for each in order))) for order in (legs, legs[::-1])]
    assert "simple" in one.clock.explanation
    assert "complex: 2 jobs are hit" in both[0].clock.explanation
    assert both[0] == both[1]


@pytest.mark.requirement("S1-013")
def test_what_was_complex_once_stays_so_when_the_label_goes() -> None:
    """C02: an SLA that anybody could shorten or lengthen by a label back and forth could not be audited."""
    labelled = moved(pull(labels=("complexity:high",)), "opened")
    case = told(labelled, seen(A, job(says=DATABASE)))
    assert only(case).clock.target_s == 8 * 3600
    bare = only(go_on(case, moved(pull(minute=20), "unlabeled")))
    assert bare.clock.target_s == 8 * 3600
    assert bare.clock.explanation.endswith("complex: the label complexity:high is set")


def test_a_protected_path_that_becomes_known_later_forbids_the_override() -> None:
    policy = "schema: 1\nprotected_paths:\n  auth: ['src/auth/**']\n"
    unknown = (moved(pull(changed=None), "opened"), seen(A, job()))
    assert only(told(*unknown, policy=policy)).override.permission is not Permission.NEVER
    known = seen(A, pulls=(pull(changed=("src/auth/a.py",)),))
    assert only(told(*unknown, known, policy=policy)).override.permission is Permission.NEVER


def test_a_failure_keeps_the_policy_that_it_was_judged_under() -> None:
    before = told(OPENED, seen(A, job()))
    after = go_on(before, moved(pull(minute=20, labels=("x",)), "labeled"), policy=POLICY_OF_AN_HOUR)
    assert only(after).clock.target_s == only(before).clock.target_s == 4 * 3600


def test_a_failure_is_judged_by_the_policy_in_force() -> None:
    assert only(told(OPENED, seen(A, job()), policy=POLICY_OF_AN_HOUR)).clock.target_s == 3600


POLICY_OF_AN_HOUR = "schema: 1\ncategories:\n  test.unit: {sla: 1h}\n"


def test_a_bot_answers_for_nothing_when_the_policy_names_somebody() -> None:
    """C52."""
    bot = Person(9, "renovate[bot]", human=False)
    failure = only(told(moved(pull(author=bot), "opened"), seen(A, job()), policy=FALLBACK))
    assert [person.login for person in failure.owner.accountable.people] == ["grace"]
    assert "renovate[bot], who opened pull request #1, is a bot" in failure.owner.steps[0]


FALLBACK = "schema: 1\nfallback: {users: [grace]}\n"


def test_the_author_answers_for_a_unit_test() -> None:
    assert only(told(OPENED, seen(A, job()))).owner.accountable.people == (ADA,)


def test_a_breach_outlives_another_attempt() -> None:
    """The newest attempt speaks for the failure, and is as late as it was."""
    red = told(OPENED, seen(A, job()))
    late = go_on(red, fired(only(red).id, DEADLINE, 10 + 4 * 60 + 1))
    assert only(late).clock.breached_at == at(10 + 4 * 60)
    again = only(go_on(late, seen(A, job(attempt=2, minute=300))))
    assert (again.clock.breached_at, len(again.legs)) == (at(10 + 4 * 60), 2)
