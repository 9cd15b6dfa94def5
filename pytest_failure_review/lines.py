"""Makes the lines of one report file, of each failure only what the one before it did not say as well.

The law: a line says what `capping.encode` would say, in another order; and what it says that no line before it said is
told with it, for whoever takes secrets out.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any, Final, NamedTuple

from .capping import MAX_FIELD_BYTES, fits
from .report import Frame

_STEADY: Final = (
    "record", "phase", "attempt", "worker", "outcome", "category", "rule", "confidence", "owner", "sla", "sla_terms",
    "exception", "path", "line", "crash_line", "fingerprint_root", "fixture", "fixtures", "markers", "suspect",
    "suspect_path", "leaves",
)  # fmt: skip
"""Fields that failures of one kind have in common; no mapping in them has names or values that a test chose."""
_APART: Final = frozenset({*_STEADY, "frames", "checkpoints"})
_TIMES: Final = ("created_at", "elapsed")
_BARE: Final = ("label", "sequence", "sha256", "parent", "phase", "task", "kind")
"""All that a checkpoint says that keeps nothing, but for when it was."""
_FIELDS: Final = len((*_BARE, *_TIMES, "state", "files"))
_CHOSEN: Final = ("evidence", "notes", "locals")
"""Others than the plugin fill them: they may be too long."""
_MOST_STEPS: Final = 4000
# No value of a record holds itself.
_dumps: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Line(NamedTuple):
    """A record as one line of ASCII JSON, without its end."""

    whole: str
    news: str
    """What of it stands in no line before it."""
    steady: tuple[object, ...]
    said: str
    """The JSON of the fields that failures of one kind have in common, which goes on."""
    steps: dict[Hashable, str]
    """Of its frames, and of checkpoints that keep nothing, those that are new."""
    whose: tuple[str, str]
    """Test and worker."""


class Lines:
    """What is remembered of the failures before."""

    def __init__(self) -> None:
        self._steady: tuple[object, ...] = ()
        self._said = ""
        self._whose = ("", "")
        self._steps: dict[Hashable, str] = {}

    def of(self, record: Mapping[str, Any]) -> Line | None:
        """The line of a failure or of what followed it; None when it is too long, and something must be cut."""
        if record["record"] == "afterwards":
            return self._of_afterwards(record)
        return self._of_failure(record) if _is_short(record) else None

    def _of_afterwards(self, record: Mapping[str, Any]) -> Line | None:
        steps: dict[Hashable, str] = {}
        fresh: list[str] = []
        taken = self._moments(record, steps, fresh)
        rest = _dumps({name: item for name, item in record.items() if name != "checkpoints"})
        whole = f"{{{taken}{rest[1:]}"
        # All else in it the failure's own line has said.
        whose = record["nodeid"], record["worker"]
        news = "".join(["" if whose == self._whose else rest, *fresh, *steps.values()])
        return Line(whole, news, self._steady, self._said, steps, whose) if len(whole) < MAX_FIELD_BYTES else None

    def _of_failure(self, failure: Mapping[str, Any]) -> Line | None:
        steady = tuple(map(failure.get, _STEADY))
        said = self._said
        if steady != self._steady:
            told = {name: failure[name] for name in _STEADY if name in failure}
            if not fits(told):
                return None
            said = _dumps(told)[:-1]
        steps: dict[Hashable, str] = {}
        passed = ",".join([self._step(frame, steps) for frame in failure["frames"]])
        fresh: list[str] = []
        taken = self._moments(failure, steps, fresh)
        rest = _dumps({name: item for name, item in failure.items() if name not in _APART})
        whole = f'{said},"frames":[{passed}],{taken}{rest[1:]}'
        if len(whole) >= MAX_FIELD_BYTES:
            return None
        news = "".join([rest, *fresh, *steps.values(), "" if said is self._said else said])
        return Line(whole, news, steady, said, steps, (failure["nodeid"], failure["worker"]))

    def _step(self, frame: Frame, steps: dict[Hashable, str]) -> str:
        key = tuple(frame.values())
        said = self._steps.get(key)
        if said is None:
            said = steps[key] = _dumps(frame)
        return said

    def _moments(self, record: Mapping[str, Any], steps: dict[Hashable, str], fresh: list[str]) -> str:
        if "checkpoints" not in record:
            return ""
        return f'"checkpoints":[{",".join([self._moment(each, steps, fresh) for each in record["checkpoints"]])}],'

    def _moment(self, taken: Mapping[str, Any], steps: dict[Hashable, str], fresh: list[str]) -> str:
        """One checkpoint. When it was is no text that could hold a secret."""
        if taken["state"] is not None or taken["files"] or len(taken) != _FIELDS:
            fresh.append(_dumps(taken))
            return fresh[-1]
        key = tuple([taken[name] for name in _BARE])
        said = self._steps.get(key)
        if said is None:
            said = steps[key] = _dumps({name: item for name, item in taken.items() if name not in _TIMES})[:-1]
        return f'{said},"created_at":"{taken["created_at"]}","elapsed":{taken["elapsed"]!r}}}'

    def keep(self, line: Line) -> None:
        """The line was looked at, and nothing in it must be hidden: what it says again is no news."""
        self._steady, self._said, self._whose = line.steady, line.said, line.whose
        if line.steps:
            if len(self._steps) >= _MOST_STEPS:
                self._steps.clear()
            self._steps |= line.steps


def _is_short(failure: Mapping[str, Any]) -> bool:
    """Whether nothing in it must be cut, if the whole is no longer than one field may be."""
    if len(failure["text"]) + len(failure["message"]) > MAX_FIELD_BYTES:
        return False
    chosen = [failure[name] for name in _CHOSEN if name in failure]
    return not chosen or fits(chosen)
