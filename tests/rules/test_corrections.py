"""Who may call a failure something else, what follows, and the sentence that they read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from commanding import (
    AWAY,
    BOB,
    EVE,
    IDA,
    ROLES,
    SAM,
    SAME,
    SECURITY,
    actor,
    answer,
    given,
    heard,
    leak,
    red,
    ruled,
    voice,
)
from stories import ADA, NETWORK, REPO, A, B, at, book, job, moved, only, pull, seen, told

from github_app.rules.commands import parse
from github_app.rules.decide import decide
from github_app.rules.effects import PublishComment, PublishGate, PublishLabels, PublishReply
from github_app.rules.events import Actor, CommandsGiven
from github_app.rules.model import Person
from github_app.rules.records import Answer, Failure, Manner
from github_app.rules.sla import deadline
from github_app.rules.verdicts import Permission
from pytest_failure_review.report import Category

# --- what a correction changes ---------------------------------------------------------------------------------------


def test_whoever_may_write_says_what_it_is() -> None:
    failure, said = ruled(red(), "/recategorize infra.database the container never came up")
    assert failure.verdict.category is Category.INFRA_DATABASE
    assert failure.verdict.reason == "Corrected by bob: the container never came up"
    assert said.manner is Manner.DONE
    assert said.sentence == "`unit` is now `infra.database`; it was `test.unit`."


def test_what_the_app_said_stays_beside_it() -> None:
    before = only(red())
    failure, _ = ruled(red(), "/recategorize infra.database it was the database")
    assert failure.machine == before.verdict
    assert failure.correction is not None
    assert (failure.correction.was, failure.correction.by) == (Category.TEST_UNIT, (BOB,))
    assert (failure.fingerprint, failure.id, failure.legs) == (before.fingerprint, before.id, before.legs)


def test_owner_deadline_and_override_follow_the_policy() -> None:
    failure, said = ruled(red(), "/recategorize infra.database it was the database")
    assert failure.owner.accountable.role == "devops_specialist"
    assert (failure.clock.target_s, failure.override.permission) == (1800, Permission.APPROVAL)
    assert said.points[0] == "Whose: `ivan`, as `devops_specialist`."
    assert said.points[1].startswith("By when: 30 min for infra.database")
    assert said.points[-1].startswith("Override: overridable with approval")


def test_the_spent_time_is_kept() -> None:
    """E39: 4 hours become 30 minutes after 10."""
    failure, _ = ruled(red(), "/recategorize infra.database x", minute=20)
    assert (failure.clock.anchor_at, deadline(failure.clock)) == (at(10), at(40))
    assert failure.clock.breached_at is None


def test_a_deadline_that_is_over_already_is_missed_by_the_correction_and_a_full_one_begins() -> None:
    """E39, C36: 4 hours become 30 minutes after 2 hours."""
    failure, said = ruled(red(), "/recategorize infra.database x", minute=130)
    clock = failure.clock
    assert (clock.breached_at, clock.by_retarget) == (at(130), True)
    assert (clock.working_due_at, deadline(clock)) == (at(160), at(160))
    assert "it is counted apart, and one full new target runs from now" in " ".join(said.points)


def test_that_miss_is_no_longer_forgotten_by_what_happens_next() -> None:
    decision = heard(red(), given(*parse("/recategorize infra.database x"), minute=130))
    later = heard(decision.case, seen(A, job(attempt=2, minute=140), minute=140.1))
    clock = only(later.case).clock
    assert (clock.breached_at, clock.by_retarget, deadline(clock)) == (at(130), True, at(160))


def test_a_deadline_missed_before_stays_missed_when_there_is_more_time() -> None:
    case = red(NETWORK)
    decision = heard(case, given(*parse("/recategorize test.unit x"), by=actor(BOB), minute=400))
    clock = only(decision.case).clock
    assert clock.by_retarget is False
    assert clock.breached_at == at(70)


def test_a_later_verdict_of_the_app_does_not_undo_it() -> None:
    """X73: a new attempt, a new commit."""
    case = heard(red(), given(*parse("/recategorize infra.database x"))).case
    again = heard(case, seen(A, job(attempt=2, minute=30), minute=30.1))
    assert only(again.case).verdict.category is Category.INFRA_DATABASE
    pushed = heard(again.case, moved(pull(B, minute=40)), seen(B, job(run=11, minute=50), minute=50.1))
    failure = only(pushed.case)
    assert (failure.verdict.category, len(failure.legs)) == (Category.INFRA_DATABASE, 3)
    assert failure.machine is not None
    assert failure.machine.category is Category.TEST_UNIT


def test_it_holds_for_the_next_record_of_the_same_cause() -> None:
    """E42: after a day of quiet it is a new record of the same failure."""
    case = heard(red(), given(*parse("/recategorize infra.database x"))).case
    green = heard(case, seen(A, job("success", attempt=2, minute=30), minute=30.1)).case
    later = heard(green, seen(A, job(attempt=3, minute=3000), minute=3000.1)).case
    new = max(later.failures, key=lambda failure: failure.series)
    assert (new.series, new.verdict.category, new.looked_by) == (2, Category.INFRA_DATABASE, ())


def test_a_person_takes_it_back() -> None:
    before = only(red())
    case = heard(red(), given(*parse("/recategorize infra.database x"))).case
    failure, said = ruled(case, "/recategorize auto", number=2, minute=21, by=actor(EVE))
    assert said.sentence == "`unit` is `test.unit` again, as the App says; it was `infra.database`."
    assert (failure.verdict, failure.owner, failure.override) == (before.verdict, before.owner, before.override)
    assert (failure.machine, failure.correction) == (None, None)


def test_saying_what_it_already_is_counts_as_a_look_and_changes_nothing_else() -> None:
    before = only(red())
    failure, said = ruled(red(), "/recategorize test.unit")
    assert said.sentence == SAME
    assert failure == replace(before, looked_by=(BOB,))


def test_a_kind_below_a_category_comes_from_the_policy() -> None:
    policy = ROLES + "categories:\n  infra.network.dns: {sla: 10m}\n"
    case = told(moved(pull(A)), seen(A, job(), pulls=(pull(A),)), policy=policy)
    event = given(*parse("/recategorize infra.network.dns no resolver"))
    decision = decide(case, event, book(policy), event.received_at)
    failure = only(decision.case)
    assert (failure.verdict.category, failure.verdict.subcategory) == (Category.INFRA_NETWORK, "dns")
    assert failure.clock.target_s == 600
    assert answer(decision).sentence == "`unit` is now `infra.network.dns`; it was `test.unit`."


def test_everything_is_shown_and_answered() -> None:
    decision = heard(red(), given(*parse("/recategorize infra.database x")))
    assert decision.effects == (
        PublishGate(REPO.id, A),
        PublishComment(REPO.id, 1),
        PublishLabels(REPO.id, 1),
        PublishReply(REPO.id, f"reply/{REPO.id}/comment/1"),
    )


def test_the_journal_says_who_and_why() -> None:
    decision = heard(red(), given(*parse("/recategorize infra.database it never came up")))
    [note] = [note for note in decision.notes if note.kind == "corrected"]
    assert (note.subject, note.actor) == (only(decision.case).id, "bob (2)")
    assert note.reason.startswith("`unit` is now `infra.database`; it was `test.unit`.")
    assert note.reason.endswith("Reason: it never came up")
    assert "judged" not in {note.kind for note in decision.notes}


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["write", "maintain", "admin"])
def test_roles_that_may_write_may(role: str) -> None:
    failure, _ = ruled(red(), "/recategorize infra.network x", by=actor(EVE, role))
    assert failure.verdict.category is Category.INFRA_NETWORK


@pytest.mark.parametrize("role", ["none", "read", "triage", "security-reviewer", "Write", ""])
def test_other_roles_may_not_and_are_told_what_it_takes(role: str) -> None:
    """G27, T6: a custom role is none that may, whatever it is called."""
    failure, said = ruled(red(), "/recategorize infra.database x", by=actor(EVE, role))
    assert failure == only(red())
    assert said == Answer(
        Manner.REFUSED,
        "You may not say what kind of failure it is: that takes write access or the role `code_author` or "
        "`devops_specialist`.",
    )


def test_who_cannot_be_asked_about_may_not() -> None:
    """X55."""
    unknown = Actor(BOB, None, problem="GitHub does not let the App read the person's permission (403)")
    failure, said = ruled(red(), "/recategorize infra.network x", by=unknown)
    assert failure == only(red())
    assert said.sentence == (
        "It is not known what you may do here: GitHub does not let the App read the person's permission (403). "
        "So it counts as nothing."
    )


@pytest.mark.parametrize(
    ("by", "may"),
    [
        (actor(IDA, "read"), True),
        (actor(Person(5, "IDA"), "triage"), True),
        (actor(IDA, "none"), False),
        (actor(EVE, "read", "octo/backend"), True),
        (actor(EVE, "read", "Octo/Backend"), True),
        (actor(EVE, "read", "octo/frontend"), False),
        (actor(EVE, "read", unsure=("octo/backend",)), False),
    ],
)
def test_who_holds_the_role_that_owns_the_old_or_new_kind_may(by: Actor, may: bool) -> None:
    failure, said = ruled(red(), "/recategorize test.integration x", by=by)
    assert (failure.verdict.category is Category.TEST_INTEGRATION) == may
    assert ("GitHub does not say whether you are in octo/backend" in said.sentence) == bool(by.unsure)


def test_a_login_alone_is_not_enough_where_everybody_may_read() -> None:
    """G28: a login that was given up can be taken by anybody."""
    event = given(*parse("/recategorize test.integration x"), by=actor(IDA, "read"), repo=replace(REPO, private=False))
    assert answer(heard(red(), event)).manner is Manner.REFUSED


@pytest.mark.parametrize(
    ("says", "line", "easier"),
    [
        ("", "/recategorize infra.network x", "That would make it easier to override"),
        (NETWORK, "/recategorize unknown x", "That would give it more time (4 h instead of 1 h)"),
    ],
)
def test_authors_do_not_make_it_easier_for_themselves(says: str, line: str, easier: str) -> None:
    """X53."""
    failure, said = ruled(red(says), line, by=actor(ADA, "admin"))
    assert (said.manner, failure.correction) == (Manner.PROPOSED, None)
    assert said.sentence == (
        f"Noted as a proposal for `unit`. {easier}, and it is your own change: "
        "somebody else who may write has to say the same."
    )


def test_somebody_else_makes_it_so() -> None:
    case = heard(red(), given(*parse("/recategorize infra.network x"), by=actor(ADA))).case
    failure, said = ruled(case, "/recategorize infra.network", number=2, by=actor(EVE))
    assert (said.manner, failure.proposals) == (Manner.DONE, ())


def test_authors_who_may_write_may_make_it_harder() -> None:
    failure, _ = ruled(red(NETWORK), "/recategorize security.secret I leaked it", by=actor(ADA))
    assert failure.verdict.category is Category.SECURITY_SECRET
    assert failure.override.permission is Permission.NEVER


def test_authors_who_may_not_write_only_propose() -> None:
    failure, said = ruled(red(NETWORK), "/recategorize security.secret I leaked it", by=actor(ADA, "read"))
    assert failure.verdict.category is Category.INFRA_NETWORK
    assert said.manner is Manner.PROPOSED
    assert "the author may propose, and somebody who may write has to say the same" in said.sentence


def test_authors_are_known_by_their_number_not_their_login() -> None:
    """X56, G28."""
    failure, said = ruled(red(), "/recategorize infra.network x", by=actor(Person(ADA.id, "ada-the-second")))
    assert (said.manner, failure.correction) == (Manner.PROPOSED, None)


# --- a secret --------------------------------------------------------------------------------------------------------


def voices(*events: CommandsGiven) -> tuple[Failure, list[Manner]]:
    case, manners = leak(), []
    for event in events:
        decision = heard(case, event)
        case = decision.case
        manners.append(answer(decision).manner)
    return only(case), manners


@pytest.mark.parametrize("order", [(actor(BOB), SECURITY), (SECURITY, actor(BOB))])
def test_two_people_one_of_them_of_security_call_a_secret_something_else(order: tuple[Actor, Actor]) -> None:
    """C03."""
    failure, manners = voices(voice(AWAY, order[0]), voice(AWAY, order[1], 30, 2))
    assert manners == [Manner.PROPOSED, Manner.DONE]
    assert failure.verdict.category is Category.TEST_UNIT
    assert failure.correction is not None
    assert set(failure.correction.by) == {BOB, SAM}


def test_the_first_of_them_is_told_what_is_missing() -> None:
    decision = heard(leak(), voice(AWAY, actor(BOB)))
    assert answer(decision).sentence == (
        "Noted as a proposal for `unit`. To call `security.secret` something else takes two people who may write, "
        "one of them `security_specialist`, neither of them the author, with a reason. "
        "Somebody else, who is `security_specialist`, has to say the same within 4 hours."
    )


NOT_ENOUGH = {
    "the same person twice": (voice(AWAY, SECURITY), voice(AWAY, SECURITY, 30, 2)),
    "nobody of security": (voice(AWAY, actor(BOB)), voice(AWAY, actor(EVE), 30, 2)),
    "the author": (voice(AWAY, SECURITY), voice(AWAY, actor(ADA, "admin"), 30, 2)),
    "the author first": (voice(AWAY, actor(ADA, "admin")), voice(AWAY, SECURITY, 30, 2)),
    "one who may not write": (voice(AWAY, actor(BOB)), voice(AWAY, actor(SAM, "triage"), 30, 2)),
    "two different kinds": (voice(AWAY, actor(BOB)), voice("/recategorize build x", SECURITY, 30, 2)),
    "no reason": (voice(AWAY, actor(BOB)), voice("/recategorize test.unit", SECURITY, 30, 2)),
    "too late": (voice(AWAY, actor(BOB)), voice(AWAY, SECURITY, 261, 2)),
}


@pytest.mark.parametrize("events", NOT_ENOUGH.values(), ids=NOT_ENOUGH)
def test_anything_less_leaves_it_a_secret(events: tuple[CommandsGiven, ...]) -> None:
    failure, manners = voices(*events)
    assert failure.verdict.category is Category.SECURITY_SECRET
    assert Manner.DONE not in manners


def test_a_secret_that_people_found_is_not_taken_back_by_one() -> None:
    case = heard(red(), given(*parse("/recategorize security.secret look at line 3"))).case
    failure, said = ruled(case, "/recategorize auto never mind", number=2, by=actor(EVE))
    assert (failure.verdict.category, said.manner) == (Category.SECURITY_SECRET, Manner.PROPOSED)


def test_a_secret_called_a_secret_takes_one() -> None:
    failure, _ = ruled(red(), "/recategorize security.secret look at line 3")
    assert failure.verdict.category is Category.SECURITY_SECRET
