"""Takes secrets out of what the report is about to keep.

The law: it runs before anything reaches the disk, in linear time, and takes too much rather than too little.
Colours and what is invisible go first, or they would hold a secret apart until somebody shows it without them.
It knows values, in their everyday forms (of environment variables whose name says secret, also those that a test sets;
of `::add-mask::` lines; of fixtures, parameters and variables beside the failure that are called so), names
(`password=...`), and shapes (`ghp_...`). What was never named it does not know: a secret in a variable `x` stays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from . import report
from .asking import Asker
from .known_values import KnownValues, broken
from .lines import Lines
from .shapes import (
    INVISIBLE,
    MASK,
    NAMED,
    SENSITIVE_WORDS,
    SHAPES,
    Pattern,
    Shape,
    has_invisible,
    has_trace,
    is_secret_name,
    may_hide,
)

FREE: Final = frozenset({"params", "evidence", "captured", "locals", "details", "state"})
"""Fields whose mappings have names that a test or a hook chose."""
ASKED: Final = FREE | {
    "argv", "c_stack", "chain", "crash_line", "leaves", "message", "nodeid", "nodeids", "notes", "rule",
    "text",
}  # fmt: skip
"""Fields whose texts hooks are asked about: those that the test has a part in, no words of the format."""
_MASKED: Final = Pattern(r"::add-mask::([^\n\r]+)", re.IGNORECASE)
_SHORTEST_MASKED: Final = 3
_UNTOLD: Final = f"{MASK} (what redacts it failed)"
_PLAIN_ID: Final = Pattern(r"[\w./-]+(?:::\w+)*(?:\[([\w.-]*)\])?", re.ASCII)
_MANY: Final = ("failure", "afterwards")
"""Records of which a run may write hundreds."""
_SHORTEST_TOKEN: Final = 13
"""No shape is shorter."""
_KEYS: Final = tuple(word for word in SENSITIVE_WORDS if "key" in word)
_WORDS: Final = tuple(word for word in SENSITIVE_WORDS if "key" not in word)
"""Apart, since each is looked for in all texts, and most have no key of any kind."""
_FIELDS: Final = frozenset(
    name
    for shape in (report.Failure, report.Frame, report.Owner, report.Cause, report.Fixture, report.Sla)
    for name in shape.__annotations__
)


class Doubt(NamedTuple):
    """What of all that may be secret is looked for in the texts of one record, since it stands somewhere in them."""

    invisible: bool = False
    literals: Sequence[str] = ()
    broken: Sequence[re.Pattern[str]] = ()
    shapes: Sequence[Shape] = ()
    words: Sequence[str] = ()


class Redacted(dict[str, Any]):
    """A record without secrets. It takes no new field: that would reach the disk unseen."""

    line = b""
    """As it is written, where that is known."""

    def __setitem__(self, key: str, value: Any) -> None:
        raise TypeError(f"{key} comes too late: the record has been redacted")


class Redactor:
    """Replaces secrets by `***` and counts what it replaced."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._judged: set[str | bytes] = set()
        self._secret_names: list[str] = []
        self._known = KnownValues()
        self._near: tuple[frozenset[str], KnownValues] = (frozenset(), self._known)
        self._hook: Any = None
        self._asker = Asker()
        self._lines = Lines()
        self._lines_of = 0
        """What was known when the lines were looked at, by its version."""
        self.count = 0
        """Replacements so far."""
        self.look_again()

    def look_again(self) -> None:
        """Learns the values of variables that were set since; those of before stay known."""
        # Where os.environ has its dictionary, no name is decoded to be known again, of which there may be hundreds.
        names: Collection[Any] = getattr(self._environment, "_data", self._environment)
        for raw in [] if self._judged.issuperset(names) else set(names) - self._judged:
            self._judged.add(raw)
            name = os.fsdecode(raw)
            if is_secret_name(name):
                self._secret_names.append(name)
        for name in self._secret_names:
            value = self._environment.get(name)
            if value and value not in self._known:
                self._known.add(value)

    def listen(self, hook: Any, asker: Asker) -> None:
        """Asks the hook for redaction, too, from now on."""
        self._hook, self._asker = hook, asker

    def read_masks(self, sections: Iterable[tuple[str, str]]) -> None:
        """Learns what captured output tells GitHub to mask.

        https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#masking-a-value-in-a-log
        """
        for _, text in sections:
            if "::" in text and "::add-mask::" in text.lower():
                for found in _MASKED.findall(text):
                    value = found.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
                    self._known.add(value, _SHORTEST_MASKED)

    def redact(self, value: Any, near: Iterable[str] = ()) -> Any:
        """The same value without secrets; texts inside lists and mappings are looked at too.

        Names of a record's own fields stay. `near` are values that are secret here, if not elsewhere.
        """
        if isinstance(value, Redacted):
            return value
        is_asked = self._hook is not None and bool(self._hook.get_hookimpls())
        if not near and not is_asked and isinstance(value, dict) and value.get("record") in _MANY:
            clean = self._at_a_glance(value)
            if clean is not None:
                return clean
        texts: list[str] = []
        _gather(value, texts)
        doubt = self._doubt("\n".join(texts), self._beside(near))
        if is_asked:
            return self._with_hook(value, doubt or Doubt())
        if doubt is not None:
            value = self._walk(value, doubt, free=False)
        return Redacted(value) if _is_record(value) else value

    def _beside(self, near: Iterable[str]) -> KnownValues | None:
        """Made once for all that is said of one failure."""
        values = frozenset(near)
        if not values:
            return None
        if self._near[0] != values:
            self._near = values, KnownValues(values)
        return self._near[1]

    def _at_a_glance(self, record: Mapping[str, Any]) -> Redacted | None:
        """The record with its line, where a look at the line shows that it holds no secret, as nearly none does."""
        if self._known.version != self._lines_of:
            self._lines, self._lines_of = Lines(), self._known.version
        line = self._lines.of(record)
        if line is None or (line.news and self._may_tell(line.news)):
            return None
        self._lines.keep(line)
        clean = Redacted(record)
        clean.line = line.whole.encode("ascii") + b"\n"
        return clean

    def _may_tell(self, json_text: str) -> bool:
        return self._known.may_be_in(json_text) or may_hide(json_text) or has_trace(json_text)

    def _with_hook(self, value: Any, doubt: Doubt) -> Any:
        def asked(text: str, where: str) -> str:
            return self._asked(self._text(text, doubt), where)

        if not _is_record(value):
            return self._walk(
                value, doubt, free=False, text=partial(asked, where="nodeid" if isinstance(value, str) else "state")
            )
        record = {
            name: self._walk(item, doubt, free=name in FREE, text=partial(asked, where=name) if name in ASKED else None)
            for name, item in value.items()
        }
        notes = dict.fromkeys(self._asker.take_notes())
        if notes and value["record"] == "failure":
            record["notes"] = [*record.get("notes", []), *(self._plainly(note) for note in notes)]
        return Redacted(record)

    def _plainly(self, text: str, near: KnownValues | None = None) -> str:
        """Without the hook, of which the text may tell."""
        doubt = self._doubt(text, near)
        return self._text(text, doubt) if doubt else text

    def redact_id(self, nodeid: str, near: Collection[str] = ()) -> str:
        """The same for a test's id, at a price that a passing test can pay: names of the source hold no secret."""
        if near:
            return self._plainly(nodeid, self._beside(near))
        plain = _PLAIN_ID.fullmatch(nodeid)
        if plain is not None and (not plain[1] or self._is_plain(plain[1])):
            return nodeid
        return self._plainly(nodeid)

    def is_plain_name(self, name: str) -> bool:
        """Whether `redact_id` leaves an id as it is that ends so, behind a plain path; of a few it does not know."""
        names, bracket, rest = name.partition("[")
        if not (name.isascii() and names.replace("::", "").isidentifier()):
            return False
        parameters = rest.removesuffix("]")
        letters = parameters.replace("_", "").replace(".", "").replace("-", "")
        return not bracket or (letters.isalnum() and self._is_plain(parameters))

    def _is_plain(self, parameters: str) -> bool:
        """Of letters, digits, `_`, `.` and `-` alone, no name with a value is made, and no short token."""
        if self._known.found_in(parameters):
            return False
        return len(parameters) < _SHORTEST_TOKEN or not any(shape.may_be_in(parameters) for shape in SHAPES)

    def _doubt(self, text: str, near: KnownValues | None) -> Doubt | None:
        """What may be in the text; None when nothing is."""
        invisible = has_invisible(text)
        if invisible:
            text = INVISIBLE.sub("", text)
        literals, broken_values = self._known.found_in(text), self._known.broken_in(text)
        if near is not None:
            literals = sorted({*literals, *near.found_in(text)}, key=len, reverse=True)
            broken_values += near.broken_in(text)
        shapes = [shape for shape in SHAPES if shape.may_be_in(text)]
        lowered = text.lower()
        words = [word for word in _WORDS if word in lowered]
        if "key" in lowered:
            words += [word for word in _KEYS if word in lowered]
        if not (invisible or literals or broken_values or shapes or words):
            return None
        return Doubt(invisible, literals, [re.compile(broken(value)) for value in broken_values], shapes, words)

    def _walk(self, value: Any, doubt: Doubt, *, free: bool, text: Callable[[str], str] | None = None) -> Any:
        said = text or partial(self._text, doubt=doubt)
        if isinstance(value, str):
            return said(value)
        if isinstance(value, list):
            return [self._walk(item, doubt, free=free, text=text) for item in value]
        if isinstance(value, dict):
            return {
                said(key) if free else key: self._mask()
                if free and item and isinstance(item, str | list | dict) and is_secret_name(key)
                else self._walk(item, doubt, free=free or key in FREE, text=text)
                for key, item in value.items()
            }
        return value

    def _mask(self) -> str:
        self.count += 1
        return MASK

    def _asked(self, text: str, where: str) -> str:
        for implementation in reversed(self._hook.get_hookimpls()):
            answer, trouble = self._asker.answer(self._hook, implementation, text=text, where=where)
            if trouble or not (answer is None or type(answer) is str):
                return _UNTOLD
            if answer is not None and answer != text:
                self.count += 1
                text = answer
        return text

    def _text(self, text: str, doubt: Doubt) -> str:
        if doubt.invisible and has_invisible(text):
            text = INVISIBLE.sub("", text)
        for literal in doubt.literals:
            if literal in text:
                self.count += text.count(literal)
                text = text.replace(literal, MASK)
        patterns = [*doubt.broken] if "\n" in text else []
        for pattern in [*patterns, *(shape.pattern for shape in doubt.shapes if shape.may_be_in(text))]:
            text, found = pattern.subn(MASK, text)
            self.count += found
        return self._named(text, doubt.words) if doubt.words else text

    def _named(self, text: str, words: Sequence[str]) -> str:
        lowered = text.lower()
        if not any(word in lowered for word in words):
            return text
        lines = text.split("\n")
        for place, line in enumerate(lines):
            low = line.lower()
            if any(word in low for word in words):
                lines[place], found = NAMED.subn(_mask_value, line)
                self.count += found
        return "\n".join(lines)


def is_plain_path(path: str) -> bool:
    """Whether `redact_id` leaves the ids of its tests as they are where their names are plain; some it misses."""
    letters = path.replace("/", "").replace(".", "").replace("_", "").replace("-", "")
    return path.isascii() and letters.isalnum()


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and "record" in value


def _gather(value: Any, texts: list[str]) -> None:
    """All texts, and the names that are no record's own."""
    kind = type(value)
    if kind is str:
        texts.append(value)
    elif kind is list:
        for item in value:
            _gather(item, texts)
    elif kind is dict:
        for key, item in value.items():
            if type(item) is str:
                texts.append(item)
            elif item:
                _gather(item, texts)
            if key not in _FIELDS:
                texts.append(key)
    elif isinstance(value, str):  # a category
        texts.append(str(value))


def _mask_value(match: re.Match[str]) -> str:
    value = match[2]
    quote = value[: 2 if value[0] == "\\" else 1] if value.startswith(('"', "'", '\\"', "\\'")) else ""
    return f"{match[1]}{quote}{MASK}{quote}"
