"""What every publisher needs: the record of what was last sent, and a token for just this repository and purpose."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic_core import to_json

from github_app.engine import Engine
from github_app.github.client import Api, GitHub
from github_app.outbox import Sent
from github_app.outcomes import Wait
from github_app.rules.model import Repo

GAP = timedelta(seconds=3)
"""Between two writes of the same thing, so that a burst of results costs a handful of writes (G13, X65)."""

MARKER_VERSION = "v1"
MARK = "<!-- failure-review:"
"""How each of our comments begins."""


class SentLog(Protocol):
    """Remembers what was last sent under a key."""

    async def sent(self, key: str) -> Sent | None: ...

    async def remember(self, what: Sent) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Where all publishers work; `signing_key` signs our marks, so that nobody else can pass off a comment as ours."""

    engine: Engine
    github: GitHub
    log: SentLog
    app_id: int
    base_url: str
    signing_key: bytes
    now: Callable[[], datetime]

    def api(self, repo: Repo, permissions: Mapping[str, str]) -> Api:
        return self.github.installation(repo.installation_id, repo.id, permissions)

    async def remember(self, repo: Repo, key: str, remote_id: str, digest: str, body: str = "") -> None:
        await self.log.remember(Sent(key, remote_id, digest, body, self.now(), repo.installation_id, repo.id))

    def wait_for_gap(self, sent: Sent | None) -> None:
        """Raise Wait when the same thing was written a moment ago; the wish stays, and the next state goes out."""
        if sent is not None and sent.digest and self.now() < sent.sent_at + GAP:
            raise Wait("The same thing was written a moment ago", sent.sent_at + GAP)

    def mark(self, key: str) -> str:
        """Return the hidden line by which we know our own comment again (T19)."""
        proof = hmac.new(self.signing_key, key.encode(), hashlib.sha256).hexdigest()[:32]
        return f"{MARK}{MARKER_VERSION}:{key}:{proof} -->"


def digest_of(value: Any) -> str:
    return hashlib.sha256(to_json(value)).hexdigest()
