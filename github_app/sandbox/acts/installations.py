"""Apps are registered, installed, suspended, removed."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from github_app.sandbox.shapes import accounts
from github_app.sandbox.shapes.repos import short_repository
from github_app.sandbox.state import Account, App, Installation, Repository
from github_app.sandbox.world import World


def register(world: World, slug: str, permissions: dict[str, str], events: Iterable[str]) -> tuple[App, str]:
    """Register an App; returns it and its private key as PEM, which nobody can read a second time."""
    app = world.app(slug)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    app.public_key = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    app.client_id, app.client_secret = f"Iv23li{secrets.token_hex(7)}", secrets.token_hex(20)
    app.permissions, app.events = dict(permissions), tuple(events)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return app, pem.decode()


def install(world: World, app: App, repos: list[Repository], sender: Account) -> Installation:
    """Install an App on repositories of one account, or add them to its installation there."""
    account = repos[0].owner
    for known in world.state.installations.values():
        if known.app is app and known.account is account:
            _add(world, known, repos, sender)
            return known
    now, number = world.clock(), world.state.number()
    made = Installation(number, app, account, {repo.id for repo in repos}, dict(app.permissions), now, now)
    world.state.installations[number] = made
    announce(world, made, "created", sender)
    return made


def _add(world: World, installation: Installation, repos: list[Repository], sender: Account) -> None:
    installation.repository_ids |= {repo.id for repo in repos}
    announce_repositories(world, installation, sender, added=repos)


def remove_repository(world: World, installation: Installation, repo: Repository, sender: Account) -> None:
    installation.repository_ids.discard(repo.id)
    announce_repositories(world, installation, sender, removed=[repo])


def announce_repositories(
    world: World,
    installation: Installation,
    sender: Account,
    *,
    added: Iterable[Repository] = (),
    removed: Iterable[Repository] = (),
) -> None:
    body = {
        "installation": accounts.installation(world.base, installation),
        "repository_selection": "selected",
        "repositories_added": [short_repository(repo) for repo in added],
        "repositories_removed": [short_repository(repo) for repo in removed],
        "requester": None,
    }
    action = "added" if body["repositories_added"] else "removed"
    world.announce_installation(installation, "installation_repositories", action, body, sender)


def suspend(world: World, installation: Installation, sender: Account) -> None:
    installation.suspended_at, installation.suspended_by = world.clock(), sender
    announce(world, installation, "suspend", sender)


def unsuspend(world: World, installation: Installation, sender: Account) -> None:
    installation.suspended_at = installation.suspended_by = None
    announce(world, installation, "unsuspend", sender)


def uninstall(world: World, installation: Installation, sender: Account) -> None:
    """Remove the installation: its tokens are dead at once."""
    del world.state.installations[installation.id]
    dead = [value for value, token in world.state.tokens.items() if token.installation is installation]
    for value in dead:
        del world.state.tokens[value]
    announce(world, installation, "deleted", sender)


def announce(world: World, installation: Installation, action: str, sender: Account) -> None:
    known = world.state.repositories
    body = {
        "installation": accounts.installation(world.base, installation),
        "repositories": [short_repository(known[number]) for number in sorted(installation.repository_ids)],
        "requester": None,
    }
    world.announce_installation(installation, "installation", action, body, sender)
