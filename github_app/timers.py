"""Timers: what is due becomes an event, once, through the same door as everything else."""

from __future__ import annotations

from dataclasses import dataclass

from github_app.engine import Timer

BATCH = 200


@dataclass(frozen=True, slots=True)
class ClaimedTimer:
    """A due timer that one worker may fire now; `token` proves the claim when it settles."""

    timer: Timer
    attempts: int
    token: int
