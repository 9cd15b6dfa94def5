"""Repositories, commits and pull requests, and what people say on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from github_app.sandbox.acts import pulls, repos
from github_app.sandbox.state import Account, Comment, Pull, Repository
from github_app.sandbox.verbs import Verbs


class Code(Verbs):
    """Verbs about code and its review."""

    def create_repo(self, owner: str, name: str, *, private: bool = False, org: bool = False) -> Repository:
        """A repository with one commit on `main`; `org` says that its owner is an organisation."""
        account = self.world.account(owner, "Organization" if org else "User")
        return repos.make(self.world, account, name, private=private)

    def fork(self, repo: Repository, owner: str) -> Repository:
        """The owner's fork, made when there is none."""
        known = self.world.state.repository(owner, repo.name)
        return known or repos.make(self.world, self.world.account(owner), repo.name, private=repo.private, parent=repo)

    async def put_file(self, repo: Repository, path: str, text: str, branch: str | None = None) -> str:
        """Commit a file, to the default branch unless another is named; returns the SHA."""
        return await self.put_files(repo, {path: text}, branch or repo.default_branch)

    async def put_files(
        self, repo: Repository, files: Mapping[str, str], branch: str, author: str | None = None, message: str = ""
    ) -> str:
        """Commit several files at once; the branch is made when it is new. Returns the SHA."""
        who = self.world.account(author) if author else repo.owner
        made = repos.push(self.world, repo, branch, files, author=who, message=message or f"Change {', '.join(files)}")
        await self.settled()
        return made.sha

    async def open_pull(
        self,
        repo: Repository,
        head_branch: str,
        author: str,
        title: str,
        *,
        fork_from: Repository | None = None,
        body: str = "",
    ) -> Pull:
        """Open a pull request from a branch, which gets a first commit when it is new; `fork_from` is the fork."""
        head_repo = fork_from or repo
        if head_branch not in head_repo.branches:
            name = f"changes/{head_branch.replace('/', '-')}.md"
            await self.put_files(head_repo, {name: f"{title}\n"}, head_branch, author, title)
        made = pulls.open_pull(
            self.world, repo, (head_repo, head_branch), author=self.world.account(author), title=title, body=body
        )
        await self.settled()
        return made

    async def push_commit(
        self,
        pull: Pull,
        files: Mapping[str, str] | None = None,
        message: str = "Another try",
        author: str | None = None,
    ) -> str:
        """Push to the pull request's branch; returns the new head SHA."""
        changed = dict(files) if files else {"changes/next.md": f"{self.world.state.number()}\n"}
        who = self.world.account(author) if author else pull.author
        pulls.move(self.world, pull, changed, who, message)
        await self.settled()
        return pull.head_sha

    async def force_push(self, pull: Pull, sha: str) -> None:
        """Set the pull request's branch to a commit that is already there (F36)."""
        pulls.set_head(self.world, pull, sha, pull.author)
        await self.settled()

    async def close_pull(self, pull: Pull, *, merged: bool = False, by: str | None = None) -> None:
        pulls.close(self.world, pull, self._who(pull, by), merged=merged)
        await self.settled()

    async def assign(self, pull: Pull, login: str, by: str | None = None) -> None:
        pulls.assign(self.world, pull, self.world.account(login), self._who(pull, by))
        await self.settled()

    async def reopen_pull(self, pull: Pull, by: str | None = None) -> None:
        pulls.reopen(self.world, pull, self._who(pull, by))
        await self.settled()

    async def comment(self, pull: Pull, author: str, body: str) -> Comment:
        made = pulls.comment(self.world, pull, self.world.account(author), body)
        await self.settled()
        return made

    async def review(self, pull: Pull, author: str, body: str) -> Comment:
        """Submit a review that says something."""
        return await self._reviewed(pull, author, body, line=False)

    async def review_line(self, pull: Pull, author: str, body: str) -> Comment:
        """Comment on a line of the change."""
        return await self._reviewed(pull, author, body, line=True)

    async def _reviewed(self, pull: Pull, author: str, body: str, *, line: bool) -> Comment:
        made = pulls.review(self.world, pull, self.world.account(author), body, line=line)
        await self.settled()
        return made

    def lock(self, pull: Pull) -> None:
        """Lock the conversation: Apps cannot comment any more."""
        pull.locked = True

    async def edit_comment(self, comment: Comment, body: str, by: str) -> None:
        pulls.edit_comment(self.world, comment, body, self.world.account(by))
        await self.settled()

    async def delete_comment(self, comment: Comment, by: str) -> None:
        pulls.delete_comment(self.world, comment, self.world.account(by))
        await self.settled()

    async def label(self, pull: Pull, names: Iterable[str], by: str | None = None) -> None:
        """Make these the labels of the pull request."""
        pulls.set_labels(self.world, pull, names, self._who(pull, by))
        await self.settled()

    async def rename_repo(self, repo: Repository, name: str, by: str | None = None) -> None:
        """Rename; the old name answers with a redirect."""
        repos.rename(self.world, repo, name, self.world.account(by) if by else repo.owner)
        await self.settled()

    async def transfer_repo(self, repo: Repository, owner: str, by: str | None = None) -> None:
        """Move the repository to another owner."""
        sender = self.world.account(by) if by else repo.owner
        repos.rename(self.world, repo, repo.name, sender, self.world.account(owner))
        await self.settled()

    async def merge_group(self, repo: Repository, group: Sequence[Pull]) -> str:
        """The merge queue asks for checks of these pull requests together; returns the group's head SHA."""
        head = pulls.queue_group(self.world, repo, list(group), repo.owner)
        await self.settled()
        return head

    async def destroy_merge_group(self, repo: Repository, head: str, reason: str = "dequeued") -> None:
        """The group is dissolved: `merged`, `invalidated` or `dequeued`."""
        pulls.leave_queue(self.world, repo, head, repo.owner, reason)
        await self.settled()

    def protect(self, repo: Repository, branch: str, contexts: Sequence[tuple[str, int | None]]) -> None:
        """Require these checks; the second half of each is the App that must report it, None for any."""
        repo.protection[branch] = list(contexts)

    def comments(self, pull: Pull) -> list[Comment]:
        """The pull request's comments, oldest first."""
        return [each for each in pull.repo.comments.values() if each.pull is pull]

    def labels(self, pull: Pull) -> list[str]:
        """The names of the pull request's labels."""
        return [label.name for label in pull.labels]

    def _who(self, pull: Pull, by: str | None) -> Account:
        return self.world.account(by) if by else pull.author
