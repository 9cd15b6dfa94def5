"""No credential that a stranger's CI lets slip is shown, kept or logged anywhere (T23)."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from world import WEBHOOK_SECRET, AppWorld, running_app

from github_app.sandbox.scenario import Sandbox

LETTERS = "Q7wE9rT2yU4iO6pA8sD1fG3hJ5kL0zX"
LOGGED = {
    "GitHub token": f"ghp_{LETTERS}abcde",
    "fine-grained token": f"github_pat_11{LETTERS}_{LETTERS}",
    "AWS key": "AKIAQ7WERTYUIOPASDFG",
    "Slack token": f"xoxb-1234567890-{LETTERS}",
    "Stripe key": f"sk_live_{LETTERS}",
    "npm token": f"npm_{LETTERS}abcde",
    "web token": f"eyJ{LETTERS}.eyJ{LETTERS}.{LETTERS}",
    "password in an address": f"canary{LETTERS}",
    "assigned password": f"hunter{LETTERS}",
    "private key": f"MIIEow{LETTERS}{LETTERS}",
    "our own webhook secret": WEBHOOK_SECRET,
    "token in base64": b64encode(f"token ghp_{LETTERS}base64 end".encode()).decode(),
    "token in hexadecimal digits": f"ghp_{LETTERS}hex".encode().hex(),
    "percent-encoded token": "".join(f"%{ord(char):02X}" for char in f"ghp_{LETTERS}percent"),
    "escaped token": "".join(f"\\u{ord(char):04x}" for char in f"ghp_{LETTERS}escaped"),
    "key of a rarer vendor": f"PMAK-{'0a1b2c3d' * 3}-{'4e5f6a7b' * 4}c8",
    "first half of a broken token": f"ghp_{LETTERS[:12]}",
    "second half of a broken token": f"{LETTERS[12:]}5Z5Z5Z",
}
NAMED = {"job": f"ghs_{LETTERS}jobname", "branch": f"gho_{LETTERS}branch"}
REPORTED = {"in a report": f"glpat-{LETTERS}report", "test": f"ghu_{LETTERS}nodeid"}
MARKED = {"in an annotation": f"ghr_{LETTERS}mark"}
FILED = {
    "in a message of a test": f"ghp_{LETTERS}junit",
    "found by a scanner": "plain words that only gitleaks calls a secret",
    "in words of a scanner": f"glpat-{LETTERS}sarif",
}
ALL = {**LOGGED, **NAMED, **REPORTED, **MARKED, **FILED}

LOG = f"""2026-11-24T08:00:01.0000000Z FAILED tests/test_cart.py::test_total - token {LOGGED["GitHub token"]}
2026-11-24T08:00:01.1000000Z E   {LOGGED["fine-grained token"]} {LOGGED["AWS key"]} {LOGGED["Slack token"]}
2026-11-24T08:00:01.2000000Z E   {LOGGED["Stripe key"]} {LOGGED["npm token"]} {LOGGED["web token"]}
2026-11-24T08:00:01.3000000Z E   postgres://app:{LOGGED["password in an address"]}@db.example/shop
2026-11-24T08:00:01.4000000Z E   PASSWORD={LOGGED["assigned password"]}
2026-11-24T08:00:01.5000000Z E   -----BEGIN RSA PRIVATE KEY-----
2026-11-24T08:00:01.6000000Z E   {LOGGED["private key"]}
2026-11-24T08:00:01.7000000Z E   -----END RSA PRIVATE KEY-----
2026-11-24T08:00:01.8000000Z E   webhook: {LOGGED["our own webhook secret"]}
2026-11-24T08:00:01.8100000Z E   {LOGGED["token in base64"]} {LOGGED["token in hexadecimal digits"]}
2026-11-24T08:00:01.8200000Z E   {LOGGED["percent-encoded token"]} {LOGGED["escaped token"]}
2026-11-24T08:00:01.8300000Z E   {LOGGED["key of a rarer vendor"]}
2026-11-24T08:00:01.8400000Z E   a narrow terminal breaks its lines {LOGGED["first half of a broken token"]}
2026-11-24T08:00:01.8500000Z {LOGGED["second half of a broken token"]} at will
2026-11-24T08:00:02.0000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:03.0000000Z Cleaning up orphan processes
"""


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_database_url: str) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, sqlite_database_url) as world:
        yield world


def report(run_id: int) -> dict[str, bytes]:
    place = {"run_id": str(run_id), "run_attempt": "1", "job": "unit"}
    failure = {
        "record": "failure",
        "nodeid": f"tests/test_cart.py::test_total[{REPORTED['test']}]",
        "category": "test.unit",
        "message": f"refused: {REPORTED['in a report']}",
        "path": "tests/test_cart.py",
        "line": 9,
    }
    records = [{"record": "start", "schema": 1, "github": place}, failure, {"record": "finish"}]
    return {"failure-review-1-main.jsonl": "\n".join(map(json.dumps, records)).encode(), **files_of_results()}


def files_of_results() -> dict[str, bytes]:
    said = f'<failure message="refused: {FILED["in a message of a test"]}"/>'
    leak = {"RuleID": "generic-api-key", "File": "prod.env", "StartLine": 3, "Secret": FILED["found by a scanner"]}
    result = {"ruleId": "R1", "level": "error", "message": {"text": FILED["in words of a scanner"]}}
    run = {"tool": {"driver": {"name": "ESLint"}}, "results": [result]}
    return {
        "junit.xml": f'<testsuite><testcase name="test_total">{said}</testcase></testsuite>'.encode(),
        "leaks.json": json.dumps([{**leak, "Match": f"KEY={leak['Secret']}"}]).encode(),
        "eslint.sarif": json.dumps({"version": "2.1.0", "runs": [run]}).encode(),
    }


async def fail(app: AppWorld) -> Any:
    github = app.sandbox
    await github.put_file(app.repo, ".github/failure-review.yml", "schema: 1\nmode: enforce\n")
    pull = await github.open_pull(app.repo, NAMED["branch"], author="ada", title="Sum the cart")
    name = f"unit ({NAMED['job']})"
    run = await github.start_run(app.repo, pull.head_sha, jobs=[name])
    github.upload_artifact(run, "failure-review-unit-0-1", report(run.id))
    mark = {"path": "tests/test_cart.py", "start_line": 9, "end_line": 9, "annotation_level": "failure"}
    marks = [{**mark, "message": f"token {MARKED['in an annotation']}"}]
    await github.finish_job(github.job(run, name), "failure", log=LOG, annotations=marks)
    await github.finish_run(run)
    await app.quiet()
    return pull


def found(text: str | bytes, canaries: Mapping[str, str]) -> list[str]:
    raw = text.encode() if isinstance(text, str) else text
    return [where for where, canary in canaries.items() if canary.encode() in raw]


def test_the_log_holds_every_credential_that_is_looked_for() -> None:
    assert found(LOG, LOGGED) == list(LOGGED)


async def test_no_credential_is_shown_on_github(app: AppWorld) -> None:
    pull = await fail(app)
    runs = [run for run in app.sandbox.check_runs(app.repo, pull.head_sha) if run.suite.app.id == app.app_id]
    [gate] = [run for run in runs if run.conclusion == "failure"]
    assert "[REDACTED:GitHub token/" in json.dumps([gate.text, gate.annotations])
    shown = [json.dumps([run.title, run.summary, run.text, run.annotations, run.details_url]) for run in runs]
    shown += [each.body for each in app.sandbox.comments(pull)] + app.sandbox.labels(pull)
    assert found("\n".join(shown), ALL) == []


async def test_no_credential_is_kept_or_logged(app: AppWorld, logged: pytest.LogCaptureFixture) -> None:
    """What stands in the names of jobs and branches is in GitHub's own deliveries, which are kept as they came."""
    await fail(app)
    path = Path(str(app.parts.store._db.engine.url.database))
    kept = b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))
    assert b"[REDACTED:" in kept
    assert found(kept, {**LOGGED, **REPORTED, **MARKED, **FILED}) == []
    assert found(logged.text, ALL) == []


async def test_no_credential_is_in_the_metrics(app: AppWorld) -> None:
    await fail(app)
    async with aiohttp.ClientSession() as session, session.get(f"{app.address}/metrics") as answer:
        metrics = await answer.text()
    assert "security.secret" in metrics
    assert found(metrics, ALL) == []
