"""Why a job failed, as far as GitHub can tell: its log's failing regions, its annotations, the plugin's report.

Everything read here was written by a stranger: it is redacted before it leaves this room, and bounded (T17, T23).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from github_app.github.artifacts import MAX_ZIP, Budget, ReportFile, merged, read_reports, read_result_files
from github_app.github.client import Api
from github_app.github.download import TooLarge
from github_app.github.facts import job_of
from github_app.github.payloads import AnnotationPayload, ArtifactPayload, WorkflowJob
from github_app.github.vouching import OF_MERGES, doubt, with_replay
from github_app.outcomes import GiveUp, Retry
from github_app.rules.log import LogReader
from github_app.rules.model import Annotation, Evidence, Excerpt, Job, Repo, ReportedFailure, Run, TestReport
from github_app.rules.policy import first_match
from github_app.rules.redaction import OVERLAP, Redacted, print_key, redact
from github_app.rules.results.belonging import Belonging, among, by_key, is_of_time, is_told, job_keys
from github_app.rules.results.cleaning import cleaned
from github_app.rules.results.together import joined_reports
from github_app.rules.results.values import FileReport, Unusable
from pytest_failure_review.report import FILE_PREFIX

MAX_LOG = 1024 * 1024 * 1024
LOG_PATIENCE = timedelta(seconds=60)
"""How long after a job's end a missing log may still come (X26)."""

REST_PATIENCE = timedelta(seconds=5)
"""The same for the rest of a log that breaks off (X27); shorter, since some runners never sign off."""

MAX_ANNOTATIONS = 50
MAX_ARTIFACTS = 20
MAX_JOBS = 1000
MAX_OUTPUT = 64 * 1024
_OURS = (FILE_PREFIX, f"evidence-{FILE_PREFIX}")
_MISSING = frozenset({404, 410})
_EXIT_CODE = "Process completed with exit code"  # what GitHub says of every failed step, and nothing more


