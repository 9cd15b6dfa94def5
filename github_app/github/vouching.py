"""Whether GitHub's own facts agree with where a report says it comes from, and how its failure is seen again (T16)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from github_app.github.artifacts import ReportFile
from github_app.rules.model import Job, ReportedFailure
from github_app.rules.redaction import redact

OF_MERGES: Final = frozenset({"pull_request"})
"""Events whose GITHUB_SHA is a merge that GitHub made of the head and the base.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""
_OF_HEADS: Final = frozenset({"push", "merge_group", "workflow_dispatch", "schedule"})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
_LONGEST_COMMAND: Final = 600


def doubt(file: ReportFile, job: Job, head_sha: str, parents: Collection[str]) -> str:
    """Return as a clause in what a report disagrees with GitHub, nothing when it agrees.

    `head_sha` is the commit of the artifact's run, `parents` those of the commit that the report names. Other events
    run on a commit of the default branch that nothing here tells.
    """
    if file.workflow and job.workflow and redact(file.workflow).text != job.workflow:
        return "it names another workflow"
    if job.event not in _OF_HEADS | OF_MERGES:
        return ""
    if not file.sha or not head_sha:
        return "the commit that it was written for is not known"
    agrees = file.sha == head_sha or (job.event in OF_MERGES and head_sha in parents)
    return "" if agrees else "it names another commit"


def with_replay(failures: Sequence[ReportedFailure], run_id: int, artifact: str) -> list[ReportedFailure]:
    """Return the failures, each with the commands that fetch its report and run it again.

    The words are ours: a command that a stranger wrote into a report would be pasted into somebody's shell.
    """
    if not _NAME.fullmatch(artifact):
        return list(failures)
    fetch = f"gh run download {run_id} --name {artifact} --dir {artifact}"
    return [replace(each, replay=_command(fetch, artifact, each.nodeid)) for each in failures]


def _command(fetch: str, folder: str, nodeid: str) -> str:
    if not nodeid.isprintable():
        return ""
    command = f"{fetch} && pytest {shlex.quote(f'--failure-review-replay={folder}#{nodeid}')}"
    return command if len(command) <= _LONGEST_COMMAND else ""
