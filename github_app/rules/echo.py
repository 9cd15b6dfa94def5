"""The text of a step that the runner repeats before anything of it runs: it proves nothing (X30).

The law: a change can print a group of any name, so only lines that have the form the runner gives them are taken for
its own, and of these none that is as a scanner alone writes of a leak: its form can be forged, too (T15).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from github_app.rules.lines import unstamped
from github_app.rules.regex import compiled

BEGINS: Final = "##[group]Run "
ENDS: Final = "##[endgroup]"
CYAN: Final = b"\x1b[36;1m"
"""The colour in which the runner repeats a script."""

_STAMPED: Final = 1024  # bytes within which a line says something, whatever stamps it

_SHELL: Final = "shell: "
_SETTING: Final = ("env:", "with:", "  ")


_OF_SCANNER: Final = (
    r"^\s*(?:(?:[\d:.]+\s?[AP]M|\S+T\S+Z) )?WRN leaks found: [1-9]",
    r"^\s*(?:\W{0,8}found (?:un)?verified result|🛑 Leaks detected|leaks? found: [1-9]\d*\W*$)",
    r"^\s*(?:RuleID|Detector Type|Decoder Type|Raw result|Secret Type):\s+[A-Za-z]",
    r"^\s*(?:Secret|Match|Finding):\s+.*\bREDACTED\s*$",
    r"^\s*Fingerprint:\s+\S+:[\w-]+:\d+\s*$",
    r"^\s*ERROR: Potential secrets about to be",
)


def is_of_leak(text: str) -> bool:
    """Whether a line is as a scanner writes it of a leak, and no command or setting that only speaks of one."""
    return compiled(f"(?i){'|'.join(_OF_SCANNER)}").search(text) is not None


def is_cyan(raw: bytes) -> bool:
    """Whether a line as it came is in the runner's colour from its beginning."""
    return unstamped(raw[:_STAMPED].decode(errors="replace"))[1].startswith(CYAN.decode())


def is_action(group: Sequence[str]) -> bool:
    """Whether a group, its header first, is one of an action, with its inputs or its environment."""
    title = group[0].removeprefix(BEGINS)
    return "/" in title and " " not in title and len(group) > 1 and group[1] in {"with:", "env:"}


def repeated(group: Sequence[str], *, coloured: bool = False) -> frozenset[int]:
    """Give the indexes of the lines in a group, its header first, that the runner has repeated.

    A script is followed by the shell that runs it, and both by nothing but settings; where the log is `coloured`, a
    script is known by its colour and not given here. A further line of an action's input looks like any other.
    """
    return frozenset(index for index in _formed(group, coloured=coloured) if not is_of_leak(group[index]))


def _formed(group: Sequence[str], *, coloured: bool) -> frozenset[int]:
    if is_action(group):
        return _settings(group, 1)
    shell = max((index for index, line in enumerate(group) if index and line.startswith(_SHELL)), default=None)
    if shell is None:
        return frozenset()
    script = frozenset() if coloured else frozenset(range(1, shell))
    return script | {shell} | _settings(group, shell + 1)


def _settings(group: Sequence[str], start: int) -> frozenset[int]:
    return frozenset(index for index in range(start, len(group)) if group[index].startswith(_SETTING))
