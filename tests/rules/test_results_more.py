"""Formats of older tools, of yarn and of .NET: the same is read of them as of the others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scan_files import SECRET
from verdicts import judged

from github_app.rules.model import Evidence
from github_app.rules.results.reading import read_results
from github_app.rules.results.trx import KEPT_TESTS, read_trx
from github_app.rules.results.values import FailedTest, FileKind, FileReport, Flaw, FlawKind, Unusable
from pytest_failure_review.report import Category, Severity


def lines(*objects: object) -> bytes:
    return b"\n".join(json.dumps(each, separators=(",", ":")).encode() for each in objects)


GITLEAKS_7 = json.dumps(
    [{"line": SECRET, "lineNumber": 3, "offender": SECRET, "rule": "AWS Access Key", "file": "config/prod.env"}]
).encode()
TRUFFLEHOG_2 = lines(
    {
        "branch": "origin/main",
        "commit": SECRET,
        "diff": SECRET,
        "path": "config/prod.env",
        "printDiff": SECRET,
        "reason": "High Entropy",
        "stringsFound": [SECRET],
    }
)
ADVISORY = {
    "module_name": "parcel",
    "severity": "critical",
    "title": "Code injection in parcel",
    "patched_versions": ">=2.0.1",
    "github_advisory_id": "GHSA-aaaa-bbbb-cccc",
    "findings": [{"version": "1.4.0"}],
}
YARN = lines(
    {"type": "warning", "data": "package.json: No license field"},
    {"type": "auditAdvisory", "data": {"resolution": {"id": 7}, "advisory": ADVISORY}},
    {"type": "auditSummary", "data": {"vulnerabilities": {"critical": 1}}},
)
LATER_YARN = lines(
    {
        "value": "parcel",
        "children": {
            "ID": 7,
            "Issue": "Code injection in parcel",
            "URL": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc",
            "Severity": "critical",
        },
    }
)
IN_PARCEL = (FlawKind.DEPENDENCY, "GHSA-aaaa-bbbb-cccc", ("yarn audit",), Severity.CRITICAL, "parcel", "yarn.lock", 0)


def read(data: bytes, name: str = "report.json") -> FileReport:
    [report] = read_results(name, data)
    return report


def told(flaw: Flaw) -> tuple[object, ...]:
    return (flaw.kind, flaw.rule, flaw.tools, flaw.severity, flaw.package, flaw.path, flaw.line)


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (GITLEAKS_7, (FlawKind.SECRET, "AWS Access Key", ("gitleaks",), Severity.CRITICAL, "", "config/prod.env", 3)),
        (TRUFFLEHOG_2, (FlawKind.SECRET, "High Entropy", ("trufflehog",), Severity.CRITICAL, "", "config/prod.env", 0)),
        (YARN, IN_PARCEL),
        (LATER_YARN, IN_PARCEL),
    ],
    ids=["gitleaks 7", "trufflehog 2", "yarn", "later yarn"],
)
def test_a_scanners_older_or_other_format_is_read(data: bytes, flaw: tuple[object, ...]) -> None:
    report = read(data)
    assert [told(each) for each in report.flaws] == [flaw]
    assert report.complete
    assert SECRET not in str(report)


def test_an_audit_of_yarn_that_found_nothing_says_nothing() -> None:
    assert not read(lines({"type": "auditSummary", "data": {"vulnerabilities": {"high": 0}}})).says_something


def test_an_audit_of_yarn_that_could_not_ask_did_not_finish() -> None:
    report = read(lines({"type": "auditSummary", "data": {}}, {"type": "error", "data": "request failed"}))
    assert report.problem == "request failed"


def test_of_more_lines_than_are_looked_at_the_rest_is_known_to_be_missing() -> None:
    """T15: the worst may be among them."""
    mild = {"type": "auditAdvisory", "data": {"advisory": {**ADVISORY, "severity": "low"}}}
    assert not read(lines(*[mild] * 5_001)).complete


TRX = """<?xml version="1.0" encoding="utf-8"?>
<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Results>
    <UnitTestResult testId="t1" testName="Shop.Tests.CartTests.Adds" outcome="Passed"/>
    <UnitTestResult testId="t2" testName="Totals" outcome="Failed">
      <Output>
        <StdOut>not read</StdOut>
        <ErrorInfo>
          <Message>Assert.Equal() Failure: 3 &lt; 4</Message>
          <StackTrace>   at Xunit.Assert.Equal() in /_/src/Assert.cs:line 9
   at Shop.Tests.CartTests.Totals() in /home/runner/work/shop/shop/tests/CartTests.cs:line 12</StackTrace>
        </ErrorInfo>
      </Output>
    </UnitTestResult>
    <UnitTestResult testId="t3" testName="Shop.Tests.CartTests.Rows" outcome="Failed">
      <InnerResults>
        <UnitTestResult testId="t3" testName="Shop.Tests.CartTests.Rows(1)" outcome="Passed"/>
        <UnitTestResult testId="t3" testName="Shop.Tests.CartTests.Rows(2)" outcome="Timeout"/>
      </InnerResults>
    </UnitTestResult>
  </Results>
  <TestDefinitions>
    <UnitTest id="t2"><TestMethod className="Shop.Tests.CartTests, Shop.Tests" name="Totals"/></UnitTest>
    <UnitTest id="t3"><TestMethod className="Shop.Tests.CartTests" name="Rows"/></UnitTest>
  </TestDefinitions>
  <ResultSummary outcome="Failed">MORE</ResultSummary>
