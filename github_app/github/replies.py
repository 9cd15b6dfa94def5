"""Answers a comment with commands: one comment for all of them, once, and a reaction that can be seen at a glance."""

from __future__ import annotations

import re
from collections.abc import Iterable

from github_app.github.comments import GONE, MAX_BODY, PERMISSIONS, CommentWriter
from github_app.github.markdown import cut, plain, sentence
from github_app.github.publishing import Desk, digest_of
from github_app.outcomes import GiveUp
from github_app.rules.model import Repo
from github_app.rules.records import Answer, Manner, Reply

_REACTIONS = {
    "comment": "/repos/{owner}/{repo}/issues/comments/{id}/reactions",
    "review_comment": "/repos/{owner}/{repo}/pulls/comments/{id}/reactions",
}
"""Where GitHub takes reactions; to a review it takes none."""

_SIGNS = {Manner.DONE: "✅", Manner.PROPOSED: "🕒", Manner.TOLD: "💬", Manner.REFUSED: "❌"}
_LINK = re.compile(r"https?://[^\s<>()\"'`]{1,500}")
LONGEST = 900
UNWANTED = frozenset({403, 422})


class Replies:
    """Performs `PublishReply`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def publish(self, reply_id: str) -> None:
        reply = await self._desk.engine.reply(reply_id)
        if reply is None:
            return
        source = await self._desk.engine.policy_source(reply.repo.id)
        repo = source.repo if source else reply.repo
        body = cut(f"{self._desk.mark(reply.id)}\n{text(reply)}", MAX_BODY)
        sent = await self._desk.log.sent(reply.id)
        if sent is not None and sent.digest == digest_of(body):
            return
        api = self._desk.api(repo, PERMISSIONS)
        await self._react(repo, reply)
        await CommentWriter(self._desk, api, repo, reply.number, reply.id, may_create=True).write(body, sent)

    async def _react(self, repo: Repo, reply: Reply) -> None:
        """Mark the comment itself; the same reaction again is none more.

        It is a courtesy: one that GitHub refuses, or whose comment is gone, keeps no answer back.
        """
        template = _REACTIONS.get(reply.remark.kind)
        if template is None:
            return
        api = self._desk.api(repo, PERMISSIONS)
        try:
            body = {"content": reaction(reply.answers)}
            await api.post(template, body=body, owner=repo.owner, repo=repo.name, id=reply.remark.id)
        except GiveUp as refused:
            if refused.status not in GONE | UNWANTED:
                raise


def reaction(answers: Iterable[Answer]) -> str:
    """Return GitHub's word for the reaction: all done, nothing done, or read the answer."""
    manners = {answer.manner for answer in answers}
    if manners == {Manner.DONE}:
        return "+1"
    return "confused" if manners == {Manner.REFUSED} else "eyes"


def text(reply: Reply) -> str:
    """Return the answer to all commands of a comment, in their order; nothing in it begins a line like a command."""
    where = f"[this]({reply.remark.url})" if _LINK.fullmatch(reply.remark.url) else "this"
    parts = [f"Failure Review, to {where} by {plain(reply.by.login)}:"]
    for answer in reply.answers:
        points = [f"  * {sentence(point, LONGEST)}" for point in answer.points]
        parts.append("\n".join([f"* {_SIGNS[answer.manner]} {sentence(answer.sentence, LONGEST)}", *points]))
    return "\n\n".join([parts[0], "\n".join(parts[1:])])
