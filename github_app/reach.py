"""Which records an event can touch: they are loaded before a decision and committed after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from github_app.documents import Document, to_record
from github_app.rules.commands import AskHelp, JudgeFix
from github_app.rules.events import (
    BranchMoved,
    CommandsGiven,
    Event,
    FixCompared,
    InstallationMoved,
    JobsSeen,
    PullMoved,
    QueueMoved,
    RefreshAsked,
    RemarkChanged,
    TimerFired,
)
from github_app.rules.model import Repo
from github_app.rules.records import Commit, Failure, commit_id, installation_doc_id, policy_id, ref_id, reply_id
from github_app.rules.refs import queue_name

RECENT = timedelta(days=2)
"""Closed failures that an event may still belong to; E42 needs a day."""

MOST_FIXES = 50
"""Failures of a pull request, the last that changed, whose fix QA may speak of, however long they have been green."""


class Finder(Protocol):
    """What is asked of the store."""

    async def get(self, ids: Sequence[str]) -> list[Document]: ...

    async def find(
        self,
        kind: str,
        repo_id: int,
        *,
        sha: str | None = None,
        refs: Sequence[str] | None = None,
        open_or_since: datetime | None = None,
        newest: int | None = None,
    ) -> list[Document]: ...


@dataclass(frozen=True, slots=True)
class Reach:
    """Finds the documents of an event's subject."""

    store: Finder
    now: Callable[[], datetime]

    async def touched(self, event: Event) -> list[Document]:  # noqa: C901, PLR0911  (one return an event)
        match event:
            case InstallationMoved():
                return await self.store.get([installation_doc_id(event.installation_id)])
            case JobsSeen():
                names = {pull.ref for pull in event.pulls} | ({f"branch/{event.branch}"} if event.branch else set())
                return await self.around(event.repo.id, event.sha, names)
            case PullMoved():
                return await self.around(event.repo.id, event.pull.head_sha, {event.pull.ref})
            case QueueMoved():
                return await self.around(event.repo.id, event.sha, {queue_name(event)})
            case RefreshAsked():
                return await self.around(event.repo.id, event.sha, set())
            case CommandsGiven():
                return await self._of_commands(event)
            case RemarkChanged():
                return await self.store.get([reply_id(event.repo.id, event.remark)])
            case BranchMoved():
                return await self._of_refs(event.repo, {f"branch/{event.branch}"})
            case FixCompared():
                around = await self.around(event.repo.id, event.head, {event.ref})
                return await self._with(event.failure_id, around)
            case TimerFired():
                return await self._of_timer(event)
            case _:
                return await self._of_policy(event.repo.id)

    async def _of_policy(self, repo_id: int) -> list[Document]:
        """The policy, every open line of work that it holds for, and their failures."""
        refs = await self.store.find("ref", repo_id, open_or_since=self.now())
        return [*await self.store.get([policy_id(repo_id)]), *refs, *await self._failures(repo_id, refs)]

    async def around(self, repo_id: int, sha: str, names: set[str]) -> list[Document]:
        """A commit, the refs that it is on, their failures, and the policy."""
        found = await self.store.get([commit_id(repo_id, sha), policy_id(repo_id)])
        commit = next((item for item in map(to_record, found) if isinstance(item, Commit)), None)
        names = names | (set(commit.refs) if commit else set())
        at_head = await self.store.find("ref", repo_id, sha=sha)
        named = await self.store.get([ref_id(repo_id, name) for name in sorted(names)])
        refs = list({document.id: document for document in (*at_head, *named)}.values())
        return [*found, *refs, *await self._failures(repo_id, refs)]

    async def _of_refs(self, repo: Repo, names: set[str]) -> list[Document]:
        refs = await self.store.get([ref_id(repo.id, name) for name in sorted(names)])
        return [*await self.store.get([policy_id(repo.id)]), *refs, *await self._failures(repo.id, refs)]

    async def _of_commands(self, event: CommandsGiven) -> list[Document]:
        """What a pull request shows, and who asks for their duties is told of the whole repository's failures."""
        around = await self.around(event.repo.id, event.pull.head_sha, {event.pull.ref})
        more: list[Document] = []
        if any(isinstance(one, AskHelp) for one in event.said):
            more += await self.store.find("failure", event.repo.id, open_or_since=self.now())
        if any(isinstance(one, JudgeFix) for one in event.said):
            more += await self.store.find("failure", event.repo.id, refs=[event.pull.ref], newest=MOST_FIXES)
        known = {document.id for document in around}
        around += {document.id: document for document in more if document.id not in known}.values()
        return [*around, *await self.store.get([reply_id(event.repo.id, event.remark)])]

    async def _of_timer(self, event: TimerFired) -> list[Document]:
        found = await self.store.get([event.subject])
        match next((to_record(document) for document in found), None):
            case Commit() as commit:
                return await self.around(commit.repo.id, commit.sha, set())
            case Failure() as failure:
                newest = max(failure.legs, key=lambda leg: leg.order)
                around = await self.around(failure.repo.id, newest.sha, {failure.ref})
                return [*(item for item in around if item.id != event.subject), *found]
            case _:
                return await self.store.get([policy_id(event.repo.id)])

    async def _failures(self, repo_id: int, refs: Iterable[Document]) -> list[Document]:
        names = sorted(document.ref for document in refs if document.ref)
        if not names:
            return []
        return await self.store.find("failure", repo_id, refs=names, open_or_since=self.now() - RECENT)

    async def _with(self, failure_id: str, around: list[Document]) -> list[Document]:
        """A failure beside others, however long nothing has happened to it."""
        if any(document.id == failure_id for document in around):
            return around
        return [*around, *await self.store.get([failure_id])]
