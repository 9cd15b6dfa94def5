"""Whether the tests that failed still test what they did: how the green commit differs from the red one (S1-014).

It reads patches, not programs: a doubt is a reason for QA to look, no proof, and no doubt means that none of the known
ways to silence a test was found. What of a patch cannot be seen is a gap, never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from github_app.rules.failed_tests import Suspects, suspects
from github_app.rules.model import FileChange
from github_app.rules.patches import Diff, PatchLine, diff_of, names_in
from github_app.rules.records import Failure, Validity
from github_app.rules.redaction import redact
from github_app.rules.regex import compiled
from github_app.rules.test_words import ALWAYS_TRUE, ASSERTION, CONFIG_FILE, LEAVES_OUT, ONLY, SKIP, TEST_FILE

DOUBTS_KEPT: Final = 10
WIDTH: Final = 100

REMOVED: Final = "removed"


def validity_of(failure: Failure, base: str, head: str, files: Sequence[FileChange], gap: str = "") -> Validity:
    """Judge the difference between a red and a green commit; `gap` says why it is not known, or not all of it."""
    wanted = suspects(failure)
    diffs = _together([diff_of(file) for file in files])
    doubts = [redact(doubt).text for doubt in doubts_of(diffs, wanted)]
    unseen = next((diff.file.path for diff in diffs if _is_unseen(diff, wanted)), "")
    why = gap or (f"GitHub shows no patch of `{_shown(unseen)}`, which is too large" if unseen else "")
    return Validity(base, head, tuple(dict.fromkeys(doubts))[:DOUBTS_KEPT], why)


def doubts_of(diffs: Sequence[Diff], wanted: Suspects) -> Iterable[str]:
    """Give a sentence for each way in which the tests that failed may have been silenced."""
    kept = _kept(diffs, wanted)
    for diff in diffs:
        path, is_meant = f"`{_shown(diff.path)}`", wanted.means(diff.path)
        is_suspect = is_meant or (wanted.is_vague and _is_test_file(diff.path))
        if diff.file.status == REMOVED and is_suspect:
            yield f"{path} was removed{', in which it had failed' if is_meant else ''}."
            continue
        yield from (f"`{_shown(name)}` is gone from {path}." for name in _lost(diff, wanted, kept))
        if is_suspect or _is_test_file(diff.path) or names_in((*diff.new, *diff.gone)):
            yield from (f"{path} now skips tests: `{_shown(line)}`." for line in _skips(diff, wanted))
        if is_suspect:
            yield from _looser(diff, wanted, path)
        if compiled(CONFIG_FILE).search(diff.path):
            yield from (f"{path} now leaves out tests: `{_shown(line)}`." for line in _more(LEAVES_OUT, diff))


def _kept(diffs: Sequence[Diff], wanted: Suspects) -> set[str]:
    """Return the names of tests that stand in new lines; to mention one in another file keeps no test."""
    tests = [diff for diff in diffs if wanted.means(diff.path) or _is_test_file(diff.file.path)]
    new = [line for diff in tests for line in diff.new]
    known = {name for diff in diffs for name in names_in(diff.gone)}
    # Where a language's tests are no definitions that we know, the name has to do.
    mentioned = {name for name in wanted.names - known if any(_says(line.text, name) for line in new)}
    return {*names_in(new), *mentioned}


def _lost(diff: Diff, wanted: Suspects, kept: set[str]) -> Iterable[str]:
    """Give the tests that are written nowhere any more, as far as one of them may be among those that failed."""
    is_suspect = wanted.means(diff.path) or (wanted.is_vague and _is_test_file(diff.path))
    named = [name for name in sorted(wanted.names) if any(_says(line.text, name) for line in diff.gone)]
    others = [name for name in names_in(diff.gone) if is_suspect and not wanted.is_another(_own(diff.gone, name))]
    yield from (name for name in dict.fromkeys((*named, *others)) if name not in kept)


def _together(diffs: Sequence[Diff]) -> list[Diff]:
    """Return the diffs, a test that moved here from another file being no new one."""
    moved = {name for diff in diffs for name in names_in(diff.gone)}
    return [replace(diff, fresh=diff.fresh - moved) for diff in diffs]


def _own(lines: Iterable[PatchLine], name: str) -> str:
    """Return a test's name as its lines carry it, "" where it stands for many: one of them may have failed."""
    return name if any(line.test == name for line in lines) else ""


def _skips(diff: Diff, wanted: Suspects) -> list[str]:
    """Return the lines that newly skip tests: a test that was not there before cannot be the one that failed."""

    def counts(line: PatchLine) -> bool:
        return line.test not in diff.fresh or line.test in wanted.names

    return [*_more(SKIP, diff, counts), *_more(ONLY, diff)]


def _looser(diff: Diff, wanted: Suspects, path: str) -> Iterable[str]:
    """Compare the assertions; those of a new test make up for none, those of one that did not fail are no matter."""

    def counts(line: PatchLine) -> bool:
        is_fresh = line.test in diff.fresh and line.test not in wanted.names
        return not is_fresh and not wanted.is_another(line.test)

    gone, new = (
        sum(1 for line in lines if counts(line) and compiled(ASSERTION).search(line.text))
        for lines in (diff.gone, diff.new)
    )
    if new < gone:
        fewer = gone - new
        yield f"{path} asserts less than before: {fewer} assertion{'s' if fewer > 1 else ''} fewer."
    always = _more(ALWAYS_TRUE, diff, counts)
    yield from (f"{path} now asserts what is always true: `{_shown(line)}`." for line in always)


def _more(pattern: str, diff: Diff, counts: Callable[[PatchLine], bool] = lambda _: True) -> list[str]:
    """Return the new lines with a pattern, when there are more of them than were taken away."""
    new, gone = (
        [line.text for line in lines if counts(line) and compiled(pattern).search(line.text)]
        for lines in (diff.new, diff.gone)
    )
    moved = {text.strip() for text in gone}
    fresh = [text for text in new if text.strip() not in moved]
    return fresh[:2] if len(new) > len(gone) else []


def _is_unseen(diff: Diff, wanted: Suspects) -> bool:
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


def _is_test_file(path: str) -> bool:
    return compiled(TEST_FILE).search(path) is not None


def _shown(text: str) -> str:
    """Text of the change's, short and without a backtick that would end the code it is shown as."""
    line = " ".join(text.split()).replace("`", "'")
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
