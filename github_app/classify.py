"""One log into one verdict, as the App would give it if it knew nothing but the log.

What this does not do: ask GitHub. The names of the job and of its failed step are believed as they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from github_app.rules.findings import is_leak, verdict_on
from github_app.rules.leak_places import excerpt_without_people
from github_app.rules.log import LogReader
from github_app.rules.model import Evidence, Job
from github_app.rules.policy import Policy
from github_app.rules.policy_file import PolicyFile
from github_app.rules.policy_source import policy_of
from github_app.rules.records import PolicySource
from github_app.rules.rejudging import failed_job
from github_app.rules.signatures import Signatures
from github_app.rules.verdicts import Verdict

_ERROR = b"##[error]"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what it was read from.

    `failed_step` says whether the log itself tells that a step of the job failed, or breaks off.
    """

    verdict: Verdict
    evidence: Evidence
    lines: int
    failed_step: bool = True


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What is judged by: the shipped signatures, with those of a repository's policy or of the one that is `given`."""

    shipped: Signatures
    builtin: PolicyFile
    given: Policy | None = None

    def policy(self, source: PolicySource | None = None) -> Policy:
        """Return the policy that counts where a repository's own is made of `source`."""
        return self.given or policy_of(source, self.builtin)

    def signatures(self, source: PolicySource | None = None) -> Signatures:
        """Return the signatures under that policy."""
        own = self.policy(source).signatures
        return self.shipped.under(own) if own else self.shipped


def judge_log(chunks: Iterable[bytes], signatures: Signatures, *, job_name: str = "", step_name: str = "") -> Judged:
    """Say why the job failed whose log comes in `chunks`, cut anywhere; bounded memory, whatever its length."""
    reader = LogReader(())
    watched = _Watched(chunks)
    for chunk in watched:
        reader.take(chunk)
    reader.end()
    evidence = reader.evidence
    is_told = watched.has_error or reader.state == "partial"
    job = failed_job(job_name, step_name, evidence)
    return judged(job, evidence, signatures, reader.lines, failed_step=is_told)


def judged(job: Job, evidence: Evidence, signatures: Signatures, lines: int = 0, *, failed_step: bool = True) -> Judged:
    """Judge a job by its evidence; who committed a credential is in neither (S1-017)."""
    verdict = verdict_on(job, signatures)
    if is_leak(verdict):
        shown = tuple(excerpt for each in evidence.excerpts if (excerpt := excerpt_without_people(each)))
        evidence = replace(evidence, excerpts=shown)
    return Judged(verdict, evidence, lines, failed_step)


class _Watched:
    """Chunks that are watched as they pass for a step that says that it failed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.has_error = False

    def __iter__(self) -> Iterator[bytes]:
        tail = b""
        for chunk in self._chunks:
            if not self.has_error:
                self.has_error = _ERROR in tail + chunk[: len(_ERROR)] or _ERROR in chunk
                tail = (tail + chunk[-len(_ERROR) :])[-len(_ERROR) :]
            yield chunk
