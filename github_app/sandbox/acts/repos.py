"""Repositories are made, filled, renamed; commits are pushed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from github_app.sandbox.acts import checks
from github_app.sandbox.shapes.repos import short_commit
from github_app.sandbox.state import Account, Commit, Repository
from github_app.sandbox.world import World

NOTHING = "0" * 40


def make(world: World, owner: Account, name: str, *, private: bool, parent: Repository | None = None) -> Repository:
    """A repository with one commit; a fork starts with its parent's history."""
    repo = Repository(world.state.number(), owner, name, private, world.clock(), parent=parent)
    world.state.repositories[repo.id] = repo
    world.state.former_names.pop(repo.full_name.lower(), None)
    if parent is None:
        first = _commit(
            world, repo, {"README.md": f"# {name}\n".encode()}, author=owner, message="Initial commit", parent=None
        )
        repo.branches[repo.default_branch] = first.sha
    else:
        repo.default_branch = parent.default_branch
        repo.branches, repo.commits = dict(parent.branches), dict(parent.commits)
    return repo


def _commit(
    world: World, repo: Repository, tree: Mapping[str, bytes], *, author: Account, message: str, parent: str | None
) -> Commit:
    seed = f"{world.state.number()} {repo.id} {parent} {message}".encode()
    sha = hashlib.sha1(seed, usedforsecurity=False).hexdigest()
    made = Commit(sha, message, author, parent, tree, world.clock())
    repo.commits[sha] = made
    return made


def push(
    world: World, repo: Repository, branch: str, files: Mapping[str, str], *, author: Account, message: str
) -> Commit:
    """Commit these files on a branch, made from the default branch when it is new; announced as `push`."""
    before = repo.branches.get(branch)
    parent = before or repo.branches[repo.default_branch]
    tree = {**repo.commits[parent].tree, **{path: text.encode() for path, text in files.items()}}
    made = _commit(world, repo, tree, author=author, message=message, parent=parent)
    set_branch(world, repo, branch, made.sha, author)
    return made


def merge(world: World, repo: Repository, branch: str, head: str, author: Account) -> Commit:
    """Merge a head into a branch by a commit of its own, which whoever pressed the button is the author of."""
    message = f"Merge {head[:7]} into {branch}"
    made = _commit(world, repo, repo.commits[head].tree, author=author, message=message, parent=head)
    set_branch(world, repo, branch, made.sha, author)
    return made


def set_branch(world: World, repo: Repository, branch: str, sha: str, author: Account) -> None:
    """Let a branch point to a commit that is there; announced as `push`, forced when it leaves its history."""
    before, made = repo.branches.get(branch), repo.commits[sha]
    repo.branches[branch] = sha
    head = _pushed_commit(world, repo, made)
    body = {
        "ref": f"refs/heads/{branch}",
        "before": before or NOTHING,
        "after": sha,
        "created": before is None,
        "deleted": False,
        "forced": before is not None and before not in history(repo, sha),
        "base_ref": None,
        "compare": f"{world.base}/{repo.full_name}/compare/{(before or NOTHING)[:12]}...{sha[:12]}",
        "commits": [head],
        "head_commit": head,
        "pusher": {"name": author.login, "email": f"{author.login}@example.com"},
    }
    world.announce(repo, "push", None, body, author)
    checks.ask_for_checks(world, repo, sha, branch, author)


def history(repo: Repository, sha: str | None) -> Iterator[str]:
    while sha is not None:
        yield sha
        sha = repo.commits[sha].parent


def fork_point(repo: Repository, head: str) -> str:
    """The newest commit that a head shares with the default branch."""
    trunk = set(history(repo, repo.branches[repo.default_branch]))
    return next(sha for sha in history(repo, head) if sha in trunk)


def changed_paths(repo: Repository, made: Commit) -> list[str]:
    """The files that a commit added, changed or removed."""
    before = repo.commits[made.parent].tree if made.parent else {}
    return [path for path in {**before, **made.tree} if before.get(path) != made.tree.get(path)]


def _pushed_commit(world: World, repo: Repository, made: Commit) -> dict[str, object]:
    before = repo.commits[made.parent].tree if made.parent else {}
    changed = [path for path in changed_paths(repo, made) if path in made.tree]
    return short_commit(made) | {
        "distinct": True,
        "url": f"{world.base}/{repo.full_name}/commit/{made.sha}",
        "added": [path for path in changed if path not in before],
        "removed": [path for path in before if path not in made.tree],
        "modified": [path for path in changed if path in before],
    }


def rename(world: World, repo: Repository, name: str, sender: Account, owner: Account | None = None) -> None:
    """Rename or, with `owner`, transfer: the old name answers 301 from now on (F20)."""
    old_name, old_owner = repo.name, repo.owner
    world.state.former_names[repo.full_name.lower()] = repo.id
    repo.name, repo.owner = name, owner or repo.owner
    if owner is None:
        changes: dict[str, object] = {"repository": {"name": {"from": old_name}}}
    else:
        changes = {"owner": {"from": {"user": {"login": old_owner.login, "id": old_owner.id}}}}
    action = "renamed" if owner is None else "transferred"
    world.announce(repo, "repository", action, {"changes": changes}, sender)


def branch_of(repo: Repository, ref: str) -> str | None:
    """The commit that a branch name, `refs/heads/...`, `heads/...` or SHA stands for."""
    short = ref.removeprefix("refs/").removeprefix("heads/")
    if short in repo.branches:
        return repo.branches[short]
    return ref if ref in repo.commits else None
