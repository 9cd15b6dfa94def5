"""What scanners write: read in every dialect, each finding once, and a scanner that did not finish is never clean."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scan_files import ALL, CODEQL, GITLEAKS_SARIF, NPM_ERROR, SECRET, SEMGREP, TRIVY_SARIF, at, sarif

from github_app.rules.results.loose import MAX_NODES
from github_app.rules.results.reading import read_results
from github_app.rules.results.scans import KEPT_FLAWS, merged_flaws
from github_app.rules.results.values import FileReport, Flaw, FlawKind, Unusable
from pytest_failure_review.report import Severity

CRITICAL, HIGH, MEDIUM, LOW = Severity


def read(data: bytes, name: str = "some file") -> FileReport:
    [report] = read_results(name, data)
    return report


def told(flaw: Flaw) -> tuple[object, ...]:
    return (flaw.kind.value, flaw.rule, flaw.severity, flaw.package, flaw.fixed, flaw.cwe, flaw.path, flaw.line)


@pytest.mark.parametrize(
    ("file", "tool", "expected"),
    [
        (
            "codeql",
            "CodeQL",
            [
                ("code", "py/sql-injection", HIGH, "", "", "CWE-89", "shop/db.py", 42),
                ("lint", "py/unused-import", LOW, "", "", "", "shop/db.py", 1),
            ],
        ),
        (
            "trivy-sarif",
            "Trivy",
            [("dependency", "CVE-2099-1000", CRITICAL, "parcelbox", "1.2.9", "", "package-lock.json", 1)],
        ),
        ("semgrep", "Semgrep OSS", [("code", "python.lang.eval", MEDIUM, "", "", "CWE-95", "shop/run.py", 7)]),
        ("gitleaks-sarif", "gitleaks", [("secret", "generic-api-key", CRITICAL, "", "", "", "config/prod.env", 3)]),
        ("gitleaks", "gitleaks", [("secret", "generic-api-key", CRITICAL, "", "", "", "config/prod.env", 3)]),
        ("trufflehog", "trufflehog", [("secret", "PostageApi", CRITICAL, "", "", "", "config/prod.env", 3)]),
        ("pip-audit", "pip-audit", [("dependency", "PYSEC-2099-7", None, "Parcelbox", "1.2.9", "", "", 0)]),
        (
            "npm-6",
            "npm audit",
            [("dependency", "900", MEDIUM, "parcelbox", ">=1.2.9", "CWE-22", "package-lock.json", 0)],
        ),
        (
            "npm-7",
            "npm audit",
            [
                (
                    "dependency",
                    "GHSA-aaaa-bbbb-cccc",
                    HIGH,
                    "parcelbox",
                    "parcelbox 1.2.9",
                    "CWE-22",
                    "package-lock.json",
                    0,
                )
            ],
        ),
        (
            "osv",
            "osv-scanner",
            [("dependency", "GHSA-aaaa-bbbb-cccc", HIGH, "parcelbox", "1.2.9", "CWE-22", "poetry.lock", 0)],
        ),
        (
            "trivy",
            "Trivy",
            [
                ("secret", "generic-api-key", CRITICAL, "", "", "", "config/prod.env", 3),
                ("configuration", "DS002", HIGH, "", "", "", "Dockerfile", 4),
                ("dependency", "CVE-2099-2000", LOW, "libparcel", "", "CWE-125", "", 0),
            ],
        ),
    ],
)
@pytest.mark.requirement("S1-127")
def test_each_scanners_file_gives_severity_package_fixed_version_and_place(
    file: str, tool: str, expected: list[tuple[object, ...]]
) -> None:
    report = read(ALL[file])
    assert (report.tool, report.problem, report.complete) == (tool, "", True)
    assert [told(flaw) for flaw in report.flaws] == expected


@pytest.mark.parametrize("file", ["gitleaks-sarif", "gitleaks", "trufflehog", "trivy"])
def test_of_a_secret_nothing_is_kept_but_type_and_place(file: str) -> None:
    """T23."""
    report = read(ALL[file])
    kept = [str(getattr(flaw, field.name)) for flaw in report.flaws for field in fields(flaw)]
    assert not [text for text in kept if SECRET[:12] in text]


def test_findings_of_trufflehog_in_a_list_are_read_too() -> None:
    lines = [json.loads(line) for line in ALL["trufflehog"].splitlines()]
    assert read(json.dumps(lines[1:]).encode()).flaws == read(ALL["trufflehog"]).flaws


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"error": {"code": "EAUDIT", "summary": "Audit service unavailable"}}, "EAUDIT: Audit service unavailable"),
        (
            {"message": "request failed", "method": "POST", "uri": "x", "error": {"summary": "", "detail": ""}},
            "request failed",
        ),
        ({"error": {"code": "ERR_PNPM_AUDIT_BAD_RESPONSE", "message": "503"}}, "ERR_PNPM_AUDIT_BAD_RESPONSE: 503"),
    ],
)
def test_an_audit_that_was_refused_says_so_in_several_ways(told: object, problem: str) -> None:
    assert read(json.dumps(told).encode()).problem == problem


def test_a_secret_that_still_works_is_marked() -> None:
    assert read(ALL["trufflehog"]).flaws[0].verified


# --- SARIF that breaks the rules


def run(tool: str = "Checker", rules: Any = (), **more: Any) -> dict[str, Any]:
    return {"tool": {"driver": {"name": tool, "rules": list(rules)}}, "results": [], **more}


def result(**more: Any) -> dict[str, Any]:
    return {"ruleId": "R1", "message": {"text": "bad"}, "locations": at("a.py", 2), **more}


def only_flaw(data: bytes) -> Flaw:
    [flaw] = read(data).flaws
    return flaw


def test_without_rules_the_results_id_counts() -> None:
    assert only_flaw(sarif(run("Bandit", results=[result(level="error")]))).rule == "R1"


def test_a_rule_below_a_rule_is_known_by_the_one_above() -> None:
    rules = [{"id": "R1", "properties": {"security-severity": "high"}}]
    assert only_flaw(sarif(run(rules=rules, results=[result(ruleId="R1/2")]))).severity is HIGH


def test_a_misconfiguration_is_one_by_its_tool() -> None:
    assert only_flaw(sarif(run("checkov", results=[result()]))).kind is FlawKind.CONFIGURATION


@pytest.mark.parametrize("score", ["0.0", "11", "soon"])
def test_a_score_that_is_none_leaves_it_to_the_level(score: str) -> None:
    rules = [{"id": "R1", "properties": {"security-severity": score}}]
    assert only_flaw(sarif(run(rules=rules, results=[result(level="error")]))).severity is HIGH


def test_a_rule_at_an_index_that_is_not_the_named_one_is_not_taken() -> None:
    rules = [{"id": "R0", "properties": {"security-severity": "9.9"}}, {"id": "R1"}]
    assert only_flaw(sarif(run("Bandit", rules=rules, results=[result(ruleIndex=0)]))).severity is MEDIUM


def test_an_index_alone_names_the_rule() -> None:
    rules = [{"id": "R0"}, {"id": "R7", "properties": {"security-severity": 9.1}}]
    flaw = only_flaw(sarif(run(rules=rules, results=[{"ruleIndex": 1, "message": {}}])))
    assert (flaw.rule, flaw.severity, flaw.kind) == ("R7", CRITICAL, FlawKind.CODE)


@pytest.mark.parametrize("index", [-1, 99, "1", None, True, 2.5, {}])
def test_an_index_that_points_nowhere_does_no_harm(index: object) -> None:
    assert only_flaw(sarif(run(rules=[{"id": "R0"}], results=[result(ruleIndex=index)]))).rule == "R1"


@pytest.mark.parametrize(
    ("score", "severity"),
    [("9.0", CRITICAL), ("8.9", HIGH), ("7.0", HIGH), ("6.9", MEDIUM), ("4.0", MEDIUM), ("3.9", LOW), ("0.1", LOW)],
)
@pytest.mark.requirement("S1-032")
def test_the_score_says_the_severity(score: str, severity: Severity) -> None:
    rules = [{"id": "R1", "properties": {"security-severity": score}}]
    assert only_flaw(sarif(run(rules=rules, results=[result(level="note")]))).severity is severity


@pytest.mark.parametrize(
    ("level", "severity"), [("error", HIGH), ("warning", MEDIUM), ("note", LOW), ("HIGH", HIGH), ("critical", CRITICAL)]
)
def test_without_a_score_the_level_says_it_even_a_wrong_one(level: str, severity: Severity) -> None:
    assert only_flaw(sarif(run("Bandit", results=[result(level=level)]))).severity is severity


@pytest.mark.parametrize(
    "more", [{"suppressions": [{"kind": "inSource"}]}, {"baselineState": "absent"}, {"kind": "pass"}]
)
def test_what_the_tool_itself_sets_aside_is_no_finding(more: dict[str, Any]) -> None:
    assert read(sarif(run(results=[result(**more)]))).flaws == ()


def test_a_byte_order_mark_and_utf_16_are_read() -> None:
    assert read(b"\xef\xbb\xbf" + sarif(SEMGREP)).flaws == read(sarif(SEMGREP)).flaws
    assert read(sarif(SEMGREP).decode().encode("utf-16")).flaws == read(sarif(SEMGREP)).flaws


@pytest.mark.parametrize(
    "uri",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "https://evil.example/x",
        "file:///etc/passwd",
        "C:/Windows/x",
        "a/%2e%2e/../b",
        "a/" * 300,
    ],
)
def test_a_path_out_of_the_repository_is_none(uri: str) -> None:
    assert only_flaw(sarif(run(results=[result(locations=at(uri, 1))]))).path == ""


@pytest.mark.parametrize(
    "uri",
    [
        "file:///home/runner/work/shop/shop/src/my%20file.py",
        "./src/my file.py",
        "D:\\a\\shop\\shop\\src\\my file.py",
        "file:///D:/a/shop/shop/src/my file.py",
    ],
)
def test_a_path_is_one_of_the_repository_wherever_it_was_checked_out(uri: str) -> None:
    assert only_flaw(sarif(run(results=[result(locations=at(uri, 1))]))).path == "src/my file.py"


def test_each_run_of_a_file_is_a_report_of_its_own() -> None:
    assert [report.tool for report in read_results("x", sarif(CODEQL, TRIVY_SARIF))] == ["CodeQL", "Trivy"]


# --- once each


@pytest.mark.requirement("S1-127")
def test_what_several_tools_found_is_told_once() -> None:
    files = ("trivy-sarif", "pip-audit", "osv", "gitleaks", "gitleaks-sarif", "trivy")
    flaws = merged_flaws(flaw for file in files for flaw in read(ALL[file]).flaws)
    assert [(flaw.rule, flaw.tools, flaw.severity) for flaw in flaws] == [
        ("CVE-2099-1000", ("Trivy", "pip-audit", "osv-scanner"), CRITICAL),
        ("generic-api-key", ("gitleaks", "Trivy"), CRITICAL),
        ("DS002", ("Trivy",), HIGH),
        ("CVE-2099-2000", ("Trivy",), LOW),
    ]


def test_the_same_rule_at_another_line_is_another_finding() -> None:
    results = [result(), result(locations=at("a.py", 3)), result()]
    assert read(sarif(run(results=results))).total == 2


def test_only_so_many_findings_are_kept_the_worst_of_them_and_all_are_counted() -> None:
    many = [result(locations=at("a.py", line), level="note") for line in range(1, 200)]
    report = read(sarif(run("Bandit", results=[*many, result(level="error", ruleId="worst")])))
    assert (len(report.flaws), report.total, report.failed) == (KEPT_FLAWS, 200, 1)
    assert report.flaws[0].rule == "worst"


# --- a scanner that did not finish


@pytest.mark.parametrize(
    ("data", "name", "problem"),
    [
        (b"", "trivy-results.json", "its file is empty"),
        (b" \n", "results.sarif", "its file is empty"),
        (b"FATAL\tcannot read the database\n", "out/gitleaks.json", "it wrote: FATAL\tcannot read the database"),
        (b"{]", "pip-audit.json", "its file cannot be read: the file is no JSON"),
        (NPM_ERROR, "x", "ENOLOCK: This command requires an existing lockfile.: Make one."),
        (sarif(), "x", "its SARIF file holds no run"),
        (sarif(run(results=None)), "x", "its file has no list of results"),
        (
            sarif(
                run(
                    invocations=[
                        {
                            "executionSuccessful": False,
                            "toolExecutionNotifications": [{"level": "error", "message": {"text": "no rules found"}}],
                        }
                    ]
                )
            ),
            "x",
            "no rules found",
        ),
        (sarif(run(invocations=[{"executionSuccessful": False}])), "x", "it says so itself"),
        (
            sarif(run(invocations=[{"toolExecutionNotifications": [{"level": "error"}]}])),
            "x",
            "it reports an error of its own",
        ),
        (
            b'{"level":"error","logger":"trufflehog","msg":"failed to scan","error":"no such commit"}\n',
            "x",
            "failed to scan no such commit",
        ),
    ],
)
def test_a_scanner_that_did_not_finish_says_why(data: bytes, name: str, problem: str) -> None:
    report = read(data, name)
    assert report.problem == problem


def test_a_successful_run_with_notes_of_errors_is_no_failed_scanner() -> None:
    note = {"level": "error", "message": {"text": "one file could not be parsed"}}
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": [note]}
    assert read(sarif(run(invocations=[invocation]))).problem == ""


def test_a_file_that_breaks_off_tells_what_it_told_until_then() -> None:
    data = sarif(TRIVY_SARIF, GITLEAKS_SARIF)
    reports = read_results("x", data[: data.index(b"generic-api-key has")])
    assert [(report.tool, report.complete, len(report.flaws)) for report in reports] == [
        ("Trivy", False, 1),
        ("gitleaks", False, 1),
    ]


def test_a_line_of_another_tools_log_makes_no_scanner() -> None:
    assert read_results("x.jsonl", b'{"logger": "app", "msg": "hi"}\n\n{"logger": "app"}\n{broken\n') == ()


@pytest.mark.parametrize("data", [b"[]", b"{}", b"null", b'{"results": []}', b'[{"name": "x"}]', b"<html/>", b"hello"])
def test_other_files_are_nothing(data: bytes) -> None:
    assert read_results("notes.json", data) == ()


# --- strangers


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"{}," * (MAX_NODES + 1) + b"{}]",
        b'["\\ud800"]',
        b"{" + b"x" * 11_000_000,
    ],
    ids=["deep lists", "deep objects", "many", "half a character", "large"],
)
def test_json_that_would_exhaust_us_is_refused(data: bytes) -> None:
    """T17, T18."""
    with pytest.raises(Unusable):
        read_results("x.json", data)


@given(st.binary(max_size=200), st.sampled_from(sorted(ALL)), st.integers(0, 1500), st.integers(0, 100))
def test_hostile_bytes_raise_nothing_else_and_stay_few(junk: bytes, file: str, at_byte: int, gone: int) -> None:
    data = ALL[file]
    try:
        reports = read_results("x.json", data[:at_byte] + junk + data[at_byte + gone :])
    except Unusable:
        return
    assert all(len(report.flaws) <= KEPT_FLAWS for report in reports)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(set(ALL) - {"trufflehog"})), st.data())
def test_any_value_of_another_type_raises_nothing(file: str, data: st.DataObject) -> None:
    document = json.loads(ALL[file])
    where = document
    while isinstance(where, dict | list) and where:
        keys = sorted(where) if isinstance(where, dict) else range(len(where))
        key = data.draw(st.sampled_from(list(keys)))
        if data.draw(st.booleans()) or not isinstance(where[key], dict | list):
            where[key] = data.draw(JSON)
            break
        where = where[key]
    assert len(read_results("x.json", json.dumps(document).encode())) <= 20
