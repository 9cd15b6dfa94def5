"""Migrations in plain SQL: `NAME.up.sql` beside `NAME.down.sql`, or one file with parts for both (dbmate, goose)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from .model import Migration, Step
from .statements import destructive, is_empty

UP: Final = ".up.sql"
DOWN: Final = ".down.sql"
_PART: Final = re.compile(r"^[ \t]*--[ \t]*(?:migrate:|\+goose[ \t]+)(up|down)\b.*$", re.IGNORECASE | re.MULTILINE)
_VERSION: Final = re.compile(r"[Vv]?(\d+)")


def read(path: PurePath, text: str, down: str | None) -> Migration | None:
    """The migration in a file; `down` is what the file with the way back holds. None when the file is no migration."""
    parts = [(hit[1].lower(), hit.end()) for hit in _PART.finditer(text)]
    if path.name.endswith(UP):
        steps = _steps(text, text, down)
    elif any(kind == "up" for kind, _ in parts):
        steps = _of_parts(text, parts)
    else:
        return None
    version = _VERSION.match(path.name)
    name = version[1] if version else path.name
    return Migration(path=path, name=name, text=text, steps=tuple(steps), head_note=_top(text))


def _of_parts(text: str, parts: list[tuple[str, int]]) -> Iterator[Step]:
    ends = [*(start for _, start in parts[1:]), len(text)]
    up, down = "", None
    for (kind, start), end in zip(parts, ends, strict=True):
        if kind == "up":
            up = "\n" * text.count("\n", 0, start) + text[start:end]
        else:
            down = text[start:end]
    return _steps(text, up, down)


def _steps(text: str, up: str, down: str | None) -> Iterator[Step]:
    for line, what in destructive(up):
        yield Step("destructive", line + 1, line + 1, what)
    if not is_empty(up) and (down is None or is_empty(down)):
        yield Step(
            "irreversible",
            1,
            text.count("\n") + 1,
            "has no way down" if down is None else "does nothing on its way down",
        )


def _top(text: str) -> str:
    """The comment before the first statement, without what marks the parts."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("--"):
            break
        lines += [line.strip().lstrip("-")]
        if _PART.match(line):
            break
    return "\n".join(lines)
