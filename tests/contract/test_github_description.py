"""The judge finds what GitHub would hold against a request, and what GitHub would never answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from contract.cut_description import wanted
from contract.github_description import description, violations

from github_app.sandbox.journal import Exchange
from github_app.sandbox.routes import every_route

SHA = "a" * 40
CHECKS = "/repos/octo/shop/check-runs"


def exchange(
    method: str, path: str, query: str = "", *, body: Any = None, status: int = 404, answer: Any = None
) -> Exchange:
    """A request that was refused, unless an answer is given."""
    told = {"message": "Not Found"} if answer is None else answer
    return Exchange(
        method=method,
        path=path,
        query=query,
        headers={"User-Agent": "tests"},
        body=b"" if body is None else json.dumps(body).encode(),
        status=status,
        response_headers={},
        response_body=json.dumps(told).encode(),
        spoilt=False,
    )


GOOD = [
    exchange("GET", "/repos/octo/shop"),
    exchange("GET", "/repositories/12/pulls", "head=octo%3Amain&state=all&per_page=100"),
    exchange("GET", "/repos/octo/shop/contents/.github/failure-review.yml", "ref=main"),
    exchange("GET", "/repos/octo/shop/commits/heads%2Fmain/check-runs", "filter=all&app_id=3"),
    exchange("POST", CHECKS, body={"name": "gate", "head_sha": SHA, "status": "completed", "conclusion": "neutral"}),
    exchange("POST", "/repos/octo/shop/issues/1/labels", body={"labels": ["bug"]}),
    exchange("POST", "/app/installations/1/access_tokens"),
    exchange(
        "POST", "/app/installations/1/access_tokens", body={"repository_ids": [1], "permissions": {"checks": "write"}}
    ),
    exchange("POST", "/repos/octo/shop/actions/runs/1/rerun-failed-jobs", body={}),
]
BAD = [
    (exchange("GET", "/repos/octo/shop/nonsense"), "GitHub has no such operation"),
    (exchange("PUT", "/repos/octo/shop"), "GitHub has no such operation"),
    (exchange("GET", "/repos/octo/shop/pulls", "sha=1"), "query sha is unknown"),
    (exchange("GET", "/repos/octo/shop/pulls", "state=merged"), "query state: 'merged' is not one of"),
    (exchange("GET", "/repos/octo/shop/pulls/one"), "path pull_number: 'one' is not of type 'integer'"),
    (exchange("POST", CHECKS), "the body is missing"),
    (exchange("POST", CHECKS, body={"name": "gate", "head_sha": SHA, "sumary": ""}), "body['sumary']: GitHub knows no"),
    (exchange("POST", CHECKS, body={"name": "gate"}), "'head_sha' is a required property"),
    (exchange("POST", CHECKS, body={"name": "gate", "head_sha": SHA, "status": "completed"}), "without a conclusion"),
    (
        exchange(
            "POST", CHECKS, body={"name": "gate", "head_sha": SHA, "output": {"title": "", "summary": "", "texts": 1}}
        ),
        "body['output']['texts']: GitHub knows no such key",
    ),
    (
        exchange("POST", CHECKS, body={"name": "g", "head_sha": SHA, "output": {"title": "", "summary": "x" * 65_536}}),
        "is too long",
    ),
    (exchange("POST", "/repos/octo/shop/actions/jobs/1/rerun", body={"enable": True}), "GitHub knows no such key"),
    (exchange("GET", "/repos/octo/shop", body={"a": 1}), "a body was sent where none is described"),
    (exchange("GET", "/repos/octo/shop", status=204), "status 204 is not described"),
    (exchange("GET", "/repos/octo/shop", status=200, answer={"id": 1}), "is a required property"),
    (exchange("GET", "/repos/octo/shop", status=500, answer={}), "'message' is a required property"),
    (exchange("GET", "/repos/octo/shop/labels", status=200, answer=[{"id": "one"}]), "answer[0]['id']"),
]


@pytest.mark.parametrize("good", GOOD, ids=lambda each: f"{each.method} {each.path}")
def test_a_good_request_is_not_held_against_anybody(good: Exchange) -> None:
    assert violations([good]) == []


@pytest.mark.parametrize(("bad", "sentence"), BAD, ids=[sentence[:40] for _, sentence in BAD])
def test_what_github_does_not_describe_is_named(bad: Exchange, sentence: str) -> None:
    found = violations([bad])
    assert len(found) >= 1
    assert any(sentence in each for each in found), found


def test_a_request_without_a_user_agent_is_named() -> None:
    nameless = replace(GOOD[0], headers={})
    assert violations([nameless]) == ["GET /repos/octo/shop -> 404: header User-Agent is missing"]


@pytest.mark.parametrize(("body", "kind"), [(b"{", "application/json"), (b"a=1", "application/x-www-form-urlencoded")])
def test_a_body_that_is_no_json_is_named(body: bytes, kind: str) -> None:
    spoken = replace(exchange("POST", CHECKS), body=body, headers={"User-Agent": "tests", "Content-Type": kind})
    assert any("JSON" in each for each in violations([spoken]))


def test_an_answer_that_was_spoilt_on_purpose_is_not_judged() -> None:
    assert violations([replace(exchange("GET", "/repos/octo/shop", status=200, answer={}), spoilt=True)]) == []


def test_a_redirect_of_a_renamed_repository_is_always_allowed() -> None:
    assert violations([exchange("GET", "/repos/octo/shop/pulls/1", status=301)]) == []


def test_the_sandbox_has_no_route_that_github_has_not() -> None:
    unknown = []
    for route in every_route():
        path = route.path.replace(":.+}", "}").replace(":.*}", "}")
        if description().find(route.method, path.replace("{", "").replace("}", "")) is None:
            unknown.append(f"{route.method} {route.path}")
    assert unknown == []


def test_the_sandbox_has_every_operation_of_the_excerpt() -> None:
    have = {(route.method.lower(), route.path.replace(":.+}", "}").replace(":.*}", "}")) for route in every_route()}
    missing = [f"{method} {path}" for method, path in wanted() if (method, path) not in have]
    assert missing == ["post /app-manifests/{code}/conversions"]
