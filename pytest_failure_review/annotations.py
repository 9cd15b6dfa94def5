"""What GitHub shows beside the lines of a change: at most ten errors, the worst first, and one notice for the rest.

GitHub shows ten errors of a step and cuts what is longer than 4,096 characters; the App's own check has no such limit.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import PurePosixPath
from typing import Final

from .findings import Cause, Findings
from .plain import command, lines_of, printable
from .report import Failure
from .summary import named, owners, sla

MOST: Final = 10
"""Errors that GitHub shows of one step."""
LONGEST: Final = 4000
"""Characters of a message."""
_LONGEST_TITLE: Final = 200
_LONGEST_LINE: Final = 1000
"""Characters of one of the lines around the message."""


def annotate(findings: Findings) -> list[str]:
    """The workflow commands, each one line: what did not come to its end first, then one failure of each cause."""
    troubles = [command("error", {"title": "Failure Review"}, printable(said)) for said in findings.beside_tests()]
    causes = findings.worst_first()
    failures = [_of_failure(failure, count) for failure, count in _in_turn(causes)]
    total = len(troubles) + sum(cause.count for cause in causes)
    shown = (troubles + failures)[:MOST]
    return shown + ([_notice(total - len(shown))] if total > len(shown) else [])


def _in_turn(causes: list[Cause]) -> Iterator[tuple[Failure, int]]:
    """The first failure of each cause with that cause's count, then the second ones, and so on."""
    turns = zip_longest(*(cause.failures for cause in causes))
    for cause in causes:
        yield cause.first, cause.count
    yield from ((failure, 1) for failure in chain.from_iterable(list(turns)[1:]) if failure is not None)


def _of_failure(failure: Failure, count: int) -> str:
    path = failure["path"]
    line = {"line": str(failure["line"])} if failure["line"] else {}
    place = {"file": path, **line} if _is_file_of_repository(path) else {}
    test = named(failure, count)
    title = f"{printable(failure['category'])}: {test}"
    short = title if len(title) <= _LONGEST_TITLE else f"{title[:50]}...{title[53 - _LONGEST_TITLE :]}"
    return command("error", {**place, "title": short}, _message(failure))


def _is_file_of_repository(path: str) -> bool:
    """Any other would put the annotation nowhere; and what is not printable could end the command's line."""
    pure = PurePosixPath(path)
    return path.isprintable() and bool(path) and not pure.is_absolute() and ":" not in path and ".." not in pure.parts


def _message(failure: Failure) -> str:
    owner = owners(failure)
    limit = sla(failure)
    about = [
        f"{failure['category']}: {failure['rule']}",
        f"Owner: {owner or 'nobody is named'}" + (f" ({failure['owner']['source']})" if owner else ""),
        *([f"To be fixed within: {limit}"] if limit else []),
        *([f"Replay: {failure['replay']}"] if failure.get("replay") else []),
    ]
    below = "\n".join(_cut(printable(line), _LONGEST_LINE) for line in about)
    said = _cut(lines_of(failure["message"]), LONGEST - len(below) - 2)
    return f"{said}\n\n{below}" if said else below


def _cut(text: str, most: int) -> str:
    """The text, or its beginning and its end."""
    if len(text) <= most:
        return text
    head = most * 2 // 3
    return f"{text[:head]} ... {text[len(text) - (most - head - 5) :]}"


def _notice(rest: int) -> str:
    some = "1 more failure is" if rest == 1 else f"{rest} more failures are"
    return command("notice", {"title": "Failure Review"}, f"{some} not annotated; all stand in the report.")
