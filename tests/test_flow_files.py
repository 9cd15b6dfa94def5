"""Files of results, from the artifact that the policy names to what the pull request shows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from world import AppWorld, running_app

from github_app.sandbox.scenario import Sandbox

LOG = """2026-11-24T08:00:02.0000000Z FAILED tests/test_cart.py::test_total - assert 3 == 4
2026-11-24T08:00:04.0000000Z ##[error]Process completed with exit code 1.
2026-11-24T08:00:05.0000000Z Cleaning up orphan processes
"""
POLICY = 'schema: 1\nmode: enforce\nevidence:\n  artifacts: ["scans*"]\n'
AUDIT = {
    "SchemaVersion": 2,
    "Results": [
        {
            "Target": "requirements.txt",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2099-1000",
                    "PkgName": "parcelbox",
                    "InstalledVersion": "1.2.0",
                    "FixedVersion": "1.2.9",
                    "Severity": "CRITICAL",
                    "Title": "Unpacks outside of its folder",
                    "CweIDs": ["CWE-22"],
                }
            ],
        }
    ],
}


@pytest.fixture
async def app(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AppWorld]:
    async with running_app(sandbox, f"sqlite:///{tmp_path}/app.db") as world:
        yield world


async def failed_pull(app: AppWorld) -> str:
    """A pull request whose job failed with a failing test in its log and a critical finding in its artifact."""
    github = app.sandbox
    await github.put_file(app.repo, ".github/failure-review.yml", POLICY)
    pull = await github.open_pull(app.repo, "cart", author="ada", title="Sum the cart")
    await app.quiet()
    run = await github.start_run(app.repo, pull.head_sha, jobs=["checks"])
    github.upload_artifact(run, "scans", {"trivy.json": json.dumps(AUDIT).encode()})
    await github.finish_job(github.job(run, "checks"), "failure", log=LOG)
    await github.finish_run(run)
    await app.quiet()
    return str(pull.head_sha)


@pytest.mark.requirement("S1-127", "S1-128")
async def test_a_finding_in_an_artifact_is_the_gates_reason_and_is_marked_in_its_line(app: AppWorld) -> None:
    gate = app.gate(await failed_pull(app))
    assert gate.conclusion == "failure"
    assert "security.vulnerability, critical" in gate.summary
    assert "Trivy found 1 vulnerability (1 critical)" in gate.summary
    assert "test.unit" in gate.summary  # it might also be
    assert [(each["path"], each["start_line"]) for each in gate.annotations] == [("requirements.txt", 1)]
    assert gate.annotations[0]["message"].startswith("CVE-2099-1000 in parcelbox 1.2.0, mended in 1.2.9")


@pytest.mark.requirement("S1-128")
async def test_the_failures_page_shows_scanner_rule_package_and_weakness(app: AppWorld) -> None:
    link = app.gate(await failed_pull(app)).details_url
    app.sandbox.set_role(app.repo, "ada", "read")
    app.sandbox.at_the_browser("ada")
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
        browser.get(f"{app.address}/login", params={"next": link.removeprefix(app.address)}) as arrived,
    ):
        page = await arrived.text()
    facts = {"scanner": "Trivy", "rule": "CVE-2099-1000", "package": "parcelbox 1.2.0", "fixed_version": "1.2.9"}
    for name, value in {**facts, "cwe": "CWE-22", "place": "requirements.txt"}.items():
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
    assert "a file of results: a test report, a scan or a benchmark" in page
