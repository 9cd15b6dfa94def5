"""The sandbox's world: its memory, its clock, its addresses and its way to announce what happened."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from github_app.sandbox.shapes import accounts, repos
from github_app.sandbox.state import ACTIONS_APP_ID, Account, App, Clock, Installation, Repository, State
from github_app.sandbox.webhooks import Hooks

ALWAYS_SENT = frozenset({"installation", "installation_repositories", "github_app_authorization"})


@dataclass(eq=False, slots=True)
class Blob:
    """A log or an artifact behind a link that is good until `expires_at` (G24)."""

    content: bytes
    content_type: str
    expires_at: datetime


@dataclass(eq=False, slots=True)
class World:
    """What every act and every route works on. `base` and `storage` are two origins, known once the server listens."""

    clock: Clock
    hooks: Hooks
    state: State = field(default_factory=State)
    base: str = ""
    storage: str = ""
    blobs: dict[str, Blob] = field(default_factory=dict)
    rate_limit: int = 5000

    def account(self, login: str, kind: str = "User") -> Account:
        """The account of this login, made when it is new."""
        known = self.state.accounts.get(login.lower())
        if known is None:
            known = self.state.accounts[login.lower()] = Account(self.state.number(), login, kind)
        return known

    def app(self, slug: str, name: str | None = None) -> App:
        """The App of this slug, made when it is new; `github-actions` has GitHub's own id."""
        for known in self.state.apps.values():
            if known.slug == slug:
                return known
        number = ACTIONS_APP_ID if slug == "github-actions" else self.state.number()
        owner = self.account("github", "Organization")
        bot = self.account(f"{slug}[bot]", "Bot")
        made = App(number, slug, name or slug, owner, bot, self.clock())
        self.state.apps[number] = made
        return made

    def link(self, content: bytes, content_type: str) -> str:
        """A one-minute address of this content on the storage origin."""
        key = secrets.token_hex(16)
        self.blobs[key] = Blob(content, content_type, self.clock() + timedelta(minutes=1))
        return f"{self.storage}/blobs/{key}?sig={secrets.token_hex(8)}"

    def installations_on(self, repo: Repository) -> list[Installation]:
        return [each for each in self.state.installations.values() if repo.id in each.repository_ids]

    def announce(
        self,
        repo: Repository,
        event: str,
        action: str | None,
        body: dict[str, Any],
        sender: Account,
        *,
        to: App | None = None,
    ) -> None:
        """Queue this event for every App installed on the repository that listens to it, or for `to` alone."""
        for each in self.installations_on(repo):
            if each.suspended_at is None and to in (None, each.app) and event in {*each.app.events, *ALWAYS_SENT}:
                self.announce_installation(each, event, action, self._about(repo) | body, sender)

    def announce_installation(
        self, installation: Installation, event: str, action: str | None, body: dict[str, Any], sender: Account
    ) -> None:
        """Queue an event for one installation's App; `body` may bring a fuller `installation` of its own."""
        number = installation.id
        payload: dict[str, Any] = {"action": action} if action else {}
        payload |= {"installation": {"id": number, "node_id": accounts.node_id("Installation", number)}}
        payload |= {"sender": accounts.user(self.base, sender)} | body
        self.hooks.send(installation.app, event, payload)

    def _about(self, repo: Repository) -> dict[str, Any]:
        about: dict[str, Any] = {"repository": repos.repository(self.base, repo)}
        if repo.owner.type == "Organization":
            about["organization"] = accounts.organization(self.base, repo.owner)
        return about