@dataclass(frozen=True, slots=True)
class _Filed:
    """What the files beside a job's log say, redacted."""

    report: TestReport | None
    results: tuple[FileReport, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """What is in one artifact, as a stranger wrote it."""

    reports: Sequence[ReportFile] = ()
    results: Sequence[FileReport] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """Asks GitHub about one repository; `known` are our own secrets, which no log may show.

    `patterns` are the names of further artifacts that the policy wants to be read.
    """

    api: Api
    repo: Repo
    known: Sequence[str]
    now: Callable[[], datetime]
    patterns: tuple[str, ...] = ()

    async def of_job(self, job: Job, head_repo_id: int | None) -> Evidence:
        """Return everything known about why a job of Actions failed.

        Raises Retry while the log may still come, so that nobody is told "no log" too early.
        """
        annotations = await self.annotations(job.id)
        told = await self._log(job, annotations)
        filed = await self._filed(job, told.excerpts, trusted=head_repo_id == self.repo.id)
        return replace(told, annotations=annotations, report=filed.report, files=filed.results)

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
                told = await read_log(chunks, self.known, print_key(self.known, self.repo.installation_id))
        except GiveUp as gone:
            if gone.status in _MISSING and self._may_still_come(job, annotations, LOG_PATIENCE):
                raise Retry("The job's log is not there yet") from gone
            return Evidence(log="missing" if gone.status in _MISSING else "refused")
        if told.log == "partial" and self._may_still_come(job, annotations, REST_PATIENCE):
            raise Retry("The job's log is not there to its end yet")
        return told

    def _may_still_come(self, job: Job, annotations: Sequence[Annotation], patience: timedelta) -> bool:
        """Whether to wait for a log; a lost runner leaves none, and GitHub itself says so at no line of the code."""
        own = [note for note in annotations if note.level == "failure" and note.path in {"", ".github"}]
        if any(not note.message.startswith(_EXIT_CODE) for note in own):
            return False
        return job.completed_at is not None and self.now() < job.completed_at + patience

    async def _filed(self, job: Job, excerpts: Sequence[Excerpt], *, trusted: bool) -> _Filed:
        """Return the plugin's report and those of other tools, each artifact asked for once."""
        listed = [found async for found in self._artifacts(job.run_id)]
        own = likely([artifact for artifact in listed if artifact.name.startswith(FILE_PREFIX)], job)
        claims = await self._claims(listed, job)
        wanted = {artifact.id: artifact for artifact in (*own, *(each for each in listed if each.id in claims))}
        reports: list[ReportFile] = []
        doubts: list[str] = []
        results: list[FileReport] = []
        budget = Budget()
        for artifact in [*wanted.values()][:MAX_ARTIFACTS]:
            if budget.is_spent:
                break
            held = await self._held(artifact, budget)
            if artifact in own:
                mine = [file for file in held.reports if is_of(file, job, excerpts)]
                doubts += [await self._doubt(file, job, artifact) for file in mine]
                for file in mine:
                    file.failures = with_replay(file.failures, job.run_id, artifact.name)
                reports += mine
            if artifact.id in claims:
                results += of_this_job(held.results, claims[artifact.id], excerpts)
        report = merged(reports, trusted=trusted, doubt=next(filter(None, doubts), ""))
        return await asyncio.to_thread(self._safe, report, results, trusted=trusted)

    async def _doubt(self, file: ReportFile, job: Job, artifact: ArtifactPayload) -> str:
        """Return in what a report disagrees with GitHub; of a merge GitHub is asked whose it is."""
        head_sha = str(artifact.workflow_run.get("head_sha") or "")
        parents: list[str] = []
        if job.event in OF_MERGES and re.fullmatch("[0-9a-f]{40}", file.sha) and file.sha != head_sha:
            template = "/repos/{owner}/{repo}/commits/{ref}"
            with suppress(GiveUp):  # nobody who vouches for it: that is a doubt as well
                commit = await self.api.get(template, owner=self.repo.owner, repo=self.repo.name, ref=file.sha)
                parents = [str(parent["sha"]) for parent in commit["parents"]]
        return doubt(file, job, head_sha, parents)

    def _safe(self, report: TestReport | None, results: Sequence[FileReport], *, trusted: bool) -> _Filed:
        if report is not None:
            gates = tuple(replace(gate, summary=self._clean(gate.summary, 500)) for gate in report.gates)
            safe = tuple(map(self._redacted, report.failures))
            report = replace(report, failures=safe, gates=gates, died_in=self._clean(report.died_in, 500))
        joined = [each for each in joined_reports(results) if each.says_something]
        return _Filed(report, tuple(cleaned(replace(each, trusted=trusted), self._clean) for each in joined))

    async def _claims(self, artifacts: Sequence[ArtifactPayload], job: Job) -> dict[int, Belonging]:
        """Return by id what speaks for each artifact that may hold results; GitHub is asked where no name does."""
        names = {artifact.id: artifact.name for artifact in artifacts if self._may_hold_results(artifact, job)}
        found = {number: claim for number, name in names.items() if (claim := by_key(name, job)) is not None}
        unclear = [number for number, claim in found.items() if claim is Belonging.UNCLEAR]
        jobs = await self._jobs_beside(job) if unclear else []
        return found | {number: among(names[number], job, jobs) for number in unclear if jobs}

    def _may_hold_results(self, artifact: ArtifactPayload, job: Job) -> bool:
        is_wanted = artifact.name.startswith(_OURS) or first_match(self.patterns, (artifact.name,)) is not None
        return is_wanted and is_of_time(artifact.created_at, job)

    async def _jobs_beside(self, job: Job) -> list[Job]:
        """Return all jobs of a job's attempt, none when GitHub does not say."""
        pages = self.api.pages(
            "/repos/{owner}/{repo}/actions/runs/{id}/attempts/{attempt}/jobs",
            items="jobs",
            limit=MAX_JOBS,
            owner=self.repo.owner,
            repo=self.repo.name,
            id=job.run_id,
            attempt=job.attempt,
        )
        run = Run(job.run_id, job.workflow_id, job.workflow, job.event, job.attempt, "")
        try:
            return [job_of(WorkflowJob.model_validate(item), run) async for item in pages]
        except GiveUp:
            return []

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
                if belongs and not artifact.expired and artifact.size_in_bytes <= MAX_ZIP:
                    yield artifact
        except GiveUp:
            return

    async def _held(self, artifact: ArtifactPayload, budget: Budget) -> _Held:
        template = "/repos/{owner}/{repo}/actions/artifacts/{id}/{format}"
        names = {"owner": self.repo.owner, "repo": self.repo.name, "format": "zip"}
        try:
            async with self.api.download(template, limit=MAX_ZIP, id=artifact.id, **names) as chunks:
                archive = b"".join([chunk async for chunk in chunks])
        except GiveUp:
            return _Held()
        return await asyncio.to_thread(_opened, archive, budget)

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
            checkpoints=tuple(replace(each, label=self._clean(each.label, 200)) for each in failure.checkpoints),
            replay=failure.replay if self._clean(failure.nodeid, 500) == failure.nodeid else "",
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
    evidence = reader.evidence
    return replace(evidence, log="too_big") if too_big else evidence


def _opened(archive: bytes, budget: Budget) -> _Held:
    """Return both kinds of reports; what cannot be read only means that the log must do."""
    reports: list[ReportFile] = []
    results: list[FileReport] = []
    with suppress(Unusable):
        reports = read_reports(archive, budget)
    with suppress(Unusable):
        results = read_result_files(archive, budget)
    return _Held(reports, results)


def of_this_job(results: Sequence[FileReport], claim: Belonging, excerpts: Sequence[Excerpt]) -> list[FileReport]:
    """Return the reports that are of a job by what speaks for their artifact, or by the job's own log."""
    if claim is Belonging.UNCLEAR:
        told = [report for report in results if is_told(report, excerpts)]
        return [replace(report, basis=Belonging.TOLD.value) for report in told]
    return [replace(report, basis=claim.value) for report in results]


def likely(artifacts: Sequence[ArtifactPayload], job: Job) -> list[ArtifactPayload]:
    """Choose the reports that by their name may be of a job, all of them when none is; names prove nothing yet.

    The Action names them `failure-review-<key of the job>-<index>-<attempt>`.
    """
    own = [each for each in artifacts if re.fullmatch(rf"{FILE_PREFIX}-(.+)-\d+-{job.attempt}", each.name)]
    keys = {each.id: each.name.removeprefix(f"{FILE_PREFIX}-").rsplit("-", 2)[0].lower() for each in own}
    mine = [each for each in own if keys[each.id] in job_keys(job)]
    return mine or own or list(artifacts)


def is_of(file: ReportFile, job: Job, excerpts: Sequence[Excerpt] = ()) -> bool:
    """Whether a report is of this very job: it says so itself, and GitHub's facts agree with what it says (T16).

    A report names the job's key in the workflow file, which is how the job's name begins unless somebody named the job
    otherwise; then the job's own log must tell of one of the report's tests.
    """
    if (file.run_id, file.attempt) != (str(job.run_id), str(job.attempt)):
        return False
    if file.job.lower() in job_keys(job):
        return True
    named = {failure.nodeid for failure in file.failures if failure.nodeid}
    return any(test in line for excerpt in excerpts for line in excerpt.lines for test in named)
