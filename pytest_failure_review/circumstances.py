"""What the test was given and what it said: parameters, fixtures, marks, captured output and, when asked, locals.

Values are shown by a guarded and bounded `repr`; nothing here is redacted yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import FrameType
from typing import Any, Final

from .evidence import Source, end_of
from .strangers import attempt, shown

_MOST_NAMES: Final = 40
_LONGEST_TAIL: Final = 64 * 1024
"""Of captured output; what a record keeps of it is cut further, after secrets have been taken out."""
_SECTIONS: Final = {"stdout": "stdout", "stderr": "stderr", "log": "log"}


def params_of(node: Any) -> dict[str, str]:
    """The parameters of one case of a parametrised test."""
    return _each_shown(params_by_name(node))


def params_by_name(node: Any) -> Any:
    """Their live values."""
    return getattr(getattr(node, "callspec", None), "params", None)


def _each_shown(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        return {}
    return {str(name): shown(value) for name, value in islice(values.items(), _MOST_NAMES)}


def fixtures_of(node: Any) -> list[str]:
    return [str(name) for name in islice(getattr(node, "fixturenames", ()), _MOST_NAMES)]


def packages_of(node: Any, names: Iterable[str]) -> dict[str, str]:
    """The packages that the definitions of these fixtures come from, by fixture."""
    definitions = getattr(getattr(node, "_fixtureinfo", None), "name2fixturedefs", {})
    found = {name: getattr(definitions[name][-1].func, "__module__", None) for name in names if definitions.get(name)}
    return {name: str(module).partition(".")[0] for name, module in found.items()}


def names_of(marks: Sequence[Any]) -> list[str]:
    """Each once, in their order."""
    return list(dict.fromkeys([str(mark.name) for mark in marks]))[:_MOST_NAMES]


def captured_of(sections: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Ends of what pytest captured, by kind: `Captured stdout setup` and `Captured stdout call` are one text."""
    found: dict[str, list[str]] = {}
    for title, text in sections:
        words = title.split()
        kind = _SECTIONS.get(words[1]) if len(words) > 1 and words[0] == "Captured" else None
        if kind is not None and text:
            found.setdefault(kind, []).append(text)
    return {kind: end_of("\n".join(texts), _LONGEST_TAIL) for kind, texts in found.items()}


def locals_of(live: Sequence[tuple[FrameType, Source]]) -> dict[str, str]:
    """The local variables of the deepest frame in the repository."""
    frame = next((frame for frame, source in reversed(live) if source.in_repo), None)
    return {} if frame is None else _each_shown(dict(frame.f_locals))


def keywords_of(node: Any) -> frozenset[str]:
    """The words that pytest's `-k` and `-m` know the test by."""
    words, _ = attempt(lambda: frozenset(str(word) for word in islice(node.keywords, 200)))
    return words or frozenset()


def given_of(node: Any) -> Mapping[str, Any]:
    """The live values of the test's fixtures and parameters, by name, those included that it asked for as it ran."""
    found: dict[str, Any] = {}
    definitions = getattr(getattr(node, "_request", None), "_fixture_defs", None)
    for name, definition in list(definitions.items()) if type(definitions) is dict else ():
        result = getattr(definition, "cached_result", None)
        if type(result) is tuple and result:
            found[name] = result[0]
    values = getattr(node, "funcargs", None)
    return found | values if isinstance(values, dict) else found
