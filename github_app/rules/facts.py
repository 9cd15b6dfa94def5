"""What GitHub itself says about a failed job: its conclusion, the step that failed, the names people gave.

It reads no log. A conclusion and GitHub's own annotations say more than any text; a name says least.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from github_app.rules.model import Job
from github_app.rules.precedence import Finding, Weight
from github_app.rules.regex import compiled
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category, State


class _Fact(NamedTuple):
    name: str
    category: Category
    confidence: float
    reason: str
    subcategory: str | None = None
    state: State | None = None
    advice: tuple[str, ...] = ()

    def finding(self, weight: Weight) -> Finding:
        return Finding(
            Verdict(
                category=self.category,
                reason=self.reason,
                rule=f"fact:{self.name}",
                source="facts",
                confidence=self.confidence,
                state=self.state,
                subcategory=self.subcategory,
                description=self.reason,
                advice=self.advice,
            ),
            weight,
        )


# GitHub docs: REST, checks, "conclusion"; webhook `workflow_job`.
_CONCLUSIONS: Final = {
    "timed_out": _Fact(
        "timed-out",
        Category.INFRA_RUNNER,
        0.9,
        "GitHub ended the job because it ran longer than it may: a step hung or the time limit is too short.",
        "job_timeout",
        advice=(
            "See which step was running at the end.",
            "Raise `timeout-minutes` only if the step was still working.",
        ),
    ),
    "action_required": _Fact(
        "action-required",
        Category.UNKNOWN,
        1.0,
        "Nothing ran: a maintainer has to approve the workflow run first.",
        state=State.AWAITING_APPROVAL,
        advice=("A maintainer approves the run on the pull request's page.",),
    ),
    "startup_failure": _Fact(
        "startup-failure",
        Category.UNKNOWN,
        1.0,
        "Nothing ran: GitHub could not start the workflow, most often because its file is not valid.",
        state=State.NOT_RUN,
        advice=("Open the run: GitHub names the line of the workflow file that it refuses.",),
    ),
    "stale": _Fact(
        "stale",
        Category.UNKNOWN,
        1.0,
        "GitHub gave up waiting for the check: nobody said how it ended.",
        state=State.NOT_RUN,
        advice=("Run the check again.",),
    ),
}

# The words in which GitHub's annotations say why a job was cancelled (X11).
_CANCELLED_BY: Final = (
    (
        r"(?i)canceling since a higher priority waiting request",
        "superseded",
        "a newer run of the same group replaced it",
    ),
    (r"(?i)strategy configuration was cancell?ed", "fail_fast", "another leg of the matrix failed first (`fail-fast`)"),
    (r"(?i)run was cancell?ed by @|cancell?ed by ", "person", "somebody stopped it"),
)

# Steps that the runner adds by itself (GitHub docs: "viewing job execution time"; actions/runner).
_STEPS: Final = (
    (
        r"^Set up job$",
        _Fact(
            "set-up-job",
            Category.INFRA_RUNNER,
            0.6,
            "The step `Set up job` failed: the runner could not prepare the job, and no command of the repository ran.",
            "job_setup",
        ),
    ),
    (
        r"^(?:Initialize containers|Stop containers)$|^(?:Pull|Build) \S*[/:@]\S*$",
        _Fact(
            "containers",
            Category.INFRA_CONTAINER,
            0.6,
            "The runner could not bring up the job's containers, before any command of the repository ran.",
            "container_startup",
        ),
    ),
    (
        r"^(?:Post |Complete job$)",
        _Fact(
            "post-step",
            Category.INFRA_RUNNER,
            0.4,
            "Only a step after the work failed (caches, uploads, tidying up); the commands before it had passed.",
            "post_step",
        ),
    ),
)

# Names of steps that look at the results of other jobs, and the first line of their scripts once GitHub filled it in.
_COMPARED: Final = (
    r'^(?:Run )?(?:if )?.{0,40}["\'](?:success|failure|cancelled|skipped)["\'] ?(?:!=|==|=) ?'
    r'["\']?(?:success|failure|cancelled)'
)
_GATES: Final = (
    _COMPARED
    + r"|(?i:^(?:check|verify|evaluate|ensure|assert|confirm|decide)\b.{0,30}\b(?:jobs?|needs|workflows?|gates?)\b"
    r".{0,30}\b(?:status(?:es)?|results?|outcomes?|succe\w+|pass\w*|fail\w*)\b)"
)
_GATE: Final = _Fact(
    "gate-of-other-jobs",
    Category.UNKNOWN,
    0.6,
    "The step only looks at the results of other jobs, of which one failed; the cause is there.",
    "aggregate_gate",
    advice=("Look at the other failed jobs; this one follows them.",),
)

_INTEGRATION: Final = (
    r"(?i)\be2e\b|end[ _-]?(?:to|2)[ _-]?end|integration|playwright|cypress|acceptance|smoke|selenium|cucumber"
    r"|\b(?:functional|system|browser|ui|gui|webdriver)[ _-]?(?:tests?|specs?)\b"
    r"|\b(?:wdio|detox|appium|testcafe|nightwatch)\b"
)
_NO_INTEGRATION: Final = r"(?i)continuous[ _-]integration|integration[ _-]of\b"

# What a job or a step is called says what it was about, not why it failed (first match wins).
_NAMES: Final = (
    (
        r"(?i)gitleaks|trufflehog|gitguardian|ggshield|secret[s _-]*(?:scan|detect)|detect-secrets",
        Category.SECURITY_SECRET,
    ),
    (r"(?i)\baudit|vulnerab|trivy|snyk|codeql|grype|osv-scan|dependency[ _-]review", Category.SECURITY_VULNERABILITY),
    (r"(?i)\bdrift|up[ _-]to[ _-]date|generated|codegen", Category.GENERATOR_DRIFT),
    (r"(?i)bench|lighthouse|\bperf(?:ormance)?\b|load[ _-]test|\bk6\b", Category.PERFORMANCE),
    (
        r"(?i)\blint|\bruff\b|eslint|prettier|clippy|\bformat|\bfmt\b|type[ _-]?check|mypy|stylelint",
        Category.BUILD_LINT,
    ),
    (_INTEGRATION, Category.TEST_INTEGRATION),
    (r"(?i)migrat|database|\bdb\b", Category.TEST_DATABASE),
    (r"(?i)\btests?\b|pytest|\bjest\b|unit|coverage|codecov", Category.TEST_UNIT),
    (r"(?i)install|dependenc|\bnpm ci\b|restore", Category.BUILD_DEPENDENCIES),
    (r"(?i)\bbuild|compil|bundle|package", Category.BUILD),
)


def conclusion_findings(job: Job) -> Iterator[Finding]:
    """Give what the job's conclusion alone says."""
    if fact := _CONCLUSIONS.get(job.conclusion or ""):
        yield fact.finding(Weight.FACT)
    if job.conclusion == "cancelled":
        yield _cancelled(job).finding(Weight.WEAK)


