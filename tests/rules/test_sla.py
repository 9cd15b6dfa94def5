from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policies import layered

from github_app.rules.history import Span
from github_app.rules.sla import (
    breach,
    clock_of,
    complexity,
    deadline,
    due_in_words,
    duration_in_words,
    explain,
    late_from,
    resume,
    retarget,
    spent,
    start,
    stop,
)
from github_app.rules.verdicts import Clock

T0 = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
HOUR = 3600


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


# --- one clock -------------------------------------------------------------------------------------------------------


def test_the_deadline_is_the_target_after_the_anchor() -> None:
    assert deadline(start(T0, 2 * HOUR)) == at(2 * HOUR)


def test_a_failure_without_a_target_has_no_deadline() -> None:
    clock = start(T0, None)
    assert (deadline(clock), late_from(clock), breach(clock, at(10**9))) == (None, None, clock)


@pytest.mark.parametrize(("resolved_at", "outcome"), [(-1, "met"), (0, "met"), (1, "breached")])
def test_the_very_second_of_the_deadline_still_meets_it(resolved_at: int, outcome: str) -> None:
    """E12."""
    assert stop(start(T0, HOUR), at(HOUR + resolved_at)).outcome == outcome


def test_a_timer_that_looks_when_it_is_late_finds_the_breach() -> None:
    clock = start(T0, HOUR)
    due, late = deadline(clock), late_from(clock)
    assert due is not None
    assert late is not None
    assert breach(clock, due).breached_at is None
    assert breach(clock, late).breached_at == due


def test_a_breach_is_never_taken_back() -> None:
    late = breach(start(T0, HOUR), at(2 * HOUR))
    longer = retarget(late, 9 * HOUR, at(2 * HOUR))
    again = resume(stop(longer, at(3 * HOUR), "overridden"), at(4 * HOUR))
    assert [clock.breached_at for clock in (late, longer, again, breach(again, at(9 * HOUR)))] == [at(HOUR)] * 4
    assert stop(again, at(5 * HOUR)).outcome == "breached"


def test_a_stop_is_final_until_it_is_resumed() -> None:
    """E43."""
    stopped = stop(start(T0, HOUR), at(600))
    assert stop(stopped, at(9999), "obsolete") == stopped
    assert spent(stopped, at(9999)) == 600
    assert deadline(stopped) is None


def test_a_resumed_clock_keeps_its_spent_time_and_starts_a_new_generation() -> None:
    """E42, C28."""
    clock = resume(stop(start(T0, HOUR), at(600), "overridden"), at(7200))
    assert (deadline(clock), clock.generation, clock.outcome) == (at(7200 + 3000), 2, None)
    assert resume(clock, at(9999)) == clock


def test_an_event_from_before_the_start_spends_nothing() -> None:
    assert spent(start(T0, HOUR), at(-60)) == 0
    assert stop(start(T0, HOUR), at(-60)).spent_s == 0


def test_a_corrected_category_keeps_the_spent_time() -> None:
    """E39."""
    clock = retarget(start(T0, 4 * HOUR), 8 * HOUR, at(2 * HOUR), "8 h")
    assert (deadline(clock), spent(clock, at(2 * HOUR)), clock.generation) == (at(8 * HOUR), 2 * HOUR, 2)


