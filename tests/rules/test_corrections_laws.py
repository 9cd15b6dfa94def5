"""What people propose, and what holds whatever they try."""

from __future__ import annotations

from dataclasses import replace

import pytest
from commanding import (
    AWAY,
    BOB,
    EVE,
    LEAK,
    ROLES,
    SAM,
    SECURITY,
    actor,
    given,
    heard,
    leak,
    red,
    ruled,
    voice,
)
from hypothesis import given as given_any
from hypothesis import strategies as st
from stories import ADA, DRIFT, NETWORK, A, at, book, job, moved, only, pull, seen, told

from github_app.rules.commands import AskHelp, Recategorize, parse
from github_app.rules.corrections import proposals_in_words, roles_that_matter
from github_app.rules.decide import decide
from github_app.rules.events import Makers
from github_app.rules.hands import writer
from github_app.rules.records import Failure, Manner
from github_app.rules.verdicts import Permission, Proposal
from pytest_failure_review.report import Category

# --- what people propose, and what else holds ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/recategorize infra.network it was the registry", "ada would call it `infra.network`: it was the registry"),
        ("/recategorize infra.network", "ada would call it `infra.network`"),
    ],
)
def test_a_proposal_is_shown_in_words(line: str, words: str) -> None:
    failure, _ = ruled(red(), line, by=actor(ADA))
    assert proposals_in_words(failure) == (words,)


def test_a_voice_that_counts_is_shown_with_the_end_of_its_time() -> None:
    failure = replace(
        only(red()), proposals=(Proposal(Category.BUILD, ADA, at(20), counts=True, reason="a dummy key"),)
    )
    until = f"{at(20 + 240):%Y-%m-%d %H:%M} UTC"
    assert proposals_in_words(failure) == (
        f"ada would call it `build` (a voice that counts until {until}): a dummy key",
    )


def test_a_proposal_to_take_a_word_back_or_of_a_kind_below_is_shown_too() -> None:
    failure = replace(only(red()), proposals=(Proposal(None, ADA, at(20)), Proposal(Category.BUILD, BOB, at(20), "x")))
    assert proposals_in_words(failure) == ("ada would call it `auto`", "bob would call it `build.x`")


def test_who_wrote_a_commit_that_fails_is_an_author_too() -> None:
    """X53."""
    case = red()
    [leg] = only(case).legs
    wrote = replace(only(case), legs=(replace(leg, hands=(writer(EVE, A),)),))
    _, said = ruled(case.with_failures([wrote]), "/recategorize infra.network x", by=actor(EVE))
    assert said.manner is Manner.PROPOSED
    assert "it is your own change" in said.sentence


def test_who_pushed_another_commit_of_the_change_is_an_author_too() -> None:
    """X53: one is on top of the one that breaks it."""
    _, said = ruled(red(), "/recategorize infra.network x", by=actor(EVE), makers=Makers((ADA.id, EVE.id)))
    assert said.sentence == (
        "Noted as a proposal for `unit`. That would make it easier to override, and it is your own change: "
        "somebody else who may write has to say the same."
    )


UNKNOWN = Makers((ADA.id,), "GitHub knows no account behind commit `000000000000`")


def test_a_change_whose_makers_are_not_known_is_made_easier_by_nobody_alone() -> None:
    """X53, T12."""
    failure, said = ruled(red(), "/recategorize infra.network x", by=actor(BOB), makers=UNKNOWN)
    assert failure.correction is None
    assert said.sentence == (
        "Noted as a proposal for `unit`. That would make it easier to override, and whether it is your own change is "
        "not known: GitHub knows no account behind commit `000000000000`."
    )


def test_a_voice_about_a_secret_does_not_count_where_makers_are_not_known() -> None:
    failure, said = ruled(leak(), AWAY, by=SECURITY, makers=UNKNOWN)
    assert (failure.proposals, said.manner) == ((), Manner.REFUSED)
    assert said.sentence.endswith(
        "Whether it is your own change is not known: GitHub knows no account behind commit `000000000000`."
    )


def test_not_to_know_who_made_a_change_gives_nobody_a_say() -> None:
    _, said = ruled(red(), "/recategorize infra.network x", by=actor(EVE, "read"), makers=UNKNOWN)
    assert said.sentence.startswith("You may not say what kind of failure it is")


def test_a_new_policy_does_not_undo_a_word() -> None:
    """X73."""
    case = heard(red(), given(*parse("/recategorize infra.database x"))).case
    event = seen(A, job(attempt=2, minute=30), minute=30.1)
    policy = ROLES + "categories:\n  infra.database: {sla: 2h}\n"
    failure = only(decide(case, event, book(policy), event.received_at).case)
    assert (failure.verdict.category, failure.clock.target_s) == (Category.INFRA_DATABASE, 7200)


def test_a_kind_that_holds_up_everybody_is_not_called_a_lesser_one_by_its_author() -> None:
    _, said = ruled(red(DRIFT), "/recategorize build x", by=actor(ADA))
    assert said.manner is Manner.PROPOSED


def test_only_teams_of_roles_that_matter_are_asked_about() -> None:
    policy = book(ROLES).policy
    failures = [only(red())]
    assert roles_that_matter([Recategorize("infra.network")], failures, policy) == (
        "devops_specialist",
        "security_specialist",
    )
    assert roles_that_matter([Recategorize("nonsense"), Recategorize("auto")], [], policy) == ("security_specialist",)
    assert roles_that_matter([AskHelp()], [], policy) == tuple(policy.roles)


def test_while_the_changed_paths_are_not_known_a_refusal_stays() -> None:
    """S1-046: one of them may be a protected one."""
    unknown = told(moved(pull(A, changed=None)), seen(A, job(says=LEAK), pulls=(pull(A, changed=None),)), policy=ROLES)
    first = heard(unknown, voice(AWAY, actor(BOB)))
    second = heard(first.case, voice(AWAY, SECURITY, 30, 2))
    failure = only(second.case)
    assert (failure.verdict.category, failure.override.permission) == (Category.TEST_UNIT, Permission.NEVER)
    later = heard(second.case, moved(pull(A, minute=31)))
    assert only(later.case).override.permission is Permission.HOTFIX


# --- whatever people try ---------------------------------------------------------------------------------------------

NAMES = st.sampled_from([*map(str, Category), "auto"])


def ease(failure: Failure) -> tuple[int, float]:
    order = [Permission.NEVER, Permission.HOTFIX, Permission.APPROVAL]
    target = failure.clock.target_s
    return order.index(failure.override.permission), float("inf") if target is None else target


@given_any(st.lists(NAMES, max_size=6), st.sampled_from(["", NETWORK, DRIFT, LEAK]), st.sampled_from(["read", "admin"]))
def test_no_series_of_commands_lets_authors_make_it_easier_alone(names: list[str], says: str, role: str) -> None:
    case = red(says)
    before = ease(only(case))
    for number, name in enumerate(names):
        case = heard(case, given(Recategorize(name, "because"), by=actor(ADA, role), number=number)).case
    permission, target = ease(only(case))
    assert permission <= before[0]
    assert target <= before[1]


@given_any(st.lists(NAMES, max_size=6))
def test_no_series_of_commands_of_one_person_ends_a_secret(names: list[str]) -> None:
    case = leak()
    for number, name in enumerate(names):
        case = heard(case, given(Recategorize(name, "because"), by=actor(SAM, "admin"), number=number)).case
        assert only(case).verdict.category is Category.SECURITY_SECRET
