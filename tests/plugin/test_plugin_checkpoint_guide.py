"""docs/checkpoints.md says what is so: its test fails as told, its hook provides, its command selects."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from plugin_project import Project

GUIDE = (Path(__file__).parents[2] / "docs" / "checkpoints.md").read_text(encoding="utf-8")
TEST, HOOK = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
SHOP = """
from contextlib import contextmanager

class flags:
    current = staticmethod(lambda: ["fast"])

class Answer:
    scalar = staticmethod(lambda: "b05519a")

class engine:
    @staticmethod
    @contextmanager
    def connect():
        yield engine

    exec_driver_sql = staticmethod(lambda query: Answer)
"""


def test_its_test_keeps_what_it_says(project: Project) -> None:
    project.write("test_guide.py", TEST)
    marked = {each["label"]: each for each in project.run().failure["checkpoints"]}
    assert marked["cart filled"]["state"] == {"cart": {"apples": 2}}
    assert (project.reports / marked["cart filled"]["files"][0]["path"]).read_text() == "2 apples"
    assert marked["pay"]["state"] == {"raised": "AssertionError"}


def test_its_hook_provides(project: Project) -> None:
    project.write("test_guide.py", TEST)
    project.write("conftest.py", HOOK)
    project.write("shop.py", SHOP)
    project.pytester.syspathinsert()
    marked = project.run().failure["checkpoints"]
    assert all(each["provided"].items() >= {"flags": ["fast"], "schema": "b05519a"}.items() for each in marked)


def test_its_command_has_the_form_of_that_in_the_record(project: Project) -> None:
    project.write("test_guide.py", TEST)
    replay = shlex.split(project.run().failure["replay"])
    (line,) = re.findall(r"^pytest .*--failure-review-replay .*$", GUIDE, re.MULTILINE)
    shape = re.compile(r"[0-9a-f]{16}")
    assert shape.sub("", shlex.split(line)[-1]).partition("/")[2] == shape.sub("", replay[-1]).partition("/")[2]
    assert shlex.split(line)[:-1] == [word for word in replay[:-1] if not word.startswith("-pno:")]
    fresh = project.run_plain(*replay[1:])
    fresh.assert_outcomes(failed=1)
