"""What GitHub's runner makes of lines of output: the workflow commands that it obeys.

Two grammars: `::name key=value,...::text` at the beginning of a line, after white space of any kind, and
`##[name key=value;...]text` anywhere in it. An unknown name makes a line ordinary.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KNOWN = frozenset(
    [
        "error",
        "warning",
        "notice",
        "debug",
        "group",
        "endgroup",
        "echo",
        "add-mask",
        "add-path",
        "add-matcher",
        "remove-matcher",
        "set-env",
        "set-output",
        "save-state",
        "stop-commands",
    ]
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command, its values as the runner understands them."""

    name: str
    properties: dict[str, str]
    text: str


def obeyed(output: str) -> list[Command]:
    """The commands in it, in their order."""
    found = (_begins(line) or _contains(line) for line in re.split(r"\r\n|\r|\n", output))
    return [command for command in found if command is not None]


def _begins(line: str) -> Command | None:
    head, separator, text = line.lstrip().removeprefix("::").partition("::")
    name, _, given = head.partition(" ")
    if not line.lstrip().startswith("::") or not separator or name.lower() not in KNOWN:
        return None
    pairs = [pair.split("=", 1) for pair in given.strip().split(",") if "=" in pair]
    return Command(name.lower(), {key: _unescaped(value, ":,") for key, value in pairs}, _unescaped(text, ""))


def _contains(line: str) -> Command | None:
    _, found, rest = line.partition("##[")
    head, closed, text = rest.partition("]")
    name = head.partition(" ")[0].lower()
    return Command(name, {}, text) if found and closed and name in KNOWN else None


def _unescaped(text: str, more: str) -> str:
    for letter in "\r\n" + more + "%":  # in this order, as the runner does
        text = text.replace(f"%{ord(letter):02X}", letter)
    return text
