from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from github_app.builtin import default_policy_text
from github_app.policy_command import add_policy_command
from pytest_failure_review.report import Category


def run(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser(prog="failure-review")
    add_policy_command(parser.add_subparsers())
    parsed = parser.parse_args(["policy", *map(str, arguments)])
    status: int = parsed.run(parsed)
    return status


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.yml"


def test_a_good_file_is_called_good_and_notes_do_not_fail_it(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("mode: enforce\n")
    assert run("check", file) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("good: CI failure escalation matrix, policy version ")
    assert all(line.startswith("note: ") for line in lines[:-1])


def test_without_a_file_the_built_in_matrix_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    assert "good: " in capsys.readouterr().out


def test_the_repository_s_own_file_is_the_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "failure-review.yml").write_text("mode: maybe\n")
    assert run("check") == 1
    assert capsys.readouterr().out == (
        ".github/failure-review.yml line 1, column 1: mode: input should be 'enforce' or 'observe'\n"
    )


@pytest.mark.requirement("S1-002")
def test_a_matrix_that_lacks_a_value_is_a_finding_with_its_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = default_policy_text().splitlines(keepends=True)
    lines.remove("    sla: 2h\n")
    file.write_text("".join(lines))
    assert run("check", "--standalone", file) == 1
    number = lines.index("  generator_drift:\n") + 1
    assert capsys.readouterr().out.startswith(f"{file} line {number}, column 3: categories.generator_drift: no sla,")


def test_the_built_in_matrix_stands_alone(file: Path) -> None:
    file.write_text(default_policy_text())
    assert run("check", "--standalone", file) == 0


def test_a_file_is_checked_over_its_organisation_s(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    org = tmp_path / "org.yml"
    org.write_text("mode: enforce\n")
    file.write_text("mode: observe\n")
    assert run("check", file, "--org", org) == 1
    assert f"{file} line 1, column 1: mode: the organisation pins `enforce`" in capsys.readouterr().out


@pytest.mark.requirement("S1-001")
def test_provenance_prints_the_source_of_each_value(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("categories:\n  build:\n    sla: 1h\n")
    assert run("check", "--provenance", file) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"build sla: 1 h [{file} line 3]" in lines
    assert "infra.database sla: 30 min [escalation-matrix.md L39, L316 against L107, L232; C01]" in lines
    assert "infra.runner at_risk: 30 min [escalation-matrix.md L107, L232; C01]" in lines
    assert "security.vulnerability (low) sla: none [escalation-matrix.md L33, L112, L303; C10]" in lines
    assert "decided_on: escalation-matrix.md L3" in lines
    for category in Category:
        assert any(line.startswith((f"{category} owner: ", f"{category} (")) for line in lines)


def test_a_finding_as_json_has_its_place(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("moode: observe\n")
    assert run("check", "--json", file) == 1
    said = json.loads(capsys.readouterr().out)
    sentence = "`moode` is not a key here; did you mean `mode`?"
    assert said == {
        "findings": [{"file": str(file), "line": 1, "column": 1, "sentence": sentence}],
        "notes": [],
        "policy": None,
    }


def test_a_good_file_as_json_is_the_whole_policy(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("retention_days: 30\n")
    assert run("check", "--json", file) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["findings"], said["policy"]["retention_days"]) == ([], 30)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["check", "nowhere.yml"], "nowhere.yml: No such file or directory\n"),
        (["check", "--standalone"], "--standalone needs a FILE\n"),
        (["matrix", "--file", "nowhere.yml"], "nowhere.yml: No such file or directory\n"),
        (["explain", "build", "--org", "nowhere.yml"], "nowhere.yml: No such file or directory\n"),
        (["explain", "performance", "--regression", "much"], "--regression: `much` is no number\n"),
        (["explain", "performance", "--regression", "NaN"], "--regression: `NaN` is no number\n"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence_and_status_2(
    command: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command) == 2
    assert capsys.readouterr().err == sentence


def test_a_file_that_is_not_utf_8_cannot_be_read(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"mode: \xff\n")
    assert run("check", file) == 2
    assert capsys.readouterr().err == f"{file}: not UTF-8 at byte 6\n"


def test_a_broken_file_cannot_be_explained(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("mode: [\n")
    assert run("explain", "build", "--file", file) == 2
    assert capsys.readouterr().err.startswith(f"{file} line 2, column 1: not YAML:")


def test_an_unknown_category_is_told_with_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "weather") == 2
    assert capsys.readouterr().err.startswith("weather is no category; use one of generator_drift, test.unit,")


EXPLAINED = """\
infra.database
  owner: devops_specialist, database_specialist [escalation-matrix.md L39, L317-L318; C15]
  sla: 30 min [escalation-matrix.md L39, L316 against L107, L232; C01]
  class: critical_path [escalation-matrix.md L104, L107]
  tier: immediate [escalation-matrix.md L60, L159]
  override: approval [escalation-matrix.md L40, L88]
  why: when the root cause is identified and a fix is in progress [escalation-matrix.md L40, L88]
  needs: root-cause: what broke; fix: a link to the pull request or ticket that repairs it [escalation-matrix.md L40, L88]
  approver: devops_specialist [escalation-matrix.md L88; C19]
  blocks_all: yes [escalation-matrix.md L104; C25]
  runbook: none; set categories.infra.database.runbook
"""  # noqa: E501  (as it is printed)


def test_a_category_is_explained_with_the_source_of_each_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", "infra.database") == 0
    assert capsys.readouterr().out == EXPLAINED


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["security.vulnerability", "--severity", "critical"], ("immediate", "never", 86400)),
        (["security.vulnerability", "--severity", "low"], ("digest", "approval", None)),
        (["test.database", "--complexity", "complex"], ("standard", "hotfix", 28800)),
        (["performance", "--regression", "19.99%"], ("digest", "approval", 86400)),
        (["performance", "--regression", "20"], ("standard", "never", 86400)),
    ],
)
def test_a_case_is_explained_as_json(
    options: list[str], expected: tuple[str, str, int | None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("explain", *options, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["tier"], said["override"], said["sla_s"]) == expected


@pytest.mark.requirement("S1-192")
def test_a_runbook_is_printed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("categories: {build: {runbook: 'https://wiki.example.com/build'}}\n")
    assert run("explain", "build.lint", "--file", file) == 0
    assert f"  runbook: https://wiki.example.com/build [{file} line 1]\n" in capsys.readouterr().out


@pytest.mark.requirement("S1-178")
def test_the_matrix_is_printed_as_a_table_or_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("matrix") == 0
    assert capsys.readouterr().out.startswith("| Category | Accountable |")
    assert run("matrix", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["matrix"]) >= len(Category)


def test_the_schema_is_printed_for_editors(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("command", [[], ["check"], ["explain"], ["matrix"], ["schema"]])
def test_every_command_explains_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(*command, "--help")
    assert exit_.value.code == 0
    assert "usage: failure-review policy" in capsys.readouterr().out
