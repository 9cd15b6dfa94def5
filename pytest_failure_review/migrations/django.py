"""Django's migration files: https://docs.djangoproject.com/en/stable/topics/migrations/#migration-files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePath

from .model import Migration, Step
from .python_code import Code, assigned, code_of


def read(path: PurePath, text: str, tree: ast.Module) -> Migration | None:
    """The migration in a file; None when the file is none of Django's."""
    if path.parent.name != "migrations":
        return None
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Migration" and node.bases]
    if not classes:
        return None
    names = assigned(classes[0].body)
    code = code_of(tree)
    operations = names.get("operations")
    return Migration(
        path=path,
        name=path.stem,
        text=text,
        line=names["dependencies"].lineno if "dependencies" in names else classes[0].lineno,
        parents=_pairs(names.get("dependencies")),
        replaces=_pairs(names.get("replaces")),
        steps=tuple(step for call in _operations(operations) for step in _steps(call, code)),
        head_note=ast.get_docstring(tree, clean=True) or "",
    )


def _pairs(value: ast.expr | None) -> tuple[tuple[str, str], ...]:
    """The `(app, name)` of a list; what is computed, as `swappable_dependency`, is of other apps."""
    found: list[tuple[str, str]] = []
    for item in value.elts if isinstance(value, ast.List | ast.Tuple) else ():
        match item:
            case ast.Tuple(elts=[ast.Constant(value=str(app)), ast.Constant(value=str(name))]):
                found.append((app, name))
    return tuple(found)


def _operations(value: ast.expr | None) -> Iterator[ast.Call]:
    """Every operation; those of the state alone touch no data."""
    for item in value.elts if isinstance(value, ast.List | ast.Tuple) else ():
        if isinstance(item, ast.Call):
            if _name(item) == "SeparateDatabaseAndState":
                yield from _operations(_argument(item, 0, "database_operations"))
            else:
                yield item


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return named or (call.args[place] if len(call.args) > place else None)


def _steps(call: ast.Call, code: Code) -> Iterator[Step]:
    first, last = call.lineno, call.end_lineno or call.lineno
    match _name(call):
        case "RemoveField":
            yield Step("destructive", first, last, f"removes the field{_shown(call, 1, 'name')}")
        case "DeleteModel":
            yield Step("destructive", first, last, f"deletes the model{_shown(call, 0, 'name')}")
        case "RunSQL":
            sql = _argument(call, 0, "sql")
            if sql is not None and (what := code.destroys([sql])):
                yield Step("destructive", first, last, what)
            if _argument(call, 1, "reverse_sql") is None:
                yield Step("irreversible", first, last, "has a RunSQL without `reverse_sql`")
        case "RunPython":
            given = _argument(call, 0, "code")
            function = code.functions.get(given.id) if isinstance(given, ast.Name) else None
            yield from code.destructive(function) if function else ()
            if _argument(call, 1, "reverse_code") is None:
                yield Step("irreversible", first, last, "has a RunPython without `reverse_code`")


def _shown(call: ast.Call, place: int, name: str) -> str:
    match _argument(call, place, name):
        case ast.Constant(value=str(text)):
            return f" `{text}`"
    return ""
