"""Apps: tokens, installations, webhook settings and deliveries."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from github_app.sandbox.calls import Answer, Call, Refusal, Routes, not_found
from github_app.sandbox.shapes import accounts, repos
from github_app.sandbox.shapes.accounts import stamp
from github_app.sandbox.state import App, Delivery, Installation, Repository, Token

ROUTES = Routes()
TOKEN_LIFE = timedelta(hours=1)  # G16
_MOST_REPOSITORIES = 500  # G16
_LEVELS = ("read", "write", "admin")


def _me(call: Call) -> App:
    assert call.actor.app is not None
    return call.actor.app


def _installation(call: Call) -> Installation:
    found = call.world.state.installations.get(call.number("installation_id"))
    if found is None or found.app is not _me(call):
        raise not_found()
    return found


@ROUTES.get("/app", "app")
def me(call: Call) -> Answer:
    app = _me(call)
    count = sum(each.app is app for each in call.world.state.installations.values())
    return Answer(accounts.app(call.base, app) | {"installations_count": count})


@ROUTES.get("/app/installations", "app")
def installations(call: Call) -> Answer:
    mine = [each for each in call.world.state.installations.values() if each.app is _me(call)]
    page = call.page(mine)
    return Answer([accounts.installation(call.base, each) for each in page.body], headers=page.headers)


@ROUTES.get("/app/installations/{installation_id}", "app")
def installation(call: Call) -> Answer:
    return Answer(accounts.installation(call.base, _installation(call)))


@ROUTES.post("/app/installations/{installation_id}/access_tokens", "app")
def create_token(call: Call) -> Answer:
    """An installation token, narrowed as asked."""
    found = _installation(call)
    if found.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    asked = call.fields if call.body is not None else {}
    token = Token(
        value=f"ghs_{secrets.token_hex(18)}",
        installation=found,
        repository_ids=_narrow_repositories(call, found, asked),
        permissions=_narrow_permissions(found, asked),
        expires_at=call.world.clock() + TOKEN_LIFE,
    )
    call.world.state.tokens[token.value] = token
    body: dict[str, Any] = {
        "token": token.value,
        "expires_at": stamp(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": "selected",
    }
    if asked.keys() & {"repository_ids", "repositories"}:
        body["repositories"] = [repos.repository(call.base, each) for each in _repositories(call, token)]
    return Answer(body, 201)


def _narrow_repositories(call: Call, found: Installation, asked: dict[str, Any]) -> frozenset[int]:
    wanted = set(asked.get("repository_ids", ()))
    for name in asked.get("repositories", ()):
        repo = call.world.state.repository(found.account.login, name)
        wanted.add(repo.id if repo else 0)
    if len(wanted) > _MOST_REPOSITORIES or not wanted <= found.repository_ids:
        message = (
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
        raise Refusal(422, message)
    return frozenset(wanted or found.repository_ids)


def _narrow_permissions(found: Installation, asked: dict[str, Any]) -> dict[str, str]:
    wanted: dict[str, str] = asked.get("permissions") or dict(found.permissions)
    for name, level in wanted.items():
        granted = found.permissions.get(name)
        if granted is None or level not in _LEVELS or _LEVELS.index(level) > _LEVELS.index(granted):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
    return wanted


def _repositories(call: Call, token: Token) -> list[Repository]:
    known = call.world.state.repositories
    return [known[number] for number in sorted(token.repository_ids & token.installation.repository_ids)]


@ROUTES.get("/installation/repositories", "installation")
def installation_repositories(call: Call) -> Answer:
    assert call.actor.token is not None
    mine = [repos.repository(call.base, repo) for repo in _repositories(call, call.actor.token)]
    return call.page(mine, "repositories")


@ROUTES.on("DELETE", "/installation/token", "installation")
def revoke(call: Call) -> Answer:
    assert call.actor.token is not None
    del call.world.state.tokens[call.actor.token.value]
    return Answer(None, 204)


@ROUTES.get("/repos/{owner}/{repo}/installation", "app")
def repository_installation(call: Call) -> Answer:
    for each in call.world.installations_on(call.repo):
        if each.app is _me(call):
            return Answer(accounts.installation(call.base, each))
    raise not_found()


@ROUTES.get("/app/hook/config", "app")
def hook_config(call: Call) -> Answer:
    url = _me(call).webhook_url
    body = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return Answer(body | ({"url": url} if url else {}))


@ROUTES.on("PATCH", "/app/hook/config", "app")
def change_hook_config(call: Call) -> Answer:
    app = _me(call)
    app.webhook_url = call.fields.get("url", app.webhook_url)
    app.webhook_secret = call.fields.get("secret", app.webhook_secret)
    return hook_config(call)


def _deliveries(call: Call) -> list[Delivery]:
    mine = [each for each in call.world.state.deliveries if each.app is _me(call)]
    return sorted(mine, key=lambda each: -each.id)


def _delivery(call: Call) -> Delivery:
    number = call.number("delivery_id")
    for each in _deliveries(call):
        if each.id == number:
            return each
    raise not_found()


def _item(value: Delivery) -> dict[str, Any]:
    return {
        "id": value.id,
        "guid": value.guid,
        "delivered_at": stamp(value.delivered_at),
        "redelivery": value.redelivery,
        "duration": value.duration,
        "status": value.status,
        "status_code": value.status_code,
        "event": value.event,
        "action": value.payload.get("action"),
        "installation_id": value.payload.get("installation", {}).get("id"),
        "repository_id": value.payload.get("repository", {}).get("id"),
        "throttled_at": None,
    }


@ROUTES.get("/app/hook/deliveries", "app")
def deliveries(call: Call) -> Answer:
    """Newest first; `cursor` is the id below which the page begins, `status` is `success` or `failure`."""
    found, wanted = _deliveries(call), call.query.get("status")
    if wanted:
        found = [each for each in found if (each.status == "OK") == (wanted == "success")]
    cursor, size = call.query_number("cursor", 0), max(call.query_number("per_page", 30), 1)
    if cursor:
        found = [each for each in found if each.id < cursor]
    page, rest = found[:size], found[size:]
    following = f'<{call.base}/app/hook/deliveries?per_page={size}&cursor={page[-1].id}>; rel="next"' if rest else ""
    return Answer([_item(each) for each in page], headers={"Link": following} if following else {})


@ROUTES.get("/app/hook/deliveries/{delivery_id}", "app")
def delivery(call: Call) -> Answer:
    value = _delivery(call)
    request = {"headers": value.request_headers, "payload": value.payload}
    response = {"headers": value.response_headers, "payload": value.response_body}
    url = value.app.webhook_url
    return Answer(_item(value) | {"url": url, "request": request, "response": response})


@ROUTES.post("/app/hook/deliveries/{delivery_id}/attempts", "app")
def redeliver(call: Call) -> Answer:
    call.world.hooks.redeliver(_delivery(call))
    return Answer({}, 202)


@ROUTES.get("/rate_limit", "anyone")
def rate_limit(call: Call) -> Answer:
    now, most = int(call.world.clock().timestamp()), call.world.rate_limit
    limit = {
        "limit": most,
        "used": call.spent,
        "remaining": max(most - call.spent, 0),
        "reset": now - now % 3600 + 3600,
    }
    return Answer({"resources": {"core": limit, "search": limit}, "rate": limit})


@ROUTES.get("/meta", "anyone")
def meta(_call: Call) -> Answer:
    return Answer({"verifiable_password_authentication": False, "hooks": ["127.0.0.1/32"]})


@ROUTES.get("/user", "user")
def user(call: Call) -> Answer:
    return Answer(accounts.profile(call.base, call.actor.account))


@ROUTES.get("/users/{username}", "metadata:read")
def user_by_name(call: Call) -> Answer:
    found = call.world.state.accounts.get(call.vars["username"].lower())
    if found is None:
        raise not_found()
    return Answer(accounts.profile(call.base, found))


@ROUTES.get("/user/{account_id}", "metadata:read")
def user_by_id(call: Call) -> Answer:
    number = call.number("account_id")
    for found in call.world.state.accounts.values():
        if found.id == number:
            return Answer(accounts.profile(call.base, found))
    raise not_found()
