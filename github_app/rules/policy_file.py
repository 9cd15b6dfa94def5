"""From the text of a policy file to a checked document, or to sentences that say what is wrong and where."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from github_app.rules.policy_schema import SHAPES, Document
from github_app.rules.policy_yaml import Path, Problem, Tree, read

BUILT_IN: Final = "built-in matrix"
ORGANISATION: Final = "organisation policy"
REPOSITORY: Final = ".github/failure-review.yml"


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """One layer of the policy: what a file says, and where it says it."""

    origin: str
    document: Document
    tree: Tree

    def where(self, path: Path, source: str | None = None) -> str:
        """Say where a value comes from: the source that the file names for it, and its line."""
        if source is not None and self.origin == BUILT_IN:
            return source
        line = f"{self.origin} line {self.tree.nearest(path).line}"
        return f"{line} ({source})" if source is not None else line

    def problem(self, path: Path, sentence: str) -> Problem:
        place = self.tree.nearest(path)
        return Problem(place.line, place.column, sentence, self.origin)


def parse(text: str, origin: str = REPOSITORY) -> PolicyFile | tuple[Problem, ...]:
    """Read a policy file; whatever the text is, the answer is a usable file or at least one problem (X76, T18)."""
    tree = read(text)
    if isinstance(tree, Problem):
        return (replace(tree, origin=origin),)
    try:
        return PolicyFile(origin, Document.model_validate(tree.value), tree)
    except ValidationError as error:
        problems = {_problem(details, tree, origin) for details in error.errors(include_url=False)}
        return tuple(sorted(problems))


def _problem(details: ErrorDetails, tree: Tree, origin: str) -> Problem:
    path = _path_of(details["loc"], tree.value)
    place = tree.nearest(path)
    return Problem(place.line, place.column, _sentence(details, path), origin)


def _path_of(loc: tuple[int | str, ...], value: Any) -> Path:
    """Keep the steps that the text really has: pydantic also names the branches of unions it tried."""
    path: list[str] = []
    for step in loc:
        inside = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
        if step in inside:
            value = inside[step]
            path.append(str(step))
    return tuple(path)


def _sentence(details: ErrorDetails, path: Path) -> str:
    name = ".".join(path) or "the file"
    match details["type"]:
        case "extra_forbidden":
            return f"`{path[-1]}` is not a key here{_suggestion(path)}"
        case "value_error":
            return f"{name}: {details['ctx']['error']}"
        case "string_pattern_mismatch":
            return f"{name}: {SHAPES[details['ctx']['pattern']]}"
        case "missing":
            return f"{name}: `{details['loc'][-1]}` is missing"
        case "model_type" | "dict_type":
            return f"{name}: a mapping (`key: value`) belongs here"
        case _:
            message = details["msg"]
            return f"{name}: {message[:1].lower()}{message[1:]}"


def _suggestion(path: Path) -> str:
    close = difflib.get_close_matches(path[-1], _known_keys(), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def _known_keys() -> set[str]:
    schema = Document.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    return {key for model in models for key in model.get("properties", {})}
