"""docs/plugin.md says what is so: its commands and snippets are run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from plugin_project import Project

from pytest_failure_review.cli import main

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "plugin.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def command(program: str) -> list[str]:
    """The arguments of the only command that begins with `program` in a block of its own."""
    (line,) = [line for block in snippets("sh") for line in block.splitlines() if line.startswith(f"{program} ")]
    return shlex.split(line)[len(program.split()) :]


@pytest.fixture
def marked(project: Project) -> Project:
    (source,) = snippets("python")
    project.write("test_guide.py", source)
    return project


def test_its_marker_its_command_and_its_check_work(marked: Project, capsys: pytest.CaptureFixture[str]) -> None:
    result = marked.run_plain(*command("pytest"))
    result.stdout.fnmatch_lines(["performance  @your-org/speed  8h  test_guide.py::test_answers_in_time"])
    capsys.readouterr()
    assert main(["check-report", *command("failure-review check-report")]) == 0
    assert "1 failure." in capsys.readouterr().out
    assert main(["convert", *command("failure-review convert")]) == 0
    assert 'name="test_answers_in_time"' in (marked.path / "results.xml").read_text()


@pytest.mark.parametrize("commented", [False, True], ids=["ini", "addopts"])
def test_both_its_settings_turn_it_on_and_its_option_off(marked: Project, commented: bool) -> None:
    (settings,) = snippets("toml")
    ini = "failure_review = true\n"
    assert ini in settings
    marked.write("pyproject.toml", settings.replace(ini, "").replace("# or: ", "") if commented else settings)
    marked.run_plain("-o", "failure_review=false")
    assert not (marked.path / ".failure-review").exists()
    marked.run_plain()
    assert (marked.path / ".failure-review").is_dir()


def test_its_workflow_gives_the_action_inputs_that_it_has() -> None:
    workflow, evidence = (yaml.safe_load(snippet) for snippet in snippets("yaml"))
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    used = [step["with"] for step in (*workflow["steps"], evidence) if "with" in step]
    assert len(used) == 2
    assert all(set(inputs) <= set(action["inputs"]) for inputs in used)
    assert all(f"`{output}`" in GUIDE for output in action["outputs"])


def test_what_it_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", GUIDE)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
