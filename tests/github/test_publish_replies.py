"""The answer to a comment with commands: one comment, one reaction, whatever is lost on the way."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from publishing_world import Press, opened_press

from github_app.github.publishing import GAP, Desk
from github_app.github.replies import Replies, reaction, text
from github_app.outcomes import GiveUp, Retry
from github_app.rules.commands import AskHelp, Mistake, Recategorize, Said
from github_app.rules.events import Actor, CommandsGiven
from github_app.rules.model import Person, Repo
from github_app.rules.records import Answer, Manner, Remark, Reply
from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.state import Comment

COMMENTS = r"/repos/octo/shop/issues/\d+/comments"
REACTIONS = r"/repos/octo/shop/issues/comments/\d+/reactions"


@pytest.fixture
async def press(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[Press]:
    async with opened_press(sandbox, sqlite_database_url) as made:
        await made.job_ends()
        yield made


async def commanded(press: Press, *said: Said, **more: Any) -> tuple[Comment, str]:
    """Somebody's comment, obeyed; and the id of the answer."""
    comment = await press.sandbox.comment(press.pull, "bob", "commands")
    remark = Remark("comment", comment.id, datetime.now(UTC) + timedelta(minutes=1), "https://github.example/c")
    person = Person(comment.author.id, "bob")
    event = CommandsGiven(
        pull=press._pull(), remark=remark, actor=Actor(person, "write"), said=said, **more, **press.at
    )
    await press.happens(event)
    return comment, f"reply/{press.repo.id}/comment/{comment.id}"


def replies_of(press: Press) -> Replies:
    press.ahead += GAP + timedelta(milliseconds=100)
    parts = press.parts
    return Replies(
        Desk(parts.engine, parts.github, parts.store.outbox, press.app_id, "https://app.example", b"k", parts.now)
    )


def ours(press: Press) -> list[Comment]:
    return [each for each in press.sandbox.comments(press.pull) if each.app is not None]


CORRECT = Recategorize("infra.network", "the registry was down")


async def test_all_commands_of_a_comment_get_one_answer_and_one_reaction(press: Press) -> None:
    comment, key = await commanded(press, CORRECT, Mistake("That is no command here; did you mean `/x`?"))
    await replies_of(press).publish(key)
    [reply] = ours(press)
    mark, *lines = reply.body.splitlines()
    assert mark.startswith(f"<!-- failure-review:v1:{key}:")
    assert lines[0] == "Failure Review, to [this](https://github.example/c) by bob:"
    assert lines[2] == "* ✅ `unit` is now `infra.network`; it was `test.unit`."
    assert lines[-1] == "* ❌ That is no command here; did you mean `/x`?"
    assert [each.content for each in comment.reactions] == ["eyes"]


async def test_asking_twice_writes_once(press: Press) -> None:
    _, key = await commanded(press, CORRECT)
    await replies_of(press).publish(key)
    writes = len(press.writes())
    await replies_of(press).publish(key)
    assert len(press.writes()) == writes == 2


@pytest.mark.parametrize("path", [COMMENTS, REACTIONS])
async def test_an_answer_that_was_lost_on_the_way_is_not_said_twice(press: Press, path: str) -> None:
    """L17."""
    comment, key = await commanded(press, CORRECT)
    press.sandbox.fault("reset_after_effect", "POST", path)
    with pytest.raises(Retry):
        await replies_of(press).publish(key)
    await replies_of(press).publish(key)
    assert (len(ours(press)), len(comment.reactions)) == (1, 1)


async def test_the_sticky_comment_is_not_taken_for_an_answer(press: Press) -> None:
    await press.comment()
    _, key = await commanded(press, CORRECT)
    await replies_of(press).publish(key)
    assert len(ours(press)) == 2


async def test_a_comment_that_is_gone_is_answered_all_the_same(press: Press) -> None:
    comment, key = await commanded(press, CORRECT)
    await press.sandbox.delete_comment(comment, "bob")
    await replies_of(press).publish(key)
    assert len(ours(press)) == 1


@pytest.mark.parametrize("status", [403, 422])
async def test_a_reaction_that_is_refused_keeps_no_answer_back(press: Press, status: int) -> None:
    comment, key = await commanded(press, CORRECT)
    press.sandbox.fault("status", "POST", REACTIONS, status=status)
    await replies_of(press).publish(key)
    assert (len(ours(press)), comment.reactions) == (1, [])


async def test_a_conversation_that_is_locked_meanwhile_keeps_the_wish(press: Press) -> None:
    _, key = await commanded(press, CORRECT)
    press.sandbox.lock(press.pull)
    with pytest.raises(GiveUp) as refused:
        await replies_of(press).publish(key)
    assert refused.value.status == 403


async def test_what_was_corrected_is_shown_by_check_comment_and_label(press: Press) -> None:
    await commanded(press, CORRECT)
    await press.gate()
    await press.comment()
    await press.labels()
    [gate] = press.gates()
    assert str(gate.title).startswith("infra.network (")
    assert "### `unit`: infra.network, corrected by bob" in str(gate.summary)
    assert "* **Why:** Corrected by bob: the registry was down" in str(gate.summary)
    assert "* **The App had said** test.unit: " in str(gate.summary)
    assert '"was": "test.unit"' in str(gate.text)
    assert "infra.network](https://app.example/failures/" in ours(press)[0].body
    assert ", corrected by bob |" in ours(press)[0].body
    assert press.sandbox.labels(press.pull) == ["failure-review:infra.network"]


async def test_what_a_locked_conversation_cannot_take_the_check_says(press: Press) -> None:
    await commanded(press, AskHelp(), locked=True)
    await press.gate()
    [gate] = press.gates()
    assert "**Answers to commands:**" in str(gate.summary)
    assert "* To bob: You have no open failure to fix in this repository." in str(gate.summary)


async def test_an_answer_that_is_not_known_is_nothing_to_say(press: Press) -> None:
    await replies_of(press).publish("reply/1/comment/1")
    assert press.writes() == []


# --- the words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manners", "content"),
    [
        ([Manner.DONE], "+1"),
        ([Manner.DONE, Manner.DONE], "+1"),
        ([Manner.REFUSED], "confused"),
        ([Manner.REFUSED, Manner.DONE], "eyes"),
        ([Manner.PROPOSED], "eyes"),
        ([Manner.TOLD], "eyes"),
    ],
)
def test_the_reaction_says_at_a_glance_how_it_went(manners: list[Manner], content: str) -> None:
    assert reaction(Answer(manner, "x") for manner in manners) == content


@pytest.mark.parametrize(
    "said", ["/merge", "@octo/all", "<img src=x>", "`/merge`", "\n/merge", "[x](https://evil.example)"]
)
def test_nothing_in_an_answer_is_a_command_a_mention_or_a_link(said: str) -> None:
    """X63, T19."""
    reply = Reply(
        Repo(7, 1, "octo", "shop"),
        1,
        Remark("comment", 1, datetime.now(UTC), "javascript:alert(1)"),
        Person(2, said),
        (Answer(Manner.REFUSED, said, (said,)),),
    )
    shown = text(reply)
    assert [line for line in shown.splitlines() if line.lstrip().startswith(("/", "@"))] == []
    assert re.search(r"(?<!\\)\]\(", shown) is None
    assert "@octo" not in shown
    assert "<img" not in shown.replace("\\<img", "")
