"""A job on GitHub, by its address: everything that GitHub tells of it, and the verdict that the App would give.

It only reads, with the App's own key, and so only where the App is installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import ValidationError

from github_app.classify import Judged, Rulebook, judged
from github_app.classify_input import Unusable
from github_app.connect import github_of
from github_app.github.client import Api, GitHub, open_session
from github_app.github.facts import head_repo, job_of, run_of
from github_app.github.payloads import InstallationRef, RepositoryPayload
from github_app.github.policy_files import read_policy
from github_app.github.reading import Reading
from github_app.outcomes import GiveUp, Unfinished
from github_app.rules.model import Job, Repo
from github_app.rules.policy_source import taken_in
from github_app.settings import GitHubSettings

EXAMPLE: Final = "https://github.com/OWNER/REPO/actions/runs/NUMBER/job/NUMBER"

_GONE: Final = frozenset({404, 410})
_PERMISSIONS: Final = {"actions": "read", "checks": "read", "contents": "read"}
# GitHub's pages also stand below an attempt; a check's own address names the same job (GitHub docs, "check runs").
_JOB: Final = re.compile(r"/([^/]+)/([^/]+)/(?:actions/runs/\d+(?:/attempts/\d+)?/job|runs)/(\d{1,18})/?")
_RUN: Final = re.compile(r"/[^/]+/[^/]+/actions/runs/\d+(?:/attempts/\d+)?/?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job is."""

    owner: str
    repo: str
    job_id: int

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.repo}"


def is_address(text: str) -> bool:
    """Whether somebody means a page and not a file."""
    return text.lower().startswith(("https://", "http://"))


def place_of(address: str, api_url: str) -> Place:
    """Return where the job of a page is; whatever else the address says after `?` or `#` does not matter.

    Raises Unusable when it is no page of a job, or of another GitHub than the API's.
    """
    place = named_in(address)
    parts, api = _parts(address), _parts(api_url)
    home = api.netloc.lower().removeprefix("api.")  # github.com, and octo.ghe.com; an Enterprise server has one name
    if parts.netloc.lower() not in {home, f"www.{home}"}:
        raise Unusable(f"{parts.netloc} is not the GitHub that GITHUB_API_URL names; that is {home}.")
    return place


def named_in(address: str) -> Place:
    """Return the job that an address names, on whatever GitHub. Raises Unusable when it names none."""
    path = unquote(_parts(address).path)
    if found := _JOB.fullmatch(path):
        return Place(found[1], found[2], int(found[3]))
    if _RUN.fullmatch(path):
        raise Unusable("That is the page of a run: open the job that failed and take the address of its page.")
    raise Unusable(f"That is not the page of a job; its address looks like {EXAMPLE}.")


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        raise Unusable(f"That is no address; one of a job looks like {EXAMPLE}.") from None


async def judge_job(
    place: Place, settings: GitHubSettings, rulebook: Rulebook, say: Callable[[str], None]
) -> tuple[Job, Judged]:
    """Return a failed job with the App's verdict on it, under the repository's policy; `say` hears what is being done.

    Raises Unusable, with a sentence for whatever GitHub refuses.
    """
    async with open_session() as session:
        github = github_of(settings, session, _now)
        try:
            say(f"Asking GitHub for job {place.job_id} of {place.full_name}")
            reading = await _reading(github, place, settings)
            source = taken_in(None, await read_policy(github, reading.repo, "classify", _now()))
            job = await _job(reading, place, rulebook.policy(source).artifacts, say)
        except Unfinished as outcome:
            raise Unusable(f"GitHub could not be asked to the end: {outcome.reason}.") from outcome
        except ValidationError as error:
            raise Unusable("GitHub's answer lacks what is needed of a job.") from error
    evidence = job.evidence
    if evidence is None:
        raise Unusable(f"The job `{job.name}` ended as {job.conclusion}: there is no failure to judge.")
    return job, judged(job, evidence, rulebook.signatures(source))


async def _reading(github: GitHub, place: Place, settings: GitHubSettings) -> Reading:
    """Return what reads that repository alone."""
    missing = f"The App is not installed on {place.full_name}, or there is no such repository."
    told = await _found(github.app(), "/repos/{owner}/{repo}/installation", missing, place)
    installation = InstallationRef.model_validate(told).id
    anywhere = github.installation(installation, None, {"metadata": "read"})
    known = RepositoryPayload.model_validate(await _found(anywhere, "/repos/{owner}/{repo}", missing, place))
    repo = Repo(known.id, installation, known.owner.login, known.name, known.default_branch, known.private)
    return Reading(github.installation(installation, repo.id, _PERMISSIONS), repo, settings.secrets, _now)


async def _job(reading: Reading, place: Place, artifacts: tuple[str, ...], say: Callable[[str], None]) -> Job:
    """Return the job, with everything known about why it failed if it did."""
    try:
        told = await reading.job(place.job_id)
    except GiveUp as gone:
        if gone.status in _GONE:
            raise Unusable(f"{place.full_name} has no job {place.job_id}.") from gone
        raise
    run = await reading.run(told.run_id)
    job = job_of(told, run_of(run))
    if not job.done:
        raise Unusable(f"The job `{job.name}` is not over yet.")
    say(f"Reading the log of `{job.name}`")
    [judged] = await reading.with_evidence([job], head_repo(run, ()), artifacts)
    return judged


async def _found(api: Api, template: str, missing: str, place: Place) -> object:
    try:
        return await api.get(template, owner=place.owner, repo=place.repo)
    except GiveUp as gone:
        if gone.status in _GONE:
            raise Unusable(missing) from gone
        raise


def _now() -> datetime:
    return datetime.now(UTC)
