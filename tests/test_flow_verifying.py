"""A failing test is mended, or silenced, on a pull request: what the record says then, and what QA makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from world import AppWorld, running_app

from github_app.documents import to_record
from github_app.rules.records import Failure, FailureState
from github_app.sandbox.scenario import Sandbox

LOG = """2026-11-24T08:00:01.0000000Z FAILED tests/unit/test_cart.py::test_total - assert 3 == 4
2026-11-24T08:00:02.0000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:03.0000000Z Cleaning up orphan processes
"""
POLICY = "schema: 1\nmode: enforce\nroles:\n  qa_analyst: {users: [quinn]}\n"
TEST = "def test_total():\n    assert total() == 4\n"
PATH = "tests/unit/test_cart.py"


@pytest.fixture
async def app(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as world:
        world.sandbox.set_role(world.repo, "quinn", "write")
        await sandbox.put_files(world.repo, {".github/failure-review.yml": POLICY, PATH: TEST}, "main")
        yield world


async def ran(app: AppWorld, sha: str, conclusion: str) -> None:
    run = await app.sandbox.start_run(app.repo, sha, "CI", ".github/workflows/ci.yml", jobs=["unit"])
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), conclusion, log=LOG if conclusion == "failure" else "")
    await app.sandbox.finish_run(run)
    await app.quiet()


async def mended(app: AppWorld, files: dict[str, str]) -> Any:
    """A pull request of ada's whose unit test fails, and is green after she changed these files."""
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await ran(app, pull.head_sha, "failure")
    await app.sandbox.push_commit(pull, files, author="ada")
    await ran(app, pull.head_sha, "success")
    return pull


async def failure(app: AppWorld) -> Failure:
    found = [to_record(each) for each in await app.parts.store.find("failure", app.repo.id)]
    [only] = [each for each in found if isinstance(each, Failure)]
    return only


@pytest.mark.requirement("S1-014")
async def test_a_mended_test_is_verified_by_what_github_shows_of_the_change(app: AppWorld) -> None:
    await mended(app, {"src/cart.py": "def total():\n    return 4\n"})
    told = await failure(app)
    assert told.state is FailureState.VERIFIED
    assert "none was removed, skipped or loosened" in told.proof


@pytest.mark.requirement("S1-014")
async def test_a_silenced_test_is_for_qa_who_opens_it_again(app: AppWorld) -> None:
    pull = await mended(app, {PATH: f"import pytest\n\n\n@pytest.mark.skip\n{TEST}"})
    told = await failure(app)
    assert told.state is FailureState.NEEDS_QA_REVIEW
    assert told.proof == f"QA has to look at the fix: `{PATH}` now skips tests: `@pytest.mark.skip`."
    gate = app.gate(pull.head_sha)
    asked = f"* `unit`: QA has to look at the fix: `{PATH}` now skips tests: `@pytest.mark.skip`."
    assert gate.conclusion == "success"
    assert f"**For QA**, who answer with `/qa-ok` or `/qa-reject <reason>`:\n\n{asked}" in gate.summary
    [comment] = [each for each in app.sandbox.comments(pull) if each.app is not None]
    assert asked in comment.body
    await app.sandbox.comment(pull, "quinn", "/qa-reject the test is skipped now")
    await app.quiet()
    assert (await failure(app)).state is FailureState.ASSIGNED
    gate = app.gate(pull.head_sha)
    assert gate.conclusion == "failure"
    assert "Next step: Fix it another way, as QA did not accept the fix: the test is skipped now" in gate.summary
    timeline = await app.parts.store.journal.about(told.id)
    assert [entry.kind for entry in timeline][-4:] == [
        "resolved_unverified",
        "needs_qa_review",
        "qa_reject",
        "assigned",
    ]
    assert timeline[-2].actor.startswith("quinn (")


@pytest.mark.requirement("S1-041")
async def test_the_journal_of_a_failure_tells_its_five_stages_in_order_with_times(app: AppWorld) -> None:
    """The clock starts when the job ended, however late anybody hears of it (C59)."""
    await mended(app, {"src/cart.py": "def total():\n    return 4\n"})
    told = await failure(app)
    timeline = await app.parts.store.journal.about(told.id)
    stages = [entry for entry in timeline if entry.kind in {"detected", "notified", "impact", "clock", "tracked"}]
    assert [entry.kind for entry in stages] == ["detected", "notified", "impact", "clock", "tracked"]
    assert [entry.at for entry in stages if entry.kind in {"detected", "clock"}] == [told.legs[0].at] * 2
    assert all(entry.at >= told.legs[0].at for entry in stages)
    assert [entry.kind for entry in timeline][-2:] == ["resolved_unverified", "verified"]


async def test_what_github_does_not_show_is_not_compared_and_not_verified(app: AppWorld) -> None:
    app.sandbox.fault("status", "GET", r".*/compare/.*", status=404, times=50)
    await mended(app, {"src/cart.py": "def total():\n    return 4\n"})
    told = await failure(app)
    assert told.state is FailureState.RESOLVED_UNVERIFIED
    assert told.proof == "Not verified: not compared: GitHub no longer has both commits; QA may say `/qa-ok`."


async def test_a_rewritten_branch_is_not_compared(app: AppWorld) -> None:
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await ran(app, pull.head_sha, "failure")
    other = await app.sandbox.put_files(app.repo, {"src/cart.py": "def total():\n    return 4\n"}, "other", "ada")
    await app.sandbox.force_push(pull, other)
    await ran(app, other, "success")
    assert (await failure(app)).proof == (
        "Not verified: not compared: the branch was rewritten in between; QA may say `/qa-ok`."
    )


async def test_of_more_files_than_github_shows_nothing_is_claimed(app: AppWorld) -> None:
    await mended(app, {f"src/part_{number}.py": "x = 1\n" for number in range(300)})
    assert (await failure(app)).proof == (
        "Not verified: not compared: GitHub shows only 300 of the files that differ; QA may say `/qa-ok`."
    )
