"""The JSON of repositories, commits, branches, files and statuses."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from github_app.sandbox.shapes.accounts import Json, node_id, stamp, user
from github_app.sandbox.state import ROLES, Account, Commit, Repository, Status

_LINKS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}
_COUNTS = ("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size", "network_count")
_YES = ("has_issues", "has_projects", "has_wiki", "has_downloads")
_NO = ("has_pages", "has_discussions", "archived", "disabled")


def api_url(base: str, repo: Repository) -> str:
    return f"{base}/repos/{repo.full_name}"


def repository(base: str, repo: Repository) -> Json:
    """Everything any of GitHub's repository shapes requires."""
    url, page = api_url(base, repo), f"{base}/{repo.full_name}"
    created = stamp(repo.created_at)
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(base, repo.owner),
        "html_url": page,
        "description": None,
        "fork": repo.parent is not None,
        "url": url,
        **{f"{name}_url": url + suffix for name, suffix in _LINKS.items()},
        "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@sandbox:{repo.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "topics": [],
        **dict.fromkeys(_COUNTS, 0),
        "subscribers_count": 0,
        **dict.fromkeys(_YES, True),
        **dict.fromkeys(_NO, False),
        "open_issues": sum(pull.closed_at is None for pull in repo.pulls.values()),
        "open_issues_count": sum(pull.closed_at is None for pull in repo.pulls.values()),
        "visibility": "private" if repo.private else "public",
        "default_branch": repo.default_branch,
        "created_at": created,
        "updated_at": created,
        "pushed_at": created,
    }


def short_repository(repo: Repository) -> Json:
    """The five keys of `installation` webhooks."""
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
    }


def _signature(commit: Commit) -> Json:
    login = commit.author.login
    return {"name": login, "email": f"{login}@example.com", "date": stamp(commit.date)}


def tree_sha(commit: Commit) -> str:
    return hashlib.sha1(f"tree {commit.sha}".encode(), usedforsecurity=False).hexdigest()


def commit(base: str, repo: Repository, value: Commit) -> Json:
    url = f"{api_url(base, repo)}/commits/{value.sha}"
    tree = tree_sha(value)
    return {
        "url": url,
        "sha": value.sha,
        "node_id": node_id("Commit", int(value.sha[:8], 16)),
        "html_url": f"{base}/{repo.full_name}/commit/{value.sha}",
        "comments_url": f"{url}/comments",
        "commit": {
            "url": f"{api_url(base, repo)}/git/commits/{value.sha}",
            "author": _signature(value),
            "committer": _signature(value),
            "message": value.message,
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
            "tree": {"sha": tree, "url": f"{api_url(base, repo)}/git/trees/{tree}"},
        },
        "author": user(base, value.author),
        "committer": user(base, value.author),
        "parents": [
            {
                "sha": sha,
                "url": f"{api_url(base, repo)}/commits/{sha}",
                "html_url": f"{base}/{repo.full_name}/commit/{sha}",
            }
            for sha in [value.parent]
            if sha
        ],
    }


def short_commit(value: Commit) -> Json:
    """The commit inside check suites, workflow runs and merge groups."""
    who = {"name": value.author.login, "email": f"{value.author.login}@example.com"}
    return {
        "id": value.sha,
        "tree_id": tree_sha(value),
        "message": value.message,
        "timestamp": stamp(value.date),
        "author": who,
        "committer": who,
    }


def required_checks(repo: Repository, branch: str) -> Json:
    """The required status checks of a protected branch; `app_id` None means any source (G22)."""
    checks = repo.protection.get(branch, [])
    return {
        "enforcement_level": "non_admins" if checks else "off",
        "contexts": [context for context, _ in checks],
        "checks": [{"context": context, "app_id": app_id} for context, app_id in checks],
        "strict": False,
    }