def test_a_new_target_that_is_spent_already_is_missed_from_that_moment() -> None:
    """E39: 4 hours become 30 minutes after 2 hours."""
    clock = retarget(start(T0, 4 * HOUR), HOUR // 2, at(2 * HOUR), "30 min")
    assert (clock.breached_at, clock.explanation) == (at(2 * HOUR), "30 min (spent already when it was set)")


def test_such_a_miss_is_counted_apart_and_a_full_new_target_runs_from_then_on() -> None:
    """C36."""
    clock = retarget(start(T0, 4 * HOUR), HOUR // 2, at(2 * HOUR), "30 min")
    assert (clock.by_retarget, clock.working_due_at, deadline(clock)) == (True, at(2.5 * HOUR), at(2.5 * HOUR))
    shorter = retarget(clock, HOUR // 4, at(3 * HOUR))
    assert (shorter.breached_at, deadline(shorter)) == (at(2 * HOUR), at(3.25 * HOUR))


@pytest.mark.parametrize("target", [9 * HOUR, None])
def test_what_was_missed_under_the_old_target_stays_missed_under_a_longer_one(target: int | None) -> None:
    """C36: whether or not a timer had marked it."""
    for clock in (start(T0, HOUR), breach(start(T0, HOUR), at(2 * HOUR))):
        longer = retarget(clock, target, at(2 * HOUR))
        assert (longer.breached_at, longer.by_retarget, longer.working_due_at) == (at(HOUR), False, None)


def test_what_was_held_as_missed_outlasts_a_look_at_the_history() -> None:
    spans = [Span(T0, at(3 * HOUR), "b" * 40)]
    clock = retarget(start(T0, 4 * HOUR), HOUR // 2, at(2 * HOUR))
    again = clock_of(spans, clock)
    assert (again.breached_at, again.outcome, again.by_retarget) == (at(2 * HOUR), "breached", True)


def test_a_green_before_the_change_of_target_that_is_heard_of_late_leaves_nothing_missed() -> None:
    clock = retarget(start(T0, 4 * HOUR), HOUR // 2, at(2 * HOUR))
    again = clock_of([Span(T0, at(HOUR // 4), "b" * 40)], clock)
    assert (again.breached_at, again.outcome, again.by_retarget) == (None, "met", False)


def test_the_same_target_changes_nothing() -> None:
    clock = start(T0, HOUR)
    assert retarget(clock, HOUR, at(60)) is clock


def test_a_target_may_be_taken_away() -> None:
    assert deadline(retarget(start(T0, HOUR), None, at(60))) is None


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "Europe/Berlin"])
def test_a_change_of_daylight_saving_time_moves_no_deadline(zone: str) -> None:
    """E01: 30 real minutes, whatever the wall clock says."""
    local = ZoneInfo(zone)
    changes = {"America/New_York": (2026, 11, 1, 1, 45), "Australia/Lord_Howe": (2026, 4, 5, 1, 45)}
    anchor = datetime(*changes.get(zone, (2026, 10, 25, 2, 45)), tzinfo=local)
    due = deadline(start(anchor, 1800))
    assert due is not None
    assert due.timestamp() - anchor.timestamp() == 1800
    assert spent(start(anchor, 1800), due.astimezone(local)) == 1800


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        start(datetime(2026, 11, 24), HOUR)  # noqa: DTZ001  (the danger itself)


# --- invariants ------------------------------------------------------------------------------------------------------

SECONDS = st.integers(min_value=0, max_value=10**6)
ACTS = st.lists(st.tuples(st.sampled_from(["stop", "override", "resume", "retarget", "look"]), SECONDS), max_size=20)


def played(acts: list[tuple[str, int]], target: int) -> list[tuple[datetime, Clock]]:
    """Every clock on the way, with the time of the act that led to it."""
    now, clock = T0, start(T0, target)
    story = [(now, clock)]
    for act, seconds in acts:
        now += timedelta(seconds=seconds)
        match act:
            case "stop":
                clock = stop(clock, now)
            case "override":
                clock = stop(clock, now, "overridden")
            case "resume":
                clock = resume(clock, now)
            case "retarget":
                clock = retarget(clock, seconds, now)
            case _:
                clock = breach(clock, now)
        story.append((now, clock))
    return story


@given(ACTS, SECONDS)
def test_spent_time_never_falls(acts: list[tuple[str, int]], target: int) -> None:
    used = [spent(clock, now) for now, clock in played(acts, target)]
    assert used == sorted(used)


@given(ACTS, SECONDS)
def test_a_breach_stays(acts: list[tuple[str, int]], target: int) -> None:
    marks = [clock.breached_at for _, clock in played(acts, target)]
    first = next((number for number, mark in enumerate(marks) if mark is not None), len(marks))
    assert set(marks[first:]) <= {marks[first] if first < len(marks) else None}


@given(ACTS, SECONDS)
def test_only_a_running_clock_has_no_outcome(acts: list[tuple[str, int]], target: int) -> None:
    assert all((clock.running_since is None) == (clock.outcome is not None) for _, clock in played(acts, target))


@given(st.lists(st.tuples(st.integers(1, 10**5), st.integers(1, 10**5)), max_size=8), st.integers(10**6, 10**7))
def test_the_deadline_is_what_the_log_of_pauses_gives(pauses: list[tuple[int, int]], target: int) -> None:
    """deadline(t0, pauses) = t0 + target + all pauses before it."""
    clock, now = start(T0, target), T0
    for run, pause in pauses:
        now += timedelta(seconds=run)
        clock = stop(clock, now, "overridden")
        now += timedelta(seconds=pause)
        clock = resume(clock, now)
    assert deadline(clock) == at(target + sum(pause for _, pause in pauses))


# --- out of the history ----------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 10**5), st.integers(1, 10**5)), min_size=1, max_size=6), SECONDS, st.randoms())
def test_a_history_gives_one_clock_in_any_order(gaps: list[tuple[int, int]], target: int, random: Random) -> None:
    """F26: the clock is what the stretches say, not how they became known."""
    spans: list[Span] = []
    now = 0
    for gap, length in gaps:
        spans.append(Span(at(now + gap), at(now + gap + length), "sha"))
        now += gap + length
    shuffled = list(spans)
    random.shuffle(shuffled)
    clock = clock_of(shuffled, start(T0, target))
    assert clock == clock_of(spans, start(T0, target))
    assert clock.spent_s == sum(length for _, length in gaps)
    assert clock.outcome == ("met" if clock.spent_s <= target else "breached")


def test_an_open_stretch_runs_on_from_its_start_with_what_was_spent_before() -> None:
    clock = clock_of([Span(at(0), at(600), "sha"), Span(at(7200))], start(at(5000), HOUR, "4 h"))
    assert (clock.anchor_at, clock.spent_s, clock.running_since) == (at(0), 600, at(7200))
    assert (deadline(clock), clock.generation, clock.explanation) == (at(7200 + 3000), 2, "4 h")


def test_a_stretch_that_no_green_ended_is_obsolete() -> None:
    """E27: the pull request was closed."""
    assert clock_of([Span(at(0), at(9 * HOUR))], start(T0, HOUR)).outcome == "obsolete"


def test_a_failure_that_does_not_count_at_all_spends_nothing() -> None:
    clock = clock_of([], start(T0, HOUR))
    assert (clock.spent_s, clock.running_since, clock.outcome) == (0, None, "obsolete")


def test_a_noted_breach_stays_noted_while_the_history_stays() -> None:
    late = breach(start(T0, HOUR), at(2 * HOUR))
    assert clock_of([Span(T0)], late) == late


def test_a_green_heard_of_late_corrects_a_breach_that_never_was() -> None:
    late = breach(start(T0, HOUR), at(2 * HOUR))
    assert clock_of([Span(T0, at(600), "sha")], late).outcome == "met"
    assert clock_of([Span(T0, at(600), "sha"), Span(at(7200))], late).breached_at is None


def test_a_history_keeps_the_calendar() -> None:
    assert clock_of([Span(T0)], replace(start(T0, HOUR), calendar="team")).calendar == "team"


# --- complexity ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S1-013")
@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, "simple: no schema path changed, fewer than 3 database tests failed, one job is hit"),
        (
            {"changed": ["src/a.py", "shop/migrations/0007_tax.py"]},
            "complex: the change touches shop/migrations/0007_tax.py, a schema path",
        ),
        ({"changed": ["db/init.sql"]}, "complex: the change touches db/init.sql, a schema path"),
        ({"database_failures": 3}, "complex: 3 database tests failed, 3 or more"),
        ({"jobs": 2}, "complex: 2 jobs are hit, 2 or more"),
        ({"labels": ["bug", "complexity:high"]}, "complex: the label complexity:high is set"),
        ({"database_failures": 2, "labels": ["bug"], "changed": ["src/a.py"]}, "simple"),
    ],
)
def test_complexity_is_judged_by_facts_that_everybody_can_check(facts: dict[str, object], sentence: str) -> None:
    """C02."""
    judged = complexity(layered(), **facts)  # type: ignore[arg-type]  # a table of keyword arguments
    assert judged.sentence.startswith(sentence)
    assert judged.sentence.startswith(judged.value)


@pytest.mark.requirement("S1-013")
def test_a_deadline_says_which_rule_gave_which_number() -> None:
    judged = complexity(layered(), jobs=2)
    rule = layered().rule_for("test.database", complexity=judged.value)
    assert explain(rule, judged) == (
        "8 h for test.database, around the clock (escalation-matrix.md L28, L116, L246; C02);"
        " complex: 2 jobs are hit, 2 or more"
    )


def test_a_kind_without_a_deadline_says_so() -> None:
    rule = layered("categories: {build: {sla: none}}").rule_for("build")
    assert explain(rule) == "no deadline (.github/failure-review.yml line 1)"


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than 1 min"),
        (59.9, "less than 1 min"),
        (60, "1 min"),
        (1800, "30 min"),
        (6899, "1 h 54 min"),
        (7200, "2 h"),
        (86400, "24 h"),
        (172799, "47 h 59 min"),
        (7 * 86400, "7 d"),
        (3 * 86400 + 3660, "3 d 1 h 1 min"),
    ],
)
def test_a_length_of_time_in_words(seconds: float, words: str) -> None:
    assert duration_in_words(seconds) == words


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (None, "no deadline"),
        (at(6840), "in 1 h 54 min (09:54 UTC)"),
        (at(0), "in less than 1 min (08:00 UTC)"),
        (at(30), "in less than 1 min (08:00 UTC)"),
        (at(-1), "overdue by less than 1 min"),
        (at(-720), "overdue by 12 min"),
        (at(86400), "in 24 h (Wed 25 Nov 08:00 UTC)"),
        (at(3600).astimezone(timezone(timedelta(hours=9))), "in 1 h (09:00 UTC)"),
    ],
)
def test_a_deadline_in_words(due: datetime | None, words: str) -> None:
    assert due_in_words(due, T0) == words
