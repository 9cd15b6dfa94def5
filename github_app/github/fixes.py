"""How the commit that a failure is green on differs from the red one, asked once of GitHub (S1-014).

Whatever GitHub does not show is a gap that is said; it never counts as a fix that was looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from github_app.github.payloads import ComparisonPayload, FilePayload
from github_app.github.publishing import Desk
from github_app.inbox import GONE
from github_app.outcomes import GiveUp
from github_app.rules.effects import CompareFix
from github_app.rules.events import FixCompared
from github_app.rules.model import FileChange, Repo
from github_app.rules.records import Failure
from github_app.rules.verifying import wants_comparison

MOST_FILES: Final = 300
"""Files that GitHub names in a comparison (GitHub docs: "Compare two commits")."""

READ: Final = {"contents": "read"}


@dataclass(frozen=True, slots=True)
class Fixes:
    """Brings comparisons to the engine. Raises Wait, Retry and GiveUp as the client does, but not for what is gone."""

    desk: Desk

    async def compare(self, wish: CompareFix) -> None:
        failure = await self.desk.engine.failure(wish.failure_id)
        is_current = failure is not None and (failure.red_sha, failure.fixed_by) == (wish.base, wish.head)
        if failure is None or not is_current or not wants_comparison(failure):
            return
        source = await self.desk.engine.policy_source(wish.repo_id)
        files, gap = await self._files(source.repo if source else failure.repo, wish)
        await self.desk.engine.handle(self._event(failure, wish, files, gap))

    async def _files(self, repo: Repo, wish: CompareFix) -> tuple[tuple[FileChange, ...], str]:
        api = self.desk.api(repo, READ)
        template = "/repos/{owner}/{repo}/compare/{base}...{head}"
        try:
            # Of the commits one is enough; the files all come with the first page.
            names: dict[str, Any] = {"owner": repo.owner, "repo": repo.name, "base": wish.base, "head": wish.head}
            answer = await api.get(template, query={"per_page": 1}, **names)
        except GiveUp as gone:
            if gone.status not in GONE:
                raise
            return (), "GitHub no longer has both commits"
        told = ComparisonPayload.model_validate(answer)
        if told.status not in {"ahead", "identical"}:
            return (), "the branch was rewritten in between"  # GitHub then tells what differs from where they parted
        gap = f"GitHub shows only {MOST_FILES} of the files that differ" if len(told.files) >= MOST_FILES else ""
        return tuple(map(_change, told.files)), gap

    def _event(self, failure: Failure, wish: CompareFix, files: tuple[FileChange, ...], gap: str) -> FixCompared:
        return FixCompared(
            repo=failure.repo,
            cause=f"compare {wish.base[:12]}...{wish.head[:12]}",
            received_at=self.desk.now(),
            failure_id=failure.id,
            ref=failure.ref,
            base=wish.base,
            head=wish.head,
            files=files,
            gap=gap,
        )


def _change(told: FilePayload) -> FileChange:
    return FileChange(told.filename, told.status, told.previous_filename, told.changes, told.patch)
