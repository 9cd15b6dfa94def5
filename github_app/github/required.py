"""Whether a branch requires the gate, and from whom: a check that anybody may report guards nothing (G22, X6, X7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from github_app.github.checks import GATE
from github_app.github.client import Api
from github_app.github.registration import Finding
from github_app.outcomes import GiveUp
from github_app.rules.model import Repo

ANYBODY = -1
"""What classic protection writes where any App may report the check; rulesets leave the App out."""

REFUSED = 403


async def required_findings(api: Api, repo: Repo, app_id: int, *, observing: bool) -> list[Finding]:
    """Look at rulesets and classic protection of the default branch, and for others of our name at its head.

    While a repository only observes, nothing need be required. Raises what the client raises.
    """
    names: dict[str, Any] = {"owner": repo.owner, "repo": repo.name, "branch": repo.default_branch}
    try:
        branch = await api.get("/repos/{owner}/{repo}/branches/{branch}", **names)
    except GiveUp as gone:
        if gone.status == REFUSED:
            return [Finding("required check", repo.full_name, f"Cannot be looked at: {gone.reason}")]
        raise
    rules = [rule async for rule in api.pages("/repos/{owner}/{repo}/rules/branches/{branch}", **names)]
    pins = [*_of_protection(branch), *_of_rules(rules)]
    found = [finding for pin in dict.fromkeys(pins) if (finding := _judged(pin, repo, app_id))]
    if not pins:
        found.append(_unrequired(repo, observing=observing))
    return [*found, *await _namesakes(api, repo, app_id)]


def _of_protection(branch: Mapping[str, Any]) -> Iterator[int]:
    checks = ((branch.get("protection") or {}).get("required_status_checks") or {}).get("checks") or []
    for check in checks:
        if check.get("context") == GATE:
            yield ANYBODY if check.get("app_id") is None else check["app_id"]


def _of_rules(rules: list[dict[str, Any]]) -> Iterator[int]:
    for rule in rules:
        if rule.get("type") == "required_status_checks":
            for check in (rule.get("parameters") or {}).get("required_status_checks") or []:
                if check.get("context") == GATE:
                    yield ANYBODY if check.get("integration_id") is None else check["integration_id"]


def _judged(pin: int, repo: Repo, app_id: int) -> Finding | None:
    if pin == app_id:
        return None
    if pin == ANYBODY:
        sentence = f"{GATE} is required on {repo.default_branch}, but whoever may write can report it"
        remedy = "Choose this App as the source of the required check, in the ruleset or branch protection"
    else:
        sentence = f"{GATE} is required on {repo.default_branch} from another App ({pin}): ours ({app_id}) never counts"
        remedy = "Choose this App as the source of the required check instead"
    return Finding("required check", repo.full_name, sentence, remedy)


def _unrequired(repo: Repo, *, observing: bool) -> Finding:
    sentence = f"Nothing requires {GATE} on {repo.default_branch}: pull requests can be merged while it is red"
    remedy = f"Add {GATE} from this App to the required checks of {repo.default_branch}"
    return Finding("required check", repo.full_name, sentence, "" if observing else remedy)


async def _namesakes(api: Api, repo: Repo, app_id: int) -> list[Finding]:
    """Name whoever else reports under our name: GitHub would wait for both."""
    names: dict[str, Any] = {"owner": repo.owner, "repo": repo.name, "ref": repo.default_branch}
    status = await api.get("/repos/{owner}/{repo}/commits/{ref}/status", query={"per_page": 100}, **names)
    has_status = any(told.get("context") == GATE for told in status.get("statuses") or [])
    runs = api.pages(
        "/repos/{owner}/{repo}/commits/{ref}/check-runs", items="check_runs", query={"check_name": GATE}, **names
    )
    others = {str(app.get("slug")) async for run in runs if (app := run.get("app") or {}).get("id") != app_id}
    who = [*(["a commit status"] if has_status else []), *sorted(f"the App {slug}" for slug in others)]
    if not who:
        return []
    sentence = f"On {repo.default_branch}, {' and '.join(who)} also reports as {GATE}"
    return [Finding("required check", repo.full_name, sentence, "Give that one another name")]
