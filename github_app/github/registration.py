"""How the App is registered at GitHub, against what it needs: key, permissions, events, webhook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from github_app.github.client import Api

LEVELS = ("none", "read", "write", "admin")
DELIVERIES = 50
OF_ORGANISATIONS = frozenset({"members"})
"""Permissions that no personal account can give."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: a sentence, and what to do; without a remedy it is only worth knowing."""

    check: str
    about: str
    sentence: str
    remedy: str = ""

    @property
    def is_note(self) -> bool:
        return not self.remedy


@dataclass(frozen=True, slots=True)
class Needs:
    """What the manifest asks for."""

    permissions: Mapping[str, str]
    events: Sequence[str]


@dataclass(frozen=True, slots=True)
class Registered:
    """What GitHub knows of the App: `GET /app`."""

    id: int
    slug: str
    page: str
    permissions: Mapping[str, str]
    events: Sequence[str]


async def registered(api: Api) -> Registered:
    """Ask GitHub who we are. Raises GiveUp when the key is refused, Wait or Retry when GitHub cannot say."""
    told = await api.get("/app")
    return Registered(
        id=told["id"],
        slug=told.get("slug") or "",
        page=told.get("html_url") or "",
        permissions=told.get("permissions") or {},
        events=told.get("events") or (),
    )


def permission_findings(needs: Needs, app: Registered) -> Iterator[Finding]:
    """What the registered App may not do or does not hear, and what it may do without need."""
    short = list(_short(needs.permissions, app.permissions))
    if short:
        yield Finding(
            "permissions",
            app.slug,
            f"The App lacks {_and(short)}",
            "Set it under Permissions & events of the App's settings, then accept it on every installation",
        )
    missing = sorted(set(needs.events) - set(app.events))
    if missing:
        yield Finding(
            "events",
            app.slug,
            f"The App does not hear {_and(missing)}",
            "Subscribe to it under Permissions & events of the App's settings",
        )
    more = [f"{name}: {level}" for name, level in _beyond(needs.permissions, app.permissions)]
    if more:
        yield Finding("permissions", app.slug, f"The App may do more than it needs ({', '.join(more)})")


def installation_findings(needs: Needs, installation: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether an account lets the App work: not suspended, and every permission accepted (X68)."""
    account = (installation.get("account") or {}).get("login") or str(installation["id"])
    if installation.get("suspended_at"):
        yield Finding(
            "installation",
            account,
            "The installation is suspended: nothing is read or shown there",
            "An owner of the account can unsuspend it under Settings, GitHub Apps",
        )
        return
    is_person = (installation.get("account") or {}).get("type") == "User"
    wanted = {name: level for name, level in needs.permissions.items() if not (is_person and name in OF_ORGANISATIONS)}
    short = list(_short(wanted, installation.get("permissions") or {}))
    if short:
        yield Finding(
            "installation",
            account,
            f"The installation lacks {_and(short)}",
            "An owner of the account has to accept the App's new permissions",
        )


async def webhook_findings(api: Api, public_url: str) -> list[Finding]:
    """Whether GitHub sends to us, signed and checked. Raises what the client raises."""
    config = await api.get("/app/hook/config")
    return [*_webhook(config, public_url), *_deliveries(await _recent(api))]


def _webhook(config: Mapping[str, Any], public_url: str) -> Iterator[Finding]:
    url = config.get("url") or ""
    wanted = f"{public_url or 'https://YOUR-ADDRESS'}/webhook"
    is_elsewhere = url != wanted if public_url else not url.endswith("/webhook")
    checks = (
        ("has no address", not url),
        (f"goes to {url}, not to {wanted}", url and is_elsewhere),
        (f"sends {config.get('content_type')}, not json", config.get("content_type") != "json"),
        ("does not verify our certificate", str(config.get("insecure_ssl", "0")) != "0"),
        ("is not signed: it has no secret", not config.get("secret")),
    )
    wrong = [sentence for sentence, is_wrong in checks if is_wrong]
    if wrong:
        remedy = f"Set in the App's settings: URL {wanted}, SSL verification on, GITHUB_WEBHOOK_SECRET as the secret"
        yield Finding("webhook", url, f"The webhook {_and(wrong)}", remedy)


async def _recent(api: Api) -> list[Mapping[str, Any]]:
    found = await api.get("/app/hook/deliveries", query={"per_page": DELIVERIES})
    return [told for told in found if isinstance(told, dict)] if isinstance(found, list) else []


def _deliveries(newest_first: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """A delivery that was sent again counts by its newest attempt (G5)."""
    newest: dict[str, Mapping[str, Any]] = {}
    for told in newest_first:
        newest.setdefault(str(told.get("guid")), told)
    failed = [told for told in newest.values() if not 200 <= int(told.get("status_code") or 0) < 300]  # noqa: PLR2004
    if not newest:
        yield Finding("deliveries", "", "GitHub has not sent a webhook lately")
    if failed:
        last = failed[0]
        yield Finding(
            "deliveries",
            "",
            f"{len(failed)} of the last {len(newest)} webhooks failed, the newest at {last.get('delivered_at')} "
            f"with {last.get('status_code') or 'no status'} ({last.get('status')})",
            "Mend what it says, then redeliver them under Advanced in the App's settings; GitHub does not by itself",
        )


def _short(needed: Mapping[str, str], granted: Mapping[str, str]) -> Iterator[str]:
    for name, level in needed.items():
        if _rank(granted.get(name)) < _rank(level):
            yield f"{name}: {level} (it has {granted.get(name, 'none')})"


def _beyond(needed: Mapping[str, str], granted: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return [(name, level) for name, level in granted.items() if _rank(level) > _rank(needed.get(name))]


def _rank(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else 0


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
