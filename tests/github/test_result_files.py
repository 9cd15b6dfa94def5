"""Files of results in artifacts: read within bounds, without credentials, and used for the job they are of."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing_world import Press, opened_press

from github_app.github.artifacts import MAX_LISTED, read_result_files
from github_app.github.evidence import Witness
from github_app.rules.model import Evidence, Job, Source
from github_app.rules.results.cleaning import cleaned
from github_app.rules.results.reading import read_results
from github_app.rules.results.values import FileReport, Unusable
from github_app.sandbox.scenario import Sandbox

TOKEN = "ghp_" + "a1B2c3D4e5" * 4
LOG = (
    "2026-03-02T09:00:01.0000000Z ##[group]Run make test\n"
    "2026-03-02T09:00:03.0000000Z FAILED tests/test_cart.py::test_total_of_two - assert 3 == 4\n"
    "2026-03-02T09:00:04.0000000Z ##[error]Process completed with exit code 1.\n"
    "2026-03-02T09:00:05.0000000Z Cleaning up orphan processes\n"
)


def junit(name: str = "test_total_of_two", said: str = "assert 3 == 4") -> bytes:
    return (
        f'<testsuite><testcase classname="c" name="{name}"><failure message="{said}"/></testcase></testsuite>'.encode()
    )


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


# --- what is in the archive


def test_every_file_in_a_known_format_is_read_whatever_it_is_called() -> None:
    archive = packed(
        {"a/junit.txt": junit(), "b.dat": b'{"runs": [{"tool": {"driver": {"name": "X"}}}]}', "c.png": b"\x89PNG"}
    )
    assert [report.name for report in read_result_files(archive)] == ["a/junit.txt", "b.dat"]


@pytest.mark.parametrize("name", ["../junit.xml", "/etc/junit.xml", "C:junit.xml", "a\\..\\..\\junit.xml"])
def test_a_name_that_climbs_out_is_not_read(name: str) -> None:
    """T17."""
    assert read_result_files(packed({name: junit()})) == []


def test_one_bad_file_does_not_spoil_the_others() -> None:
    reports = read_result_files(packed({"bad.xml": b"<!DOCTYPE x><testsuite/>", "junit.xml": junit()}))
    assert [report.name for report in reports] == ["junit.xml"]


@pytest.mark.parametrize(
    "archive",
    [
        packed({str(number): b"" for number in range(MAX_LISTED + 1)}),
        packed({"x.xml": b"<a>" + b" " * 30_000_000}),
        b"PK",
    ],
    ids=["many", "tight", "none"],
)
def test_an_archive_that_breaks_the_caps_is_refused(archive: bytes) -> None:
    """T17."""
    with pytest.raises(Unusable):
        read_result_files(archive)


@given(st.binary(max_size=400))
def test_hostile_archives_raise_nothing_else(junk: bytes) -> None:
    whole = packed({"junit.xml": junit(), "x.json": b"[]"})
    for archive in (junk, whole[: len(junk)] + junk, whole[:-40] + junk):
        try:
            read_result_files(archive)
        except Unusable:
            continue


# --- whose it is


@pytest.fixture
async def press(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[Press]:
    async with opened_press(sandbox, sqlite_database_url) as made:
        yield made


class World:
    """A run with two jobs, of which some are red, and the evidence of the first."""

    def __init__(self, press: Press, made: dict[str, Any], run: Any) -> None:
        self.press, self.made, self.run = press, made, run

    def upload(self, name: str, files: Mapping[str, bytes]) -> Any:
        return self.press.sandbox.upload_artifact(self.run, name, files)

    async def evidence(self, name: str = "unit", *, fork: bool = False, patterns: tuple[str, ...] = ()) -> Evidence:
        api = self.press.parts.github.installation(
            self.press.installation_id, self.press.repo.id, {"actions": "read", "checks": "read"}
        )
        witness = Witness(api, self.press.at["repo"], (), lambda: datetime.now(UTC) + timedelta(hours=1), patterns)
        return await witness.of_job(known(self.made[name]), 12345 if fork else self.press.repo.id)

    async def files(self, name: str = "unit", **more: Any) -> tuple[FileReport, ...]:
        return (await self.evidence(name, **more)).files


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
        created_at=made.created_at.replace(microsecond=0),  # as GitHub tells it
        completed_at=made.completed_at,
    )


async def run_of(press: Press, *names: str, red: int = 1, log: str = LOG) -> World:
    """A run of jobs, the first `red` of them failed and the rest passed."""
    run = await press.sandbox.start_run(press.repo, press.sha, jobs=list(names))
    made = {name: press.sandbox.job(run, name) for name in names}
    for number, job in enumerate(made.values()):
        await press.sandbox.finish_job(job, "failure" if number < red else "success", log=log)
    return World(press, made, run)


@pytest.mark.parametrize("name", ["failure-review-unit-0-1", "evidence-failure-review-unit-0-1"])
async def test_results_in_our_own_artifacts_are_of_the_job_that_they_name(press: Press, name: str) -> None:
    world = await run_of(press, "unit", "lint", red=2)
    world.upload(name, {"junit.xml": junit()})
    [report] = await world.files()
    assert (report.failed, report.basis, report.trusted) == (1, "", True)
    assert not [each for each in press.sandbox.requests if "/attempts/" in each.path]


async def test_another_artifact_is_read_only_when_the_policy_names_it(press: Press) -> None:
    world = await run_of(press, "unit")
    world.upload("test-results", {"junit.xml": junit()})
    assert await world.files() == ()
    assert len(await world.files(patterns=("test-*",))) == 1


async def test_of_the_only_red_job_it_says_so(press: Press) -> None:
    world = await run_of(press, "build", "lint")
    world.upload("results", {"junit.xml": junit("test_unheard_of")})
    [report] = await world.files("build", patterns=("results",))
    assert report.basis == "Its artifact names no job, but this is the only one of the run that failed."


async def test_of_two_red_jobs_the_log_has_to_tell_of_the_same(press: Press) -> None:
    """T16."""
    world = await run_of(press, "build", "lint", red=2)
    world.upload("results", {"a.xml": junit("test_unheard_of"), "b.xml": junit()})
    [report] = await world.files("build", patterns=("results",))
    assert [test.name for test in report.tests] == ["c::test_total_of_two"]
    assert report.basis == "Its artifact names no job, but this job's log tells of the same."


async def test_an_artifact_that_names_another_job_is_not_this_ones(press: Press) -> None:
    """T16."""
    world = await run_of(press, "unit", "lint", red=2)
    world.upload("results-lint", {"junit.xml": junit("test_unheard_of")})
    assert await world.files("unit", patterns=("results*",)) == ()
    assert len(await world.files("lint", patterns=("results*",))) == 1


async def test_an_artifact_of_an_earlier_attempt_is_not_used(press: Press) -> None:
    world = await run_of(press, "unit")
    world.upload("failure-review-unit-0-1", {"junit.xml": junit()})
    world.upload("results", {"junit.xml": junit()}).created_at -= timedelta(minutes=5)
    await press.sandbox.finish_run(world.run)
    [again] = await press.sandbox.rerun(world.run)
    await press.sandbox.finish_job(again, "failure", log=LOG)
    world.made["unit"] = again
    assert await world.files(patterns=("results",)) == ()


async def test_a_forks_results_are_read_and_not_trusted(press: Press) -> None:
    """T16."""
    world = await run_of(press, "unit")
    world.upload("failure-review-unit-0-1", {"junit.xml": junit()})
    [report] = await world.files(fork=True)
    assert not report.trusted


async def test_no_credential_leaves_with_what_was_read(press: Press) -> None:
    """T23."""
    leaking = {
        "junit.xml": junit(f"test_{TOKEN}", f"token {TOKEN} {'x' * 5_960} {TOKEN}"),
        f"{TOKEN}.json": json.dumps(
            {
                "version": "2.1.0",
                "runs": [
                    {
                        "tool": {"driver": {"name": f"Scan {TOKEN}"}},
                        "invocations": [{"executionSuccessful": False, "exitCodeDescription": TOKEN}],
                        "results": [
                            {
                                "ruleId": TOKEN,
                                "message": {"text": TOKEN},
                                "locations": [{"physicalLocation": {"artifactLocation": {"uri": f"a/{TOKEN}.py"}}}],
                            }
                        ],
                    }
                ],
            }
        ).encode(),
    }
    world = await run_of(press, "unit")
    world.upload("failure-review-unit-0-1", leaking)
    found = await world.files()
    assert len(found) == 2
    assert "a1B2c3D4e5" not in str(found)


@given(st.integers(0, 20_000), st.integers(0, 5))
def test_of_a_credential_at_a_cut_no_half_is_left(before: int, field: int) -> None:
    """T23: every text is cut, and half a credential is not recognised any more."""
    text = f"{'x ' * (before // 2)}{TOKEN}{' y' * 9_000}"
    fields = ["a"] * 6
    fields[field] = text
    name, said, package, version, title, path = fields
    trivy = {"Target": path, "Vulnerabilities": [{"PkgName": package, "InstalledVersion": version, "Title": title}]}
    told = json.dumps({"SchemaVersion": 2, "Results": [trivy]}).encode()
    clean = Witness(cast("Any", None), cast("Any", None), (), lambda: datetime.now(UTC))._clean
    reports = [*read_results("x", junit(name, said)), *read_results("y", told)]
    assert "a1B2c3D4" not in str([cleaned(report, clean) for report in reports])


async def test_a_report_that_says_nothing_is_not_kept(press: Press) -> None:
    world = await run_of(press, "unit")
    world.upload("failure-review-unit-0-1", {"junit.xml": b'<testsuite><testcase name="ok"/></testsuite>'})
    assert await world.files() == ()
