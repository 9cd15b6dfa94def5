"""The JSON of users, teams, Apps and installations."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from github_app.sandbox.state import Account, App, Installation, Team

Json = dict[str, Any]


def stamp(moment: datetime) -> str:
    """GitHub's timestamps: UTC, whole seconds, so that two events within one second are equal in time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def node_id(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}{number}".encode()).decode()


def user(base: str, account: Account) -> Json:
    """The simple user."""
    url = f"{base}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("User", account.id),
        "avatar_url": f"{base}/avatars/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base}/{account.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": account.type,
        "site_admin": False,
    }


def profile(base: str, account: Account) -> Json:
    """The public user, as `GET /user` and `GET /users/{username}` answer."""
    epoch = "2020-01-01T00:00:00Z"
    return user(base, account) | {
        "user_view_type": "public",
        "name": account.login,
        "company": None,
        "blog": None,
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": epoch,
        "updated_at": epoch,
    }


def organization(base: str, account: Account) -> Json:
    """The organisation of a webhook."""
    url = f"{base}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("Organization", account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{base}/avatars/{account.id}",
        "description": "",
    }


def team(base: str, value: Team, permission: str) -> Json:
    url = f"{base}/orgs/{value.org.login}/teams/{value.slug}"
    return {
        "id": value.id,
        "node_id": node_id("Team", value.id),
        "name": value.slug,
        "slug": value.slug,
        "description": None,
        "privacy": "closed",
        "permission": permission,
        "url": url,
        "html_url": f"{base}/orgs/{value.org.login}/teams/{value.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": value.org.id,
        "parent": None,
    }


def app(base: str, value: App) -> Json:
    """An App as checks and `GET /app` show it."""
    return {
        "id": value.id,
        "slug": value.slug,
        "node_id": node_id("App", value.id),
        "client_id": value.client_id or f"Iv1.{value.id:016x}",
        "owner": user(base, value.owner),
        "name": value.name,
        "description": "",
        "external_url": f"{base}/apps/{value.slug}",
        "html_url": f"{base}/apps/{value.slug}",
        "created_at": stamp(value.created_at),
        "updated_at": stamp(value.created_at),
        "permissions": value.permissions,
        "events": list(value.events),
    }


def installation(base: str, value: Installation) -> Json:
    return {
        "id": value.id,
        "client_id": value.app.client_id,
        "account": user(base, value.account),
        "repository_selection": "selected",
        "access_tokens_url": f"{base}/app/installations/{value.id}/access_tokens",
        "repositories_url": f"{base}/installation/repositories",
        "html_url": f"{base}/settings/installations/{value.id}",
        "app_id": value.app.id,
        "app_slug": value.app.slug,
        "target_id": value.account.id,
        "target_type": value.account.type,
        "permissions": value.permissions,
        "events": list(value.app.events),
        "created_at": stamp(value.created_at),
        "updated_at": stamp(value.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(base, value.suspended_by) if value.suspended_by else None,
        "suspended_at": stamp_or_none(value.suspended_at),
    }
