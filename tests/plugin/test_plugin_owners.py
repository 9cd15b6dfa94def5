"""CODEOWNERS, read as GitHub reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_failure_review.owners import PLACES, Owners

NOBODY: dict[str, object] = {"names": [], "source": "", "line": None}


def write(repository: Path, text: str, place: str = "CODEOWNERS") -> Owners:
    file = repository / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return Owners(repository)


@pytest.mark.parametrize("place", PLACES)
def test_each_place_is_read(tmp_path: Path, place: str) -> None:
    owners = write(tmp_path, "\n*.py @ann @org/team ann@example.org\n", place)
    assert owners.of("a/b.py") == {"names": ["@ann", "@org/team", "ann@example.org"], "source": place, "line": 2}


def test_of_several_files_only_the_first_is_used(tmp_path: Path) -> None:
    write(tmp_path, "* @root", "CODEOWNERS")
    write(tmp_path, "* @docs", "docs/CODEOWNERS")
    assert write(tmp_path, "/a/ @first", ".github/CODEOWNERS").of("b/c.py") == NOBODY


def test_the_last_matching_line_wins(tmp_path: Path) -> None:
    assert write(tmp_path, "* @all\n/tests/ @qa\n").of("tests/test_a.py")["line"] == 2


def test_a_line_without_owners_exempts_its_paths_and_is_named(tmp_path: Path) -> None:
    owners = write(tmp_path, "* @all\n/generated/\n")
    assert owners.of("generated/a.py") == {"names": [], "source": "CODEOWNERS", "line": 2}


def test_words_behind_a_hash_are_no_owners(tmp_path: Path) -> None:
    assert write(tmp_path, "* @all # ask @ann first\n").of("a.py")["names"] == ["@all"]


def test_a_line_that_cannot_be_read_is_skipped_and_counted(tmp_path: Path) -> None:
    owners = write(tmp_path, "[z-a] @nobody\n*[ @nobody\n* @all\n")
    assert owners.of("a.py") == {"names": ["@all"], "source": "CODEOWNERS", "line": 3}


def test_without_a_file_nobody_is_named(tmp_path: Path) -> None:
    assert Owners(tmp_path).of("a.py") == NOBODY


def test_a_file_that_github_ignores_for_its_size_is_ignored(tmp_path: Path) -> None:
    assert write(tmp_path, "* @all\n" + "#" * 3 * 1024 * 1024).of("a.py") == NOBODY


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "CODEOWNERS").write_bytes(b"\xff\xfe @odd\n* @all\n")
    assert Owners(tmp_path).of("a.py")["names"] == ["@all"]


def test_a_path_is_looked_up_once(tmp_path: Path) -> None:
    owners = write(tmp_path, "* @all\n")
    first = owners.of("a.py")
    (tmp_path / "CODEOWNERS").unlink()
    assert owners.of("a.py") is first
    assert owners.of("b.py")["names"] == ["@all"]
