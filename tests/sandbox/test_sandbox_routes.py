"""Every route of the sandbox answers as GitHub describes it; the `sandbox` fixture judges requests and answers."""

from __future__ import annotations

from typing import Any

import pytest
from contract.cut_description import wanted
from sandbox.shops import Shop


async def values_of(shop: Shop) -> dict[str, Any]:
    """What to put into the path of every operation."""
    sandbox = shop.sandbox
    sandbox.protect(shop.repo, "main", [("failure-review/gate", shop.app.app_id), ("ci", None)])
    await sandbox.commit_status(shop.repo, shop.pull.head_sha, "legacy-ci", "failure", description="Broken")
    sha = shop.pull.head_sha
    foreign = await sandbox.foreign_check(shop.repo, sha, "circleci", "build", "failure", output={"title": "No"})
    comment = await sandbox.comment(shop.pull, "ada", "Looks good")
    await sandbox.label(shop.pull, ["bug", "later"])
    sandbox.upload_artifact(shop.run, "report", {"a.txt": b"text"})
    return {
        "owner": "octo",
        "repo": "shop",
        "org": "octo",
        "team_slug": "backend",
        "username": "ada",
        "account_id": sandbox.user("ada").id,
        "installation_id": shop.installation,
        "artifact_id": next(iter(shop.repo.artifacts)),
        "archive_format": "zip",
        "job_id": sandbox.job(shop.run, "test").id,
        "run_id": shop.run.id,
        "attempt_number": 1,
        "workflow_id": "ci.yml",
        "branch": "main",
        "basehead": f"main...{sha}",
        "check_run_id": foreign.id,
        "check_suite_id": foreign.suite.id,
        "commit_sha": shop.pull.head_sha,
        "sha": shop.pull.head_sha,
        "ref": shop.pull.head_sha,
        "path": ".github/CODEOWNERS",
        "comment_id": comment.id,
        "issue_number": 1,
        "pull_number": 1,
        "name": "bug",
        "ruleset_id": shop.repo.id,
    }


READS = sorted(
    path
    for method, path in wanted()
    if method == "get" and not path.startswith("/app") and path != "/user" and "deliver" not in path
)


async def test_every_read_of_an_installation_is_answered_as_github_describes(shop: Shop) -> None:
    values, token = await values_of(shop), await shop.token()
    answers = {}
    for path in READS:
        auth = f"Bearer {shop.jwt()}" if path.endswith("/installation") else token
        answers[path], body, _ = await shop.call("GET", path.format_map(values), auth=auth)
        assert answers[path] in (200, 204, 302), (path, body)


async def test_the_app_itself_reads_its_installations_and_settings(shop: Shop) -> None:
    bearer = f"Bearer {shop.jwt()}"
    _, me, _ = await shop.call("GET", "/app", auth=bearer)
    _, mine, _ = await shop.call("GET", "/app/installations", auth=bearer)
    _, one, _ = await shop.call("GET", f"/app/installations/{shop.installation}", auth=bearer)
    assert (me["id"], mine, one["account"]["login"]) == (shop.app.app_id, [one], "octo")
    changed = {"url": "http://127.0.0.1:1/webhook", "secret": "next", "content_type": "json"}
    status, config, _ = await shop.call("PATCH", "/app/hook/config", changed, auth=bearer)
    assert (status, config["url"]) == (200, "http://127.0.0.1:1/webhook")
    assert (await shop.call("GET", "/app/hook/config", auth=bearer))[1] == config


async def test_comments_are_written_changed_and_deleted(shop: Shop) -> None:
    token, comments = await shop.token(), "/repos/octo/shop/issues/1/comments"
    status, made, _ = await shop.call("POST", comments, {"body": "first"}, auth=token)
    one = f"/repos/octo/shop/issues/comments/{made['id']}"
    assert (status, made["user"]["login"]) == (201, "failure-review[bot]")
    assert (await shop.call("PATCH", one, {"body": "second"}, auth=token))[1]["body"] == "second"
    assert [each["body"] for each in (await shop.call("GET", comments, auth=token))[1]] == ["second"]
    assert (await shop.call("DELETE", one, auth=token))[0] == 204
    assert (await shop.call("GET", one, auth=token))[0] == 404


@pytest.mark.parametrize(("length", "status"), [(65_536, 201), (65_537, 422)])
async def test_a_comment_holds_65536_characters(shop: Shop, length: int, status: int) -> None:
    body = {"body": "x" * length}
    assert (await shop.call("POST", "/repos/octo/shop/issues/1/comments", body, auth=await shop.token()))[0] == status


