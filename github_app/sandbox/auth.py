"""Who is calling, and may they: App JWTs, installation tokens with their permissions, user tokens with their roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from github_app.sandbox.calls import Actor, Call, Refusal, not_found
from github_app.sandbox.state import ROLES, Account, App, Repository, Token
from github_app.sandbox.world import World

LONGEST_JWT = 600  # seconds (G15)
_LEVELS = {"read": 1, "write": 2, "admin": 3}


def identify(world: World, authorization: str) -> Actor:
    """The caller behind an Authorization header; 401 for credentials that are not good, nobody without any."""
    kind, _, value = authorization.partition(" ")
    if not value:
        return Actor()
    if kind.lower() not in ("bearer", "token"):
        raise Refusal(401, "Bad credentials")
    if value.count(".") == 2:  # noqa: PLR2004  (header, claims, signature)
        return Actor(app=_app_of(world, value))
    if value in world.state.user_tokens:
        return Actor(user=world.state.user_tokens[value])
    token = world.state.tokens.get(value)
    if token is None or token.expires_at <= world.clock():
        raise Refusal(401, "Bad credentials")
    if token.installation.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    return Actor(token=token)


def _app_of(world: World, value: str) -> App:
    unread = "A JSON web token could not be decoded"
    try:
        claims = jwt.decode(value, options={"verify_signature": False})
    except jwt.InvalidTokenError as bad:
        raise Refusal(401, unread) from bad
    issuer = str(claims.get("iss", ""))  # GitHub takes the App's id or its client id
    app = next((each for each in world.state.apps.values() if issuer in {str(each.id), each.client_id}), None)
    if app is None or not app.public_key:
        raise Refusal(404, "Integration not found")
    try:
        jwt.decode(value, app.public_key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False})
    except jwt.InvalidTokenError as bad:
        raise Refusal(401, unread) from bad
    reason = refusal_of_claims(claims, world.clock().timestamp())
    if reason is not None:
        raise Refusal(401, reason)
    return app


def refusal_of_claims(claims: dict[str, Any], now: float) -> str | None:
    """What GitHub says against the times of a JWT (G15). `now` in seconds since the epoch."""
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or issued > now:
        return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued."
    if not isinstance(expires, int) or expires <= now:
        return (
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
            "assertion expires."
        )
    if expires - now > LONGEST_JWT:
        return "'Expiration time' claim ('exp') is too far in the future"
    return None


def authorise(call: Call, needs: str) -> None:
    """Refuse a call whose caller is not of the kind, or lacks the permission, that the route needs."""
    actor = call.actor
    match needs:
        case "anyone":
            return
        case "app" if actor.app is None:
            raise Refusal(401, "A JSON web token could not be decoded")
        case "installation" if actor.token is None:
            raise Refusal(403, "You must authenticate with an installation access token.")
        case "user" if actor.user is None:
            raise _no_user(actor)
        case "app" | "installation" | "user":
            return
    if actor.token is not None:
        _authorise_token(call, actor.token, needs)
    elif actor.user is not None:
        _authorise_user(call, actor.user, needs)
    else:
        raise Refusal(401, "Requires authentication")


def _no_user(actor: Actor) -> Refusal:
    if actor.token is not None:
        return Refusal(403, "Resource not accessible by integration")
    return Refusal(401, "Requires authentication")


def _authorise_token(call: Call, token: Token, needs: str) -> None:
    if call.found is not None and call.found.id not in token.repository_ids:
        if call.found.private:
            raise not_found()
        if call.method != "GET":
            raise Refusal(403, "Resource not accessible by integration")
    if not any(_grants(token.permissions, each) for each in needs.split("|")):
        accepted = needs.replace(":", "=")
        raise Refusal(403, "Resource not accessible by integration", X_Accepted_GitHub_Permissions=accepted)


def _grants(permissions: Mapping[str, str], need: str) -> bool:
    name, _, level = need.partition(":")
    if need == "metadata:read":
        return True
    return _LEVELS.get(permissions.get(name, ""), 0) >= _LEVELS[level]


def _authorise_user(call: Call, user: Account, needs: str) -> None:
    if call.found is None:
        return
    role = role_of(call.world, call.found, user)
    if role == "none" and call.found.private:
        raise not_found()
    if needs.endswith(":write") and (role == "none" or ROLES.index(role) < ROLES.index("write")):
        raise Refusal(403, "Must have push access to repository")


def role_of(world: World, repo: Repository, user: Account) -> str:
    """The user's `role_name` on a repository: their own, or the best of their teams'; a custom role stands as it is."""
    if user is repo.owner:
        return "admin"
    own = [repo.roles[user.id]] if user.id in repo.roles else []
    for slug, role in repo.teams.items():
        team = world.state.teams.get((repo.owner.login.lower(), slug))
        if team is not None and user.id in team.members:
            own.append(role)
    known = [role for role in own if role in ROLES]
    return max(known, key=ROLES.index) if known else (own[0] if own else "none")
