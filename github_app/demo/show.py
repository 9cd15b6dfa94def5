"""Runs the demo and tells what happens: what failed, what the App said, and why."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterable

from github_app.demo.jobs import NAMES, FailedJob, failed_jobs
from github_app.demo.stage import Stage, stage
from github_app.github.checks import GATE
from github_app.github.view import View, view_of
from github_app.logs import set_up_logs
from github_app.rules.gate import owner_name
from github_app.rules.records import Failure
from github_app.rules.sla import deadline, duration_in_words
from github_app.rules.verdicts import Permission

PATIENCE = 30
WORKFLOW = ".github/workflows/ci.yml"
_OVERRIDE = {Permission.NEVER: "never", Permission.APPROVAL: "with approval", Permission.HOTFIX: "hotfix only"}


async def run_demo(*, once: bool, port: int) -> int:
    """Run the demo; with `once` print the outcome and end, else keep the pages up until interrupted.

    Returns the exit status: 0, or 1 when the App did not answer in time.
    """
    set_up_logs("ERROR", ())
    began = time.monotonic()
    print("Starting a sandbox GitHub and the App on this machine; nothing leaves it.")
    async with stage(port) as scene:
        print(f"Pull request #{scene.pull.number} “{scene.pull.title}” by {scene.pull.author.login} runs its workflow:")
        await _fail(scene)
        view = await _answer(scene)
        if view is None:
            print(f"The App did not answer within {PATIENCE} s.")
            return 1
        print(f"\nThe App answered {time.monotonic() - began:.1f} s after the start.\n")
        print(outcome(view))
        print(await _why(scene, view.gate.failures))
        _tell_addresses(scene, view, once=once)
        if not once:
            await _until_interrupted()
    return 0


def outcome(view: View) -> str:
    """Return the gate as a text table."""
    rows = [("JOB", "KIND", "WHOSE", "FIX WITHIN", "OVERRIDE")]
    rows += [_row(failure) for failure in view.gate.failures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"failure-review/gate: {view.gate.conclusion}: {view.gate.title}", "", *lines])


async def _fail(scene: Stage) -> None:
    """Let every job of the workflow end as it did, at the same time, as they do on a bad day."""
    sandbox = scene.sandbox
    run = await sandbox.start_run(scene.repo, scene.pull.head_sha, "CI", WORKFLOW, jobs=NAMES)
    jobs = await failed_jobs(run.id, scene.pull.head_sha)
    for job in jobs:
        print(f"  {job.name}: {job.story}")
        if job.report:
            sandbox.upload_artifact(run, f"failure-review-{job.name}-0-1", job.report)
    await asyncio.gather(*(_end(scene, run, job) for job in jobs))
    await sandbox.finish_run(run)


async def _end(scene: Stage, run: object, job: FailedJob) -> None:
    steps = [("Set up job", "success"), (job.step, "failure")] if job.step else [("Set up job", "success")]
    sandbox = scene.sandbox
    ended = sandbox.job(run, job.name)  # type: ignore[arg-type]  # the sandbox's own run
    await sandbox.finish_job(ended, "failure", log=job.log, steps=steps, annotations=job.annotations)


async def _answer(scene: Stage) -> View | None:
    """Wait until the check and the comment on the pull request show what the App decided about every job."""
    for _ in range(PATIENCE * 10):
        view = await view_of(scene.parts.engine, scene.repo.id, scene.pull.head_sha)
        if view and len(view.gate.failures) == len(NAMES) and _is_shown(scene, view):
            return view
        await asyncio.sleep(0.1)
    return None


def _is_shown(scene: Stage, view: View) -> bool:
    checks = scene.sandbox.check_runs(scene.repo, scene.pull.head_sha, name=GATE)
    comments = scene.sandbox.comments(scene.pull)
    is_in_comment = comments and all(failure.id in comments[0].body for failure in view.gate.failures)
    return bool(is_in_comment) and any(run.title == view.gate.title for run in checks)


async def _why(scene: Stage, failures: Iterable[Failure]) -> str:
    """Return what the App did and why, failure by failure, from the journal."""
    lines = ["\nWhat the App did, and why:"]
    for failure in failures:
        told = await scene.parts.store.journal.about(failure.id)
        lines += [
            f"\n{failure.job}: {failure.verdict.reason}",
            *(f"  {entry.at:%H:%M:%S} {entry.kind}: {entry.reason}" for entry in told),
            f"  override: {failure.override.reason}",
        ]
    return "\n".join(lines)


def _row(failure: Failure) -> tuple[str, str, str, str, str]:
    due, target = deadline(failure.clock), failure.clock.target_s
    within = f"{duration_in_words(target)} ({due:%H:%M} UTC)" if due and target else "no deadline"
    override = _OVERRIDE[failure.override.permission]
    return failure.job, failure.verdict.category, owner_name(failure), within, override


def _tell_addresses(scene: Stage, view: View, *, once: bool) -> None:
    if once:
        return
    print(f"\nThe pull request as a person sees it:  {scene.page}")
    print(f"One failure in full:                   {scene.address}/failures/{view.gate.failures[0].id}")
    print("\nPress Ctrl-C to end; everything is deleted then.", flush=True)


async def _until_interrupted() -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    await stop.wait()
