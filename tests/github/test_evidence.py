"""Why a job failed, as GitHub tells it: logs in pieces, in time, without credentials; reports of that job alone."""

from __future__ import annotations

import asyncio
import json
import time
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing_world import Press, opened_press

from github_app.github.download import TooLarge
from github_app.github.evidence import HEAD, LOG_PATIENCE, MAX_LINE, TAIL, LogReader, Witness
from github_app.github.markdown import clean
from github_app.outcomes import Retry
from github_app.rules.model import Evidence, Excerpt, Job, Source
from github_app.sandbox.scenario import Sandbox

READ = {"actions": "read", "checks": "read"}
TOKEN = "ghp_" + "a1B2c3D4e5" * 4
LOG = (
    "\ufeff2026-03-02T09:00:01.0000000Z ##[group]Run pytest\r\n"
    "2026-03-02T09:00:01.1000000Z ##[endgroup]\r\n"
    f"2026-03-02T09:00:02.0000000Z Señor ☃ \U0001f600 pushes with {TOKEN} to the café\r\n"
    "2026-03-02T09:00:03.0000000Z FAILED tests/test_cart.py::test_total - assert 3 == 4\r\n"
    "2026-03-02T09:00:04.0000000Z ##[error]Process completed with exit code 1.\r\n"
    "2026-03-02T09:00:05.0000000Z Cleaning up orphan processes\r\n"
)


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def excerpts_of(*chunks: bytes) -> tuple[tuple[Excerpt, ...], tuple[str, ...]]:
    reader = LogReader(("our-own-secret-value",))
    await reader.read(pieces(*chunks))
    return reader.result()


# --- in pieces


async def test_a_log_is_read_the_same_however_it_is_cut() -> None:
    """Inside a character of several bytes, inside a token, inside a line end."""
    raw = LOG.encode()
    whole = await excerpts_of(raw)
    assert any("FAILED tests/test_cart.py::test_total" in line for each in whole[0] for line in each.lines)
    for cut in range(len(raw)):
        assert await excerpts_of(raw[:cut], raw[cut:]) == whole, cut
    assert await excerpts_of(*(bytes([byte]) for byte in raw)) == whole


async def test_no_credential_is_left_in_an_excerpt() -> None:
    """T23, with our own secret and one that only its looks give away."""
    found, kinds = await excerpts_of(LOG.replace("pushes", "pushes our-own-secret-value").encode())
    text = "\n".join(line for each in found for line in each.lines)
    assert TOKEN not in text
    assert "our-own-secret-value" not in text
    assert kinds == ("own secret", "GitHub token")


@given(raw=st.binary(max_size=300), cut=st.integers(0, 300))
async def test_bytes_that_are_no_text_do_no_harm(raw: bytes, cut: int) -> None:
    assert await excerpts_of(raw[:cut], raw[cut:]) == await excerpts_of(raw)


