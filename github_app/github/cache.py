"""Answers worth asking for again with their ETag: small, bounded, and never shared between two scopes (L8).

Callers ask for it with `cached=True`, and never for a permission, a head or a pull request.
"""

from __future__ import annotations

from cachetools import LRUCache

from github_app.github.answers import Answer
from github_app.github.auth import Scope

SHELF_BYTES = 32 * 2**20
LARGEST_KEPT = 2**20
_OVERHEAD = 1024


class Shelf:
    """Answers by scope and address; the least recently used go first."""

    def __init__(self, size: int = SHELF_BYTES) -> None:
        self._answers: LRUCache[tuple[Scope, str], Answer] = LRUCache(size, getsizeof=_weight)

    def take(self, scope: Scope, url: str) -> Answer | None:
        return self._answers.get((scope, url))

    def keep(self, scope: Scope, url: str, answer: Answer) -> None:
        if "etag" in answer.headers and answer.status == 200 and len(answer.body) <= LARGEST_KEPT:  # noqa: PLR2004
            self._answers[scope, url] = answer


def _weight(answer: Answer) -> int:
    return len(answer.body) + _OVERHEAD
