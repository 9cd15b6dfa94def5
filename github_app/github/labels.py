"""Keeps the labels `failure-review:<category>` of a pull request as its open failures say; no others are ours.

They are set when what they should be changes. One that a person takes off stays off until then: whoever takes a label
away by hand means it, and looking for that every time would cost a request for each job of every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from github_app.failpoints import failpoint
from github_app.github.publishing import Desk, digest_of
from github_app.github.view import view_of
from github_app.outcomes import GiveUp
from github_app.rules.model import Repo

PREFIX = "failure-review:"
LABELS = "/repos/{owner}/{repo}/issues/{n}/labels"
PERMISSIONS = {"pull_requests": "write"}
GONE = 404


class Labels:
    """Performs `PublishLabels`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def publish(self, repo_id: int, number: int) -> None:
        ref = await self._desk.engine.ref(repo_id, f"pull/{number}")
        view = await view_of(self._desk.engine, repo_id, ref.head_sha) if ref else None
        if ref is None or view is None or not ref.open:
            return
        wanted = sorted({PREFIX + failure.verdict.category for failure in view.gate.failures if failure.open})
        key = f"labels/{repo_id}/{number}"
        sent = await self._desk.log.sent(key)
        if (sent.digest if sent else digest_of([])) == digest_of(wanted):
            return
        self._desk.wait_for_gap(sent)
        await self._desk.remember(view.repo, key, "", "")  # until it is done, nobody knows which are there
        await self._set(view.repo, number, wanted)
        failpoint("labels.after_write")
        await self._desk.remember(view.repo, key, "", digest_of(wanted))

    async def _set(self, repo: Repo, number: int, wanted: Sequence[str]) -> None:
        """Add and take away by name: both may be repeated after a lost answer without harm."""
        api = self._desk.api(repo, PERMISSIONS)
        names: dict[str, Any] = {"owner": repo.owner, "repo": repo.name, "n": number}
        present = {str(item["name"]) async for item in api.pages(LABELS, **names)}
        failpoint("labels.before_write")
        missing = [label for label in wanted if label not in present]
        if missing:
            await api.post(LABELS, body={"labels": missing}, **names)
        failpoint("labels.between")
        for label in sorted(label for label in present if label.startswith(PREFIX) and label not in wanted):
            try:
                await api.delete(LABELS + "/{label}", label=label, **names)
            except GiveUp as gone:
                if gone.status != GONE:  # somebody else took it away first
                    raise
