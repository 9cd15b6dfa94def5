"""Publishes the gate: one live check run per commit, updated in place, replaced when an annotation must disappear.

Annotations only append (G18), and an answer can be lost after its effect (L17). So what a write will have added is
remembered before it, and GitHub is asked how much of it is there before anything is added again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json

from github_app.failpoints import failpoint
from github_app.github.client import Api
from github_app.github.gate_text import MAX_TEXT, GateText, gate_text
from github_app.github.markdown import cut, plain, sentence
from github_app.github.publishing import Desk, digest_of
from github_app.github.view import View, view_of
from github_app.outbox import Sent
from github_app.outcomes import GiveUp
from github_app.rules.model import Repo
from github_app.rules.records import PolicySource

GATE = "failure-review/gate"
POLICY = "failure-review/policy"
BATCH = 50
PERMISSIONS = {"checks": "write"}
GONE = 404
REFUSED = 422


class Progress(BaseModel):
    """What was sent of one check run, kept as JSON beside its id."""

    series: int = 0
    epoch: int = 0
    completed: bool = False
    marks: list[str] = []  # annotations known to be there, by digest
    intent: list[str] = []  # annotations that will be there after the write under way


@dataclass(frozen=True, slots=True)
class Wanted:
    """A check run as it should be."""

    key: str
    name: str
    sha: str
    conclusion: str | None
    details_url: str
    text: GateText
    epoch: int = 0

    @property
    def marks(self) -> list[str]:
        return [digest_of(annotation) for annotation in self.text.annotations]

    @property
    def digest(self) -> str:
        head = (self.conclusion, self.details_url, self.text.title, self.text.summary, self.text.text, self.epoch)
        return digest_of((head, self.marks))


class Checks:
    """Performs `PublishGate` and `PublishPolicyCheck`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def publish_gate(self, repo_id: int, sha: str) -> None:
        view = await view_of(self._desk.engine, repo_id, sha)
        if view is not None:
            await self._publish(view.repo, _wanted_gate(view, self._desk.base_url))

    async def publish_policy(self, repo_id: int, sha: str) -> None:
        """Say on the default branch whether the policy file can be used (X76)."""
        source = await self._desk.engine.policy_source(repo_id)
        if source is None or source.sha != sha or not (source.problems or source.ever_had_file):
            return
        problems = tuple(str(item) for item in self._desk.engine.book(source).policy.problems)
        await self._publish(source.repo, _wanted_policy(source, problems, self._desk.base_url))

    async def _publish(self, repo: Repo, wanted: Wanted) -> None:
        sent = await self._desk.log.sent(wanted.key)
        if sent is not None and sent.digest == wanted.digest:
            return
        self._desk.wait_for_gap(sent)
        writer = _Writer(self._desk, self._desk.api(repo, PERMISSIONS), repo, wanted)
        await writer.write(sent)


