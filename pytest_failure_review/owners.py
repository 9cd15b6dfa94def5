"""Who answers for a file: CODEOWNERS, read as GitHub reads it. It does not ask git, and knows no teams' members."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .report import Owner

if TYPE_CHECKING:
    from codeowners import CodeOwners

PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""The first one found is the only one used.

https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""
_LARGEST_BYTES: Final = 3 * 1024 * 1024
"""GitHub ignores a larger file (same page)."""
_TEST_FOLDERS: Final = frozenset({"test", "tests", "testing"})
_INLINE_COMMENT: Final = re.compile(r"[ \t]#.*$", re.MULTILINE)


class Owners:
    """Looks owners up in one repository. The file is read at the first question; each path is answered once."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._file: tuple[str, CodeOwners] | None = None
        self._was_read = False
        self._answers: dict[str, Owner] = {}

    def of(self, path: str) -> Owner:
        """The owner of a path relative to the repository, with the line that says so."""
        if path not in self._answers:
            self._answers[path] = self._look_up(path)
        return self._answers[path]

    def _look_up(self, path: str) -> Owner:
        if not self._was_read:
            self._was_read = True
            self._file = _read(self._repository)
        if self._file is None:
            return Owner(names=[], source="", line=None)
        source, rules = self._file
        owners, line, _, _ = rules.matching_line(path)
        # A rule without owners exempts its paths: then nobody answers, and its line says why.
        return Owner(names=[name for _, name in owners], source=source if line else "", line=line)


def is_test_path(path: str, test_path: str = "") -> bool:
    """Whether a file belongs to the tests: the failing test's own, one that is called so, or one in their folder."""
    *folders, name = path.split("/")
    return (
        path == test_path
        or name == "conftest.py"
        or name.startswith("test_")
        or name.endswith("_test.py")
        or not _TEST_FOLDERS.isdisjoint(folders)
    )


def _read(repository: Path) -> tuple[str, CodeOwners] | None:
    for place in PLACES:
        try:
            raw = (repository / place).read_bytes()
        except OSError:
            continue
        return None if len(raw) > _LARGEST_BYTES else (place, _parse(raw.decode("utf-8", "replace")))
    return None


def _parse(text: str) -> CodeOwners:
    from codeowners import CodeOwners  # noqa: PLC0415  (loaded by a failure only; a passing run does not pay for it)

    lines = _INLINE_COMMENT.sub("", text).split("\n")
    return CodeOwners("\n".join(line if _is_understood(line, CodeOwners) else "" for line in lines))


def _is_understood(line: str, parser: type[CodeOwners]) -> bool:
    # GitHub skips a line that it cannot read; the library would refuse the whole file.
    try:
        parser(line)
    except (ValueError, re.error):
        return False
    return True
