"""The marker, well and badly written: it never loses the failure that it stands on."""

from __future__ import annotations

import pytest
from plugin_project import Project

from pytest_failure_review.marker import Marked, read_marker

MARKED = """
    import itertools
    import pytest

    class Hostile(str):
        def __str__(self): raise RuntimeError("no text")
        __repr__ = __format__ = __hash__ = __eq__ = __str__

    class Opaque:
        def __str__(self): raise RuntimeError("no text")
        __repr__ = __iter__ = __bool__ = __str__

    {mark}
    def test_a():
        assert 0
"""


@pytest.mark.parametrize(
    "written",
    [
        "owner=7",
        "owner=Opaque()",
        "owner=itertools.count()",
        "owner=[7, Opaque(), None]",
        "owner={'@ann': 1}",
        "category=7",
        "category=Opaque()",
        "category=Hostile('x')",
        "sla=Opaque()",
        "Opaque()",
        "'performance', 7, Opaque()",
        "nonsense=Opaque()",
        "**{'': 1}",
    ],
)
def test_no_value_in_a_marker_loses_the_failure(project: Project, written: str) -> None:
    project.pytester.makepyfile(MARKED.format(mark=f"@pytest.mark.failure_review({written})"))
    assert "its marker " in project.run().failure["rule"]


def test_what_was_ignored_is_said_on_the_terminal_once_for_a_whole_class(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.failure_review(category="rubbish")
        class TestMany:
            @pytest.mark.parametrize("n", range(3))
            def test_a(self, n):
                assert n is None
        """
    )
    lines = [line for line in project.run().result.outlines if line.startswith("note: ")]
    assert len(lines) == 1
    assert lines[0].startswith("note: its marker names 'rubbish', which is no category: ...")


def test_a_bad_marker_is_said_by_a_run_with_workers_too(project: Project) -> None:
    project.pytester.makepyfile(MARKED.format(mark="@pytest.mark.failure_review(owner=7)"))
    ran = project.run("-n", "1")
    assert len(ran.failures) == 1
    ran.result.stdout.fnmatch_lines(["note: its marker gives owner a value of type int, not a text: *::test_a"])


@pytest.mark.parametrize(
    ("marks", "read"),
    [
        ([], Marked()),
        ([(("performance",), {})], Marked(category="performance")),
        ([(("performance",), {"category": "build"})], Marked(category="build")),
        ([(("performance",), {}), ((), {"category": "build", "sla": "4h"})], Marked("performance", (), "4h")),
        ([((), {"owner": "@ann"})], Marked(owners=("@ann",))),
        ([((), {"owner": ("@ann", "@bo")})], Marked(owners=("@ann", "@bo"))),
        (
            [((), {"owner": ["@ann", 7]})],
            Marked(owners=("@ann",), ignored=("gives owner a value of type int, not a text",)),
        ),
        ([((), {"sla": 4})], Marked(sla="4h")),
        ([((), {"sla": True})], Marked(ignored=("gives sla a value of type bool, not a text",))),
        ([((), {"sla": "soon"})], Marked(sla="soon", ignored=("gives an sla that is no time: write 30m, 4h or 7d",))),
        ([((), {"catgory": "build"})], Marked(ignored=("has no keyword 'catgory'",))),
        (
            [(("performance", "@ann"), {})],
            Marked("performance", ignored=("has 2 values without a keyword: the first is the category",)),
        ),
    ],
)
def test_what_a_marker_says(marks: list[tuple[tuple[object, ...], dict[str, object]]], read: Marked) -> None:
    assert read_marker(marks) == read
