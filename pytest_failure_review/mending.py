"""Makes a record that anybody may have written one that can be shown: what is of no use in it is replaced or left out.

A report lies next to the tests until it is read, so nothing in it is believed: but no failure is lost because one of
its fields is broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from .command import is_replay_command
from .report import Category, Checkpoint, Failure, Flaky, Gate, Group

_CATEGORY: Final = re.compile(r"[a-z_]+(\.[a-z_0-9-]+)*")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")
_PHASES: Final = ("collect", "setup", "call", "teardown")
_OUTCOMES: Final = ("failed", "error", "crashed", "interrupted")
_LARGEST: Final = 2**31 - 1


def failure_of(record: Mapping[str, Any]) -> Failure:
    """The failure with each required field; of the others those that are as they should be."""
    mended = {name: mend(record.get(name)) for name, mend in _FAILURE.items()}
    if not mended["path"]:
        mended["path"] = mended["nodeid"].partition("::")[0]
    extra = {name: record[name] for name, is_good in _EXTRA.items() if name in record and is_good(record[name])}
    return cast("Failure", {"record": "failure", **mended, **extra})


def flaky_of(record: Mapping[str, Any]) -> Flaky:
    return Flaky(
        record="flaky",
        nodeid=_text(record.get("nodeid")),
        worker=_text(record.get("worker")),
        attempts=_from_one(record.get("attempts")),
    )


def with_afterwards(failures: Sequence[Failure], record: Mapping[str, Any]) -> None:
    """Gives checkpoints of the tear-down to the newest failure of their attempt, where there is one."""
    told = record.get("checkpoints")
    key = _text(record.get("nodeid")), _from_one(record.get("attempt"))
    if not _are_checkpoints(told):
        return
    for failure in reversed(failures):
        if (failure["nodeid"], failure["attempt"]) == key:
            failure["checkpoints"] = [*failure.get("checkpoints", ()), *cast("list[Checkpoint]", told)]
            return


def group_of(record: Mapping[str, Any]) -> Group:
    return Group(
        record="group",
        group=_text(record.get("group")),
        count=_from_one(record.get("count")),
        nodeids=_texts(record.get("nodeids")),
    )


def gate_of(record: Mapping[str, Any]) -> Gate:
    """A gate that does not say that it passed did not."""
    details = record.get("details")
    return Gate(
        record="gate",
        name=_text(record.get("name")),
        passed=record.get("passed") is True,
        summary=_text(record.get("summary")),
        details=details if isinstance(details, dict) else {},
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _from_one(value: Any) -> int:
    return min(value, _LARGEST) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 1


def _line(value: Any) -> int | None:
    return _from_one(value) if value is not None else None


def _owner(value: Any) -> dict[str, Any]:
    told = value if isinstance(value, dict) else {}
    return {"names": _texts(told.get("names")), "source": _text(told.get("source")), "line": _line(told.get("line"))}


def _frames(value: Any) -> list[dict[str, Any]]:
    steps = [step for step in value if isinstance(step, dict)] if isinstance(value, list) else []
    return [
        {
            "path": _text(step.get("path")),
            "line": _from_one(step.get("line")),
            "function": _text(step.get("function")),
            "in_repo": step.get("in_repo") is True,
        }
        for step in steps
    ]


def _share(value: Any) -> float:
    return float(value) if _is_number(value) and 0 <= value <= 1 else 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST


def _one_of(words: tuple[str, ...], otherwise: str) -> Callable[[Any], str]:
    return lambda value: value if value in words else otherwise


def _matching(pattern: re.Pattern[str], otherwise: str) -> Callable[[Any], str]:
    return lambda value: value if isinstance(value, str) and pattern.fullmatch(value) else otherwise


_FAILURE: Final[Mapping[str, Callable[[Any], Any]]] = {
    "nodeid": _text,
    "phase": _one_of(_PHASES, "call"),
    "attempt": _from_one,
    "worker": _text,
    "outcome": _one_of(_OUTCOMES, "failed"),
    "category": _matching(_CATEGORY, Category.UNKNOWN),
    "rule": _text,
    "confidence": _share,
    "owner": _owner,
    "sla": lambda value: value if isinstance(value, str) else None,
    "exception": _text,
    "message": _text,
    "path": _text,
    "line": _line,
    "frames": _frames,
    "text": _text,
    "fingerprint": _matching(_FINGERPRINT, "0" * 16),
}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _maps_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_sla(value: Any) -> bool:
    return isinstance(value, dict) and _is_number(value.get("hours")) and isinstance(value.get("tier"), str)


def _are_checkpoints(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("label"), str) for item in value
    )


_EXTRA: Final[Mapping[str, Callable[[Any], bool]]] = {
    "group": _is_text,
    "replay": is_replay_command,
    "params": _maps_texts,
    "captured": _maps_texts,
    "sla_terms": _is_sla,
    "checkpoints": _are_checkpoints,
    "notes": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "duration": lambda value: _is_number(value) and value >= 0,
}
