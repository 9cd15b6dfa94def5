"""`failure-review check-drift`: generators run, what differs is listed, and changes of the API are told."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from gate_project import Checkout

from github_app import builtin
from github_app.rules.categorise import categorise
from github_app.rules.drift import drifted
from github_app.rules.model import Evidence, Excerpt, Job, Source
from pytest_failure_review.cli import main
from pytest_failure_review.drift.command import add_check_drift_command
from pytest_failure_review.report import Category

ROOT = Path(__file__).parents[2]
WRITES = "import shutil; shutil.copytree('source', 'web', dirs_exist_ok=True)"
SETTINGS = f"""[[tool.failure_review.drift.generators]]
name = "client"
command = ['{sys.executable}', '-c', "{WRITES}"]
outputs = ["web"]
"""
COMMITTED = "Generated files are what is committed.\n"


@pytest.fixture
def generated(checkout: Checkout) -> Checkout:
    """What `source` holds is written to `web`, and committed there."""
    checkout.write("pyproject.toml", SETTINGS)
    for folder in ("source", "web"):
        checkout.write(f"{folder}/api.ts", "a\n")
    checkout.commit()
    return checkout


@pytest.mark.requirement("S1-111")
def test_files_that_are_what_the_generators_write_are_good(generated: Checkout) -> None:
    generated.write("notes.txt", "not generated\n")
    assert generated.run("check-drift") == (0, COMMITTED)


@pytest.mark.requirement("S1-111")
def test_each_file_that_differs_is_listed_until_it_is_added(generated: Checkout) -> None:
    generated.write("source/api.ts", "b\n")
    generated.write("source/new file.ts", "c\n")
    listed = (
        "Generated files differ from what is committed:\n M web/api.ts\n?? web/new file.ts\n"
        "They now hold what the generators write: add them to the commit.\n"
    )
    assert generated.run("check-drift") == (1, listed)
    assert generated.run("check-drift") == (1, listed)
    generated.git("add", "web")
    assert generated.run("check-drift") == (0, COMMITTED)


@pytest.mark.requirement("S1-111")
def test_the_app_knows_what_is_said_for_drift_and_its_files(generated: Checkout) -> None:
    """The same rules as CI."""
    generated.write("source/api.ts", "b\n")
    lines = tuple(generated.run("check-drift")[1].splitlines())
    evidence = Evidence(excerpts=(Excerpt(1, lines, "##[error]"),))
    job = Job(1, Source.ACTIONS, "github-actions", "client", "completed", "failure", evidence=evidence)
    assert categorise(job, builtin.signatures()).category is Category.GENERATOR_DRIFT
    assert drifted(evidence) == ("web/api.ts",)


def test_a_file_that_a_generator_takes_away_is_listed(generated: Checkout) -> None:
    generated.write("pyproject.toml", SETTINGS.replace(WRITES, "import os; os.remove('web/api.ts')"))
    assert " D web/api.ts" in generated.run("check-drift")[1].splitlines()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (WRITES, "raise SystemExit('no such source')", "The generator client failed: "),
        (sys.executable, "no-such", "The generator client could not run: there is no program `no-such`"),
        ('"web"]', '"wbe/*.ts"]', "Of the generator client git knows no file wbe/*.ts, so it was not checked."),
        ('"web"]', "]", "generator 1 of tool.failure_review.drift in pyproject.toml needs a command, and the outputs"),
        ("outputs", "output", "has no word 'output', only name, command, outputs, timeout"),
        (
            "[[tool.failure_review.drift.generators]]",
            "[tool.failure_review.drift]",
            "drift in pyproject.toml has no word",
        ),
        ("[[tool.failure_review.drift.generators]]", "[tool.failure_review.drift.generators]", "is no list of tables"),
        (SETTINGS, "", "pyproject.toml names no generator: write [[tool.failure_review.drift.generators]]"),
    ],
)
def test_what_cannot_be_checked_is_no_pass(generated: Checkout, old: str, new: str, why: str) -> None:
    generated.write("pyproject.toml", SETTINGS.replace(old, new))
    status, said = generated.run("check-drift")
    assert status == 2
    assert why in said


def test_a_generator_that_takes_longer_than_it_may_is_stopped_and_checked_by_nobody(generated: Checkout) -> None:
    slow = SETTINGS.replace(WRITES, "import time; print('half', flush=True); time.sleep(60)") + "timeout = 0.5\n"
    generated.write("pyproject.toml", slow)
    status, said = generated.run("check-drift")
    assert status == 2
    assert "The generator client could not run: `" in said
    assert "` did not end within 0.5 seconds and was stopped (`timeout` allows more): half." in said


def test_without_git_nothing_can_be_compared(
    generated: Checkout, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    (folder / "pyproject.toml").write_text(SETTINGS)
    monkeypatch.chdir(folder)
    assert generated.run("check-drift") == (2, "git knows nothing of this folder, so nothing can be compared.\n")


# -- the API --


def api(*paths: str) -> str:
    return json.dumps({"openapi": "3.1.0", "paths": {path: {"get": {"responses": {}}} for path in paths}})


@pytest.fixture
def described(generated: Checkout) -> Checkout:
    """A branch on which one operation went and another came."""
    generated.write("pyproject.toml", SETTINGS + "[tool.failure_review.drift]\nopenapi = 'api.json'\n")
    generated.write("api.json", api("/carts", "/old"))
    generated.commit()
    generated.git("checkout", "-qb", "work")
    generated.write("api.json", api("/carts", "/new"))
    generated.commit()
    return generated


CHANGES = """api.json: 2 changes of the API, 1 breaking.
  breaking: GET /old: was removed
  not breaking: GET /new: is new
