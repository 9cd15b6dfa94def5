"""The order of migrations: one end per chain, and nothing that comes after what is not there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from .model import Finding, Migration, listed

Revisions = dict[str, Migration]


def alembic(migrations: Sequence[Migration]) -> Iterator[Finding]:
    """Folders of one chain may refer to each other; a name is looked for in its own folder first."""
    folders: dict[PurePath, Revisions] = defaultdict(dict)
    for migration in migrations:
        known = folders[migration.path.parent]
        if migration.name in known:
            yield _twice(migration, known[migration.name])
        known.setdefault(migration.name, migration)
    parents = {id(m): [_found(name, m, folders) for _, name in m.parents] for m in migrations}
    for migration in migrations:
        for (_, name), parent in zip(migration.parents, parents[id(migration)], strict=True):
            if parent is None:
                yield _broken(migration, f"`{name}`")
    continued = {id(parent) for found in parents.values() for parent in found if parent}
    for revisions in folders.values():
        ends: dict[frozenset[str], list[Migration]] = defaultdict(list)
        for migration in revisions.values():
            if id(migration) not in continued:
                ends[_labels(migration, parents)].append(migration)
        for heads in ends.values():
            yield from _heads(heads, "merge them with `alembic merge heads`, or let one come after the other")


def _found(name: str, migration: Migration, folders: dict[PurePath, Revisions]) -> Migration | None:
    own = folders[migration.path.parent].get(name)
    return own or next((known[name] for known in folders.values() if name in known), None)


def _labels(head: Migration, parents: dict[int, list[Migration | None]]) -> frozenset[str]:
    """A branch's label holds for all that comes after it."""
    seen, waiting = {id(head): head}, [head]
    while waiting:
        for parent in parents[id(waiting.pop())]:
            if parent is not None and id(parent) not in seen:
                seen[id(parent)] = parent
                waiting.append(parent)
    return frozenset(label for migration in seen.values() for label in migration.labels)


def django(migrations: Sequence[Migration]) -> Iterator[Finding]:
    """Each app has a chain of its own; what a squashed migration replaces is no end, and may already be gone."""
    folders: dict[PurePath, list[Migration]] = defaultdict(list)
    for migration in migrations:
        folders[migration.path.parent].append(migration)
    for folder, own in folders.items():
        names = {migration.name for migration in own}
        replaced = {name for migration in own for _, name in migration.replaces}
        label = _label(folder, own, names)
        after = {id(m): [name for app, name in m.parents if app == label and not name.startswith("__")] for m in own}
        for migration in own:
            gone = [name for name in after[id(migration)] if name not in names | replaced]
            yield from (_broken(migration, f"`{label}.{name}`") for name in gone)
        stands_for = {name: migration.name for migration in own for _, name in migration.replaces}
        live = [migration for migration in own if migration.name not in replaced]
        continued = {stands_for.get(name, name) for migration in live for name in after[id(migration)]}
        ends = [migration for migration in live if migration.name not in continued]
        yield from _heads(ends, "merge them with `manage.py makemigrations --merge`, or let one come after the other")


def _label(folder: PurePath, own: Sequence[Migration], names: set[str]) -> str:
    """An app is called like its folder, unless its own migrations call it otherwise."""
    told = Counter(app for migration in own for app, name in migration.parents if name in names)
    usual = folder.parent.name
    return usual if usual in told or not told else told.most_common(1)[0][0]


def sql(migrations: Sequence[Migration]) -> Iterator[Finding]:
    """The order is that of the numbers, so a number may stand for one migration alone."""
    known: dict[tuple[PurePath, str], Migration] = {}
    for migration in migrations:
        first = known.setdefault((migration.path.parent, migration.name), migration)
        if first is not migration:
            words = (
                f"multiple heads: {migration.name} is also the number of {first.path.name}; give one the next number"
            )
            yield Finding(str(migration.path), 1, "heads", words)


def _heads(heads: Sequence[Migration], remedy: str) -> Iterator[Finding]:
    if len(heads) > 1:
        *_, last = heads
        words = f"multiple heads: {listed([head.name for head in heads])}; {remedy}"
        yield Finding(str(last.path), last.line, "heads", words)


def _broken(migration: Migration, parent: str) -> Finding:
    return Finding(str(migration.path), migration.line, "broken", f"it comes after {parent}, which no file is")


def _twice(migration: Migration, first: Migration) -> Finding:
    words = f"`{migration.name}` is also the revision of {first.path.name}"
    return Finding(str(migration.path), migration.line, "broken", words)
