"""What a red job is compared with, as GitHub tells it: bounded, never a pull request's own run, never in the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from publishing_world import Press, opened_press
from stories import at

from github_app.github import baseline
from github_app.github.baseline import MOST_COMPARED, MOST_REMEMBERED, Asked, Baselines
from github_app.github.facts import job_of, pull_of, run_of
from github_app.github.payloads import PullRequest, WorkflowJob, WorkflowRun
from github_app.github.reading import Reading
from github_app.outcomes import Retry
from github_app.rules.events import JobsSeen
from github_app.rules.model import BaseJob, Baseline, BaseState, Evidence, Excerpt, Job
from github_app.rules.records import Commit, Finding, Installation, Judgement, Leg, PolicySource, Ref
from github_app.rules.verdicts import Verdict
from github_app.sandbox.runs import Run
from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.shapes import actions as shapes
from github_app.sandbox.shapes.pulls import full_pull
from pytest_failure_review.report import Category

READ = {"actions": "read", "checks": "read", "contents": "read", "pull_requests": "read"}
NOISE, BROKEN = "warehouse is slow, 31ms", "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4"
EXCERPT = Excerpt(11, (NOISE, BROKEN), "##[error]")


@dataclass
class Records:
    """The records that translation looks into."""

    commits: dict[str, Commit] = field(default_factory=dict)

    async def commit(self, repo_id: int, sha: str) -> Commit | None:
        return self.commits.get(sha)

    async def refs_at(self, repo_id: int, sha: str) -> Sequence[Ref]:
        return ()

    async def policy_source(self, repo_id: int) -> PolicySource | None: ...

    async def installation(self, installation_id: int) -> Installation | None: ...


@dataclass
class Scene:
    """A pull request on the sandbox whose job is red, and the base that it grew from."""

    press: Press
    records: Records = field(default_factory=Records)
    asked: Asked | None = None  # between two deliveries more than a minute passes, unless this remembers

    @property
    def base(self) -> str:
        return str(self.press.repo.branches["main"])

    async def ran(self, sha: str, conclusion: str, *said: str, name: str = "unit", event: str = "push") -> Run:
        github = self.press.sandbox
        run = await github.start_run(self.press.repo, sha, jobs=[name], event=event)
        log = "".join(f"2026-11-24T08:00:01.0000000Z {line}\n" for line in said)
        await github.finish_job(github.job(run, name), conclusion, log=log)
        await github.finish_run(run)
        return run

    async def compared(self, *names: str) -> tuple[Job, ...]:
        """Jobs of these names turn red on the pull request."""
        run = await self.press.sandbox.start_run(self.press.repo, self.press.sha, jobs=names)
        told = run_of(WorkflowRun.model_validate(shapes.run("", run)))
        jobs = [job_of(WorkflowJob.model_validate(shapes.job("", each)), told) for each in run.jobs]
        evidence = Evidence(excerpts=(EXCERPT,))
        red = tuple(replace(each, status="completed", conclusion="failure", evidence=evidence) for each in jobs)
        return (await self.event(red)).jobs

    async def event(self, jobs: tuple[Job, ...]) -> JobsSeen:
        pull = pull_of(PullRequest.model_validate(full_pull("", self.press.pull)))
        repo = self.press.at["repo"]
        seen = JobsSeen(repo=repo, cause="g", received_at=at(0), sha=self.press.sha, jobs=jobs, pulls=(pull,))
        api = self.press.parts.github.installation(self.press.installation_id, repo.id, READ)
        reading = Reading(api, repo, (), lambda: datetime.now(UTC))
        return await Baselines(reading, self.records, self.asked or Asked(reading.now)).compared(seen)

    async def one(self) -> Evidence:
        [job] = await self.compared("unit")
        assert job.evidence is not None
        return job.evidence


@pytest.fixture
async def scene(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[Scene]:
    async with opened_press(sandbox, sqlite_database_url) as press:
        yield Scene(press)


# --- the last green run


async def test_our_lines_are_looked_up_in_the_newest_green_log_on_the_base_branch(scene: Scene) -> None:
    await scene.ran(scene.base, "success", "nothing of ours")
    run = await scene.ran(scene.base, "success", "warehouse is slow, 1290ms", "fine")
    twin = scene.press.sandbox.job(run, "unit")
    found = (await scene.one()).baseline
    assert found is not None
    assert (found.branch, found.sha, found.seen, found.gap) == ("main", scene.base, (11,), "")
    assert found.url.endswith(f"/actions/runs/{run.id}/job/{twin.id}")


async def test_a_job_that_an_earlier_attempt_left_green_is_found(scene: Scene) -> None:
    """X18."""
    github = scene.press.sandbox
    run = await github.start_run(scene.press.repo, scene.base, jobs=["unit", "lint"], event="push")
    await github.finish_job(github.job(run, "unit"), "success", log=f"{NOISE}\n")
    await github.finish_job(github.job(run, "lint"), "failure", log="no\n")
    await github.finish_run(run)
    await github.rerun(run)
    await github.finish_job(github.job(run, "lint"), "success", log="yes\n")
    await github.finish_run(run)
    assert (await scene.one()).baseline == await _baseline_of(scene, run)


async def _baseline_of(scene: Scene, run: Run) -> Baseline:
    told = WorkflowJob.model_validate(shapes.job(scene.press.sandbox.base_url, scene.press.sandbox.job(run, "unit")))
    return Baseline("main", scene.base, told.html_url, (11,))


async def test_a_run_of_a_pull_request_is_no_baseline(scene: Scene) -> None:
    """T15: whoever wrote it could have printed the lines of a later failure."""
    await scene.ran(scene.press.sha, "success", NOISE, BROKEN, event="pull_request")
    scene.press.repo.runs[max(scene.press.repo.runs)].head_branch = "main"
    assert (await scene.one()).baseline == Baseline("main", gap="there is none")


async def test_why_nothing_is_compared_is_said(scene: Scene) -> None:
    run = await scene.ran(scene.base, "success", name="lint")
    assert (await scene.one()).baseline == Baseline("main", scene.base, gap="that run has no green job of this name")
    run = await scene.ran(scene.base, "success", NOISE)
    scene.press.sandbox.job(run, "unit").log = None
    assert _gap((await scene.one()).baseline) == "its log cannot be read"
    for status in (403, 500):
        scene.press.sandbox.fault("status", "GET", r".*/workflows/\d+/runs", status=status, times=4)
        assert _gap((await scene.one()).baseline) == "GitHub did not tell just now"
        scene.press.sandbox.api.faults = type(scene.press.sandbox.api.faults)()


def _gap(told: Baseline | None) -> str:
    return told.gap if told else ""


async def test_of_a_log_that_is_too_large_what_was_found_is_known(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baseline, "MAX_GREEN", 1_000_000)
    await scene.ran(scene.base, "success", NOISE, *(["fine"] * 50_000), BROKEN)
    found = (await scene.one()).baseline
    assert found is not None
    assert (found.seen, found.unfinished, found.gap) == ((11,), (12,), "")


async def test_at_most_five_jobs_of_a_delivery_are_compared(scene: Scene) -> None:
    await scene.ran(scene.base, "success", NOISE)
    jobs = await scene.compared(*(f"unit {number}" for number in range(8)))
    compared = [job for job in jobs if job.evidence and job.evidence.baseline]
    assert len(compared) == MOST_COMPARED
    searches = [each for each in scene.press.sandbox.requests if "/compare/main..." in each.path]
    assert len(searches) == 1


async def test_forty_jobs_of_a_commit_ask_once_for_what_they_share(scene: Scene) -> None:
    """G13: else each of them would be late by as much."""
    await scene.ran(scene.base, "success", NOISE)
    await scene.ran(scene.base, "failure", NOISE, name="lint")
    scene.asked = Asked(scene.press.parts.now)
    before = len(scene.press.sandbox.requests)
    for _ in range(4):
        await scene.compared("unit")
    asked = [each.path.rpartition("/shop/")[2] for each in scene.press.sandbox.requests[before:]]
    shared = [path for path in asked if not path.endswith("/logs") and "access_tokens" not in path]
    assert len(shared) == len(set(shared)) == 5
    assert sum(path.endswith("/logs") for path in asked) == 4


async def test_after_a_minute_github_is_asked_anew_also_when_it_refused() -> None:
    minute = [0.0]
    asked, told = Asked(lambda: at(minute[0])), [1, Retry("no"), 2]

    async def ask() -> object:
        answer = told.pop(0)
        if isinstance(answer, Retry):
            raise answer
        return answer

    assert [await asked.once("a", ask) for _ in range(2)] == [1, 1]
    minute[0] = 1
    for _ in range(2):
        with pytest.raises(Retry):
            await asked.once("a", ask)
    minute[0] = 2
    assert await asked.once("a", ask) == 2


async def test_what_is_remembered_is_bounded() -> None:
    asked, calls = Asked(lambda: at(0)), [0]

    async def ask() -> None:
        calls[0] += 1

    for key in (0, 0, *range(MOST_REMEMBERED + 1), 0):
        await asked.once(key, ask)
    assert calls[0] == MOST_REMEMBERED + 2


async def test_what_is_not_red_or_no_job_of_actions_is_not_asked_about(scene: Scene) -> None:
    before = len(scene.press.sandbox.requests)
    green = Job(1, "actions", "github-actions", "unit", "completed", "success")  # type: ignore[arg-type]  # its value
    status = Job(2, "status", "", "ci", "completed", "failure", evidence=Evidence(log="none"))  # type: ignore[arg-type]  # same
    assert (await scene.event((green, status))).jobs == (green, status)
    assert len(scene.press.sandbox.requests) == before


# --- where the pull request began


async def test_a_job_that_was_red_there_is_compared_by_its_lines(scene: Scene) -> None:
    run = await scene.ran(scene.base, "failure", "FAILED tests/unit/test_cart.py::test_total - assert 7 == 8")
    check = scene.press.sandbox.job(run, "unit")
    found = (await scene.one()).base
    assert found is not None
    assert (found.sha, found.state, found.seen) == (scene.base, BaseState.RED, (12,))
    assert found.url.endswith(f"/runs/{check.id}")


@pytest.mark.parametrize(
    ("conclusions", "state"),
    [
        ((), BaseState.NOT_RUN),
        (("success",), BaseState.PASSED),
        (("skipped",), BaseState.NOT_RUN),
        (("cancelled",), BaseState.NOT_KNOWN),
        (("success", "failure"), BaseState.NOT_KNOWN),
    ],
)
async def test_what_a_job_came_to_there_is_read(scene: Scene, conclusions: Sequence[str], state: BaseState) -> None:
    """X71, and X45: of two jobs of one name it is not known which is meant."""
    for conclusion in conclusions:
        await scene.ran(scene.base, conclusion, NOISE)
    found = (await scene.one()).base
    assert found is not None
    assert (found.branch, found.sha, found.state) == ("main", scene.base, state)


async def test_our_own_record_goes_before_github(scene: Scene) -> None:
    [red] = await scene.compared("unit")
    there = replace(red, id=77, evidence=None, url="https://github.com/job")
    leg = Leg(77, there.slot, there.order, "unit", scene.base, 1, 1, "", at(0))
    verdict = Verdict(Category.TEST_UNIT, "", "pytest", "log", 0.8)
    judgement = Judgement(verdict, "CI", there.workflow_id, "unit", "tests", prints=("line:1", "line:2"))
    finding = Finding(leg, "fr1:1", at(0), judgement)
    repo = scene.press.at["repo"]
    scene.records.commits[scene.base] = Commit(repo, scene.base, at(0), jobs=(there,), findings=(finding,))
    expected = BaseJob("main", scene.base, BaseState.RED, "https://github.com/job", ("line:1", "line:2"))
    assert (await scene.one()).base == expected
    running = replace(there, status="in_progress", conclusion=None)
    scene.records.commits[scene.base] = Commit(repo, scene.base, at(0), jobs=(running,))
    assert (await scene.one()).base == BaseJob("main", scene.base, BaseState.NOT_RUN)


async def test_the_commits_of_the_pull_request_come_along(scene: Scene) -> None:
    """X33: so that stacked pull requests are not taken for strangers."""
    [red] = await scene.compared("unit")
    event = await scene.event((replace(red, evidence=Evidence(excerpts=(EXCERPT,))),))
    assert [each.commits for each in event.pulls] == [(scene.press.sha,)]


async def test_whatever_github_refuses_the_jobs_are_the_same(scene: Scene) -> None:
    for status in (403, 404, 500):
        scene.press.sandbox.fault("status", "GET", r".*/(compare|workflows|pulls|commits)/.*", status=status, times=40)
        evidence = await scene.one()
        assert (evidence.excerpts, evidence.base, _gap(evidence.baseline)) == (
            (EXCERPT,),
            None,
            "GitHub did not tell just now",
        )
