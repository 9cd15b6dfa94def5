"""Which comments are obeyed, of which failure, once; and what is answered to a whole comment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from commanding import (
    EVE,
    ROLES,
    SAME,
    actor,
    answer,
    answers,
    given,
    heard,
    red,
    ruled,
)
from stories import ADA, DATABASE, NETWORK, REPO, A, B, at, book, job, moved, only, pull, seen, told

from github_app.rules.case import Case, Decision
from github_app.rules.commands import AskHelp, Recategorize, parse
from github_app.rules.decide import decide
from github_app.rules.duties import duties
from github_app.rules.effects import PublishGate, PublishReply
from github_app.rules.events import Actor, RemarkChanged
from github_app.rules.model import Person
from github_app.rules.records import Answer, Manner
from github_app.rules.verdicts import Owner, Party
from pytest_failure_review.report import Category

# --- where, when and of which failure --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"open": False}, "This pull request is closed, so its failures are left as they are."),
        ({"open": False, "merged": True}, "This pull request is merged, so its failures are left as they are."),
        ({"draft": True}, "This pull request is a draft: mark it as ready for review first."),
    ],
)
def test_a_pull_request_that_nobody_merges_is_left_alone(changes: dict[str, Any], sentence: str) -> None:
    """X62."""
    event = given(*parse("/recategorize infra.network x"), told_pull=replace(pull(A), **changes))
    assert answer(heard(red(), event)) == Answer(Manner.REFUSED, sentence)


MOVED = (
    f"The pull request moved to `{B[:12]}` after or just as this was written: "
    "see what fails there, and write it again if it still holds."
)


@pytest.mark.parametrize("pushed", [20, 21, 25])
def test_a_push_after_the_comment_is_not_what_was_meant(pushed: float) -> None:
    """X2, T7: whether or not the push was heard of before."""
    case = heard(red(), moved(pull(B, minute=pushed)), seen(B, job(run=11, minute=pushed), minute=pushed)).case
    event = given(*parse("/recategorize infra.network x"), minute=20, told_pull=pull(B, minute=pushed))
    assert answer(heard(case, event)).sentence == MOVED
    assert answer(heard(red(), event)).sentence == MOVED


def test_a_branch_that_is_set_back_has_moved_too() -> None:
    """F36: the commit was known long before, but not as this head."""
    case = heard(red(), moved(pull(B, minute=11)), moved(pull(A, minute=25))).case
    event = given(*parse("/recategorize infra.network x"), minute=20, told_pull=pull(A, minute=25))
    assert "after or just as this was written" in answer(heard(case, event)).sentence


def test_a_label_after_the_comment_is_no_push() -> None:
    case = heard(red(), moved(pull(A, minute=25), "labeled")).case
    failure, _ = ruled(case, "/recategorize infra.network x", minute=20, told_pull=pull(A, minute=25))
    assert failure.verdict.category is Category.INFRA_NETWORK


def test_what_fails_only_afterwards_was_not_meant() -> None:
    _, said = ruled(red(minute=30), "/recategorize infra.network x", minute=20)
    assert said.sentence == "Nothing had failed here that is still open when this was written."


def two_jobs() -> Case:
    jobs = (job(name="unit (3.12)"), job(name="unit-slow", says=NETWORK, minute=11), job(name="lint", says=DATABASE))
    return told(moved(pull(A)), seen(A, *jobs, pulls=(pull(A),), minute=12), policy=ROLES)


def kinds(case: Case) -> dict[str, str]:
    return {failure.job: str(failure.verdict.category) for failure in case.failures}


def test_among_several_failures_it_must_be_said_which() -> None:
    decision = heard(two_jobs(), given(Recategorize("build")))
    said = answer(decision)
    assert said.sentence == "Several failures are open here: say which, by `job:` and a part of its name or by id:"
    assert [point.partition(":")[0] for point in said.points] == [
        "`lint` (test.database)",
        "`unit` (test.unit)",
        "`unit-slow` (infra.network)",
    ]


@pytest.mark.parametrize("which", [{"job": "LINT"}, {"job": "ci / lint"}, {"job": "int"}])
def test_a_part_of_the_jobs_name_says_which(which: dict[str, str]) -> None:
    decision = heard(two_jobs(), given(Recategorize("build", **which)))
    assert kinds(decision.case) == {"lint": "build", "unit": "test.unit", "unit-slow": "infra.network"}


def test_a_jobs_whole_name_beats_being_a_part_of_others() -> None:
    decision = heard(two_jobs(), given(Recategorize("build", job="unit")))
    assert kinds(decision.case)["unit"] == "build"


def test_an_id_says_which() -> None:
    case = two_jobs()
    wanted = next(failure for failure in case.failures if failure.job == "unit-slow")
    decision = heard(case, given(Recategorize("build", failure=wanted.id)))
    assert kinds(decision.case)["unit-slow"] == "build"


def test_a_name_that_nothing_has_is_answered_with_those_that_there_are() -> None:
    said = answer(heard(two_jobs(), given(Recategorize("build", job="windows"))))
    assert (said.sentence, len(said.points)) == ("No open failure here is called that; there are:", 3)


def test_commands_are_obeyed_in_order_and_answered_together() -> None:
    """X51."""
    lines = "/recategorize build job:lint\n\n/recategorise x\n\n/recategorize infra.runner job:slow"
    decision = heard(two_jobs(), given(*parse(lines)))
    assert [one.manner for one in answers(decision)] == [Manner.DONE, Manner.REFUSED, Manner.DONE]
    assert kinds(decision.case) == {"lint": "build", "unit": "test.unit", "unit-slow": "infra.runner"}


def test_a_comment_that_contradicts_itself_does_nothing() -> None:
    decision = heard(two_jobs(), given(*parse("/recategorize build job:lint\n/recategorize unknown job:LINT")))
    assert {one.sentence for one in answers(decision)} == {
        "This comment calls `lint` two different things, so nothing was done."
    }
    assert kinds(decision.case) == kinds(two_jobs())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("infra.netwrk", "`infra.netwrk` is no category; did you mean `infra.network`"),
        ("test", "`test` is no category; did you mean `test.unit`"),
        ("/merge", "That is no category; there are `auto`"),
        ("`x`", "That is no category; there are `auto`"),
        ("x" * 300, "That is no category; there are `auto`"),
    ],
)
def test_an_unknown_category_is_answered_with_those_that_are_alike(name: str, sentence: str) -> None:
    """X48; what could be another bot's command is not repeated (X63)."""
    assert answer(heard(red(), given(Recategorize(name)))).sentence.startswith(sentence)


