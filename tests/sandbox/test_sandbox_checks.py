"""Check runs behave as GitHub's do: annotations append, limits hold, only the owner changes them."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.shops import Shop

RUNS = "/repos/octo/shop/check-runs"


def annotation(line: int = 1) -> dict[str, Any]:
    return {"path": "a.py", "start_line": line, "end_line": line, "annotation_level": "failure", "message": "no"}


def output(**more: Any) -> dict[str, Any]:
    return {"title": "T", "summary": "S", **more}


async def made(shop: Shop, token: str, **more: Any) -> dict[str, Any]:
    asked = {"name": "gate", "head_sha": shop.pull.head_sha, **more}
    status, body, _ = await shop.call("POST", RUNS, asked, auth=token)
    assert status == 201, body
    found: dict[str, Any] = body
    return found


async def test_annotations_of_an_update_are_appended(shop: Shop) -> None:
    """G18, X34: what was said once stays."""
    token = await shop.token()
    run = await made(shop, token, output=output(annotations=[annotation(1)] * 50))
    more = {"output": output(annotations=[annotation(2)] * 50)}
    _, body, _ = await shop.call("PATCH", f"{RUNS}/{run['id']}", more, auth=token)
    assert body["output"]["annotations_count"] == 100
    listed = await shop.call("GET", f"{RUNS}/{run['id']}/annotations?per_page=100&page=1", auth=token)
    assert [each["start_line"] for each in listed[1]] == [1] * 50 + [2] * 50


@pytest.mark.parametrize(
    "wrong",
    [
        {"output": output(annotations=[annotation()] * 51)},
        {"output": output(summary="x" * 65_536)},
        {"output": output(text="\N{SNOWMAN}" * 21_846)},
        {"status": "completed"},
        {"conclusion": "stale"},
        {"conclusion": "great"},
        {"completed_at": "2026-01-01T00:00:00Z"},
        {"output": output(annotations=[annotation(0)])},
        {"output": output(annotations=[annotation(2) | {"end_line": 1}])},
        {"output": output(annotations=[annotation() | {"annotation_level": "error"}])},
        {"output": output(annotations=[annotation() | {"message": "x" * 65_537}])},
        {"head_sha": "f" * 40},
        {"name": ""},
    ],
)
async def test_what_github_would_not_take_is_422(shop: Shop, wrong: dict[str, Any], wrong_on_purpose: None) -> None:
    """G18, X35."""
    asked = {"name": "gate", "head_sha": shop.pull.head_sha, **wrong}
    assert (await shop.call("POST", RUNS, asked, auth=await shop.token()))[0] == 422


async def test_a_text_of_exactly_65535_bytes_is_taken(shop: Shop) -> None:
    text = "\N{SNOWMAN}" * 21_845
    run = await made(shop, await shop.token(), output=output(summary=text, text=text))
    assert run["output"]["text"] == text


async def test_a_conclusion_completes_a_check(shop: Shop) -> None:
    run = await made(shop, await shop.token(), conclusion="neutral")
    assert (run["status"], run["conclusion"], run["completed_at"] is not None) == ("completed", "neutral", True)


async def test_a_completed_check_may_go_back_to_work(shop: Shop) -> None:
    token = await shop.token()
    run = await made(shop, token, conclusion="failure")
    _, body, _ = await shop.call("PATCH", f"{RUNS}/{run['id']}", {"status": "in_progress"}, auth=token)
    assert (body["status"], body["conclusion"], body["completed_at"]) == ("in_progress", None, None)


async def test_only_the_app_that_made_a_check_may_change_it(shop: Shop) -> None:
    sha = shop.pull.head_sha
    foreign = await shop.sandbox.foreign_check(shop.repo, sha, "circleci", "build", "success")
    path = f"{RUNS}/{foreign.id}"
    assert (await shop.call("PATCH", path, {"conclusion": "failure"}, auth=await shop.token()))[0] == 403
    assert foreign.conclusion == "success"


async def test_a_person_cannot_make_a_check(shop: Shop) -> None:
    asked = {"name": "gate", "head_sha": shop.pull.head_sha}
    token = f"Bearer {shop.sandbox.user_token('mona')}"
    assert (await shop.call("POST", RUNS, asked, auth=token))[0] == 403


async def test_the_newest_check_of_a_name_is_listed_unless_all_are_asked_for(shop: Shop) -> None:
    """X8."""
    token = await shop.token()
    first, second = [await made(shop, token, conclusion=each) for each in ("failure", "success")]
    path = f"/repos/octo/shop/commits/{shop.pull.head_sha}/check-runs?app_id={shop.app.app_id}&check_name=gate"
    _, latest, _ = await shop.call("GET", path, auth=token)
    _, everything, _ = await shop.call("GET", path + "&filter=all", auth=token)
    assert [run["id"] for run in latest["check_runs"]] == [second["id"]]
    assert [run["id"] for run in everything["check_runs"]] == [second["id"], first["id"]]


async def test_checks_of_one_app_on_one_commit_share_a_suite(shop: Shop) -> None:
    """X39."""
    token = await shop.token()
    one, two = [await made(shop, token, name=name) for name in ("gate", "policy")]
    assert one["check_suite"] == two["check_suite"]


async def test_the_combined_status_is_the_worst_of_the_newest(shop: Shop) -> None:
    sha, token = shop.pull.head_sha, await shop.token()
    for state in ("failure", "pending"):
        await shop.call("POST", f"/repos/octo/shop/statuses/{sha}", {"state": state, "context": "a"}, auth=token)
    await shop.sandbox.commit_status(shop.repo, sha, "b", "success")
    _, body, _ = await shop.call("GET", f"/repos/octo/shop/commits/{sha}/status", auth=token)
    assert (body["state"], [each["state"] for each in body["statuses"]]) == ("pending", ["pending", "success"])
