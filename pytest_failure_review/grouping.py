"""Makes one record of what one shared fixture failed: pytest raises the very same exception again for every test.

The first failure is recorded whole. The tests after it are named and counted in a `group` record, which is written
again each time the count has doubled and at the end, so that a run that dies has told of most of them; the last counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .evidence import short_hash
from .report import Failure, Fixture, Group

SHARED_SCOPES: Final = frozenset({"session", "package", "module", "class"})
_MOST_HELD: Final = 8
"""Exceptions that are kept in mind. Each keeps its frames alive, as pytest's own memory of the fixture does."""
_MOST_NAMED: Final = 50


def shared_group(nodeid: str, phase: str, fixture: Fixture | None, fingerprint_root: str) -> str:
    """What all tests have in common that one shared fixture failed; empty when it was no such fixture."""
    if fixture is None or not _is_shared(fixture, phase):
        return ""
    inside = "" if fixture["scope"] == "session" else nodeid.partition("::")[0]
    return short_hash("\0".join(["fixture", fixture["name"], fixture["scope"], inside, fingerprint_root]))


def _is_shared(fixture: Fixture | None, phase: str) -> bool:
    return fixture is not None and phase == "setup" and fixture["scope"] in SHARED_SCOPES


@dataclass(slots=True)
class _Followers:
    """The tests that a cause failed beyond those with records of their own."""

    seen: set[str]
    first: list[str]
    """As they are shown."""
    next_written: int = 1

    def record(self, group: str) -> Group:
        return Group(record="group", group=group, count=len(self.seen) + 1, nodeids=list(self.first))


class Groups:
    """Knows the shared causes of one process."""

    def __init__(self) -> None:
        self._held: list[tuple[BaseException, str]] = []
        self._followers: dict[str, _Followers] = {}

    def begins(self, exception: BaseException | None, record: Failure) -> None:
        """Keeps in mind what may fail more tests; `record` is the first it failed."""
        if exception is not None and _is_shared(record.get("fixture"), record["phase"]):
            self._held.append((exception, record["group"]))
            del self._held[:-_MOST_HELD]

    def follows(self, exception: BaseException | None, phase: str) -> str:
        """The group of an exception that has a record already, or an empty text."""
        if exception is None or phase != "setup":
            return ""
        return next((group for held, group in self._held if held is exception), "")

    def add(self, group: str, nodeid: str, shown: str) -> Group | None:
        """Counts one more test; the group's record when it is time to write it again."""
        followers = self._followers.setdefault(group, _Followers(set(), []))
        followers.seen.add(nodeid)
        if len(followers.first) < _MOST_NAMED and shown not in followers.first:
            followers.first.append(shown)
        if len(followers.seen) < followers.next_written:
            return None
        followers.next_written = 2 * len(followers.seen)
        return followers.record(group)

    def finish(self) -> list[Group]:
        """The records of all groups as they are in the end."""
        self._held.clear()
        return [followers.record(group) for group, followers in self._followers.items()]
