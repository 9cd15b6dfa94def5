"""Why a description of the API was not compared, and whose words are kept of one that was."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from publishing_world import Press, opened_press

from github_app.github.contracts import MAX_BASE64, Contracts
from github_app.github.reading import Reading
from github_app.rules.contracts import ContractReport
from github_app.rules.events import JobsSeen
from github_app.rules.model import BaseJob, BaseState, Evidence, Excerpt, Job, Repo, Source
from github_app.sandbox.scenario import Sandbox

PATH = "openapi.json"
DRIFT = "openapi.json is out of date, run make generate and commit the result"
TOKEN = "ghp_" + "a1B2c3D4e5" * 4


@pytest.fixture
async def press(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[Press]:
    policy = f"schema: 1\nmode: enforce\ncontracts: {{openapi: [{PATH}]}}\n"
    async with opened_press(sandbox, sqlite_database_url, policy=policy) as press:
        yield press


async def told(
    press: Press, text: str | None, says: str = DRIFT, *beside: Job, began: bool = True
) -> tuple[ContractReport, ...]:
    """What is found when the pull request's head holds this text, and its base nothing."""
    files = {PATH: text} if text is not None else {"other.md": "x"}
    sha = await press.sandbox.push_commit(press.pull, files)
    await press.pull_moves("synchronize", sha=sha)
    evidence = Evidence((Excerpt(1, (says,), "##[error]"),))
    if began:
        evidence = replace(evidence, base=BaseJob("main", press.repo.branches["main"], BaseState.NOT_RUN))
    job = Job(7, Source.ACTIONS, "github-actions", "generate", "completed", "failure", evidence=evidence)
    repo = Repo(press.repo.id, press.installation_id, "octo", "shop")
    api = press.parts.github.installation(press.installation_id, press.repo.id, {"contents": "read"})
    reading = Reading(api, repo, (), lambda: datetime.now(UTC))
    others = (replace(job, id=8, conclusion="success", evidence=None), *beside)
    seen = JobsSeen(sha=sha, jobs=(job, *others), **press.at)
    found = await Contracts(reading, press.parts.engine).told(seen)
    assert found.jobs[1] == seen.jobs[1]
    assert found.jobs[0].evidence
    return found.jobs[0].evidence.contracts


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        (None, "there is no such file"),
        (json.dumps({"openapi": "3", "paths": {}, "x": "y" * MAX_BASE64}), "it is larger than 1 MB"),
        ("a: &x 1\nb: *x\n", "it has YAML aliases"),
    ],
    ids=["none", "large", "aliases"],
)
async def test_what_cannot_be_compared_says_why(press: Press, text: str | None, gap: str) -> None:
    assert await told(press, text) == (ContractReport(PATH, gap=gap),)


async def test_a_folder_is_no_description(press: Press) -> None:
    await press.sandbox.put_file(press.repo, f"{PATH}/a.json", "{}", branch="cart")
    assert await told(press, None) == (ContractReport(PATH, gap="it is no file"),)


async def test_a_github_that_does_not_answer_only_means_not_compared(press: Press, wrong_on_purpose: None) -> None:
    press.sandbox.fault("status", "GET", f"/repos/octo/shop/contents/{PATH}", times=9, status=502)
    assert await told(press, "{}") == (ContractReport(PATH, gap="GitHub did not give it just now"),)


async def test_a_new_description_is_all_new_and_no_credential_is_kept_of_it(press: Press) -> None:
    document = {"openapi": "3.1.0", "paths": {f"/{TOKEN}": {"get": {}}}, "components": {"schemas": {"A": {}}}}
    [found] = await told(press, json.dumps(document))
    assert (found.total, found.breaking) == (2, 0)
    assert TOKEN not in str(found)
    assert found.changes[1].where == "schema A"


async def test_without_the_commit_that_it_grew_from_a_change_is_not_compared_with_the_base_branch(press: Press) -> None:
    gap = "it is not known at which commit of main this change began"
    assert await told(press, "{}", began=False) == (ContractReport(PATH, gap=gap),)
    assert not any(each.path.endswith(PATH) for each in press.sandbox.requests)


async def test_a_job_that_was_not_compared_itself_is_told_by_another_of_the_delivery_where_the_change_began(
    press: Press,
) -> None:
    """Of forty jobs that turn red at once, only a few are compared with the base branch."""
    base = BaseJob("main", press.repo.branches["main"], BaseState.PASSED)
    unit = Job(9, Source.ACTIONS, "github-actions", "unit", "completed", "failure", evidence=Evidence(base=base))
    [found] = await told(press, '{"openapi": "3.1.0", "paths": {"/carts": {"get": {}}}}', DRIFT, unit, began=False)
    assert (found.total, found.gap) == (1, "")


async def test_another_kind_of_failure_asks_for_nothing(press: Press) -> None:
    assert await told(press, "{}", says="FAILED tests/test_cart.py::test_total - assert 3 == 4") == ()
    assert not any(each.path.endswith(PATH) for each in press.sandbox.requests)
