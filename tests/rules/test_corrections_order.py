"""Whose word counts when words are refused, come late, or are about kinds that only the policy knows (X51, S1-171)."""

from __future__ import annotations

from dataclasses import replace

from commanding import AWAY, BOB, EVE, actor, answer, given, heard, leak, red, ruled, voice
from stories import ADA, book, only

from github_app.rules.commands import parse
from github_app.rules.corrections import roles_that_matter
from github_app.rules.records import Manner
from pytest_failure_review.report import Category

VPN = """\
schema: 1
roles: {network_team: {teams: [octo/network]}}
categories: {infra.network.vpn: {owner: [network_team]}}
"""


def test_the_owners_of_a_kind_that_only_the_policy_knows_are_asked_about() -> None:
    said = parse("/recategorize infra.network.vpn the tunnel")
    assert "network_team" in roles_that_matter(said, red().failures, book(VPN).policy)


def test_the_owners_of_what_the_app_called_it_are_asked_about() -> None:
    policy = book("schema: 1\nroles: {devops_specialist: {users: [dee]}, frontend_dev: {users: [flo]}}\n").policy
    failure, _ = ruled(red(), "/recategorize build x")
    machine = replace(failure.verdict, category=Category.INFRA_RUNNER)
    said = parse("/recategorize auto")
    assert "devops_specialist" in roles_that_matter(said, [replace(failure, machine=machine)], policy)


def test_a_word_that_was_refused_is_no_look() -> None:
    decision = heard(leak(), voice(AWAY, actor(ADA, "admin")))
    assert answer(decision).manner is Manner.REFUSED
    assert only(decision.case).looked_by == ()


def test_the_word_that_was_written_last_counts_in_whatever_order_they_are_heard() -> None:
    early, late = (
        given(*parse(f"/recategorize {kind} x"), by=actor(person), minute=minute, number=number)
        for kind, person, minute, number in (("build", BOB, 20, 1), ("infra.network", EVE, 30, 2))
    )
    first = heard(red(), late)
    second = heard(first.case, early)
    assert only(second.case).verdict.category is Category.INFRA_NETWORK
    assert answer(second).sentence == "Something was said later about `unit`, and that counts."
