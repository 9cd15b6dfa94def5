"""Red jobs and what is known about them, for the tests of what they are judged to be."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from github_app import builtin
from github_app.rules.categorise import categorise
from github_app.rules.model import Annotation, Evidence, Excerpt, Job, ReportedFailure, Source, TestReport
from github_app.rules.signatures import Signatures, parse
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

JOB = Job(id=1, source=Source.ACTIONS, app="github-actions", name="job", status="completed", conclusion="failure")
REFUSED = "psycopg.OperationalError: could not connect to server: Connection refused"
FAILED_TEST = "FAILED tests/test_cart.py::test_total - assert 3 == 4"
LEAK = "3:15PM WRN leaks found: 2"
LOST = "The self-hosted runner: ci-7 lost communication with the server."


@cache
def signatures_alone() -> Signatures:
    """The shipped signatures without what failures read like."""
    return parse(builtin.signature_texts())


def log(*lines: str, start: int = 1) -> Evidence:
    return Evidence(excerpts=(Excerpt(start, lines, "##[error]"),))


def note(message: str, path: str = ".github", title: str = "") -> Annotation:
    return Annotation(path=path, line=1, level="failure", message=message, title=title)


def reported(category: Category, message: str = "assert 3 == 4", confidence: float = 0.9) -> ReportedFailure:
    return ReportedFailure("tests/test_a.py::test_b", "call", "failed", category, "exception type", confidence, message)


def report(*failures: ReportedFailure, complete: bool = True, trusted: bool = True, total: int = 0) -> TestReport:
    return TestReport(complete, failures, total or len(failures), trusted)


def judged(evidence: Evidence | None, **changes: Any) -> Verdict:
    return categorise(replace(JOB, evidence=evidence, **changes), builtin.signatures())
