"""What the files of results say about a job, as findings beside those of its log.

The law: whoever changed the code also ran what wrote these files. A fork's are shown and may make a verdict stricter;
nothing in them, and no message of a test in anybody's, makes milder what the log says (T15, T16).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from github_app.rules.model import Job
from github_app.rules.precedence import Finding
from github_app.rules.results.of_benchmarks import benchmark_findings
from github_app.rules.results.of_scans import problem_findings, scan_findings
from github_app.rules.results.of_tests import failing_findings
from github_app.rules.results.values import FileKind
from github_app.rules.signatures import Signatures
from pytest_failure_review.report import Category


def result_findings(job: Job, signatures: Signatures, told: Collection[Category] = ()) -> Iterator[Finding]:
    """Yield what failed tests, scanners and benchmarks say, each kind of failure once.

    `told` are the kinds that the log names: a report of tests seldom says what sort of tests they are.
    """
    files = job.evidence.files if job.evidence else ()
    yield from failing_findings([file for file in files if file.kind is FileKind.TESTS], job, signatures, told)
    scans = [file for file in files if file.kind is FileKind.SCAN]
    yield from scan_findings(scans)
    yield from problem_findings(scans, signatures)
    for file in files:
        if file.kind is FileKind.BENCHMARKS:
            yield from benchmark_findings(file, is_told=Category.PERFORMANCE in told)
