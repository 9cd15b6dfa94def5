"""Tests that are tried again: every attempt is kept, and what counts is what pytest counts."""

from __future__ import annotations

from plugin_project import Project


def test_an_attempt_that_is_tried_again_is_not_counted(project: Project) -> None:
    project.write(
        "conftest.py",
        """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.outcome = "rerun"
    return report
""",
    )
    project.pytester.makepyfile("def test_a():\n    assert False\n")
    ran = project.run()
    assert len(ran.failures) == 1
    assert set(ran.finish["counts"].values()) == {0}
