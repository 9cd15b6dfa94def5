"""Commands on a pull request of ada's, as short calls: who gives them, when, and what is answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stories import REPO, A, at, decided, job, moved, only, pull, seen, told

from github_app.rules.case import Case, Decision
from github_app.rules.commands import Said, parse
from github_app.rules.events import Actor, CommandsGiven
from github_app.rules.model import Person, Pull
from github_app.rules.records import Answer, Failure, Remark
from pytest_failure_review.report import Category

SAME = "`unit` already counts as `test.unit`; nothing changes, but it is noted that somebody looked."

BOB, EVE, SAM, IDA = Person(2, "bob"), Person(3, "eve"), Person(4, "sam"), Person(5, "ida")
ROLES = """schema: 1
roles:
  backend_dev: {users: [ida], teams: [octo/backend]}
  devops_specialist: {users: [ivan]}
  database_specialist: {teams: [octo/data]}
  security_specialist: {users: [sam], teams: [octo/security]}
"""
LEAK = "3:15PM WRN leaks found: 2"


def actor(person: Person = BOB, role: str | None = "write", *teams: str, **more: Any) -> Actor:
    return Actor(person, role, teams, **more)


def given(
    *said: Said,
    by: Actor | None = None,
    minute: float = 20,
    number: int = 1,
    told_pull: Pull | None = None,
    **more: Any,
) -> CommandsGiven:
    """Commands in the comment of that number, at that minute."""
    return CommandsGiven(
        repo=more.pop("repo", REPO),
        cause=f"guid-{number}",
        received_at=at(minute + 0.1),
        pull=told_pull or pull(A),
        remark=Remark("comment", number, at(minute), "https://github.example/c"),
        actor=by or actor(),
        said=said,
        **more,
    )


def red(says: str = "", **more: Any) -> Case:
    """A pull request of ada's whose job is red."""
    one = job(says=says, **more) if says else job(**more)
    return told(moved(pull(A)), seen(A, one, pulls=(pull(A),)), policy=ROLES)


def heard(case: Case, *events: Any) -> Decision:
    return decided(*events, policy=ROLES, case=as_loaded(case))[-1]


def as_loaded(case: Case) -> Case:
    """The case as the engine loads it for the next comment: without the answer to the last one."""
    return replace(case, reply=None)


def answers(decision: Decision) -> tuple[Answer, ...]:
    assert decision.case.reply is not None
    return decision.case.reply.answers


def answer(decision: Decision) -> Answer:
    [one] = answers(decision)
    return one


def ruled(case: Case, line: str, **more: Any) -> tuple[Failure, Answer]:
    """The only failure and the answer after one command."""
    decision = heard(case, given(*parse(line), **more))
    return only(decision.case), answer(decision)


AWAY = "/recategorize test.unit a made-up key in a test"


def leak() -> Case:
    case = red(LEAK)
    assert only(case).verdict.category is Category.SECURITY_SECRET
    return case


def voice(line: str, by: Actor, minute: float = 20, number: int = 1) -> CommandsGiven:
    return given(*parse(line), by=by, minute=minute, number=number)


SECURITY = actor(SAM)
