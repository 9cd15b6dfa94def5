"""Publishes the one sticky comment of a pull request: it appears with the first failure, and shrinks when green."""

from __future__ import annotations

from dataclasses import dataclass

from github_app.failpoints import failpoint
from github_app.github.client import Api
from github_app.github.gate_text import comment, for_qa, is_green
from github_app.github.markdown import cut, plain
from github_app.github.publishing import Desk, digest_of
from github_app.github.view import View, view_of
from github_app.outbox import Sent
from github_app.outcomes import GiveUp
from github_app.rules.model import Repo

MAX_BODY = 65_000
"""Bytes; GitHub takes 65,536 characters."""

MOST_COMMENTS = 10_000
PERMISSIONS = {"pull_requests": "write"}
GONE = frozenset({404, 410})


class Comments:
    """Performs `PublishComment`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def publish(self, repo_id: int, number: int) -> None:
        ref = await self._desk.engine.ref(repo_id, f"pull/{number}")
        view = await view_of(self._desk.engine, repo_id, ref.head_sha) if ref else None
        if ref is None or view is None or not ref.open:
            return
        key = f"comment/{repo_id}/{number}"
        sent = await self._desk.log.sent(key)
        body = _body(view, self._desk, key, appeared=sent is not None)
        if body is None or (sent is not None and sent.digest == digest_of(body)):
            return
        self._desk.wait_for_gap(sent)
        api = self._desk.api(view.repo, PERMISSIONS)
        writer = CommentWriter(self._desk, api, view.repo, number, key, may_create=not is_green(view.gate))
        await writer.write(body, sent)


@dataclass(frozen=True, slots=True)
class CommentWriter:
    """One write of one comment; look, then create (L17), but not to say that all is well."""

    desk: Desk
    api: Api
    repo: Repo
    number: int
    key: str
    may_create: bool

    async def write(self, body: str, sent: Sent | None) -> None:
        remote_id = sent.remote_id if sent and sent.remote_id else await self._find()
        await self._remember(remote_id, "")  # from here on nobody knows what it says, until it is known again
        failpoint("comments.before_write")
        remote_id = await self._update(remote_id, body) if remote_id else await self._create(body)
        failpoint("comments.after_write")
        await self._remember(remote_id, digest_of(body))

    async def _update(self, remote_id: str, body: str) -> str:
        template = "/repos/{owner}/{repo}/issues/comments/{id}"
        try:
            await self.api.patch(
                template, body={"body": body}, id=remote_id, owner=self.repo.owner, repo=self.repo.name
            )
        except GiveUp as gone:
            if gone.status not in GONE:
                raise
            await self._remember("", "")
            return await self._create(body)  # somebody deleted it: one new one, and on from there (E59)
        return remote_id

    async def _create(self, body: str) -> str:
        if not self.may_create:
            return ""
        template = "/repos/{owner}/{repo}/issues/{number}/comments"
        created = await self.api.post(
            template, body={"body": body}, number=self.number, owner=self.repo.owner, repo=self.repo.name
        )
        return str(created["id"])

    async def _find(self) -> str:
        mark = self.desk.mark(self.key)
        template = "/repos/{owner}/{repo}/issues/{n}/comments"
        pages = self.api.pages(template, limit=MOST_COMMENTS, n=self.number, owner=self.repo.owner, repo=self.repo.name)
        async for item in pages:
            app = item.get("performed_via_github_app") or {}
            if app.get("id") == self.desk.app_id and str(item.get("body", "")).startswith(mark):
                return str(item["id"])
        return ""

    async def _remember(self, remote_id: str, digest: str) -> None:
        await self.desk.remember(self.repo, self.key, remote_id, digest)


def _body(view: View, desk: Desk, key: str, *, appeared: bool) -> str | None:
    """Return the comment's text; None while there is nothing to say, or nothing new."""
    gate = view.gate
    has_failed = any(row.gating and row.failures for row in gate.rows)
    if not has_failed and not (appeared and gate.conclusion is not None):
        return None
    if is_green(gate):
        told = f"{desk.mark(key)}\nFailure Review: {plain(gate.title)} at {gate.sha[:12]}.\n\n{for_qa(gate)}"
        return cut(told.rstrip(), MAX_BODY, desk.base_url)
    return cut(f"{desk.mark(key)}\n{comment(gate, desk.base_url)}", MAX_BODY, desk.base_url)
