"""Policies for tests: the built-in matrix, and texts laid over it."""

from __future__ import annotations

from functools import cache

from github_app.builtin import default_policy_text
from github_app.rules.policy import Policy
from github_app.rules.policy_file import BUILT_IN, ORGANISATION, REPOSITORY, PolicyFile, parse
from github_app.rules.policy_layers import resolve


def usable(text: str, origin: str = REPOSITORY) -> PolicyFile:
    file = parse(text, origin)
    assert isinstance(file, PolicyFile), file
    return file


@cache
def builtin() -> PolicyFile:
    return usable(default_policy_text(), BUILT_IN)


def layered(repo: str | None = None, org: str | None = None) -> Policy:
    return resolve(
        builtin(),
        None if org is None else usable(org, ORGANISATION),
        None if repo is None else usable(repo),
    )
