"""JUnit's XML in the dialect of Surefire 3, which most services read, with pytest's names of tests.

Only what failed is listed, and what was flaky; how many passed stands in the counts.
https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from pytest_failure_review.report import Failure
from pytest_failure_review.summary import owners, sla

from .told import Attempts, Followers, Told, name_of, suites_of, text

_NO_XML: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not have or discourages; a reference to it is no better than the character."""
_NO_TIME: Final = "0"
"""The report says nothing of how long it took: it knows that of failures alone."""


def convert(runs: Sequence[Told]) -> bytes:
    """One `testsuites`, with a suite for each run."""
    root = ET.Element("testsuites", {"name": "pytest"})
    for run in runs:
        root.append(_suite(run))
    _count(root, [dict(suite.items()) for suite in root])
    root.set("time", _sum(root))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="us-ascii", xml_declaration=True)) + b"\n"


def _count(element: ET.Element, counts: Sequence[dict[str, str]]) -> None:
    for name in ("tests", "failures", "errors", "skipped"):
        element.set(name, str(sum(int(each[name]) for each in counts)))


def _suite(run: Told) -> ET.Element:
    suite = _element("testsuite", name="pytest", id=run.run_id)
    if started := text(run.start.get("started_at")):
        suite.set("timestamp", _xml(started))
    _properties(suite, {name: text(run.start.get(name)) for name in ("python", "platform", "pytest", "plugin")})
    for test in run.tests():
        suite.extend(_cases(run, test))
    for followers in run.followers():
        suite.extend(_of_followers(run, followers))
    suite.extend(_beyond_tests(run))
    counts = run.findings.counts
    listed = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error")}
    skipped = counts["skipped"] + counts["xfailed"] if counts else 0
    total = max(sum(counts.values()) if counts else 0, len(suite.findall("testcase")))  # type: ignore[arg-type]  # all int
    figures = {"tests": total, "failures": listed["failure"], "errors": listed["error"], "skipped": skipped}
    _count(suite, [{name: str(value) for name, value in figures.items()}])
    suite.set("time", _sum(suite))
    return suite


def _cases(run: Told, test: Attempts) -> list[ET.Element]:
    """One for each failure that stands, as pytest has it, so that the counts of both agree."""
    if not test.standing:
        return [_flaky(run, test)]
    cases = [_case(run, failure, _is_failed(failure)) for failure in test.standing]
    for failure in test.earlier:
        kind = "rerunFailure" if _is_failed(failure) else "rerunError"
        again = _sub(cases[0], kind, message=failure["message"], type=_type(failure))
        _sub(again, "stackTrace").text = _xml(failure["text"])
    return cases


def _flaky(run: Told, test: Attempts) -> ET.Element:
    case = _named(test.nodeid, run.file_of(test.nodeid), None)
    for failure in test.earlier:
        kind = "flakyFailure" if _is_failed(failure) else "flakyError"
        attempt = _sub(case, kind, message=failure["message"], type=_type(failure))
        _sub(attempt, "stackTrace").text = _xml(failure["text"])
    return case


def _case(run: Told, failure: Failure, is_failed: bool) -> ET.Element:  # noqa: FBT001  (a fact among facts)
    case = _named(failure["nodeid"], *run.place_in_test(failure))
    case.set("time", _seconds(failure.get("duration", 0)))
    _properties(case, _about(failure))
    fault = _sub(case, "failure" if is_failed else "error", message=failure["message"], type=_type(failure))
    fault.text = _xml(failure["text"] or failure["message"])
    for section, tag in (("stdout", "system-out"), ("stderr", "system-err")):
        if said := failure.get("captured", {}).get(section):
            _sub(case, tag).text = _xml(said)
    return case


def _about(failure: Failure) -> dict[str, str]:
    return {
        "category": failure["category"],
        "rule": failure["rule"],
        "confidence": f"{failure['confidence']:g}",
        "owner": owners(failure),
        "sla": sla(failure),
        "fingerprint": failure["fingerprint"],
        "phase": failure["phase"],
        "outcome": failure["outcome"],
        "worker": failure["worker"],
        "attempt": str(failure["attempt"]),
        "replay": failure.get("replay", ""),
    }


def _of_followers(run: Told, followers: Followers) -> list[ET.Element]:
    first = followers.first
    names = list(followers.nodeids)
    names += [f"{first['nodeid']} (and {followers.more} more tests)"] if followers.more else []
    cases = [_named(name, run.file_of(name), None) for name in names]
    for case in cases:
        _properties(case, {"category": first["category"], "fingerprint": first["fingerprint"]})
        fault = _sub(case, "error", message=f"As {first['nodeid']}: {first['message']}", type=_type(first))
        fault.text = _xml(f"It failed for the same cause as {first['nodeid']}, where the traceback stands.")
    return cases


def _beyond_tests(run: Told) -> list[ET.Element]:
    told = [("run", said) for said in run.findings.troubles]
    told += [("run", f"{run.unrecorded} more failures were counted and not recorded.")] if run.unrecorded else []
    cases = []
    for name, said in told:
        case = _element("testcase", classname="failure-review", name=name, time=_NO_TIME)
        _sub(case, "error", message=said, type="incomplete").text = _xml(said)
        cases.append(case)
    for gate in run.findings.gates:
        case = _element("testcase", classname="gate", name=gate["name"], time=_NO_TIME)
        if not gate["passed"]:
            _sub(case, "failure", message=gate["summary"], type="gate").text = _xml(gate["summary"])
        cases.append(case)
    return cases


def _seconds(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _sum(element: ET.Element) -> str:
    return _seconds(sum(float(case.get("time", _NO_TIME)) for case in element.iter("testcase")))


def _is_failed(failure: Failure) -> bool:
    """Whether an assertion of the test failed; else the test itself went wrong."""
    return failure["outcome"] == "failed"


def _type(failure: Failure) -> str:
    return failure["exception"] or failure["outcome"]


def _named(nodeid: str, file: str, line: int | None) -> ET.Element:
    place = {"file": file, **({"line": str(line)} if line else {})}
    return _element("testcase", classname=".".join(suites_of(nodeid)), name=name_of(nodeid), time=_NO_TIME, **place)


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    given = {name: value for name, value in values.items() if value}
    if given:
        properties = _sub(parent, "properties")
        for name, value in given.items():
            _sub(properties, "property", name=name, value=value)


def _element(tag: str, **attributes: str) -> ET.Element:
    return ET.Element(tag, {name: _xml(value) for name, value in attributes.items()})


def _sub(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    child = _element(tag, **attributes)
    parent.append(child)
    return child


def _xml(said: str) -> str:
    return _NO_XML.sub("\ufffd", said)
