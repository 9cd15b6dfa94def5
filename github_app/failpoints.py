"""Named places between two steps where a test may kill the process; else each costs one look at an empty dict."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

NAMES = (
    "inbox.before_commit",
    "inbox.after_commit",
    "inbox.after_claim",
    "inbox.after_perform",
    "store.before_commit",
    "store.after_commit",
    "outbox.after_claim",
    "outbox.after_perform",
    "timers.after_claim",
    "timers.after_perform",
    "checks.before_write",
    "checks.after_write",
    "checks.between_batches",
    "comments.before_write",
    "comments.after_write",
    "labels.before_write",
    "labels.between",
    "labels.after_write",
)

_armed: dict[str, Callable[[], None]] = {}


def kill() -> None:
    """End this process at once, as a power cut would: no handler runs, no buffer is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(name: str, action: Callable[[], None] = kill) -> None:
    """Run `action` whenever `name` is passed; ValueError for a name that is not one of `NAMES`."""
    if name not in NAMES:
        raise ValueError(f"no failpoint is called {name!r}; there are: {', '.join(NAMES)}")
    _armed[name] = action


def disarm() -> None:
    """Make every failpoint harmless again."""
    _armed.clear()


def failpoint(name: str) -> None:
    """Do what `name` was armed with: normally nothing."""
    if _armed and name in _armed:
        _armed[name]()
