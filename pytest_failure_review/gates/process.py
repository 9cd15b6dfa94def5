"""Runs a tool for as long as it may take, and gives its output line by line.

At the end of its time the tool is stopped with all that it has started, first by SIGTERM. Nobody waits for a process
that it left behind with its output still open.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

_LONGEST_LINE: Final = 64 * 1024
_GRACE: Final = 3.0
"""Seconds that a stopped tool has to put things in order."""
_LAST_WORDS: Final = 0.5
"""Seconds for output on its way when the tool itself has ended."""


def follow(words: Sequence[str], folder: Path, seconds: float, listen: Callable[[bytes], None]) -> int | None:
    """The tool's exit status; None when it was stopped because it took longer. Raises OSError when it cannot start."""
    process = subprocess.Popen(  # noqa: S603  (the project's own words, no shell)
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    assert process.stdout is not None
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    deadline = time.monotonic() + seconds
    try:
        while raw := _next(lines, process, deadline):
            listen(raw)
        return process.wait(max(deadline - time.monotonic(), 0))
    except (queue.Empty, subprocess.TimeoutExpired):
        return None
    finally:
        _stop(process)


def _read(output: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    with output:
        while raw := output.readline(_LONGEST_LINE):
            lines.put(raw)
    lines.put(b"")


def _next(lines: queue.SimpleQueue[bytes], process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """The next line, empty at the end of the output or of the tool. Raises queue.Empty when the time is over."""
    while True:
        with suppress(queue.Empty):
            return lines.get(timeout=min(_LAST_WORDS, max(deadline - time.monotonic(), 0)))
        if process.poll() is not None:
            return b""
        if time.monotonic() >= deadline:
            raise queue.Empty


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Also after Ctrl-C, which a tool in a session of its own does not hear."""
    if process.poll() is not None:
        return
    if not hasattr(os, "killpg"):
        process.kill()
        process.wait()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