# --- once, and afterwards --------------------------------------------------------------------------------------------


def test_a_comment_is_obeyed_once() -> None:
    """R9, T2."""
    event = given(*parse("/recategorize infra.network x"))
    first = heard(red(), event)
    again = decide(first.case, replace(event, cause="another"), book(ROLES), at(30))
    assert again == Decision(first.case)


@pytest.mark.parametrize("action", ["edited", "deleted"])
def test_an_edit_or_the_end_of_the_comment_is_written_down_once_and_undoes_nothing(action: str) -> None:
    """X49, X50."""
    first = heard(red(), given(*parse("/recategorize infra.network x")))
    assert first.case.reply is not None
    event = RemarkChanged(
        repo=REPO, cause="later", received_at=at(30), remark=first.case.reply.remark, action=action, by=EVE
    )
    after = decide(first.case, event, book(ROLES), at(30))
    [note] = after.notes
    assert (note.reason, note.actor) == (f"The comment was {action} by eve; what its commands did stays", "eve (3)")
    assert (after.case.failures, after.effects) == (first.case.failures, ())
    assert decide(after.case, event, book(ROLES), at(31)) == Decision(after.case)


def test_in_a_locked_conversation_the_check_says_it() -> None:
    """X62."""
    decision = heard(red(), given(*parse("/recategorize test.unit"), locked=True))
    assert PublishReply not in {type(effect) for effect in decision.effects}
    assert PublishGate(REPO.id, A) in decision.effects
    [ref] = decision.case.refs
    assert ref.unsaid == ((A, f"To bob: {SAME}"),)


