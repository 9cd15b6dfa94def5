"""From a comment to the event: who wrote it, what they may at this moment, and what is not read at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from publishing_world import Press, opened_press

from github_app.github.commands import MOST_AN_HOUR
from github_app.github.facts import MAX_COMMITS, makers_of
from github_app.github.payloads import CommitPayload
from github_app.github.translate import Translator
from github_app.inbox import Delivery
from github_app.outcomes import Retry
from github_app.rules.commands import Recategorize
from github_app.rules.events import CommandsGiven, Event, Makers, RemarkChanged
from github_app.sandbox.scenario import Sandbox

COMMAND = "/recategorize infra.network the registry was down"
POLICY = """schema: 1
mode: enforce
roles:
  devops_specialist: {teams: [octo/ops]}
  qa_analyst: {teams: [octo/unasked]}
"""
PERMISSION = "/repos/octo/shop/collaborators/bob/permission"
MEMBERSHIP = "/orgs/octo/teams/ops/memberships/bob"


@dataclass(slots=True)
class Talk:
    """What people say on the pull request, and the events that become of it."""

    press: Press

    async def comment(self, body: str = COMMAND, by: str = "bob") -> list[Event]:
        await self.press.sandbox.comment(self.press.pull, by, body)
        return await self.events()

    async def events(self, **changes: Any) -> list[Event]:
        """The events of the newest delivery, with changes to its comment or review; it was written in a minute."""
        told = self.press.sandbox.deliveries[-1]
        payload = dict(told.payload)
        key = "review" if "review" in payload else "comment"
        at = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        time = "submitted_at" if key == "review" else "created_at"
        payload[key] = {**payload[key], time: at, **changes}
        parts = self.press.parts
        translator = Translator(
            parts.github, parts.engine, app_id=self.press.app_id, secrets=("our-own-secret",), now=parts.now
        )
        body = json.dumps(payload).encode()
        return await translator.events(Delivery(told.guid, told.event, body, datetime.now(UTC)))


@pytest.fixture
async def talk(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[Talk]:
    async with opened_press(sandbox, sqlite_database_url, policy=POLICY) as press:
        sandbox.mute()
        sandbox.point_webhook(press.app_id, "http://127.0.0.1:9/")
        sandbox.set_role(press.repo, "bob", "write")
        await press.job_ends()
        yield Talk(press)


def given(events: list[Event]) -> CommandsGiven:
    [event] = events
    assert isinstance(event, CommandsGiven)
    return event


async def test_an_event_has_everything_that_the_decision_asks_for(talk: Talk) -> None:
    event = given(await talk.comment())
    assert event.said == (Recategorize("infra.network", "the registry was down"),)
    assert (event.actor.person.login, event.actor.role, event.actor.problem) == ("bob", "write", "")
    assert (event.pull.head_sha, event.pull.author.login, event.locked) == (talk.press.sha, "ada", False)
    assert event.remark.kind == "comment"
    assert event.remark.url.endswith(f"/pull/1#issuecomment-{event.remark.id}")


@pytest.mark.parametrize("role", ["admin", "maintain", "triage", "read", "security-reviewer"])
async def test_the_role_is_githubs_word_for_it(talk: Talk, role: str) -> None:
    """G27."""
    talk.press.sandbox.set_role(talk.press.repo, "bob", role)
    assert given(await talk.comment()).actor.role == role


async def test_what_somebody_may_is_asked_each_time(talk: Talk) -> None:
    """P11."""
    assert given(await talk.comment()).actor.role == "write"
    talk.press.sandbox.set_role(talk.press.repo, "bob", None)
    assert given(await talk.comment()).actor.role == "none"


@pytest.mark.parametrize("status", [403, 404])
async def test_a_refusal_to_say_counts_as_no_with_the_reason(talk: Talk, status: int) -> None:
    """X55."""
    talk.press.sandbox.fault("status", "GET", PERMISSION, status=status)
    actor = given(await talk.comment()).actor
    assert actor.role is None
    assert f"({status})" in actor.problem


async def test_an_outage_is_no_answer_so_it_is_asked_again(talk: Talk) -> None:
    talk.press.sandbox.fault("status", "GET", PERMISSION, status=502)
    with pytest.raises(Retry):
        await talk.comment()


async def test_a_login_that_belongs_to_another_now_may_nothing(talk: Talk) -> None:
    """T6, G28."""
    await talk.press.sandbox.comment(talk.press.pull, "bob", COMMAND)
    talk.press.sandbox.rename_user("bob", "bobby")
    talk.press.sandbox.set_role(talk.press.repo, "bob", "admin")
    actor = given(await talk.events()).actor
    assert (actor.role, actor.problem) == (None, "the login belongs to somebody else now")


async def test_the_teams_of_roles_that_matter_are_asked_about(talk: Talk) -> None:
    """X54."""
    talk.press.sandbox.team("octo", "ops", ["bob"])
    assert given(await talk.comment()).actor.teams == ("octo/ops",)
    assert given(await talk.comment("/recategorize build")).actor.teams == ()
    asked = [each.path for each in talk.press.sandbox.requests if "/teams/" in each.path]
    assert asked == [MEMBERSHIP]


async def test_a_team_that_github_does_not_tell_of_is_not_sure(talk: Talk) -> None:
    actor = given(await talk.comment()).actor
    assert (actor.teams, actor.unsure) == ((), ("octo/ops",))


@pytest.mark.parametrize("place", ["review", "review_line"])
async def test_reviews_and_their_comments_are_read_too(talk: Talk, place: str) -> None:
    """X60."""
    say = talk.press.sandbox.review if place == "review" else talk.press.sandbox.review_line
    made = await say(talk.press.pull, "bob", f"Hm.\n\n{COMMAND}")
    event = given(await talk.events())
    assert event.said == (Recategorize("infra.network", "the registry was down"),)
    assert (event.remark.kind, event.remark.id) == ("review" if place == "review" else "review_comment", made.id)


async def test_a_locked_conversation_is_known(talk: Talk) -> None:
    talk.press.sandbox.lock(talk.press.pull)
    assert given(await talk.comment()).locked


async def test_credentials_are_cut_out_before_anything_is_made_of_it(talk: Talk) -> None:
    """T23."""
    token = "ghp_" + "Q7wE9rT2yU4iO6pA8sD1fG3hJ5kL0zX4cV8b"
    [said] = given(await talk.comment(f"/recategorize build with {token} or our-own-secret")).said
    assert isinstance(said, Recategorize)
    assert "[REDACTED:" in said.reason
    assert token not in said.reason
    assert "our-own-secret" not in said.reason


# --- whose change it is ----------------------------------------------------------------------------------------------


async def test_everybody_who_made_a_commit_of_it_is_known_by_number(talk: Talk) -> None:
    """X53: also who pushed one that is not the last."""
    press = talk.press
    for who in ("eve", "ivan"):
        await press.sandbox.push_commit(press.pull, author=who)
    makers = given(await talk.comment()).makers
    assert makers == Makers(tuple(sorted(press.sandbox.world.account(who).id for who in ("ada", "eve", "ivan"))))


@pytest.mark.parametrize("status", [403, 404])
async def test_when_github_does_not_tell_who_made_it_that_is_known_too(talk: Talk, status: int) -> None:
    talk.press.sandbox.fault("status", "GET", "/repos/octo/shop/pulls/1/commits", status=status)
    assert given(await talk.comment()).makers == Makers(gap="GitHub does not tell who made its commits")


ADA, EVE = {"id": 1, "login": "ada"}, {"id": 3, "login": "eve"}
HEAD = "c" * 40


def made(*people: tuple[Any, Any]) -> list[CommitPayload]:
    """Commits by author and committer, the last one the head."""
    shas = [*(f"{number:040}" for number in range(len(people) - 1)), HEAD]
    told = zip(shas, people, strict=True)
    return [CommitPayload.model_validate({"sha": sha, "author": who, "committer": by}) for sha, (who, by) in told]


def test_who_only_committed_what_another_wrote_made_it_too() -> None:
    assert makers_of(made((ADA, EVE), (ADA, ADA)), HEAD) == Makers((1, 3))


@pytest.mark.parametrize("person", [(None, ADA), (ADA, None), ({}, ADA), (None, None)])
def test_a_commit_with_nobody_behind_it_may_be_anybodys(person: tuple[Any, Any]) -> None:
    """T12: the address in a commit is whatever its author writes there."""
    assert makers_of(made(person, (ADA, ADA)), HEAD).gap == "GitHub knows no account behind commit `000000000000`"


@pytest.mark.parametrize("commits", [made(*[(ADA, ADA)] * MAX_COMMITS), made((ADA, ADA))[:0]], ids=["cut", "none"])
def test_a_list_that_may_be_cut_does_not_tell_who_made_it(commits: list[CommitPayload]) -> None:
    assert makers_of(commits, HEAD).gap == "GitHub does not list all of its commits"


def test_a_list_without_the_head_does_not_tell_who_made_it() -> None:
    assert makers_of(made((ADA, ADA)), "d" * 40).gap == "GitHub does not list all of its commits"


# --- what is not read ------------------------------------------------------------------------------------------------


async def test_who_says_nothing_to_us_is_not_asked_about(talk: Talk) -> None:
    before = len(talk.press.sandbox.requests)
    assert await talk.comment("Looks good to me, see src/app.py") == []
    assert len(talk.press.sandbox.requests) == before


NOT_READ: dict[str, dict[str, Any]] = {
    "another wrote it than sent it": {"user": {"id": 5, "login": "ada", "type": "User"}},
    "a bot": {"user": {"id": 0, "login": "helper[bot]", "type": "Bot"}},
    "through an App": {"performed_via_github_app": {"id": 9, "slug": "helper"}},
    "our own mark": {"body": f"<!-- failure-review:v1:x -->\n\n{COMMAND}"},
    "nobody": {"user": None},
}


@pytest.mark.parametrize("changes", NOT_READ.values(), ids=NOT_READ)
async def test_only_a_persons_own_word_is_read(talk: Talk, changes: dict[str, Any]) -> None:
    """T9, X52, X64."""
    await talk.press.sandbox.comment(talk.press.pull, "bob", COMMAND)
    assert await talk.events(**changes) == []


async def test_bots_that_may_write_are_not_read_either(talk: Talk) -> None:
    bot = talk.press.sandbox.world.account("helper[bot]", "Bot")
    talk.press.sandbox.set_role(talk.press.repo, bot.login, "write")
    assert await talk.comment(by=bot.login) == []


async def test_an_edit_of_a_comment_that_was_not_answered_is_nothing(talk: Talk) -> None:
    """X49."""
    comment = await talk.press.sandbox.comment(talk.press.pull, "bob", "Hello")
    await talk.press.sandbox.edit_comment(comment, COMMAND, "bob")
    assert await talk.events() == []


@pytest.mark.parametrize("action", ["edited", "deleted"])
async def test_what_happens_to_an_answered_comment_is_told(talk: Talk, action: str) -> None:
    """X49, X50."""
    comment = await talk.press.sandbox.comment(talk.press.pull, "bob", COMMAND)
    await talk.press.happens(given(await talk.events()))
    if action == "edited":
        await talk.press.sandbox.edit_comment(comment, "Never mind", "eve")
    else:
        await talk.press.sandbox.delete_comment(comment, "eve")
    [event] = await talk.events()
    assert isinstance(event, RemarkChanged)
    assert (event.action, event.by.login, event.remark.id) == (action, "eve", comment.id)
    await talk.press.happens(event)
    [entry] = await talk.press.parts.store.journal.about(f"reply/{talk.press.repo.id}/comment/{comment.id}")
    assert (entry.kind, entry.actor) == (f"comment_{action}", f"eve ({event.by.id})")


async def test_a_comment_that_was_answered_is_not_asked_about_again(talk: Talk) -> None:
    """T2: the same comment under another GUID."""
    await talk.press.sandbox.comment(talk.press.pull, "bob", COMMAND)
    await talk.press.happens(given(await talk.events()))
    before = len(talk.press.sandbox.requests)
    assert await talk.events() == []
    assert len(talk.press.sandbox.requests) == before


async def test_a_pull_request_that_is_gone_takes_no_commands(talk: Talk) -> None:
    """F22."""
    talk.press.sandbox.fault("status", "GET", "/repos/octo/shop/pulls/1", status=404)
    assert await talk.comment() == []


async def test_of_one_person_so_many_comments_are_read_within_an_hour_and_no_more(talk: Talk) -> None:
    """T29: the last of them says so, and the next cost GitHub nothing."""
    first = given(await talk.comment("/recategorize nonsense"))
    for number in range(MOST_AN_HOUR - 1):
        await talk.press.happens(replace(first, remark=replace(first.remark, id=number)))
    assert given(await talk.comment("/recategorize nonsense")).is_last
    await talk.press.happens(given(await talk.events()))
    before = len(talk.press.sandbox.requests)
    assert await talk.comment("/recategorize nonsense") == []
    assert len(talk.press.sandbox.requests) == before
    assert given(await talk.comment(by="eve")).is_last is False
