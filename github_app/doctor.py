"""`failure-review doctor`: asks GitHub, the database and the settings whether everything is set up as it has to be.

With `--json` it prints one object: `{"app": slug or null, "findings": [...], "notes": [...]}`, where each entry is
`{"check", "about", "sentence", "remedy"}`; `check` is one of address, credentials, database, deliveries, events,
installation, people, permissions, policy, repositories, required check, webhook; notes have no remedy and do not count.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml

from github_app.app import builtin_policy
from github_app.builtin import app_manifest_text
from github_app.connect import github_of
from github_app.github.client import GitHub, open_session
from github_app.github.payloads import RepositoryPayload
from github_app.github.policy_files import read_policy
from github_app.github.registration import (
    Finding,
    Needs,
    Registered,
    installation_findings,
    permission_findings,
    registered,
    webhook_findings,
)
from github_app.github.required import required_findings
from github_app.github.rosters import people_findings, with_roster
from github_app.outcomes import GiveUp, Unfinished
from github_app.rules.events import PolicyRead
from github_app.rules.model import Repo
from github_app.rules.policy import Policy, effective_mode
from github_app.rules.policy_file import ORGANISATION, REPOSITORY, PolicyFile, parse
from github_app.rules.policy_layers import resolve
from github_app.rules.policy_lint import findings as lint
from github_app.rules.verdicts import Mode
from github_app.settings import Settings
from github_app.store import SqlStore, StoreRefused

GOOD, FINDINGS, UNUSABLE = 0, 1, 2
MOST_REPOSITORIES = 50


@dataclass(slots=True)
class Report:
    """What was found so far."""

    app: str | None = None
    found: list[Finding] = field(default_factory=list)

    def add(self, check: str, about: str, sentence: str, remedy: str = "") -> None:
        self.found.append(Finding(check, about, sentence, remedy))


async def run_doctor(settings: Settings, *, as_json: bool) -> int:
    """Look at everything and print it; progress goes to standard error.

    Returns 0 when all is well, 1 when there is something to do, 2 when GitHub cannot be asked.
    """
    report = Report()
    _address(settings, report)
    await _database(settings, report)
    async with open_session() as session:
        try:
            await _github(github_of(settings, session, _now), settings, report)
        except Unfinished as outcome:
            print(f"failure-review: GitHub cannot be asked: {outcome.reason}", file=sys.stderr)
            return UNUSABLE
    print(_as_json(report) if as_json else _as_text(report))
    return FINDINGS if any(not finding.is_note for finding in report.found) else GOOD


def _address(settings: Settings, report: Report) -> None:
    remedy = "Set PUBLIC_URL to the https address under which people and GitHub reach this App"
    if not settings.public_url:
        report.add("address", "", "PUBLIC_URL is not set: links in checks and comments lead nowhere", remedy)
    elif not settings.public_url.startswith("https://"):
        report.add("address", settings.public_url, "PUBLIC_URL is not https: GitHub cannot reach it", remedy)


async def _database(settings: Settings, report: Report) -> None:
    _say("Looking at the database")
    try:
        store = await SqlStore.open(settings.database_url.get_secret_value())
    except StoreRefused as refused:
        report.add("database", "", str(refused), "See DATABASE_URL; `failure-review db upgrade` makes the tables")
        return
    try:
        await store.ping()
    except Unfinished as outcome:
        report.add("database", "", outcome.reason, "The App answers GitHub with 503 until it takes transactions again")
    finally:
        await store.close()


async def _github(github: GitHub, settings: Settings, report: Report) -> None:
    _say("Asking GitHub for the App")
    try:
        app = await registered(github.app())
    except GiveUp as refused:
        remedy = "GITHUB_APP_ID and GITHUB_PRIVATE_KEY must be of one App, and the machine's clock must be right"
        report.add("credentials", str(settings.github_app_id), f"GitHub refuses the key: {refused.reason}", remedy)
        return
    report.app = app.slug
    if app.id != settings.github_app_id:
        remedy = f"Set GITHUB_APP_ID to {app.id}, or use the key of the App that is meant"
        report.add("credentials", app.slug, f"The key is that of the App {app.id}", remedy)
    needs = _needs()
    report.found += permission_findings(needs, app)
    report.found += await _webhook(github, settings)
    await _installations(github, app, needs, report)


def _needs() -> Needs:
    manifest = yaml.safe_load(app_manifest_text())
    return Needs(manifest["default_permissions"], manifest["default_events"])


async def _webhook(github: GitHub, settings: Settings) -> list[Finding]:
    _say("Looking at the webhook and its last deliveries")
    try:
        return await webhook_findings(github.app(), settings.public_url)
    except GiveUp as outcome:
        return [
            Finding("webhook", "", f"The webhook cannot be read: {outcome.reason}", "Switch it on: Webhook, Active")
        ]


async def _installations(github: GitHub, app: Registered, needs: Needs, report: Report) -> None:
    installations = [told async for told in github.app().pages("/app/installations")]
    if not installations:
        report.add("installation", app.slug, "The App is installed nowhere", f"Install it from {app.page}")
    seen = 0
    for told in installations:
        found = list(installation_findings(needs, told))
        report.found += found
        if told.get("suspended_at"):
            continue
        try:
            async for repo in _repositories(github, told):
                seen += 1
                if seen > MOST_REPOSITORIES:
                    report.add("repositories", "", f"Only the first {MOST_REPOSITORIES} repositories were looked at")
                    return
                _say(f"Looking at {repo.full_name}")
                await _repository(github, repo, app.id, report)
        except Unfinished as outcome:
            _unseen(report, (told.get("account") or {}).get("login", ""), outcome)


async def _repositories(github: GitHub, installation: Mapping[str, Any]) -> AsyncIterator[Repo]:
    """The repositories of an installation in which anything can still happen."""
    api = github.installation(installation["id"])
    async for told in api.pages("/installation/repositories", items="repositories", limit=MOST_REPOSITORIES + 1):
        if not told.get("archived") and not told.get("disabled"):
            known = RepositoryPayload.model_validate(told)
            yield Repo(known.id, installation["id"], known.owner.login, known.name, known.default_branch, known.private)


async def _repository(github: GitHub, repo: Repo, app_id: int, report: Report) -> None:
    try:
        read = await read_policy(github, repo, "doctor", _now())
        policy = _policy(read, report)
        report.found += people_findings(await with_roster(github, read, policy, None), policy)
        observing = effective_mode(policy, ever_had_file=read.text is not None) is Mode.OBSERVE
        api = github.installation(repo.installation_id)
        report.found += await required_findings(api, repo, app_id, observing=observing)
    except Unfinished as outcome:
        _unseen(report, repo.full_name, outcome)


def _policy(read: PolicyRead, report: Report) -> Policy:
    """Judge the policy files as the App will."""
    told = ((read.org_text, ORGANISATION), (read.text, REPOSITORY))
    layers = [parse(text, origin) for text, origin in told if text is not None]
    good = [layer for layer in layers if isinstance(layer, PolicyFile)]
    wrong = [problem for layer in layers if not isinstance(layer, PolicyFile) for problem in layer]
    org = next((layer for layer in good if layer.origin == ORGANISATION), None)
    own = next((layer for layer in good if layer.origin == REPOSITORY), None)
    policy = resolve(builtin_policy(), org, own)
    if good:
        wrong += lint(policy, good[-1])
    for problem in wrong:
        report.add("policy", read.repo.full_name, str(problem), "`failure-review policy check FILE` judges a change")
    if read.text is None:
        sentence = f"There is no {REPOSITORY}: the built-in matrix is shown, and nothing is enforced"
        report.add("policy", read.repo.full_name, sentence)
    return policy


def _unseen(report: Report, about: str, outcome: Unfinished) -> None:
    report.add("repositories", about, f"It could not be looked at: {outcome.reason}", "Try again, or mend what it says")


def _as_json(report: Report) -> str:
    entries = {True: list[dict[str, str]](), False: list[dict[str, str]]()}
    for finding in report.found:
        entries[finding.is_note].append(asdict(finding))
    return json.dumps({"app": report.app, "findings": entries[False], "notes": entries[True]}, indent=2)


def _as_text(report: Report) -> str:
    lines = []
    for finding in sorted(report.found, key=lambda each: each.is_note):
        about = f" ({finding.about})" if finding.about else ""
        lines.append(f"{'note' if finding.is_note else 'WRONG'}: {finding.check}{about}: {finding.sentence}.")
        if finding.remedy:
            lines.append(f"    {finding.remedy}.")
    if all(finding.is_note for finding in report.found):
        lines.append(f"Good: {report.app} is set up as it has to be.")
    return "\n".join(lines)


def _say(progress: str) -> None:
    print(f"{progress} ...", file=sys.stderr)


def _now() -> datetime:
    return datetime.now(UTC)
