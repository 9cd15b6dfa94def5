"""The policy files of a repository, read from its default branch and never from a pull request (T14, X75)."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from github_app.github.client import Api, GitHub
from github_app.github.facts import person_of
from github_app.github.payloads import Account
from github_app.outcomes import GiveUp
from github_app.rules.events import PolicyRead
from github_app.rules.model import Person, Repo
from github_app.rules.policy_yaml import MAX_BYTES

POLICY_PATH = ".github/failure-review.yml"
CODEOWNERS_PATHS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; the first found counts (GitHub docs, "About code owners")."""

TOO_LARGE = "#" * (MAX_BYTES + 1)
"""Stands for a file of more than 1 MB, whose content GitHub leaves out (GitHub docs, "Get repository content")."""

NONE = frozenset({404})
HIDDEN = frozenset({403, 404})
"""The organisation's repository `.github` is often none that the App may see."""

MAX_ADMINS = 100
_READ = {"contents": "read", "metadata": "read"}


async def read_policy(github: GitHub, repo: Repo, cause: str, received_at: datetime) -> PolicyRead:
    """Return the policy files, CODEOWNERS and admins of a repository as one event."""
    api = github.installation(repo.installation_id, repo.id, _READ)
    anywhere = github.installation(repo.installation_id, None, {"contents": "read"})
    return PolicyRead(
        repo=repo,
        cause=cause,
        received_at=received_at,
        sha=await _head(api, repo),
        text=await _text(api, repo.owner, repo.name, POLICY_PATH),
        org_text=None
        if repo.name == ".github"
        else await _text(anywhere, repo.owner, ".github", "failure-review.yml", HIDDEN),
        codeowners=await _codeowners(api, repo),
        admins=await _admins(api, repo),
    )


def touches_policy(paths: set[str]) -> bool:
    """Whether a push changes what a policy is made of."""
    return bool(paths & {POLICY_PATH, *CODEOWNERS_PATHS})


async def _head(api: Api, repo: Repo) -> str:
    template = "/repos/{owner}/{repo}/branches/{branch}"
    try:
        told = await api.get(template, owner=repo.owner, repo=repo.name, branch=repo.default_branch)
    except GiveUp as gone:
        if gone.status == 404:  # noqa: PLR2004  (an empty repository has no branch)
            return ""
        raise
    return str(told.get("commit", {}).get("sha", ""))


async def _codeowners(api: Api, repo: Repo) -> str | None:
    for path in CODEOWNERS_PATHS:
        text = await _text(api, repo.owner, repo.name, path)
        if text is not None:
            return text
    return None


async def _text(api: Api, owner: str, name: str, path: str, none: frozenset[int] = NONE) -> str | None:
    """Return a file's text; None when there is none, which is what a status in `none` says.

    Any other refusal is a GiveUp: a file that we may not read is not one that does not exist.
    """
    try:
        told = await api.get("/repos/{owner}/{repo}/contents/{path}", cached=True, owner=owner, repo=name, path=path)
    except GiveUp as gone:
        if gone.status in none:
            return None
        raise
    return _decoded(told)


def _decoded(told: Any) -> str | None:
    """Return the text of a file; of one that GitHub does not give out, a text that is refused for the same reason."""
    content = told.get("content") if isinstance(told, dict) else None
    if not isinstance(content, str):
        return None  # a folder, or a link to somewhere else
    if told.get("encoding") == "none":
        return TOO_LARGE
    try:
        return base64.b64decode(content).decode("utf-8", errors="replace")
    except (binascii.Error, ValueError):
        return TOO_LARGE


async def _admins(api: Api, repo: Repo) -> tuple[Person, ...]:
    query = {"permission": "admin"}
    names = {"owner": repo.owner, "repo": repo.name}
    pages = api.pages("/repos/{owner}/{repo}/collaborators", query=query, limit=MAX_ADMINS, **names)
    try:
        return tuple([person_of(Account.model_validate(item)) async for item in pages])
    except (GiveUp, ValidationError):
        return ()  # not told, or too many to be one fallback: "the repository's admins" must do
