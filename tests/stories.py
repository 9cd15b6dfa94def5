"""What happens to a pull request, as short calls: moments, jobs with their evidence, and the events that tell of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from policies import layered

from github_app import builtin
from github_app.rules.case import Case, Decision
from github_app.rules.decide import decide
from github_app.rules.events import BranchMoved, Event, JobsSeen, PullMoved, QueueMoved, TimerFired
from github_app.rules.failures import Book
from github_app.rules.model import Evidence, Excerpt, Job, Person, Pull, Repo, Run, Source
from github_app.rules.records import Failure, PolicySource

T0 = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
REPO = Repo(7, 1, "octo", "shop")
ADA = Person(1, "ada")
A, B, C = "a" * 40, "b" * 40, "c" * 40

UNIT = "FAILED tests/unit/test_cart.py::test_total - assert 3 == 4"
DATABASE = 'psycopg.errors.UndefinedTable: relation "carts" does not exist'
NETWORK = "curl: (6) Could not resolve host: registry.example.org"
DRIFT = "openapi.json is out of date, run make generate and commit the result"
PUZZLE = "the machine hums"


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


@cache
def book(repo: str | None = None, source: PolicySource | None = None) -> Book:
    return Book(layered(repo), builtin.signatures(), source)


def why(text: str) -> Evidence:
    """Evidence whose log says one line."""
    return Evidence(excerpts=(Excerpt(1, ("Run the tests", text), "##[error]", "tests"),))


def job(
    conclusion: str | None = "failure",
    name: str = "unit",
    *,
    run: int = 10,
    attempt: int = 1,
    minute: float = 10,
    says: str = UNIT,
    **more: Any,
) -> Job:
    """A job of Actions that ended at a minute; still running when it has no conclusion."""
    told = {
        "id": run * 1000 + attempt * 100 + sum(map(ord, name)) % 97,
        "source": Source.ACTIONS,
        "app": "github-actions",
        "name": name,
        "status": "in_progress" if conclusion is None else "completed",
        "conclusion": conclusion,
        "workflow": "CI",
        "workflow_id": 5,
        "event": "pull_request",
        "run_id": run,
        "attempt": attempt,
        "completed_at": None if conclusion is None else at(minute),
        "failed_step": "tests" if conclusion == "failure" else "",
        "evidence": why(says) if conclusion == "failure" else None,
    }
    return Job(**{**told, **more})


def foreign(conclusion: str | None = "failure", name: str = "lint", *, minute: float = 10, **more: Any) -> Job:
    """A check run of another App."""
    told = {
        "id": 900,
        "source": Source.CHECK,
        "app": "other",
        "name": name,
        "status": "in_progress" if conclusion is None else "completed",
        "conclusion": conclusion,
        "completed_at": None if conclusion is None else at(minute),
        "evidence": why(UNIT) if conclusion == "failure" else None,
    }
    return Job(**{**told, **more})


def run(conclusion: str | None = None, *, id: int = 10, attempt: int = 1, **more: Any) -> Run:  # noqa: A002  (GitHub's word)
    """A run of the workflow CI; under way when it has no conclusion."""
    told = {"workflow_id": 5, "workflow": "CI", "event": "pull_request", **more}
    status = "in_progress" if conclusion is None else "completed"
    return Run(id=id, attempt=attempt, status=status, conclusion=conclusion, **told)


def pull(sha: str = A, *, number: int = 1, minute: float = 0, open: bool = True, **more: Any) -> Pull:  # noqa: A002  (GitHub's word)
    told = {
        "title": "Sum the cart",
        "head_ref": "cart",
        "head_repo_id": REPO.id,
        "base_ref": "main",
        "base_repo_id": REPO.id,
        "author": ADA,
        "merged": False,
        "draft": False,
        "changed": (),
    }
    return Pull(number=number, head_sha=sha, open=open, updated_at=at(minute), **{**told, **more})


def moved(told: Pull, action: str = "synchronize", *, after: float = 0.1) -> PullMoved:
    """What GitHub tells of a pull request, some minutes after it happened."""
    received_at = told.updated_at + timedelta(minutes=after)
    return PullMoved(repo=REPO, cause="guid", received_at=received_at, pull=told, action=action)


def seen(
    sha: str,
    *jobs: Job,
    runs: tuple[Run, ...] = (),
    minute: float = 10.1,
    pulls: tuple[Pull, ...] = (),
    branch: str | None = None,
) -> JobsSeen:
    return JobsSeen(
        repo=REPO,
        cause="guid",
        received_at=at(minute),
        sha=sha,
        jobs=jobs,
        runs=runs,
        pulls=pulls,
        branch=branch,
    )


def pushed(branch: str, sha: str, minute: float, *, deleted: bool = False) -> BranchMoved:
    return BranchMoved(repo=REPO, cause="guid", received_at=at(minute), branch=branch, sha=sha, deleted=deleted)


def queued(sha: str, minute: float, *, destroyed: bool = False) -> QueueMoved:
    head = f"gh-readonly-queue/main/pr-1-{A}"
    return QueueMoved(
        repo=REPO, cause="guid", received_at=at(minute), sha=sha, head_ref=head, base_ref="main", destroyed=destroyed
    )


def fired(subject: str, kind: str, minute: float) -> TimerFired:
    return TimerFired(repo=REPO, cause="timer", received_at=at(minute), subject=subject, kind=kind, generation=1)


def told(*events: Event, policy: str | None = None) -> Case:
    """The case after some events of one commit, each decided at the moment that it was heard of."""
    return decided(*events, policy=policy)[-1].case


def decided(*events: Event, policy: str | None = None, case: Case | None = None) -> list[Decision]:
    decisions: list[Decision] = []
    now = case or Case()
    for event in events:
        decisions.append(decide(now, event, book(policy), event.received_at))
        now = decisions[-1].case
    return decisions


def only(case: Case) -> Failure:
    [failure] = case.failures
    return failure
