"""Secrets that a failing test has in its hands reach no output of ours at default settings."""

from __future__ import annotations

import base64

import pytest
from plugin_project import Project, Ran

from pytest_failure_review.cli import main

CANARIES = {
    "fixture": "fx-4f9d1c7b2a",
    "fixture of a mapping": "fm-8e3a6b1d9c",
    "field of an object": "fo-71c5e2f8ab",
    "environment": "en-b7d2c4f61e",
    "set by the test": "st-3c9e8a7d52",
    "local": "lo-d18f4b6e3a",
    "assertion": "as-6a2c9f7e41",
    "printed": "pr-e5b83d1f7c",
    "told to mask": "mk-92f7c5a8d3",
    "logged": "lg-f3d6b9a2c8",
    "parameter": "pa-c8e1d7f5b4",
    "token": "ghp_" + "aB3dE6gH9j" * 4,
}
TEST = """
    import logging, os
    from dataclasses import dataclass
    import pytest

    @dataclass
    class Login:
        user: str
        password: str

    @pytest.fixture
    def api_token():
        return "fx-4f9d1c7b2a"

    @pytest.fixture
    def login():
        return {"user": "ann", "password": "fm-8e3a6b1d9c"}

    @pytest.fixture
    def account():
        return Login("ann", "fo-71c5e2f8ab")

    @pytest.mark.parametrize("secret_key", ["pa-c8e1d7f5b4"])
    def test_deploy(api_token, login, account, secret_key, monkeypatch):
        monkeypatch.setenv("SERVICE_PASSWORD", "st-3c9e8a7d52")
        local_secret = "lo-d18f4b6e3a"
        print("::add-mask::mk-92f7c5a8d3")
        print("password=pr-e5b83d1f7c and mk-92f7c5a8d3 and lo-d18f4b6e3a")
        logging.getLogger("shop").warning("token: lg-f3d6b9a2c8")
        seen = [api_token, login["password"], account.password, os.environ["DEPLOY_TOKEN"], local_secret, secret_key]
        assert seen == [], f"password='as-6a2c9f7e41' {seen} {os.environ['SERVICE_PASSWORD']} GITHUBS"
"""


@pytest.fixture
def ran(project: Project, monkeypatch: pytest.MonkeyPatch) -> Ran:
    monkeypatch.setenv("DEPLOY_TOKEN", CANARIES["environment"])
    summary = project.path / "step-summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    summary.write_text("")
    project.pytester.makepyfile(TEST.replace("GITHUBS", CANARIES["token"]))
    return project.run("--tb=no", "--show-capture=no", "-rN")


def outputs(project: Project, ran: Ran) -> dict[str, str]:
    """Everything that we wrote or printed; pytest's own lines about the test are left out."""
    ours = ran.result.outlines[next(n for n, line in enumerate(ran.result.outlines) if "failure review" in line) :]
    told = {
        str(path): path.read_text() for path in project.path.rglob("*") if path.suffix in {".jsonl", ".md", ".json"}
    }
    return told | {"terminal": "\n".join(ours)}


def test_no_canary_is_in_any_output(project: Project, ran: Ran) -> None:
    found = {
        (name, where)
        for where, text in outputs(project, ran).items()
        for name, value in CANARIES.items()
        if value in text
    }
    assert found == set()
    assert ran.failure["nodeid"].endswith("::test_deploy[***]")
    assert ran.finish["redactions"] > len(CANARIES)


@pytest.mark.parametrize("form", ["junit", "ctrf", "github"])
def test_no_canary_is_in_what_the_report_is_converted_to(
    project: Project, ran: Ran, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["convert", "--to", form, str(project.reports)]) == 0
    text = capsys.readouterr().out
    assert "test_deploy[***]" in text
    assert [name for name, value in CANARIES.items() if value in text] == []


def test_the_nodes_hash_is_the_same_with_and_without_the_secret_in_its_name(project: Project) -> None:
    project.pytester.makepyfile(
        "import pytest\n\n@pytest.mark.parametrize('token', ['abc-123-def'])\ndef test_a(token): assert 0"
    )
    one, other = project.run().failures, project.run().failures
    assert one[0]["node_hash"] == other[0]["node_hash"]
    assert one[0]["nodeid"].endswith("test_a[***]")


def test_captured_output_is_kept_without_secrets(project: Project, ran: Ran) -> None:
    assert ran.failure["captured"]["stdout"].splitlines() == ["::add-mask::***", "password=*** and *** and ***"]


@pytest.mark.parametrize("wanted", [False, True])
def test_locals_are_kept_only_when_asked_for_and_without_secrets(project: Project, wanted: bool) -> None:
    project.pytester.makeini(f"[pytest]\nfailure_review_locals = {wanted}")
    project.pytester.makepyfile("def test_a():\n    count, api_key = 3, 'k-77f3a9c1'\n    assert count == len(api_key)")
    failure = project.run().failure
    assert failure.get("locals") == ({"count": "3", "api_key": "***", "@py_assert1": "None"} if wanted else None) or (
        wanted and failure["locals"]["count"] == "3" and failure["locals"]["api_key"] == "***"
    )
    assert "k-77f3a9c1" not in failure["message"]


@pytest.mark.parametrize(
    "shown",
    [
        base64.b64encode(b"user:" + CANARIES["environment"].encode()).decode(),
        base64.b64encode(b"x" + CANARIES["environment"].encode() + b"yz").decode(),
        CANARIES["environment"][:6] + "\\n" + CANARIES["environment"][6:],
        CANARIES["environment"][:9] + "'\\nE         '" + CANARIES["environment"][9:],
    ],
    ids=["base64", "inside base64", "broken over two lines", "broken in a diff"],
)
def test_a_known_value_is_found_in_disguise(project: Project, monkeypatch: pytest.MonkeyPatch, shown: str) -> None:
    value = CANARIES["environment"]
    monkeypatch.setenv("DEPLOY_TOKEN", value)
    project.pytester.makepyfile(f"def test_a():\n    raise ValueError({shown!r}.replace('\\\\n', chr(10)))")
    message = project.run().failure["message"]
    assert "***" in message
    assert value[2:6] not in message


def test_a_run_of_many_failures_knows_what_an_earlier_one_was_told(project: Project) -> None:
    project.pytester.makepyfile(
        "def test_a():\n    print('::add-mask::abc-456-xyz')\n\ndef test_b():\n    raise ValueError('abc-456-' + 'xyz')"
    )
    assert project.run().failure["message"] == "ValueError: ***"


def test_the_report_file_is_all_that_is_left(project: Project, ran: Ran) -> None:
    assert [path.suffix for path in project.reports.rglob("*") if path.is_file()] == [".jsonl"]
