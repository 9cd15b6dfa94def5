"""Apps are registered and installed; people get roles, join teams, sign in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from github_app.sandbox import login
from github_app.sandbox.acts import installations
from github_app.sandbox.state import Account, Installation, Repository, Team
from github_app.sandbox.verbs import Verbs
from github_app.sandbox.world import World

PERMISSIONS = {
    "actions": "read",
    "checks": "write",
    "contents": "read",
    "issues": "read",
    "members": "read",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
EVENTS = (
    "check_run",
    "check_suite",
    "issue_comment",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "push",
    "repository",
    "status",
    "workflow_job",
    "workflow_run",
)


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """What whoever registers an App takes home."""

    app_id: int
    private_key_pem: str
    client_id: str
    client_secret: str
    webhook_secret: str


class People(Verbs):
    """Verbs about Apps and accounts."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.browser: Account | None = None

    def register_app(
        self,
        webhook_url: str | None,
        webhook_secret: str = "sandbox-webhook-secret",  # noqa: S107  (guards nothing but this sandbox)
        *,
        slug: str = "failure-review",
        permissions: Mapping[str, str] = PERMISSIONS,
        events: Iterable[str] = EVENTS,
    ) -> AppCredentials:
        """Register an App; without `webhook_url` it hears nothing until `point_webhook`."""
        app, key = installations.register(self.world, slug, dict(permissions), events)
        app.webhook_url, app.webhook_secret = webhook_url, webhook_secret
        return AppCredentials(app.id, key, app.client_id, app.client_secret, webhook_secret)

    def point_webhook(self, app_id: int, url: str | None) -> None:
        """Where the App's webhooks go from now on."""
        self.world.state.apps[app_id].webhook_url = url

    def user(self, login_name: str) -> Account:
        """The user of this login, made when it is new."""
        return self.world.account(login_name)

    def user_token(self, login_name: str) -> str:
        """A user access token, as the login hands it out."""
        return login.sign_in(self.world, self.user(login_name))

    def at_the_browser(self, login_name: str | None) -> None:
        """Who approves at the login page; None declines."""
        self.browser = None if login_name is None else self.user(login_name)

    def rename_user(self, old: str, new: str) -> None:
        """The old login is free for anybody else from now on; the id stays (G28)."""
        account = self.world.state.accounts.pop(old.lower())
        account.login = new
        self.world.state.accounts[new.lower()] = account

    def team(self, org: str, slug: str, members: Iterable[str], **roles_on: str) -> Team:
        """A team of an organisation; `roles_on` maps names of its repositories to the team's role there."""
        owner = self.world.account(org, "Organization")
        ids = {self.user(name).id: "member" for name in members}
        made = Team(self.world.state.number(), owner, slug, self.world.clock(), ids)
        self.world.state.teams[owner.login.lower(), slug] = made
        for name, role in roles_on.items():
            repo = self.world.state.repository(org, name)
            assert repo is not None
            repo.teams[slug] = role
        return made

    def set_role(self, repo: Repository, user: str, role_name: str | None) -> None:
        """Give a user a role, a custom one included; None takes it away."""
        if role_name is None:
            repo.roles.pop(self.user(user).id, None)
        else:
            repo.roles[self.user(user).id] = role_name

    def installation(self, installation_id: int) -> Installation:
        """The installation of this id; KeyError when it was removed."""
        return self.world.state.installations[installation_id]

    async def install(self, app_id: int, *repositories: Repository) -> int:
        """Install the App on repositories of one account; returns the installation's id."""
        app = self.world.state.apps[app_id]
        made = installations.install(self.world, app, list(repositories), repositories[0].owner)
        await self.settled()
        return made.id

    async def uninstall(self, installation_id: int) -> None:
        found = self.installation(installation_id)
        installations.uninstall(self.world, found, found.account)
        await self.settled()

    async def remove_repository(self, installation_id: int, repo: Repository) -> None:
        """Take one repository out of an installation."""
        found = self.installation(installation_id)
        installations.remove_repository(self.world, found, repo, found.account)
        await self.settled()

    async def suspend(self, installation_id: int) -> None:
        found = self.installation(installation_id)
        installations.suspend(self.world, found, found.account)
        await self.settled()

    async def unsuspend(self, installation_id: int) -> None:
        found = self.installation(installation_id)
        installations.unsuspend(self.world, found, found.account)
        await self.settled()
