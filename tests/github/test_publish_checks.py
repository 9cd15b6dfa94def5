"""The gate on GitHub: one live check run, each annotation once, whatever gets lost on the way (G18, G19, L17)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from publishing_world import LOST_RUNNER, Press, opened_press

from github_app.github.publishing import GAP
from github_app.outcomes import GiveUp, Retry, Wait
from github_app.sandbox.scenario import Sandbox

CREATE = r"/repos/octo/shop/check-runs"
CHANGE = r"/repos/octo/shop/check-runs/\d+"


@pytest.fixture
async def press(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[Press]:
    async with opened_press(sandbox, sqlite_database_url) as made:
        yield made


def sent(press: Press) -> list[int]:
    """How many annotations each write of a check run held."""
    written = [each.json() for each in press.sandbox.requests if each.method != "GET" and "check-runs" in each.path]
    return [len(body["output"].get("annotations", ())) for body in written]


async def test_a_pull_request_has_a_gate_before_anything_ran(press: Press) -> None:
    await press.gate()
    [run] = press.gates()
    assert (run.status, run.conclusion, run.title) == ("in_progress", None, "Waiting for the first job")


async def test_the_run_that_waited_becomes_the_one_that_fails(press: Press) -> None:
    await press.gate()
    await press.job_ends()
    await press.gate()
    [run] = press.gates()
    assert (run.status, run.conclusion) == ("completed", "failure")


async def test_the_same_state_is_not_written_twice(press: Press) -> None:
    await press.job_ends()
    await press.gate()
    await press.gate()
    assert press.writes() == ["POST check-runs"]


async def test_two_writes_of_one_gate_keep_their_distance(press: Press) -> None:
    """X65: the wish waits, it does not fail."""
    await press.gate()
    await press.job_ends()
    press.ahead -= GAP
    with pytest.raises(Wait, match="written a moment ago"):
        await press.gate()
    assert press.writes() == ["POST check-runs"]


# --- annotations


async def many_marks(press: Press) -> None:
    """Three failures that mark 50, 50 and 30 lines."""
    for name, marks in (("a", 50), ("b", 50), ("c", 30)):
        await press.job_ends(name, marks=marks)


async def test_130_annotations_go_in_batches_of_50_each_once(press: Press) -> None:
    """G18, X34."""
    await many_marks(press)
    await press.gate()
    [run] = press.gates()
    assert sent(press) == [50, 50, 30]
    assert (len(run.annotations), len(set(press.messages(run)))) == (130, 130)


@pytest.mark.parametrize(("method", "path", "skip"), [("POST", CREATE, 0), ("PATCH", CHANGE, 0), ("PATCH", CHANGE, 1)])
@pytest.mark.parametrize("fault", ["reset_after_effect", "truncated", "status"])
async def test_a_batch_whose_answer_is_lost_is_neither_repeated_nor_left_out(
    press: Press, method: str, path: str, skip: int, fault: str
) -> None:
    """L17, F5, F6, F15, F16: GitHub is asked how many annotations are there."""
    press.sandbox.fault(fault, method, path, skip=skip)
    await many_marks(press)
    with pytest.raises(Retry):
        await press.gate()
    await press.gate()
    [run] = press.gates()
    assert (run.conclusion, len(run.annotations), len(set(press.messages(run)))) == ("failure", 130, 130)


async def test_an_annotation_more_is_appended_to_the_same_run(press: Press) -> None:
    await press.job_ends("a", marks=2)
    await press.gate()
    await press.job_ends("b", marks=1)
    await press.gate()
    [run] = press.gates()
    assert (sent(press), sorted(press.messages(run))) == ([2, 1], ["a 0", "a 1", "b 0"])


async def test_a_new_run_takes_over_when_an_annotation_must_disappear(press: Press) -> None:
    await press.job_ends("a")
    await press.job_ends("b")
    await press.gate()
    await press.job_ends("a", "success", attempt=2)
    await press.gate()
    [old, new] = press.gates()
    assert (sorted(press.messages(old)), press.messages(new)) == (["a 0", "b 0"], ["b 0"])


# --- taking over


async def test_a_new_attempt_begins_a_new_run(press: Press) -> None:
    """X67."""
    await press.job_ends(marks=1)
    await press.run_is(1, "completed", "failure")
    await press.gate()
    await press.run_is(2, "in_progress")
    await press.gate()
    [old, new] = press.gates()
    assert (old.conclusion, new.status, new.annotations) == ("failure", "in_progress", [])


async def test_a_gate_that_must_wait_again_begins_a_new_run(press: Press) -> None:
    await press.job_ends(conclusion="success")
    await press.gate()
    await press.run_is(1, "in_progress")
    await press.gate()
    assert [(run.status, run.conclusion) for run in press.gates()] == [("completed", "success"), ("in_progress", None)]


async def test_a_lost_end_is_not_taken_back_in_the_same_run(press: Press) -> None:
    """L17: what may have been completed counts as completed."""
    await press.job_ends(conclusion="success")
    press.sandbox.fault("reset_after_effect", "POST", CREATE)
    with pytest.raises(Retry):
        await press.gate()
    await press.run_is(1, "in_progress")
    await press.gate()
    assert [run.status for run in press.gates()] == ["completed", "in_progress"]


async def test_a_run_that_was_deleted_is_replaced_at_once(press: Press) -> None:
    """G19."""
    await press.gate()
    [run] = press.gates()
    run.suite.runs.remove(run)
    await press.job_ends(marks=60)
    await press.gate()
    [new] = press.gates()
    assert (new.conclusion, len(new.annotations)) == ("failure", 50)


async def test_a_run_deleted_between_two_batches_is_replaced_whole(press: Press) -> None:
    await many_marks(press)
    press.sandbox.fault("reset_after_effect", "PATCH", CHANGE)
    with pytest.raises(Retry):
        await press.gate()
    [run] = press.gates()
    run.suite.runs.remove(run)
    await press.gate()
    [new] = press.gates()
    assert len(set(press.messages(new))) == len(new.annotations) == 130


async def test_a_create_whose_answer_is_lost_is_found_again(press: Press) -> None:
    press.sandbox.fault("reset_after_effect", "POST", CREATE)
    with pytest.raises(Retry):
        await press.gate()
    await press.gate()
    assert len(press.gates()) == 1


async def test_a_create_without_effect_is_made_again(press: Press) -> None:
    press.sandbox.fault("status", "POST", CREATE, status=502)
    with pytest.raises(Retry):
        await press.gate()
    await press.gate()
    assert len(press.gates()) == 1


async def test_a_run_of_the_same_name_by_somebody_else_is_left_alone(press: Press) -> None:
    """DESIGN: never repaint another App's checks."""
    await press.sandbox.foreign_check(press.repo, press.sha, "other-ci", "failure-review/gate", "success")
    press.sandbox.fault("status", "POST", CREATE, status=502)
    with pytest.raises(Retry):
        await press.gate()
    await press.gate()
    [theirs, ours] = press.gates()
    assert (theirs.conclusion, ours.suite.app.id, ours.conclusion) == ("success", press.app_id, None)


