"""Whose a failure is over its history: the first red commit since the last green one answers, whoever pushed on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from fakes import KeptStore
from policies import builtin, layered
from stories import DRIFT, REPO, A, B, C, at, decided, job, moved, only, pull, pushed, seen
from verdicts import log

from github_app.builtin import signatures
from github_app.documents import to_record
from github_app.engine import Engine
from github_app.rules.accountable import owned
from github_app.rules.events import Event, PolicyRead
from github_app.rules.hands import ASSIGNED, MERGED, OPENED, in_order, pull_hands, writer
from github_app.rules.model import BaseJob, BaseState, Hand, Job, Person
from github_app.rules.records import Failure, PolicySource, Ref
from github_app.rules.roster import Absent, Roster
from github_app.rules.verdicts import Answer, Compared, Comparison, Owner, Party
from pytest_failure_review.report import Category

ADA, BEA, CAL = Person(1, "ada"), Person(2, "bea"), Person(3, "cal")
BOT = Person(9, "renovate[bot]", human=False)
COMPILE = "src/cart.c:9:5: error: 'total' undeclared (first use in this function)"


def broken(run: int, minute: float, conclusion: str = "failure") -> Job:
    return job(conclusion, "build", run=run, minute=minute, says=COMPILE)


def by(person: Person, sha: str, jobs: Job, minute: float, branch: str | None = None, *more: Hand) -> Event:
    return replace(seen(sha, jobs, minute=minute, branch=branch), hands=(writer(person, sha), *more))


OPEN = moved(pull(A), "opened")
ON = moved(pull(B, minute=20))
FIRST = by(BEA, A, broken(10, 10), 10.1)
SECOND = by(CAL, B, broken(11, 30), 30.1)


async def handled(events: Sequence[Event]) -> list[Failure]:
    store = KeptStore()
    engine = Engine(store, builtin(), signatures(), lambda: at(600))
    for event in events:
        await engine.handle(event)
    records = [to_record(document) for document in store.documents.values()]
    return [record for record in records if isinstance(record, Failure)]


def after(*events: Event) -> Failure:
    """The one failure that some events of several commits lead to."""
    [failure] = asyncio.run(handled(events))
    return failure


def owner(*events: Event) -> Owner:
    return after(*events).owner


@pytest.mark.requirement("S1-022")
def test_a_broken_build_stays_the_first_red_commit_s_author_s_when_somebody_pushes_on() -> None:
    assert owner(OPEN, FIRST).accountable.people == (BEA,)
    assert owner(OPEN, FIRST, ON, SECOND).accountable.people == (BEA,)


@pytest.mark.requirement("S1-022")
def test_the_first_red_commit_is_the_first_whatever_was_heard_first() -> None:
    """F26."""
    assert {owner(OPEN, *order).accountable.people for order in permutations((FIRST, ON, SECOND))} == {(BEA,)}


@pytest.mark.requirement("S1-022")
def test_the_first_red_commit_is_that_of_the_oldest_run_not_of_the_one_that_ended_first() -> None:
    slow = by(BEA, A, broken(10, 50), 50.1)
    assert owner(OPEN, ON, SECOND, slow).accountable.people == (BEA,)


@pytest.mark.requirement("S1-022")
def test_after_a_green_the_next_red_commit_s_author_answers() -> None:
    green = by(BEA, B, broken(11, 30, "success"), 30.1)
    again = moved(pull(C, minute=40))
    third = by(CAL, C, broken(12, 50), 50.1)
    found = after(OPEN, FIRST, ON, green, again, third)
    assert (found.generation, found.owner.accountable.people) == (2, (CAL,))
    assert found.owner.steps[0] == "code_author: the first red commit since the last green one is ccccccc"


@pytest.mark.requirement("S1-011")
def test_a_unit_test_stays_the_pull_request_author_s() -> None:
    assert owner(OPEN, by(BEA, A, job(), 10.1)).accountable.people == (ADA,)


def test_a_bot_s_pull_request_is_its_assignee_s_else_its_commit_s_author_s() -> None:
    """C52."""
    red = by(CAL, A, job(), 10.1)
    assert owner(moved(pull(A, author=BOT, assignees=(BEA,)), "opened"), red).accountable.people == (BEA,)
    mine = owner(moved(pull(A, author=BOT), "opened"), red)
    assert mine.accountable.people == (CAL,)
    assert mine.steps == (
        "code_author: renovate[bot], who opened pull request #1, is a bot",
        "code_author: cal wrote commit aaaaaaa",
    )


@pytest.mark.parametrize("says", ["FAILED tests/unit/test_cart.py::test_total - assert 3 == 4", COMPILE])
def test_on_a_branch_the_pull_request_behind_the_commit_says_whose_it_is(says: str) -> None:
    """C52: a merge commit is written by whoever pressed the button."""
    behind = pull_hands(pull(A, author=BEA, merged_by=CAL))
    red = by(CAL, A, job(says=says), 10.1, "main", *behind)
    assert owner(pushed("main", A, 1), red).accountable.people == (BEA,)


def test_who_made_a_commit_may_be_heard_of_after_its_failure() -> None:
    late = replace(seen(A, minute=12), hands=(writer(BEA, A),))
    decisions = decided(OPEN, seen(A, broken(10, 10)), late)
    assert only(decisions[-1].case).owner.accountable.people == (BEA,)
    assert [(note.kind, note.reason.split("; ")[-1]) for note in decisions[-1].notes] == [
        ("assigned", "code_author: bea wrote commit aaaaaaa")
    ]


def test_hands_are_in_the_same_order_however_they_were_heard_of() -> None:
    """F26."""
    hands = (Hand(BOT, "a", OPENED), Hand(ADA, "b", ASSIGNED), Hand(BEA, "c", ASSIGNED + 1), Hand(CAL, "d", MERGED))
    assert {in_order((*order, *order)) for order in permutations(hands)} == {hands}


ROLES = "schema: 1\nroles: {backend_dev: {users: [bea]}}\nfallback: {users: [zoe]}\n"


def read(minute: float, *absent: Absent) -> PolicyRead:
    people = (Person(2, "bea"), Person(8, "zoe"))
    roster = Roster(people=people, absent=absent, at=at(minute))
    return PolicyRead(repo=REPO, cause="guid", received_at=at(minute), sha="d" * 40, text=ROLES, roster=roster)


def test_an_open_failure_passes_on_as_soon_as_its_owner_is_known_to_have_left() -> None:
    red = seen(A, job(says=DRIFT))
    assert after(read(0), OPEN, red).owner.accountable.people == (Person(2, "bea"),)
    owner = after(read(0), OPEN, red, read(60, Absent("bea", "has no access any more"))).owner
    assert owner.accountable.people == (Person(8, "zoe"),)
    assert owner.steps[0] == "backend_dev: roles.backend_dev names bea, who has no access any more"


def test_a_reading_that_tells_nothing_new_shows_nothing_anew() -> None:
    first, second, third = decided(read(0), read(60), replace(read(120), roster=None))
    assert first.effects
    assert (second.effects, second.notes, third.effects) == ((), (), ())
    assert third.case.source is not None
    assert third.case.source.roster == read(60).roster


@pytest.mark.requirement("S1-026")
def test_a_component_that_nobody_owns_is_an_event_of_its_own() -> None:
    slow = job(evidence=log("FAIL: benchmark checkout regressed by 31.2% (limit 20%)"))
    decisions = decided(OPEN, seen(A, slow))
    assert only(decisions[-1].case).verdict.category is Category.PERFORMANCE
    [gap] = [note.reason for note in decisions[-1].notes if note.kind == "ownership_gap"]
    assert gap.startswith("ownership gap: no entry of components names")


# --- found broken ----------------------------------------------------------------------------------------------------

SENTENCE = "`main` was red already, for the same reason"
THERE = Owner(Party("code_author", (CAL,)), steps=("code_author: cal wrote commit ddddddd",))


def inherited(owner: Owner | None, *absent: Absent) -> Owner:
    """The owner of a unit test that fails in the base branch too, where it is `owner`'s."""
    failure = only(decided(OPEN, seen(A, job()))[-1].case)
    base = Compared(Answer.ALREADY_RED, SENTENCE, owner=owner)
    policy = layered("fallback: {users: [zoe]}")
    red = replace(failure, comparison=Comparison(base=base), policy_version=policy.version)
    source = PolicySource(REPO, "d" * 40, at(0), roster=Roster(absent=absent))
    ref = Ref(REPO, "pull/1", A, at(0), pull=pull(A))
    return owned(red, red.legs[0], ref, policy, source=source, rule=policy.rule_for("test.unit")).owner


