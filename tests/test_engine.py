"""Load, decide, commit: whole or not at all, again when somebody else was faster, and never by halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fakes import KeptStore
from policies import builtin, layered
from pydantic_core import from_json
from stories import REPO, A, B, at, fired, job, moved, only, pull, pushed, queued, run, seen

from github_app.builtin import signatures
from github_app.documents import to_record
from github_app.engine import ATTEMPTS, ECHO_AFTER, PUBLISH_AFTER, Engine, Entry, Timer
from github_app.outcomes import Retry
from github_app.rules.case import Case, Decision
from github_app.rules.decide import CLOSE, DEADLINE, SETTLE
from github_app.rules.effects import (
    CompareFix,
    Effect,
    ForgetInstallation,
    PublishComment,
    PublishGate,
    PublishLabels,
    PublishPolicyCheck,
    PublishReply,
    effect_key,
)
from github_app.rules.events import Event, InstallationMoved, PolicyRead, RefreshAsked, RepoMoved
from github_app.rules.gate import Gate, gate_of
from github_app.rules.model import Person
from github_app.rules.records import Failure, FailureState, PolicySource
from github_app.rules.verdicts import Mode

OPENED = moved(pull(), "opened")
RED = seen(A, job())
GREEN = seen(A, job("success", run=11, minute=40), minute=41)
CLOSED = moved(pull(minute=20, open=False), "closed")
DAY = 24 * 60


class Clock:
    """The time that the engine is told."""

    def __init__(self, minute: float = 12) -> None:
        self.minute = minute

    def __call__(self) -> datetime:
        return at(self.minute)


def engine_on(store: KeptStore, clock: Clock | None = None) -> Engine:
    return Engine(store, builtin(), signatures(), clock or Clock())


async def after(*events: Event) -> KeptStore:
    store = KeptStore()
    for event in events:
        await engine_on(store).handle(event)
    return store


def records(store: KeptStore, kind: str) -> list[object]:
    return [to_record(item) for _, item in sorted(store.documents.items()) if item.kind == kind]


def failures(store: KeptStore) -> list[Failure]:
    return [record for record in records(store, "failure") if isinstance(record, Failure)]


# --- one change ------------------------------------------------------------------------------------------------------


async def test_everything_that_an_event_leads_to_is_committed_in_one_change() -> None:
    store = await after(OPENED)
    await engine_on(store).handle(RED)
    change = store.changes[-1]
    [failure] = failures(store)
    assert [document.kind for document in change.documents] == ["commit", "failure", "ref"]
    first = ["detected", "triaged", "assigned", "notified", "impact", "clock", "tracked"]
    assert [entry.kind for entry in change.entries] == first
    assert change.entries[0] == Entry(
        failure.id, "detected", at(10), "App", "unit failed on pull/1", REPO.installation_id, REPO.id, "guid"
    )
    assert change.timers[0] == Timer(failure.id, DEADLINE, at(10) + timedelta(hours=4, seconds=1), 1, 1, 7)
    assert [wish.key for wish in change.wishes] == [f"gate/7/{A}", "comment/7/1", "labels/7/1"]
    assert change.fired == ()


async def test_wishes_wait_a_moment_so_that_many_events_cost_one_write() -> None:
    """G13."""
    store = await after(OPENED)
    assert {wish.due_at for wish in store.wishes} == {at(12) + PUBLISH_AFTER}


async def test_what_others_show_of_a_failure_waits_a_minute_and_many_jobs_cost_it_once() -> None:
    """G13: forty jobs that fail of what another pull request has are one wish for that one."""
    other = pull(B, number=12, author=Person(2, "bea"), head_ref="tax")
    store = await after(OPENED, RED, moved(other, "opened"))
    store.wishes.clear()
    for number in range(40):
        told = seen(B, job(name=f"unit ({number})", run=20 + number), pulls=(other,))
        await engine_on(store).handle(told)
    echoes = [wish for wish in store.wishes if wish.key in {f"gate/7/{A}", "comment/7/1"}]
    assert {(wish.key, wish.due_at) for wish in echoes} == {
        (f"gate/7/{A}", at(12) + ECHO_AFTER),
        ("comment/7/1", at(12) + ECHO_AFTER),
    }
    assert len(echoes) == 2


async def test_only_what_changed_is_written() -> None:
    store = await after(OPENED, RED)
    await engine_on(store).handle(seen(A, job(None, "slow")))
    assert [document.kind for document in store.changes[-1].documents] == ["commit"]


async def test_a_redelivered_event_changes_nothing_at_all() -> None:
    """E22, F25."""
    events: list[Event] = [OPENED, pushed("cart", A, 1), queued(B, 2), RED, GREEN, CLOSED, policy("schema: 1\n")]
    store = await after(*events)
    for event in events:
        before = dict(store.documents)
        await engine_on(store).handle(event)
        assert store.documents == before
        change = store.changes[-1]
        assert (change.documents, change.entries, change.timers, change.wishes) == ([], [], [], [])


async def test_a_failure_is_written_together_with_its_line_of_work() -> None:
    """Else one event could close a pull request while another one opens a failure on it."""
    store = await after(OPENED)
    rival = KeptStore(dict(store.documents), dict(store.updated_at))
    await engine_on(rival).handle(CLOSED)
    store.rivals = rival.changes[-1:]
    await engine_on(store).handle(RED)
    assert [failure.state for failure in failures(store)] == [FailureState.OBSOLETE]


async def test_a_line_of_work_that_is_gone_stops_no_timer() -> None:
    store = await after(OPENED, RED)
    [failure] = failures(store)
    del store.documents["ref/7/pull/1"]
    decision = await engine_on(store, Clock(300)).handle(fired(failure.id, DEADLINE, 300))
    assert only(decision.case).clock.breached_at == at(10 + 4 * 60)


# --- conflicts -------------------------------------------------------------------------------------------------------


async def test_a_decision_is_made_anew_when_a_record_moved_on() -> None:
    store = await after(OPENED)
    rival = KeptStore(dict(store.documents), dict(store.updated_at))
    await engine_on(rival).handle(seen(A, job("success", "docs")))
    store.rivals = rival.changes[-1:]
    decision = await engine_on(store).handle(RED)
    assert decision.case.commit is not None
    assert [each.name for each in decision.case.commit.jobs] == ["docs", "unit"]


async def test_records_that_never_stand_still_are_tried_again_later() -> None:
    store = KeptStore(refuses=ATTEMPTS)
    with pytest.raises(Retry, match="The records kept changing while a decision was made"):
        await engine_on(store).handle(OPENED)
    assert (store.changes, store.refuses) == ([], 0)


async def test_the_last_attempt_counts() -> None:
    store = KeptStore(refuses=ATTEMPTS - 1)
    await engine_on(store).handle(OPENED)
    assert len(store.changes) == 1


async def test_a_failure_comes_back_long_after_its_last_record_was_closed() -> None:
    """E42: what was closed days ago is not loaded with every event, and its page stays."""
    store = await after(OPENED, RED, GREEN)
    [first] = failures(store)
    for number in range(3):
        day = (3 * number + 2) * DAY
        await engine_on(store, Clock(40 + day)).handle(fired(failures(store)[-1].id, CLOSE, 40 + day))
        clock = Clock(3 * (number + 1) * DAY + 60)
        red = seen(A, job(run=20 + 2 * number, minute=clock.minute - 10), minute=clock.minute)
        green = seen(A, job("success", run=21 + 2 * number, minute=clock.minute), minute=clock.minute)
        await engine_on(store, clock).handle(red)
        await engine_on(store, clock).handle(green)
    assert sorted(failure.series for failure in failures(store)) == [1, 2, 3, 4]
    assert first.id in store.documents


async def test_a_red_job_that_is_redelivered_long_after_its_failure_was_closed_changes_nothing() -> None:
    store = await after(OPENED, RED, GREEN)
    [failure] = failures(store)
    await engine_on(store, Clock(2 * DAY)).handle(fired(failure.id, CLOSE, 2 * DAY))
    before = dict(store.documents)
    await engine_on(store, Clock(9 * DAY)).handle(RED)
    assert store.documents == before


# --- what breaks -----------------------------------------------------------------------------------------------------


def gate(store: KeptStore) -> Gate:
    documents = [to_record(item) for item in store.documents.values()]
    commit = next(iter(records(store, "commit")))
    mine = [item for item in documents if isinstance(item, Failure)]
    return gate_of(commit, mine, layered().gate, Mode.ENFORCE)  # type: ignore[arg-type]  # the only commit


@pytest.mark.parametrize(
    "events", [(OPENED,), (OPENED, RED), (OPENED, RED, seen(A, runs=(run(attempt=2),))), (RED, OPENED)]
)
@pytest.mark.parametrize("last", [RED, GREEN, CLOSED, seen(A, job("success", "docs"), runs=(run("success"),))])
async def test_an_exception_at_any_await_leaves_everything_as_it_was(events: Sequence[Event], last: Event) -> None:
    """T33: at no call of the store does a failing decision open the gate, or leave half of itself behind."""
    whole = await after(*events)
    told = whole.calls
    await engine_on(whole).handle(last)
    for call in range(1, whole.calls - told + 1):
        store = await after(*events)
        before, shown = dict(store.documents), gate(store)
        store.breaks_at, store.calls, wishes = call, 0, list(store.wishes)
        with pytest.raises(OSError, match="went away"):
            await engine_on(store).handle(last)
        assert (store.documents, store.wishes) == (before, wishes)
        assert gate(store) == shown
        await engine_on(store).handle(last)
        assert {**store.documents} == {**whole.documents}


# --- timers ----------------------------------------------------------------------------------------------------------


async def test_a_timer_is_used_up_by_what_it_leads_to() -> None:
    store = await after(OPENED, RED)
    [failure] = failures(store)
    clock = Clock(10 + 4 * 60 + 1)
    await engine_on(store, clock).handle(fired(failure.id, DEADLINE, clock.minute))
    assert store.changes[-1].fired == [(failure.id, DEADLINE, 1)]
    assert (failure.id, DEADLINE) not in store.timers
    assert [entry.kind for entry in store.changes[-1].entries] == ["breached"]


async def test_a_timer_that_fires_twice_marks_once() -> None:
    store = await after(OPENED, RED)
    [failure] = failures(store)
    for _ in range(2):
        await engine_on(store, Clock(300)).handle(fired(failure.id, DEADLINE, 300))
    assert [entry.kind for entry in store.entries].count("breached") == 1


async def test_a_timer_that_was_set_before_the_last_turn_does_nothing() -> None:
    """R4: fixed and red again, so the deadline is later than the first timer says."""
    again = seen(A, job(run=12, minute=60), minute=61)
    store = await after(OPENED, RED, GREEN, again)
    [failure] = failures(store)
    await engine_on(store, Clock(10 + 4 * 60 + 1)).handle(fired(failure.id, DEADLINE, 10 + 4 * 60 + 1))
    assert failures(store)[0].clock.breached_at is None
    assert (failure.id, DEADLINE) in store.timers


async def test_a_deadline_shows_on_the_head_that_the_pull_request_has_by_then() -> None:
    store = await after(OPENED, RED, moved(pull(B, minute=15)))
    [failure] = failures(store)
    await engine_on(store, Clock(300)).handle(fired(failure.id, DEADLINE, 300))
    assert [wish.key for wish in store.changes[-1].wishes] == [
        f"gate/7/{A}",
        f"gate/7/{B}",
        "comment/7/1",
        "labels/7/1",
    ]


async def test_a_commit_settles_by_its_timer() -> None:
    store = await after(OPENED)
    await engine_on(store).handle(fired(f"commit/7/{A}", SETTLE, 6))
    commit = await engine_on(store).commit(7, A)
    assert commit is not None
    assert commit.settled
    assert store.timers == {}


async def test_a_timer_of_something_that_is_gone_does_nothing() -> None:
    store = await after()
    assert await engine_on(store).handle(fired("f0", DEADLINE, 300)) == Decision(Case())


# --- loading ---------------------------------------------------------------------------------------------------------


def policy(text: str | None) -> PolicyRead:
    return PolicyRead(repo=REPO, cause="guid", received_at=at(11), sha="d" * 40, text=text)


async def test_a_policy_reaches_every_open_pull_request_and_no_other() -> None:
    others = (moved(pull(B, number=2), "opened"), moved(pull(number=3, open=False), "closed"))
    store = await after(OPENED, *others)
    await engine_on(store).handle(policy("schema: 1\nmode: enforce\n"))
    assert [wish.key for wish in store.changes[-1].wishes] == [
        f"policy_check/7/{'d' * 40}",
        f"gate/7/{A}",
        "comment/7/1",
        "labels/7/1",
        f"gate/7/{B}",
        "comment/7/2",
        "labels/7/2",
    ]


async def test_a_failure_is_judged_by_the_policy_that_was_read() -> None:
    store = await after(policy("schema: 1\ncategories:\n  test.unit: {sla: 1h}\n"), OPENED, RED)
    assert [failure.clock.target_s for failure in failures(store)] == [3600]


async def test_the_jobs_of_a_merge_group_and_of_a_branch_find_their_line_of_work() -> None:
    store = await after(
        pushed("cart", A, 1), queued(B, 2), seen(A, job(event="push"), branch="cart"), seen(B, job(run=11))
    )
    assert {failure.ref.partition("/")[0] for failure in failures(store)} == {"branch", "queue"}


async def test_a_deleted_branch_finds_its_failures() -> None:
    store = await after(seen(A, job(event="push"), branch="cart"), pushed("cart", "0" * 40, 30, deleted=True))
    assert [failure.state for failure in failures(store)] == [FailureState.OBSOLETE]


async def test_a_check_that_is_asked_for_anew_is_shown_anew() -> None:
    store = await after(OPENED, RED)
    store.wishes.clear()
    await engine_on(store).handle(RefreshAsked(repo=REPO, cause="guid", received_at=at(60), sha=A))
    assert [wish.kind for wish in store.wishes] == ["gate", "comment", "labels"]


async def test_a_renamed_repository_keeps_its_policy() -> None:
    store = await after(policy("schema: 1\n"))
    renamed = replace(REPO, name="store")
    await engine_on(store).handle(RepoMoved(repo=renamed, cause="guid", received_at=at(60)))
    source = await engine_on(store).policy_source(7)
    assert source is not None
    assert (source.repo, source.text) == (renamed, "schema: 1\n")


async def test_an_installation_belongs_to_no_repository() -> None:
    event = InstallationMoved(installation_id=1, account="octo", state="deleted", cause="guid", received_at=at(1))
    store = await after(event)
    assert [(entry.installation_id, entry.repo_id) for entry in store.entries] == [(1, 0)]
    assert [(wish.key, from_json(wish.payload)) for wish in store.wishes] == [("forget/1", {"installation_id": 1})]
    known = await engine_on(store).installation(1)
    assert known is not None
    assert known.state == "deleted"


async def test_what_is_known_can_be_asked_for() -> None:
    store = await after(OPENED, RED)
    engine = engine_on(store)
    [failure] = failures(store)
    assert await engine.failure(failure.id) == failure
    assert await engine.refs_at(7, A) == [await engine.ref(7, "pull/1")]
    assert (await engine.case_of(7, A)).failures == (failure,)
    assert [await engine.commit(7, B), await engine.ref(7, "pull/2"), await engine.failure("f0")] == [None] * 3
    assert await engine.policy_source(7) is None
    assert await engine.installation(1) is None


async def test_policies_are_computed_once_a_text_and_forgotten_when_there_are_too_many() -> None:
    engine = engine_on(KeptStore())
    first = engine.book(None).policy
    assert engine.book(PolicySource(REPO, A, at(0))).policy is first
    for number in range(1001):
        engine.book(PolicySource(REPO, A, at(0), text=f"schema: 1\n# {number}\n"))
    again = engine.book(None).policy
    assert again == first
    assert again is not first


@pytest.mark.parametrize(
    ("effect", "key"),
    [
        (PublishGate(7, A), ("gate", f"gate/7/{A}")),
        (PublishComment(7, 1), ("comment", "comment/7/1")),
        (PublishLabels(7, 1), ("labels", "labels/7/1")),
        (PublishPolicyCheck(7, A), ("policy_check", f"policy_check/7/{A}")),
        (PublishReply(7, "reply/7/comment/5"), ("reply", "reply/7/comment/5")),
        (CompareFix(7, "f1", A, B), ("compare", f"compare/f1/{A}/{B}")),
        (ForgetInstallation(1), ("forget", "forget/1")),
    ],
)
def test_two_wishes_for_the_same_thing_have_one_key(effect: Effect, key: tuple[str, str]) -> None:
    assert effect_key(effect) == key
