"""Who may read which repository: GitHub is asked with the visitor's own token, at most once a minute.

A question without an answer is a no: nobody sees a failure because GitHub was out of reach.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from cachetools import TTLCache

from github_app.outcomes import Unfinished
from github_app.rules.model import Repo

REMEMBERED_S: Final = 60.0
"""How long an answer may be repeated; whoever loses access is shut out after a minute (T24)."""

_log = structlog.get_logger()


class Readers(Protocol):
    """Asks GitHub who may read."""

    async def may_read(self, user_token: str, repo: Repo) -> bool:
        """Whether GitHub shows the repository with this numeric id to the owner of the token.

        Raises `Unfinished` when GitHub cannot be asked.
        """


class Access:
    """The answers of the last minute, by user token and repository."""

    def __init__(self, readers: Readers, clock: Callable[[], float] = time.monotonic) -> None:
        self._readers = readers
        self._answers: TTLCache[tuple[int, bytes], bool] = TTLCache(10_000, REMEMBERED_S, timer=clock)

    async def may_read(self, user_token: str, repo: Repo) -> bool:
        key = (
            repo.id,
            hashlib.sha256(user_token.encode()).digest(),
        )  # no token lies about in memory longer than needed
        answer = self._answers.get(key)
        if answer is not None:
            return answer
        try:
            answer = await self._readers.may_read(user_token, repo)
        except Unfinished as why:
            _log.warning("could not ask whether a visitor may read a repository", repo_id=repo.id, reason=why.reason)
            return False
        self._answers[key] = answer
        return answer

    def forget(self, repo_id: int) -> None:
        """Ask again about a repository whose members or visibility changed."""
        for key in [key for key in self._answers if key[0] == repo_id]:
            self._answers.pop(key, None)
