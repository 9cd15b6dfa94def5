"""The pages for people show what happened and let nothing that strangers wrote act."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sandbox.shops import Shop

from github_app.sandbox.markdown import harmless_html, render
from github_app.sandbox.views import ago, checks_of, merge_state

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a>"


async def page(shop: Shop, path: str) -> str:
    async with shop.session.get(shop.sandbox.base_url + path) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_the_pull_request_page_shows_checks_labels_comment_and_annotations(shop: Shop) -> None:
    token = await shop.token()
    shop.sandbox.protect(shop.repo, "main", [("gate", shop.app.app_id)])
    note = {
        "path": "README.md",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "failure",
        "message": "wrong title",
    }
    output = {"title": "One failure", "summary": "| job | owner |\n|---|---|\n| `test` | mona |", "annotations": [note]}
    asked = {"name": "gate", "head_sha": shop.pull.head_sha, "conclusion": "failure", "output": output}
    await shop.call("POST", "/repos/octo/shop/check-runs", asked, auth=token)
    await shop.call("POST", "/repos/octo/shop/issues/1/comments", {"body": "<!-- mark -->\n**Look**"}, auth=token)
    await shop.sandbox.label(shop.pull, ["failure-review:test.unit"])
    text = await page(shop, "/octo/shop/pull/1")
    for shown in (
        "Add a basket",
        "failure-review:test.unit",
        "merging is blocked",
        "One failure",
        "<td>mona</td>",
        "wrong title",
        "# shop",
        "<strong>Look</strong>",
        "Required",
    ):
        assert shown in text
    assert "mark" not in text.replace("markdown", "")


@pytest.mark.parametrize("path", ["/", "/octo/shop/pull/1", "job", "check"])
async def test_what_strangers_write_is_shown_and_does_not_act(shop: Shop, path: str) -> None:
    """T19, T21."""
    sandbox, sha = shop.sandbox, shop.pull.head_sha
    shop.pull.title = shop.pull.body = HOSTILE
    await sandbox.comment(shop.pull, "eve", HOSTILE)
    await sandbox.label(shop.pull, [HOSTILE])
    note = {"path": HOSTILE, "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": HOSTILE}
    said = {"title": HOSTILE, "summary": HOSTILE, "text": HOSTILE, "annotations": [note]}
    foreign = await sandbox.foreign_check(shop.repo, sha, "ci", HOSTILE, "failure", output=said)
    run = await sandbox.start_run(shop.repo, sha, jobs=[HOSTILE])
    job = sandbox.job(run, HOSTILE)
    await sandbox.finish_job(job, "failure", log=HOSTILE, steps=[(HOSTILE, "failure")], annotations=[note])
    where = {
        "job": f"/octo/shop/actions/runs/{run.id}/job/{job.id}",
        "check": f"/octo/shop/runs/{foreign.id}",
    }
    text = await page(shop, where.get(path, path))
    assert "&lt;script&gt;" in text
    for acting in ("<script", "<img", "href='javascript", 'href="javascript'):
        assert acting not in text


async def test_pages_allow_no_scripts_at_all(shop: Shop) -> None:
    async with shop.session.get(shop.sandbox.base_url + "/octo/shop/pull/1") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("path", ["/octo/shop/pull/9", "/octo/none/pull/1", "/octo/shop/runs/1"])
async def test_a_page_that_is_not_there_is_404(shop: Shop, path: str) -> None:
    async with shop.session.get(shop.sandbox.base_url + path) as answer:
        assert answer.status == 404


async def test_the_log_of_a_job_is_numbered(shop: Shop) -> None:
    job = shop.sandbox.job(shop.run, "test")
    text = await page(shop, f"/octo/shop/actions/runs/{shop.run.id}/job/{job.id}")
    assert '<tr id="L1"><td class="number">1</td><td><pre>it broke</pre></td></tr>' in text


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<details><summary>Why</summary>", "<details><summary>Why</summary>"),
        ("<!-- mark -->x", "x"),
        ("<details open onclick=x>", "&lt;details open onclick=x&gt;"),
        ("a<b>c</b>", "a<b>c</b>"),
        ("<!-- never closed", ""),
        ("1 < 2", "1 &lt; 2"),
    ],
)
def test_only_html_that_can_do_nothing_stays_html(html: str, shown: str) -> None:
    assert harmless_html(html) == shown


def test_markdown_shows_no_pictures_from_elsewhere() -> None:
    assert "<img" not in render("![x](https://evil.example/x.png)")


@pytest.mark.parametrize(
    ("conclusions", "required", "icon", "headline"),
    [
        ({}, [], "neutral", "No checks"),
        ({}, ["gate"], "running", "Some checks haven't completed yet: merging is blocked"),
        ({"gate": None}, ["gate"], "running", "Some checks haven't completed yet: merging is blocked"),
        ({"gate": "success"}, ["gate"], "success", "All checks have passed"),
        ({"gate": "neutral"}, ["gate"], "success", "All checks have passed"),
        ({"gate": "failure"}, ["gate"], "failure", "All checks have failed: merging is blocked"),
        ({"gate": "success", "lint": "failure"}, ["gate"], "failure", "Some checks were not successful"),
        ({"gate": "cancelled"}, ["gate"], "failure", "All checks have failed: merging is blocked"),
    ],
)
async def test_the_merge_box_says_what_a_code_host_would_say(
    shop: Shop, conclusions: dict[str, str | None], required: list[str], icon: str, headline: str
) -> None:
    """G21: neutral satisfies a required check; a check that never came does not."""
    shop.sandbox.protect(shop.repo, "main", [(name, None) for name in required])
    await shop.sandbox.push_commit(shop.pull)
    for name, conclusion in conclusions.items():
        await shop.sandbox.foreign_check(shop.repo, shop.pull.head_sha, "ci", name, conclusion)
    assert merge_state(shop.pull, checks_of(shop.pull, ""))[:2] == (icon, headline)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (200_000, "2 days ago"),
        (-5, "just now"),
    ],
)
def test_how_long_ago_is_said_in_one_unit(seconds: int, words: str) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert ago(now, now - timedelta(seconds=seconds)) == words


async def test_the_pages_have_their_style(shop: Shop) -> None:
    async with shop.session.get(shop.sandbox.base_url + "/sandbox.css") as answer:
        assert (answer.status, answer.content_type) == (200, "text/css")
