"""Patterns matched in linear time, whoever wrote them (X29).

The law: no pattern here may be able to hang us, so Python's own `re` is not an engine; what RE2 cannot do (look-around,
back references) is refused when the pattern is read, in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

import re2

MEMORY: Final = 64 << 20
"""Bytes that one compiled pattern or set may use; RE2 gives up matching, and would miss, when it runs out."""


class Match(Protocol):
    """Where a pattern was found, in characters, and what its named groups caught."""

    def span(self, group: int = 0) -> tuple[int, int]: ...

    def group(self, group: int | str = 0) -> Any: ...

    def start(self, group: int = 0) -> int: ...

    def groups(self) -> tuple[str | None, ...]: ...

    def groupdict(self) -> Mapping[str, str | None]: ...


class Pattern(Protocol):
    """One compiled pattern."""

    def search(self, text: str) -> Match | None: ...

    def finditer(self, text: str) -> Iterator[Match]: ...

    def sub(self, repl: Callable[[Match], str], text: str) -> str: ...


class PatternSet(Protocol):
    """Many patterns tried at once, in one pass over the text."""

    def hits(self, text: str | bytes) -> tuple[int, ...]:
        """Give the positions of the patterns that occur somewhere in the text, which bytes hold as UTF-8, ascending."""
        ...


class Engine(Protocol):
    """What we need of a library of regular expressions."""

    def pattern(self, pattern: str) -> Pattern:
        """Compile one pattern; a `ValueError` says what is wrong with it."""
        ...

    def pattern_set(self, patterns: Sequence[str]) -> PatternSet:
        """Compile many patterns into one; a `ValueError` says which one is wrong and why."""
        ...


class Re2:
    """The engine over google-re2."""

    def pattern(self, pattern: str) -> Pattern:
        try:
            return _Re2Pattern(re2.compile(pattern, _options()))
        except re2.error as refused:
            raise ValueError(f"`{pattern}` is no RE2 pattern: {_words(refused)}") from None

    def pattern_set(self, patterns: Sequence[str]) -> PatternSet:
        return _Re2Set(patterns)


class _Re2Pattern:
    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def search(self, text: str) -> Match | None:
        found: Match | None = self._compiled.search(sound(text))
        return found

    def finditer(self, text: str) -> Iterator[Match]:
        yield from self._compiled.finditer(sound(text))

    def sub(self, repl: Callable[[Match], str], text: str) -> str:
        done: str = self._compiled.sub(repl, sound(text))
        return done


class _Re2Set:
    def __init__(self, patterns: Sequence[str]) -> None:
        self._set = re2.Set.SearchSet(_options())
        for pattern in patterns:
            try:
                self._set.Add(pattern)
            except re2.error:
                raise ValueError(f"`{pattern}` is no RE2 pattern") from None
        self._empty = not patterns
        self._set.Compile()

    def hits(self, text: str | bytes) -> tuple[int, ...]:
        if self._empty:
            return ()
        found = self._set.Match(text if isinstance(text, bytes) else sound(text))
        return tuple(sorted(found)) if found else ()


def _options() -> Any:
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    return options


def _words(refused: BaseException) -> str:
    told = refused.args[0] if refused.args else "refused"
    return told.decode(errors="replace") if isinstance(told, bytes) else str(told)


ENGINE: Final[Engine] = Re2()


@cache
def compiled(pattern: str) -> Pattern:
    """Compile one of our own patterns, once; those of strangers are not kept for ever and go to the engine."""
    return ENGINE.pattern(pattern)


def sound(text: str) -> str:
    """Replace lone surrogates, which cannot be encoded, by question marks: same length, so that places stay right."""
    return text if text.isascii() else text.encode(errors="replace").decode()
