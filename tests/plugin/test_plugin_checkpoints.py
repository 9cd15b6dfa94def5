"""Checkpoints: what a test marks is told when it fails, and costs nothing when it does not."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from plugin_project import Project

from pytest_failure_review import checkpoint
from pytest_failure_review.breadcrumb import left_behind

CART = """
    import pytest_failure_review

    def test_checkout(checkpoint):
        cart = {"apples": 2}
        checkpoint("cart filled", state={"cart": cart})
        cart["apples"] = 3
        with checkpoint.step("pay"):
            pytest_failure_review.checkpoint("asking the bank")
            assert cart == {}
"""


def labels(failure: dict[str, Any]) -> list[str]:
    return [each["label"] for each in failure["checkpoints"]]


def kinds(failure: dict[str, Any]) -> list[str]:
    return [each["kind"] for each in failure["checkpoints"]]


def test_a_failing_test_tells_its_checkpoints_in_order(project: Project) -> None:
    project.pytester.makepyfile(CART)
    failure = project.run().failure
    assert labels(failure) == [
        "environment",
        "begun",
        "setup done",
        "cart filled",
        "pay",
        "asking the bank",
        "pay",
        "failure",
    ]
    assert kinds(failure) == [
        "environment",
        "begun",
        "setup_done",
        "manual",
        "step_started",
        "manual",
        "step_ended",
        "failure",
    ]
    assert [each["phase"] for each in failure["checkpoints"]] == ["session", "setup", "setup"] + ["call"] * 5
    assert [each["sequence"] for each in failure["checkpoints"]] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_state_is_kept_as_it_was_when_it_was_marked(project: Project) -> None:
    project.pytester.makepyfile(CART)
    marked = project.run().failure["checkpoints"]
    assert marked[3]["state"] == {"cart": {"apples": 2}}
    assert marked[6]["state"] == {"raised": "AssertionError"}


def test_each_checkpoint_names_the_one_before_it_by_a_hash_that_can_be_checked(project: Project) -> None:
    project.pytester.makepyfile(CART)
    marked = project.run().failure["checkpoints"]
    assert [each["parent"] for each in marked] == [None, *(each["sha256"] for each in marked[:-1])]
    for each in marked:
        content = {"label": each["label"], "state": each["state"], "provided": each.get("provided", {}), "files": []}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        assert each["sha256"] == hashlib.sha256(canonical.encode()).hexdigest()


def test_a_passing_test_leaves_no_checkpoint(project: Project) -> None:
    project.pytester.makepyfile("def test_ok(checkpoint): checkpoint('reached')")
    assert [record["record"] for record in project.run().files["main"]] == ["start", "gate", "finish"]


def test_a_test_tells_nothing_of_the_one_before_it(project: Project) -> None:
    project.pytester.makepyfile(
        "def test_a(checkpoint): checkpoint('of a')\ndef test_b(checkpoint): checkpoint('of b'); assert 0"
    )
    assert labels(project.run().failure) == ["environment", "begun", "setup done", "of b", "failure"]


def test_while_the_plugin_is_off_a_checkpoint_does_nothing(project: Project) -> None:
    project.pytester.makepyfile(CART.replace("assert cart == {}", "pass"))
    result = project.run_plain()
    result.assert_outcomes(passed=1)
    assert not project.reports.exists()


def test_outside_of_pytest_a_checkpoint_does_nothing() -> None:
    with checkpoint.step("pay"):
        checkpoint("anything", state=object())
    assert checkpoint.load("anything") is None


def test_a_secret_in_a_state_or_a_label_does_not_reach_the_report(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "canary-4711")
    project.pytester.makepyfile(
        """
        import os

        def test_pays(checkpoint):
            token = os.environ["SHOP_TOKEN"]
            state = {"header": token, "password": "canary-0815", "api_key": ["canary-0815"], token: 1}
            checkpoint(f"with {token}", state=state)
            assert 0
        """
    )
    ran = project.run()
    marked = ran.failure["checkpoints"][3]
    assert marked["label"] == "with ***"
    assert marked["state"] == {"header": "***", "password": "***", "api_key": "***", "***": 1}
    assert "canary" not in json.dumps(ran.files)


@pytest.mark.parametrize(
    "options",
    [
        ("-prerunfailures", "--reruns=1"),
        ("-ppytest-retry", "--retries=1"),
        ("-pflaky", "--force-flaky", "--max-runs=2", "--no-flaky-report"),
    ],
    ids=["rerunfailures", "pytest-retry", "flaky"],
)
def test_each_attempt_has_its_own_checkpoints_and_files(project: Project, options: tuple[str, ...]) -> None:
    project.write(
        "test_a.py",
        """if True:
        from pathlib import Path

        tries = []

        def test_recovers(checkpoint):
            tries.append(1)
            log = Path("log.txt")
            log.write_text(str(len(tries)))
            checkpoint(f"try {len(tries)}", files=[log])
            assert len(tries) == 3
        """,
    )
    ran = project.run_and_die(*options)
    failures = sorted(ran.failures, key=lambda failure: int(failure["attempt"]))
    told = [[each for each in failure["checkpoints"] if each["kind"] == "manual"] for failure in failures]
    assert [[each["label"] for each in marked] for marked in told] == [["try 1"], ["try 2"]]
    assert [marked[0]["files"][0]["path"].split("/")[1] for marked in told] == ["attempt-1", "attempt-2"]


def test_a_subtest_that_fails_leaves_the_checkpoints_to_what_follows(project: Project) -> None:
    project.pytester.makepyfile(
        """
        def test_many(checkpoint, subtests):
            checkpoint("one")
            with subtests.test("first"):
                assert 0
            checkpoint("two")
            assert 0
        """
    )
    told = [labels(failure) for failure in project.run().failures]
    assert told[0][-2:] == ["one", "failure"]
    assert told[1] == ["begun", "setup done", "one", "two", "failure"]


PROVIDER = """
    def pytest_failure_review_checkpoint(label, state):
        if label == "broken":
            raise RuntimeError("no flags")
        return {"flags": {"fast": label}, "knows": state}
