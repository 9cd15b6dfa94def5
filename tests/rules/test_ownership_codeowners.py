from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from github_app.rules.codeowners_file import OwnersLine, line_for, line_for_all

FILE = """\
# who owns what
*            @acme/all
/src/        @core   # @nobody
docs/*       @docs
*.sql        @dba @acme/data mail@example.com
!src/x       @no
src/[ab].py  @no
/vendor/
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("README.md", OwnersLine(2, "*", (), ("acme/all",))),
        ("src/a.py", OwnersLine(3, "/src/", ("core",), ())),
        ("lib/src/a.py", OwnersLine(2, "*", (), ("acme/all",))),
        ("docs/a.md", OwnersLine(4, "docs/*", ("docs",), ())),
        ("docs/deep/a.md", OwnersLine(2, "*", (), ("acme/all",))),
        ("src/db/a.sql", OwnersLine(5, "*.sql", ("dba",), ("acme/data",))),
        ("vendor/a.c", OwnersLine(8, "/vendor/", (), ())),
    ],
)
def test_the_last_line_that_matches_decides(path: str, line: OwnersLine) -> None:
    """GitHub docs, "About code owners": the last matching pattern takes precedence; negation and ranges do not work."""
    assert line_for(FILE, path) == line


def test_a_path_that_no_line_names_is_nobody_s() -> None:
    assert line_for("/src/ @core", "docs/a.md") is None


@pytest.mark.parametrize("text", ["* @a\n*.md @b", "** @a\n/x @b", "/** @a"])
def test_the_catch_all_line_is_found_wherever_it_stands(text: str) -> None:
    line = line_for_all(text)
    assert line is not None
    assert line.users == ("a",)


def test_without_a_file_or_a_path_there_is_no_line() -> None:
    assert (line_for(None, "a"), line_for("* @a", ""), line_for_all(None), line_for_all("/x @a")) == (None,) * 4


@settings(deadline=None)
@given(st.one_of(st.text(), st.text("*/?[]\\!#@ a\n")), st.text())
def test_no_text_and_no_path_makes_it_raise(text: str, path: str) -> None:
    line_for(text, path)
    line_for_all(text)


def test_a_hostile_pattern_cannot_hang_it() -> None:
    """T18."""
    started = time.process_time()
    line_for("**/" * 30 + "b @a\n" + "*a" * 50 + "b @a\n", "a/" * 2000 + "a" * 2000)
    assert time.process_time() - started < 2
