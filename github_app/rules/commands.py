"""The commands that people write in comments: one table, and how a comment's text is read against it.

A command starts a line of an ordinary paragraph. What stands in code, quotes, HTML, lists or headings is not obeyed,
nor is anything that may not be seen where the comment is shown: when in doubt it is not a command (X47). Other bots
read the same comments; a line that does not look like ours gets no answer (X63).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_BODY: Final = 65_536
"""Bytes of a comment that are looked at; GitHub takes as many characters."""

MOST: Final = 10
"""Commands of one comment that are obeyed; the others are refused."""

MOST_INLINE: Final = 4000
"""Characters of a comment that are read as closely as a browser would: Markdown's details cost time (T5)."""

MOST_TEXT: Final = 500
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Recategorize:
    """Say what kind of failure it is; `category` is as written, `auto` takes a person's word back.

    `job` is a part of a job's name, `failure` an id; both empty mean the only failure there is.
    """

    category: str
    reason: str = ""
    job: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class JudgeFix:
    """Say whether the fix of a failure that is green again holds; `job` and `failure` as for `Recategorize`."""

    holds: bool
    reason: str = ""
    job: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class AskHelp:
    """Say what the person owns here, may do here, and how commands are written."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that was meant as a command and is none; the sentence says what would be one."""

    sentence: str


Command = Recategorize | JudgeFix | AskHelp
Said = Recategorize | JudgeFix | AskHelp | Mistake

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Argument:
    """A part of a command after its name: `word` is the next word, `which` names a failure, `text` is the rest."""

    name: str
    kind: str  # word | which | text
    needed: bool = False

    @property
    def shown(self) -> str:
        text = f"<{self.name}>" if self.needed else self.name
        told = {"word": f"<{self.name}>", "which": "job:<name> or failure:<id>", "text": text}[self.kind]
        return told if self.needed else f"[{told}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the grammar: how it is written, what it does, who may, examples, and what it means to the rules."""

    name: str
    arguments: tuple[Argument, ...]
    does: str
    may: str
    examples: tuple[str, ...]
    make: Callable[[Words], Command]

    @property
    def usage(self) -> str:
        return " ".join((f"/{self.name}", *(argument.shown for argument in self.arguments)))


def _recategorize(words: Words) -> Command:
    return Recategorize(words["category"].lower(), words.get("reason", ""), **_chosen(words))


def _chosen(words: Words) -> dict[str, str]:
    kind, _, named = words.get("failure", "").partition(":")
    return {kind: named} if kind else {}


def _judge_fix(words: Words, *, holds: bool) -> Command:
    return JudgeFix(holds, words.get("reason", ""), **_chosen(words))


GRAMMAR: Final = (
    Entry(
        name="recategorize",
        arguments=(
            Argument("category", "word", needed=True),
            Argument("failure", "which"),
            Argument("reason", "text"),
        ),
        does="says what kind of failure it is; `auto` instead of a category takes that back",
        may="whoever may write to the repository, or owns the old or the new kind; "
        "the pull request's author may not make it easier for themselves, "
        "and to call a secret or a critical weakness something else takes two people",
        examples=(
            "/recategorize infra.network the registry was down",
            "/recategorize test.database job:integration a migration is missing",
            '/recategorize infra.runner job:"unit (3.12, linux)"',
            "/recategorize test.unit failure:f0123456789abcdef0123",
            "/recategorize auto",
        ),
        make=_recategorize,
    ),
    Entry(
        name="qa-ok",
        arguments=(Argument("failure", "which"), Argument("reason", "text")),
        does="says that the fix of a failure which is green again holds: it counts as verified",
        may="whoever is `qa_analyst` in the policy and had no hand in the change, unless nobody else is",
        examples=("/qa-ok", "/qa-ok job:unit the old test checked a field that is gone"),
        make=partial(_judge_fix, holds=True),
    ),
    Entry(
        name="qa-reject",
        arguments=(Argument("failure", "which"), Argument("reason", "text", needed=True)),
        does="says that the fix does not hold: the failure is open again, with the time that was spent",
        may="whoever is `qa_analyst` in the policy",
        examples=("/qa-reject the test is skipped now", "/qa-reject job:unit it only asserts True"),
        make=partial(_judge_fix, holds=False),
    ),
    Entry(
        name="failure-review help",
        arguments=(),
        does="says what you own here, what you may do, and how commands are written",
        may="everybody",
        examples=("/failure-review help",),
        make=lambda words: AskHelp(),  # noqa: ARG005  (it has no arguments)
    ),
)
"""Every command. A new one is a new line here, and a new case where the rules obey."""

_COMMAND: Final = re.compile(r"/([A-Za-z][A-Za-z_-]{0,39})(?=\s|$)(.*)")
_WHICH: Final = re.compile(r"(job|failure):(?:\"([^\"]{1,200})\"|([^\s\"]{1,200}))(?=\s|$)")
_ALIKE: Final = 0.85
_PLAIN: Final = re.compile(r"[^`<\[\\]*")
"""Text in which nothing can be hidden."""

_BEGINS: Final = re.compile(r"(?m)^[ \t]*/")
_MARK: Final = "\ue000"
_MARKED: Final = re.compile(f"{_MARK}(\\d+){_MARK}")
_PARAGRAPHS: Final = {"paragraph_open", "heading_open-", "heading_open="}
"""A line of dashes below makes a heading of a paragraph: so do many signatures of mails."""


