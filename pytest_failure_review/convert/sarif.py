"""SARIF 2.1.0 for code scanning: the failures of security categories alone, and whether the run told all.

A failing test is no finding of a scanner, and would stay open as an alert on the default branch: hence no others.
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from pytest_failure_review.report import Failure, is_at_or_below
from pytest_failure_review.summary import owners, sla

from .told import Told, clean, text

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST_RESULTS: Final = 5000
"""GitHub keeps no more of a run; the others are told of in a notification."""
_RULES: Final = {
    "security.secret": "A test found a secret where none may be.",
    "security.vulnerability": "A test found a vulnerability.",
}


def convert(runs: Sequence[Told]) -> bytes:
    """One SARIF run for all runs of pytest."""
    found = [(run, failure) for run in runs for failure in _security(run)]
    categories = sorted({failure["category"] for _, failure in found})
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(runs, categories)},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(run) for run in runs] + _left_out(len(found) - _MOST_RESULTS),
                "results": [_result(run, failure, categories) for run, failure in found[:_MOST_RESULTS]],
            }
        ],
    }
    return json.dumps(clean(document), allow_nan=False).encode("ascii") + b"\n"


def _security(run: Told) -> list[Failure]:
    return [failure for failure in run.findings.standing if is_at_or_below(failure["category"], "security")]


def _driver(runs: Sequence[Told], categories: Sequence[str]) -> dict[str, Any]:
    version = text(runs[0].start.get("plugin"))
    return {
        "name": "pytest-failure-review",
        **({"version": version} if version else {}),
        "rules": [
            {
                "id": category,
                "shortDescription": {"text": _described(category)},
                "defaultConfiguration": {"level": "error"},
                "properties": {"tags": ["security"]},
            }
            for category in categories
        ],
    }


def _described(category: str) -> str:
    return next(
        (said for known, said in _RULES.items() if is_at_or_below(category, known)), f"A test failed as {category}."
    )


def _result(run: Told, failure: Failure, categories: Sequence[str]) -> dict[str, Any]:
    return {
        "ruleId": failure["category"],
        "ruleIndex": categories.index(failure["category"]),
        "level": "error",
        "message": {"text": f"{failure['nodeid']}: {failure['message'] or failure['rule']}"},
        "locations": [{"physicalLocation": _location(run, failure)}],
        # The name that GitHub looks for; without it every moved line would be a new alert.
        "partialFingerprints": {"primaryLocationLineHash": failure["fingerprint"]},
        "properties": {
            "owner": owners(failure),
            "sla": sla(failure),
            "rule": failure["rule"],
            "confidence": failure["confidence"],
            "replay": failure.get("replay", ""),
        },
    }


def _location(run: Told, failure: Failure) -> dict[str, Any]:
    path, line = failure["path"], failure["line"]
    if PurePosixPath(path).is_absolute() or not path:
        path, line = run.file_of(failure["nodeid"]), 1
    location = {"uri": quote(text(path).replace("\\", "/").lstrip("/")) or ".", "uriBaseId": "%SRCROOT%"}
    # GitHub shows no result without a line.
    return {"artifactLocation": location, "region": {"startLine": line or 1}}


def _invocation(run: Told) -> dict[str, Any]:
    said = list(run.findings.troubles)
    said += [f"{run.unrecorded} more failures were counted and not recorded."] if run.unrecorded else []
    crashed = [
        f"{failure['nodeid']}: {failure['message']}"
        for failure in run.findings.records
        if failure["outcome"] == "crashed"
    ]
    return _said(said + crashed)


def _left_out(count: int) -> list[dict[str, Any]]:
    return [_said([f"{count} more results are left out."])] if count > 0 else []


def _said(notifications: Sequence[str]) -> dict[str, Any]:
    told = [{"level": "error", "message": {"text": said}} for said in notifications]
    return {"executionSuccessful": not told, **({"toolExecutionNotifications": told} if told else {})}
