"""Which of the options that pytest was started with belong into the command that runs a failure again.

Those that decide what is collected and how a test ends: plugins, ini values, the way of importing, and what plugins and
`conftest.py` files offer. Not those that choose tests, hand them out, or say what is shown: a replay does that itself.
The law: an option in which a secret is seen is left out whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from .run import Run
from .shapes import is_secret_option
from .strangers import attempt

_PATHS: Final = frozenset({"-c", "--config-file", "--rootdir", "--confcutdir"})
_OWN: Final = _PATHS | {
    "-p", "-o", "--override-ini", "-W", "--pythonwarnings", "--strict", "--strict-markers", "--strict-config",
    "--disable-plugin-autoload", "--import-mode", "--pyargs", "--noconftest", "--keepduplicates", "--keep-duplicates",
    "--collect-in-virtualenv", "--runxfail", "--assert", "-s", "--capture", "--log-level", "--doctest-modules",
    "--doctest-glob", "--doctest-ignore-import-errors", "--doctest-continue-on-failure",
}  # fmt: skip
"""Of pytest itself."""
_OWN_GROUPS: Final = frozenset({
    "general", "terminal reporting", "pytest-warnings", "collect", "debugconfig", "logging", "failure-review", "xdist",
    "randomly",
})  # fmt: skip
"""Of pytest, ours, and of plugins whose part a replay does itself."""
_SHOWS: Final = (
    "--cov", "--no-cov", "--html", "--self-contained-html", "--css", "--json-report", "--allure", "--report-log",
    "--ctrf", "--benchmark-json", "--benchmark-save",
)  # fmt: skip
"""What options of other reporters begin with."""
_FLAGS: Final = frozenset({"store_true", "store_false", "store_const", "append_const", "count", "help", "version"})
_MOST_PLACES: Final = 3
_LONGEST: Final = 1000


class Word(NamedTuple):
    """One word of a command line."""

    text: str
    is_path: bool = False
    """It is a whole path, to be shown as it is called from where the command runs."""


class _Known(NamedTuple):
    takes_value: bool
    is_wanted: bool
    is_custom: bool


def carried(config: Any, words: Sequence[str], started: Path, is_clean: Callable[[str], bool]) -> Sequence[Word]:
    """The words to carry on, of a command line that was given in the folder `started`.

    With an option of a `conftest.py` go the places that were named: pytest may know it by those alone.
    """
    known, _ = attempt(_known, config)
    kept: list[Word] = []
    places: dict[str, None] = {}
    has_custom = False
    for given in _taken_apart(words, known or {}):
        option = known[given.name] if given.name else None
        if option is None:
            path = started / given.value.partition("::")[0]
            places |= {str(path): None} if path.exists() else {}
        elif option.is_wanted and not is_secret_option(given.name) and is_clean(f"{given.name}={given.value}"):
            is_path = given.name in _PATHS
            path_words = [Word(given.name), Word(str(started / given.value), is_path=True)]
            kept += path_words if is_path else map(Word, given.words)
            has_custom = has_custom or option.is_custom
    if has_custom and 0 < len(places) <= _MOST_PLACES:
        kept += [Word(path, is_path=True) for path in places if is_clean(path)]
    return kept if sum(len(word.text) for word in kept) <= _LONGEST else []


def options_of(config: pytest.Config, run: Run) -> Sequence[Word]:
    """What the command of this run's failures carries on."""
    if run.options is not None:
        return [Word(text, is_path) for text, is_path in run.options]

    def is_clean(text: str) -> bool:
        return bool(run.redactor.redact(text) == text)

    words = [*run.given, *map(str, config.invocation_params.args)]
    return carried(config, words, config.invocation_params.dir, is_clean)


def _known(config: Any) -> dict[str, _Known]:
    """All options by name. There is no public way to ask pytest."""
    found: dict[str, _Known] = {}
    parser = config._parser  # noqa: SLF001
    custom = parser._anonymous  # noqa: SLF001  (since pytest 9 it is among the groups)
    for group in (custom, *parser._groups):  # noqa: SLF001
        is_own = group.name in _OWN_GROUPS
        for option in group.options:
            attrs = option.attrs()
            action = attrs.get("action")
            is_flag = attrs.get("nargs") == 0 or action in _FLAGS or isinstance(action, type)
            for name in option.names():
                is_wanted = name in _OWN if is_own else not name.startswith(_SHOWS)
                found[name] = _Known(not is_flag, is_wanted, group is custom)
    return found


class _Given(NamedTuple):
    """An option, or a place, which has no name."""

    name: str
    value: str
    words: Sequence[str]


def _taken_apart(words: Sequence[str], known: Mapping[str, _Known]) -> Iterator[_Given]:
    waiting = list(reversed(words))
    while waiting:
        word = waiting.pop()
        if not word.startswith("-") or word == "-":
            yield _Given("", word, [word])
            continue
        is_long = word.startswith("--")
        name, joined, value = word.partition("=") if is_long else (word[:2], word[2:], word[2:])
        option = known.get(name)
        if option is None or (joined and not option.takes_value):
            continue  # unknown to pytest, too, or several flags in one word, as in -vx
        if option.takes_value and not joined and waiting:
            value = waiting.pop()
            yield _Given(name, value, [name, value])
        else:
            yield _Given(name, value, [word])
