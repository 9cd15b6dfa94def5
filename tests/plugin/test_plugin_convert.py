"""Reports as JUnit XML, CTRF, SARIF and annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from githubs_runner import obeyed
from other_formats import CTRF, SARIF
from plugin_project import Project, a_failure
from report_files import write

from github_app.rules.results.ctrf import read_ctrf
from github_app.rules.results.junit import read_junit
from github_app.rules.results.values import FileReport
from pytest_failure_review.cli import main


def converted(folder: Path, to: str, status: int = 0) -> bytes:
    output = folder.parent / f"converted.{to}"
    assert main(["convert", "--to", to, "--output", str(output), str(folder)]) == status
    return output.read_bytes()


def junit(folder: Path, status: int = 0) -> tuple[ET.Element, FileReport]:
    """The document, and what the App reads in it."""
    document = converted(folder, "junit", status)
    return ET.fromstring(document), read_junit("results.xml", document)


def ctrf(folder: Path, status: int = 0) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(converted(folder, "ctrf", status))
    jsonschema.validate(document, CTRF)
    results: dict[str, Any] = document["results"]
    summary = results["summary"]
    assert summary["failed"] == sum(test["status"] == "failed" for test in results["tests"])
    assert summary["tests"] == summary["passed"] + summary["failed"] + summary["skipped"]
    return results


def sarif(folder: Path, status: int = 0) -> dict[str, Any]:
    document = json.loads(converted(folder, "sarif", status))
    jsonschema.validate(document, SARIF)
    run: dict[str, Any] = document["runs"][0]
    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reports"


DETAILED = a_failure(
    nodeid="tests/test_a.py::TestX::test_a[x::y]",
    category="security.secret",
    sla_terms={"hours": 4.0, "tier": "marker"},
    path="src/a b.py",
    frames=[{"path": "tests/test_a.py", "line": 7, "function": "test_a", "in_repo": True}],
    captured={"stdout": "one\ntwo", "stderr": "err"},
    params={"x": "x::y"},
    replay="pytest --failure-review-replay 'r#1'",
    checkpoints=[{"label": "cart filled", "sha256": "ab"}],
)


def test_junit_has_names_places_and_what_is_known_of_a_failure(folder: Path) -> None:
    write(folder, DETAILED)
    root, report = junit(folder)
    (case,) = root.iter("testcase")
    assert dict(case.items()) == {
        "classname": "tests.test_a.TestX",
        "name": "test_a[x::y]",
        "file": "tests/test_a.py",
        "line": "7",
        "time": "0",
    }
    known = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert (known["category"], known["owner"], known["sla"]) == ("security.secret", "@ann", "4h")
    assert known["replay"] == "pytest --failure-review-replay 'r#1'"
    assert (case.findtext("failure"), case.findtext("system-out")) == ("E   assert 0", "one\ntwo")
    assert [(test.name, test.path, test.line) for test in report.tests] == [
        ("tests.test_a.TestX::test_a[x::y]", "tests/test_a.py", 7)
    ]


def test_junit_counts_what_passed_though_it_lists_only_what_failed(folder: Path) -> None:
    write(folder, a_failure(), a_failure(nodeid="test_b.py::test_b", phase="setup", outcome="error"))
    root, report = junit(folder)
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "2",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
    }
    assert (report.failed, report.complete) == (2, True)


def test_a_failure_took_as_long_as_the_phase_that_failed(folder: Path) -> None:
    both = (
        a_failure(nodeid="test_b.py::test_b", duration=2),
        a_failure(nodeid="test_b.py::test_b", phase="teardown", outcome="error", duration=0.25),
    )
    write(folder, a_failure(duration=0.0015), a_failure(nodeid="test_c.py::test_c", duration="long"), *both)
    root, _ = junit(folder)
    assert [case.get("time") for case in root.iter("testcase")] == ["0.0015", "0", "2", "0.25"]
    assert [element.get("time") for element in (root, root[0])] == ["2.2515", "2.2515"]
    assert [test["duration"] for test in ctrf(folder)["tests"]] == [2, 0, 2250]


def test_ctrf_tells_of_each_attempt_how_long_it_took(folder: Path) -> None:
    write(folder, *(a_failure(attempt=number, duration=number) for number in (1, 2)))
    (test,) = ctrf(folder)["tests"]
    assert (test["duration"], [each["duration"] for each in test["retryAttempts"]]) == (2000, [1000])


def test_attempts_stand_where_surefire_puts_them(folder: Path) -> None:
    again = [a_failure(nodeid="tests/test_a.py::test_again", attempt=number) for number in (1, 2)]
    flaky = {"record": "flaky", "nodeid": "test_a.py::test_a", "worker": "main", "attempts": 2}
    write(folder, a_failure(), flaky, *again)
    root, report = junit(folder)
    flaked, failed = root.iter("testcase")
    assert [child.tag for child in flaked] == ["flakyFailure"]
    assert [child.tag for child in failed] == ["properties", "failure", "rerunFailure"]
    assert [test.name for test in report.tests] == ["tests.test_a::test_again"]


def test_ctrf_tells_flaky_tests_from_failed_ones(folder: Path) -> None:
    flaky = {"record": "flaky", "nodeid": "test_a.py::test_a", "worker": "main", "attempts": 2}
    write(folder, a_failure(), flaky, a_failure(nodeid="test_a.py::test_b"))
    flaked, failed = ctrf(folder)["tests"]
    assert (flaked["status"], flaked["flaky"], flaked["retries"]) == ("passed", True, 1)
    assert [attempt["attempt"] for attempt in flaked["retryAttempts"]] == [1]
    assert (failed["status"], failed["rawStatus"]) == ("failed", "failed")


def test_ctrf_labels_a_failure_and_lists_its_checkpoints(folder: Path) -> None:
    write(folder, DETAILED)
    (test,) = ctrf(folder)["tests"]
    assert test["labels"] == {
        "category": "security.secret",
        "owner": "@ann",
        "sla_hours": 4.0,
        "fingerprint": "0" * 16,
    }
    assert (test["name"], test["suite"]) == ("test_a[x::y]", ["tests", "test_a", "TestX"])
    assert [step["name"] for step in test["steps"]] == ["cart filled"]
    assert (test["filePath"], test["line"], test["extra"]["path"]) == ("tests/test_a.py", 7, "src/a b.py")


def test_ctrf_says_of_the_checkpoint_that_is_the_failure_and_of_a_step_that_raised_that_they_failed(
    folder: Path,
) -> None:
    points = [
        {"label": "pay", "kind": "step_started", "state": None},
        {"label": "pay", "kind": "step_ended", "state": {"raised": "KeyError"}},
        {"label": "ship", "kind": "step_ended", "state": None},
        {"label": "failure", "kind": "manual", "state": {"raised": "KeyError"}},
        {"label": "failure", "kind": "failure", "state": None},
    ]
    write(folder, a_failure(checkpoints=points))
    (test,) = ctrf(folder)["tests"]
    assert [step["status"] for step in test["steps"]] == ["passed", "failed", "passed", "passed", "failed"]


def test_the_app_reads_a_converted_ctrf(folder: Path) -> None:
    write(folder, DETAILED)
    (report,) = read_ctrf("ctrf.json", json.loads(converted(folder, "ctrf")), complete=True)
    assert [test.name for test in report.tests] == ["tests > test_a > TestX::test_a[x::y]"]


def test_sarif_holds_security_alone_with_a_fingerprint_that_github_knows(folder: Path) -> None:
    write(folder, a_failure(), DETAILED)
    run = sarif(folder)
    (result,) = run["results"]
    assert result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "security.secret"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "src/a%20b.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2},
    }
    assert result["partialFingerprints"] == {"primaryLocationLineHash": "0" * 16}
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_paths_start_at_the_repository(folder: Path) -> None:
    path = write(folder, a_failure(path="", category="security.secret"), ends=False)
    path.write_text(path.read_text().replace('"argv"', '"rootdir": "backend", "argv"'))
    (case,) = junit(folder)[0].findall(".//testcase[@file]")
    assert case.get("file") == "backend/test_a.py"


# -- what no test can tell --


@pytest.fixture
def died(folder: Path) -> Path:
    write(folder, a_failure(), ends=False)
    return folder


DIED = "ends early: the process died before pytest was done; 1 failure before that."


def test_a_run_that_did_not_end_is_a_failure_in_every_format(died: Path) -> None:
    assert DIED in junit(died)[1].tests[-1].message
    assert DIED in ctrf(died)["tests"][-1]["message"]
    assert DIED in sarif(died)["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert DIED in obeyed(converted(died, "github").decode())[0].text


def test_a_run_that_died_without_any_failure_is_one(folder: Path) -> None:
    write(folder, ends=False)
    assert junit(folder)[1].failed == 1
    assert ctrf(folder)["summary"]["failed"] == 1
    assert sarif(folder)["invocations"][0]["executionSuccessful"] is False


def test_the_test_in_which_a_run_died_is_named_and_the_report_left_as_it_was(project: Project) -> None:
    project.write("test_a.py", "import os\ndef test_a():\n    os._exit(0)\n")
    project.run(alone=True)
    before = {path.name: path.read_bytes() for path in project.reports.iterdir()}
    (case,) = junit(project.reports)[0].iter("testcase")
    assert (case.get("name"), case.find("error/[@type='crashed']") is not None) == ("test_a", True)
    assert {path.name: path.read_bytes() for path in project.reports.iterdir()} == before


def test_failures_that_were_only_counted_are_told_of(folder: Path) -> None:
    path = write(folder)
    path.write_text(path.read_text().replace('"truncated": 0', '"truncated": 7'))
    said = "7 more failures were counted and not recorded."
    assert [test.message for test in junit(folder)[1].tests] == [f"incomplete: {said}"]
    assert [test["message"] for test in ctrf(folder)["tests"]] == [said]
    assert sarif(folder)["invocations"][0]["executionSuccessful"] is False


def test_a_file_that_was_changed_is_a_failure(folder: Path) -> None:
    path = write(folder)
    path.write_bytes(path.read_bytes().replace(b"Linux", b"Minix"))
    assert "was changed after it was written" in junit(folder)[1].tests[0].message


def test_tests_that_a_shared_fixture_failed_are_all_there(folder: Path) -> None:
    group = {"record": "group", "group": "g", "count": 400, "nodeids": ["test_a.py::test_b", "test_a.py::test_c"]}
    write(folder, a_failure(phase="setup", outcome="error", group="g"), group)
    names = [case.get("name") for case in junit(folder)[0].iter("testcase")]
    assert names == ["test_a", "test_b", "test_c", "test_a (and 397 more tests)"]
    assert [test["name"] for test in ctrf(folder)["tests"]] == names
    (told,) = obeyed(converted(folder, "github").decode())[:1]
    assert told.properties["title"] == "test.unit: test_a.py::test_a (setup) and 399 more"


def test_a_gate_that_did_not_hold_is_a_failure(folder: Path) -> None:
    gates = [
        {"record": "gate", "name": name, "passed": passed, "summary": f"{name} says so", "details": {}}
        for name, passed in (("ruff", True), ("mypy", False))
    ]
    write(folder, *gates)
    assert [test.name for test in junit(folder)[1].tests] == ["gate::mypy"]
    assert [test["status"] for test in ctrf(folder)["tests"]] == ["passed", "failed"]


def test_runs_are_kept_apart_though_their_tests_have_the_same_names(folder: Path) -> None:
    flaky = {"record": "flaky", "nodeid": "test_a.py::test_a", "worker": "main", "attempts": 3}
    write(folder, a_failure(), flaky, run="0" * 16)
    write(folder, a_failure(), run="1" * 16)
    root, report = junit(folder)
    assert (len(root), report.failed) == (2, 1)
    assert len(obeyed(converted(folder, "github").decode())) == 1


def test_a_file_that_no_worker_could_collect_is_one_failure(folder: Path) -> None:
    for worker in ("gw0", "gw1"):
        write(folder, a_failure(nodeid="test_a.py", phase="collect", outcome="error", worker=worker), worker=worker)
    write(folder)
    assert junit(folder)[1].failed == ctrf(folder)["summary"]["failed"] == 1


# -- input and output --


def test_a_file_that_is_no_report_is_named_and_the_others_are_converted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, a_failure())
    (folder / "failure-review-x-main.jsonl").write_text("<html>")
    assert junit(folder, status=2)[1].failed == 1
    assert capsys.readouterr().err == f"{folder}/failure-review-x-main.jsonl is no report: it has no start record.\n"


def test_failures_of_a_file_without_its_beginning_are_not_lost(folder: Path) -> None:
    path = write(folder, DETAILED)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    assert junit(folder, status=2)[1].tests[0].name == "tests.test_a.TestX::test_a[x::y]"


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_where_no_report_is_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    place = tmp_path / "place"
    if kind == "empty":
        place.mkdir()
    output = tmp_path / "there.xml"
    output.write_text("as it was")
    assert main(["convert", "--to", "junit", "-o", str(output), str(place)]) == 2
    said = capsys.readouterr().err
    assert ("No report in" if kind == "empty" else "No such file or directory") in said
    assert output.read_text() == "as it was"


def test_an_output_that_cannot_be_written_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder, a_failure())
    assert main(["convert", "--to", "junit", "-o", str(path / "results.xml"), str(folder)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_output_that_cannot_be_put_in_place_leaves_nothing_behind(folder: Path) -> None:
    place = folder.parent / "results"
    path = write(folder, a_failure())
    place.mkdir()
    assert main(["convert", "--to", "junit", "-o", str(place), str(path)]) == 2
    assert sorted(each.name for each in folder.parent.iterdir()) == ["reports", "results"]


def test_without_an_output_it_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder, a_failure(message="no café"))
    assert main(["convert", "--to", "github", str(path), str(folder)]) == 0
    (told,) = obeyed(capsys.readouterr().out)
    assert told.text.startswith("no café")


def test_reports_are_found_in_folders_of_folders(folder: Path) -> None:
    write(folder, run="0" * 16)
    write(folder / "unit", run="1" * 16)
    assert len(junit(folder)[0]) == 2


def test_help_says_what_the_formats_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["convert", "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "JUnit XML in Surefire's dialect" in said
    assert "exit status: 0 converted" in said
