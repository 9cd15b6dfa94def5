"""Reads exceptions without running their code where that can be helped: their chain, groups, names and messages.

The law: whatever a hostile class overrides (`__cause__`, `__class__`, `__mro__`, `exceptions`), it is Python's own
field that is read, and everything is bounded. Only `str()` of an exception is its own, and may raise.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any, Final

from .strangers import attempt

MOST: Final = 100
"""Exceptions of one chain, leaves of its groups included."""

_cause: Final = BaseException.__dict__["__cause__"].__get__
_context: Final = BaseException.__dict__["__context__"].__get__
_is_context_hidden: Final = BaseException.__dict__["__suppress_context__"].__get__
_members: Final = BaseExceptionGroup.__dict__["exceptions"].__get__
_ancestors: Final = type.__dict__["__mro__"].__get__
_module: Final = type.__dict__["__module__"].__get__
_name: Final = type.__dict__["__qualname__"].__get__
_flags: Final = type.__dict__["__flags__"].__get__
_MAY_END: Final = 1 << 9
"""The flag of types that are made at run time (Py_TPFLAGS_HEAPTYPE): keeping one in mind would keep it alive."""
_ANCESTRIES: Final[dict[int, tuple[str, ...]]] = {}
"""Of the types that are part of Python, by identity."""
_trace: Final = BaseException.__dict__["__traceback__"].__get__
_own: Final = BaseException.__dict__["__dict__"].__get__


def chain(exception: BaseException) -> list[BaseException]:
    """The exceptions behind this one, root first, it last; a cause goes before a context, as Python shows them."""
    links: list[BaseException] = []
    seen: set[int] = set()  # by identity: comparing would run the exception's own code
    link: BaseException | None = exception
    while link is not None and id(link) not in seen and len(links) < MOST:
        links.append(link)
        seen.add(id(link))
        following = _cause(link)
        if following is None and not _is_context_hidden(link):
            following = _context(link)
        link = following
    links.reverse()
    return links


def leaves(links: Sequence[BaseException]) -> list[BaseException]:
    """The exceptions inside the groups of a chain that are no groups themselves, in their order."""
    if not any(is_group(link) for link in links):
        return []
    waiting = [link for link in reversed(links) if is_group(link)]
    found: list[BaseException] = []
    steps = 0
    while waiting and len(found) < MOST and steps < MOST * MOST:
        steps += 1  # a group may be nested as deep as memory allows
        inner = waiting.pop()
        if is_group(inner):
            waiting.extend(reversed(_members(inner)))
        else:
            found.append(inner)
    return found


def is_group(exception: BaseException) -> bool:
    # not isinstance: that would ask the object's own `__class__`
    return issubclass(type(exception), BaseExceptionGroup)


def root(links: Sequence[BaseException], inner: Sequence[BaseException]) -> BaseException:
    """The exception to name: the root of the chain; where that is a group, its first leaf."""
    return inner[0] if inner and is_group(links[0]) else links[0]


def trace_of(exception: BaseException | None) -> Any:
    return None if exception is None else _trace(exception)


def message_of(exception: BaseException) -> str:
    """Its last lines in a traceback, type and notes included; a broken `__str__` gets Python's placeholder."""
    kind = type(exception)
    if issubclass(kind, SyntaxError):
        lines, _ = attempt(traceback.format_exception_only, kind, exception)
        return "".join(lines or [qualified_name(kind)]).strip()
    name = qualified_name(kind).removeprefix("__main__.")
    said, trouble = attempt(_said, exception)
    if name in _SILENT:
        better, worse = attempt(_SILENT[name], exception)
        said, trouble = ([better], "") if better and not worse else (said, trouble)
    if trouble:
        return f"{name}: <exception str() failed>"
    return "\n".join([f"{name}: {said[0]}" if said[0] else name, *said[1:]]).strip()


def without_notes(exception: BaseException | None, message: str) -> str:
    """What `message_of` said, less the notes: these tell of one occasion, as the example that Hypothesis found."""
    notes = _texts(_own(exception).get("__notes__")) if exception is not None else []
    return message.removesuffix("\n".join(notes).rstrip()).rstrip() if notes else message


def _said(exception: BaseException) -> list[str]:
    return [str.__str__(str(exception)), *_texts(getattr(exception, "__notes__", ()))]


def _of_fixture(error: Any) -> str:
    # pytest keeps its words for the moment when it prints them.
    said: str = error.formatrepr().errorstring
    return said.strip().partition("\n")[0]


def _of_doctest(error: Any) -> str:
    example = error.example
    asked, wanted, got = (text.strip() for text in (example.source, example.want, error.got))
    if "\n" not in f"{asked}{wanted}{got}":
        return f"{asked}: expected {wanted or 'nothing'}, got {got or 'nothing'}"
    import doctest  # noqa: PLC0415  (whoever raised this has loaded it)

    return f"{asked}\n{doctest.OutputChecker().output_difference(example, error.got, 0)}".rstrip()


def _of_raising_doctest(error: Any) -> str:
    return f"{error.example.source.strip()}: {message_of(error.exc_info[1])}"


def _of_doctests(error: Any) -> str:
    first, *others = error.failures
    return message_of(first) + (f"\nand {len(others)} more of this docstring" if others else "")


_SILENT: Final[dict[str, Callable[[Any], str]]] = {
    "_pytest.fixtures.FixtureLookupError": _of_fixture,
    "_pytest.doctest.MultipleDoctestFailures": _of_doctests,
    "doctest.DocTestFailure": _of_doctest,
    "doctest.UnexpectedException": _of_raising_doctest,
}
"""Exceptions whose `str()` shows objects where it should say what is wrong, and who says it."""


def fixture_wanted(exception: BaseException | None) -> str:
    """The fixture that pytest looked for and could not give; empty for any other exception."""
    if exception is None or qualified_name(type(exception)) != "_pytest.fixtures.FixtureLookupError":
        return ""
    name = getattr(exception, "argname", "")
    return name if type(name) is str else ""


def _texts(notes: Any) -> list[str]:
    # A subclass of str may do anything when it is joined, one of list never end.
    return [str.__str__(note) for note in notes[:MOST] if isinstance(note, str)] if type(notes) is list else []


def qualified_name(kind: type) -> str:
    """`package.module.Name`; built-ins without their module, as Python prints them."""
    module = _module(kind)
    name: str = _name(kind)
    return name if module == "builtins" else f"{module if type(module) is str else '?'}.{name}"


def ancestry(kind: type[BaseException]) -> tuple[str, ...]:
    """The qualified names of an exception type and of everything it is derived from."""
    known = _ANCESTRIES.get(id(kind))
    if known is None:
        known = tuple(map(qualified_name, _ancestors(kind)))
        if not _flags(kind) & _MAY_END:
            _ANCESTRIES[id(kind)] = known
    return known
