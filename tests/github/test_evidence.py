"""Why a job failed, as GitHub tells it: logs in pieces, in time, without credentials; reports of that job alone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from publishing_world import Press, opened_press

from github_app.github.download import TooLarge
from github_app.github.evidence import LOG_PATIENCE, REST_PATIENCE, Witness, read_log
from github_app.outcomes import Retry
from github_app.rules.model import Evidence, Job, Source, TestReport
from github_app.sandbox.scenario import Sandbox

READ = {"actions": "read", "checks": "read", "contents": "read"}
TOKEN = "ghp_" + "a1B2c3D4e5" * 4
LOG = (
    "\ufeff2026-03-02T09:00:01.0000000Z ##[group]Run pytest\r\n"
    "2026-03-02T09:00:01.1000000Z ##[endgroup]\r\n"
    f"2026-03-02T09:00:02.0000000Z Señor ☃ \U0001f600 pushes with {TOKEN} to the café\r\n"
    "2026-03-02T09:00:03.0000000Z FAILED tests/test_cart.py::test_total - assert 3 == 4\r\n"
    "2026-03-02T09:00:04.0000000Z ##[error]Process completed with exit code 1.\r\n"
    "2026-03-02T09:00:05.0000000Z Cleaning up orphan processes\r\n"
)


@pytest.mark.parametrize("unit", [b"a\n", b"token=aaaaaa1 "])
async def test_reading_a_log_does_not_stop_the_event_loop(unit: bytes) -> None:
    """T17, X28."""
    waits: list[float] = []

    async def log() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield unit * (65_536 // len(unit))

    async def rest() -> None:
        while True:
            asked = time.process_time()
            await asyncio.sleep(0.005)
            waits.append(time.process_time() - asked)

    beside = asyncio.create_task(rest())
    await read_log(log(), ())
    beside.cancel()
    assert sorted(waits)[len(waits) * 9 // 10] < 0.1


async def test_a_log_over_the_limit_is_judged_by_what_came() -> None:
    """T17."""

    async def endless() -> AsyncIterator[bytes]:
        yield b"##[error]It broke\n"
        raise TooLarge("The download is larger than 64 bytes")

    told = await read_log(endless(), ())
    assert (told.log, told.excerpts[0].lines) == ("too_big", ("##[error]It broke",))


# --- in time


@pytest.fixture
async def press(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[Press]:
    async with opened_press(sandbox, sqlite_database_url) as made:
        yield made


def witness(press: Press, *, late: timedelta = timedelta()) -> Witness:
    api = press.parts.github.installation(press.installation_id, press.repo.id, READ)
    return Witness(api, press.at["repo"], ("our-own-secret-value",), lambda: datetime.now(UTC) + late)


async def failed(press: Press, name: str = "unit", **more: Any) -> Job:
    """A job that failed on the sandbox, as the App knows it."""
    run = await press.sandbox.start_run(press.repo, press.sha, jobs=[name])
    made = press.sandbox.job(run, name)
    await press.sandbox.finish_job(made, "failure", **more)
    return known(made)


def known(made: Any) -> Job:
    return Job(
        id=made.id,
        source=Source.ACTIONS,
        app="github-actions",
        name=made.name,
        status="completed",
        conclusion="failure",
        run_id=made.run.id,
        attempt=made.attempt,
        completed_at=made.completed_at,
    )


async def seen(press: Press, job: Job, *, late: timedelta = timedelta(), head_repo: int | None = None) -> Evidence:
    return await witness(press, late=late).of_job(job, press.repo.id if head_repo is None else head_repo)


async def test_a_log_that_is_there_is_read_to_its_end(press: Press) -> None:
    evidence = await seen(press, await failed(press, log=LOG))
    assert (evidence.log, evidence.secrets) == ("read", ("GitHub token",))
    assert [(leak.kind, len(leak.print)) for leak in evidence.leaks] == [("GitHub token", 8)]


async def test_a_log_that_breaks_off_is_partial(press: Press) -> None:
    """X27: it is read again for a while, since GitHub may not have all of it yet."""
    job = await failed(press, log=LOG.partition("2026-03-02T09:00:05")[0])
    with pytest.raises(Retry, match="not there to its end yet"):
        await seen(press, job)
    assert (await seen(press, job, late=REST_PATIENCE)).log == "partial"


async def test_a_log_that_is_not_there_yet_is_waited_for_and_then_missing(press: Press) -> None:
    """X26."""
    job = await failed(press, log=None)
    with pytest.raises(Retry, match="not there yet"):
        await seen(press, job)
    assert (await seen(press, job, late=LOG_PATIENCE)).log == "missing"


async def test_what_a_tool_marked_is_no_reason_to_stop_waiting(press: Press) -> None:
    mark = {"path": "a.py", "start_line": 3, "end_line": 3, "annotation_level": "failure", "message": "unused"}
    job = await failed(press, log=None, annotations=[mark])
    with pytest.raises(Retry):
        await seen(press, job)


async def test_a_runner_that_github_gave_up_leaves_no_log_to_wait_for(press: Press) -> None:
    said = {"path": ".github", "start_line": 1, "end_line": 1, "annotation_level": "failure"}
    job = await failed(press, log=None, annotations=[{**said, "message": "The runner lost communication."}])
    evidence = await seen(press, job)
    assert (evidence.log, evidence.annotations[0].message) == ("missing", "The runner lost communication.")


@pytest.mark.parametrize(("status", "log"), [(410, "missing"), (403, "refused"), (451, "refused")])
async def test_a_log_that_will_not_come_says_why(press: Press, status: int, log: str) -> None:
    job = await failed(press, log=LOG)
    press.sandbox.fault("status", "GET", r".*/logs", status=status)
    assert (await seen(press, job, late=LOG_PATIENCE)).log == log


async def test_credentials_in_marks_are_taken_out_before_they_are_cut(press: Press) -> None:
    said = {"start_line": 3, "end_line": 3, "annotation_level": "failure", "title": f"title {TOKEN}"}
    mark = {**said, "path": f"{TOKEN}.py", "message": "x" * 3_980 + f" {TOKEN}"}
    [note] = (await seen(press, await failed(press, log=LOG, annotations=[mark]))).annotations
    assert "ghp_" not in note.path + note.title + note.message
    assert len(note.message) <= 4_000


@pytest.mark.parametrize("hidden", ["", "\x1b[0m"])
async def test_of_a_long_mark_no_half_credential_is_left_at_the_cut(press: Press, hidden: str) -> None:
    """T17, T23: what is taken out before the cut moves the half behind it forward."""
    secret = f"ghp_{hidden}" + TOKEN[4:] * 90
    said = {"path": "a.py", "start_line": 3, "end_line": 3, "annotation_level": "failure"}
    marks = [{**said, "message": f"{secret} {'x' * 8_500} ghp_{'y' * size}{TOKEN}"} for size in range(0, 60, 20)]
    notes = (await seen(press, await failed(press, log=LOG, annotations=marks))).annotations
    assert [note.message[:24] for note in notes] == ["[REDACTED:GitHub token] "] * 3
    assert not any("ghp_" in note.message or TOKEN[4:] in note.message for note in notes)


async def test_what_another_check_says_is_cleaned_and_redacted(press: Press) -> None:
    """T23."""
    job = await failed(press, log=LOG)
    evidence = await witness(press).of_check(job, ["title", "", f"gh\x1b[0mp_{TOKEN[4:]} \u202eend"])
    assert (evidence.text, evidence.secrets) == ("title\n[REDACTED:GitHub token] end", ("GitHub token",))


# --- the report


def report(ran: Job, **github: str) -> dict[str, bytes]:
    place = {"run_id": str(ran.run_id), "run_attempt": str(ran.attempt), "job": "unit", **github}
    failure = {
        "record": "failure",
        "nodeid": f"tests/{TOKEN}/test_cart.py::test_total",
        "category": "test.unit",
        "rule": TOKEN,
        "message": "m" * 990 + f" {TOKEN}",
        "path": f"tests/{TOKEN}.py",
        "owner": {"names": [TOKEN]},
        "fingerprint": TOKEN,
    }
    records = [{"record": "start", "schema": 1, "github": place}, failure, {"record": "finish"}]
    return {"failure-review-1-main.jsonl": "\n".join(map(json.dumps, records)).encode()}


async def test_the_report_of_the_job_is_read_without_credentials(press: Press) -> None:
    job = await failed(press, log=LOG)
    press.sandbox.upload_artifact(press.repo.runs[job.run_id], "failure-review-unit-0-1", report(job))
    found = (await seen(press, job)).report
    assert found is not None
    assert (found.trusted, found.complete, found.total) == (True, True, 1)
    assert "ghp_" not in str(found)


async def test_a_forks_report_is_not_trusted(press: Press) -> None:
    """T16."""
    job = await failed(press, log=LOG)
    press.sandbox.upload_artifact(press.repo.runs[job.run_id], "failure-review-unit-0-1", report(job))
    found = (await seen(press, job, head_repo=12345)).report
    assert found is not None
    assert not found.trusted


@pytest.mark.parametrize("claim", [{"run_id": "1"}, {"run_attempt": "2"}, {"job": "lint"}])
async def test_a_report_that_claims_another_place_is_not_used(press: Press, claim: dict[str, str]) -> None:
    """T16."""
    job = await failed(press, log=LOG)
    press.sandbox.upload_artifact(press.repo.runs[job.run_id], "failure-review-unit-0-1", report(job, **claim))
    assert (await seen(press, job)).report is None


async def on_pull_request(press: Press, sha: str) -> TestReport | None:
    job = replace(await failed(press, log=LOG), event="pull_request")
    press.sandbox.upload_artifact(press.repo.runs[job.run_id], "failure-review-unit-0-1", report(job, sha=sha))
    return (await seen(press, job)).report


async def test_a_report_of_the_pull_requests_merge_commit_is_trusted(press: Press) -> None:
    """T16: on a pull request GITHUB_SHA is a merge; GitHub says of what."""
    merge = "b" * 40
    press.repo.commits[merge] = replace(press.repo.commits[press.sha], sha=merge, parent=press.sha)
    found = await on_pull_request(press, merge)
    assert found is not None
    assert (found.trusted, found.doubt) == (True, "")
    assert found.failures[0].replay == ""  # its name holds a credential


@pytest.mark.parametrize("sha", ["f" * 40, "no commit"])
async def test_a_report_of_a_commit_that_github_does_not_vouch_for_is_doubted(press: Press, sha: str) -> None:
    """T16."""
    found = await on_pull_request(press, sha)
    assert found is not None
    assert (found.trusted, found.doubt) == (False, "it names another commit")


async def test_a_report_of_another_run_of_the_same_commit_is_not_used(press: Press) -> None:
    job = await failed(press, log=LOG)
    other = await failed(press, log=LOG)
    press.sandbox.upload_artifact(press.repo.runs[other.run_id], "failure-review-unit-0-1", report(other))
    assert (await seen(press, job)).report is None


@pytest.mark.parametrize("content", [b"no zip at all", b"PK\x05\x06" + b"\0" * 18])
async def test_a_report_that_cannot_be_read_leaves_the_log(press: Press, content: bytes) -> None:
    job = await failed(press, log=LOG)
    press.sandbox.upload_artifact(press.repo.runs[job.run_id], "failure-review-unit-0-1", content)
    evidence = await seen(press, job)
    assert (evidence.report, evidence.log) == (None, "read")


async def test_an_expired_report_is_not_asked_for(press: Press) -> None:
    job = await failed(press, log=LOG)
    made = press.sandbox.upload_artifact(press.repo.runs[job.run_id], "failure-review-unit-0-1", report(job))
    made.expired = True
    assert (await seen(press, job)).report is None
    assert not any("/zip" in each.path for each in press.sandbox.requests)
