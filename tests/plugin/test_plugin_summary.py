"""The table at the end of a run."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_project import a_failure

from pytest_failure_review.findings import distinct, of_run
from pytest_failure_review.report import Failure, Flaky, Owner
from pytest_failure_review.summary import render, sla


def failures(count: int, **changes: Any) -> list[Failure]:
    return [a_failure(nodeid=f"test_a.py::test_{number}", **changes) for number in range(count)]


def test_each_failure_has_its_line() -> None:
    nobody = Owner(names=[], source="", line=None)
    other = a_failure(fingerprint="1" * 16, category="infra.database", owner=nobody)
    table = render(of_run([a_failure(), other]), 80)
    assert table == [
        "test.unit       @ann      test_a.py::test_a",
        "infra.database  no owner  test_a.py::test_a",
    ]


def test_failures_that_look_the_same_share_a_line_and_the_most_frequent_stands_first() -> None:
    table = render(of_run([a_failure(fingerprint="1" * 16), *failures(12)]), 80)
    assert table == [
        "12x  test.unit  @ann  test_a.py::test_0 and 11 more",
        "     test.unit  @ann  test_a.py::test_a",
    ]


def test_two_that_look_the_same_keep_their_lines() -> None:
    assert len(render(of_run(failures(2)), 80)) == 2


@pytest.mark.parametrize(
    ("changes", "test"),
    [
        ({"phase": "setup", "outcome": "error"}, "test_a.py::test_a (setup)"),
        ({"outcome": "crashed"}, "test_a.py::test_a (crashed)"),
        ({"phase": "teardown", "outcome": "interrupted"}, "test_a.py::test_a (teardown) (interrupted)"),
        ({"nodeid": "test_a.py::test_a[\x1b[31m\n]"}, "test_a.py::test_a[?[31m?]"),
    ],
)
def test_a_line_says_what_is_unusual(changes: dict[str, Any], test: str) -> None:
    (line,) = render(of_run([a_failure(**changes)]), 80)
    assert line.endswith(f"  {test}")


def test_at_80_columns_the_end_of_a_long_name_stays_readable() -> None:
    long = a_failure(
        nodeid="tests/" + "deep/" * 30 + "test_a.py::test_the_point",
        owner=Owner(names=["@a-very-long-organisation/team"], source="CODEOWNERS", line=1),
    )
    (line,) = render(of_run([long]), 80)
    assert len(line) == 80
    assert line.startswith("test.unit  @a-very-long-organisa...  ...")
    assert line.endswith("test_a.py::test_the_point")


def test_very_many_causes_are_cut_and_counted() -> None:
    many = [a_failure(fingerprint=f"{number:016x}") for number in range(25)]
    table = render(of_run(many), 80)
    assert len(table) == 21
    assert table[-1] == "and 5 more lines in the report"


def test_one_line_that_is_cut_is_a_line() -> None:
    many = [a_failure(fingerprint=f"{number:016x}") for number in range(21)]
    assert render(of_run(many), 80)[-1] == "and 1 more line in the report"


def test_a_file_that_fails_in_every_worker_is_one_failure() -> None:
    twice = [a_failure(phase="collect", worker=worker) for worker in ("gw0", "gw1")]
    other = a_failure(phase="collect", nodeid="test_b.py")
    assert distinct([*twice, other]) == [twice[0], other]


def test_the_same_test_failing_in_two_phases_is_two_failures() -> None:
    both = [a_failure(phase="call"), a_failure(phase="teardown")]
    assert distinct(both) == both


def test_hours_of_the_sla_stand_in_a_column_where_somebody_states_them() -> None:
    table = render(
        of_run(
            [
                a_failure(sla_terms={"hours": 4.0, "tier": "rules"}, fingerprint="1" * 16),
                a_failure(nodeid="test_b.py::test_b", sla="by the weekend"),
            ]
        ),
        80,
    )
    assert table == [
        "test.unit  @ann  4h            test_a.py::test_a",
        "test.unit  @ann  by the we...  test_b.py::test_b",
    ]


@pytest.mark.parametrize(
    ("hours", "words"), [(0.5, "0.5h"), (24, "24h"), (36, "36h"), (48, "2d"), (50, "50h"), (168, "7d")]
)
def test_whole_days_are_shown_as_days_from_two_on(hours: float, words: str) -> None:
    assert sla(a_failure(sla_terms={"hours": hours, "tier": "standard"})) == words


def test_a_file_that_a_checkpoint_could_not_keep_is_a_note() -> None:
    said = "cart.json was not kept: No such file or directory"
    points = [{"label": "begun"}, {"label": "cart filled", "notes": [said]}, {"label": "paid", "notes": [said]}]
    assert render(of_run([a_failure(checkpoints=points)]), 100)[1:] == [f"note: {said}: test_a.py::test_a"]


def test_the_replay_of_a_cause_is_that_of_its_first_failure_and_is_not_cut() -> None:
    command = "pytest --failure-review-replay=.failure-review#" + "1" * 80
    many = [{**failure, "replay": command if not number else "other"} for number, failure in enumerate(failures(3))]
    assert render(of_run(many), 40)[1:] == [f"    replay: {command}"]  # type: ignore[arg-type]  # made of failures


def test_a_shared_fixture_counts_every_test_that_it_failed() -> None:
    record = a_failure(phase="setup", outcome="error", group="a")
    group = {"record": "group", "group": "a", "count": 400, "nodeids": ["test_a.py::test_a", "test_a.py::test_b"]}
    (line,) = render(of_run([record], groups=[group]), 80)  # type: ignore[list-item]  # is one
    assert line == "400x  test.unit  @ann  test_a.py::test_a (setup) and 399 more"


def test_a_shared_fixture_that_fails_two_tests_counts_both() -> None:
    record = a_failure(phase="setup", outcome="error", group="a")
    group = {"record": "group", "group": "a", "count": 2, "nodeids": ["test_a.py::test_a", "test_a.py::test_b"]}
    (line,) = render(of_run([record], groups=[group]), 80)  # type: ignore[list-item]  # is one
    assert line == "2x  test.unit  @ann  test_a.py::test_a (setup) and 1 more"


def test_of_several_attempts_the_last_one_counts() -> None:
    attempts = [a_failure(attempt=number, fingerprint=f"{number:016x}") for number in (1, 2, 3)]
    assert len(render(of_run(attempts), 80)) == 1


def test_a_test_that_passed_in_the_end_is_a_note_and_no_failure() -> None:
    flaky = Flaky(record="flaky", nodeid="test_a.py::test_a", worker="main", attempts=2)
    assert render(of_run([a_failure()], flaky=[flaky]), 80) == ["flaky, passed at attempt 2: test_a.py::test_a"]


def test_a_teardown_that_fails_after_the_attempt_that_passed_stands() -> None:
    flaky = Flaky(record="flaky", nodeid="test_a.py::test_a", worker="main", attempts=2)
    teardown = a_failure(phase="teardown", attempt=2)
    assert "test_a.py::test_a (teardown)" in render(of_run([a_failure(), teardown], flaky=[flaky]), 80)[0]
