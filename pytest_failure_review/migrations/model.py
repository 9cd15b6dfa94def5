"""What is found, and the notes by which an author says that it is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final, Literal

Kind = Literal["heads", "broken", "irreversible", "destructive", "unreadable"]
_COMMENT: Final = re.compile(r"\s*(?:#|--)")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to put right, at a line of a file."""

    path: str
    line: int
    kind: Kind
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Step:
    """Something a migration does that asks for a note."""

    kind: Kind
    first: int
    last: int
    what: str


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration, as far as reading tells. Its folder and `name` identify it."""

    path: PurePath
    name: str
    text: str
    line: int = 1
    """Where it says what it comes after."""
    parents: tuple[tuple[str, str], ...] = ()
    """What it comes after: the chain (an app's label, or empty) and the name there."""
    labels: frozenset[str] = frozenset()
    """Branches that may go on side by side."""
    replaces: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()
    head_note: str = field(default="", compare=False)
    """The text at the top of the file that may hold a note for all of it."""

    def findings(self) -> list[Finding]:
        """Each step that no note explains."""
        return [
            Finding(str(self.path), step.first, step.kind, f"it {step.what}; {_ASKED[step.kind]}")
            for step in self.steps
            if not self._is_explained(step)
        ]

    def _is_explained(self, step: Step) -> bool:
        note = re.compile(rf"(?im)^(?:.*(?:#|--))?\s*{step.kind}:[ \t]*\S")
        return any(note.search(part) for part in (self.head_note, self._around(step)))

    def _around(self, step: Step) -> str:
        """The lines of the step and the comment right above them."""
        lines = self.text.splitlines()
        first = step.first - 1
        while first > 0 and _COMMENT.match(lines[first - 1]):
            first -= 1
        own = lines[first : step.last]
        return "\n".join(f"# {line.partition(mark)[2]}" for line in own for mark in ("#", "--") if mark in line)


_ASKED: Final[dict[str, str]] = {
    "destructive": "write `destructive: WHY THAT IS SAFE` as a comment above it, or keep the data",
    "irreversible": "write the way back, or `irreversible: WHY` as a comment",
}


def listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
