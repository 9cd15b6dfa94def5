"""Exactly one party is accountable, whatever the facts (S1-003)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import layered
from test_ownership import COMPONENTS, ROLES, decided

from github_app.rules.model import (
    Hand,
    Person,
)
from github_app.rules.ownership import Facts, fallback_of
from github_app.rules.roster import Absent, Roster
from github_app.rules.verdicts import Party
from pytest_failure_review.report import Category, Severity

NAMES = st.sampled_from(["ada", "bea", "acme/x"])
PEOPLE = st.builds(Person, st.integers(1, 9), NAMES, st.booleans())
FACTS = st.builds(
    Facts,
    hands=st.lists(st.builds(Hand, PEOPLE, st.just("wrote it")), max_size=3).map(tuple),
    first_hands=st.lists(st.builds(Hand, PEOPLE, st.just("wrote that")), max_size=3).map(tuple),
    first_sha=st.sampled_from(["", "a" * 40]),
    paths=st.lists(st.sampled_from(["src/a.py", "web/b.ts", "\ud800", "x" * 9000]), max_size=3).map(tuple),
    codeowners=st.one_of(st.none(), st.text(), st.sampled_from(["* @max", "/src/ @acme/core\n[x\n** a@b.c"])),
    admins=st.lists(PEOPLE, max_size=2).map(tuple),
    committers=st.lists(st.builds(Hand, PEOPLE, st.just("wrote line 3")), max_size=2).map(tuple),
    benchmark=st.sampled_from(["", "checkout_total"]),
    roster=st.builds(
        Roster,
        absent=st.lists(st.builds(Absent, st.sampled_from(["ada", "bea", "acme/x", "acme/ops"]), st.just("left"))).map(
            lambda absent: tuple(absent[:3])
        ),
    ),
)


@pytest.mark.requirement("S1-003")
@settings(deadline=None)
@given(
    category=st.sampled_from(list(Category)),
    severity=st.none() | st.sampled_from(list(Severity)),
    facts=FACTS,
    text=st.sampled_from(["", ROLES, "fallback: {users: [zoe]}", ROLES + COMPONENTS]),
)
def test_there_is_always_exactly_one_accountable_party(
    category: Category, severity: Severity | None, facts: Facts, text: str
) -> None:
    policy = layered(text)
    owner = decided(category, policy, facts, facts.benchmark, severity)
    assert isinstance(owner.accountable, Party)
    assert not owner.accountable.empty or owner.accountable.note
    assert owner.steps or owner.private_steps
    assert owner.accountable not in owner.informed
    assert len(set(owner.informed)) == len(owner.informed)
    if fallback_of(facts, policy, policy.rule_for(category, severity=severity)) is not None:
        assert not owner.accountable.empty
    gone = {absent.name for absent in facts.roster.absent}
    named = {*(person.login for person in owner.accountable.people), *owner.accountable.teams}
    assert not named & gone or set(owner.accountable.people) <= set(facts.admins)
