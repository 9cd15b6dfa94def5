"""The table at the end of a run."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_project import a_failure

from pytest_failure_review.report import Failure, Owner
from pytest_failure_review.summary import distinct, render


def failures(count: int, **changes: Any) -> list[Failure]:
    return [a_failure(nodeid=f"test_a.py::test_{number}", **changes) for number in range(count)]


def test_each_failure_has_its_line() -> None:
    table = render(
        [
            a_failure(),
            a_failure(fingerprint="1" * 16, category="infra.database", owner=Owner(names=[], source="", line=None)),
        ],
        80,
    )
    assert table == [
        "test.unit       @ann      test_a.py::test_a",
        "infra.database  no owner  test_a.py::test_a",
    ]


def test_failures_that_look_the_same_share_a_line_and_the_most_frequent_stands_first() -> None:
    table = render([a_failure(fingerprint="1" * 16), *failures(12)], 80)
    assert table == [
        "12x  test.unit  @ann  test_a.py::test_0 and 11 more",
        "     test.unit  @ann  test_a.py::test_a",
    ]


def test_two_that_look_the_same_keep_their_lines() -> None:
    assert len(render(failures(2), 80)) == 2


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
    (line,) = render([a_failure(**changes)], 80)
    assert line.endswith(f"  {test}")


def test_at_80_columns_the_end_of_a_long_name_stays_readable() -> None:
    long = a_failure(
        nodeid="tests/" + "deep/" * 30 + "test_a.py::test_the_point",
        owner=Owner(names=["@a-very-long-organisation/team"], source="CODEOWNERS", line=1),
    )
    (line,) = render([long], 80)
    assert len(line) == 80
    assert line.startswith("test.unit  @a-very-long-organisa...  ...")
    assert line.endswith("test_a.py::test_the_point")


def test_very_many_causes_are_cut_and_counted() -> None:
    many = [a_failure(fingerprint=f"{number:016x}") for number in range(25)]
    table = render(many, 80)
    assert len(table) == 21
    assert table[-1] == "and 5 more lines in the report"


def test_a_file_that_fails_in_every_worker_is_one_failure() -> None:
    twice = [a_failure(phase="collect", worker=worker) for worker in ("gw0", "gw1")]
    other = a_failure(phase="collect", nodeid="test_b.py")
    assert distinct([*twice, other]) == [twice[0], other]


def test_the_same_test_failing_in_two_phases_is_two_failures() -> None:
    both = [a_failure(phase="call"), a_failure(phase="teardown")]
    assert distinct(both) == both
