"""The six failing jobs of the demo: two are real pytest runs, four are logs as their tools write them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

from github_app.sandbox.verbs.ci import exit_annotation

REPORTS = ".failure-review"


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job as its runner leaves it: its log, its failed step, GitHub's own remarks, the report if it ran pytest."""

    name: str
    story: str
    step: str
    log: str | None
    annotations: Sequence[Mapping[str, Any]] | None = None
    report: Mapping[str, bytes] = field(default_factory=dict)


UNIT_TEST = """
    from shop.cart import total


    def test_total_adds_tax():
        assert total([10, 5]) == 17.85
"""

DATABASE_TEST = '''
    import socket

    import pytest


    class OperationalError(Exception):
        """What a database driver raises when nobody answers."""


    @pytest.fixture(scope="session")
    def database():
        try:
            return socket.create_connection(("127.0.0.1", 1), timeout=1)
        except OSError:
            raise OperationalError('connection to server at "127.0.0.1", port 1 failed: Connection refused') from None


    def test_orders_are_stored(database):
        assert database


    def test_orders_are_found(database):
        assert database
'''

DRIFT = """
    ##[group]Run make client && git diff --exit-code
    make client && git diff --exit-code
    ##[endgroup]
    openapi-generator: reading api/openapi.yml
    openapi-generator: writing web/src/api (14 files)
    diff --git a/web/src/api/order.ts b/web/src/api/order.ts
    index 3f1c2aa..9be1d07 100644
    --- a/web/src/api/order.ts
    +++ b/web/src/api/order.ts
    @@ -12,7 +12,8 @@ export interface Order {
       id: number;
    -  total: number;
    +  total: string;
    +  currency: string;
     }
    error: generated files are out of date: run `make client` and commit the result
    ##[error]Process completed with exit code 1.
"""

LEAK = """
    ##[group]Run gitleaks detect --redact --no-banner
    gitleaks detect --redact --no-banner
    ##[endgroup]
    Finding:     AWS_SECRET_ACCESS_KEY = REDACTED
    Secret:      REDACTED
    RuleID:      aws-access-token
    Entropy:     3.84
    File:        deploy/settings.py
    Line:        12
    Commit:      2b7d0e61c5f94d7a8f2f5b9f4c4e1d3a6b8c7d9e
    Fingerprint: 2b7d0e61c5f94d7a8f2f5b9f4c4e1d3a6b8c7d9e:deploy/settings.py:aws-access-token:12
    08:00PM INF 214 commits scanned.
    08:00PM WRN leaks found: 1
    ##[error]Process completed with exit code 1.
"""

BENCHMARK = """
    ##[group]Run python -m benchmarks.compare --baseline main
    python -m benchmarks.compare --baseline main
    ##[endgroup]
    checkout_100_items   main: 41.2 ms   this: 48.6 ms   (20 samples, spread 2.1 %)
    search_by_name       main:  9.8 ms   this:  9.9 ms   (20 samples, spread 1.7 %)
    checkout_100_items is 17.96 % slower than main; at most 10 % is allowed
    ##[error]Process completed with exit code 1.
"""

RUNNER_LOST = "The self-hosted runner build-7 lost communication with the server."


NAMES = ("unit", "integration", "secrets", "api-client", "build-arm", "benchmarks")


async def failed_jobs(run_id: int, sha: str) -> list[FailedJob]:
    """Return the six jobs; the two test jobs are run by pytest now, with the plugin, as on a runner."""
    runner = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": str(run_id), "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SHA": sha}
    unit, database = await asyncio.gather(
        _pytest("unit", "tests/unit/test_cart.py", UNIT_TEST, runner),
        _pytest("integration", "tests/integration/test_orders.py", DATABASE_TEST, runner),
    )
    lost = {**exit_annotation(), "message": RUNNER_LOST}
    return [
        FailedJob("unit", "a unit test fails", "Run tests", unit[0], report=unit[1]),
        FailedJob("integration", "the database is down inside the tests", "Run tests", database[0], report=database[1]),
        FailedJob("secrets", "a credential was committed", "Scan for secrets", _stamped(LEAK)),
        FailedJob("api-client", "the generated client is out of date", "Check the client", _stamped(DRIFT)),
        FailedJob("build-arm", "the runner was lost", "", None, annotations=[lost]),
        FailedJob("benchmarks", "a benchmark got slower", "Compare", _stamped(BENCHMARK)),
    ]


async def _pytest(job: str, path: str, test: str, runner: Mapping[str, str]) -> tuple[str, dict[str, bytes]]:
    """Run one test file for real; return the job's log and the plugin's report."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shop").mkdir()
        (folder / "shop" / "cart.py").write_text("def total(prices):\n    return sum(prices) * 1.2\n", encoding="utf-8")
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(dedent(test), encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "--failure-review", "-p", "no:cacheprovider", "--color=no", path]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env={**runner, "GITHUB_JOB": job, "PATH": os.defpath},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        report = {file.name: file.read_bytes() for file in (folder / REPORTS).glob("*.jsonl")}
    text = output.decode(errors="replace").replace(name, f"/home/runner/{job}")
    head = f"##[group]Run pytest --failure-review\npytest --failure-review {path}\n##[endgroup]\n"
    return _stamped(f"{head}{text}##[error]Process completed with exit code {process.returncode}.\n"), report


def _stamped(text: str) -> str:
    """Return the lines as a job's log shows them: each with the time at which it was written."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
    lines = [*dedent(text).strip().split("\n"), "Cleaning up orphan processes"]
    return "".join(f"{now} {line}\n" for line in lines)