def test_what_was_broken_before_is_whose_it_is_there() -> None:
    owner = inherited(THERE)
    assert owner.accountable.people == (CAL,)
    assert owner.steps == (SENTENCE, "code_author: cal wrote commit ddddddd")


@pytest.mark.parametrize(
    ("owner", "absent"), [(None, ()), (Owner(Party("qa_analyst")), ()), (THERE, (Absent("cal", "has left"),))]
)
def test_what_was_broken_before_is_nobody_s_who_changed_something_here(
    owner: Owner | None, absent: tuple[Absent, ...]
) -> None:
    found = inherited(owner, *absent)
    assert found.accountable.people == (Person(0, "zoe"),)
    assert found.steps == (
        SENTENCE,
        "code_author: whoever made this change found it broken",
        "fallback: the policy names zoe",
    )


WROTE_IT = Hand(CAL, "wrote line 3 of a.env in commit ddddddd")
COMMITTER = Party("original_committer", (CAL,), private=True)


@pytest.mark.requirement("S1-017")
@pytest.mark.parametrize("owner", [None, Owner(Party("security_specialist", (BEA,)))])
def test_whoever_wrote_a_credential_is_told_of_it_whatever_the_base_branch_does(owner: Owner | None) -> None:
    """T15: a leak on main would else keep every further one from its author."""
    failure = only(decided(OPEN, seen(A, job(says="3:15PM WRN leaks found: 2")))[-1].case)
    base = Compared(Answer.ALREADY_RED, SENTENCE, owner=owner)
    policy = layered("roles: {security_specialist: {users: [zoe]}}")
    red = replace(failure, comparison=Comparison(base=base), committers=(WROTE_IT,), policy_version=policy.version)
    ref = Ref(REPO, "pull/1", A, at(0), pull=pull(A))
    found = owned(red, red.legs[0], ref, policy, source=None, rule=policy.rule_for("security.secret")).owner
    assert found.accountable.people == ((BEA,) if owner else (Person(0, "zoe"),))
    assert found.informed == (COMMITTER,)
    assert found.private_steps == ("original_committer: cal wrote line 3 of a.env in commit ddddddd",)
    assert not any("cal" in step for step in found.steps)


