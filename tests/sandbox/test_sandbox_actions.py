"""Workflow runs behave as GitHub's do: attempts, jobs, logs and artifacts."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

from sandbox.shops import Shop

from github_app.sandbox.acts.actions import MOST_ATTEMPTS, refusal_to_rerun

ACTIONS = "/repos/octo/shop/actions"


async def test_a_log_is_behind_a_link_that_refuses_credentials(shop: Shop) -> None:
    """G24: fetched without the Authorization header."""
    token, job = await shop.token(), shop.sandbox.job(shop.run, "test")
    status, _, headers = await shop.call("GET", f"{ACTIONS}/jobs/{job.id}/logs", auth=token)
    assert (status, headers["Location"].startswith(shop.sandbox.storage_url)) == (302, True)
    assert (await shop.call("GET", headers["Location"], auth=token))[0] == 400
    assert (await shop.call("GET", headers["Location"]))[:2] == (200, b"it broke\n")


async def test_the_link_to_a_log_is_good_for_a_minute(shop: Shop) -> None:
    """G24."""
    job, start = shop.sandbox.job(shop.run, "test"), datetime.now(UTC)
    _, _, headers = await shop.call("GET", f"{ACTIONS}/jobs/{job.id}/logs", auth=await shop.token())
    shop.sandbox.world.clock = lambda: start + timedelta(seconds=62)
    assert (await shop.call("GET", headers["Location"]))[0] == 403


async def test_there_is_no_log_while_the_job_runs(shop: Shop) -> None:
    run = await shop.sandbox.start_run(shop.repo, shop.pull.head_sha, jobs=["slow"])
    job, token = shop.sandbox.job(run, "slow"), await shop.token()
    assert (await shop.call("GET", f"{ACTIONS}/jobs/{job.id}/logs", auth=token))[0] == 404
    await shop.sandbox.finish_job(job, "failure")
    assert (await shop.call("GET", f"{ACTIONS}/jobs/{job.id}/logs", auth=token))[0] == 404


async def test_a_job_is_a_check_run_of_github_actions(shop: Shop) -> None:
    token, job = await shop.token(), shop.sandbox.job(shop.run, "test")
    _, check, _ = await shop.call("GET", f"/repos/octo/shop/check-runs/{job.id}", auth=token)
    _, notes, _ = await shop.call("GET", f"/repos/octo/shop/check-runs/{job.id}/annotations", auth=token)
    assert (check["app"]["id"], check["app"]["slug"], check["conclusion"]) == (15368, "github-actions", "failure")
    assert [(each["path"], each["message"]) for each in notes] == [(".github", "Process completed with exit code 1.")]


async def test_a_rerun_of_failed_jobs_lists_only_what_ran_again(shop: Shop) -> None:
    """X18: success of the first attempt is found in the first attempt."""
    token = await shop.token()
    assert (await shop.call("POST", f"{ACTIONS}/runs/{shop.run.id}/rerun-failed-jobs", auth=token))[0] == 201
    job = shop.sandbox.job(shop.run, "test")
    await shop.sandbox.finish_job(job, "success", log="fixed\n")
    await shop.sandbox.finish_run(shop.run)
    names = {}
    for question in ("jobs", "jobs?filter=all", "attempts/1/jobs", "attempts/2/jobs"):
        _, body, _ = await shop.call("GET", f"{ACTIONS}/runs/{shop.run.id}/{question}", auth=token)
        names[question] = [(each["name"], each["run_attempt"], each["conclusion"]) for each in body["jobs"]]
    first, second = [("test", 1, "failure"), ("lint", 1, "success")], [("test", 2, "success")]
    assert names == {
        "jobs": second,
        "jobs?filter=all": first + second,
        "attempts/1/jobs": first,
        "attempts/2/jobs": second,
    }
    _, past, _ = await shop.call("GET", f"{ACTIONS}/runs/{shop.run.id}/attempts/1", auth=token)
    _, now, _ = await shop.call("GET", f"{ACTIONS}/runs/{shop.run.id}", auth=token)
    assert (past["conclusion"], now["conclusion"], now["run_attempt"]) == ("failure", "success", 2)


async def test_a_single_job_may_be_run_again(shop: Shop) -> None:
    job = shop.sandbox.job(shop.run, "lint")
    assert (await shop.call("POST", f"{ACTIONS}/jobs/{job.id}/rerun", auth=await shop.token()))[0] == 201
    assert [each.name for each in shop.run.jobs_of(2)] == ["lint"]


async def test_a_run_in_progress_is_not_run_again(shop: Shop) -> None:
    path, token = f"{ACTIONS}/runs/{shop.run.id}/rerun", await shop.token()
    assert [(await shop.call("POST", path, auth=token))[0] for _ in range(2)] == [201, 403]


async def test_a_run_is_run_again_fifty_times_at_most(shop: Shop) -> None:
    """G23."""
    for number in range(2, MOST_ATTEMPTS + 1):
        assert refusal_to_rerun(shop.run) is None, number
        await shop.sandbox.rerun(shop.run, only_failed=False)
        await shop.sandbox.finish_run(shop.run)
    assert "too many times" in (refusal_to_rerun(shop.run) or "")


async def test_an_artifact_is_a_zip_behind_a_link(shop: Shop) -> None:
    shop.sandbox.upload_artifact(shop.run, "report", {"a.jsonl": b"{}\n"})
    token = await shop.token()
    _, body, _ = await shop.call("GET", f"{ACTIONS}/runs/{shop.run.id}/artifacts?name=report", auth=token)
    artifact = body["artifacts"][0]
    path = f"{ACTIONS}/artifacts/{artifact['id']}/zip"
    _, _, headers = await shop.call("GET", path, auth=token)
    _, content, _ = await shop.call("GET", headers["Location"])
    assert artifact["workflow_run"]["head_sha"] == shop.pull.head_sha
    assert zipfile.ZipFile(io.BytesIO(content)).read("a.jsonl") == b"{}\n"


async def test_an_expired_artifact_is_gone(shop: Shop) -> None:
    made = shop.sandbox.upload_artifact(shop.run, "report", b"not even a zip")
    made.expired = True
    assert (await shop.call("GET", f"{ACTIONS}/artifacts/{made.id}/zip", auth=await shop.token()))[0] == 410


async def test_a_cancelled_run_cancels_its_jobs(shop: Shop) -> None:
    run = await shop.sandbox.start_run(shop.repo, shop.pull.head_sha, "Slow", ".github/workflows/slow.yml")
    await shop.sandbox.cancel_run(run)
    assert shop.sandbox.runs_of(shop.pull) == [shop.run, run]
    assert (run.now.conclusion, [job.conclusion for job in run.jobs]) == ("cancelled", ["cancelled"])


async def test_runs_are_found_by_their_commit(shop: Shop) -> None:
    token = await shop.token()
    path = f"{ACTIONS}/runs?head_sha={shop.pull.head_sha}&event=pull_request&status=failure"
    _, found, _ = await shop.call("GET", path, auth=token)
    _, none, _ = await shop.call("GET", f"{ACTIONS}/runs?head_sha={'0' * 40}", auth=token)
    assert ([run["id"] for run in found["workflow_runs"]], none["total_count"]) == ([shop.run.id], 0)


async def test_the_runs_of_a_workflow_are_searched_by_branch_and_outcome(shop: Shop) -> None:
    """A branch is a bare name there: a fork's `main` is found beside the repository's own."""
    fork = shop.sandbox.fork(shop.repo, "eve")
    await shop.sandbox.put_files(fork, {"mine.md": "mine\n"}, "main", "eve")
    pull = await shop.sandbox.open_pull(shop.repo, "main", "eve", "From my main", fork_from=fork)
    green = {}
    for sha, event in ((shop.repo.branches["main"], "push"), (pull.head_sha, "pull_request")):
        green[event] = run = await shop.sandbox.start_run(shop.repo, sha, event=event)
        await shop.sandbox.finish_job(shop.sandbox.job(run, "test"), "success", log="fine\n")
        await shop.sandbox.finish_run(run)
    path = f"{ACTIONS}/workflows/{green['push'].workflow.id}/runs?branch=main&status=success"
    _, body, _ = await shop.call("GET", path, auth=await shop.token())
    assert [each["id"] for each in body["workflow_runs"]] == [green["pull_request"].id, green["push"].id]


async def test_two_commits_are_compared_from_where_they_parted(shop: Shop) -> None:
    """The files come with the first page of commits only (GitHub docs, "Compare two commits")."""
    parted, token = shop.repo.branches["main"], await shop.token()
    await shop.sandbox.put_file(shop.repo, "later.md", "on main\n")
    path = f"/repos/octo/shop/compare/main...{shop.pull.head_sha}"
    _, first, _ = await shop.call("GET", path, auth=token)
    _, second, _ = await shop.call("GET", f"{path}?per_page=1&page=2", auth=token)
    assert (first["merge_base_commit"]["sha"], first["status"], first["behind_by"]) == (parted, "diverged", 1)
    assert [each["sha"] for each in first["commits"]] == [shop.pull.head_sha]
    assert ("files" in first, "files" in second, second["commits"]) == (True, False, [])
