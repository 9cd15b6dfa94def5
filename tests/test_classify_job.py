"""A job on a sandbox GitHub, by its address: read with the App's key, and judged with all that GitHub tells."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from world import settings_for

from github_app.app import builtin_policy
from github_app.builtin import signatures
from github_app.classify import Judged, Rulebook
from github_app.classify_input import Unusable
from github_app.classify_job import EXAMPLE, Place, judge_job, place_of
from github_app.rules.model import Job as JudgedJob
from github_app.sandbox.runs import Job, Run
from github_app.sandbox.scenario import Sandbox
from github_app.settings import Settings
from pytest_failure_review.report import Category, State

RULES = Rulebook(signatures(), builtin_policy())
PUBLIC = "https://api.github.com"
LOG = (
    "2026-03-02T09:00:02.0Z FAILED tests/test_cart.py::test_total - assert 3 == 4\n"
    "2026-03-02T09:00:03.0Z ##[error]Process completed with exit code 1.\n"
    "2026-03-02T09:00:04.0Z Cleaning up orphan processes\n"
)


@dataclass(slots=True)
class Desk:
    """A repository with a red job, on which the App is installed."""

    sandbox: Sandbox
    settings: Settings
    run: Run
    job: Job
    credentials: Any

    @property
    def address(self) -> str:
        return f"{self.sandbox.base_url}/octo/shop/actions/runs/{self.run.id}/job/{self.job.id}"

    async def judge(self, address: str = "") -> tuple[JudgedJob, Judged]:
        place = place_of(address or self.address, self.settings.github_api_url)
        return await judge_job(place, self.settings, RULES, lambda _: None)

    async def refusal(self, address: str = "") -> str:
        with pytest.raises(Unusable) as refused:
            await self.judge(address)
        return str(refused.value)


@pytest.fixture
async def desk(sandbox: Sandbox, sqlite_database_url: str) -> Desk:
    credentials = sandbox.register_app(None)
    repo = sandbox.create_repo("octo", "shop")
    await sandbox.install(credentials.app_id, repo)
    run = await sandbox.start_run(repo, repo.branches["main"], jobs=("integration", "docs"), event="push")
    return Desk(sandbox, settings_for(sandbox, credentials, sqlite_database_url), run, run.jobs[0], credentials)


async def test_a_job_is_judged_with_what_github_tells_of_it(desk: Desk) -> None:
    await desk.sandbox.finish_job(desk.job, "failure", log=LOG)
    job, judged = await desk.judge(f"{desk.address}?pr=7#step:4:12")
    assert (job.name, job.failed_step, judged.verdict.category) == (
        *("integration", "Run tests"),
        Category.TEST_INTEGRATION,
    )
    assert judged.verdict.evidence[0].line == 1


async def test_what_github_itself_annotates_decides_where_there_is_no_log(desk: Desk) -> None:
    note = {"path": ".github", "start_line": 1, "end_line": 1, "annotation_level": "failure"}
    lost = {**note, "message": "The hosted runner lost communication with the server."}
    await desk.sandbox.finish_job(desk.job, "failure", steps=[], annotations=[lost])
    _, judged = await desk.judge()
    assert (judged.verdict.category, judged.verdict.source) == (Category.INFRA_RUNNER, "facts")


async def test_the_plugin_s_report_counts(desk: Desk) -> None:
    await desk.sandbox.finish_job(desk.job, "failure", log=LOG)
    place = {"run_id": str(desk.run.id), "run_attempt": "1", "job": "integration", "sha": ""}
    failure = {"record": "failure", "nodeid": "tests/test_cart.py::test_total", "category": "test.database"}
    failure |= {"rule": "sql", "confidence": 0.9}
    records: list[Any] = [{"record": "start", "schema": 1, "github": place}, failure, {"record": "finish"}]
    report = {"failure-review-1-main.jsonl": "\n".join(map(json.dumps, records)).encode()}
    desk.sandbox.upload_artifact(desk.run, "failure-review-integration-0-1", report)
    _, judged = await desk.judge()
    assert (judged.verdict.category, judged.verdict.source) == (Category.TEST_DATABASE, "report")


async def test_the_repository_s_own_policy_counts(desk: Desk) -> None:
    own = (
        "schema: 1\nsignatures: [{id: kettle, category: infra.runner, pattern: kettle boils, description: it boils}]\n"
    )
    await desk.sandbox.put_file(desk.run.repo, ".github/failure-review.yml", own)
    await desk.sandbox.finish_job(desk.job, "failure", log=LOG.replace("FAILED tests/test_cart.py", "the kettle boils"))
    _, judged = await desk.judge()
    assert (judged.verdict.category, judged.verdict.description) == (Category.INFRA_RUNNER, "it boils")


async def test_a_cancelled_job_says_so(desk: Desk) -> None:
    await desk.sandbox.finish_job(desk.job, "cancelled", log=LOG)
    _, judged = await desk.judge()
    assert (judged.verdict.category, judged.verdict.state) == (Category.UNKNOWN, State.CANCELLED)


async def test_nothing_is_written_to_github(desk: Desk) -> None:
    await desk.sandbox.finish_job(desk.job, "failure", log=LOG)
    await desk.judge()
    written = [each.path for each in desk.sandbox.requests if each.method != "GET"]
    assert {path.rsplit("/", 1)[-1] for path in written} == {"access_tokens"}


# --- what cannot be judged


async def test_a_job_without_a_failure_is_a_sentence(desk: Desk) -> None:
    assert await desk.refusal() == "The job `integration` is not over yet."
    await desk.sandbox.finish_job(desk.job, "success", log=LOG)
    assert await desk.refusal() == "The job `integration` ended as success: there is no failure to judge."


async def test_a_log_that_may_still_come_is_a_sentence(desk: Desk) -> None:
    await desk.sandbox.finish_job(desk.job, "failure")
    assert await desk.refusal() == "GitHub could not be asked to the end: The job's log is not there yet."


async def test_what_the_app_cannot_see_is_a_sentence(desk: Desk, wrong_on_purpose: None) -> None:
    gone = desk.address.replace(str(desk.job.id), "424242")
    assert await desk.refusal(gone) == "octo/shop has no job 424242."
    elsewhere = desk.address.replace("shop", "other")
    assert await desk.refusal(elsewhere) == ("The App is not installed on octo/other, or there is no such repository.")


async def test_the_command_prints_the_verdict_and_the_failed_step(desk: Desk) -> None:
    await desk.sandbox.finish_job(desk.job, "failure", log=LOG)
    environment = {
        "GITHUB_APP_ID": str(desk.credentials.app_id),
        "GITHUB_PRIVATE_KEY": desk.credentials.private_key_pem,
        "GITHUB_API_URL": desk.sandbox.base_url,
    }
    status, out, err = await command(desk.address, **environment)
    assert (status, err) == (0, "")
    assert out.startswith("Job integration, failed step `Run tests`\n\ntest.integration\n[")


async def command(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest_failure_review.cli", "classify", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    out, err = await asyncio.wait_for(started.communicate(), 60)
    return started.returncode, out.decode(), err.decode()


async def test_a_missing_key_is_a_sentence() -> None:
    status, out, err = await command("https://github.com/octo/shop/actions/runs/7/job/9")
    assert (status, out) == (2, "")
    assert err == (
        "failure-review: A job is read with the App's key: GITHUB_APP_ID is not set; GITHUB_PRIVATE_KEY is not set.\n"
    )


# --- addresses


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/octo/shop/actions/runs/7/job/9",
        "https://github.com/octo/shop/actions/runs/7/job/9/?pr=3#step:4:12",
        "https://www.github.com/octo/shop/actions/runs/7/attempts/2/job/9",
        "https://github.com/octo/shop/runs/9?check_suite_focus=true",
    ],
)
def test_the_pages_of_a_job_are_known(address: str) -> None:
    assert place_of(address, PUBLIC) == Place("octo", "shop", 9)


@pytest.mark.parametrize(
    ("host", "api"),
    [
        ("octo.ghe.com", "https://api.octo.ghe.com"),
        ("git.example.com", "https://git.example.com/api/v3"),
        ("git.example.com:8443", "https://git.example.com:8443/api/v3"),
    ],
)
def test_an_enterprise_s_own_pages_are_known(host: str, api: str) -> None:
    assert place_of(f"https://{host}/octo/shop/actions/runs/7/job/9", api) == Place("octo", "shop", 9)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (
            "https://git.example.com/octo/shop/actions/runs/7/job/9",
            "git.example.com is not the GitHub that GITHUB_API_URL names; that is github.com.",
        ),
        (
            "https://github.com/octo/shop/actions/runs/7",
            "That is the page of a run: open the job that failed and take the address of its page.",
        ),
        (
            "https://github.com/octo/shop/pull/7",
            f"That is not the page of a job; its address looks like {EXAMPLE}.",
        ),
        (
            "https://[github.com/octo",
            "That is no address; one of a job looks like https://github.com/OWNER/REPO/actions/runs/NUMBER/job/NUMBER.",
        ),
    ],
)
def test_another_page_is_a_sentence(address: str, sentence: str) -> None:
    with pytest.raises(Unusable) as refused:
        place_of(address, PUBLIC)
    assert str(refused.value) == sentence
