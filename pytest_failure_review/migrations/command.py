"""`failure-review check-migrations`: what is wrong with migrations, before any database sees them (S1-131)."""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import Any, Final

from pytest_failure_review.git import ask
from pytest_failure_review.plain import printable

from . import alembic, django, graph, sql
from .model import Finding, Migration
from .python_code import parse

GOOD, FINDINGS, UNUSABLE = 0, 1, 2
_OTHERS: Final = frozenset({"node_modules", "site-packages", "venv", "build", "dist", "__pycache__"})


def add_check_migrations_command(subparsers: Any) -> None:
    """Adds `check-migrations` to the commands of `failure-review`."""
    parser = subparsers.add_parser(
        "check-migrations",
        help="read database migrations (Alembic, Django, SQL): multiple heads, no way back, data destroyed",
        description="Reads, never runs, the migrations in each PATH (default: here). Of a file its folder is read, "
        "and what is said is of that file. Exit status: 0 good, 1 findings, 2 a file cannot be read, or there is none.",
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    paths: list[Path] = arguments.paths or [Path()]
    if missing := [path for path in paths if not path.exists()]:
        sys.stderr.write(f"There is no {printable(str(missing[0]))}.\n")
        return UNUSABLE
    read = read_all(paths)
    only = {PurePath(path) for path in paths if path.is_file()} if all(path.is_file() for path in paths) else None
    found = sorted({finding for finding in read.findings() if _is_asked(finding, only)})
    if arguments.json:
        told = {"checked": read.count, "findings": [asdict(finding) for finding in found]}
        sys.stdout.write(f"{json.dumps(told)}\n")
    else:
        sys.stdout.writelines(f"{printable(str(finding))}\n" for finding in found)
        sys.stdout.write(f"{_summary(read.count, len(found))}\n")
    if any(finding.kind == "unreadable" for finding in found) or (only is None and not read.count):
        return UNUSABLE
    return FINDINGS if found else GOOD


def _is_asked(finding: Finding, only: set[PurePath] | None) -> bool:
    """What is wrong with the order is nobody's alone."""
    return only is None or finding.kind in ("heads", "broken") or PurePath(finding.path) in only


def _summary(count: int, found: int) -> str:
    if not count:
        return "No migrations were found: nothing was checked."
    migrations = "1 migration was" if count == 1 else f"{count} migrations were"
    return f"{migrations} read: {found or 'no'} finding{'' if found == 1 else 's'}."


@dataclass(slots=True)
class Read:
    """The migrations of a project, by the tool that runs them."""

    alembic: list[Migration] = field(default_factory=list)
    django: list[Migration] = field(default_factory=list)
    sql: list[Migration] = field(default_factory=list)
    unreadable: list[Finding] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.alembic) + len(self.django) + len(self.sql) + len(self.unreadable)

    def findings(self) -> Iterator[Finding]:
        for migration in (*self.alembic, *self.django, *self.sql):
            yield from migration.findings()
        yield from (*graph.alembic(self.alembic), *graph.django(self.django), *graph.sql(self.sql), *self.unreadable)


def read_all(paths: Iterable[Path]) -> Read:
    """Reads every migration in the folders, and beside the files; raises nothing."""
    read = Read()
    for path in sorted({file for given in paths for file in _files(given)}):
        if path.name.endswith(".sql"):
            _read_sql(path, read)
        else:
            _read_python(path, read)
    return read


def _files(path: Path) -> Iterator[Path]:
    """Of a file those of its folder; of a folder all below it that git knows, or that are no tool's."""
    if path.is_file():
        yield from (other for other in path.parent.iterdir() if _is_source(other))
        return
    told = ask(path, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if told is not None:
        yield from (path / name for name in told.split("\0") if name and _is_source(path / name))
        return
    for folder, inner, names in os.walk(path):
        inner[:] = [name for name in inner if not name.startswith(".") and name not in _OTHERS]
        yield from (Path(folder, name) for name in names if _is_source(Path(folder, name)))


def _is_source(path: Path) -> bool:
    return path.suffix in (".py", ".sql") and path.is_file()


def _read_sql(path: Path, read: Read) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    way_back = path.with_name(path.name.removesuffix(sql.UP) + sql.DOWN)
    down = way_back.read_text(encoding="utf-8", errors="replace") if way_back.is_file() else None
    found = sql.read(path, text, down)
    read.sql += [found] if found else []


def _read_python(path: Path, read: Read) -> None:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if "down_revision" not in text and "Migration" not in text:
        return
    try:
        tree = parse(text)
        _sort(path, text, tree, read)
    except SyntaxError as error:
        if path.parent.name in ("versions", "migrations"):
            read.unreadable.append(Finding(str(path), error.lineno or 1, "unreadable", f"it is no Python: {error.msg}"))
    except alembic.UnknownValueError as error:
        read.unreadable.append(Finding(str(path), 1, "unreadable", f"its place in the order cannot be read: {error}"))


def _sort(path: Path, text: str, tree: ast.Module, read: Read) -> None:
    if found := alembic.read(path, text, tree):
        read.alembic.append(found)
    elif found := django.read(path, text, tree):
        read.django.append(found)
