"""Everything that the README and the installation guide claim is done here as a reader would do it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from github_app.builtin import default_policy_text
from github_app.rules.policy_file import BUILT_IN, PolicyFile, parse
from github_app.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
POLICY = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
INSTALL = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
CATEGORIES = (
    "security.secret",
    "infra.runner",
    "infra.database",
    "generator_drift",
    "test.unit",
    "performance",
)


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "pytest_failure_review.cli", *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)


def test_the_first_screen_holds_a_sentence_a_picture_and_the_two_commands() -> None:
    first = README.split("\n")[:35]
    assert first[0] == "# Failure Review"
    assert sum(line.startswith("python3 -m venv .venv && ") for line in first) == 2
    assert len(" ".join(first[1:4]).split()) <= 170


def test_ci_runs_the_commands_that_the_readme_shows() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    _demo, tests, *checks = [line for block in blocks("sh") for line in block.strip().split("\n")]
    lines = [line for line in script.split("\n") if line.startswith((".venv/", "python3 -m venv"))]
    assert lines == [tests, *checks]


@pytest.mark.requirement("S1-002")
def test_the_policy_file_of_the_readme_is_good(tmp_path: Path) -> None:
    [snippet] = [block for block in blocks("yaml") if block.startswith("schema:")]
    file = tmp_path / "failure-review.yml"
    file.write_text(snippet, encoding="utf-8")
    checked = command("policy", "check", str(file))
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_policy_file_of_the_guide_is_good(tmp_path: Path) -> None:
    [snippet] = blocks("yaml", POLICY)
    file = tmp_path / "failure-review.yml"
    file.write_text(snippet, encoding="utf-8")
    checked = command("policy", "check", str(file))
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.requirement("S1-178")
def test_the_matrix_of_the_guide_is_the_one_in_force() -> None:
    assert POLICY.endswith(command("policy", "matrix").stdout)


def test_the_provenance_of_the_built_in_matrix_is_printed() -> None:
    printed = command("policy", "check", "--provenance").stdout
    assert "escalation-matrix.md L22" in printed


def test_the_action_takes_the_input_that_the_readme_gives() -> None:
    [snippet] = [block for block in blocks("yaml") if block.startswith("- uses:")]
    [step] = yaml.safe_load(snippet)
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert set(step["with"]) <= set(inputs)


def test_the_demo_answers_six_failures_and_ends_well() -> None:
    shown = command("demo", "--once")
    assert shown.returncode == 0, shown.stderr
    table = shown.stdout.partition("JOB ")[2].partition("\n\n")[0]
    assert [category for category in CATEGORIES if f" {category} " not in table] == []
    assert "no access" not in shown.stdout


@pytest.mark.parametrize("port", ["99999", "-5", "nonsense"])
def test_a_port_that_makes_no_sense_is_one_sentence(port: str) -> None:
    shown = command("demo", "--once", f"--port={port}")
    assert (shown.returncode, "is no port" in shown.stderr, "Traceback" in shown.stderr) == (2, True, False)


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        shown = command("demo", "--once", f"--port={taken.getsockname()[1]}")
    assert (shown.returncode, "cannot listen" in shown.stderr, "Traceback" in shown.stderr) == (2, True, False)


def test_every_file_and_folder_that_the_readme_names_exists() -> None:
    named = re.findall(r"`((?:[\w.]+/)*[\w.]+\.(?:py|yml|md)|(?:[\w]+/)+)`", README)
    homes = (ROOT, ROOT / "github_app", ROOT / "github_app" / "rules")
    missing = [
        name for name in named if not any((home / name).exists() for home in homes) and "failure-review" not in name
    ]
    assert missing == []


def test_every_variable_of_the_installation_guide_is_one_that_is_read() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})`", INSTALL))
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_built_in_policy_can_be_read() -> None:
    assert isinstance(parse(default_policy_text(), BUILT_IN), PolicyFile)


def test_a_reader_who_has_seen_enough_gets_no_traceback() -> None:
    program = f"{sys.executable} -m pytest_failure_review.cli policy check --provenance"
    shown = subprocess.run(f"{program} | head -n 1", shell=True, capture_output=True, text=True, timeout=60, check=True)
    assert "Traceback" not in shown.stderr
