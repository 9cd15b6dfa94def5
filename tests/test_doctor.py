"""`failure-review doctor` on a sandbox GitHub: silent when all is well, a sentence and a remedy for each mistake."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from world import settings_for

from github_app.builtin import app_manifest_text
from github_app.doctor import run_doctor
from github_app.sandbox.scenario import Sandbox
from github_app.sandbox.state import Repository
from github_app.settings import Settings
from github_app.store import upgrade

ROOT = Path(__file__).parent.parent
SITE = "https://review.example.com"
GATE = "failure-review/gate"
MANIFEST = yaml.safe_load(app_manifest_text())
POLICY = ".github/failure-review.yml"


@dataclass(slots=True)
class Practice:
    """A sandbox where everything is set up as it has to be, until the test spoils something."""

    sandbox: Sandbox
    settings: Settings
    repo: Repository
    app_id: int
    installation_id: int
    capsys: pytest.CaptureFixture[str]

    async def examine(self, **settings: Any) -> tuple[int, dict[str, Any]]:
        changed = self.settings.model_copy(update=settings)
        status = await run_doctor(changed, as_json=True)
        return status, json.loads(self.capsys.readouterr().out)

    async def only_finding(self, **settings: Any) -> dict[str, str]:
        """The one thing that is wrong; fails when it is not exactly one."""
        status, report = await self.examine(**settings)
        [finding] = report["findings"]
        assert status == 1
        assert finding["remedy"]
        return {key: finding[key] for key in ("check", "about", "sentence")}


@pytest.fixture
async def practice(sandbox: Sandbox, sqlite_database_url: str, capsys: pytest.CaptureFixture[str]) -> Practice:
    permissions, events = MANIFEST["default_permissions"], MANIFEST["default_events"]
    credentials = sandbox.register_app(None, permissions=permissions, events=events)
    repo = sandbox.create_repo("octo", "shop")
    await sandbox.put_file(repo, POLICY, "schema: 1\nmode: enforce\n")
    sandbox.protect(repo, repo.default_branch, [(GATE, credentials.app_id)])
    installation_id = await sandbox.install(credentials.app_id, repo)
    sandbox.point_webhook(credentials.app_id, f"{SITE}/webhook")
    settings = settings_for(sandbox, credentials, sqlite_database_url, public_url=SITE)
    return Practice(sandbox, settings, repo, credentials.app_id, installation_id, capsys)


async def test_a_good_set_up_is_said_to_be_good(practice: Practice) -> None:
    assert await run_doctor(practice.settings, as_json=False) == 0
    told = practice.capsys.readouterr()
    assert told.out.splitlines()[-1] == "Good: failure-review is set up as it has to be."
    assert "WRONG" not in told.out
    assert "Looking at octo/shop ..." in told.err


async def test_json_alone_stands_on_standard_output(practice: Practice) -> None:
    status, report = await practice.examine()
    assert (status, report["app"], report["findings"]) == (0, "failure-review", [])
    assert {note["check"] for note in report["notes"]} <= {"deliveries"}


async def test_a_finding_is_a_sentence_and_what_to_do(practice: Practice) -> None:
    practice.sandbox.protect(practice.repo, "main", [(GATE, None)])
    assert await run_doctor(practice.settings, as_json=False) == 1
    assert (
        "WRONG: required check (octo/shop): failure-review/gate is required on main, but whoever may write can report "
        "it.\n    Choose this App as the source of the required check, in the ruleset or branch protection.\n"
    ) in practice.capsys.readouterr().out


# --- the App


async def test_another_app_s_key_is_told(practice: Practice) -> None:
    finding = await practice.only_finding(github_app_id=practice.app_id + 1)
    assert finding["check"] == "credentials"
    assert "refuses the key" in finding["sentence"]


async def test_a_missing_permission_is_told_for_the_app_and_where_it_was_not_accepted(practice: Practice) -> None:
    app = practice.sandbox.world.state.apps[practice.app_id]
    app.permissions["checks"] = "read"
    assert await practice.only_finding() == {
        "check": "permissions",
        "about": "failure-review",
        "sentence": "The App lacks checks: write (it has read)",
    }
    app.permissions["checks"] = "write"
    del practice.sandbox.installation(practice.installation_id).permissions["merge_queues"]
    assert await practice.only_finding() == {
        "check": "installation",
        "about": "octo",
        "sentence": "The installation lacks merge_queues: read (it has none)",
    }


async def test_a_permission_beyond_the_manifest_is_worth_a_note(practice: Practice) -> None:
    practice.sandbox.world.state.apps[practice.app_id].permissions["administration"] = "write"
    status, report = await practice.examine()
    assert status == 0
    assert "The App may do more than it needs (administration: write)" in [note["sentence"] for note in report["notes"]]


async def test_events_that_are_not_heard_are_told(practice: Practice) -> None:
    app = practice.sandbox.world.state.apps[practice.app_id]
    app.events = tuple(event for event in app.events if event not in {"status", "merge_group"})
    assert (await practice.only_finding())["sentence"] == "The App does not hear merge_group and status"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (None, "The webhook has no address"),
        (f"{SITE}/hook", f"The webhook goes to {SITE}/hook, not to {SITE}/webhook"),
        (
            "https://old.example.com/webhook",
            f"The webhook goes to https://old.example.com/webhook, not to {SITE}/webhook",
        ),
    ],
)
async def test_a_webhook_that_goes_elsewhere_is_told(practice: Practice, url: str | None, sentence: str) -> None:
    practice.sandbox.point_webhook(practice.app_id, url)
    assert (await practice.only_finding())["sentence"] == sentence


async def test_deliveries_that_failed_are_told_with_the_newest(practice: Practice) -> None:
    practice.sandbox.point_webhook(practice.app_id, "http://127.0.0.1:9/webhook")  # nobody listens there
    await practice.sandbox.open_pull(practice.repo, "cart", author="ada", title="Sum the cart")
    practice.sandbox.point_webhook(practice.app_id, f"{SITE}/webhook")
    finding = await practice.only_finding()
    assert finding["check"] == "deliveries"
    count = len({each.guid for each in practice.sandbox.deliveries})
    assert finding["sentence"].startswith(f"{count} of the last {count} webhooks failed, the newest at ")


# --- the settings and the database


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8080"])
async def test_an_address_that_nobody_can_reach_is_told(practice: Practice, url: str) -> None:
    practice.sandbox.point_webhook(practice.app_id, f"{url or SITE}/webhook")
    assert (await practice.only_finding(public_url=url))["check"] == "address"


async def test_a_database_without_our_tables_is_told(practice: Practice, tmp_path: Path) -> None:
    url = SecretStr(f"sqlite:///{tmp_path}/empty.db")
    finding = await practice.only_finding(database_url=url)
    assert (finding["check"], "db upgrade" in finding["sentence"]) == ("database", True)
    upgrade(url.get_secret_value())
    assert (await practice.examine(database_url=url))[0] == 0


async def test_a_github_that_cannot_be_asked_is_no_finding(practice: Practice) -> None:
    nowhere = practice.settings.model_copy(update={"github_api_url": "http://127.0.0.1:9"})
    assert await run_doctor(nowhere, as_json=True) == 2
    told = practice.capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1].startswith("failure-review: GitHub cannot be asked: ")


# --- installations and repositories


async def test_an_app_that_is_installed_nowhere_is_told(practice: Practice) -> None:
    practice.sandbox.point_webhook(practice.app_id, None)
    await practice.sandbox.uninstall(practice.installation_id)
    practice.sandbox.point_webhook(practice.app_id, f"{SITE}/webhook")
    assert (await practice.only_finding())["sentence"] == "The App is installed nowhere"


async def test_a_suspended_installation_is_named(practice: Practice) -> None:
    practice.sandbox.point_webhook(practice.app_id, None)
    await practice.sandbox.suspend(practice.installation_id)
    practice.sandbox.point_webhook(practice.app_id, f"{SITE}/webhook")
    finding = await practice.only_finding()
    assert (finding["check"], finding["about"]) == ("installation", "octo")
    assert finding["sentence"].startswith("The installation is suspended")


async def test_no_more_than_fifty_repositories_are_looked_at(practice: Practice) -> None:
    practice.sandbox.point_webhook(practice.app_id, None)
    more = [practice.sandbox.create_repo("octo", f"shop-{number}") for number in range(51)]
    await practice.sandbox.install(practice.app_id, *more)
    practice.sandbox.point_webhook(practice.app_id, f"{SITE}/webhook")
    _, report = await practice.examine()
    assert "Only the first 50 repositories were looked at" in [note["sentence"] for note in report["notes"]]


async def put(practice: Practice, path: str, text: str) -> None:
    practice.sandbox.point_webhook(practice.app_id, None)
    await practice.sandbox.put_file(practice.repo, path, text)
    practice.sandbox.point_webhook(practice.app_id, f"{SITE}/webhook")


async def test_a_broken_policy_file_is_told_with_its_line(practice: Practice) -> None:
    await put(practice, POLICY, "schema: 1\nmode: enforce\nmood: good\n")
    finding = await practice.only_finding()
    assert (finding["check"], finding["about"]) == ("policy", "octo/shop")
    assert finding["sentence"].startswith(f"{POLICY} line 3, column 1: ")


async def test_a_gate_that_is_not_required_is_told(practice: Practice) -> None:
    practice.sandbox.protect(practice.repo, "main", [("build", None)])
    assert (await practice.only_finding())["sentence"] == (
        "Nothing requires failure-review/gate on main: pull requests can be merged while it is red"
    )


async def test_while_a_repository_observes_nothing_need_be_required(practice: Practice) -> None:
    await put(practice, POLICY, "schema: 1\nmode: observe\n")
    practice.sandbox.protect(practice.repo, "main", [])
    assert (await practice.examine())[0] == 0


async def test_a_gate_required_from_another_app_is_told_x6(practice: Practice) -> None:
    practice.sandbox.protect(practice.repo, "main", [(GATE, 4711)])
    assert (await practice.only_finding())["sentence"] == (
        f"failure-review/gate is required on main from another App (4711): ours ({practice.app_id}) never counts"
    )


async def test_others_that_report_under_our_name_are_told_x7(practice: Practice) -> None:
    practice.sandbox.point_webhook(practice.app_id, None)
    head = practice.repo.branches["main"]
    await practice.sandbox.commit_status(practice.repo, head, GATE, "success")
    await practice.sandbox.foreign_check(practice.repo, head, "circleci", GATE, "success")
    practice.sandbox.point_webhook(practice.app_id, f"{SITE}/webhook")
    assert (await practice.only_finding())["sentence"] == (
        "On main, a commit status and the App circleci also reports as failure-review/gate"
    )


@pytest.mark.parametrize("missing", ["contents", "statuses", "checks"])
async def test_a_permission_that_the_doctor_lacks_is_a_sentence_too(practice: Practice, missing: str) -> None:
    del practice.sandbox.installation(practice.installation_id).permissions[missing]
    status, report = await practice.examine()
    told = [(finding["check"], finding["about"]) for finding in report["findings"]]
    assert (status, told) == (1, [("installation", "octo"), ("repositories", "octo/shop")])


# --- the manifest


def test_the_manifest_that_is_compared_with_is_the_one_people_read() -> None:
    assert app_manifest_text() == (ROOT / "app.yml").read_text("utf-8")


def test_a_wheel_carries_the_manifest(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    ask = "from github_app import builtin; print(builtin.__file__); print(builtin.app_manifest_text(), end='')"
    told = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path / "installed", check=True, capture_output=True, text=True
    ).stdout
    where, _, text = told.partition("\n")
    assert where.startswith(str(tmp_path))
    assert text == (ROOT / "app.yml").read_text("utf-8")
