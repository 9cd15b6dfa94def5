"""Signatures: what a failing job says, as data that a person can read, extend and test.

They are kept in `signatures/<group>.yml`; this part reads and checks them, and finds them in lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from github_app.rules import policy_yaml
from github_app.rules.likeness import Likeness
from github_app.rules.regex import ENGINE, Engine, Match, Pattern, PatternSet, compiled
from pytest_failure_review.report import Category, Severity, is_at_or_below

SEVERITY_GROUP: Final = "severity"
"""The named group of a pattern that catches the scanner's own word; every other named group is a measure."""

OWN: Final = "own-"
"""What the ids of a policy's own signatures begin with; none that is shipped does."""

_TOGETHER: Final = 40
"""Patterns in one set: an automaton of all of them is so large that RE2 throws it away and begins anew all the time."""

_Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=60)]
_Text = Annotated[str, Field(min_length=1, max_length=500)]
_PatternText = Annotated[str, Field(min_length=1, max_length=1000)]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Signature(BaseModel):
    """One thing that a failing log can say, and what a person should know about it.

    `description` continues the sentence "The log says ...:". A `weak` signature is a symptom, or says little; it counts
    only where nothing better is found. A `faint` one, by which a tool only says that it gave up, not even then.
    A line in which one of `unless` is found as well does not count, and of security and `at_any_level` apart no line
    that a program itself marks as information or a warning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    id: _Slug
    category: Category
    pattern: Annotated[tuple[_PatternText, ...], BeforeValidator(_listed), Field(min_length=1)]
    unless: Annotated[tuple[_PatternText, ...], BeforeValidator(_listed)] = ()
    description: _Text
    subcategory: _Slug | None = None
    severity: Severity | None = None
    strength: Literal["plain", "weak", "faint"] = "plain"
    causes: tuple[_Text, ...] = ()
    advice: tuple[_Text, ...] = ()
    at_any_level: bool = False
    matches: tuple[_Text, ...]
    not_matches: tuple[_Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A signature found in a line; `caught` holds what the pattern's named groups caught, `told` what it matched."""

    signature: Signature
    caught: Mapping[str, str]
    told: str = ""


class Signatures:
    """All signatures, compiled to be tried at once."""

    def __init__(
        self,
        entries: Sequence[Signature],
        engine: Engine = ENGINE,
        more: Signatures | None = None,
        likeness: Likeness | None = None,
    ) -> None:
        self.entries = tuple(entries)
        self.likeness: Likeness | None = likeness or (more.likeness if more else None)
        """What failures read like, asked beside the signatures."""
        self._more = more
        self._owner = [entry for entry in entries for _ in entry.pattern]
        texts = [pattern for entry in entries for pattern in entry.pattern]
        parts = range(0, len(texts), _TOGETHER)
        self._sets: list[PatternSet] = [engine.pattern_set(texts[part : part + _TOGETHER]) for part in parts]
        self._patterns: list[Pattern] = [engine.pattern(text) for text in texts]
        self._unless = {entry.id: engine.pattern_set(entry.unless) for entry in entries if entry.unless}

    def hits(self, line: str) -> tuple[Hit, ...]:
        """Give what is found in a cleaned line, each signature once, in the order of the files.

        Where several patterns of a signature match, the earlier one's groups count.
        """
        caught: dict[str, dict[str, str]] = {}
        signatures: dict[str, Signature] = {}
        told: dict[str, str] = {}
        for index in self._found(line):
            signature = self._owner[index]
            if signature.id not in signatures and (self._is_excepted(signature, line) or _is_calm(signature, line)):
                continue
            signatures[signature.id] = signature
            groups = caught.setdefault(signature.id, {})
            match = self._patterns[index].search(line)
            groups.update(_caught(match) | groups)
            told.setdefault(signature.id, match.group() if match else "")
        found = tuple(Hit(signature, caught[each], told[each]) for each, signature in signatures.items())
        return found + self._more.hits(line) if self._more else found

    def under(self, own: Sequence[Signature]) -> Signatures:
        """Give these with further ones of a policy before them; nothing shipped is compiled again."""
        return Signatures(own, more=self) if own else self

    def _found(self, line: str) -> Iterator[int]:
        for part, patterns in enumerate(self._sets):
            yield from (part * _TOGETHER + place for place in patterns.hits(line))

    def _is_excepted(self, signature: Signature, line: str) -> bool:
        unless = self._unless.get(signature.id)
        if unless is None or unless.hits(line) == ():
            return False
        # The name of a file or project is no word of the tool's.
        return not _is_grave(signature) or unless.hits(compiled(_NAMES).sub(lambda _: " ", line)) != ()


