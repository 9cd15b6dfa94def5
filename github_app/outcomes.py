"""How work on the outside world can end other than well; the three loops understand these and nothing else."""

from __future__ import annotations

from datetime import datetime


class Unfinished(Exception):  # noqa: N818  (an outcome, not an error of ours)
    """The work was not done; `reason` is the sentence that people read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Wait(Unfinished):
    """The other side asked for patience until `until` (UTC): a wait is not a failed attempt."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.until = until


class Retry(Unfinished):
    """It failed in a way that may pass: time-out, reset connection, 5xx.

    `effect_unknown` says that a write may have happened all the same, so whoever repeats it looks first (L17).
    """

    def __init__(self, reason: str, *, effect_unknown: bool = False) -> None:
        super().__init__(reason)
        self.effect_unknown = effect_unknown


class Unexpected(Retry):
    """Our own code broke or took too long over it: repeated a few times, for it may be the item that is poisonous."""


class GiveUp(Unfinished):
    """It will not pass: the thing is gone, or the other side refuses.

    `status` is the HTTP status, 0 if there was none.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status
