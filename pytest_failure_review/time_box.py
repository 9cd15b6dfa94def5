"""Ends a call into somebody else's code that hangs, where that can be done without changing anything else.

That is in the main thread, where signals can be sent to a thread, and where nobody uses SIGVTALRM: pytest-timeout has
SIGALRM, profilers SIGPROF. A helping thread lives as long as the call, since one that stayed would make every fork of a
test a matter of warnings. Elsewhere calls take as long as they take. Code that holds the interpreter is not reached.
The handler goes only when that thread is gone: a signal that finds none ends the process.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from .strangers import attempt

_SIGNAL: Final = getattr(signal, "SIGVTALRM", None)
_GREEN: Final = ("gevent", "eventlet")
"""They put something else in place of threads."""


class TimeIsUp(BaseException):
    """The call was ended; no `except Exception` in it may hold that up."""


class _Box:
    """The call that runs in a box now, if any does."""

    is_open = False


_box: Final = _Box()


def _ring(_signal: int, frame: FrameType | None) -> None:
    if _box.is_open and not _is_in_finalizer(frame):
        _box.is_open = False
        raise TimeIsUp


def _is_in_finalizer(frame: FrameType | None) -> bool:
    """What is raised in one that the call has set off Python only prints; the next ring comes after it."""
    while frame is not None and frame.f_code is not attempt_within.__code__:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def _keep_ringing(is_over: threading.Event, seconds: float, thread: int) -> None:
    assert _SIGNAL is not None
    while not is_over.wait(seconds):
        signal.pthread_kill(thread, _SIGNAL)


def attempt_within(seconds: float, function: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    """As `attempt`, but `TimeIsUp` is the trouble of a call that was ended after so many seconds."""
    if _box.is_open or not _is_possible():
        return attempt(function, *arguments)
    assert _SIGNAL is not None
    is_over, main = threading.Event(), threading.get_ident()
    bell = threading.Thread(target=_keep_ringing, args=(is_over, seconds, main), daemon=True)
    try:
        try:
            _box.is_open = True
            bell.start()
            answer = attempt(function, *arguments)
        finally:
            _box.is_open = False  # from here on nothing is raised any more
    except TimeIsUp:  # just when the call had ended by itself
        answer = None, TimeIsUp.__name__
    finally:
        is_over.set()
        bell.join()
        if signal.getsignal(_SIGNAL) is _ring:
            signal.signal(_SIGNAL, signal.SIG_IGN)  # which takes one back that is still on its way
            signal.signal(_SIGNAL, signal.SIG_DFL)
    return answer


def _is_possible() -> bool:
    if (
        _SIGNAL is None
        or not hasattr(signal, "pthread_kill")
        or threading.current_thread() is not threading.main_thread()
        or any(name in sys.modules for name in _GREEN)
    ):
        return False
    now = signal.getsignal(_SIGNAL)
    if now is signal.SIG_DFL:
        signal.signal(_SIGNAL, _ring)
        return True
    return now is _ring
