"""Effects: wishes performed one at a time a key, repeated until done, given up with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ClaimedWish:
    """A wish that one worker may perform now; `token` proves the claim when it settles.

    `wanted_at` is when it was last wished for: from then on it is tried for 72 hours.
    """

    id: int
    key: str
    kind: str
    payload: str
    wanted_at: datetime
    attempts: int
    token: int
    installation_id: int
    repo_id: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What was last shown to the world under a key, and where: the memory that look-then-create starts from."""

    key: str
    remote_id: str
    digest: str
    body: str
    sent_at: datetime
    installation_id: int
    repo_id: int