async def test_labels_are_added_replaced_and_removed(shop: Shop) -> None:
    token, labels = await shop.token(), "/repos/octo/shop/issues/1/labels"
    color = {"name": "failure-review:test.unit", "color": "d73a4a"}
    assert (await shop.call("POST", "/repos/octo/shop/labels", color, auth=token))[0] == 201
    assert (await shop.call("POST", "/repos/octo/shop/labels", color, auth=token))[0] == 422
    await shop.call("POST", labels, {"labels": ["bug", "failure-review:test.unit"]}, auth=token)
    assert shop.sandbox.labels(shop.pull) == ["bug", "failure-review:test.unit"]
    await shop.call("DELETE", labels + "/failure-review%3Atest.unit", auth=token)
    assert shop.sandbox.labels(shop.pull) == ["bug"]
    await shop.call("PUT", labels, {"labels": ["other"]}, auth=token)
    assert shop.sandbox.labels(shop.pull) == ["other"]
    assert (await shop.call("DELETE", labels, auth=token))[0] == 204
    assert shop.sandbox.labels(shop.pull) == []
    assert (await shop.call("DELETE", labels + "/other", auth=token))[0] == 404


async def test_a_renamed_repository_leads_on_by_its_number(shop: Shop) -> None:
    """F20, E-rename: old names redirect, ids stay."""
    await shop.sandbox.rename_repo(shop.repo, "store")
    token = await shop.token()
    status, _, headers = await shop.call("GET", "/repos/octo/shop/pulls/1", auth=token)
    assert (status, headers["Location"]) == (301, f"{shop.sandbox.base_url}/repositories/{shop.repo.id}/pulls/1")
    assert (await shop.call("GET", headers["Location"], auth=token))[1]["base"]["repo"]["full_name"] == "octo/store"
    assert (await shop.call("POST", "/repos/octo/shop/labels", {"name": "x"}, auth=token))[0] == 307


async def test_lists_come_in_pages_with_links(shop: Shop) -> None:
    token = await shop.token()
    for number in range(5):
        await shop.sandbox.comment(shop.pull, "ada", f"comment {number}")
    seen, url = [], "/repos/octo/shop/issues/1/comments?per_page=2"
    while url:
        _, page, headers = await shop.call("GET", url, auth=token)
        seen += [each["body"] for each in page]
        url = {rel: link for link, rel in _links(headers)}.get("next", "")
    assert seen == [f"comment {number}" for number in range(5)]


def _links(headers: Any) -> list[tuple[str, str]]:
    parts = [part.split(";") for part in headers.get("Link", "").split(", ") if part]
    return [(link.strip("<> "), rel.split('"')[1]) for link, rel in parts]


async def test_an_answer_that_the_caller_has_costs_nothing(shop: Shop) -> None:
    token = await shop.token()
    _, _, first = await shop.call("GET", "/repos/octo/shop", auth=token)
    status, body, second = await shop.call("GET", "/repos/octo/shop", auth=token, If_None_Match=first["ETag"])
    assert (status, body, second["X-RateLimit-Remaining"]) == (304, None, first["X-RateLimit-Remaining"])


async def test_a_spent_limit_refuses_until_the_hour_is_over(shop: Shop) -> None:
    token = await shop.token()
    shop.sandbox.world.rate_limit = 2
    answers = [await shop.call("GET", "/repos/octo/shop", auth=token) for _ in range(3)]
    assert [(status, headers["X-RateLimit-Remaining"]) for status, _, headers in answers] == [
        (200, "1"),
        (200, "0"),
        (403, "0"),
    ]


async def test_an_unknown_address_is_404_in_the_shape_of_github(shop: Shop, wrong_on_purpose: None) -> None:
    status, body, _ = await shop.call("GET", "/repos/octo/shop/nothing-here", auth=await shop.token())
    assert (status, body["message"], body["status"]) == (404, "Not Found", "404")


async def test_who_does_not_say_who_it_is_is_refused(shop: Shop, wrong_on_purpose: None) -> None:
    assert (await shop.call("GET", "/rate_limit", User_Agent=""))[0] == 403


async def test_a_body_that_is_no_json_is_400(shop: Shop, wrong_on_purpose: None) -> None:
    url, token = f"{shop.sandbox.base_url}/repos/octo/shop/labels", await shop.token()
    async with shop.session.post(url, data=b"{", headers={"Authorization": token}) as answer:
        assert (answer.status, (await answer.json())["message"]) == (400, "Problems parsing JSON")


async def test_the_permission_of_a_person_is_their_best_role(shop: Shop) -> None:
    """G27: `permission` hides what `role_name` says."""
    token, path = await shop.token(), "/repos/octo/shop/collaborators/{}/permission"
    shop.sandbox.set_role(shop.repo, "guest", "release-captain")
    shop.sandbox.user("stranger")
    found = {}
    for name in ("mona", "ada", "guest", "stranger"):
        _, body, _ = await shop.call("GET", path.format(name), auth=token)
        found[name] = (body["permission"], body["role_name"])
    assert found == {
        "mona": ("write", "maintain"),
        "ada": ("write", "write"),
        "guest": ("read", "release-captain"),
        "stranger": ("none", "none"),
    }


async def test_collaborators_are_listed_from_a_role_upwards(shop: Shop) -> None:
    path = "/repos/octo/shop/collaborators?permission=maintain"
    _, body, _ = await shop.call("GET", path, auth=await shop.token())
    assert [each["login"] for each in body] == ["mona"]


