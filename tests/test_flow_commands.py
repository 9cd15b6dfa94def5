"""Somebody corrects a failure on the pull request: from the signed delivery to what the pull request shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from world import AppWorld, running_app

from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.state import Comment

LOG = """2026-11-24T08:00:01.0000000Z FAILED tests/unit/test_cart.py::test_total - assert 3 == 4
2026-11-24T08:00:02.0000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:03.0000000Z Cleaning up orphan processes
"""


@pytest.fixture
async def app(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as world:
        yield world


async def failed_pull(app: AppWorld) -> Any:
    """A pull request whose unit tests fail; bob may write, ada opened it."""
    app.sandbox.set_role(app.repo, "bob", "write")
    await app.sandbox.put_file(app.repo, ".github/failure-review.yml", "schema: 1\nmode: enforce\n")
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    run = await app.sandbox.start_run(app.repo, pull.head_sha, "CI", ".github/workflows/ci.yml", jobs=["unit"])
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), "failure", log=LOG)
    await app.sandbox.finish_run(run)
    await app.quiet()
    return pull


def replies(app: AppWorld, pull: Any) -> list[Comment]:
    ours = [each for each in app.sandbox.comments(pull) if each.app is not None]
    return [each for each in ours if ":reply/" in each.body.partition("\n")[0]]


async def test_a_correction_is_answered_once_and_shown_everywhere(app: AppWorld) -> None:
    """T2: it is delivered again, under the same GUID and under another one."""
    pull = await failed_pull(app)
    comment = await app.sandbox.comment(pull, "bob", "/recategorize infra.network the registry was down")
    await app.quiet()
    told = next(each for each in app.sandbox.deliveries if each.event == "issue_comment")
    app.sandbox.world.hooks.redeliver(told)
    app.sandbox.world.hooks.send(told.app, told.event, told.payload)
    await app.quiet()
    [reply] = replies(app, pull)
    assert "`unit` is now `infra.network`; it was `test.unit`." in reply.body
    assert [each.content for each in comment.reactions] == ["+1"]
    gate = app.gate(pull.head_sha)
    assert gate.title.startswith("infra.network (")
    assert "Corrected by bob: the registry was down" in gate.summary
    assert app.sandbox.labels(pull) == ["failure-review:infra.network"]