def step_findings(job: Job) -> Iterator[Finding]:
    """Give what the failed step says where it is one of the runner's own; a cancelled job's was only interrupted."""
    if job.conclusion == "cancelled":
        return
    for pattern, fact in _STEPS:
        if compiled(pattern).search(job.failed_step):
            yield fact.finding(Weight.WEAK)
            return


def gate_findings(job: Job) -> Iterator[Finding]:
    """Give that a step only sums up other jobs: what it names failed elsewhere, not here.

    The change may choose the step's name, so this is no fact beside which nothing else counts (T15).
    """
    begun = job.evidence.excerpts[0].step if job.evidence and job.evidence.excerpts else ""
    if compiled(_GATES).search(job.failed_step) or compiled(_COMPARED).search(begun):
        found = _GATE.finding(Weight.FACT)
        yield replace(found, verdict=replace(found.verdict, rule="step:gate-of-other-jobs"))


def name_findings(job: Job) -> Iterator[Finding]:
    """Give what the names of the failed step and, failing that, of the job suggest."""
    for kind, name in (("step", job.failed_step), ("check" if job.failed_step == "" else "job", job.name)):
        for pattern, category in _NAMES:
            if name and compiled(pattern).search(name):
                yield _named(kind, name, category).finding(Weight.NAME)
                return


def is_about_integration(job: Job) -> bool:
    """Whether the names say that the tests of this job need more than their own process."""
    return any(is_named_integration(name) for name in (job.failed_step, job.name, job.workflow))


def is_named_integration(name: str) -> bool:
    """Whether a name, of a test's file or class, says that it needs more than its own process."""
    return bool(compiled(_INTEGRATION).search(compiled(_NO_INTEGRATION).sub(lambda _: " ", name)))


def _named(kind: str, name: str, category: Category) -> _Fact:
    shown = name.replace("`", "'")[:80]
    return _Fact("name", category, 0.3, f"Nothing else tells what failed, but the {kind} is called `{shown}`.")


def _cancelled(job: Job) -> _Fact:
    said = [note.message for note in job.evidence.annotations] if job.evidence else []
    for pattern, cause, words in _CANCELLED_BY:
        if any(compiled(pattern).search(message) for message in said):
            return _Fact("cancelled", Category.UNKNOWN, 1.0, f"The job was cancelled: {words}.", cause, State.CANCELLED)
    words = "The job was cancelled, and nothing says by whom or why."
    return _Fact("cancelled", Category.UNKNOWN, 1.0, words, None, State.CANCELLED)
