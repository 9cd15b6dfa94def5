"""What a policy file may add to the signatures: lines that only this organisation's or repository's tools write.

The law: such a signature may raise a verdict, never lower it. It fills a gap or names something stricter; beside a
finding that must less be waved through it is only the runner-up (`precedence`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from github_app.rules.regex import ENGINE
from github_app.rules.signatures import OWN, Signature
from pytest_failure_review.report import Category, Severity

NAME: Final = r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$"
MOST: Final = 200
"""Signatures in one file."""

_Name = Annotated[str, Field(pattern=NAME, max_length=50)]
_Sentence = Annotated[str, Field(min_length=1, max_length=500)]
_LISTED_JSON: Final = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _checked(value: Any) -> Any:
    """Take only what RE2 can match in linear time; its own words say what it refuses (X29)."""
    for pattern in value if isinstance(value, list) else ():
        if isinstance(pattern, str) and pattern and ENGINE.pattern(pattern).search(""):
            raise ValueError(f"`{pattern}` is found in an empty line, so in every line")
    return value


_Pattern = Annotated[str, Field(min_length=1, max_length=1000)]
_Patterns = Annotated[
    list[_Pattern],
    Field(max_length=20),
    BeforeValidator(_checked),
    BeforeValidator(_listed),
    WithJsonSchema(_LISTED_JSON),
]
_Sentences = Annotated[list[_Sentence], Field(max_length=20), BeforeValidator(_listed), WithJsonSchema(_LISTED_JSON)]


class SignatureEntry(BaseModel):
    """A line by which a tool of this repository says that it failed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: _Name
    category: Annotated[Category, Field(strict=False, description="What kind of failure it is.")]
    pattern: Annotated[_Patterns, Field(min_length=1, description="RE2, found anywhere in a line.")]
    unless: _Patterns = Field(default_factory=list, description="A line in which one of these is found does not count.")
    description: _Sentence = Field(description="Continues the sentence `The log says ...:`.")
    subcategory: _Name | None = Field(None, description="The kind below the category, for its own rules.")
    severity: Annotated[Severity, Field(strict=False)] | None = None
    strength: Literal["plain", "weak"] = Field("plain", description="`weak` counts only where nothing else is found.")
    causes: _Sentences = Field(default_factory=list)
    advice: _Sentences = Field(default_factory=list)
    matches: _Sentences = Field(default_factory=list, description="Lines that it has to be found in.")
    not_matches: _Sentences = Field(default_factory=list, description="Lines that it must not be found in.")

    @model_validator(mode="after")
    def _proven(self) -> Self:
        for line in self.matches:
            if not self._is_found(line):
                raise ValueError(f"`{self.id}` is not found in its own example `{line}`")
        for line in self.not_matches:
            if self._is_found(line):
                raise ValueError(f"`{self.id}` is found in `{line}`, which it must not match")
        return self

    def _is_found(self, line: str) -> bool:
        excepted = any(ENGINE.pattern(pattern).search(line) for pattern in self.unless)
        return not excepted and any(ENGINE.pattern(pattern).search(line) for pattern in self.pattern)

    def signature(self) -> Signature:
        """Return it as one of those that logs are matched with."""
        return Signature(
            id=f"{OWN}{self.id}",
            category=self.category,
            pattern=tuple(self.pattern),
            unless=tuple(self.unless),
            description=self.description.rstrip("."),
            subcategory=self.subcategory,
            severity=self.severity,
            strength=self.strength,
            causes=tuple(self.causes),
            advice=tuple(self.advice),
            at_any_level=True,
            matches=tuple(self.matches),
            not_matches=tuple(self.not_matches),
        )
