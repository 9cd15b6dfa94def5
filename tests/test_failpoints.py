"""Failpoints do nothing until they are armed, and every one that is named stands somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import github_app
from github_app.failpoints import NAMES, arm, disarm, failpoint


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    disarm()


def test_an_armed_failpoint_acts_and_the_others_do_not() -> None:
    passed: list[str] = []
    failpoint("inbox.after_commit")
    arm("inbox.after_commit", lambda: passed.append("acted"))
    failpoint("inbox.before_commit")
    failpoint("inbox.after_commit")
    disarm()
    failpoint("inbox.after_commit")
    assert passed == ["acted"]


def test_a_failpoint_that_is_not_named_cannot_be_armed() -> None:
    with pytest.raises(
        ValueError, match=r"no failpoint is called 'inbox.somewhere'; there are: inbox\.before_commit, "
    ):
        arm("inbox.somewhere")


def test_every_failpoint_in_the_code_is_named() -> None:
    """One that nobody can arm is one that nobody kills at."""
    sources = [path.read_text() for path in Path(github_app.__file__).parent.rglob("*.py")]
    used = {name for source in sources for name in re.findall(r'failpoint\("([^"]+)"', source)}
    assert used <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_named_failpoint_stands_in_the_code(name: str) -> None:
    place = name.rpartition(".")[2]
    sources = [path.read_text() for path in Path(github_app.__file__).parent.rglob("*.py")]
    shared = f'failpoint(f"{{self.name}}.{place}")'
    assert any(f'failpoint("{name}")' in source or shared in source for source in sources)
