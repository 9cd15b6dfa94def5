"""What is kept of an API's changes, and how it is read from text."""

from __future__ import annotations

from contextlib import suppress
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policies import layered

from github_app.rules.contracts import KEPT, ContractChange, ContractPolicy, ContractReport, report
from github_app.rules.openapi import MAX_DEPTH, Unreadable, read

MILD = ContractChange("schema Cart", "`note` is new", breaking=False)
HARD = ContractChange("GET /carts", "was removed", breaking=True)


def test_those_that_break_are_kept_first() -> None:
    many = [*(ContractChange(f"schema A{number:02}", "is new", breaking=False) for number in range(30)), HARD]
    kept = report("openapi.json", many, ContractPolicy())
    assert (len(kept.changes), kept.changes[0], kept.total, kept.breaking) == (KEPT, HARD, 31, 1)
    assert kept.sentence == "openapi.json: 31 changes of the API, 1 breaking."


def test_a_document_that_did_not_change_or_could_not_be_compared_says_so() -> None:
    assert report("a.yml", [], ContractPolicy()).sentence == "a.yml describes the same API as before."
    assert ContractReport("a.yml", gap="it is no YAML").sentence == "a.yml was not compared: it is no YAML."
    assert report("a.yml", [MILD], ContractPolicy()).sentence == "a.yml: 1 change of the API, none breaking."


@pytest.mark.requirement("S1-115")
def test_components_that_use_a_changed_type_are_told_or_that_nobody_can_tell() -> None:
    map_of = ContractPolicy(components=MappingProxyType({"Cart*": "checkout page", "Person": "profile page"}))
    changes = [HARD, MILD]
    assert report("a", changes, map_of).users == "Components that use the changed types: checkout page."
    assert report("a", [HARD], map_of).users == "Components that use the changed types: none."
    assert report("a", changes, ContractPolicy()).users == (
        "Components that use the changed types: not analysed, the policy has no contracts.components."
    )


def test_each_policy_file_may_name_documents_and_components() -> None:
    org = "contracts: {openapi: [openapi.yml], components: {Cart: cart page, Person: who}}"
    policy = layered("contracts: {openapi: [api/v2.json], components: {Person: profile page}}", org=org)
    assert policy.contracts.openapi == ("api/v2.json", "openapi.yml")
    assert dict(policy.contracts.components) == {"Person": "profile page", "Cart": "cart page"}
    assert layered().contracts == ContractPolicy()


# --- reading


@pytest.mark.parametrize("text", ['{"openapi": "3.1.0", "paths": {}}', "openapi: 3.1.0\npaths: {}\n", "swagger: '2.0'"])
def test_json_and_yaml_are_read(text: str) -> None:
    assert set(read(text)) & {"openapi", "swagger"}


def test_a_number_that_is_a_key_in_yaml_is_text_as_in_json() -> None:
    told = read("openapi: 3.1.0\npaths: {/a: {get: {responses: {200: {description: x}, default: [{1: 2}]}}}}\n")
    assert told["paths"]["/a"]["get"]["responses"] == {"200": {"description": "x"}, "default": [{"1": 2}]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{no json", "it is no JSON"),
        ("a: [", "it is no YAML"),
        ("a: 2026-99-99", "it is no YAML"),
        ("a: &x [1]\nb: *x", "it has YAML aliases"),
        ("[" * (MAX_DEPTH + 1), "it is nested too deeply"),
        ("- openapi", "it is no OpenAPI document"),
        ("openapi: 3\npaths: []", "it is no OpenAPI document"),
        ('{"name": "shop"}', "it is no OpenAPI document"),
        ("", "it is no OpenAPI document"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert str(refused.value) == why


@given(st.text(max_size=60) | st.text("{}[]:&*-\n !'\"%@`,#a", max_size=40))
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    with suppress(Unreadable):
        assert isinstance(read(text), dict)