async def test_thirty_megabytes_fit_into_little_memory() -> None:
    line = b"2026-03-02T09:00:02.0000000Z compiling module after module of a large thing, nothing to see here\n"
    block = line * 650

    async def log() -> AsyncIterator[bytes]:
        for _ in range(30 * 2**20 // len(block)):
            yield block
        yield LOG.encode()

    tracemalloc.start()
    reader = LogReader(())
    await reader.read(log())
    found, _ = reader.result()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20
    assert any("test_total" in text for each in found for text in each.lines)


async def test_a_line_without_an_end_fits_as_well() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b"x" * 65_536

    reader = LogReader(())
    tracemalloc.start()
    await reader.read(endless())
    reader.result()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


@pytest.mark.parametrize("hidden", ["\x1b[31m", "\x1b]8;;x\x07", "\u200b", "\u202e", "\x00", "\ufe0f"], ids=ascii)
async def test_a_credential_is_found_under_colours_wherever_the_log_is_cut(hidden: str) -> None:
    """T23: escape sequences and hidden characters inside a token, split over chunks."""
    raw = LOG.replace(TOKEN, f"ghp{hidden}_{TOKEN[4:20]}{hidden}{TOKEN[20:]}").encode()
    start = raw.index(b"ghp")
    for cut in range(start - 1, start + 40):
        found, kinds = await excerpts_of(raw[:cut], raw[cut:])
        assert kinds == ("GitHub token",)
        assert TOKEN[-12:] not in str(found)


@given(st.text(max_size=60))
async def test_what_is_shown_is_not_changed_by_what_cleans_for_display(text: str) -> None:
    """T23: nothing that Markdown drops is left behind redaction, so no credential can come together there."""
    found, _ = await excerpts_of(f"##[error]{text}".encode(errors="replace"))
    lines = [line.replace("\t", "    ") for each in found for line in each.lines]
    assert [clean(line) for line in lines] == lines


# --- of a large log its beginning and its end


async def read_of(log: AsyncIterator[bytes]) -> LogReader:
    reader = LogReader(("our-own-secret-value",))
    await reader.read(log)
    return reader


async def sized(*parts: bytes, block: int = 65_536) -> AsyncIterator[bytes]:
    for part in parts:
        for at in range(0, len(part), block):
            yield part[at : at + block]


NOISE = b"nothing to see here\n"
SIGN_OFF = b"2026-03-02T09:00:05.0000000Z Cleaning up orphan processes\n"
STAMPED = b"2026-03-02T09:00:01.0000000Z begins\n"


async def test_the_beginning_and_the_end_of_a_large_log_are_read_with_the_right_numbers() -> None:
    """T17."""
    middle = NOISE * ((HEAD + 2 * TAIL) // len(NOISE))
    failed = b"--- FAIL: TestTotal (0.00s)\n"
    reader = await read_of(sized(STAMPED, failed, middle, failed, SIGN_OFF))
    found, _ = reader.result()
    places = {each.start + each.lines.index("--- FAIL: TestTotal (0.00s)") for each in found if each.start}
    assert places >= {2, 3 + middle.count(b"\n")}
    assert reader.state == "middle_unread"


async def test_between_them_only_what_says_that_a_step_failed_is_read() -> None:
    """T17."""
    half = NOISE * ((HEAD + TAIL) // len(NOISE))
    unseen = b"--- FAIL: TestUnseen (0.00s)\n"
    reader = await read_of(sized(STAMPED, half, unseen, half, b"##[error]It broke\n", half, SIGN_OFF))
    found, _ = reader.result()
    [broke] = [each for each in found if "##[error]It broke" in each.lines]
    assert broke.start + broke.lines.index("##[error]It broke") == 3 + 2 * half.count(b"\n")
    assert "TestUnseen" not in str(found)


async def test_a_log_that_is_no_larger_than_both_is_read_whole() -> None:
    middle = NOISE * (TAIL // len(NOISE))
    reader = await read_of(sized(STAMPED, middle, b"--- FAIL: TestSeen (0.00s)\n", NOISE * 9_000, SIGN_OFF))
    assert reader.state == "read"
    assert "TestSeen" in str(reader.result())


async def test_a_large_log_that_breaks_off_is_partial() -> None:
    """X27."""
    reader = await read_of(sized(STAMPED, NOISE * ((HEAD + 2 * TAIL) // len(NOISE))))
    assert reader.state == "partial"


async def test_the_rest_of_a_private_key_behind_the_gap_is_taken_out() -> None:
    """T23."""
    key = b"-----BEGIN PRIVATE KEY-----\n" + b"aB3/" * 16 + b"\n"
    body = b"cD4+" * 16 + b"\n"
    end = b"##[error]It broke\n" + NOISE * ((TAIL - 300) // len(NOISE))
    for more in range(0, 1_000, 250):
        start = NOISE * (2 * HEAD // len(NOISE)) + b"x" * more + b"\n"
        found, _ = (await read_of(sized(start, key, body * 9, end, block=997))).result()
        assert "##[error]It broke" in str(found)
        assert "cD4+" not in str(found)


async def test_a_log_over_the_limit_is_judged_by_what_came() -> None:
    """T17."""

    async def endless() -> AsyncIterator[bytes]:
        yield b"##[error]It broke\n"
        raise TooLarge("The download is larger than 64 bytes")

    reader = await read_of(endless())
    assert (reader.state, reader.result()[0][0].lines) == ("too_big", ("##[error]It broke",))


async def test_the_rest_of_a_line_that_was_cut_is_dropped_up_to_its_end() -> None:
    """X28: nothing that stood far behind the cut is joined to what stood before it."""
    hidden = b"\x00" * (MAX_LINE - 4)
    found, _ = await excerpts_of(b"ghp_" + hidden + b"\x00" * 100, b"\x00" * 99, b"a1B2c3D4e5\n##[error]next\n")
    assert [line for each in found for line in each.lines] == ["ghp_", "##[error]next"]


async def test_of_an_endless_bar_the_last_state_is_shown() -> None:
    """X28."""
    found, _ = await excerpts_of(*[b"working on it\r" * 5_000] * 9, b"##[error]It broke\n")
    assert found[0].lines == ("##[error]It broke",)


@pytest.mark.parametrize(
    "unit", [b"a\n", b"ok 12\n", b"##[error]x\n", b"token=aaaaaa1 ", b"QUFBQUFBQUFBQUFBQUFBQUFB\n"]
)
async def test_sixty_megabytes_are_read_in_seconds_beside_everything_else(unit: bytes) -> None:
    """T17, X28: a log of short or hostile lines neither takes its minute nor stops the event loop."""
    block = unit * (65_536 // len(unit))
    waits: list[float] = []

    async def rest() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(0.005)
            waits.append(time.perf_counter() - asked)

    beside = asyncio.create_task(rest())
    started = time.process_time()
    await read_of(sized(*[block] * 920))
    spent = time.process_time() - started
    beside.cancel()
    assert spent < 10  # seconds; a quiet machine needs less than 3
    assert sorted(waits)[len(waits) * 9 // 10] < 0.1


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


async def test_a_log_that_breaks_off_is_partial(press: Press) -> None:
    """X27."""
    evidence = await seen(press, await failed(press, log=LOG.partition("2026-03-02T09:00:05")[0]))
    assert evidence.log == "partial"


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