@dataclass(slots=True)
class _Writer:
    """One publication of one check run, step by step, each step remembered."""

    desk: Desk
    api: Api
    repo: Repo
    wanted: Wanted
    remote_id: str = ""
    progress: Progress = field(default_factory=Progress)

    async def write(self, sent: Sent | None) -> None:
        await self._resume(sent)
        try:
            await self._bring_up()
        except GiveUp as gone:
            if gone.status != GONE or not self.remote_id:
                raise
            self._begin()  # it was deleted with its suite (G19)
            await self._bring_up()

    async def _resume(self, sent: Sent | None) -> None:
        """Take up what was remembered, and look for what a lost answer may have created."""
        if sent is None:
            return
        self.remote_id = sent.remote_id
        self.progress = Progress.model_validate(from_json(sent.body)) if sent.body else Progress()
        if not self.remote_id:
            self.remote_id = await self._find()

    async def _bring_up(self) -> None:
        if self.remote_id and self.progress.intent != self.progress.marks:
            self.progress.marks = self.progress.intent[: await self._count()]
        if not self._continues() and (self.remote_id or self.progress.series == 0):
            self._begin()
        todo = [mark for mark in self.wanted.marks if mark not in self.progress.marks]
        batches = [todo[start : start + BATCH] for start in range(0, len(todo), BATCH)] or [[]]
        for number, batch in enumerate(batches):
            if number:
                failpoint("checks.between_batches")
            await self._send(batch, is_last=number == len(batches) - 1)

    def _begin(self) -> None:
        """Turn to a new run of the same name, which takes the place of the one before."""
        self.remote_id = ""
        self.progress = Progress(series=self.progress.series + 1, epoch=self.wanted.epoch)

    def _continues(self) -> bool:
        """Whether the run that is there can become the wanted one."""
        gone = set(self.progress.marks) - set(self.wanted.marks)
        reopens = self.progress.completed and self.wanted.conclusion is None
        return bool(self.remote_id) and not gone and not reopens and self.progress.epoch == self.wanted.epoch

    async def _send(self, batch: Sequence[str], *, is_last: bool) -> None:
        self.progress.intent = [*self.progress.marks, *batch]
        self.progress.completed = self.progress.completed or self.wanted.conclusion is not None
        await self._remember("")
        failpoint("checks.before_write")
        try:
            await self._transmit(self._body(batch))
        except GiveUp as refused:
            if refused.status != REFUSED:
                raise
            await self._transmit(self._bare(refused.reason))  # better without details than not at all (X35)
        failpoint("checks.after_write")
        self.progress.marks = self.progress.intent
        await self._remember(self.wanted.digest if is_last else "")

    async def _transmit(self, body: dict[str, Any]) -> None:
        names: dict[str, Any] = {"owner": self.repo.owner, "repo": self.repo.name}
        if self.remote_id:
            await self.api.patch("/repos/{owner}/{repo}/check-runs/{id}", body=body, id=self.remote_id, **names)
            return
        new = {"name": self.wanted.name, "head_sha": self.wanted.sha, "external_id": self._external_id}
        created = await self.api.post("/repos/{owner}/{repo}/check-runs", body=body | new, **names)
        self.remote_id = str(created["id"])

    def _body(self, batch: Sequence[str]) -> dict[str, Any]:
        wanted, text = self.wanted, self.wanted.text
        by_mark = dict(zip(wanted.marks, text.annotations, strict=True))
        output: dict[str, Any] = {"title": text.title, "summary": text.summary, "text": text.text}
        if batch:
            output["annotations"] = [by_mark[mark] for mark in batch]
        return {**self._status(), "details_url": wanted.details_url, "output": output}

    def _bare(self, reason: str) -> dict[str, Any]:
        summary = f"The details are on [their own page]({self.wanted.details_url}). {plain(reason)}."
        output = {"title": self.wanted.text.title, "summary": summary, "text": summary}
        return {**self._status(), "details_url": self.wanted.details_url, "output": output}

    def _status(self) -> dict[str, str]:
        if self.wanted.conclusion is None:
            return {"status": "in_progress"}
        return {"status": "completed", "conclusion": self.wanted.conclusion}

    async def _find(self) -> str:
        """Look for the run that a lost answer may have created, by the id that we gave it."""
        query: dict[str, str | int] = {"check_name": self.wanted.name, "app_id": self.desk.app_id, "filter": "all"}
        pages = self.api.pages(
            "/repos/{owner}/{repo}/commits/{ref}/check-runs",
            query=query,
            items="check_runs",
            ref=self.wanted.sha,
            owner=self.repo.owner,
            repo=self.repo.name,
        )
        async for item in pages:
            if item.get("external_id") == self._external_id:
                return str(item["id"])
        return ""

    async def _count(self) -> int:
        told = await self.api.get(
            "/repos/{owner}/{repo}/check-runs/{id}", id=self.remote_id, owner=self.repo.owner, repo=self.repo.name
        )
        return int(told["output"]["annotations_count"])

    async def _remember(self, digest: str) -> None:
        body = self.progress.model_dump_json()
        await self.desk.remember(self.repo, self.wanted.key, self.remote_id, digest, body)

    @property
    def _external_id(self) -> str:
        return f"fr:1:{self.wanted.key}:{self.progress.series}"


def _wanted_gate(view: View, base_url: str) -> Wanted:
    gate = view.gate
    first = gate.failures[0].id if gate.failures else None
    attempts = sum(run.attempt - 1 for run in view.commit.runs) + view.commit.refreshes
    return Wanted(
        key=f"gate/{view.commit.repo.id}/{gate.sha}",
        name=GATE,
        sha=gate.sha,
        conclusion=gate.conclusion,
        details_url=f"{base_url}/failures/{first}" if first else base_url,
        text=gate_text(gate, base_url),
        epoch=attempts,
    )


def _wanted_policy(source: PolicySource, problems: Sequence[str], base_url: str) -> Wanted:
    told = [*source.problems, *problems]
    verdict = (
        "The policy file is in force." if not told else "Mend the policy file; until then the last good one holds."
    )
    summary = "\n".join([verdict, "", *(f"* {sentence(item)}" for item in told)])
    title = "The policy can be used" if not told else f"{len(told)} thing{'s' if len(told) > 1 else ''} to mend"
    return Wanted(
        key=f"policy_check/{source.repo.id}/{source.sha}",
        name=POLICY,
        sha=source.sha,
        conclusion="failure" if told else "success",
        details_url=base_url,
        text=GateText(title, cut(summary, MAX_TEXT), "", ()),
    )