# --- a base that was chosen for its failures -------------------------------------------------------------------------

EVIL = "Already failing on evil since cccccccccccc (2026-11-24 08:01 UTC): this change did not break it."
CHANGED = "Not compared with a base branch: the base changed since the job ran."


def retargeted(base_ref: str, minute: float) -> Event:
    return moved(pull(A, minute=minute, base_ref=base_ref), "edited")


EXCUSED = (
    pushed("evil", C, 0),
    seen(C, job(run=5, minute=1), minute=1.1, branch="evil"),
    retargeted("evil", 5),
    seen(A, job(minute=10), minute=10.1),
)


def of_pull(*events: Event) -> Failure:
    [failure] = [each for each in asyncio.run(handled(events)) if each.ref == "pull/1"]
    return failure


@pytest.mark.parametrize("then", [("main",), ("main", "evil"), ("next", "main")])
def test_a_change_that_turns_to_another_branch_is_not_excused_by_the_one_it_went_to_before(
    then: tuple[str, ...],
) -> None:
    """T15: anybody who may push breaks a branch of their own, opens against it, and then turns to main."""
    excused = of_pull(*EXCUSED)
    assert (excused.comparison.base.sentence, excused.owner.accountable.people) == (EVIL, ())
    turned = of_pull(*EXCUSED, *(retargeted(name, 20 + minute) for minute, name in enumerate(then)))
    assert (turned.comparison.base.answer, turned.comparison.base.sentence) == (Answer.NOT_COMPARED, CHANGED)
    assert turned.owner.accountable.people == (ADA,)
    assert turned.owner.steps == ("code_author: ada opened pull request #1",)


def test_another_title_or_label_leaves_the_comparison_as_it_was() -> None:
    same = moved(pull(A, minute=20, base_ref="evil", title="Sum the cart anew"), "edited")
    assert of_pull(*EXCUSED, same).comparison.base.sentence == EVIL


def test_a_job_that_was_compared_with_another_base_than_the_change_now_has_excuses_nobody() -> None:
    evidence = log("FAILED tests/unit/test_cart.py::test_total - assert 3 == 4")
    at_evil = BaseJob("evil", C, BaseState.RED, seen=(1,))
    red = job(minute=10, evidence=replace(evidence, base=at_evil))
    failure = of_pull(OPEN, seen(A, red, minute=10.1))
    assert (failure.comparison.base.sentence, failure.owner.accountable.people) == (CHANGED, (ADA,))


def test_a_base_that_changed_asks_anew_whose_it_is_even_after_the_policy_changed() -> None:
    failure = of_pull(*EXCUSED)
    policy = layered("fallback: {users: [zoe]}")
    assert policy.version != failure.policy_version
    ref = Ref(REPO, "pull/1", A, at(0), pull=pull(A))
    rule = policy.rule_for("test.unit")
    assert owned(failure, failure.legs[0], ref, policy, source=None, rule=rule).owner.accountable.people == (ADA,)
