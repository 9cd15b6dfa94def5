"""The command that runs a failure again, as people copy it into their shell.

It holds nothing that a test chose, but options that its user gave pytest, and it starts pytest as they did. The App
makes one without either from a report's name and number, as it prints no command that a stranger wrote.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

PROGRAM: Final = "pytest"
BY_MODULE: Final = "python -m pytest"
OPTION: Final = "--failure-review-replay"
FOLDER: Final = ".failure-review"
"""Where the report's folder is expected when its own name says nothing: unpack the artifact there."""

_LONGEST: Final = 8192
_WORD: Final = r"""(?:[\w@%+=:,./~\[\]-]|'[^'\x00-\x1f]*'|"'")+"""
_COMMAND: Final = (
    rf"(?:cd {_WORD} && )?(?:PYTHONHASHSEED={_WORD} )?(?:python -m )?pytest(?: {_WORD})* {OPTION}[ =]{_WORD}"
)


def is_replay_command(text: object) -> bool:
    """Whether a text is a command as `replay_command` writes it: a report may come from strangers, who write others."""
    return isinstance(text, str) and len(text) <= _LONGEST and re.fullmatch(_COMMAND, text, re.ASCII) is not None


def program_of(argv: Sequence[str]) -> str:
    """What the shell calls pytest by, of the process's own `sys.argv`.

    `python -m pytest` lets tests import what lies in the current folder; without it a flat project finds nothing.
    """
    return BY_MODULE if argv and PurePath(argv[0]).parts[-2:] == ("pytest", "__main__.py") else PROGRAM


@dataclass(frozen=True, slots=True)
class Here:
    """Where a run took place; whole paths."""

    started: Path
    """The folder that pytest was started in."""
    rootdir: Path
    inifile: Path | None
    repository: Path


def replay_command(
    report: PurePath,
    number: int,
    *,
    folder: str = "",
    hash_seed: str = "",
    options: Sequence[str] = (),
    program: str = PROGRAM,
) -> str:
    """Of the `number`th failure record (from 1) in the file `report`, as `folder` sees it, where the shell goes first.

    `hash_seed` is the PYTHONHASHSEED that the run had; it must be set before Python starts, so it stands in front.
    """
    there = f"cd {shlex.quote(folder)} && " if folder else ""
    seeded = f"PYTHONHASHSEED={shlex.quote(hash_seed)} " if hash_seed else ""
    given = "".join(f"{shlex.quote(word)} " for word in options)
    return f"{there}{seeded}{program} {given}{OPTION} {shlex.quote(f'{report.as_posix()}#{number}')}"


def with_number(first: str, number: int) -> str:
    """The command of another failure in the same file, made from that of the first."""
    head, _, tail = first.rpartition("#1")
    return f"{head}#{number}{tail}"


def downloaded(file: Path, here: Here) -> tuple[PurePath, str]:
    """The report and the folder in a command for the top of any clone, as far as they are known in this one."""
    inside = here.rootdir.is_relative_to(here.repository)
    below = here.rootdir.relative_to(here.repository) if inside else PurePosixPath()
    known = file.is_relative_to(here.repository)
    report = file.relative_to(here.repository) if known else PurePosixPath(FOLDER, file.name)
    return PurePosixPath(*[".."] * len(below.parts), report), below.as_posix() if below.parts else ""


def in_place(file: Path, here: Here) -> tuple[PurePath, str]:
    """The report and the folder in a command for the folder that pytest was started in.

    It goes to the rootdir where pytest, told nothing else, would not find that rootdir from here.
    """
    found_by_file = here.inifile is not None and here.inifile.parent == here.rootdir
    finds = here.started == here.rootdir or (found_by_file and here.started.is_relative_to(here.rootdir))
    base = here.started if finds else here.rootdir
    below = file.is_relative_to(base) and ".." not in file.parts
    return file.relative_to(base) if below else file.resolve(), "" if finds else os.path.relpath(base, here.started)


def as_seen_from(base: Path, path: str, repository: Path) -> str:
    """A path below the repository relative to `base`; others stay whole."""
    inside = Path(os.path.normpath(path)).is_relative_to(repository)
    return PurePath(os.path.relpath(path, base)).as_posix() if inside else path
