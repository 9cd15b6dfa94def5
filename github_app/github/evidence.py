"""Why a job failed, as far as GitHub can tell: its log's failing regions, its annotations, the plugin's report.

Everything read here was written by a stranger: it is redacted before it leaves this room, and bounded (T17, T23).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from github_app.github.artifacts import MAX_ZIP, ReportFile, Unusable, merged, read_reports
from github_app.github.client import Api
from github_app.github.download import TooLarge
from github_app.github.payloads import AnnotationPayload, ArtifactPayload
from github_app.outcomes import GiveUp, Retry
from github_app.rules.fingerprints import family
from github_app.rules.log import LogReader
from github_app.rules.model import Annotation, Evidence, Excerpt, Job, Repo, ReportedFailure, TestReport
from github_app.rules.redaction import OVERLAP, Redacted, print_key, redact
from pytest_failure_review.report import FILE_PREFIX

MAX_LOG = 1024 * 1024 * 1024
LOG_PATIENCE = timedelta(seconds=60)
"""How long after a job's end a missing log may still come (X26)."""

MAX_ANNOTATIONS = 50
MAX_ARTIFACTS = 20
MAX_OUTPUT = 64 * 1024
_MISSING = frozenset({404, 410})
_EXIT_CODE = "Process completed with exit code"  # what GitHub says of every failed step, and nothing more


@dataclass(frozen=True, slots=True)
class Witness:
    """Asks GitHub about one repository; `known` are our own secrets, which no log may show."""

    api: Api
    repo: Repo
    known: Sequence[str]
    now: Callable[[], datetime]

    async def of_job(self, job: Job, head_repo_id: int | None) -> Evidence:
        """Return everything known about why a job of Actions failed.

        Raises Retry while the log may still come, so that nobody is told "no log" too early.
        """
        annotations = await self.annotations(job.id)
        told = await self._log(job, annotations)
        report = await self._report(job, told.excerpts, trusted=head_repo_id == self.repo.id)
        return replace(told, annotations=annotations, report=report)

    async def of_check(self, job: Job, texts: Iterable[str]) -> Evidence:
        """Return what another App's check says of itself."""
        text = await asyncio.to_thread(self._without_secrets, "\n".join(text for text in texts if text), MAX_OUTPUT)
        annotations = await self.annotations(job.id)
        return Evidence(log="none", annotations=annotations, text=text.text, secrets=text.kinds)

    async def annotations(self, check_run_id: int) -> tuple[Annotation, ...]:
        """Return what was marked on a check run, the first few."""
        found: list[AnnotationPayload] = []
        pages = self.api.pages(
            "/repos/{owner}/{repo}/check-runs/{id}/annotations",
            owner=self.repo.owner,
            repo=self.repo.name,
            id=check_run_id,
        )
        try:
            async for item in pages:
                found.append(AnnotationPayload.model_validate(item))
                if len(found) >= MAX_ANNOTATIONS:
                    break
        except GiveUp:
            return ()  # the check run is gone or cannot be read: the log must do
        return await asyncio.to_thread(lambda: tuple(map(self._annotation, found)))

    def _annotation(self, told: AnnotationPayload) -> Annotation:
        return Annotation(
            path=self._clean(told.path, 500),
            line=told.start_line,
            level=told.annotation_level,
            message=self._clean(told.message, 4000),
            title=self._clean(told.title, 300),
        )

    async def _log(self, job: Job, annotations: Sequence[Annotation]) -> Evidence:
        template = "/repos/{owner}/{repo}/actions/jobs/{id}/logs"
        names = {"owner": self.repo.owner, "repo": self.repo.name}
        try:
            async with self.api.download(template, limit=MAX_LOG, id=job.id, **names) as chunks:
                return await read_log(chunks, self.known, print_key(self.known, self.repo.installation_id))
        except GiveUp as gone:
            if gone.status in _MISSING and self._may_still_come(job, annotations):
                raise Retry("The job's log is not there yet") from gone
            return Evidence(log="missing" if gone.status in _MISSING else "refused")

    def _may_still_come(self, job: Job, annotations: Sequence[Annotation]) -> bool:
        """Whether to wait for a log; a lost runner leaves none, and GitHub itself says so at no line of the code."""
        own = [note for note in annotations if note.level == "failure" and note.path in {"", ".github"}]
        if any(not note.message.startswith(_EXIT_CODE) for note in own):
            return False
        return job.completed_at is not None and self.now() < job.completed_at + LOG_PATIENCE

    async def _report(self, job: Job, excerpts: Sequence[Excerpt], *, trusted: bool) -> TestReport | None:
        artifacts = likely([found async for found in self._artifacts(job.run_id)], job)
        files: list[ReportFile] = []
        for artifact in artifacts[:MAX_ARTIFACTS]:
            files += [file for file in await self._files(artifact) if is_of(file, job, excerpts)]
        report = merged(files, trusted=trusted)
        if report is None:
            return None
        failures = await asyncio.to_thread(lambda: tuple(map(self._redacted, report.failures)))
        return replace(report, failures=failures)

    async def _artifacts(self, run_id: int) -> AsyncIterator[ArtifactPayload]:
        pages = self.api.pages(
            "/repos/{owner}/{repo}/actions/runs/{id}/artifacts",
            items="artifacts",
            limit=500,
            owner=self.repo.owner,
            repo=self.repo.name,
            id=run_id,
        )
        try:
            async for item in pages:
                artifact = ArtifactPayload.model_validate(item)
                belongs = artifact.workflow_run.get("id", run_id) == run_id
                if artifact.name.startswith(FILE_PREFIX) and belongs and not artifact.expired:
                    yield artifact
        except GiveUp:
            return

    async def _files(self, artifact: ArtifactPayload) -> list[ReportFile]:
        if artifact.size_in_bytes > MAX_ZIP:
            return []
        template = "/repos/{owner}/{repo}/actions/artifacts/{id}/{format}"
        names = {"owner": self.repo.owner, "repo": self.repo.name, "format": "zip"}
        try:
            async with self.api.download(template, limit=MAX_ZIP, id=artifact.id, **names) as chunks:
                archive = b"".join([chunk async for chunk in chunks])
            return await asyncio.to_thread(read_reports, archive)
        except (GiveUp, Unusable):
            return []  # a report that cannot be read only means that the log must do

    def _redacted(self, failure: ReportedFailure) -> ReportedFailure:
        return replace(
            failure,
            nodeid=self._clean(failure.nodeid, 500),
            phase=self._clean(failure.phase, 20),
            outcome=self._clean(failure.outcome, 20),
            rule=self._clean(failure.rule, 200),
            message=self._clean(failure.message, 1000),
            path=self._clean(failure.path, 500),
            owner=tuple(self._clean(name, 100) for name in failure.owner),
            fingerprint=self._clean(failure.fingerprint, 80),
        )

    def _clean(self, text: str, limit: int) -> str:
        return self._without_secrets(text, limit).text

    def _without_secrets(self, text: str, limit: int) -> Redacted:
        """Redact, which cleans, then cut: half a credential would not be recognised any more.

        Of a text much longer than that the rest is not looked at, so that strangers cannot keep us busy.
        """
        room = limit + 2 * OVERLAP
        redacted = redact(text[:room], self.known)
        whole = redacted.text if len(text) <= room else redacted.text[:-OVERLAP]
        return Redacted(whole[:limit], redacted.kinds)


