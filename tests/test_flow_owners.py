"""Whose it is, from the signed delivery to the check: facts about people are asked of GitHub when a job turns red."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

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


async def failures_on(app: AppWorld, ref: str) -> list[Any]:
    documents = await app.parts.store.find("failure", app.repo.id, refs=[ref])
    return [to_record(document) for document in documents]
