"""Reads in a test's file where a test stands and what its marker says, for tests whose process took that with it.

The law: the file is read as text and nothing of it is run. What does not stand there in literals is not known: marks of
hooks, of base classes and of single parameters, and names for a mark or for its values.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from .marker import NOTHING, UNREAD, WORDS, Marked, read_marker

_LARGEST: Final = 1024 * 1024
_NAME: Final = "failure_review"

_Class = ast.ClassDef
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Declared(NamedTuple):
    """What the file says of one test."""

    line: int | None = None
    """From 1, that of the first decorator, as pytest counts; None where the test does not stand in the file."""
    marker: Marked = NOTHING


def declared(nodeid: str, rootdir: Path, repository: Path) -> Declared:
    """What the test's file in the repository says of it. A dead process, or anybody, wrote the id."""
    path, _, names = nodeid.partition("::")
    module = _module(rootdir / path, repository) if names and "\0" not in nodeid else None
    # Behind the name stand the parameters, or the group of pytest-xdist.
    scopes = _scopes(module, re.split(r"[\[@]", names, maxsplit=1)[0].split("::")) if module is not None else None
    if scopes is None:
        return Declared()
    test = scopes[-1]
    assert isinstance(test, _Function)
    line = min([test.lineno, *(decorator.lineno for decorator in test.decorator_list)])
    return Declared(line, read_marker(given for scope in reversed(scopes) for given in _marks(scope)))


def _module(file: Path, repository: Path) -> ast.Module | None:
    try:
        whole = file.resolve()
        if not (whole.is_relative_to(repository.resolve()) and whole.suffix == ".py" and whole.is_file()):
            return None
        with whole.open("rb") as opened:
            source = opened.read(_LARGEST + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the test's author, who has seen them
            return ast.parse(source) if len(source) <= _LARGEST else None
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _scopes(module: ast.Module, names: Sequence[str]) -> list[ast.Module | _Class | _Function] | None:
    """The module, the classes and the function of these names; None where they do not all stand there."""
    scopes: list[ast.Module | _Class | _Function] = [module]
    for still, name in enumerate(names, 1 - len(names)):
        wanted = _Class if still else _Function
        found = [each for each in scopes[-1].body if isinstance(each, wanted) and each.name == name]
        if not found:
            return None
        scopes.append(found[-1])
    return scopes


def _marks(scope: ast.Module | _Class | _Function) -> Iterator[tuple[Sequence[Any], dict[str, Any]]]:
    """Arguments and keywords of its markers, in pytest's order."""
    written = [] if isinstance(scope, _Function) else _pytestmark(scope)
    written += [] if isinstance(scope, ast.Module) else reversed(scope.decorator_list)
    for each in written:
        if isinstance(each, ast.Call) and _is_ours(each.func):
            values = [_value(argument) for argument in each.args]
            unpacks = any(keyword.arg is None for keyword in each.keywords)
            keywords: dict[str, Any] = dict.fromkeys(WORDS, UNREAD) if unpacks else {}
            yield values, keywords | {keyword.arg: _value(keyword.value) for keyword in each.keywords if keyword.arg}


def _pytestmark(scope: ast.Module | _Class) -> list[ast.expr]:
    found: list[ast.expr] = []
    for step in scope.body:
        targets = (
            step.targets if isinstance(step, ast.Assign) else [step.target] if isinstance(step, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets):
            value = step.value  # type: ignore[attr-defined]  # as it has targets
            found = list(value.elts) if isinstance(value, ast.List | ast.Tuple) else [value]
    return found


def _is_ours(mark: ast.expr) -> bool:
    """Whether it is `pytest.mark.failure_review` or `mark.failure_review`."""
    if not (isinstance(mark, ast.Attribute) and mark.attr == _NAME):
        return False
    home = mark.value
    return (home.attr if isinstance(home, ast.Attribute) else getattr(home, "id", "")) == "mark"


def _value(written: ast.expr) -> Any:
    try:
        return ast.literal_eval(written)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return UNREAD
