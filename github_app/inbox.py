"""Deliveries: kept before they are acknowledged, sorted by subject, handled until done, ignored or parked.

Two deliveries of one subject never run at the same time, and the older one goes first when both could; but one that
waits for its next attempt holds nobody up: state must not depend on the order of arrival, as GitHub promises none (G6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MAX_ATTEMPTS = 8

Verdict = Literal["ready", "ignored", "quarantined"]
Final = Literal["done", "ignored", "quarantined", "parked"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A signed request of GitHub as it came: `guid` is the X-GitHub-Delivery header, `body` the raw bytes."""

    guid: str
    event: str
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Sorted:
    """What one look at the body says: whom it concerns, and whether there is anything to do."""

    subject: str | None
    installation_id: int | None
    repo_id: int | None
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that one worker may handle now; `token` proves the claim when it settles."""

    delivery: Delivery
    seq: int
    token: int
    attempts: int
    subject: str | None
    installation_id: int | None
    repo_id: int | None


Sort = Callable[[str, bytes], Sorted]
"""Reads (event, body) once, in a thread, before the delivery is handled; never raises for what a stranger sends."""
