"""Whoever is told privately is named by no renderer, accountable or informed (S1-017)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from gates import NOW, SITE, failure, gate, job

from github_app.documents import to_document, to_record
from github_app.github.gate_text import comment, gate_text, summary
from github_app.github.verdict import verdict_json
from github_app.rules.around import around
from github_app.rules.comparison import Sibling
from github_app.rules.gate import owner_name
from github_app.rules.impact import impact
from github_app.rules.model import Person
from github_app.rules.records import Failure, Ref
from github_app.rules.verdicts import TOLD_PRIVATELY, Owner, Party
from github_app.web.failure_view import view, who

CANARY = "canary"
TOLD = Party("original_committer", (Person(7, CANARY),), (f"acme/{CANARY}",), note=CANARY, private=True)
INFORMED = Owner(Party("security_specialist", (Person(8, "sue"),)), (TOLD,), private_steps=(CANARY,))
ACCOUNTABLE = Owner(TOLD, (), private_steps=(CANARY,))


def parties(one: Failure) -> tuple[Party, ...]:
    return one.owner.accountable, *one.owner.informed


RENDERERS: dict[str, Callable[[Failure], object]] = {
    "summary": lambda one: summary(gate([job()], [one]), SITE),
    "comment": lambda one: comment(gate([job()], [one]), SITE),
    "check": lambda one: gate_text(gate([job()], [one]), SITE),
    "verdict": lambda one: verdict_json(gate([job()], [one]), 30_000),
    "name": owner_name,
    "page": lambda one: view(one, SITE, NOW, around(one, None, (), NOW)),
    "party on the page": lambda one: [who(party) for party in parties(one)],
    "public party": lambda one: [party.public for party in parties(one)],
}


@pytest.mark.requirement("S1-017")
@pytest.mark.parametrize("owner", [INFORMED, ACCOUNTABLE], ids=["informed", "accountable"])
@pytest.mark.parametrize("renderer", RENDERERS)
def test_no_renderer_names_whoever_is_told_privately(renderer: str, owner: Owner) -> None:
    shown = str(RENDERERS[renderer](failure(owner=owner, category="security.secret")))
    assert CANARY not in shown


@pytest.mark.requirement("S1-017")
def test_the_words_stand_where_a_name_would() -> None:
    one = failure(owner=ACCOUNTABLE)
    assert (owner_name(one), who(TOLD)) == (TOLD_PRIVATELY,) * 2


def test_the_record_keeps_the_name_for_private_channels() -> None:
    one = failure(owner=INFORMED)
    assert to_record(to_document(one, 0)) == one


def test_whom_a_failure_holds_up_is_told_without_the_private_name() -> None:
    one = failure(owner=ACCOUNTABLE, category="security.secret")
    other, ref = replace(one, id="f2", ref="pull/2"), Ref(one.repo, "pull/2", "b" * 40, NOW)
    assert CANARY not in str(impact(one, None, [Sibling(other, ref)]))