# --- refusals


async def test_details_that_github_refuses_are_left_out_rather_than_the_gate(press: Press) -> None:
    """X35: a check must not stay pending for ever because of what it says."""
    await press.gate()
    await press.job_ends()
    press.sandbox.fault("status", "PATCH", CHANGE, status=422)
    await press.gate()
    [run] = press.gates()
    assert (run.conclusion, run.annotations) == ("failure", [])
    assert run.summary is not None
    assert run.summary.startswith("The details are on [their own page](https://app.example/failures/f")
    writes = len(press.writes())
    await press.gate()
    assert len(press.writes()) == writes


async def test_a_commit_that_is_not_there_is_given_up(press: Press) -> None:
    """F21."""
    await press.pull_moves("synchronize", sha="f" * 40)
    with pytest.raises(GiveUp, match="No commit found for SHA"):
        await press.gate()


async def test_nothing_is_shown_for_a_commit_that_nobody_proposes(press: Press) -> None:
    await press.gate("c" * 40)
    assert press.writes() == []


# --- which gate


async def test_a_merge_group_has_a_gate_of_its_own(press: Press) -> None:
    """X40: a missing check stalls the queue."""
    head = await press.sandbox.merge_group(press.repo, [press.pull])
    await press.queued(head)
    await press.gate(head)
    await press.job_ends(sha=head)
    await press.gate(head)
    [run] = press.gates(head)
    assert run.conclusion == "failure"
    assert press.gates() == []


async def test_observing_is_neutral_and_says_what_it_would_be(press: Press) -> None:
    await press.policy("schema: 1\nmode: observe\n")
    await press.job_ends(says=LOST_RUNNER)
    await press.gate()
    [run] = press.gates()
    assert run.conclusion == "neutral"
    assert run.title is not None
    assert run.title.startswith("Observing: would be failure. ")


async def test_the_gate_has_its_table_and_links_to_the_failure(press: Press) -> None:
    await press.job_ends()
    await press.gate()
    [run] = press.gates()
    assert run.details_url is not None
    assert run.details_url.startswith("https://app.example/failures/f")
    assert run.summary is not None
    assert "| `CI / unit` | [test.unit](" in run.summary


# --- the policy's own check


async def policy_runs(press: Press, sha: str) -> list[tuple[str | None, str | None]]:
    runs = press.sandbox.check_runs(press.repo, sha, name="failure-review/policy")
    return [(run.conclusion, run.title) for run in runs]


async def test_without_a_policy_file_there_is_no_check_of_it(sandbox: Sandbox, sqlite_database_url: str) -> None:
    async with opened_press(sandbox, sqlite_database_url, policy=None) as press:
        await press.policy_check(press.repo.branches["main"])
        assert press.writes() == []


async def test_a_policy_that_cannot_be_used_is_told_and_so_is_its_repair(press: Press) -> None:
    """X76."""
    head = press.repo.branches["main"]
    await press.policy("schema: 1\nmoed: enforce\n", head)
    await press.policy_check(head)
    assert await policy_runs(press, head) == [("failure", "1 thing to mend")]
    await press.policy("schema: 1\nmode: enforce\n", head)
    await press.policy_check(head)
    assert (await policy_runs(press, head))[-1] == ("success", "The policy can be used")


async def test_the_words_of_a_policy_file_are_not_obeyed(press: Press) -> None:
    """T19."""
    head = press.repo.branches["main"]
    await press.policy('schema: 1\n"@octo/all <b> [x](http://evil.example)": 1\n', head)
    await press.policy_check(head)
    [run] = press.sandbox.check_runs(press.repo, head, name="failure-review/policy")
    assert run.summary is not None
    assert "`@octo/all <b> [x](http://evil.example)` is not a key here" in run.summary
