"""Generated files drifted on a pull request: the check says what the change means to those who use the API."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from world import AppWorld, running_app

from github_app.sandbox.scenario import Sandbox

POLICY = "schema: 1\nmode: enforce\ncontracts: {openapi: [api/openapi.json], components: {Cart: checkout page}}\n"
SAID = "openapi.json is out of date, run make generate and commit the result"
DRIFT = (
    f"2026-11-24T08:01:00.0Z {SAID}\n"
    "2026-11-24T08:01:01.0Z ##[error]Process completed with exit code 1.\n"
    "2026-11-24T08:01:02.0Z Cleaning up orphan processes\n"
)


def api(**cart: Any) -> str:
    schemas = {"Cart": {"type": "object", "properties": {"id": {"type": "integer"}, **cart}}}
    answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cart"}}}}}
    paths = {"/carts": {"get": {"responses": answer}}}
    return json.dumps({"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}})


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, sqlite_database_url) as world:
        await sandbox.put_files(
            world.repo, {".github/failure-review.yml": POLICY, "api/openapi.json": api(state={})}, "main"
        )
        yield world


async def drifted(app: AppWorld, text: str, log: str = DRIFT) -> Any:
    """A pull request changes the description, its job fails; returns the gate."""
    return await failed(app, {"api/openapi.json": text}, ("generate",), log)


async def failed(
    app: AppWorld, files: dict[str, str], jobs: Sequence[str], log: str = DRIFT, on_main: str | None = None
) -> Any:
    """A pull request changes files, somebody may change the description on main, then all jobs fail at once."""
    github = app.sandbox
    pull = await github.open_pull(app.repo, "cart", author="ada", title="Change the cart")
    sha = await github.push_commit(pull, files, author="ada")
    if on_main is not None:
        await github.put_file(app.repo, "api/openapi.json", on_main)
    run = await github.start_run(app.repo, sha, jobs=jobs)
    for name in jobs:
        await github.finish_job(github.job(run, name), "failure", log=log)
    await github.finish_run(run)
    await app.quiet()
    return app.gate(sha)


@pytest.mark.requirement("S1-112")
async def test_what_changed_of_the_api_and_who_uses_it_stands_in_the_check(app: AppWorld) -> None:
    gate = await drifted(app, api(total={"type": "number"}))
    assert "**api/openapi.json: 2 changes of the API, 1 breaking.**" in gate.summary
    assert "* schema Cart: `state` was removed (**breaking**)\n* schema Cart: `total` is new\n" in gate.summary
    assert "Components that use the changed types: checkout page." in gate.summary


async def test_a_description_that_cannot_be_read_is_told_and_holds_up_nothing(app: AppWorld) -> None:
    gate = await drifted(app, "{no json")
    assert gate.title.startswith("generator_drift (")
    assert "**api/openapi.json was not compared: it is no JSON.**" in gate.summary


async def test_what_others_changed_on_main_is_not_shown_as_this_change_when_its_beginning_is_unknown(
    app: AppWorld,
) -> None:
    app.sandbox.fault("status", "GET", r".*/compare/.*", status=500, times=50)
    gate = await failed(app, {"README.md": "x\n"}, ["generate"], on_main=api(total={"type": "number"}))
    why = "it is not known at which commit of main this change began"
    assert f"**api/openapi.json was not compared: {why}.**" in gate.summary
    assert "breaking" not in gate.summary


async def test_nothing_is_asked_of_github_for_another_kind_of_failure(app: AppWorld) -> None:
    gate = await drifted(app, api(), log=DRIFT.replace(SAID, "FAILED tests/test_cart.py::test_total - assert 3 == 4"))
    assert "of the API" not in gate.summary
    assert not any(each.path.endswith("openapi.json") for each in app.sandbox.requests)