def parse(body: str) -> tuple[Said, ...]:
    """Return what a comment says to us, in the order in which it is written; most comments say nothing."""
    if "/" not in body:
        return ()
    if len(body.encode("utf-8", "replace")) > MAX_BODY:
        is_ours = any(f"/{entry.name}" in body for entry in GRAMMAR)
        return (Mistake("The comment is too long to be read for commands: write them in one of their own."),) * is_ours
    said = (read for line in _lines(body) if (read := _read(line)) is not None)
    found = tuple(islice(said, MOST + 1))
    if len(found) > MOST:
        return (*found[:MOST], Mistake(f"Only the first {MOST} commands of a comment are read."))
    return found


# --- which lines are looked at ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that begins with a slash, or looks as if it should; `why_not` says why it is not obeyed."""

    text: str
    why_not: str = ""


def _lines(body: str) -> Iterator[_Line]:
    """Give the lines of ordinary paragraphs; of quotes only those that were hardly meant to be in one."""
    source = body.replace(_MARK, "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    blocks = MarkdownIt("commonmark").disable("inline")  # linear on hostile text
    stack: list[str] = []
    room = MOST_INLINE
    for token in blocks.parse("\n".join(source)):
        if token.nesting == 1:
            stack.append(f"{token.type}{token.markup}")
        elif token.nesting == -1:
            stack.pop()
        elif token.type == "inline" and len(stack) == 1 and stack[0] in _PARAGRAPHS:
            if _PLAIN.fullmatch(token.content) is None and _BEGINS.search(token.content) is not None:
                room -= len(token.content)
            yield from _seen(token.content, is_small=room >= 0)
        elif token.type == "inline" and "blockquote_open>" in stack:
            yield from _slipped(token, source)


def _seen(content: str, *, is_small: bool) -> Iterator[_Line]:
    """Give the lines of a paragraph that people see as lines: what begins inside code, a tag or a link is none."""
    lines = [line.strip() for line in content.split("\n")]
    if _PLAIN.fullmatch(content):
        yield from map(_Line, lines)
        return
    starts = [number for number, line in enumerate(lines) if line.startswith("/")]
    shown = _shown(lines, starts) if starts and is_small else set(starts)
    for number, line in enumerate(lines):
        if line.startswith("`/"):
            yield _Line(line.strip("`"), "is in backticks, which makes it code")
        elif number in shown:
            yield _Line(line, "" if is_small else "stands among too much Markdown to tell whether it is code")


def _shown(lines: Sequence[str], starts: Sequence[int]) -> set[int]:
    """Return which lines begin as plain text: each gets a mark, and Markdown says where the marks end up."""
    marked = [f"{_MARK}{number}{_MARK}{line}" if number in starts else line for number, line in enumerate(lines)]
    (token,) = MarkdownIt("commonmark").parseInline("\n".join(marked))
    found, is_start = set(), True
    for child in token.children or ():
        mark = _MARKED.match(child.content) if is_start and child.type == "text" and child.level == 0 else None
        if mark is not None:
            found.add(int(mark[1]))
        is_start = child.type in {"softbreak", "hardbreak"}
    return found


def _slipped(token: Token, source: Sequence[str]) -> Iterator[_Line]:
    """Give the lines of a quote that have no mark of one: Markdown draws the line below a quote into it."""
    first, last = token.map or (0, 0)
    for line in source[first:last]:
        if line.lstrip().startswith("/"):
            yield _Line(line.strip(), "belongs to the quote above it; leave an empty line between")


# --- what a line says ------------------------------------------------------------------------------------------------


def _read(line: _Line) -> Said | None:
    """Return the command or mistake in a line; None for what is not for us."""
    found = _COMMAND.fullmatch(line.text)
    if found is None:
        return None
    entry, rest = _entry(found[1].casefold(), " ".join(found[2].split()))
    if isinstance(entry, Mistake) or entry is None:
        return entry
    if line.why_not:
        return Mistake(f"A line with the command {entry.name} {line.why_not}, so nothing was done.")
    words = _arguments(entry, rest)
    return words if isinstance(words, Mistake) else entry.make(words)


def _entry(name: str, rest: str) -> tuple[Entry | Mistake | None, str]:
    """Find the line of the grammar; a mistake when the name is nearly one of ours, None when it is somebody else's."""
    for entry in GRAMMAR:
        first, _, second = entry.name.partition(" ")
        if name == first and not second:
            return entry, rest
        if name == first:
            word, _, more = rest.partition(" ")
            return (entry, more.strip()) if word.casefold() == second else (_meant(entry), rest)
    meant = _alike(name)
    return (_meant(meant) if meant else None), rest


def _alike(name: str) -> Entry | None:
    """Return the command that a mistyped name was meant to be; another bot's word must be quite unlike it (X63)."""
    spelt = _spelt(name)
    firsts = {_spelt(entry.name.partition(" ")[0]): entry for entry in GRAMMAR}
    near = get_close_matches(spelt, [first for first in firsts if first[0] == spelt[0]], n=1, cutoff=_ALIKE)
    return firsts[near[0]] if near else None


def _spelt(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace("ise", "ize") or "-"


def _meant(entry: Entry) -> Mistake:
    return Mistake(f"That is no command here; did you mean `{entry.usage}`?")


def _arguments(entry: Entry, rest: str) -> Words | Mistake:
    words: dict[str, str] = {}
    for argument in entry.arguments:
        told, rest = _take(argument.kind, rest)
        if told:
            words[argument.name] = told
        elif argument.needed:
            return Mistake(f"The command {entry.name} lacks its {argument.name}: write `{entry.usage}`.")
    return words


def _take(kind: str, rest: str) -> tuple[str, str]:
    """Take an argument off the rest of a line; empty when it is not there."""
    if kind == "text":
        return rest[:MOST_TEXT].strip(), ""
    if kind == "which":
        found = _WHICH.match(rest)
        return (f"{found[1]}:{found[2] or found[3]}", rest[found.end() :].strip()) if found else ("", rest)
    word, _, more = rest.partition(" ")
    return word, more.strip()
