"""What is read for a policy, and what is never taken for a file that does not exist."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from deliveries import private_key

from github_app.github.client import GitHub, open_session
from github_app.github.policy_files import read_policy
from github_app.outcomes import GiveUp
from github_app.rules.events import PolicyRead
from github_app.rules.model import Repo
from github_app.rules.policy_source import taken_in

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
REPO = Repo(70, 7, "octo", "shop")
OWN = "/repos/octo/shop/contents/.github/failure-review.yml"
ORGANISATION = "/repos/octo/.github/contents/failure-review.yml"
GOOD = "schema: 1\nmode: enforce\n"


def a_file(text: str) -> dict[str, Any]:
    return {"type": "file", "encoding": "base64", "content": base64.encodebytes(text.encode()).decode()}


BIG = {"type": "file", "size": 2_000_000, "encoding": "none", "content": ""}
"""GitHub docs, "Get repository content": above 1 MB the content is empty and the encoding `none`."""


@asynccontextmanager
async def answering(answers: Mapping[str, Any]) -> AsyncIterator[str]:
    """A GitHub that gives these files, or these statuses, and 404 for all else."""

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/access_tokens"):
            expires = datetime.now(UTC) + timedelta(hours=1)
            return web.json_response({"token": "ghs_x", "expires_at": expires.isoformat()}, status=201)
        told = answers.get(request.path, 404)
        return web.json_response({}, status=told) if isinstance(told, int) else web.json_response(told)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def read(answers: Mapping[str, Any]) -> PolicyRead:
    async with answering(answers) as api_url, open_session() as http:
        github = GitHub(http, api_url=api_url, app_id=7, private_key=private_key(), now=lambda: datetime.now(UTC))
        return await read_policy(github, REPO, "guid", NOW)


@pytest.mark.parametrize("path", [OWN, ORGANISATION])
async def test_a_file_that_github_does_not_give_out_keeps_the_last_good_one_and_says_why(path: str) -> None:
    """X76, T18."""
    known = taken_in(None, await read({OWN: a_file(GOOD), ORGANISATION: a_file(GOOD)}))
    source = taken_in(known, await read({OWN: a_file(GOOD), ORGANISATION: a_file(GOOD), path: BIG}))
    assert (source.text, source.org_text) == (GOOD, GOOD)
    [problem] = source.problems
    assert problem.endswith("the file is larger than 64 KB")


async def test_a_first_file_that_github_does_not_give_out_counts_as_having_had_one() -> None:
    """X76: the repository is not only observed."""
    assert taken_in(None, await read({OWN: BIG})).ever_had_file


async def test_an_empty_file_is_read_as_empty() -> None:
    assert (await read({OWN: a_file("")})).text == ""


@pytest.mark.parametrize("status", [403, 422])
async def test_a_file_that_we_may_not_read_is_not_one_that_does_not_exist(status: int) -> None:
    """T33."""
    with pytest.raises(GiveUp):
        await read({OWN: status})


@pytest.mark.parametrize("status", [403, 404])
async def test_an_organisation_without_a_repository_that_we_see_has_no_policy(status: int) -> None:
    told = await read({OWN: a_file(GOOD), ORGANISATION: status})
    assert (told.text, told.org_text) == (GOOD, None)
