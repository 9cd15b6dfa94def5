"""Keeps the labels `failure-review:<category>` of a pull request as its open failures say; no others are ours."""

from __future__ import annotations

from github_app.failpoints import failpoint
from github_app.github.publishing import Desk, digest_of
from github_app.github.view import view_of
from github_app.outcomes import GiveUp

PREFIX = "failure-review:"
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
        api = self._desk.api(view.repo, PERMISSIONS)
        owner, repo = view.repo.owner, view.repo.name
        pages = api.pages("/repos/{owner}/{repo}/issues/{n}/labels", n=number, owner=owner, repo=repo)
        present = {str(item["name"]) async for item in pages}
        missing = [label for label in wanted if label not in present]
        failpoint("labels.before_write")
        if missing:
            await api.post(
                "/repos/{owner}/{repo}/issues/{n}/labels", body={"labels": missing}, n=number, owner=owner, repo=repo
            )
        for label in sorted(label for label in present if label.startswith(PREFIX) and label not in wanted):
            try:
                await api.delete(
                    "/repos/{owner}/{repo}/issues/{n}/labels/{label}", n=number, label=label, owner=owner, repo=repo
                )
            except GiveUp as gone:
                if gone.status != GONE:  # somebody else took it away first
                    raise
        failpoint("labels.after_write")
        await self._desk.remember(view.repo, key, "", digest_of(wanted))
