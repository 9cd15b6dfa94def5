"""Whose it is, from the signed delivery to the check: facts about people are asked of GitHub when a job turns red."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from contract.github_description import violations
from world import AppWorld, running_app

from github_app.documents import to_record
from github_app.sandbox.scenario import Sandbox

POLICY = "schema: 1\nmode: enforce\n"
COMPILE = """2026-11-24T08:00:01.0000000Z ##[group]Run make
2026-11-24T08:00:01.1000000Z ##[endgroup]
2026-11-24T08:00:02.0000000Z src/cart.c:9:5: error: 'total' undeclared (first use in this function)
2026-11-24T08:00:03.0000000Z make: *** [Makefile:3: cart.o] Error 1
2026-11-24T08:00:04.0000000Z ##[error]Process completed with exit code 2.
2026-11-24T08:00:05.0000000Z Cleaning up orphan processes
"""


@pytest.fixture
async def app(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as world:
        await sandbox.put_file(world.repo, ".github/failure-review.yml", POLICY)
        yield world


async def red_build(app: AppWorld, sha: str, event: str = "pull_request") -> Any:
    """A build breaks on a commit; returns the gate, None on a branch."""
    run = await app.sandbox.start_run(app.repo, sha, "CI", ".github/workflows/ci.yml", jobs=["build"], event=event)
    await app.sandbox.finish_job(app.sandbox.job(run, "build"), "failure", log=COMPILE)
    await app.sandbox.finish_run(run)
    await app.quiet()
    return app.gate(sha)


def asked(app: AppWorld, part: str) -> int:
    return sum(1 for request in app.sandbox.requests if part in request.path and request.method == "GET")


@pytest.mark.requirement("S1-022")
async def test_a_build_that_one_person_broke_stays_theirs_when_another_pushes_on(app: AppWorld) -> None:
    await app.sandbox.put_files(app.repo, {"src/cart.c": "int x"}, "cart", author="bea")
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    assert asked(app, f"/commits/{pull.head_sha}") == 0
    gate = await red_build(app, pull.head_sha)
    assert gate.title == "build.compile (bea, 2 h to fix)"
    assert asked(app, f"/commits/{pull.head_sha}") == 1
    await app.sandbox.push_commit(pull, author="cal")
    gate = await red_build(app, pull.head_sha)
    assert gate.title == "build.compile (bea, 2 h to fix)"
    assert violations(app.sandbox.requests) == []


async def test_a_bot_s_pull_request_is_its_assignee_s_whatever_github_does_not_tell(app: AppWorld) -> None:
    """C52: bots are passed over, and missing answers fall through."""
    bot = "renovate[bot]"
    app.sandbox.world.account(bot, "Bot")
    await app.sandbox.put_files(app.repo, {"src/cart.c": "int x"}, "bump", author=bot)
    pull = await app.sandbox.open_pull(app.repo, "bump", author=bot, title="Bump the cart")
    app.sandbox.fault("status", "GET", r".*/commits/[0-9a-f]+", status=403, times=9)
    assert (await red_build(app, pull.head_sha)).title == "build.compile (octo, 2 h to fix)"
    await app.sandbox.assign(pull, "ada", by="ada")
    await app.quiet()
    assert app.gate(pull.head_sha).title == "build.compile (ada, 2 h to fix)"


async def test_on_a_branch_the_pull_request_behind_a_bot_s_merge_says_whose_it_is(app: AppWorld) -> None:
    """C52: at most three calls."""
    bot = "renovate[bot]"
    app.sandbox.world.account(bot, "Bot")
    await app.sandbox.put_files(app.repo, {"src/cart.c": "int x"}, "bump", author=bot)
    pull = await app.sandbox.open_pull(app.repo, "bump", author=bot, title="Bump the cart")
    await app.sandbox.close_pull(pull, merged=True, by="cal")
    before = len(app.sandbox.requests)
    await red_build(app, app.repo.branches["main"], event="push")
    [failure] = await failures_on(app, "branch/main")
    assert [person.login for person in failure.owner.accountable.people] == ["cal"]
    assert failure.owner.steps[1:] == (
        f"code_author: renovate[bot], who opened pull request #{pull.number}, is a bot",
        f"code_author: cal merged pull request #{pull.number}",
    )
    paths = [request.path for request in app.sandbox.requests[before:]]
    assert sum("/commits/" in path or "/pulls/" in path for path in paths) <= 3
    assert violations(app.sandbox.requests) == []


LEAK = """2026-11-24T08:00:01.0000000Z Finding:     key = "REDACTED"
2026-11-24T08:00:01.1000000Z RuleID:      stripe-access-token
2026-11-24T08:00:01.2000000Z File:        config/pay.py
2026-11-24T08:00:01.3000000Z Line:        2
2026-11-24T08:00:01.4000000Z Author:      canary
2026-11-24T08:00:01.5000000Z Email:       canary@example.com
2026-11-24T08:00:02.0000000Z 3:15PM WRN leaks found: 1
2026-11-24T08:00:03.0000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:04.0000000Z Cleaning up orphan processes
"""


@pytest.mark.requirement("S1-017")
async def test_the_committer_of_a_secret_is_kept_for_private_channels_and_shown_nowhere(
    app: AppWorld, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    github, repo = app.sandbox, app.repo
    await github.put_files(repo, {"config/pay.py": "first\nkey\n"}, "pay", author="canary")
    await github.put_files(repo, {"config/pay.py": "zero\nfirst\nkey\n"}, "pay", author="eve")
    await github.put_files(repo, {"config/pay.py": "first\nkey\n"}, "pay", author="eve")
    pull = await github.open_pull(repo, "pay", author="ada", title="Take money")
    run = await github.start_run(repo, pull.head_sha, "CI", ".github/workflows/ci.yml", jobs=["scan"])
    await github.finish_job(github.job(run, "scan"), "failure", log=LEAK)
    await github.finish_run(run)
    await app.quiet()
    [failure] = await failures_on(app, f"pull/{pull.number}")
    [told] = failure.owner.informed
    assert (failure.verdict.category, [person.login for person in told.people]) == ("security.secret", ["canary"])
    runs = [each for each in github.check_runs(repo, pull.head_sha) if each.suite.app.id == app.app_id]
    shown = [json.dumps([run.title, run.summary, run.text, run.annotations]) for run in runs]
    shown += [each.body for each in github.comments(pull)] + github.labels(pull)
    shown += [entry.reason for entry in await app.parts.store.journal.about(failure.id)]
    shown += [await page_of(app, failure.id), await metrics_of(app), caplog.text]
    assert "the committer (told privately)" in "".join(shown)
    assert [text for text in shown if "canary" in text] == []
    assert violations(github.requests) == []


async def page_of(app: AppWorld, failure_id: str) -> str:
    """The failure's page, as somebody sees it who may read the repository."""
    app.sandbox.set_role(app.repo, "ada", "read")
    app.sandbox.at_the_browser("ada")
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
        browser.get(f"{app.address}/login", params={"next": f"/failures/{failure_id}"}) as arrived,
    ):
        assert arrived.status == 200
        return await arrived.text()


async def metrics_of(app: AppWorld) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{app.address}/metrics") as answer:
        return await answer.text()


async def failures_on(app: AppWorld, ref: str) -> list[Any]:
    documents = await app.parts.store.find("failure", app.repo.id, refs=[ref])
    return [to_record(document) for document in documents]
