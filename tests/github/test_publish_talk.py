"""The sticky comment and the labels of a pull request: there when they should be, once, and only ours (X64, X65)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from publishing_world import LOST_RUNNER, Press, opened_press

from github_app.outcomes import GiveUp, Retry
from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.state import Comment

COMMENTS = r"/repos/octo/shop/issues/\d+/comments"
COMMENT = r"/repos/octo/shop/issues/comments/\d+"
LABELS = r"/repos/octo/shop/issues/\d+/labels"
LABEL = r"/repos/octo/shop/issues/\d+/labels/.+"
UNIT, RUNNER = "failure-review:test.unit", "failure-review:infra.runner"


@pytest.fixture
async def press(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[Press]:
    async with opened_press(sandbox, sqlite_database_url) as made:
        yield made


def ours(press: Press) -> list[Comment]:
    return [each for each in press.sandbox.comments(press.pull) if each.app is not None]


# --- the comment


async def test_a_green_pull_request_gets_no_comment(press: Press) -> None:
    await press.job_ends(conclusion="success")
    await press.comment()
    assert press.writes() == []


async def test_the_first_failure_brings_the_comment(press: Press) -> None:
    await press.job_ends()
    await press.comment()
    [comment] = ours(press)
    assert comment.body.startswith(f"<!-- failure-review:v1:comment/{press.repo.id}/{press.pull.number}:")
    assert "**Failure Review: test.unit (ada, 4 h to fix)**" in comment.body


async def test_the_comment_shrinks_when_green_and_comes_back(press: Press) -> None:
    await press.job_ends()
    await press.comment()
    await press.job_ends(conclusion="success", attempt=2)
    await press.comment()
    [comment] = ours(press)
    assert comment.body.splitlines()[1:] == [f"Failure Review: All clear: 1 job passed at {press.sha[:12]}."]
    await press.job_ends(attempt=3)
    await press.comment()
    [comment] = ours(press)
    assert "| `CI / unit` |" in comment.body


async def test_observing_shrinks_to_one_line_too(press: Press) -> None:
    await press.job_ends()
    await press.comment()
    await press.policy("schema: 1\nmode: observe\n")
    await press.job_ends(conclusion="success", attempt=2)
    await press.comment()
    [comment] = ours(press)
    assert comment.body.count("\n") == 1


async def test_the_same_words_are_not_written_twice(press: Press) -> None:
    await press.job_ends()
    await press.comment()
    await press.comment()
    assert press.writes() == [f"POST issues/{press.pull.number}/comments"]


@pytest.mark.parametrize("fault", ["reset_after_effect", "truncated", "status"])
async def test_a_comment_whose_answer_is_lost_is_there_once(press: Press, fault: str) -> None:
    """L17, F5."""
    press.sandbox.fault(fault, "POST", COMMENTS, status=502)
    await press.job_ends()
    with pytest.raises(Retry):
        await press.comment()
    await press.comment()
    assert len(ours(press)) == 1


async def test_a_change_whose_answer_is_lost_is_made_once_more(press: Press) -> None:
    await press.job_ends()
    await press.comment()
    press.sandbox.fault("reset_after_effect", "PATCH", COMMENT)
    await press.job_ends(conclusion="success", attempt=2)
    with pytest.raises(Retry):
        await press.comment()
    await press.comment()
    [comment] = ours(press)
    assert "All clear" in comment.body


async def test_a_comment_that_a_person_deleted_comes_back_once(press: Press) -> None:
    """E59, also when the answer to the new one is lost."""
    await press.job_ends()
    await press.comment()
    [comment] = ours(press)
    await press.sandbox.delete_comment(comment, "ada")
    press.sandbox.fault("reset_after_effect", "POST", COMMENTS)
    await press.job_ends("other", says=LOST_RUNNER)
    with pytest.raises(Retry):
        await press.comment()
    await press.comment()
    assert len(ours(press)) == 1
    await press.job_ends("third", says=LOST_RUNNER)
    await press.comment()
    assert len(ours(press)) == 1


async def test_a_locked_conversation_is_given_up_until_something_changes(press: Press) -> None:
    """F22: no storm of attempts."""
    press.sandbox.fault("status", "POST", COMMENTS, status=403)
    await press.job_ends()
    with pytest.raises(GiveUp):
        await press.comment()
    await press.job_ends("other", says=LOST_RUNNER)
    await press.comment()
    assert len(ours(press)) == 1


async def test_a_comment_from_before_the_database_was_lost_is_taken_up(press: Press) -> None:
    await press.job_ends()
    await press.comment()
    [old] = ours(press)
    await press.parts.store._db.write(lambda conn: conn.exec_driver_sql("DELETE FROM sent").close())
    await press.comment()
    assert [each.id for each in ours(press)] == [old.id]


async def test_nothing_is_said_anew_only_to_say_that_all_is_well(press: Press) -> None:
    await press.job_ends()
    await press.comment()
    [comment] = ours(press)
    await press.sandbox.delete_comment(comment, "ada")
    await press.job_ends(conclusion="success", attempt=2)
    await press.comment()
    assert ours(press) == []
    await press.job_ends(attempt=3)
    await press.comment()
    assert len(ours(press)) == 1


@pytest.mark.parametrize("author", ["mallory", "failure-review[bot]"])
async def test_a_mark_in_somebody_elses_comment_is_not_taken_for_ours(press: Press, author: str) -> None:
    """X64, T19: the mark and the App that wrote it must both be right."""
    press.sandbox.fault("status", "POST", COMMENTS, status=502)
    await press.job_ends()
    with pytest.raises(Retry):
        await press.comment()
    [request] = [each for each in press.sandbox.requests if each.method == "POST" and each.path.endswith("/comments")]
    theirs = await press.sandbox.comment(press.pull, author, request.json()["body"])
    await press.comment()
    assert [each.id != theirs.id for each in ours(press)] == [True]
    assert theirs.body == request.json()["body"]


async def test_a_closed_pull_request_gets_no_more_comments_and_labels(press: Press) -> None:
    await press.job_ends()
    await press.pull_moves("closed", is_open=False)
    await press.comment()
    await press.labels()
    assert press.writes() == []


# --- labels


async def test_the_labels_follow_the_open_failures(press: Press) -> None:
    await press.job_ends()
    await press.job_ends("linux", says=LOST_RUNNER)
    await press.labels()
    assert sorted(press.sandbox.labels(press.pull)) == [RUNNER, UNIT]
    await press.job_ends(conclusion="success", attempt=2)
    await press.labels()
    assert press.sandbox.labels(press.pull) == [RUNNER]


async def test_labels_of_others_are_left_alone(press: Press) -> None:
    await press.sandbox.label(press.pull, ["bug", "override:approved", "failure-reviewed"])
    await press.job_ends()
    await press.labels()
    await press.job_ends(conclusion="success", attempt=2)
    await press.labels()
    assert sorted(press.sandbox.labels(press.pull)) == ["bug", "failure-reviewed", "override:approved"]


async def test_a_label_of_ours_that_does_not_hold_is_taken_away(press: Press) -> None:
    await press.sandbox.label(press.pull, ["failure-review:build"])
    await press.job_ends()
    await press.labels()
    assert press.sandbox.labels(press.pull) == [UNIT]


async def test_without_a_failure_nothing_is_asked_about_labels(press: Press) -> None:
    await press.job_ends(conclusion="success")
    before = len(press.sandbox.requests)
    await press.labels()
    assert len(press.sandbox.requests) == before


@pytest.mark.parametrize("fault", ["reset_after_effect", "truncated", "status"])
async def test_a_lost_answer_about_labels_leaves_them_right(press: Press, fault: str) -> None:
    """L17: adding and taking away by name may be repeated."""
    await press.sandbox.label(press.pull, ["failure-review:build"])
    await press.job_ends()
    for method, path in (("POST", LABELS), ("DELETE", LABEL)):
        press.sandbox.fault(fault, method, path, status=502)
        with suppress(Retry):  # aiohttp itself repeats a DELETE once
            await press.labels()
    await press.labels()
    assert press.sandbox.labels(press.pull) == [UNIT]


async def test_a_change_that_was_lost_and_then_taken_back_is_taken_back(press: Press) -> None:
    """L17: after a lost answer, what was shown before is no longer known to be shown."""
    await press.job_ends()
    await press.labels()
    await press.comment()
    await press.job_ends("linux", says=LOST_RUNNER)
    press.sandbox.fault("reset_after_effect", "POST", LABELS)
    press.sandbox.fault("reset_after_effect", "PATCH", COMMENT)
    for publish in (press.labels, press.comment):
        with pytest.raises(Retry):
            await publish()
    await press.job_ends("linux", "success", attempt=2)
    await press.labels()
    await press.comment()
    assert press.sandbox.labels(press.pull) == [UNIT]
    [comment] = ours(press)
    assert "infra.runner" not in comment.body


async def test_a_label_taken_off_by_hand_stays_off_until_something_changes(press: Press) -> None:
    await press.job_ends()
    await press.labels()
    await press.sandbox.label(press.pull, [])
    await press.labels()
    assert press.sandbox.labels(press.pull) == []
    await press.job_ends("linux", says=LOST_RUNNER)
    await press.labels()
    assert sorted(press.sandbox.labels(press.pull)) == [RUNNER, UNIT]
