"""QA's word on a fix: who may give it, and that a refused fix is open again with the time that was spent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from commanding import BOB, EVE, actor, given
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st
from stories import ADA, A, B, C, at, book, decided, fired, job, moved, only, pull, seen, told

from github_app.rules.case import Case, Decision
from github_app.rules.commands import parse
from github_app.rules.corrections import roles_that_matter
from github_app.rules.decide import CLOSE
from github_app.rules.events import Actor, Makers
from github_app.rules.gate import REFUSED_FIX, gate_of
from github_app.rules.model import Person
from github_app.rules.policy import GatePolicy
from github_app.rules.records import RESOLVED_STATES, Answer, Failure, FailureState, Manner
from github_app.rules.sla import spent
from github_app.rules.verdicts import Mode
from github_app.rules.verifying import refusal_of

QUINN = Person(6, "quinn")
POLICY = "schema: 1\nroles:\n  qa_analyst: {users: [quinn, ada], teams: [octo/qa]}\n"
ALONE = "schema: 1\nroles:\n  qa_analyst: {users: [ada]}\n"
NO_QA = "You may not say whether a fix holds: that takes the role `qa_analyst`."
OTHERS = "Somebody else who is `qa_analyst` has to look at it"
QA = actor(QUINN)
DAY = 24 * 60


def fixed() -> Case:
    """Red on A at minute 10, green on B at minute 30."""
    red = told(moved(pull(A)), seen(A, job()), policy=POLICY)
    return go_on(replace(red, commit=None), moved(pull(B, minute=20)), seen(B, green(), minute=31))


def green(minute: float = 30, run: int = 11) -> Any:
    return job("success", run=run, minute=minute)


def go_on(case: Case, *events: Any, policy: str = POLICY) -> Case:
    return decided(*events, case=replace(case, reply=None), policy=policy)[-1].case


def say(
    case: Case, line: str, *, by: Actor = QA, minute: float = 40, sha: str = B, policy: str = POLICY, **more: Any
) -> Decision:
    told_pull = more.pop("told_pull", pull(sha, minute=20))
    event = given(*parse(line), by=by, minute=minute, number=int(minute), told_pull=told_pull, **more)
    return decided(event, case=replace(case, reply=None), policy=policy)[-1]


def answer(decision: Decision) -> Answer:
    assert decision.case.reply is not None
    return decision.case.reply.answers[0]


def test_qa_verifies_a_fix() -> None:
    decision = say(fixed(), "/qa-ok the test was wrong")
    failure = only(decision.case)
    assert (failure.state, failure.verified) == (FailureState.VERIFIED, True)
    assert failure.proof == "Verified: quinn (QA) said that the fix holds: the test was wrong."
    assert answer(decision) == Answer(Manner.DONE, "`unit` is verified: the fix at `bbbbbbbbbbbb` holds.")
    assert [(note.kind, note.actor) for note in decision.notes] == [("qa_ok", "quinn (6)"), ("verified", "App")]


def test_a_verified_fix_is_closed_as_verified_after_a_day_of_quiet() -> None:
    verified = say(fixed(), "/qa-ok").case
    [closed] = decided(fired(only(verified).id, CLOSE, 30 + DAY), case=verified, policy=POLICY)
    assert (only(closed.case).state, only(closed.case).verified) == (FailureState.CLOSED, True)
    assert [(note.kind, note.reason) for note in closed.notes] == [("closed", "Quiet for 24 hours")]


def test_red_again_after_qas_word_is_open_again() -> None:
    verified = say(fixed(), "/qa-ok").case
    again = go_on(verified, seen(B, job(run=12, minute=60), minute=61))
    assert (only(again).state, only(again).verified) == (FailureState.ASSIGNED, False)
    anew = go_on(again, seen(B, green(90, run=13), minute=91))
    assert only(anew).state is FailureState.RESOLVED_UNVERIFIED


def test_qa_refuses_a_fix_and_the_spent_time_stays() -> None:
    decision = say(fixed(), "/qa-reject the test is skipped now")
    failure = only(decision.case)
    assert (failure.state, failure.generation, failure.open) == (FailureState.ASSIGNED, 2, True)
    assert spent(failure.clock, at(50)) == (20 + 10) * 60
    told_back = answer(decision)
    assert told_back.sentence == "`unit` is open again: the fix at `bbbbbbbbbbbb` is not accepted."
    assert told_back.points[-1] == "The time that was spent before it went green stays spent."
    assert [(note.kind, note.reason) for note in decision.notes][1:] == [
        ("assigned", "quinn (QA) did not accept the fix at bbbbbbbbbbbb: the test is skipped now")
    ]


def test_a_refused_fix_shuts_the_gate_of_its_commit() -> None:
    case = say(fixed(), "/qa-reject no").case
    assert case.commit is not None
    gate = gate_of(case.commit, case.failures, GatePolicy((), (), 300), Mode.ENFORCE)
    assert (gate.conclusion, [row.remark for row in gate.rows]) == ("failure", [REFUSED_FIX])
    open_gate = gate_of(fixed().commit or case.commit, fixed().failures, GatePolicy((), (), 300), Mode.ENFORCE)
    assert open_gate.conclusion == "success"


def test_another_green_commit_ends_a_refusal_and_needs_its_own_word() -> None:
    refused = say(fixed(), "/qa-reject no").case
    same = go_on(refused, seen(B, replace(green(50), attempt=2, id=5), minute=51))
    assert only(same).open, "the refused commit, tried again, is no other fix"
    other = go_on(replace(refused, commit=None), moved(pull(C, minute=60)), seen(C, green(70, run=12), minute=71))
    failure = only(other)
    assert (failure.state, failure.fixed_by, failure.resolved_at) == (FailureState.RESOLVED_UNVERIFIED, C, at(70))
    assert failure.clock.spent_s == (20 + 30) * 60
    again = say(other, "/qa-reject still no", minute=80, sha=C, told_pull=pull(C, minute=60)).case
    assert (only(again).state, only(again).generation) == (FailureState.ASSIGNED, 3)


def test_what_is_red_again_after_a_refusal_is_held_open_by_its_job() -> None:
    refused = say(fixed(), "/qa-reject no").case
    other = go_on(replace(refused, commit=None), moved(pull(C, minute=60)), seen(C, green(70, run=12), minute=71))
    red = seen(C, job(run=13, minute=80), minute=81)
    decision = decided(red, case=other, policy=POLICY)[-1]
    assert [note.reason for note in decision.notes if note.kind == "assigned"] == ["Red again, for time 3"]
    assert refusal_of(only(decision.case)) is None
    denied = say(decision.case, "/qa-ok", minute=90, sha=C, told_pull=pull(C, minute=60))
    assert answer(denied).manner is Manner.REFUSED


def test_a_refusal_stays_when_an_earlier_green_is_heard_of_late() -> None:
    refused = say(fixed(), "/qa-reject no").case
    earlier = seen(C, replace(green(18), run_id=10, attempt=2, id=6), minute=51)
    late = go_on(replace(refused, commit=None), moved(pull(C, minute=15), after=36), earlier)
    failure = only(late)
    assert (failure.open, failure.clock.spent_s) == (True, 8 * 60)
    assert refusal_of(failure) is not None
    assert only(say(late, "/qa-ok", minute=60).case).state is FailureState.VERIFIED


def test_a_fix_that_failed_again_after_a_day_can_no_longer_be_spoken_of() -> None:
    """R2: to open its record again would make two of one cause."""
    later = go_on(fixed(), seen(B, job(run=13, minute=40 + DAY), minute=41 + DAY))
    assert sorted(each.series for each in later.failures) == [1, 2]
    decision = say(later, "/qa-reject no", minute=50 + DAY)
    assert answer(decision).manner is Manner.REFUSED
    assert sum(each.open for each in decision.case.failures) == 1


def test_an_older_run_that_ends_late_does_not_end_a_refusal() -> None:
    refused = say(fixed(), "/qa-reject no").case
    late = seen(A, replace(green(50, run=9), id=3), minute=51)
    assert only(go_on(replace(refused, commit=None), late)).open


def test_qa_may_take_its_refusal_back() -> None:
    refused = say(fixed(), "/qa-reject no").case
    decision = say(refused, "/qa-ok after all", minute=60)
    failure = only(decision.case)
    assert (failure.state, failure.fixed_by, failure.resolved_at) == (FailureState.VERIFIED, B, at(60))


@pytest.mark.parametrize(
    ("by", "policy", "more", "sentence"),
    [
        (actor(BOB, "admin"), POLICY, {}, NO_QA),
        (
            actor(BOB, "write", unsure=("octo/qa",)),
            POLICY,
            {},
            f"{NO_QA} GitHub does not say whether you are in octo/qa.",
        ),
        (
            actor(QUINN, None, problem="GitHub is down"),
            POLICY,
            {},
            "It is not known what you may do here: GitHub is down. So it counts as nothing.",
        ),
        (
            QA,
            "schema: 1\n",
            {},
            "Whether a fix holds QA says, and nobody is mapped to `qa_analyst`: add roles.qa_analyst to the policy.",
        ),
        (actor(ADA), POLICY, {}, f"{OTHERS}: it is your own change."),
        (
            QA,
            POLICY,
            {"makers": Makers((QUINN.id,))},
            f"{OTHERS}: it is your own change.",
        ),
        (
            QA,
            POLICY,
            {"makers": Makers(gap="GitHub does not tell who made its commits")},
            f"{OTHERS}: whether it is your own change is not known: GitHub does not tell who made its commits.",
        ),
    ],
)
def test_who_may_not_vouch_for_a_fix_is_told_why(by: Actor, policy: str, more: dict[str, Any], sentence: str) -> None:
    decision = say(fixed(), "/qa-ok", by=by, policy=policy, **more)
    assert answer(decision) == Answer(Manner.REFUSED, sentence)
    assert only(decision.case).state is FailureState.RESOLVED_UNVERIFIED
    assert [note.kind for note in decision.notes] == ["refused"]


def test_the_only_one_of_qa_may_vouch_for_their_own_fix() -> None:
    assert only(say(fixed(), "/qa-ok", by=actor(ADA), policy=ALONE).case).state is FailureState.VERIFIED


def test_a_member_of_qas_team_may_vouch() -> None:
    assert only(say(fixed(), "/qa-ok", by=actor(EVE, "read", "octo/qa")).case).state is FailureState.VERIFIED


def test_to_refuse_ones_own_fix_is_allowed() -> None:
    assert only(say(fixed(), "/qa-reject I was wrong", by=actor(ADA)).case).open


def test_a_refusal_needs_its_reason() -> None:
    assert answer(say(fixed(), "/qa-reject")).sentence == (
        "The command qa-reject lacks its reason: write `/qa-reject [job:<name> or failure:<id>] <reason>`."
    )


def test_what_is_still_red_has_no_fix_to_judge() -> None:
    red = told(moved(pull(A)), seen(A, job()), policy=POLICY)
    decision = say(red, "/qa-ok", sha=A, told_pull=pull(A))
    assert answer(decision).sentence == (
        "Nothing that had failed here was green again when this was written, so there is no fix to judge."
    )


def test_what_went_green_after_it_was_written_is_not_meant() -> None:
    assert answer(say(fixed(), "/qa-ok", minute=25)).manner is Manner.REFUSED


def test_to_say_the_same_again_changes_nothing() -> None:
    verified = say(fixed(), "/qa-ok").case
    assert answer(say(verified, "/qa-ok", minute=41)).sentence == "`unit` is verified already; nothing changes."
    refused = say(verified, "/qa-reject no", minute=42).case
    assert answer(say(refused, "/qa-reject no", minute=43)).sentence == (
        "`unit` is open, as QA did not accept the fix already; nothing changes."
    )


def test_the_last_word_that_was_written_counts() -> None:
    verified = say(fixed(), "/qa-ok", minute=50).case
    late = say(verified, "/qa-reject no", minute=45)
    assert answer(late).sentence == "Something was said later about the fix of `unit`, and that counts."
    assert only(late.case).state is FailureState.VERIFIED


def test_one_comment_that_says_both_does_nothing() -> None:
    """X51."""
    decision = say(fixed(), "/qa-ok\n/qa-reject no")
    assert {one.sentence for one in decision.case.reply.answers} == {  # type: ignore[union-attr]  # it was answered
        "This comment says two things of the fix of `unit`: nothing was done."
    }
    assert only(decision.case).sign_offs == ()


def test_several_fixes_have_to_be_named() -> None:
    red = told(moved(pull(A)), seen(A, job(), job(name="e2e")), policy=POLICY)
    both = seen(B, green(), job("success", "e2e", run=11, minute=30), minute=31)
    case = go_on(replace(red, commit=None), moved(pull(B, minute=20)), both)
    decision = say(case, "/qa-ok")
    assert answer(decision).sentence.startswith("Several failures are green again here: say which")
    assert answer(say(case, "/qa-ok job:lint")).sentence.startswith(
        "No failure that is green again here is called that"
    )
    named = say(case, "/qa-ok job:e2e")
    assert {each.job: each.state for each in named.case.failures} == {
        "unit": FailureState.RESOLVED_UNVERIFIED,
        "e2e": FailureState.VERIFIED,
    }


def test_after_the_merge_qa_may_still_vouch_but_no_longer_refuse() -> None:
    merged = pull(B, minute=35, open=False, merged=True)
    case = go_on(fixed(), moved(merged, "closed"))
    assert only(say(case, "/qa-ok", told_pull=merged).case).state is FailureState.VERIFIED
    refused = say(case, "/qa-reject no", told_pull=merged)
    assert answer(refused).sentence == "This pull request is merged, so its failures are left as they are."


def test_qas_teams_are_asked_about() -> None:
    assert "qa_analyst" in roles_that_matter(parse("/qa-ok"), [], book(POLICY).policy)
    assert "qa_analyst" not in roles_that_matter(parse("/recategorize auto"), [], book(POLICY).policy)


# --- whatever happens ------------------------------------------------------------------------------------------------

STEPS = st.lists(st.sampled_from(["ok", "reject", "red", "green", "moved", "quiet", "stranger"]), max_size=12)


@settings(max_examples=80, deadline=None)
@given_any(STEPS)
def test_no_fix_is_verified_without_qas_word_and_spent_time_never_falls(steps: list[str]) -> None:
    case, head, minute, run, spent_s = fixed(), B, 40.0, 20, 0.0
    for number, step in enumerate(steps):
        minute, run = minute + 10, run + 1
        before = max(case.failures, key=lambda each: each.series)
        match step:
            case "ok" | "reject":
                line = "/qa-ok x" if step == "ok" else "/qa-reject x"
                told_pull = pull(head, minute=20)
                case = say(case, line, minute=minute, told_pull=told_pull).case
            case "stranger":
                case = say(case, "/qa-ok x", by=actor(BOB), minute=minute, told_pull=pull(head, minute=20)).case
            case "red":
                case = go_on(case, seen(head, job(run=run, minute=minute), minute=minute + 0.1))
            case "green":
                case = go_on(case, seen(head, green(minute, run=run), minute=minute + 0.1))
            case "moved":
                head = f"{number:x}" * 40
                case = go_on(replace(case, commit=None), moved(pull(head, minute=minute)))
            case _:
                case = go_on(case, fired(before.id, CLOSE, minute))
        after = max(case.failures, key=lambda each: each.series)
        _holds(before, after, step)
        assert spent(after.clock, at(minute)) >= spent_s
        spent_s = spent(after.clock, at(minute))


def _holds(before: Failure, after: Failure, step: str) -> None:
    """What is true after any step; within these two hours nothing has been quiet for a day."""
    assert after.state is not FailureState.CLOSED
    assert after.verified is (after.state is FailureState.VERIFIED)
    assert (after.state in RESOLVED_STATES) is (after.resolved_at is not None)
    assert after.state is not FailureState.VERIFIED or before.verified or step == "ok"
    assert refusal_of(after) is None or after.open