</TestRun>
"""


def test_failed_tests_of_dotnet_are_read_with_message_and_place() -> None:
    report = read(TRX.encode(), "results.trx")
    totals, row = report.tests
    assert (totals.name, totals.path, totals.line) == ("Shop.Tests.CartTests::Totals", "tests/CartTests.cs", 12)
    assert totals.message.startswith("Assert.Equal() Failure: 3 < 4\n   at Xunit")
    assert "not read" not in str(report)
    assert row == FailedTest("Shop.Tests.CartTests::Rows(2)")
    assert (report.kind, report.total, report.failed, report.complete) == (FileKind.TESTS, 4, 2, True)
    assert judged(Evidence(files=(report,))).category is Category.TEST_UNIT


def test_a_run_of_dotnet_tests_that_broke_off_says_so() -> None:
    info = '<RunInfos><RunInfo outcome="Error"><Text>The active test run was aborted.</Text></RunInfo></RunInfos>'
    report = read(TRX.replace("MORE", info).encode())
    assert FailedTest("(test run)", "The active test run was aborted.") in report.tests


def test_of_many_failed_tests_of_dotnet_all_are_counted() -> None:
    one = '<UnitTestResult testName="a" outcome="Failed"/>'
    report = read_trx("results.trx", f"<TestRun>{one * 60}</TestRun>".encode())
    assert (len(report.tests), report.failed) == (KEPT_TESTS, 60)


def test_a_document_type_in_a_trx_file_is_refused() -> None:
    """T18."""
    with pytest.raises(Unusable, match="document type"):
        read(b'<!DOCTYPE a [<!ENTITY b "c">]><TestRun>&b;</TestRun>')


def test_a_trx_file_that_is_too_deep_is_refused() -> None:
    """T18."""
    with pytest.raises(Unusable, match="too deep"):
        read(b"<TestRun>" + b"<a>" * 200)


@given(st.lists(st.sampled_from(["<TestRun>", "<UnitTestResult outcome='Failed'>", "<Message>", "x", "</Message>"])))
def test_a_trx_file_that_breaks_off_anywhere_is_read_until_there(parts: list[str]) -> None:
    """T18."""
    assert not read_trx("results.trx", "".join(["<TestRun>", *parts]).encode()).complete
