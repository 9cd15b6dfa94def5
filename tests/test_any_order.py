"""A story of a pull request, told in any order and with repetitions, ends in the same records and gate (F25, F26).

Received times travel with the events; handling them is what is shuffled. Then every timer that is due fires.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fakes import KeptStore
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import builtin
from stories import (
    DATABASE,
    NETWORK,
    UNIT,
    A,
    B,
    C,
    at,
    book,
    fired,
    foreign,
    job,
    moved,
    pull,
    pushed,
    queued,
    run,
    seen,
)

from github_app.builtin import signatures
from github_app.documents import to_record
from github_app.engine import Engine
from github_app.rules.events import Event, JobsSeen, PullMoved
from github_app.rules.gate import Gate, gate_of
from github_app.rules.hands import writer
from github_app.rules.model import Job, Person, Pull, Run
from github_app.rules.records import Commit, Failure
from github_app.rules.verdicts import Mode

NAMES = ("unit", "test (3.11)", "test (3.12)", "db / load (a)")
WORKFLOWS = ((5, "CI", "pull_request"), (6, "Nightly", "push"))
COMPILE = "src/cart.c:9:5: error: 'total' undeclared (first use in this function)"
TEXTS = (UNIT, DATABASE, NETWORK, COMPILE)
AUTHORS = {A: Person(2, "bea"), B: Person(3, "cal"), C: Person(4, "dan")}
ENDS = ("failure", "success", "cancelled", "skipped", "neutral")


@dataclass(frozen=True, slots=True)
class End:
    """Everything that must not depend on the order."""

    records: dict[str, object]
    gates: dict[str, Gate]


async def ending(events: Sequence[Event]) -> End:
    store = KeptStore()
    clock = at(600)
    engine = Engine(store, builtin(), signatures(), lambda: clock)
    for event in events:
        await engine.handle(event)
    for timer in store.due(clock):
        await engine.handle(fired(timer.subject, timer.kind, 0))
    records = {key: to_record(document) for key, document in sorted(store.documents.items())}
    failures = [item for item in records.values() if isinstance(item, Failure)]
    gates = {
        key: gate_of(commit, [item for item in failures if item.ref in commit.refs], book().policy.gate, Mode.ENFORCE)
        for key, commit in records.items()
        if isinstance(commit, Commit)
    }
    return End(dict(records), gates)


def end_of(events: Sequence[Event]) -> End:
    return asyncio.run(ending(events))


def made(sha: str, event: JobsSeen) -> JobsSeen:
    """The event with who wrote its commit."""
    return replace(event, hands=(writer(AUTHORS[sha], sha),))


# --- stories ---------------------------------------------------------------------------------------------------------


@st.composite
def attempts(draw: st.DrawFn, sha: str, run_id: int, workflow: tuple[int, str, str], start: float) -> list[JobsSeen]:
    """A run in one to three attempts, each job heard of as it starts and as it ends, and the run as a whole too."""
    number, title, event = workflow
    more = {"workflow_id": number, "workflow": title, "event": event}
    told: list[JobsSeen] = []
    branch = "cart" if event == "push" else None
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    for attempt in range(1, draw(st.integers(1, 3)) + 1):
        jobs: list[Job] = []
        minute = start + attempt * 20
        for index, name in enumerate(names):
            ends = minute + draw(st.integers(1, 15))
            conclusion = draw(st.sampled_from(ENDS))
            says = draw(st.sampled_from(TEXTS))
            ended = job(conclusion, name, run=run_id, attempt=attempt, minute=ends, says=says, **more)
            ended = replace(ended, id=run_id * 100 + attempt * 10 + index)
            begun = replace(ended, status="in_progress", conclusion=None, completed_at=None, evidence=None)
            jobs.append(ended)
            told += [seen(sha, begun, minute=minute), made(sha, seen(sha, ended, minute=ends + 0.1))]
        result = "failure" if any(each.conclusion != "success" for each in jobs) else "success"
        result = draw(st.sampled_from((result, result, "success")))  # continue-on-error
        runs: tuple[Run, Run] = (
            run(None, id=run_id, attempt=attempt, **more),
            run(result, id=run_id, attempt=attempt, **more),
        )
        told += [
            seen(sha, runs=runs[:1], minute=minute, branch=branch),
            made(sha, seen(sha, *jobs, runs=runs[1:], minute=minute + 16, branch=branch)),
        ]
    return told


@st.composite
def moves(draw: st.DrawFn, number: int, shas: Sequence[str], start: float) -> list[PullMoved]:
    """A pull request that is pushed to, and closed and reopened now and then."""
    told: list[PullMoved] = []
    minute = start
    is_open = True
    for index, sha in enumerate(shas):
        action = "synchronize" if index else "opened"
        told.append(moved(pull(sha, number=number, minute=minute, open=is_open), action))
        for _ in range(draw(st.integers(0, 2))):
            minute += draw(st.integers(1, 40))
            is_open = not is_open
            action = "reopened" if is_open else "closed"
            told.append(moved(pull(sha, number=number, minute=minute, open=is_open), action))
        minute += draw(st.integers(1, 60))
        is_open = is_open or bool(told and draw(st.booleans()))
        if is_open and told[-1].action == "closed":
            minute += 1
            told.append(moved(pull(sha, number=number, minute=minute), "reopened"))
            minute += 1
    return told


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    shas = draw(st.sampled_from(((A,), (A, B), (A, B, C), (A, B, A))))
    events: list[Event] = list(draw(moves(1, shas, 0)))
    if draw(st.booleans()):
        events += draw(moves(2, shas[-1:], draw(st.integers(0, 200))))
    run_id = 10
    for index, sha in enumerate(dict.fromkeys(shas)):
        for workflow in draw(st.sampled_from((WORKFLOWS[:1], WORKFLOWS))):
            events += draw(attempts(sha, run_id, workflow, index * 100))
            run_id += 1
    if draw(st.booleans()):
        events += [pushed("cart", sha, 50 * index) for index, sha in enumerate(shas)]
    if draw(st.booleans()):
        events += [queued(C, 300), queued(C, 320, destroyed=True)]
    if draw(st.booleans()):
        events.append(seen(A, foreign(draw(st.sampled_from(ENDS[:2])), minute=30), minute=31))
    return [_with_pulls(event, events, draw) for event in events]


def _with_pulls(event: Event, events: Sequence[Event], draw: st.DrawFn) -> Event:
    """What was heard of jobs may come with the pull requests as they then were."""
    if not isinstance(event, JobsSeen) or not draw(st.booleans()):
        return event
    views = [each.pull for each in events if isinstance(each, PullMoved) and each.pull.updated_at <= event.received_at]
    newest: dict[int, Pull] = {}
    for view in sorted(views, key=lambda view: view.updated_at):
        newest[view.number] = view
    return replace(event, pulls=tuple(view for view in newest.values() if view.head_sha == event.sha))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_order_and_any_repetition_end_the_same(data: st.DataObject) -> None:
    events = data.draw(stories())
    shuffled = data.draw(st.permutations(events))
    again = data.draw(st.lists(st.sampled_from(shuffled), max_size=4))
    assert end_of([*shuffled, *again]) == end_of(events)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_redelivered_event_changes_nothing(data: st.DataObject) -> None:
    """F25, E22: not a document, not a line of the journal, not a wish."""
    events = data.draw(st.permutations(data.draw(stories())))
    again = data.draw(st.sampled_from(events))

    async def told() -> list[object]:
        store = KeptStore()
        engine = Engine(store, builtin(), signatures(), lambda: at(500))
        for event in events:
            await engine.handle(event)
        await engine.handle(again)
        change = store.changes[-1]
        return [change.documents, change.entries, change.timers, change.wishes]

    assert asyncio.run(told()) == [[], [], [], []]
