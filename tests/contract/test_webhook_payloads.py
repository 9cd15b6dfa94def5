"""The sandbox's webhooks carry the fields that real ones carry where the App reads them.

The fields and their kinds were read off the payloads of the npm package @octokit/webhooks-examples 7.6.1.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from github_app.sandbox.scenario import Sandbox

COMMON = {
    "repository": "id:int name:str full_name:str owner:dict default_branch:str private:bool fork:bool url:str",
    "repository.owner": "id:int login:str type:str",
    "installation": "id:int",
    "sender": "id:int login:str type:str",
}
USER = "id:int login:str type:str"
SHORT_PULLS = "id:int number:int url:str head:dict base:dict"
JOB = (
    "id:int run_id:int run_attempt:int run_url:str name:str head_sha:str head_branch:str workflow_name:str status:str "
    "conclusion:str? created_at:str started_at:str completed_at:str? steps:list labels:list runner_name:str? "
    "check_run_url:str html_url:str"
)
RUN = (
    "id:int name:str path:str workflow_id:int run_number:int run_attempt:int event:str status:str conclusion:str? "
    "head_sha:str head_branch:str head_repository:dict pull_requests:list actor:dict triggering_actor:dict "
    "created_at:str run_started_at:str updated_at:str check_suite_id:int html_url:str repository:dict"
)
CHECK = (
    "id:int name:str head_sha:str status:str conclusion:str? app:dict check_suite:dict pull_requests:list output:dict "
    "external_id:str details_url:str html_url:str started_at:str completed_at:str?"
)
SUITE = (
    "id:int head_branch:str? head_sha:str status:str? conclusion:str? before:str after:str app:dict "
    "pull_requests:list created_at:str updated_at:str"
)
PULL = (
    "id:int number:int state:str draft:bool merged:bool title:str user:dict head:dict base:dict labels:list "
    "body:str? updated_at:str created_at:str html_url:str"
)
READ = {
    "workflow_job": {"workflow_job": JOB},
    "workflow_run": {
        "workflow_run": RUN,
        "workflow_run.actor": USER,
        "workflow_run.head_repository": "id:int full_name:str owner:dict",
        "workflow": "id:int name:str path:str",
    },
    "check_run": {
        "check_run": CHECK,
        "check_run.app": "id:int slug:str name:str",
        "check_run.check_suite": "id:int head_branch:str? head_sha:str",
        "check_run.output": "title:str? summary:str? text:str? annotations_count:int annotations_url:str",
    },
    "check_suite": {"check_suite": SUITE, "check_suite.app": "id:int slug:str"},
    "pull_request": {
        "": "number:int",
        "pull_request": PULL,
        "pull_request.user": USER,
        "pull_request.head": "ref:str sha:str repo:dict label:str",
        "pull_request.base": "ref:str sha:str repo:dict label:str",
        "pull_request.head.repo": "id:int full_name:str",
    },
    "merge_group": {"merge_group": "head_sha:str head_ref:str base_sha:str base_ref:str head_commit:dict"},
    "push": {"": "ref:str before:str after:str created:bool deleted:bool forced:bool commits:list"},
    "status": {"": "id:int sha:str state:str context:str description:str? target_url:str? branches:list"},
    "repository": {"changes": ""},
    "issue_comment": {
        "issue": "id:int number:int state:str locked:bool pull_request:dict user:dict",
        "comment": "id:int body:str user:dict created_at:str updated_at:str author_association:str",
    },
    "pull_request_review": {
        "pull_request": "number:int state:str user:dict head:dict base:dict",
        "review": "id:int body:str? user:dict state:str submitted_at:str html_url:str",
    },
    "pull_request_review_comment": {
        "pull_request": "number:int state:str user:dict head:dict base:dict",
        "comment": "id:int body:str user:dict created_at:str updated_at:str html_url:str",
    },
    "installation": {
        "installation": "id:int account:dict app_id:int permissions:dict events:list",
        "": "repositories:list",
    },
    "installation_repositories": {"": "repositories_added:list repositories_removed:list repository_selection:str"},
}
KINDS = {"int": int, "str": str, "bool": bool, "list": list, "dict": dict}


@pytest.fixture
async def payloads(sandbox: Sandbox) -> AsyncIterator[list[tuple[str, dict[str, Any]]]]:
    """Every webhook of a repository's eventful day."""
    heard: list[tuple[str, dict[str, Any]]] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append((request.headers["X-GitHub-Event"], json.loads(await request.read())))
        return web.Response(status=202)

    app = web.Application()
    app.add_routes([web.post("/", hear)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await an_eventful_day(sandbox, f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield heard
    await runner.cleanup()


async def an_eventful_day(sandbox: Sandbox, url: str) -> None:
    listened = {*READ} - {"installation", "installation_repositories"}
    app = sandbox.register_app(url, events=sorted(listened))
    repo, second = sandbox.create_repo("octo", "shop", org=True), sandbox.create_repo("octo", "other")
    installation = await sandbox.install(app.app_id, repo)
    await sandbox.install(app.app_id, second)
    pull = await sandbox.open_pull(repo, "feature", "mona", "Add a basket")
    await sandbox.push_commit(pull)
    await sandbox.comment(pull, "ada", "Hello")
    await sandbox.review(pull, "ada", "Well done")
    await sandbox.review_line(pull, "ada", "Why so?")
    run = await sandbox.start_run(repo, pull.head_sha)
    await sandbox.finish_job(sandbox.job(run, "test"), "failure", log="no\n")
    await sandbox.finish_run(run)
    await sandbox.foreign_check(repo, pull.head_sha, "circleci", "build", None)
    await sandbox.commit_status(repo, pull.head_sha, "legacy", "failure")
    await sandbox.merge_group(repo, [pull])
    await sandbox.close_pull(pull, merged=True)
    await sandbox.rename_repo(repo, "store")
    await sandbox.uninstall(installation)


def missing(payload: dict[str, Any], where: str, fields: str) -> list[str]:
    """Fields at this place that are not there or not of their kind; `?` allows null."""
    at: Any = payload
    for part in where.split(".") if where else []:
        at = at[part]
    found = []
    for name, kind in (field.split(":") for field in fields.split()):
        nullable = kind.endswith("?") and name in at and at[name] is None
        if not nullable and type(at.get(name)) is not KINDS[kind.rstrip("?")]:
            found.append(f"{where}.{name} is {at.get(name)!r}, not {kind}")
    return found


async def test_every_kind_of_event_happens(payloads: list[tuple[str, dict[str, Any]]]) -> None:
    assert {event for event, _ in payloads} == {*READ}


async def test_the_fields_that_the_app_reads_are_there(payloads: list[tuple[str, dict[str, Any]]]) -> None:
    found = []
    for event, payload in payloads:
        fields = READ[event] | ({} if event.startswith("installation") else COMMON)
        found += [f"{event}: {line}" for where, names in fields.items() for line in missing(payload, where, names)]
    assert found == []


async def test_a_pull_request_inside_a_check_is_the_short_one(payloads: list[tuple[str, dict[str, Any]]]) -> None:
    inside = [payload["workflow_run"]["pull_requests"] for event, payload in payloads if event == "workflow_run"]
    assert [len(each) for each in inside] == [1, 1, 1]
    assert missing({"pull": inside[0][0]}, "pull", SHORT_PULLS) == []


def test_a_missing_field_is_noticed() -> None:
    payload = {"a": {"id": "1", "name": None, "note": None}}
    assert missing(payload, "a", "id:int name:str note:str? gone:list") == [
        "a.id is '1', not int",
        "a.name is None, not str",
        "a.gone is None, not list",
    ]
