"""Who may what: teams, their members, collaborators and their roles."""

from __future__ import annotations

from github_app.sandbox import auth
from github_app.sandbox.calls import Answer, Call, Routes, not_found
from github_app.sandbox.shapes import accounts, repos
from github_app.sandbox.state import ROLES, Account, Team

ROUTES = Routes()
_R = "/repos/{owner}/{repo}"
_T = "/orgs/{org}/teams/{team_slug}"
_AT_LEAST = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}


def _team(call: Call) -> Team:
    found = call.world.state.teams.get((call.vars["org"].lower(), call.vars["team_slug"]))
    if found is None:
        raise not_found()
    return found


def _account(call: Call) -> Account:
    found = call.world.state.accounts.get(call.vars["username"].lower())
    if found is None:
        raise not_found()
    return found


@ROUTES.get(_T, "members:read")
def team(call: Call) -> Answer:
    found = _team(call)
    created = accounts.stamp(found.created_at)
    org = accounts.organization(call.base, found.org) | {
        "html_url": f"{call.base}/{found.org.login}",
        "type": "Organization",
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "archived_at": None,
        "created_at": created,
        "updated_at": created,
    }
    more = {"members_count": len(found.members), "repos_count": 0, "created_at": created, "updated_at": created}
    return Answer(accounts.team(call.base, found, "pull") | more | {"organization": org})


@ROUTES.get(_T + "/members", "members:read")
def members(call: Call) -> Answer:
    team, role = _team(call), call.query.get("role", "all")
    known = call.world.state.accounts.values()
    found = [each for each in known if each.id in team.members and role in ("all", team.members[each.id])]
    return call.page([accounts.user(call.base, each) for each in found])


@ROUTES.get(_T + "/memberships/{username}", "members:read")
def membership(call: Call) -> Answer:
    team, account = _team(call), _account(call)
    if account.id not in team.members:
        raise not_found()
    url = f"{call.base}/orgs/{team.org.login}/teams/{team.slug}/memberships/{account.login}"
    return Answer({"url": url, "role": team.members[account.id], "state": "active"})


@ROUTES.get(_R + "/teams", "administration:read")
def teams(call: Call) -> Answer:
    owner = call.repo.owner.login.lower()
    named = {"read": "pull", "write": "push"}
    found = [
        accounts.team(call.base, call.world.state.teams[owner, slug], named.get(role, role))
        for slug, role in call.repo.teams.items()
    ]
    return call.page(found)


@ROUTES.get(_R + "/collaborators", "metadata:read")
def collaborators(call: Call) -> Answer:
    """Everyone with a role, at least the one of `permission`."""
    floor = ROLES.index(_AT_LEAST.get(call.query.get("permission", "pull"), "read"))
    roles = [(each, auth.role_of(call.world, call.repo, each)) for each in call.world.state.accounts.values()]
    found = [
        repos.collaborator(call.base, each, role)
        for each, role in roles
        if role in ROLES and ROLES.index(role) >= floor and each.type == "User"
    ]
    return call.page(found)


@ROUTES.get(_R + "/collaborators/{username}", "metadata:read")
def is_collaborator(call: Call) -> Answer:
    """204 for whoever has a role, 404 for all others."""
    known = call.world.state.accounts.get(call.vars["username"].lower())
    if known is None or auth.role_of(call.world, call.repo, known) == "none":
        raise not_found()
    return Answer(status=204)


@ROUTES.get(_R + "/codeowners/errors", "contents:read")
def codeowners_errors(call: Call) -> Answer:
    """Owners that GitHub does not know: nobody of this name, or without write access."""
    places = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
    tree = call.repo.commits[call.repo.branches[call.repo.default_branch]].tree
    path = next((place for place in places if place in tree), None)
    if path is None:
        raise not_found()
    lines = enumerate(tree[path].decode(errors="replace").splitlines(), 1)
    found = [_unknown_owner(path, number, line, name) for number, line in lines for name in _unknown(call, line)]
    return Answer({"errors": found})


def _unknown(call: Call, line: str) -> list[str]:
    named = [word for word in line.partition("#")[0].split()[1:] if word.startswith("@")]
    return [name for name in named if not _may_own(call, name.removeprefix("@").lower())]


def _may_own(call: Call, name: str) -> bool:
    org, _, slug = name.partition("/")
    if slug:
        role = call.repo.teams.get(slug, "none") if (org, slug) in call.world.state.teams else "none"
    else:
        account = call.world.state.accounts.get(name)
        role = auth.role_of(call.world, call.repo, account) if account else "none"
    return role in ROLES and ROLES.index(role) >= ROLES.index("write")


def _unknown_owner(path: str, number: int, line: str, name: str) -> dict[str, object]:
    column = line.index(name) + 1
    what = "the team" if "/" in name else "the user"
    advice = f"make sure {what} {name} exists and has write access to the repository"
    pointer = " " * (column + 1) + "^"
    return {
        "line": number,
        "column": column,
        "kind": "Unknown owner",
        "source": line,
        "suggestion": advice,
        "message": f"Unknown owner on line {number}: {advice}\n\n  {line}\n{pointer}",
        "path": path,
    }


@ROUTES.get(_R + "/collaborators/{username}/permission", "metadata:read")
def permission(call: Call) -> Answer:
    account = _account(call)
    role = auth.role_of(call.world, call.repo, account)
    if role == "none" and not call.repo.private:
        role = "read"
    body = {"permission": repos.permission_of(role), "role_name": role}
    return Answer(body | {"user": repos.collaborator(call.base, account, role)})