"""


def provided(failure: dict[str, Any]) -> dict[str, Any]:
    return {each["label"]: each.get("provided", {}).get("flags") for each in failure["checkpoints"]}


def test_hooks_provide_for_each_checkpoint_and_for_the_end_of_the_set_up(project: Project) -> None:
    project.pytester.makeconftest(PROVIDER)
    project.pytester.makepyfile("def test_a(checkpoint): checkpoint('cart', state={'apples': 2}); assert 0")
    failure = project.run().failure
    assert provided(failure) == {each: {"fast": each} for each in labels(failure)}
    assert labels(failure) == ["environment", "begun", "setup done", "cart", "failure"]
    assert failure["checkpoints"][3]["provided"]["knows"] == {"apples": 2}


def test_a_hook_that_raises_costs_its_own_part_and_is_told(project: Project) -> None:
    project.pytester.makeconftest(PROVIDER)
    project.pytester.makepyfile("def test_a(checkpoint): checkpoint('broken', state=7); assert 0")
    marked = project.run().failure["checkpoints"][3]
    assert (marked["state"], "provided" in marked) == (7, False)
    assert marked["notes"] == ["pytest_failure_review_checkpoint of conftest.py raised RuntimeError: no flags"]


def test_only_the_first_failure_tells_of_the_session_and_the_others_name_it(project: Project) -> None:
    project.pytester.makepyfile("def test_a(): assert 0\ndef test_b(): assert 0")
    first, second = (failure["checkpoints"] for failure in project.run().failures)
    assert [each["kind"] for each in first] == ["environment", "setup_done", "failure"]
    assert [each["kind"] for each in second] == ["setup_done", "failure"]
    assert second[0]["parent"] == first[0]["sha256"]
    assert first[0]["state"]["plugins"]["pytest-failure-review"] == "0.1.0"


def test_of_many_checkpoints_the_newest_are_kept_within_half_a_record(project: Project) -> None:
    project.pytester.makepyfile(
        """
        def test_a(checkpoint):
            for number in range(300):
                checkpoint(f"at {number}", state={"text": "x" * 3000})
            assert 0
        """
    )
    failure = project.run(alone=True).failure  # numpy, which this process may have loaded, has a long state
    assert labels(failure)[0] == "environment"
    assert labels(failure)[-2:] == ["at 299", "failure"]
    assert failure["checkpoints"][-2]["state"] == {"text": "x" * 3000}
    assert failure["checkpoints"][2]["state"] == "<left out: the state is too large>"
    assert len(json.dumps(failure["checkpoints"])) < 34 * 1024


def test_threads_and_tasks_are_named(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import asyncio
        import threading

        async def pay(checkpoint):
            checkpoint("paying")

        def test_a(checkpoint):
            thread = threading.Thread(target=checkpoint, args=("elsewhere",), name="postman")
            thread.start()
            thread.join()
            asyncio.run(pay(checkpoint), debug=False)
            assert 0
        """
    )
    tasks = {each["label"]: each["task"] for each in project.run().failure["checkpoints"]}
    assert tasks["elsewhere"] == "postman"
    assert tasks["paying"].startswith("MainThread/Task-")


def test_a_killed_run_tells_the_last_label(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import os

        def test_a(checkpoint):
            checkpoint("cart filled")
            with checkpoint.step("pay"):
                os._exit(0)
        """
    )
    project.run(alone=True)
    (page,) = project.reports.glob("*.running")
    trail = left_behind(page)
    assert trail is not None
    assert trail.last_checkpoint == "pay (started)"


def test_a_hostile_label_state_or_list_of_files_does_not_fail_the_test(project: Project) -> None:
    project.pytester.makepyfile(
        """
        class Hostile:
            def __repr__(self): raise SystemExit
            def __iter__(self): raise RuntimeError

        def test_a(checkpoint):
            checkpoint(Hostile(), state=Hostile())
            checkpoint("files", files=[Hostile(), 7, "", "\\0"])
            checkpoint("\\ud800", state="\\ud800")
            assert 0
        """
    )
    ran = project.run()
    assert [each["record"] for each in ran.files["main"] if each["record"] == "internal"] == []
    marked = ran.failure["checkpoints"]
    assert [each["label"] for each in marked[3:]] == ["<Hostile: its repr failed>", "files", "\ud800", "failure"]
    assert len(marked[4]["notes"]) == 4
