"""CTRF, the Common Test Report Format: one JSON document of its published schema, also of the one of spring 2026.

Only what failed or was flaky is listed; how many passed stands in the summary. https://github.com/ctrf-io/ctrf
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pytest_failure_review.report import Failure
from pytest_failure_review.report_checkpoints import Checkpoint
from pytest_failure_review.summary import owners

from .told import Attempts, Followers, Told, clean, name_of, suites_of, text

_SPEC: Final = "1.0.0"
_KEPT: Final = ("category", "rule", "confidence", "phase", "outcome", "path", "line", "exception", "fingerprint")


def convert(runs: Sequence[Told]) -> bytes:
    """One document with the tests of all runs."""
    tests = [test for run in runs for test in _tests(run)]
    first = runs[0].start if len(runs) == 1 else {}
    document: dict[str, Any] = {
        "reportFormat": "CTRF",
        "specVersion": _SPEC,
        "generatedBy": "pytest-failure-review",
        "results": {
            "tool": {"name": "pytest", **_given(version=text(first.get("pytest")))},
            "summary": _summary(runs, tests),
            "tests": tests,
            "environment": _environment(runs),
        },
    }
    return json.dumps(clean(document), allow_nan=False).encode("ascii") + b"\n"


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _summary(runs: Sequence[Told], tests: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts = [run.findings.counts for run in runs if run.findings.counts]
    failed = sum(test["status"] == "failed" for test in tests)
    flaky = sum(test.get("flaky", False) for test in tests)
    passed = max(sum(each["passed"] + each["xpassed"] for each in counts), len(tests) - failed)
    skipped = sum(each["skipped"] + each["xfailed"] for each in counts)
    moments = [moment for run in runs if (moment := _milliseconds(run.start.get("started_at")))]
    return {
        "tests": passed + failed + skipped,
        "passed": passed,
        "failed": failed,
        "skipped": skipped,
        "pending": 0,
        "other": 0,
        "flaky": flaky,
        # The report does not say when a run ended.
        "start": min(moments, default=0),
        "stop": max(moments, default=0),
    }


def _milliseconds(moment: Any) -> int:
    try:
        return int(datetime.fromisoformat(text(moment)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0


def _environment(runs: Sequence[Told]) -> dict[str, Any]:
    complete = not any(run.findings.troubles for run in runs)
    job = runs[0].start.get("github")
    told = job if isinstance(job, dict) else {}
    return {
        "healthy": complete,
        **_given(
            repositoryName=text(told.get("repository")),
            commit=text(told.get("sha")),
            buildName=text(told.get("workflow")),
            buildId=text(told.get("run_id")),
            osVersion=text(runs[0].start.get("platform")),
        ),
    }


def _tests(run: Told) -> list[dict[str, Any]]:
    tests = [_test(run, test) for test in run.tests()]
    tests += [test for followers in run.followers() for test in _of_followers(run, followers)]
    tests += [_other("run", said) for said in run.findings.troubles]
    if run.unrecorded:
        tests.append(_other("run", f"{run.unrecorded} more failures were counted and not recorded."))
    return tests + [
        _other(f"gate {gate['name']}", gate["summary"], "passed" if gate["passed"] else "failed")
        for gate in run.findings.gates
    ]


def _test(run: Told, test: Attempts) -> dict[str, Any]:
    """Of several failures of the last attempt the first is the test's, the others stand in `extra`."""
    shown = (test.standing or test.earlier)[0]
    file, line = run.place_in_test(shown)
    attempts = [_attempt(failure) for failure in test.earlier]
    return {
        **_called(test.nodeid, file),
        "status": "failed" if test.standing else "passed",
        "duration": sum(map(_duration, test.standing)),
        "rawStatus": shown["outcome"] if test.standing else "flaky",
        **({"flaky": True} if not test.standing else {"message": shown["message"], "trace": shown["text"]}),
        **({"line": line} if line else {}),
        **({"retries": test.count - 1} if test.count > 1 else {}),
        **({"retryAttempts": attempts} if attempts else {}),
        **_given(threadId=test.worker, parameters=shown.get("params"), steps=_steps(shown)),
        **({name: said for name, said in _captured(shown).items() if said} if test.standing else {}),
        "labels": _labels(shown),
        "extra": _extra(shown, test.standing[1:]),
    }


def _duration(failure: Failure) -> int:
    """Milliseconds of the phase that failed."""
    return round(failure.get("duration", 0) * 1000)


def _called(nodeid: str, file: str) -> dict[str, Any]:
    return {
        "name": name_of(nodeid),
        **_given(suite=suites_of(nodeid), filePath=file),
    }


def _attempt(failure: Failure) -> dict[str, Any]:
    return {
        "attempt": failure["attempt"],
        "status": "failed",
        "message": failure["message"],
        "trace": failure["text"],
        **({"line": failure["line"]} if failure["line"] else {}),
        **_given(duration=_duration(failure)),
        **_captured(failure),
        "extra": {name: failure[name] for name in _KEPT},
    }


def _captured(failure: Failure) -> dict[str, list[str]]:
    said = failure.get("captured", {})
    return {name: said.get(name, "").splitlines() for name in ("stdout", "stderr")}


def _labels(failure: Failure) -> dict[str, Any]:
    terms = failure.get("sla_terms")
    return {
        "category": failure["category"],
        "fingerprint": failure["fingerprint"],
        **_given(owner=owners(failure), sla=failure["sla"]),
        **({"sla_hours": terms["hours"]} if terms else {}),
    }


def _extra(failure: Failure, others: Sequence[Failure]) -> dict[str, Any]:
    kept = {name: failure[name] for name in _KEPT}
    also = [{"message": other["message"], "trace": other["text"], "phase": other["phase"]} for other in others]
    return {"nodeid": failure["nodeid"], **kept, **_given(replay=failure.get("replay"), alsoFailed=also)}


def _steps(failure: Failure) -> list[dict[str, Any]]:
    """The checkpoints that the test had reached when it failed, and that in which it did."""
    return [
        {"name": point["label"], "status": _status(point), "extra": _given(sha256=text(point.get("sha256")))}
        for point in failure.get("checkpoints", [])
    ]


def _status(point: Checkpoint) -> str:
    state = point.get("state")
    was_left = point.get("kind") == "step_ended" and isinstance(state, dict) and state.get("raised")
    return "failed" if was_left or point.get("kind") == "failure" else "passed"


def _of_followers(run: Told, followers: Followers) -> list[dict[str, Any]]:
    first = followers.first
    names = list(followers.nodeids)
    names += [f"{first['nodeid']} (and {followers.more} more tests)"] if followers.more else []
    return [
        {
            **_called(name, run.file_of(name)),
            "status": "failed",
            "duration": 0,
            "message": f"As {first['nodeid']}: {first['message']}",
            "labels": _labels(first),
            "extra": {"nodeid": name},
        }
        for name in names
    ]


def _other(name: str, said: str, status: str = "failed") -> dict[str, Any]:
    return {"name": name or "(no name)", "suite": ["failure-review"], "status": status, "duration": 0, "message": said}
