"""What can be read in a migration's Python without running it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from .model import Step
from .statements import destructive

Function = ast.FunctionDef | ast.AsyncFunctionDef
_RUNS_SQL: Final = frozenset({"execute", "exec_driver_sql", "executescript"})
_DROPS: Final = {"drop_table": "drops the table", "drop_column": "drops the column", "drop_all": "drops all tables"}


def parse(text: str) -> ast.Module:
    """Raises SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd escape in somebody's string is not what is asked
        try:
            return ast.parse(text)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Code:
    """A module's functions, and the texts that its names may stand for."""

    functions: Mapping[str, Function]
    texts: Mapping[str, list[str]]

    def reached(self, start: Function) -> list[Function]:
        """A function and those of the module that it calls, directly or not."""
        found = [start]
        for function in found:
            names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            found += [other for name, other in self.functions.items() if name in names and other not in found]
        return found

    def destructive(self, start: Function) -> Iterator[Step]:
        """What a function does that loses data."""
        for function in self.reached(start):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and (what := self._destroys(node)):
                    yield Step("destructive", node.lineno, node.end_lineno or node.lineno, what)

    def _destroys(self, call: ast.Call) -> str:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in _DROPS:
            told = [f"`{text}`" for text in _strings(call.args[-1])] if call.args else []
            return " ".join([_DROPS[name], *told[:1]])
        if name in _RUNS_SQL:
            return self.destroys(call.args)
        return "deletes rows" if name == "delete" and not call.args else ""

    def destroys(self, values: list[ast.expr]) -> str:
        """What the SQL in some expressions does that loses data; of a name every text that it may stand for counts."""
        for value in values:
            if any(isinstance(node, ast.Call) and _called(node) == "delete" for node in ast.walk(value)):
                return "deletes rows"
            for text in self._statements(value):
                for _, what in destructive(text):
                    return what
        return ""

    def _statements(self, value: ast.expr) -> Iterator[str]:
        yield "".join(_strings(value))
        for node in ast.walk(value):
            if isinstance(node, ast.Name):
                yield from self.texts.get(node.id, ())


def code_of(tree: ast.Module) -> Code:
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    texts: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        for target, value in _bound(node):
            texts.setdefault(target, []).extend(_strings(value))
    return Code(functions, texts)


def _bound(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that a statement gives to a value; `for` gives one to each of several."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.For(target=ast.Name(id=name), iter=value):
            yield name, value


def _strings(value: ast.AST) -> list[str]:
    return [node.value for node in ast.walk(value) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def assigned(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """Plain assignments of a module or class body, by name."""
    return {name: value for statement in body for name, value in _bound(statement)}


def does_nothing(function: Function) -> bool:
    """Whether a body only has a docstring, `pass`, `...`, `return` or raises."""
    return all(
        isinstance(node, ast.Pass | ast.Raise)
        or (isinstance(node, ast.Return) and node.value is None)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )
