"""What follows a failure in its test's tear-down: checkpoints made there, and that it is done."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_project import Project, Ran

from pytest_failure_review.checking import read

SUITE = """
import pytest

@pytest.fixture
def shop(checkpoint):
    yield
    checkpoint("shop closed", state={{"till": 3}})
    {closing}

def test_pays(shop, checkpoint):
    checkpoint("cart filled")
    {paying}

def test_ok(shop):
    pass
"""


def run(project: Project, *arguments: str, paying: str = "assert False", closing: str = "pass") -> Ran:
    project.write("test_a.py", SUITE.format(paying=paying, closing=closing))
    return project.run_and_die(*arguments) if arguments else project.run()


def afterwards(ran: Ran) -> list[dict[str, Any]]:
    return [record for file in ran.files.values() for record in file if record["record"] == "afterwards"]


def test_after_a_failure_the_tear_down_is_told_in_a_record_that_goes_on_where_the_failure_ends(
    project: Project,
) -> None:
    ran = run(project)
    (later,) = afterwards(ran)
    assert (later["nodeid"], later["attempt"], later["worker"]) == ("test_a.py::test_pays", 1, "main")
    assert later["node_hash"] == ran.failure["node_hash"]
    assert [(each["label"], each["kind"], each["phase"]) for each in later["checkpoints"]] == [
        ("shop closed", "manual", "teardown"),
        ("teardown done", "teardown_done", "teardown"),
    ]
    assert later["checkpoints"][0]["state"] == {"till": 3}
    chain = ran.failure["checkpoints"] + later["checkpoints"]
    assert [each["parent"] for each in chain] == [None, *(each["sha256"] for each in chain[:-1])]
    assert [each["sequence"] for each in chain] == list(range(1, len(chain) + 1))
    assert [each["elapsed"] for each in chain[1:]] == sorted(each["elapsed"] for each in chain[1:])


def test_a_passing_test_tells_nothing_of_its_tear_down(project: Project) -> None:
    assert afterwards(run(project, paying="pass")) == []


def test_a_tear_down_that_fails_is_told_by_its_own_failure(project: Project) -> None:
    ran = run(project, closing="raise ConnectionError")
    assert afterwards(ran) == []
    torn = [failure for failure in ran.failures if failure["phase"] == "teardown"]
    assert [[each["kind"] for each in failure["checkpoints"]][-2:] for failure in torn] == [["manual", "failure"]] * 2


def test_a_set_up_that_failed_is_torn_down_too(project: Project) -> None:
    project.write(
        "test_a.py",
        "import pytest\n\n@pytest.fixture\ndef shop(): raise ConnectionError\n\ndef test_a(shop): pass\n",
    )
    (later,) = afterwards(project.run())
    assert [each["kind"] for each in later["checkpoints"]] == ["teardown_done"]


@pytest.mark.parametrize(
    "options",
    [
        ("-prerunfailures", "--reruns=1"),
        ("-ppytest-retry", "--retries=1"),
        ("-pflaky", "--force-flaky", "--max-runs=2", "--no-flaky-report"),
        ("-n1",),
    ],
    ids=["rerunfailures", "pytest-retry", "flaky", "with a worker"],
)
def test_each_failed_attempt_tells_of_its_own_tear_down(project: Project, options: tuple[str, ...]) -> None:
    told = afterwards(run(project, *options))
    attempts = [1] if options == ("-n1",) else [1, 2]
    assert [(each["nodeid"], each["attempt"]) for each in told] == [("test_a.py::test_pays", n) for n in attempts]
    assert [[each["label"] for each in record["checkpoints"]] for record in told] == [
        ["shop closed", "teardown done"]
    ] * len(attempts)


def test_hooks_provide_for_the_end_of_a_tear_down_only_after_a_failure(project: Project) -> None:
    project.write(
        "conftest.py",
        "asked = []\n\ndef pytest_failure_review_checkpoint(label):\n    asked.append(label)\n"
        "    return {'times': asked.count('teardown done')}\n",
    )
    (later,) = afterwards(run(project))
    assert later["checkpoints"][-1]["provided"] == {"times": 1}


def test_a_secret_in_a_tear_down_does_not_reach_the_report(project: Project) -> None:
    project.write(
        "test_a.py",
        """
import pytest

@pytest.fixture
def login(checkpoint):
    yield {"password": "canary-4711-x7f"}
    checkpoint("left with canary-4711-x7f", state=["canary-4711-x7f"])

def test_a(login): assert False
""",
    )
    ran = project.run()
    (later,) = afterwards(ran)
    assert (later["checkpoints"][0]["label"], later["checkpoints"][0]["state"]) == ("left with ***", ["***"])


def test_a_reader_finds_them_at_the_end_of_the_failure_s_checkpoints(project: Project) -> None:
    run(project)
    (path,) = project.reports.glob("*.jsonl")
    (failure,) = read(path).failures
    assert [each["label"] for each in failure["checkpoints"]][-3:] == ["failure", "shop closed", "teardown done"]


def test_a_replay_loads_what_was_marked_in_the_tear_down(project: Project) -> None:
    run(project)
    source = SUITE.format(paying="assert checkpoint.load('shop closed') == {'till': 3}", closing="pass")
    project.write("test_a.py", source)
    result = project.run_plain("--failure-review-replay=reports#1")
    result.assert_outcomes(passed=1, deselected=1)
