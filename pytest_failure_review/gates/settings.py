"""What a project says of its gates, `[tool.failure_review.gates.NAME]` of `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_failure_review.pyproject import BadSettingError, Project, number, only, texts, words

from .of_pytest import NAME, PYTEST

RUFF: Final = ("ruff", "check", "--output-format=concise", ".")
MYPY: Final = ("mypy", "--follow-imports=silent")
KINDS: Final = ("mypy", "ruff", "golden", "command")
_WORDS: Final = (
    "kind",
    "command",
    "modules",
    "dropped",
    "expected",
    "actual",
    "key",
    "absolute",
    "relative",
    "ignore",
    "timeout",
)


@dataclass(frozen=True, slots=True)
class GateSettings:
    """One gate; a word that its kind does not need is empty."""

    name: str
    kind: str
    command: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Modules that are no longer checked, with the reason."""
    expected: str = ""
    actual: str = ""
    key: tuple[str, ...] = ()
    absolute: float = 0
    relative: float = 0
    ignore: tuple[str, ...] = ()
    timeout: float = 0
    """Seconds that its command may take; 0 where the project says nothing."""


def gates_of(project: Project) -> dict[str, GateSettings]:
    """All gates that the project names, in its order. Raises BadSettingError."""
    return {name: gate(name, written) for name, written in project.table("gates").items()}


def gate(name: str, written: Any, command: tuple[str, ...] = ()) -> GateSettings:
    """One gate from its table; `command` is laid over that of the table. Raises BadSettingError."""
    where = f"tool.failure_review.gates.{name} in pyproject.toml"
    if not NAME.fullmatch(name) or name == PYTEST:
        raise BadSettingError(_no_name(name))
    if not isinstance(written, dict):
        raise BadSettingError(f"{where} is no table")
    only(written, _WORDS, where)
    kind = written.get("kind") or (name if name in KINDS else "golden" if "expected" in written else "command")
    if kind not in KINDS:
        raise BadSettingError(f"{where}: there is no kind {kind!r}, only {', '.join(KINDS)}")
    made = GateSettings(
        name=name,
        kind=kind,
        command=command or words(written, "command", where) or {"ruff": RUFF, "mypy": MYPY}.get(kind, ()),
        modules=texts(written, "modules", where),
        dropped=_reasons(written, where),
        expected="".join(texts(written, "expected", where)[:1]),
        actual="".join(texts(written, "actual", where)[:1]),
        key=texts(written, "key", where),
        absolute=number(written, "absolute", where),
        relative=number(written, "relative", where),
        ignore=texts(written, "ignore", where),
        timeout=number(written, "timeout", where),
    )
    if kind == "golden" and not (made.expected and made.actual):
        raise BadSettingError(f"{where} needs two files, `expected` and `actual`")
    if kind == "command" and not made.command:
        raise BadSettingError(f"there is no command for the gate {name}: write it behind `--`, or under {where}")
    return made


def _no_name(name: str) -> str:
    if name == PYTEST:
        return "the gate pytest is written by pytest itself: run `pytest --failure-review`"
    return f"{name!r} is no name of a gate: use letters, digits, `_`, `.` and `-`, at most 60"


def _reasons(written: Mapping[str, Any], where: str) -> Mapping[str, str]:
    reasons = written.get("dropped", {})
    if not isinstance(reasons, dict) or not all(
        isinstance(reason, str) and reason.strip() for reason in reasons.values()
    ):
        raise BadSettingError(
            f'{where}: dropped must give each module its reason: {{"shop.old" = "moved to shop.new"}}'
        )
    return reasons