Components that use the changed types: not analysed, the policy has no contracts.components.
"""


@pytest.mark.requirement("S1-112")
def test_changes_of_the_api_are_told_as_breaking_or_not(described: Checkout) -> None:
    assert described.run("check-drift") == (0, COMMITTED + CHANGES)


@pytest.mark.requirement("S1-112")
def test_the_policy_names_the_documents_where_the_settings_do_not(described: Checkout) -> None:
    described.write("pyproject.toml", SETTINGS)
    described.write(".github/failure-review.yml", "schema: 1\ncontracts: {openapi: [api.json]}\n")
    assert described.run("check-drift") == (0, COMMITTED + CHANGES)
    described.write(".github/failure-review.yml", "schema: [")
    assert described.run("check-drift") == (0, COMMITTED)


def test_a_machine_reads_files_and_changes(described: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    described.write("source/api.ts", "b\n")
    status, said = described.run("check-drift", "--json")
    assert status == 1
    told = json.loads(said)
    assert told["drifted"] == [{"path": "web/api.ts", "state": "M"}]
    assert [(each["where"], each["breaking"]) for each in told["contracts"][0]["changes"]] == [
        ("GET /old", True),
        ("GET /new", False),
    ]


def test_an_unknown_base_is_said_and_hides_no_drift(described: Checkout) -> None:
    status, said = described.run("check-drift", "--base", "release")
    assert status == 0
    assert "How the API changed is not known: git knows no commit release here: fetch more history" in said


def test_the_base_install_says_what_it_needs_to_see_changes(
    described: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_check_drift_command(parser.add_subparsers())
    arguments = parser.parse_args(["check-drift"])
    assert arguments.run(arguments) == 0
    assert capsys.readouterr().out == (
        f"{COMMITTED}To see how the API changed: pip install 'pytest-failure-review[app]'\n"
    )


# -- where a change began --


def test_on_the_main_branch_a_change_is_the_last_commit_or_what_is_not_committed(described: Checkout) -> None:
    described.git("checkout", "-q", "main")
    described.git("merge", "-q", "--ff-only", "work")
    assert described.run("check-drift") == (0, COMMITTED + CHANGES)
    described.write("api.json", api("/carts"))
    assert "GET /new: was removed" in described.run("check-drift")[1]


def test_in_a_pull_request_a_change_began_at_the_first_parent_of_the_merge(
    described: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """actions/checkout fetches the merge of a pull request, and no branch."""
    described.git("checkout", "-q", "--detach", "main")
    described.git("merge", "-q", "--no-ff", "-m", "merge", "work")
    described.git("branch", "-D", "main", "work")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert described.run("check-drift") == (0, COMMITTED + CHANGES)


@pytest.mark.parametrize("is_known", [True, False], ids=["no history", "no branch"])
def test_a_clone_of_one_commit_is_not_taken_for_one_without_changes(
    described: Checkout, is_known: bool, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path_factory.mktemp("clone")
    described.git("clone", "-q", "--depth=1", "--branch=work", f"file://{described.path}", str(clone))
    monkeypatch.chdir(clone)
    # Whether a clone of one branch knows another one as the remote's depends on git's version.
    subprocess.run(["git", "remote", "set-head", "origin", "work" if is_known else "--delete"], check=True)
    why = "git does not know the commit before this one" if is_known else "git knows no main branch here"
    told = f"How the API changed is not known: {why}: fetch more history (actions/checkout with `fetch-depth: 0`)"
    assert told in described.run("check-drift")[1]


# -- pre-commit --


def test_both_hooks_are_commands_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["check-drift", "check-migrations"]
    for hook in hooks:
        program, name = hook["entry"].split()
        assert program == "failure-review"
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert f"usage: failure-review {name}" in capsys.readouterr().out
