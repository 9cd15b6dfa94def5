"""What git knows of the checkout: which commit a change began at, what a file held there, and what differs."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

MORE_HISTORY: Final = "fetch more history (actions/checkout with `fetch-depth: 0`), or name a commit with --base"
_PATIENCE: Final = 60
"""Seconds; a git that waits for a disk that is gone must not hold up a test run."""
_USUAL: Final = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


class NoBaseError(Exception):
    """The commit that a change began at is not known; the text says why and what to do."""


def ask(folder: Path, *arguments: str) -> str | None:
    """What git answers in `folder`; None when it refuses or is not there."""
    given = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(given, capture_output=True, check=False, timeout=_PATIENCE)  # noqa: S603  (words, no shell)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def top_of(folder: Path) -> Path | None:
    """The checkout that the folder belongs to."""
    told = ask(folder, "rev-parse", "--show-toplevel")
    return Path(told.rstrip("\n")) if told else None


def text_at(top: Path, commit: str, path: str) -> str | None:
    """What a file held at a commit; None when there was none. `path` starts at the top, with slashes."""
    return ask(top, "show", f"{commit}:{path}")


class _Checkout(NamedTuple):
    top: Path

    def commit(self, name: str) -> str:
        return (
            ask(self.top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}") or ""
        ).strip()

    @property
    def is_shallow(self) -> bool:
        return (ask(self.top, "rev-parse", "--is-shallow-repository") or "").strip() == "true"

    @property
    def has_remote(self) -> bool:
        return bool((ask(self.top, "remote") or "").strip())


def base_of(top: Path, path: str, given: str, environment: Mapping[str, str]) -> str:
    """The commit that what is checked out grew from: where it left `given`, the pull request's base or the main branch.

    On that branch itself it is the last commit when `path` was changed since, else the one before. Raises NoBaseError:
    an unknown base is never taken for "nothing changed".
    """
    checkout = _Checkout(top)
    head = checkout.commit("HEAD")
    if not head:
        raise NoBaseError("git knows no commit here")
    branch = given or _target(checkout, environment)
    if not branch:
        return _before(checkout, head, path)
    target = checkout.commit(branch)
    if not target:
        raise NoBaseError(f"git knows no commit {branch} here: {MORE_HISTORY}")
    base = (ask(top, "merge-base", head, target) or "").strip()
    if not base:
        raise NoBaseError(f"git finds no commit that HEAD and {branch} share: {MORE_HISTORY}")
    return base if base != head else _before(checkout, head, path)


def _target(checkout: _Checkout, environment: Mapping[str, str]) -> str:
    """GITHUB_BASE_REF is set in runs of pull requests, where HEAD is a merge whose first parent is the base branch."""
    if asked := environment.get("GITHUB_BASE_REF", ""):
        remote = f"origin/{asked}"
        return "HEAD^1" if not checkout.commit(remote) and checkout.commit("HEAD^2") else remote
    found = next((name for name in _USUAL if checkout.commit(name)), "")
    if not found and checkout.has_remote:
        raise NoBaseError(f"git knows no main branch here: {MORE_HISTORY}")
    return found


def _before(checkout: _Checkout, head: str, path: str) -> str:
    if ask(checkout.top, "diff", "--quiet", "HEAD", "--", path) is None:
        return head
    parent = checkout.commit("HEAD^")
    if not parent and checkout.is_shallow:
        raise NoBaseError(f"git does not know the commit before this one: {MORE_HISTORY}")
    return parent or head
