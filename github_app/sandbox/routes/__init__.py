"""The REST routes, one module a subject; each handler reads a call and returns an answer."""

from __future__ import annotations

from github_app.sandbox.calls import Route
from github_app.sandbox.routes import actions, apps, checks, issues, orgs, pulls, repos


def every_route() -> list[Route]:
    """All of them, the more particular path first where two could match."""
    return [route for module in (apps, actions, checks, issues, pulls, orgs, repos) for route in module.ROUTES]