def parse(texts: Mapping[str, str], engine: Engine = ENGINE, likeness: Likeness | None = None) -> Signatures:
    """Read signature files, given by name; a `ValueError` names file and entry of the first thing that is wrong."""
    entries: list[Signature] = []
    origin: dict[str, str] = {}
    for name, text in texts.items():
        for entry in _entries(name, text):
            if entry.id in origin:
                raise ValueError(f"{name}: `{entry.id}` is already the id of a signature in {origin[entry.id]}")
            origin[entry.id] = name
            _compile(name, entry, engine)
            entries.append(entry)
    return Signatures(entries, engine, likeness=likeness)


_ENTRIES: Final = TypeAdapter(tuple[Signature, ...])


def _entries(name: str, text: str) -> tuple[Signature, ...]:
    tree = policy_yaml.read(text)
    if isinstance(tree, policy_yaml.Problem):
        raise ValueError(str(replace(tree, origin=name)))  # noqa: TRY004  (a text, not a type, is wrong)
    try:
        return _ENTRIES.validate_python(tree.value or [])
    except ValidationError as refused:
        raise ValueError(_sentence(name, tree, refused)) from None


def _sentence(name: str, tree: policy_yaml.Tree, refused: ValidationError) -> str:
    """Say in one line which entry of which file is wrong, and what is wrong with it."""
    error = refused.errors(include_url=False)[0]
    path = tuple(str(part) for part in error["loc"])
    if not path:
        return f"{name}: a file of signatures is a list of entries"
    entry = tree.value[int(path[0])]
    title = f"signature `{entry['id']}`" if isinstance(entry, dict) and "id" in entry else "an entry"
    key = f"{'.'.join(path[1:])}: " if path[1:] else ""
    return f"{name} line {tree.nearest(path).line}: {title}: {key}{error['msg']}"


def _compile(name: str, entry: Signature, engine: Engine) -> None:
    for text in (*entry.pattern, *entry.unless):
        try:
            engine.pattern(text)
        except ValueError as refused:
            raise ValueError(f"{name}: signature `{entry.id}`: {refused}") from None


_CALM: Final = (
    r"^\s*(?:\S+ +){0,5}?[\[(]?(?:INFO|DEBUG|TRACE|WARN|WARNING|FINE|FINER)\b|^\[(?:info|debug)\] "
    r"|^\s*\S+\.py:\d+: \w*(?:Warning|DeprecatedSince\w*)\b"
)
_LOUD: Final = ("ERROR", "FATAL", "SEVERE", "FAIL")


_NAMES: Final = r"`[^`]*`|\S*/\S*|\S+\.[A-Za-z]{1,5}:\S*"


def _is_grave(signature: Signature) -> bool:
    """Whether no word beside it, chosen by the change, may take such a finding back (T15)."""
    return is_at_or_below(signature.category, "security") or signature.category is Category.GENERATOR_DRIFT


def _is_calm(signature: Signature, line: str) -> bool:
    """Whether a line is a program's log of what it goes on from: nothing that failed a job, except a scanner's word."""
    if signature.at_any_level or _is_grave(signature):
        return False
    found = compiled(_CALM).search(line)
    return found is not None and not any(word in line[: found.span()[1]] for word in _LOUD)


def _caught(match: Match | None) -> dict[str, str]:
    return {name: value for name, value in match.groupdict().items() if value} if match else {}
