"""Runs failures of a report again: selects their tests and restores what the run was seeded with.

The law: the report chooses among the tests that pytest collects in this rootdir anyway, by pytest's own patterns. It
gives no option, no plugin and no path outside.
What Python fixes when it starts, the hash seed, cannot be set any more: the header then says how to start it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from .checkpoints import RECORDS
from .evidence import short_hash
from .plain import printable
from .providers import example_of_hypothesis, restore_random
from .recorded import NotReplayable, Recorded, find
from .values import Kept

_MOST_NAMED: Final = 5


class Replay:
    """The pytest plugin object of a session that replays."""

    def __init__(self, config: pytest.Config, chosen: Sequence[Recorded], *, with_before: bool) -> None:
        self._config = config
        self._chosen = chosen
        self._with_before = with_before
        self._root = config.rootpath.resolve()
        self._files = {self._file_of(each.nodeid, each.name): each.name for each in chosen}
        if with_before:
            self._files |= {file: "" for each in chosen for nodeid in each.before if (file := self._inside(nodeid))}
        self._folders = {folder for file in self._files for folder in file.parents}
        self._targets: dict[str, Recorded] = {}
        self._running: Recorded | None = None
        self._lost = 0

    def _inside(self, nodeid: str) -> Path | None:
        """The test's file, when it is one below the rootdir, also by its links."""
        file = Path(os.path.normpath(self._root / nodeid.partition("::")[0]))
        inside = file != self._root and file.is_relative_to(self._root) and file.exists()
        return file if inside and file.resolve().is_relative_to(self._root) else None

    def _file_of(self, nodeid: str, name: str) -> Path:
        file = self._inside(nodeid)
        if file is None:
            raise NotReplayable(
                f"{name} cannot be run again: {nodeid.partition('::')[0]!r} is no file in {self._root}. Is"
                " this the commit that the report was made of, and is pytest started for the same project?"
            )
        return file

    # -- which tests --

    def pytest_report_header(self) -> list[str]:
        lines = [f"failure review: runs {len(self._chosen)} recorded failure{'s' * (len(self._chosen) != 1)} again"]
        needed = self._chosen[0].seeds.get("PYTHONHASHSEED", "")
        if needed and os.environ.get("PYTHONHASHSEED") != needed:
            lines.append(f"it ran with another hash seed; to have that too, start it with PYTHONHASHSEED={needed}")
        return lines

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        path = collection_path.resolve()
        return None if path == self._root or path in self._folders or path in self._files else True

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        found = _Found(items)
        kept: dict[str, pytest.Item] = {}
        for each in self._chosen:
            targets = found.targets(each)
            if not targets and each.phase != "collect" and not session.testsfailed:
                why = f"{each.name} cannot be run again: pytest finds no test {each.nodeid!r} here"
                raise pytest.UsageError(printable(why))
            if self._with_before:
                earlier = found.earlier(each.before)
                self._lost += len(each.before) - len(earlier)
                kept |= {item.nodeid: item for item in earlier}
            for item in targets:
                kept.pop(item.nodeid, None)  # it comes after those
                kept[item.nodeid] = item
                self._targets[item.nodeid] = each
        self._config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in kept])
        items[:] = kept.values()

    def pytest_report_collectionfinish(self) -> str | None:
        return f"{self._lost} of the tests that ran before are not found here" if self._lost else None

    # -- as it was --

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        RECORDS.append(self)
        if self._with_before and self._chosen[0].environment is not None:
            restore_random(self._chosen[0].environment.get("provided"))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        RECORDS.remove(self)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._running = self._targets.get(item.nodeid)
        session_seed = self._running.seeds.get("hypothesis", "") if self._running else ""
        try:
            with example_of_hypothesis(item, self._provided("failure"), session_seed):
                return (yield)
        finally:
            self._running = None

    def begin(self) -> None:
        """The `checkpoint` fixture of a test is made: chance goes on as it did in the recorded run."""
        restore_random(self._provided("begun"))

    def _provided(self, kind: str) -> Any:
        checkpoints = self._running.checkpoints if self._running else ()
        return next((each.get("provided") for each in checkpoints if each.get("kind") == kind), None)

    def load(self, label: str) -> Any:
        """The state of the newest checkpoint with this label; hooks have then brought the world back to it."""
        if self._running is None:
            return None
        for each in reversed(self._running.checkpoints):
            if each.get("label") == label:
                kept = Kept(label=label, sha256=str(each.get("sha256")), state=each.get("state"))
                self._config.hook.pytest_failure_review_restore(checkpoint=kept)
                return each.get("state")
        known = ", ".join(repr(printable(str(each.get("label")))) for each in self._running.checkpoints)
        raise KeyError(f"{label!r} is no checkpoint of {printable(self._running.name)}; it has {known or 'none'}")


class _Found:
    """The tests that pytest has collected, by what a report calls them."""

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self._items = items
        self._by_id = {item.nodeid: item for item in items}
        self._by_hash = {short_hash(item.nodeid): item for item in items}

    def targets(self, recorded: Recorded) -> list[pytest.Item]:
        if recorded.phase == "collect":
            prefix = f"{recorded.nodeid}::"
            return [item for item in self._items if item.nodeid.startswith(prefix) or item.nodeid == recorded.nodeid]
        item = self._by_hash.get(recorded.node_hash) or self._one(recorded.nodeid)
        return [item] if item else []

    def _one(self, nodeid: str) -> pytest.Item | None:
        # pytest-xdist writes the group behind the id when it keeps groups together.
        return self._by_id.get(nodeid) or self._by_id.get(nodeid.rpartition("@")[0])

    def earlier(self, nodeids: Sequence[str]) -> list[pytest.Item]:
        return [item for nodeid in nodeids if (item := self._one(nodeid))]


def prepare(config: pytest.Config, report: str, *, with_before: bool) -> None:
    """Makes this run of pytest a replay. Raises UsageError with a sentence."""
    try:
        chosen = find(report, config.invocation_params.dir)
        replay = Replay(config, chosen, with_before=with_before)
    except NotReplayable as error:
        raise pytest.UsageError(str(error)) from None
    config.args = [str(config.rootpath)]
    # What would take the tests away again, hand them to other processes, or stop before they are reached.
    settings: dict[str, Any] = {
        "keyword": "",
        "markexpr": "",
        "deselect": None,
        "lf": False,
        "failedfirst": False,
        "stepwise": False,
        "maxfail": 0,
        "dist": "no",
        "numprocesses": None,
        "tx": [],
    }
    seed = chosen[0].seeds.get("randomly", "")
    if seed.isdecimal():
        settings["randomly_seed"] = int(seed)
    for name, value in settings.items():
        if hasattr(config.option, name):
            setattr(config.option, name, value)
    config.pluginmanager.register(replay, "failure_review_replay")