def test_a_refusal_is_written_down_too() -> None:
    """R10."""
    decision = heard(red(), given(*parse("/recategorize build"), by=actor(EVE, "read")))
    [note] = decision.notes
    assert (note.subject, note.kind, note.actor) == (f"reply/{REPO.id}/comment/1", "refused", "eve (3)")


# --- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S1-195")
def test_help_says_what_is_yours_what_you_may_and_how() -> None:
    said = answer(heard(red(), given(AskHelp(), by=actor(ADA))))
    failure = only(red())
    assert said.sentence == "You have 1 open failure to fix in this repository:"
    assert said.points[0] == (f"`unit` on `pull/1`: `test.unit`, until 2026-11-24 12:10 UTC, `failure:{failure.id}`.")
    assert "Your role in the repository is `write`: you may say what kind of failure it is." in said.points[1]
    assert "you may not make it easier to merge" in said.points[1]
    assert any(point.startswith("Write `/recategorize <category> ") for point in said.points)


def test_help_for_those_who_own_nothing_says_so() -> None:
    said = answer(heard(red(), given(AskHelp(), by=actor(EVE, "read"))))
    assert said.sentence == "You have no open failure to fix in this repository."
    assert said.points[0] == "Your role in the repository is `read`: you may not say what kind of failure it is."


def test_help_knows_the_roles_of_teams() -> None:
    case = heard(red(), given(*parse("/recategorize test.integration x"))).case
    said = answer(heard(case, given(AskHelp(), by=actor(EVE, "read", "octo/backend"), number=2)))
    assert said.sentence == "You have 1 open failure to fix in this repository:"
    assert "and you hold `backend_dev`: you may say what kind of failure it is." in said.points[1]


def test_help_is_given_on_a_closed_pull_request_too() -> None:
    event = given(AskHelp(), told_pull=replace(pull(A), open=False))
    assert answer(heard(red(), event)).manner is Manner.TOLD


def test_those_you_are_told_of_are_counted_and_ten_of_yours_are_named() -> None:
    jobs = [job(name=f"unit-{chr(97 + n)}", minute=10 + n / 100) for n in range(12)]
    case = told(moved(pull(A)), seen(A, *jobs, pulls=(pull(A),), minute=12), policy=ROLES)
    said = answer(heard(case, given(AskHelp(), by=actor(ADA))))
    assert said.sentence == "You have 12 open failures to fix in this repository:"
    assert said.points[10] == "And 2 more."
    leaks = heard(case, given(*parse("/recategorize infra.database job:unit-a x"))).case
    sure = answer(heard(leaks, given(AskHelp(), by=actor(Person(9, "dora"), "read", "octo/data"), number=2)))
    assert "You are told of 1 more, which others have to fix." in sure.points


def test_help_says_when_it_does_not_know_what_you_may() -> None:
    unknown = Actor(EVE, None, problem="GitHub does not say")
    said = answer(heard(red(), given(AskHelp(), by=unknown)))
    assert said.points[0] == "What you may do here is not known: GitHub does not say."


def test_of_a_pull_request_that_was_never_heard_of_nothing_can_be_said() -> None:
    assert answer(heard(Case(), given(Recategorize("build")))).sentence == "Nothing is known yet of this pull request."


def test_who_writes_too_much_is_told_when_it_is_enough() -> None:
    """T29."""
    last = answers(heard(red(), given(Recategorize("test.unit"), is_last=True)))
    assert last[-1].sentence == "That was a lot for an hour: further comments here are read for commands after it."


def test_nobody_is_told_in_public_what_is_for_private_channels() -> None:
    """S1-017."""
    committer = Party("original_committer", (EVE,), private=True)
    private = Owner(committer, (committer,))
    case = red()
    told_privately = case.with_failures([replace(only(case), owner=private)])
    said = duties(given(AskHelp(), by=actor(EVE)), told_privately.failures, book(ROLES).policy)
    assert said.sentence == "You have no open failure to fix in this repository."
    assert [point for point in said.points if "You are told of" in point] == []