async def test_pull_requests_are_found_by_their_head(shop: Shop) -> None:
    """X13: the head of a fork is found by `head=`, not by its commit."""
    fork = shop.sandbox.fork(shop.repo, "eve")
    pull = await shop.sandbox.open_pull(shop.repo, "patch", "eve", "From outside", fork_from=fork)
    token = await shop.token()
    _, by_head, _ = await shop.call("GET", "/repos/octo/shop/pulls?head=eve%3Apatch", auth=token)
    _, by_sha, _ = await shop.call("GET", f"/repos/octo/shop/commits/{pull.head_sha}/pulls", auth=token)
    _, own, _ = await shop.call("GET", f"/repos/octo/shop/commits/{shop.pull.head_sha}/pulls", auth=token)
    assert ([each["number"] for each in by_head], by_sha, [each["number"] for each in own]) == ([2], [], [1])


async def test_the_changed_files_of_a_pull_request_carry_patches(shop: Shop) -> None:
    await shop.sandbox.push_commit(shop.pull, {"README.md": "# shop\nnow with a basket\n"})
    _, files, _ = await shop.call("GET", "/repos/octo/shop/pulls/1/files", auth=await shop.token())
    assert [(each["filename"], each["status"], each["additions"]) for each in files] == [
        ("README.md", "modified", 1),
        ("changes/feature-basket.md", "added", 1),
    ]


async def test_contents_are_read_at_a_ref_or_are_not_there(shop: Shop) -> None:
    token, path = await shop.token(), "/repos/octo/shop/contents/"
    listing = await shop.call("GET", path + ".github", auth=token)
    gone = await shop.call("GET", path + ".github/failure-review.yml", auth=token)
    ahead = await shop.call("GET", path + "changes/feature-basket.md?ref=feature/basket", auth=token)
    behind = await shop.call("GET", path + "changes/feature-basket.md", auth=token)
    assert [each["name"] for each in listing[1]] == ["CODEOWNERS"]
    assert (gone[0], ahead[0], behind[0]) == (404, 200, 404)


async def test_a_required_check_may_be_pinned_to_its_app(shop: Shop) -> None:
    """G22: `integration_id` says whose report counts."""
    shop.sandbox.protect(shop.repo, "main", [("failure-review/gate", shop.app.app_id), ("ci", None)])
    _, rules, _ = await shop.call("GET", "/repos/octo/shop/rules/branches/main", auth=await shop.token())
    assert rules[0]["parameters"]["required_status_checks"] == [
        {"context": "failure-review/gate", "integration_id": shop.app.app_id},
        {"context": "ci"},
    ]


MISSING = [
    "/repos/octo/none",
    "/repos/none/none/pulls",
    "/repositories/1",
    "/repos/octo/shop/pulls/9",
    "/repos/octo/shop/issues/9/comments",
    "/repos/octo/shop/issues/comments/9",
    "/repos/octo/shop/labels/none",
    "/repos/octo/shop/check-runs/9",
    "/repos/octo/shop/check-suites/9",
    "/repos/octo/shop/branches/none",
    "/repos/octo/shop/branches/main/protection",
    "/repos/octo/shop/rulesets/9",
    "/repos/octo/shop/contents/README.md?ref=none",
    "/repos/octo/shop/collaborators/nobody/permission",
    "/repos/octo/shop/actions/runs/9",
    "/repos/octo/shop/actions/jobs/9",
    "/repos/octo/shop/actions/artifacts/9/zip",
    "/repos/octo/shop/actions/workflows/none.yml",
    "/orgs/octo/teams/none/members",
    "/orgs/octo/teams/backend/memberships/mona",
    "/users/nobody",
    "/user/9",
]


@pytest.mark.parametrize("path", MISSING)
async def test_what_is_not_there_is_404(shop: Shop, path: str) -> None:
    """F20, F22."""
    assert (await shop.call("GET", path, auth=await shop.token()))[0] == 404


async def test_an_attempt_that_was_never_made_is_404(shop: Shop) -> None:
    path = f"/repos/octo/shop/actions/runs/{shop.run.id}/attempts/2"
    assert (await shop.call("GET", path, auth=await shop.token()))[0] == 404


@pytest.mark.parametrize("tail", ["", "/check-runs", "/status"])
async def test_a_commit_that_is_not_there_is_422(shop: Shop, tail: str) -> None:
    """F21."""
    path = f"/repos/octo/shop/commits/{'f' * 40}{tail}"
    assert (await shop.call("GET", path, auth=await shop.token()))[0] == 422


async def test_the_rest_of_the_limit_may_be_asked_for(shop: Shop) -> None:
    token = await shop.token()
    await shop.call("GET", "/repos/octo/shop", auth=token)
    _, body, _ = await shop.call("GET", "/rate_limit", auth=token)
    assert (body["rate"]["used"], body["rate"]["remaining"]) == (1, 4999)
