"""A patch as lines that are gone and lines that are new, each with the test that it belongs to as far as that shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from github_app.rules.model import FileChange
from github_app.rules.regex import compiled
from github_app.rules.test_words import DEFINITION, GROUP, is_comment

_MARKS: Final = ("@", "#[", "[")
"""How a line begins that is about the test below it."""

_VARIED: Final = ("%", "$", "#{")
"""What a title holds that stands for many titles."""


@dataclass(frozen=True, slots=True)
class PatchLine:
    """A changed line without comments; `test` is the test in which it stands, "" where none shows or it is of many."""

    text: str
    test: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    """A file's change; `fresh` are tests that it did not have before, as far as the patch shows."""

    file: FileChange
    gone: tuple[PatchLine, ...]
    new: tuple[PatchLine, ...]
    fresh: frozenset[str]

    @property
    def path(self) -> str:
        """Where the file stood before."""
        return self.file.previous or self.file.path


def diff_of(file: FileChange) -> Diff:
    """Read a file's patch; a file without one has no lines."""
    found = list(_read((file.patch or "").splitlines()))
    gone, new = (tuple(line for sign, line in found if sign == wanted) for wanted in "-+")
    before = {name for sign, line in found if sign != "+" and (name := defined(line.text))}
    return Diff(file, gone, new, frozenset(set(names_in(new)) - before))


def names_in(lines: Iterable[PatchLine]) -> list[str]:
    """Return the names of the tests that some lines define."""
    return [name for line in lines if (name := defined(line.text))]


def defined(text: str) -> str:
    """Return the name of the test that a line defines, "" for none."""
    hit = compiled(DEFINITION).search(text)
    return next(name for name in hit.groups() if name is not None) if hit is not None else ""


def _read(lines: Iterable[str]) -> Iterator[tuple[str, PatchLine]]:
    test, marks = "", list[tuple[str, str]]()
    for line in lines:
        if line.startswith("@@"):
            test = _title(line[2:].partition("@@")[2].lstrip())
            yield from _belonging(marks, "")
            continue
        sign, text = line[:1], line[1:]
        if is_comment(text) or not text.strip():
            continue
        if text.lstrip().startswith(_MARKS):
            marks.append((sign, text))
            continue
        test = _test_at(text, test)
        yield from _belonging(marks, test)
        yield sign, PatchLine(text, test)
    yield from _belonging(marks, "")


def _belonging(marks: list[tuple[str, str]], test: str) -> Iterator[tuple[str, PatchLine]]:
    yield from ((sign, PatchLine(text, test)) for sign, text in marks)
    marks.clear()


def _test_at(text: str, before: str) -> str:
    """Return the test in which a line stands: a line at the margin or the head of a group ends the one before."""
    if defined(text):
        return _title(text)
    is_outside = not text[:1].isspace() or compiled(GROUP).search(text) is not None
    return "" if is_outside else before


def _title(text: str) -> str:
    name = defined(text)
    return "" if any(sign in name for sign in _VARIED) else name
