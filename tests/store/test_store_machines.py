"""Whatever order things happen in: nothing lost, nothing twice, one at a time a subject, the latest generation only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from databases import NOW
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from github_app.engine import Change, Timer
from github_app.inbox import MAX_ATTEMPTS, Claimed, Delivery, Final, Sorted
from github_app.store import SqlStore
from github_app.timers import ClaimedTimer

T = TypeVar("T")
SUBJECTS = st.sampled_from("abc")
SETTINGS = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


class Machine(RuleBasedStateMachine):
    """Drives an open store from Hypothesis, which knows no event loop."""

    store: SqlStore
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        for table in ("deliveries", "timers", "journal_heads"):
            self.execute(f"DELETE FROM {table}")

    def run(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await work

        return self.runner.run(wait())

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        async def work() -> list[tuple[object, ...]]:
            def fetch(conn: object) -> list[tuple[object, ...]]:
                result = conn.exec_driver_sql(statement)  # type: ignore[attr-defined]  # a Connection
                return [tuple(row) for row in result] if result.returns_rows else []

            return await self.store._db.write(fetch)

        return self.run(work())

    @rule(seconds=st.integers(0, 5))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Expected:
    """What the model believes of one delivery; `order` is its place among all that came."""

    subject: str
    order: int
    state: str = "new"
    attempts: int = 0
    not_before: datetime = NOW


class InboxMachine(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[str, Expected] = {}
        self.held: dict[str, Claimed] = {}
        self.stale: list[Claimed] = []

    @rule(guid=st.integers(0, 15).map(str), subject=SUBJECTS)
    def one_arrives(self, guid: str, subject: str) -> None:
        new = self.run(self.store.deliveries.keep(Delivery(guid, "e", subject.encode(), NOW)))
        assert new == (guid not in self.expected)
        self.expected.setdefault(guid, Expected(subject, len(self.expected)))

    @rule()
    def all_are_sorted(self) -> None:
        self.run(self.store.deliveries.sort(lambda _, body: Sorted(body.decode(), 7, 70, "ready")))
        for guid, each in self.expected.items():
            if each.state == "new":
                self.expected[guid] = replace(each, state="ready")

    @rule(limit=st.integers(1, 4))
    def some_are_claimed(self, limit: int) -> None:
        busy = {each.subject for each in self.expected.values() if each.state == "running"}
        first: dict[str, str] = {}
        for guid, each in sorted(self.expected.items(), key=lambda pair: pair[1].order):
            if each.state == "ready" and each.not_before <= self.now and each.subject not in busy:
                first.setdefault(each.subject, guid)
        claimed = self.run(self.store.deliveries.claim("w", limit, self.now))
        assert [each.delivery.guid for each in claimed] == list(first.values())[:limit]
        for taken in claimed:
            guid = taken.delivery.guid
            self.held[guid] = taken
            self.expected[guid] = replace(self.expected[guid], state="running")

    @precondition(lambda self: self.held)
    @rule(data=st.data(), state=st.sampled_from(["done", "ignored", "parked"]))
    def one_finishes(self, data: st.DataObject, state: Final) -> None:
        guid = data.draw(st.sampled_from(sorted(self.held)))
        claimed = self.held.pop(guid)
        assert self.run(self.store.deliveries.finish(claimed, state, "", self.now))
        self.expected[guid] = replace(self.expected[guid], state=state)
        self.stale.append(claimed)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), seconds=st.integers(0, 8), counts=st.booleans())
    def one_is_put_back(self, data: st.DataObject, seconds: int, counts: bool) -> None:
        guid = data.draw(st.sampled_from(sorted(self.held)))
        claimed = self.held.pop(guid)
        until = self.now + timedelta(seconds=seconds)
        assert self.run(self.store.deliveries.again(claimed, until, "", counts=counts))
        attempts = self.expected[guid].attempts + counts
        self.expected[guid] = replace(self.expected[guid], state="ready", not_before=until, attempts=attempts)
        self.stale.append(claimed)

    @rule()
    def the_worker_falls_silent(self) -> None:
        self.execute("UPDATE deliveries SET lease_until = 0 WHERE state = 'running'")
        self.run(self.store.deliveries.claim("w", 0, self.now))
        for guid, claimed in self.held.items():
            attempts = self.expected[guid].attempts + 1
            state = "parked" if attempts >= MAX_ATTEMPTS else "ready"
            self.expected[guid] = replace(self.expected[guid], state=state, attempts=attempts)
            self.stale.append(claimed)
        self.held.clear()

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def a_void_claim_is_used(self, data: st.DataObject) -> None:
        claimed = data.draw(st.sampled_from(self.stale))
        assert not self.run(self.store.deliveries.finish(claimed, "done", "", self.now))
        assert not self.run(self.store.deliveries.again(claimed, self.now, "", counts=True))

    @invariant()
    def the_rows_are_what_the_model_expects(self) -> None:
        rows = self.execute("SELECT guid, state, attempts FROM deliveries")
        assert {row[0]: row[1:] for row in rows} == {
            guid: (each.state, each.attempts) for guid, each in self.expected.items()
        }


class TimersMachine(Machine):
    def __init__(self) -> None:
        super().__init__()
        self.armed: dict[str, Timer] = {}
        self.claimed: list[ClaimedTimer] = []
        self.used: set[tuple[str, int, datetime]] = set()

    @rule(subject=SUBJECTS, generation=st.integers(1, 4), seconds=st.none() | st.integers(-3, 5))
    def one_is_armed_or_cancelled(self, subject: str, generation: int, seconds: int | None) -> None:
        due = None if seconds is None else self.now + timedelta(seconds=seconds)
        timer = Timer(subject, "sla", due, generation, 7, 70)
        assert self.run(self.store.commit(Change(timers=[timer]), self.now))
        if subject in self.armed and self.armed[subject].generation > generation:
            return
        if due is None:
            self.armed.pop(subject, None)
        else:
            self.armed[subject] = timer

    @rule(limit=st.integers(1, 3))
    def some_are_claimed(self, limit: int) -> None:
        claimed = self.run(self.store.timers.claim("w", limit, self.now))
        assert len(claimed) <= limit
        assert all(self.armed[each.timer.subject] == each.timer for each in claimed)
        assert all(each.timer.due_at is not None and each.timer.due_at <= self.now for each in claimed)
        self.claimed += claimed

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def one_fires(self, data: st.DataObject) -> None:
        """Also twice, also late: only what is armed and due right now is used up."""
        timer = data.draw(st.sampled_from(self.claimed)).timer
        fired = (timer.subject, timer.kind, timer.generation)
        assert self.run(self.store.commit(Change(fired=[fired]), self.now))
        armed = self.armed.get(timer.subject)
        if armed is not None and armed.generation == timer.generation and (armed.due_at or NOW) <= self.now:
            del self.armed[timer.subject]

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def one_is_put_back(self, data: st.DataObject) -> None:
        self.run(self.store.timers.again(data.draw(st.sampled_from(self.claimed)), self.now))

    @rule()
    def the_worker_falls_silent(self) -> None:
        self.execute("UPDATE timers SET lease_until = 0 WHERE lease_until IS NOT NULL")

    @invariant()
    def the_rows_are_what_the_model_expects(self) -> None:
        rows = self.execute("SELECT subject, generation FROM timers")
        assert {(row[0], row[1]) for row in rows} == {(each.subject, each.generation) for each in self.armed.values()}

    def teardown(self) -> None:
        """Whatever happened, every timer that is armed can still be claimed when it is due."""
        self.execute("UPDATE timers SET lease_until = 0 WHERE lease_until IS NOT NULL")
        due = self.run(self.store.timers.claim("w", 100, self.now + timedelta(days=1)))
        assert {each.timer.subject: each.timer for each in due} == self.armed


def explore(url: str, kind: type[Machine]) -> None:
    with asyncio.Runner() as runner:
        store = runner.run(SqlStore.open(url))
        bound = type(kind.__name__, (kind,), {"store": store, "runner": runner})
        try:
            run_state_machine_as_test(bound, settings=SETTINGS)
        finally:
            runner.run(store.close())


def test_deliveries_are_claimed_in_order_one_a_subject_and_end_once(database_url: str) -> None:
    """F14, F25, F30."""
    explore(database_url, InboxMachine)


def test_only_the_latest_generation_of_a_timer_fires_and_none_is_lost(database_url: str) -> None:
    """R4, P7."""
    explore(database_url, TimersMachine)
