"""Webhooks are signed, come in order, are listed afterwards and are redelivered on request only."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from sandbox.shops import Ear, Shop

from github_app.sandbox.webhooks import sign


def events(ear: Ear) -> list[str]:
    """`event.action` of everything heard, and forget it."""
    found = []
    for headers, body in ear.heard:
        action = json.loads(body).get("action")
        found.append(headers["X-GitHub-Event"] + (f".{action}" if action else ""))
    ear.heard.clear()
    return found


def listen(shop: Shop, ear: Ear) -> None:
    shop.sandbox.point_webhook(shop.app.app_id, ear.url)


def test_the_signature_is_the_one_of_githubs_documentation() -> None:
    """G8: the vector of "Validating webhook deliveries"."""
    expected = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign("It's a Secret to Everybody", b"Hello, World!") == expected


async def test_a_delivery_is_signed_over_its_bytes(shop: Shop, ear: Ear) -> None:
    listen(shop, ear)
    await shop.sandbox.close_pull(shop.pull)
    headers, body = ear.heard[0]
    digest = hmac.new(shop.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert headers["X-GitHub-Hook-Installation-Target-ID"] == str(shop.app.app_id)
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")


async def test_the_story_of_a_failing_run_is_told_in_order(shop: Shop, ear: Ear) -> None:
    listen(shop, ear)
    run = await shop.sandbox.start_run(shop.repo, shop.pull.head_sha, jobs=["test"])
    await shop.sandbox.finish_job(shop.sandbox.job(run, "test"), "failure", log="no\n")
    await shop.sandbox.finish_run(run)
    assert events(ear) == [
        "workflow_run.requested",
        "check_run.created",
        "workflow_job.queued",
        "workflow_run.in_progress",
        "workflow_job.in_progress",
        "check_run.completed",
        "workflow_job.completed",
        "workflow_run.completed",
        "check_suite.completed",
    ]


async def test_a_push_to_a_pull_request_is_told_three_times(shop: Shop, ear: Ear) -> None:
    listen(shop, ear)
    await shop.sandbox.push_commit(shop.pull)
    assert events(ear) == ["push", "check_suite.requested", "pull_request.synchronize"]


async def test_a_fork_is_not_seen_by_checks_and_runs(shop: Shop, ear: Ear) -> None:
    """G20, E25: `pull_requests` is empty, the head is in the fork."""
    fork = shop.sandbox.fork(shop.repo, "eve")
    pull = await shop.sandbox.open_pull(shop.repo, "patch", "eve", "From outside", fork_from=fork)
    listen(shop, ear)
    run = await shop.sandbox.start_run(shop.repo, pull.head_sha)
    await shop.sandbox.finish_run(run)
    said: dict[str, Any] = {headers["X-GitHub-Event"]: json.loads(body) for headers, body in ear.heard}
    assert said["workflow_run"]["workflow_run"]["pull_requests"] == []
    assert said["workflow_run"]["workflow_run"]["head_repository"]["full_name"] == "eve/shop"
    assert said["check_run"]["check_run"]["pull_requests"] == []
    assert said["check_suite"]["check_suite"]["head_branch"] is None


async def test_an_app_hears_only_of_its_repositories_and_events(shop: Shop, ear: Ear) -> None:
    listen(shop, ear)
    elsewhere = shop.sandbox.create_repo("else", "where")
    await shop.sandbox.put_file(elsewhere, "a", "b")
    app = shop.sandbox.world.state.apps[shop.app.app_id]
    app.events = tuple(event for event in app.events if event != "issue_comment")
    await shop.sandbox.comment(shop.pull, "ada", "not subscribed")
    assert events(ear) == []


async def test_installing_and_leaving_are_told(shop: Shop, ear: Ear) -> None:
    listen(shop, ear)
    second = shop.sandbox.create_repo("octo", "other")
    await shop.sandbox.install(shop.app.app_id, second)
    await shop.sandbox.remove_repository(shop.installation, second)
    await shop.sandbox.suspend(shop.installation)
    await shop.sandbox.unsuspend(shop.installation)
    await shop.sandbox.rename_repo(shop.repo, "store")
    await shop.sandbox.uninstall(shop.installation)
    assert events(ear) == [
        "installation_repositories.added",
        "installation_repositories.removed",
        "installation.suspend",
        "installation.unsuspend",
        "repository.renamed",
        "installation.deleted",
    ]


async def test_the_merge_queue_asks_and_dissolves(shop: Shop, ear: Ear) -> None:
    """X40, E34."""
    listen(shop, ear)
    head = await shop.sandbox.merge_group(shop.repo, [shop.pull])
    group = json.loads(ear.heard[-1][1])["merge_group"]
    assert (group["head_sha"], group["head_ref"].startswith("refs/heads/gh-readonly-queue/main/pr-1-")) == (head, True)
    await shop.sandbox.destroy_merge_group(shop.repo, head, "merged")
    assert events(ear)[-2:] == ["merge_group.checks_requested", "merge_group.destroyed"]
    assert json.loads(json.dumps(head)) not in shop.repo.branches.values()


async def test_a_failed_delivery_is_not_repeated_until_somebody_asks(shop: Shop, ear: Ear) -> None:
    """G2, G4, G5: same GUID again."""
    listen(shop, ear)
    bearer, ear.status = f"Bearer {shop.jwt()}", 503
    await shop.sandbox.close_pull(shop.pull)
    _, failed, _ = await shop.call("GET", "/app/hook/deliveries?status=failure", auth=bearer)
    assert [(each["event"], each["action"], each["status_code"]) for each in failed] == [
        ("pull_request", "closed", 503)
    ]
    ear.status = 202
    again = f"/app/hook/deliveries/{failed[0]['id']}/attempts"
    assert (await shop.call("POST", again, auth=bearer))[0] == 202
    await shop.sandbox.settled()
    assert len({headers["X-GitHub-Delivery"] for headers, _ in ear.heard}) == 1
    assert ear.heard[0][1] == ear.heard[1][1]
    _, listed, _ = await shop.call("GET", "/app/hook/deliveries?per_page=1", auth=bearer)
    _, one, _ = await shop.call("GET", f"/app/hook/deliveries/{listed[0]['id']}", auth=bearer)
    assert (one["redelivery"], one["status"], one["request"]["payload"]["number"]) == (True, "OK", 1)


async def test_deliveries_are_listed_newest_first_page_by_page(shop: Shop, ear: Ear) -> None:
    listen(shop, ear)
    await shop.sandbox.push_commit(shop.pull)
    bearer, seen, url = f"Bearer {shop.jwt()}", [], "/app/hook/deliveries?per_page=2"
    while url:
        _, page, headers = await shop.call("GET", url, auth=bearer)
        seen += [each["event"] for each in page]
        url = headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert seen == ["pull_request", "check_suite", "push"]


async def test_a_muted_sandbox_loses_webhooks_and_says_so(shop: Shop, ear: Ear) -> None:
    """F29."""
    listen(shop, ear)
    shop.sandbox.mute()
    await shop.sandbox.close_pull(shop.pull)
    assert (ear.heard, shop.sandbox.deliveries[-1].status) == ([], "failed to connect to host")


async def test_nobody_listening_is_a_failed_delivery(shop: Shop) -> None:
    shop.sandbox.point_webhook(shop.app.app_id, "http://127.0.0.1:9/webhook")
    await shop.sandbox.close_pull(shop.pull)
    assert (shop.sandbox.deliveries[-1].status_code, shop.sandbox.deliveries[-1].status) == (
        0,
        "failed to connect to host",
    )


async def test_a_check_is_asked_for_again_only_from_its_own_app(shop: Shop, ear: Ear) -> None:
    """X16."""
    foreign = await shop.sandbox.foreign_check(shop.repo, shop.pull.head_sha, "circleci", "build", "failure")
    listen(shop, ear)
    await shop.sandbox.request_check_again(foreign, "mona")
    assert events(ear) == []
    asked = {"name": "gate", "head_sha": shop.pull.head_sha}
    await shop.call("POST", "/repos/octo/shop/check-runs", asked, auth=await shop.token())
    own = shop.sandbox.check_runs(shop.repo, shop.pull.head_sha, "gate")[0]
    await shop.sandbox.request_check_again(own, "mona")
    await shop.sandbox.request_suite_again(own, "mona")
    assert events(ear) == ["check_run.created", "check_run.rerequested", "check_suite.rerequested"]


async def test_what_people_do_on_a_pull_request_is_told(shop: Shop, ear: Ear) -> None:
    listener = shop.sandbox.register_app(
        ear.url, slug="listener", events=["issue_comment", "pull_request", "repository"]
    )
    await shop.sandbox.install(listener.app_id, shop.repo)
    first = shop.pull.head_sha
    await shop.sandbox.push_commit(shop.pull)
    await shop.sandbox.force_push(shop.pull, first)
    comment = await shop.sandbox.comment(shop.pull, "ada", "Hello")
    await shop.sandbox.edit_comment(comment, "Bye", "mona")
    await shop.sandbox.delete_comment(comment, "mona")
    await shop.sandbox.label(shop.pull, ["bug"], by="ada")
    await shop.sandbox.label(shop.pull, [])
    await shop.sandbox.close_pull(shop.pull)
    await shop.sandbox.reopen_pull(shop.pull)
    await shop.sandbox.close_pull(shop.pull, merged=True)
    await shop.sandbox.transfer_repo(shop.repo, "elsewhere")
    assert events(ear) == [
        "installation.created",
        "pull_request.synchronize",
        "pull_request.synchronize",
        "issue_comment.created",
        "issue_comment.edited",
        "issue_comment.deleted",
        "pull_request.labeled",
        "pull_request.unlabeled",
        "pull_request.closed",
        "pull_request.reopened",
        "pull_request.closed",
        "repository.transferred",
    ]
    assert (shop.pull.head_sha, shop.repo.branches["main"], shop.repo.full_name) == (
        first,
        shop.pull.merge_sha,
        "elsewhere/shop",
    )


async def test_a_check_of_another_ci_system_begins_and_ends(shop: Shop, ear: Ear) -> None:
    sha = shop.pull.head_sha
    foreign = await shop.sandbox.foreign_check(shop.repo, sha, "circleci", "build", None)
    listen(shop, ear)
    await shop.sandbox.finish_foreign_check(foreign, "failure", {"title": "No", "summary": "It broke"})
    assert (foreign.status, foreign.conclusion, foreign.summary) == ("completed", "failure", "It broke")
    assert events(ear) == ["check_run.completed", "check_suite.completed"]


async def test_a_forced_push_says_so(shop: Shop, ear: Ear) -> None:
    """F36."""
    first = shop.pull.head_sha
    listen(shop, ear)
    await shop.sandbox.push_commit(shop.pull)
    await shop.sandbox.force_push(shop.pull, first)
    pushes = [json.loads(body) for headers, body in ear.heard if headers["X-GitHub-Event"] == "push"]
    assert [(each["forced"], each["after"] == first) for each in pushes] == [(False, False), (True, True)]
