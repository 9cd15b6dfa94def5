"""Failures, jobs and gates for the tests of what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from github_app.rules.gate import Gate, gate_of
from github_app.rules.model import Excerpt, Job, Person, Repo, Source
from github_app.rules.policy import GatePolicy
from github_app.rules.records import Commit, Failure, FailureState, Leg, Mark
from github_app.rules.verdicts import Clock, Mode, Override, Owner, Party, Permission, Verdict
from pytest_failure_review.report import Category, State

SITE = "https://app.example"
REPO = Repo(70, 7, "octo", "shop")
SHA = "a" * 40
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def job(number: int = 1, name: str = "unit", conclusion: str | None = "failure", **more: Any) -> Job:
    status = "completed" if conclusion else "in_progress"
    return Job(number, Source.ACTIONS, "github-actions", name, status, conclusion, workflow="CI", **more)


def failure(number: int = 1, category: str = "test.unit", name: str = "unit", **more: Any) -> Failure:
    """A failure of the job `number`; `verdict` and `clock` are changes to theirs."""
    verdict: dict[str, Any] = {
        "reason": "The log says `assert 3 == 4` (line 9): a test failed.",
        "advice": ("Run the test here",),
    }
    verdict |= more.pop("verdict", {})
    clock: dict[str, Any] = {
        "target_s": 4 * 3600,
        "running_since": NOW,
        "explanation": "4 h for test.unit, around the clock",
    }
    clock |= more.pop("clock", {})
    legs = more.pop("legs", (number,))
    known: dict[str, Any] = {
        "owner": Owner(Party("author", (Person(9, "ada"),))),
        "override": Override(Permission.HOTFIX, "overridable only for a hotfix: a test says so", "test.unit.override"),
        "excerpt": Excerpt(8, (">   assert 3 == 4", "E   assert 3 == 4"), "pytest summary"),
        "marks": (Mark("tests/test_cart.py", 9, "assert 3 == 4"),),
    }
    return Failure(
        id=f"f{number}",
        repo=REPO,
        ref="pull/1",
        fingerprint=f"fr1:{number:016}",
        state=FailureState.ASSIGNED,
        verdict=Verdict(category=Category(category), rule="r", source="log", confidence=0.8, **verdict),
        clock=Clock(anchor_at=NOW, **clock),
        tier="standard",
        policy_version="1",
        legs=tuple(Leg(each, "", (0, 0, 0), name, SHA, 1, 1, "", NOW) for each in legs),
        workflow="CI",
        workflow_id=1,
        job=name,
        failed_step="Run pytest",
        opened_at=NOW,
        received_at=NOW,
        **(known | more),
    )


def no_log(number: int = 1, name: str = "unit") -> Failure:
    """A failure that nobody can say anything about."""
    reason = "GitHub has no log of this job, and nothing else says why it failed."
    said: dict[str, Any] = {"reason": reason, "advice": (), "state": State.NO_LOG}
    marks = (Mark(".github/workflows/ci.yml", 1, reason),)
    return failure(number, "unknown", name, verdict=said, excerpt=None, marks=marks)


def gate(
    jobs: Sequence[Job],
    failures: Sequence[Failure] = (),
    *,
    mode: Mode = Mode.ENFORCE,
    notices: Sequence[str] = (),
    settled: bool = True,
    ignore: Sequence[str] = (),
) -> Gate:
    commit = Commit(REPO, SHA, NOW, ("pull/1",), tuple(jobs), settled=settled)
    return gate_of(commit, failures, GatePolicy((), tuple(ignore), 300), mode, notices)
