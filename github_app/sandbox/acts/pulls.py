"""Pull requests open, move and close; people and Apps comment and label; the merge queue tries groups."""

from __future__ import annotations

from collections.abc import Iterable

from github_app.sandbox.acts import repos
from github_app.sandbox.shapes import accounts
from github_app.sandbox.shapes import pulls as shapes
from github_app.sandbox.shapes.repos import short_commit
from github_app.sandbox.state import Account, App, Comment, Label, Pull, Reaction, Repository
from github_app.sandbox.world import World


def open_pull(
    world: World, repo: Repository, head: tuple[Repository, str], *, author: Account, title: str, body: str
) -> Pull:
    """Open a pull request against the default branch; `head` is the head repository and its branch."""
    head_repo, head_ref = head
    sha = head_repo.branches[head_ref]
    _fetch(repo, head_repo)
    now, number = world.clock(), len(repo.pulls) + 1
    made = Pull(
        id=world.state.number(),
        number=number,
        repo=repo,
        head_repo=head_repo,
        head_ref=head_ref,
        head_sha=sha,
        base_ref=repo.default_branch,
        base_sha=repos.fork_point(repo, sha),
        title=title,
        body=body,
        author=author,
        created_at=now,
        updated_at=now,
    )
    repo.pulls[number] = made
    announce(world, made, "opened", author)
    return made


def _fetch(repo: Repository, head_repo: Repository) -> None:
    """A fork's commits are readable in the base repository, as `refs/pull/N/head` makes them."""
    if head_repo is not repo:
        repo.commits.update(head_repo.commits)


def announce(world: World, pull: Pull, action: str, sender: Account, **more: object) -> None:
    body = {"number": pull.number, "pull_request": shapes.full_pull(world.base, pull), **more}
    world.announce(pull.repo, "pull_request", action, body, sender)


def move(world: World, pull: Pull, files: dict[str, str], author: Account, message: str) -> None:
    """Push another commit to the head branch."""
    before = pull.head_sha
    made = repos.push(world, pull.head_repo, pull.head_ref, files, author=author, message=message)
    _fetch(pull.repo, pull.head_repo)
    pull.head_sha, pull.updated_at = made.sha, world.clock()
    announce(world, pull, "synchronize", author, before=before, after=made.sha)


def set_head(world: World, pull: Pull, sha: str, author: Account) -> None:
    """Force the head branch to a commit that is already there (F36)."""
    before, pull.head_sha, pull.updated_at = pull.head_sha, sha, world.clock()
    repos.set_branch(world, pull.head_repo, pull.head_ref, sha, author)
    announce(world, pull, "synchronize", author, before=before, after=sha)


def close(world: World, pull: Pull, sender: Account, *, merged: bool) -> None:
    pull.closed_at = pull.updated_at = world.clock()
    pull.merged = merged
    if merged:
        pull.merged_by = sender
        pull.merge_sha = repos.merge(world, pull.repo, pull.base_ref, pull.head_sha, sender).sha
    announce(world, pull, "closed", sender)


def assign(world: World, pull: Pull, who: Account, sender: Account) -> None:
    pull.assignees.append(who)
    pull.updated_at = world.clock()
    announce(world, pull, "assigned", sender, assignee=accounts.user(world.base, who))


def reopen(world: World, pull: Pull, sender: Account) -> None:
    pull.closed_at, pull.updated_at = None, world.clock()
    announce(world, pull, "reopened", sender)


def comment(world: World, pull: Pull, author: Account, body: str, app: App | None = None) -> Comment:
    now = world.clock()
    made = Comment(world.state.number(), pull, author, body, now, now, app)
    pull.repo.comments[made.id] = made
    _announce_comment(world, made, "created", author)
    return made


def edit_comment(world: World, value: Comment, body: str, sender: Account) -> None:
    old, value.body, value.updated_at = value.body, body, world.clock()
    _announce_comment(world, value, "edited", sender, changes={"body": {"from": old}})


def delete_comment(world: World, value: Comment, sender: Account) -> None:
    del value.pull.repo.comments[value.id]
    _announce_comment(world, value, "deleted", sender)