async def read_log(chunks: AsyncIterator[bytes], known: Sequence[str], key: bytes = b"") -> Evidence:
    """Read a log to its end, or as much of it as may be downloaded, off the event loop."""
    reader, too_big = LogReader(known, key), False
    try:
        async for chunk in chunks:
            await asyncio.to_thread(reader.take, chunk)
    except TooLarge:
        too_big = True
    await asyncio.to_thread(reader.end)
    excerpts, kinds = reader.result()
    log = "too_big" if too_big else reader.state
    return Evidence(excerpts=excerpts, log=log, secrets=kinds, leaks=reader.leaks)


def likely(artifacts: Sequence[ArtifactPayload], job: Job) -> list[ArtifactPayload]:
    """Choose the reports that by their name may be of a job, all of them when none is; names prove nothing yet.

    The Action names them `failure-review-<key of the job>-<index>-<attempt>`.
    """
    own = [each for each in artifacts if re.fullmatch(rf"{FILE_PREFIX}-(.+)-\d+-{job.attempt}", each.name)]
    mine = [each for each in own if each.name.removeprefix(f"{FILE_PREFIX}-").rsplit("-", 2)[0].lower() in _keys(job)]
    return mine or own or list(artifacts)


def is_of(file: ReportFile, job: Job, excerpts: Sequence[Excerpt] = ()) -> bool:
    """Whether a report is of this very job: it says so itself, and GitHub's facts agree with what it says (T16).

    A report names the job's key in the workflow file, which is how the job's name begins unless somebody named the job
    otherwise; then the job's own log must tell of one of the report's tests.
    """
    if (file.run_id, file.attempt) != (str(job.run_id), str(job.attempt)):
        return False
    if file.job.lower() in _keys(job):
        return True
    named = {failure.nodeid for failure in file.failures if failure.nodeid}
    return any(test in line for excerpt in excerpts for line in excerpt.lines for test in named)


def _keys(job: Job) -> set[str]:
    """What the job's key may be by its name: of a called workflow the part after the caller's name."""
    name = family(job.name).lower()
    called = name.rsplit(" / ", 1)[-1]
    return {form for each in (name, called) for form in (each, each.replace(" ", "-"), each.replace(" ", "_"))}
