"""Alembic's revision files: https://alembic.sqlalchemy.org/en/latest/tutorial.html#create-a-migration-script."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from .model import Migration, Step
from .python_code import Code, Function, assigned, code_of, does_nothing


class UnknownValueError(ValueError):
    """A `revision` or `down_revision` that is computed."""


def read(path: PurePath, text: str, tree: ast.Module) -> Migration | None:
    """The migration in a file; None when the file is none of Alembic's. Raises UnknownValueError."""
    names = assigned(tree.body)
    if "revision" not in names or "down_revision" not in names:
        return None
    (revision,) = _texts(names["revision"]) or ("",)
    return Migration(
        path=path,
        name=revision,
        text=text,
        line=names["down_revision"].lineno,
        parents=tuple(("", name) for name in _texts(names["down_revision"])),
        labels=frozenset(_texts(names["branch_labels"])) if "branch_labels" in names else frozenset(),
        steps=tuple(_steps(code_of(tree))),
        head_note=ast.get_docstring(tree, clean=True) or "",
    )


def _texts(value: ast.expr) -> tuple[str, ...]:
    try:
        told: Any = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise UnknownValueError(f"line {value.lineno} is computed, and only plain text can be read") from None
    return tuple(str(item) for item in (told if isinstance(told, list | tuple | set) else [told]) if item)


def _steps(code: Code) -> Iterator[Step]:
    """Templates for several databases have `upgrade_one`, `upgrade_two`."""
    ups = [function for name, function in code.functions.items() if name.split("_")[0] == "upgrade"]
    for up in ups:
        yield from code.destructive(up)
        down = code.functions.get(up.name.replace("upgrade", "downgrade", 1))
        if not does_nothing(up) and (down is None or does_nothing(down)):
            yield _no_way_back(down or up, "has no" if down is None else "does nothing in its")


def _no_way_back(at: Function, how: str) -> Step:
    name = at.name.replace("upgrade", "downgrade", 1)
    return Step("irreversible", at.lineno, at.end_lineno or at.lineno, f"{how} `{name}`")
