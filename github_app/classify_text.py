"""A verdict as a person reads it in a terminal of 80 columns, and as a program reads it.

The law: nothing of a log reaches a terminal that could move its cursor, change its colours or hide a part (T23).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from github_app.classify import Judged
from github_app.rules.lines import visible
from github_app.rules.model import Excerpt
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Severity

WIDTH: Final = 80
SHOWN: Final = 16
"""Lines shown of a longer stretch of the log."""

_BEFORE: Final = 7  # of those, before the deciding one
_PIECES: Final = 4  # lines on a terminal that the deciding one may take
_BAR: Final = 10
_SURE: Final = ((0.85, "sure"), (0.7, "likely"), (0.5, "perhaps"), (0.01, "a guess"), (0.0, "not known"))
_GRAVE: Final = frozenset({Severity.CRITICAL, Severity.HIGH})
_BOLD, _RED, _YELLOW, _CYAN, _DIM = "1", "31", "33", "36", "2"

_STATES: Final = {
    "partial": "The log breaks off before the runner signed off, so its end may be missing.",
    "middle_unread": "Its middle is a flood of failed steps, at most searched for leaks, vulnerabilities and drift.",
    "too_big": "The log is longer than what is downloaded: only its beginning was read.",
    "missing": "GitHub has no log of this job.",
    "refused": "GitHub refused to give the log.",
    "none": "There is no log to read.",
}


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours for a terminal, or none."""

    on: bool

    def __call__(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.on and codes and text else text


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Give what `--json` prints of one verdict."""
    return {
        "category": str(verdict.category),
        "state": None if verdict.state is None else str(verdict.state),
        "subcategory": verdict.subcategory,
        "severity": None if verdict.severity is None else str(verdict.severity),
        "confidence": verdict.confidence,
        "evidence": [{"line": line.line, "text": line.text, "rule": line.rule} for line in verdict.evidence],
        "region": None if verdict.region is None else {"start": verdict.region[0], "end": verdict.region[1]},
        "runner_up": verdict.runner_up,
        "reason": verdict.reason,
    }


def as_text(judged: Judged, paint: Paint, title: str = "") -> list[str]:
    """Give the whole explanation in lines of at most `WIDTH` columns."""
    verdict = judged.verdict
    blocks = [
        [paint(line, _BOLD) for line in wrapped(title)] if title else [],
        _header(verdict, paint),
        wrapped(verdict.reason),
        list(_region(judged, paint)),
        _rule(verdict, paint),
        _listed("Likely causes", verdict.causes, paint),
        _listed("What to do", verdict.advice, paint),
        [line for sentence in _remarks(judged) for line in wrapped(sentence)],
    ]
    lines = [line for block in blocks if block for line in ("", *block)]
    return lines[1:]


def _header(verdict: Verdict, paint: Paint) -> list[str]:
    colour = _RED if verdict.severity in _GRAVE else _YELLOW
    more = [str(each) for each in (verdict.state, verdict.subcategory, verdict.severity) if each]
    told = f" ({', '.join(more)})" if more else ""
    full = round(max(0.0, min(1.0, verdict.confidence)) * _BAR)
    word = next(word for least, word in _SURE if verdict.confidence >= least)
    bar = f"{'#' * full}{'.' * (_BAR - full)}"
    return [
        paint(str(verdict.category), _BOLD, colour) + plain(told),
        f"[{paint(bar[:full], colour)}{bar[full:]}] {verdict.confidence:.2f}, {word}",
    ]


def _region(judged: Judged, paint: Paint) -> Iterator[str]:
    """Give the stretch of the log that decided, its lines numbered as in the whole log."""
    excerpt = _decisive(judged)
    if excerpt is None:
        return
    numbers = [line.line for line in judged.verdict.evidence if excerpt.start <= line.line <= excerpt.end]
    decided = numbers[0] if numbers else None
    first, last = _window(excerpt, decided)
    pad = len(str(last))
    step = f", in the step `{plain(excerpt.step)}`" if excerpt.step else ""
    whole = (first, last) == (excerpt.start, excerpt.end)
    of = "of the log" if whole else f"of the stretch from {excerpt.start} to {excerpt.end} of the log"
    yield from wrapped(f"{f'Line {first}' if first == last else f'Lines {first} to {last}'} {of}{step}:")
    for number in range(first, last + 1):
        said, room = excerpt.lines[number - excerpt.start], WIDTH - pad - 5
        if number != decided:
            yield paint(f"  {number:>{pad}} | {clipped(said, room)}".rstrip(), _DIM)
            continue
        for place, text in enumerate(_in_pieces(said, room)):
            yield paint(f"{f'> {number:>{pad}}' if place == 0 else ' ' * (pad + 2)} | {text}".rstrip(), _BOLD, _RED)
    others = [str(number) for number in dict.fromkeys(numbers[1:])]
    if others:
        yield from wrapped(f"Of the same kind: line{'s' if len(others) > 1 else ''} {', '.join(others)}.")


def _decisive(judged: Judged) -> Excerpt | None:
    excerpts, region = judged.evidence.excerpts, judged.verdict.region
    if region is None:
        return None
    return next((each for each in excerpts if (each.start, each.end) == region), None)


def _window(excerpt: Excerpt, decided: int | None) -> tuple[int, int]:
    """Give the first and the last line to show: around the deciding one, else the end."""
    if len(excerpt.lines) <= SHOWN:
        return excerpt.start, excerpt.end
    wanted = excerpt.end if decided is None else decided - _BEFORE
    first = max(excerpt.start, min(wanted, excerpt.end - SHOWN + 1))
    return first, first + SHOWN - 1


def _rule(verdict: Verdict, paint: Paint) -> list[str]:
    head = f"Rule {verdict.rule}"
    described = f": {verdict.description.rstrip('.')}." if verdict.description else "."
    first, *rest = wrapped(f"{head}{described}")
    return [first.replace(head, paint(head, _CYAN), 1), *rest]


def _listed(title: str, entries: Sequence[str], paint: Paint) -> list[str]:
    if not entries:
        return []
    lines = [wrapped(entry, WIDTH - 2) for entry in entries]
    shown = [f"{'* ' if place == 0 else '  '}{line}" for entry in lines for place, line in enumerate(entry)]
    return [paint(title, _BOLD), *shown]


def _remarks(judged: Judged) -> Iterator[str]:
    verdict, evidence = judged.verdict, judged.evidence
    if verdict.runner_up:
        yield f"Next likely: {verdict.runner_up}."
    others = dict.fromkeys(str(other.category) for other in verdict.also if other.category is not verdict.category)
    if others:
        yield f"The evidence also speaks of {', '.join(others)}."
    if evidence.secrets:
        yield f"Taken out of what is shown: {', '.join(evidence.secrets)}."
    if judged.lines:
        noun = "line" if judged.lines == 1 else "lines"
        yield f"The log has {judged.lines:,} {noun}. {_STATES.get(evidence.log, '')}".rstrip()
    elif evidence.log in _STATES:
        yield _STATES[evidence.log]


# --- text -------------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Give a text that a terminal shows and does not obey, on one line."""
    return visible(" ".join(text.splitlines())).replace("\t", "    ")


def clipped(text: str, columns: int) -> str:
    """Give as much of a text as fits, with a sign that it goes on."""
    shown = plain(text)
    if _columns(shown) <= columns:
        return shown
    return f"{_beginning(shown, columns - 3)}..."


def _in_pieces(text: str, columns: int) -> list[str]:
    """Give a text as it is, cut where a line is full, and clipped after a few lines."""
    pieces, rest = list[str](), plain(text)
    while _columns(rest) > columns and len(pieces) < _PIECES - 1:
        begin = _beginning(rest, columns)
        pieces.append(begin)
        rest = rest[len(begin) :]
    return [*pieces, clipped(rest, columns)]


def wrapped(text: str, columns: int = WIDTH) -> list[str]:
    """Give a text in lines that fit, broken between words where they are short enough."""
    lines, line = [], ""
    for word in plain(text).split():
        rest = word
        if line and _columns(line) + 1 + _columns(rest) > columns:
            lines.append(line)
            line = ""
        while _columns(rest) > columns:
            begin = _beginning(rest, columns)
            lines.append(begin)
            rest = rest[len(begin) :]
        line = f"{line} {rest}" if line else rest
    return [*lines, line] if line else lines


def _beginning(text: str, columns: int) -> str:
    taken = 0
    for place, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return text[:place]
    return text


def _columns(text: str) -> int:
    """Count the columns of a terminal: letters of East Asia take two, marks above a letter none (UAX 11)."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) != 0 for char in text)
