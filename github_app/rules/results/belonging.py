"""Whose a file of results is: artifacts are of a run, and evidence of another job must not decide this one's kind.

The law: where neither the artifact's name nor the lack of other red jobs says whose it is, the job's own log has to
tell of the same (T16).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from github_app.rules.commits import RED
from github_app.rules.fingerprints import family
from github_app.rules.model import Excerpt, Job
from github_app.rules.results.values import FileReport
from pytest_failure_review.report import FILE_PREFIX

SLACK: Final = timedelta(minutes=1)
"""How long after a job's end its last artifact may be listed as made."""

_SHORTEST: Final = 6
"""Characters that a name needs before finding it in a log means anything."""

_ACTIONS_NAME: Final = re.compile(rf"(?:evidence-)?{FILE_PREFIX}-(.+)-\d+-(\d+)")
_WORD: Final = re.compile(r"[a-z0-9.]+")


class Belonging(Enum):
    """What speaks for a file being of a job; the value is the sentence that the verdict's reason ends with."""

    NAMED = ""
    ONLY = "Its artifact names no job, but this is the only one of the run that failed."
    TOLD = "Its artifact names no job, but this job's log tells of the same."
    UNCLEAR = "nothing yet"


def is_of_time(made_at: datetime | None, job: Job) -> bool:
    """Whether an artifact was made while a job ran, so not by an earlier attempt nor by a job after it."""
    if made_at is None or job.created_at is None or job.completed_at is None:
        return True
    return job.created_at <= made_at <= job.completed_at + SLACK


def by_key(name: str, job: Job) -> Belonging | None:
    """Return what the name that our Action gives says; None when it is of another attempt."""
    told = _ACTIONS_NAME.fullmatch(name)
    if told is None:
        return Belonging.UNCLEAR
    if told[2] != str(job.attempt):
        return None
    is_of_matrix = family(job.name) != job.name  # then several have this key
    return Belonging.NAMED if told[1].lower() in job_keys(job) and not is_of_matrix else Belonging.UNCLEAR


def among(name: str, job: Job, jobs: Sequence[Job]) -> Belonging:
    """Return what an artifact's name says beside the names of all jobs of the attempt, `job` among them."""
    words = set(_WORD.findall(name.lower()))
    weights = {each.id: len(own) for each in jobs if (own := set(_WORD.findall(each.name.lower()))) and own <= words}
    best = [number for number, weight in weights.items() if weight == max(weights.values())]
    if best == [job.id]:
        return Belonging.NAMED
    others = [each for each in jobs if each.id != job.id]
    is_only = not best and all(each.done and each.conclusion not in RED | {"cancelled"} for each in others)
    return Belonging.ONLY if is_only else Belonging.UNCLEAR


def is_told(report: FileReport, excerpts: Iterable[Excerpt]) -> bool:
    """Whether a job's log tells of anything that a report names."""
    names = {name for name in _names(report) if len(name) >= _SHORTEST}
    return any(name in line for excerpt in excerpts for line in excerpt.lines for name in names)


def job_keys(job: Job) -> set[str]:
    """Return what a job's key may be by its name: of a called workflow the part after the caller's name."""
    name = family(job.name).lower()
    called = name.rsplit(" / ", 1)[-1]
    return {form for each in (name, called) for form in (each, each.replace(" ", "-"), each.replace(" ", "_"))}


def _names(report: FileReport) -> Iterable[str]:
    for test in report.tests:
        yield test.name.rpartition("::")[2]
    for flaw in report.flaws:
        yield from (flaw.rule, flaw.path, *flaw.advisories, f"{flaw.package} {flaw.version}" if flaw.version else "")
    for benchmark in report.benchmarks:
        yield benchmark.name.rpartition("::")[2]
    if report.problem:
        yield report.problem.strip().partition("\n")[0].removeprefix("it wrote: ")
