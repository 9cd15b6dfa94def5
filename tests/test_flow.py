"""One failure from the signed delivery to what the pull request shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from world import AppWorld, running_app

from github_app.sandbox.scenario import Sandbox

LOG = """2026-11-24T08:00:01.0000000Z ##[group]Run pytest
2026-11-24T08:00:01.1000000Z pytest
2026-11-24T08:00:01.2000000Z ##[endgroup]
2026-11-24T08:00:02.0000000Z ============================= test session starts ==============================
2026-11-24T08:00:03.0000000Z tests/unit/test_cart.py F                                                  [100%]
2026-11-24T08:00:03.1000000Z =================================== FAILURES ===================================
2026-11-24T08:00:03.2000000Z _________________________________ test_total __________________________________
2026-11-24T08:00:03.3000000Z     def test_total():
2026-11-24T08:00:03.4000000Z >       assert total([1, 2]) == 4
2026-11-24T08:00:03.5000000Z E       assert 3 == 4
2026-11-24T08:00:03.6000000Z tests/unit/test_cart.py:9: AssertionError
2026-11-24T08:00:03.7000000Z =========================== short test summary info ============================
2026-11-24T08:00:03.8000000Z FAILED tests/unit/test_cart.py::test_total - assert 3 == 4
2026-11-24T08:00:03.9000000Z ============================== 1 failed in 0.12s ===============================
2026-11-24T08:00:04.0000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:05.0000000Z Cleaning up orphan processes
"""


@pytest.fixture
async def app(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as world:
        yield world


async def failed_pull(app: AppWorld) -> Any:
    """A pull request whose failure is shown."""
    await app.sandbox.put_file(app.repo, ".github/failure-review.yml", "schema: 1\nmode: enforce\n")
    pull = await app.sandbox.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    run = await app.sandbox.start_run(app.repo, pull.head_sha, "CI", ".github/workflows/ci.yml", jobs=["unit"])
    await app.sandbox.finish_job(app.sandbox.job(run, "unit"), "failure", log=LOG)
    await app.sandbox.finish_run(run)
    await app.quiet()
    return pull


async def test_a_red_job_gets_its_answer_on_the_pull_request(app: AppWorld) -> None:
    pull = await failed_pull(app)
    gate = app.gate(pull.head_sha)
    assert (gate.conclusion, gate.title) == ("failure", "test.unit (ada, 4 h to fix)")
    assert app.sandbox.labels(pull) == ["failure-review:test.unit"]
    [comment] = app.sandbox.comments(pull)
    assert "test.unit" in comment.body


@pytest.mark.parametrize(("visitor", "status"), [("ada", 200), ("mallory", 404)])
async def test_the_check_leads_to_a_page_for_those_who_may_read_the_code(
    app: AppWorld, visitor: str, status: int
) -> None:
    """The details link, the login at GitHub and back, and the page: as a browser goes (T24)."""
    pull = await failed_pull(app)
    app.sandbox.set_role(app.repo, "ada", "read")
    app.sandbox.at_the_browser(visitor)
    link = app.gate(pull.head_sha).details_url
    assert link.startswith(f"{app.address}/failures/f")
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
        browser.get(f"{app.address}/login", params={"next": link.removeprefix(app.address)}) as arrived,
    ):
        page = await arrived.text()
    assert arrived.status == status
    assert ("assert 3 == 4" in page) == (status == 200)