def branch(base: str, repo: Repository, name: str) -> Json:
    url = f"{api_url(base, repo)}/branches/{name}"
    protected = name in repo.protection
    return {
        "name": name,
        "commit": commit(base, repo, repo.commits[repo.branches[name]]),
        "_links": {"self": url, "html": f"{base}/{repo.full_name}/tree/{name}"},
        "protected": protected,
        "protection": {"enabled": protected, "required_status_checks": required_checks(repo, name)},
        "protection_url": f"{url}/protection",
    }


def rule(repo: Repository, name: str) -> Json:
    """The ruleset rule that requires the branch's checks."""
    checks = [
        {"context": context} | ({"integration_id": app_id} if app_id else {})
        for context, app_id in repo.protection[name]
    ]
    return {
        "type": "required_status_checks",
        "parameters": {"strict_required_status_checks_policy": False, "required_status_checks": checks},
        "ruleset_source_type": "Repository",
        "ruleset_source": repo.full_name,
        "ruleset_id": repo.id,
    }


def ruleset(base: str, repo: Repository) -> Json:
    return {
        "id": repo.id,
        "name": "Required checks",
        "target": "branch",
        "source_type": "Repository",
        "source": repo.full_name,
        "enforcement": "active",
        "node_id": node_id("RepositoryRuleset", repo.id),
        "_links": {"self": {"href": f"{api_url(base, repo)}/rulesets/{repo.id}"}},
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.created_at),
    }


def _entry(base: str, repo: Repository, path: str, content: bytes) -> Json:
    url = f"{api_url(base, repo)}/contents/{path}"
    page = f"{base}/{repo.full_name}/blob/{repo.default_branch}/{path}"
    sha = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    git = f"{api_url(base, repo)}/git/blobs/{sha}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": len(content),
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": page,
        "_links": {"self": url, "git": git, "html": page},
    }


def file(base: str, repo: Repository, path: str, content: bytes) -> Json:
    encoded = base64.encodebytes(content).decode()
    return _entry(base, repo, path, content) | {"type": "file", "encoding": "base64", "content": encoded}


def directory(base: str, repo: Repository, path: str, tree: dict[str, bytes]) -> list[Json]:
    """The direct children of a folder; empty when there is none."""
    prefix = f"{path}/" if path else ""
    children: dict[str, Json] = {}
    for name, content in sorted(tree.items()):
        if name.startswith(prefix):
            child, _, deeper = name[len(prefix) :].partition("/")
            kind = "dir" if deeper else "file"
            children.setdefault(child, _entry(base, repo, prefix + child, b"" if deeper else content) | {"type": kind})
    return list(children.values())


def status(base: str, repo: Repository, sha: str, value: Status) -> Json:
    return {
        "url": f"{api_url(base, repo)}/statuses/{sha}",
        "avatar_url": f"{base}/avatars/{value.creator.id}",
        "id": value.id,
        "node_id": node_id("StatusContext", value.id),
        "state": value.state,
        "description": value.description,
        "target_url": value.target_url,
        "context": value.context,
        "created_at": stamp(value.created_at),
        "updated_at": stamp(value.created_at),
    }


def combined_status(base: str, repo: Repository, sha: str) -> Json:
    """The newest status of each context, and what they come to together."""
    newest = {value.context: value for value in repo.statuses.get(sha, [])}
    states = {value.state for value in newest.values()}
    worst = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    url = f"{api_url(base, repo)}/commits/{sha}"
    return {
        "state": worst,
        "statuses": [status(base, repo, sha, value) for value in newest.values()],
        "sha": sha,
        "total_count": len(newest),
        "repository": repository(base, repo),
        "commit_url": url,
        "url": f"{url}/status",
    }


def permission_of(role: str) -> str:
    """The legacy `permission`, which hides maintain and triage (G27)."""
    return {"maintain": "write", "triage": "read"}.get(role, role if role in (*ROLES, "none") else "read")


def collaborator(base: str, account: Account, role: str) -> Json:
    level = ROLES.index(role) if role in ROLES else -1
    names = ("pull", "triage", "push", "maintain", "admin")
    grants: dict[str, Any] = {name: rank <= level for rank, name in enumerate(names)}
    return user(base, account) | {"role_name": role, "permissions": grants}