def _announce_comment(world: World, value: Comment, action: str, sender: Account, **more: object) -> None:
    whole = shapes.comment(world.base, value)
    body = {"issue": shapes.issue(world.base, value.pull), "comment": whole, **more}
    world.announce(value.pull.repo, "issue_comment", action, body, sender)


def review(world: World, pull: Pull, author: Account, body: str, *, line: bool = False) -> Comment:
    """Somebody reviews: with a word on the whole, or with a comment on a line."""
    now = world.clock()
    made = Comment(world.state.number(), pull, author, body, now, now, review="line" if line else "body")
    pull.repo.remarks[made.id] = made
    shape = shapes.review_comment(world.base, made) if line else shapes.review(world.base, made)
    whole = {"pull_request": shapes.pull(world.base, pull), "comment" if line else "review": shape}
    if line:
        world.announce(pull.repo, "pull_request_review_comment", "created", whole, author)
    else:
        world.announce(pull.repo, "pull_request_review", "submitted", whole, author)
    return made


def react(world: World, value: Comment, author: Account, content: str) -> tuple[Reaction, bool]:
    """React, once each; says whether the reaction is a new one."""
    for known in value.reactions:
        if (known.author, known.content) == (author, content):
            return known, False
    made = Reaction(world.state.number(), author, content, world.clock())
    value.reactions.append(made)
    return made, True


def make_label(world: World, repo: Repository, name: str, color: str = "ededed", description: str = "") -> Label:
    made = Label(world.state.number(), name, color, description)
    repo.labels[name.lower()] = made
    return made


def set_labels(world: World, pull: Pull, names: Iterable[str], sender: Account) -> None:
    """Make these the labels of the pull request; unknown ones come to be, as on GitHub."""
    wanted = {name.lower(): name for name in names}
    for gone in [label for label in pull.labels if label.name.lower() not in wanted]:
        pull.labels.remove(gone)
        _announce_label(world, pull, "unlabeled", gone, sender)
    present = {label.name.lower() for label in pull.labels}
    for key in [key for key in wanted if key not in present]:
        label = pull.repo.labels.get(key) or make_label(world, pull.repo, wanted[key])
        pull.labels.append(label)
        _announce_label(world, pull, "labeled", label, sender)


def _announce_label(world: World, pull: Pull, action: str, label: Label, sender: Account) -> None:
    pull.updated_at = world.clock()
    announce(world, pull, action, sender, label=shapes.label(world.base, pull.repo, label))


def queue_group(world: World, repo: Repository, pulls: list[Pull], sender: Account) -> str:
    """The merge queue asks for checks on what the merge would be; returns the group's head SHA (X40)."""
    base = repo.branches[repo.default_branch]
    merged = {path: text for pull in pulls for path, text in _changes(pull).items()}
    branch = f"gh-readonly-queue/{repo.default_branch}/pr-{pulls[-1].number}-{base}"
    message = f"Merge pull request #{pulls[-1].number}"
    head = repos.push(world, repo, branch, merged, author=sender, message=message).sha
    _announce_group(world, repo, branch, "checks_requested", sender)
    return head


def leave_queue(world: World, repo: Repository, head: str, sender: Account, reason: str) -> None:
    """The group is gone: `merged`, `invalidated` or `dequeued`; its branch with it."""
    branch = next(name for name, sha in repo.branches.items() if sha == head)
    _announce_group(world, repo, branch, "destroyed", sender, reason=reason)
    del repo.branches[branch]


def _announce_group(world: World, repo: Repository, branch: str, action: str, sender: Account, **more: str) -> None:
    head = repo.commits[repo.branches[branch]]
    group = {
        "head_sha": head.sha,
        "head_ref": f"refs/heads/{branch}",
        "base_sha": head.parent,
        "base_ref": f"refs/heads/{repo.default_branch}",
        "head_commit": short_commit(head),
    }
    world.announce(repo, "merge_group", action, {"merge_group": group, **more}, sender)


def _changes(pull: Pull) -> dict[str, str]:
    before = pull.repo.commits[pull.base_sha].tree
    after = pull.repo.commits[pull.head_sha].tree
    return {path: text.decode(errors="replace") for path, text in after.items() if before.get(path) != text}
