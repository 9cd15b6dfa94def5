"""The command that runs a failure again, as people copy it into their shell.

It holds nothing that a test chose: the App makes it again from a report's name and number, as it prints no command that
a stranger wrote.
"""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from typing import Final

from .report import FILE_PREFIX

OPTION: Final = "--failure-review-replay"
FOLDER: Final = ".failure-review"
"""Where the report's folder is expected when its own name says nothing: unpack the artifact there."""


def replay_command(
    run_id: str, worker: str, number: int, *, folder: str = "", rootdir: str = ".", hash_seed: str = ""
) -> str:
    """Of the `number`th failure record (from 1) in the file of one worker, to be run at the top of the repository.

    `folder` and `rootdir` are relative to that. `hash_seed` is the PYTHONHASHSEED that the run had; it must be set
    before Python starts, so it stands in front.
    """
    below = PurePosixPath(rootdir)
    file = PurePosixPath(*[".."] * len(below.parts), folder or FOLDER, f"{FILE_PREFIX}-{run_id}-{worker}.jsonl")
    there = f"cd {shlex.quote(str(below))} && " if below.parts else ""
    seeded = f"PYTHONHASHSEED={shlex.quote(hash_seed)} " if hash_seed else ""
    return f"{there}{seeded}pytest {OPTION} {shlex.quote(f'{file}#{number}')}"
