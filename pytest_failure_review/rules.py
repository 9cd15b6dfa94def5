"""The repository's own rules, `[[tool.failure_review.rules]]` of `pyproject.toml`: read and checked when a run starts.

A rule names conditions, all of which must hold, and what follows: a category, an owner, an sla. The first rule that
holds and names a thing decides it. What cannot be understood stops the run before its first test, with one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from .report import Category, is_category
from .terms import hours_of

PHASES: Final = ("collect", "setup", "call", "teardown")
CONDITIONS: Final = ("exception", "module", "fixture", "phase", "message", "keyword")
OUTCOMES: Final = ("category", "owner", "sla")
_LONGEST_MESSAGE: Final = 4096
"""Characters that a `message` is looked for in: a pattern may be slow."""


class BadRuleError(ValueError):
    """A rule that cannot be understood; its text is the sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the conditions of a rule are held against."""

    ancestries: Sequence[frozenset[str]]
    """Qualified names of each exception of the chain and of everything it is derived from."""
    module: str
    """The test's file relative to pytest's rootdir."""
    phase: str
    message: str
    fixture: str = ""
    """The fixture that failed, or empty."""
    fixtures: Sequence[str] = ()
    """All that the test uses."""
    keywords: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; an empty condition is not asked."""

    number: int
    exception: tuple[str, ...] = ()
    module: tuple[str, ...] = ()
    fixture: tuple[str, ...] = ()
    phase: tuple[str, ...] = ()
    keyword: tuple[str, ...] = ()
    message: re.Pattern[str] | None = None
    category: str = ""
    owner: tuple[str, ...] = ()
    sla: float | None = None
    """Hours."""
    words: str = field(default="", compare=False)
    """How a record names this rule."""

    @property
    def confidence(self) -> float:
        """Less where only a message was read: messages are the part of such rules that grows old."""
        typed = self.exception or self.module or self.fixture or self.keyword
        return 0.9 if typed else 0.7

    def holds(self, seen: Seen) -> bool:
        return (
            (not self.phase or seen.phase in self.phase)
            and (not self.exception or any(not names.isdisjoint(self.exception) for names in seen.ancestries))
            and (not self.module or _is_module(seen.module, self.module))
            and (not self.fixture or self._is_fixture(seen))
            and (not self.keyword or not seen.keywords.isdisjoint(self.keyword))
            and (self.message is None or self.message.search(seen.message[:_LONGEST_MESSAGE]) is not None)
        )

    def _is_fixture(self, seen: Seen) -> bool:
        names = (seen.fixture,) if seen.fixture else seen.fixtures
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.fixture)


def _is_module(path: str, patterns: Sequence[str]) -> bool:
    dotted = path.removesuffix(".py").replace("/", ".")
    return any(
        fnmatchcase(path if "/" in pattern or pattern.endswith(".py") else dotted, pattern) for pattern in patterns
    )


def read_rules(rootdir: Path, repository: Path) -> tuple[Rule, ...]:
    """The rules of the `pyproject.toml` of pytest's rootdir, else of the repository. Raises BadRuleError."""
    for folder in (rootdir, repository):
        try:
            raw = (folder / "pyproject.toml").read_bytes()
        except OSError:
            continue
        return _parse(raw) if b"failure_review" in raw else ()
    return ()


def _parse(raw: bytes) -> tuple[Rule, ...]:
    import tomllib  # noqa: PLC0415  (only a project that has rules pays for it)

    try:
        tools = tomllib.loads(raw.decode("utf-8", "replace")).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise BadRuleError(f"pyproject.toml cannot be read: {error}") from None
    table = tools.get("failure_review", {})
    if isinstance(table, dict):
        _refuse_unknown(table)
    rules = table.get("rules", []) if isinstance(table, dict) else table
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise BadRuleError(
            "tool.failure_review.rules in pyproject.toml is no list of tables: write [[tool.failure_review.rules]]"
        )
    return tuple(_rule(number, written) for number, written in enumerate(rules, 1))


def _refuse_unknown(table: Mapping[str, Any]) -> None:
    from .pyproject import NAME, TABLES, BadSettingError, only  # noqa: PLC0415  (as tomllib)

    try:
        only(table, TABLES, f"tool.failure_review in {NAME}")
    except BadSettingError as error:
        raise BadRuleError(str(error)) from None


def _rule(number: int, written: Mapping[str, Any]) -> Rule:
    where = f"rule {number} of tool.failure_review in pyproject.toml"
    for word in written:
        if word not in (*CONDITIONS, *OUTCOMES):
            raise BadRuleError(
                f"{where} has no word {word!r}: conditions are {_listed(CONDITIONS)}, then {_listed(OUTCOMES)}"
            )
    if not any(word in written for word in CONDITIONS):
        raise BadRuleError(
            f"{where} has no condition, so it would hold for every failure: give it one of {_listed(CONDITIONS)}"
        )
    if not any(word in written for word in OUTCOMES):
        raise BadRuleError(f"{where} decides nothing: give it a category, an owner or an sla")
    return Rule(
        number=number,
        **{word: _texts(where, word, written) for word in ("exception", "module", "fixture", "keyword", "owner")},
        phase=_phases(where, written),
        message=_pattern(where, written),
        category=_category(where, written),
        sla=_hours(where, written),
        words=f"{where} ({', '.join(f'{word} {written[word]!r}' for word in CONDITIONS if word in written)})",
    )


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _texts(where: str, word: str, written: Mapping[str, Any]) -> tuple[str, ...]:
    value = written.get(word, [])
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text for text in values) or (word in written and not values):
        raise BadRuleError(f"{where}: {word} must be a text or a list of texts, not {value!r}")
    return tuple(values)


def _phases(where: str, written: Mapping[str, Any]) -> tuple[str, ...]:
    phases = _texts(where, "phase", written)
    for phase in phases:
        if phase not in PHASES:
            raise BadRuleError(f"{where}: there is no phase {phase!r}, only {_listed(PHASES)}")
    return phases


def _pattern(where: str, written: Mapping[str, Any]) -> re.Pattern[str] | None:
    texts = _texts(where, "message", written)
    if not texts:
        return None
    try:
        return re.compile("|".join(f"(?:{text})" for text in texts) if len(texts) > 1 else texts[0])
    except re.error as error:
        raise BadRuleError(f"{where}: message {written['message']!r} is no regular expression: {error}") from None


def _category(where: str, written: Mapping[str, Any]) -> str:
    category = written.get("category", "")
    if "category" in written and not is_category(category):
        raise BadRuleError(f"{where}: there is no category {category!r}; they are {_listed(sorted(Category))}")
    return str(category)


def _hours(where: str, written: Mapping[str, Any]) -> float | None:
    if "sla" not in written:
        return None
    hours = hours_of(written["sla"])
    if hours is None:
        raise BadRuleError(f"{where}: sla {written['sla']!r} is no time: write '30m', '4h', '7d' or a number of hours")
    return hours
