"""Reads `@pytest.mark.failure_review(...)`. What it cannot use it ignores and says so: no value may lose a failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .terms import hours_of

WORDS: Final = ("category", "owner", "sla")
MISREAD: Final = "its marker "
"""With these words a rule begins to say, in brackets, what of the marker was ignored."""
UNREAD: Final = object()
"""Stands for a value of a marker that only the run knew."""
# No subclass of them: an object of somebody else's may do anything when it is read, even never end.
_LISTS: Final = (list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Marked:
    """What the markers of a test say, and what of it was ignored, in words."""

    category: str | None = None
    owners: tuple[str, ...] = ()
    sla: str | None = None
    ignored: tuple[str, ...] = ()


NOTHING: Final = Marked()


def read_marker(marks: Iterable[tuple[Sequence[Any], Mapping[str, Any]]]) -> Marked:
    """Arguments and keywords of the markers, the closest one first: a test's own over its class's over its module's."""
    said: dict[str, Any] = {}
    ignored: list[str] = []
    given = list(marks)
    if not given:
        return NOTHING
    for arguments, keywords in given:
        positional = dict(zip(WORDS, arguments[:1], strict=False))
        said = {**positional, **keywords, **said}
        if len(arguments) > 1:
            ignored.append(f"has {len(arguments)} values without a keyword: the first is the category")
    ignored += [f"has no keyword {word!r}" for word in said if word not in WORDS]
    named: Any = said.get("owner")
    names = list(named) if type(named) in _LISTS else [named]
    owners = [_text("owner", name, ignored) for name in names]
    return Marked(
        category=_text("category", said.get("category"), ignored),
        owners=tuple(owner for owner in owners if owner),
        sla=_time(said.get("sla"), ignored),
        ignored=tuple(dict.fromkeys(ignored)),
    )


def _text(word: str, value: Any, ignored: list[str]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str.__str__(value)
    if value is UNREAD:
        ignored.append(f"gives {word} a value that only the run knew")
        return None
    # Not what it says of itself: its repr may raise as well.
    ignored.append(f"gives {word} a value of type {type(value).__name__}, not a text")
    return None


def _time(value: Any, ignored: list[str]) -> str | None:
    written = f"{value:g}h" if type(value) in (int, float) else _text("sla", value, ignored)
    if written is not None and hours_of(written) is None:
        ignored.append("gives an sla that is no time: write 30m, 4h or 7d")
    return written
