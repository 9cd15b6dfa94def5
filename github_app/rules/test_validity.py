"""Whether the tests that failed still test what they did: how the green commit differs from the red one (S1-014).

It reads patches, not programs: a doubt is a reason for QA to look, no proof, and no doubt means that none of the known
ways to silence a test was found. What of a patch cannot be seen is a gap, never a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from github_app.rules.failed_tests import Suspects, suspects
from github_app.rules.model import FileChange
from github_app.rules.records import Failure, Validity
from github_app.rules.redaction import redact
from github_app.rules.regex import compiled
from github_app.rules.test_words import (
    ALWAYS_TRUE,
    ASSERTION,
    CONFIG_FILE,
    DEFINITION,
    LEAVES_OUT,
    SKIP,
    TEST_FILE,
    is_comment,
)

DOUBTS_KEPT: Final = 10
WIDTH: Final = 100

REMOVED: Final = "removed"


@dataclass(frozen=True, slots=True)
class _Diff:
    """A file's change as lines that are gone and lines that are new, without comments."""

    file: FileChange
    gone: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.file.previous or self.file.path


def validity_of(failure: Failure, base: str, head: str, files: Sequence[FileChange], gap: str = "") -> Validity:
    """Judge the difference between a red and a green commit; `gap` says why it is not known, or not all of it."""
    wanted = suspects(failure)
    diffs = [_diff(file) for file in files]
    doubts = [_clean(doubt) for doubt in _doubts(diffs, wanted)]
    unseen = next((diff.file.path for diff in diffs if _is_unseen(diff, wanted)), "")
    why = gap or (f"GitHub shows no patch of `{_shown(unseen)}`, which is too large" if unseen else "")
    return Validity(base, head, tuple(dict.fromkeys(doubts))[:DOUBTS_KEPT], why)


def _doubts(diffs: Sequence[_Diff], wanted: Suspects) -> Iterable[str]:
    kept = _kept(diffs, wanted)
    for diff in diffs:
        path, is_meant = f"`{_shown(diff.path)}`", wanted.means(diff.path)
        is_tests = is_meant or _is_test_file(diff.path)
        if diff.file.status == REMOVED and is_tests and (is_meant or wanted.is_vague):
            yield f"{path} was removed{', in which it had failed' if is_meant else ''}."
            continue
        for name in _lost(diff, wanted, kept):
            yield f"`{_shown(name)}` is gone from {path}."
        if is_tests or _defined(diff.new) or _defined(diff.gone):
            yield from (f"{path} now skips tests: `{_shown(line)}`." for line in _more(SKIP, diff))
        if is_tests and (is_meant or wanted.is_vague):
            yield from _looser(diff, path)
        if compiled(CONFIG_FILE).search(diff.path):
            yield from (f"{path} now leaves out tests: `{_shown(line)}`." for line in _more(LEAVES_OUT, diff))


def _kept(diffs: Sequence[_Diff], wanted: Suspects) -> set[str]:
    """Return the names of tests that stand in new lines; to mention one in another file keeps no test."""
    tests = [diff for diff in diffs if wanted.means(diff.path) or _is_test_file(diff.file.path)]
    new = [line for diff in tests for line in diff.new]
    known = set(_defined(line for diff in diffs for line in diff.gone))
    # Where a language's tests are no definitions that we know, the name has to do.
    mentioned = {name for name in wanted.names - known if any(_says(line, name) for line in new)}
    return {*_defined(new), *mentioned}


def _lost(diff: _Diff, wanted: Suspects, kept: set[str]) -> Iterable[str]:
    """Give the tests that are written nowhere any more, as far as one of them may be among those that failed."""
    is_suspect = wanted.means(diff.path) or (wanted.is_vague and _is_test_file(diff.path))
    named = [name for name in sorted(wanted.names) if any(_says(line, name) for line in diff.gone)]
    defined = _defined(diff.gone) if is_suspect else []
    yield from (name for name in dict.fromkeys((*named, *defined)) if name not in kept)


def _looser(diff: _Diff, path: str) -> Iterable[str]:
    before, after = (sum(1 for line in lines if compiled(ASSERTION).search(line)) for lines in (diff.gone, diff.new))
    if after < before:
        fewer = before - after
        yield f"{path} asserts less than before: {fewer} assertion{'s' if fewer > 1 else ''} fewer."
    yield from (f"{path} now asserts what is always true: `{_shown(line)}`." for line in _more(ALWAYS_TRUE, diff))


def _more(pattern: str, diff: _Diff) -> list[str]:
    """Return the new lines with a pattern, when there are more of them than were taken away."""
    new = [line for line in diff.new if compiled(pattern).search(line)]
    gone = [line for line in diff.gone if compiled(pattern).search(line)]
    moved = {line.strip() for line in gone}
    fresh = [line for line in new if line.strip() not in moved]
    return fresh[:2] if len(new) > len(gone) else []


def _is_unseen(diff: _Diff, wanted: Suspects) -> bool:
    """Whether a file that matters changed, and GitHub does not show how."""
    is_hidden = diff.file.patch is None and diff.file.status != REMOVED and diff.file.changes != 0
    matters = wanted.means(diff.path) or _is_test_file(diff.path) or bool(compiled(CONFIG_FILE).search(diff.path))
    return is_hidden and matters


def _says(line: str, name: str) -> bool:
    """Whether a name stands in a line as a word of its own."""
    before, found, after = line.partition(name)
    return bool(found) and not (_is_of_word(before[-1:]) or _is_of_word(after[:1]))


def _is_of_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _defined(lines: Iterable[str]) -> list[str]:
    """Return the names of the tests that some lines define."""
    hits = (hit for line in lines if (hit := compiled(DEFINITION).search(line)) is not None)
    return [next(name for name in hit.groups() if name is not None) for hit in hits]


def _is_test_file(path: str) -> bool:
    return compiled(TEST_FILE).search(path) is not None


def _diff(file: FileChange) -> _Diff:
    lines = (file.patch or "").splitlines()
    told = [line for line in lines if not line.startswith("@@")]
    gone, new = (tuple(line[1:] for line in told if line.startswith(sign)) for sign in "-+")
    return _Diff(file, *(tuple(line for line in part if not is_comment(line)) for part in (gone, new)))


def _shown(text: str) -> str:
    """Text of the change's, short and without a backtick that would end the code it is shown as."""
    line = " ".join(text.split()).replace("`", "'")
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"


def _clean(sentence: str) -> str:
    return redact(sentence).text
