"""The JSON of pull requests, their files, comments and labels."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping

from github_app.sandbox.shapes.accounts import Json, app, node_id, stamp, stamp_or_none, user
from github_app.sandbox.shapes.repos import api_url, commit, repository
from github_app.sandbox.state import Comment, Commit, Label, Pull, Reaction, Repository


def label(base: str, repo: Repository, value: Label) -> Json:
    return {
        "id": value.id,
        "node_id": node_id("Label", value.id),
        "url": f"{api_url(base, repo)}/labels/{value.name}",
        "name": value.name,
        "description": value.description,
        "color": value.color,
        "default": False,
    }


def _side(base: str, repo: Repository, ref: str, sha: str) -> Json:
    return {
        "label": f"{repo.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(base, repo.owner),
        "repo": repository(base, repo),
    }


def _addresses(base: str, value: Pull) -> Json:
    api = api_url(base, value.repo)
    url, issue = f"{api}/pulls/{value.number}", f"{api}/issues/{value.number}"
    page = f"{base}/{value.repo.full_name}/pull/{value.number}"
    links = {
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api}/statuses/{value.head_sha}",
    }
    return {
        "url": url,
        **{f"{name}_url": href for name, href in links.items()},
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "_links": {name: {"href": href} for name, href in {"self": url, **links}.items()},
    }


def pull(base: str, value: Pull) -> Json:
    """The pull request of lists."""
    return _addresses(base, value) | {
        "id": value.id,
        "node_id": node_id("PullRequest", value.id),
        "number": value.number,
        "state": value.state,
        "locked": value.locked,
        "active_lock_reason": None,
        "title": value.title,
        "user": user(base, value.author),
        "body": value.body,
        "labels": [label(base, value.repo, each) for each in value.labels],
        "milestone": None,
        "created_at": stamp(value.created_at),
        "updated_at": stamp(value.updated_at),
        "closed_at": stamp_or_none(value.closed_at),
        "merged_at": stamp_or_none(value.closed_at if value.merged else None),
        "merge_commit_sha": value.merge_sha,
        "assignee": user(base, value.assignees[0]) if value.assignees else None,
        "assignees": [user(base, each) for each in value.assignees],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _side(base, value.head_repo, value.head_ref, value.head_sha),
        "base": _side(base, value.repo, value.base_ref, value.base_sha),
        "author_association": "CONTRIBUTOR" if value.from_fork else "MEMBER",
        "auto_merge": None,
        "draft": value.draft,
    }


def full_pull(base: str, value: Pull) -> Json:
    """The pull request by number and of webhooks."""
    changed = files(base, value)
    return pull(base, value) | {
        "merged": value.merged,
        "mergeable": None if value.merged else True,
        "rebaseable": None,
        "mergeable_state": "unknown" if value.merged else "unstable",
        "merged_by": user(base, value.merged_by) if value.merged_by else None,
        "comments": sum(comment.pull is value for comment in value.repo.comments.values()),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(commits(value)),
        "additions": sum(each["additions"] for each in changed),
        "deletions": sum(each["deletions"] for each in changed),
        "changed_files": len(changed),
    }


def commits(value: Pull) -> list[Commit]:
    """From the first commit after the base to the head."""
    found: list[Commit] = []
    sha: str | None = value.head_sha
    while sha is not None and sha != value.base_sha:
        found.append(value.repo.commits[sha])
        sha = found[-1].parent
    return found[::-1]


def files(base: str, value: Pull) -> list[Json]:
    """What the head changes against the base, with patches."""
    return changes(base, value.repo, value.base_sha, value.head_sha)


def changes(base: str, repo: Repository, old: str | None, new: str) -> list[Json]:
    """What one commit has other than another, or than nothing, with patches."""
    before: Mapping[str, bytes] = repo.commits[old].tree if old else {}
    after = repo.commits[new].tree
    paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return [_file(base, (repo, new), path, before.get(path), after.get(path)) for path in paths]


def comparison(base: str, repo: Repository, old: str, new: str, common: str, *, ahead: int, behind: int) -> Json:
    """How one commit differs from another, which share `common`; the commits are left to the caller."""
    span = f"{old[:12]}...{new[:12]}"
    url, page = f"{api_url(base, repo)}/compare/{span}", f"{base}/{repo.full_name}/compare/{span}"
    status = "identical" if old == new else "diverged" if ahead and behind else "ahead" if ahead else "behind"
    return {
        "url": url,
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": commit(base, repo, repo.commits[old]),
        "merge_base_commit": commit(base, repo, repo.commits[common]),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "files": changes(base, repo, common, new),
    }


def _file(base: str, place: tuple[Repository, str], path: str, before: bytes | None, after: bytes | None) -> Json:
    repo, head_sha = place
    old, new = ((text or b"").decode(errors="replace").splitlines() for text in (before, after))
    patch = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    added, removed = (sum(line.startswith(sign) for line in patch) for sign in "+-")
    page = f"{base}/{repo.full_name}"
    return {
        "sha": hashlib.sha1(after or before or b"", usedforsecurity=False).hexdigest(),
        "filename": path,
        "status": "added" if before is None else "removed" if after is None else "modified",
        "additions": added,
        "deletions": removed,
        "changes": added + removed,
        "blob_url": f"{page}/blob/{head_sha}/{path}",
        "raw_url": f"{page}/raw/{head_sha}/{path}",
        "contents_url": f"{api_url(base, repo)}/contents/{path}?ref={head_sha}",
        "patch": "\n".join(patch),
    }


def comment(base: str, value: Comment) -> Json:
    api = api_url(base, value.pull.repo)
    page = f"{base}/{value.pull.repo.full_name}/pull/{value.pull.number}"
    return {
        "id": value.id,
        "node_id": node_id("IssueComment", value.id),
        "url": f"{api}/issues/comments/{value.id}",
        "html_url": f"{page}#issuecomment-{value.id}",
        "body": value.body,
        "user": user(base, value.author),
        "created_at": stamp(value.created_at),
        "updated_at": stamp(value.updated_at),
        "issue_url": f"{api}/issues/{value.pull.number}",
        "author_association": "NONE" if value.app else "MEMBER",
        "reactions": _reactions(f"{api}/issues/comments/{value.id}"),
        "performed_via_github_app": app(base, value.app) if value.app else None,
    }


def _reactions(url: str) -> Json:
    kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(kinds, 0)}


def reaction(base: str, value: Reaction) -> Json:
    return {
        "id": value.id,
        "node_id": node_id("Reaction", value.id),
        "user": user(base, value.author),
        "content": value.content,
        "created_at": stamp(value.created_at),
    }


def review(base: str, value: Comment) -> Json:
    """A review with a word of its own, as `pull_request_review` webhooks carry it."""
    page = f"{base}/{value.pull.repo.full_name}/pull/{value.pull.number}"
    return {
        "id": value.id,
        "node_id": node_id("PullRequestReview", value.id),
        "user": user(base, value.author),
        "body": value.body,
        "commit_id": value.pull.head_sha,
        "submitted_at": stamp(value.created_at),
        "updated_at": stamp(value.updated_at),
        "state": "commented",
        "html_url": f"{page}#pullrequestreview-{value.id}",
        "author_association": "MEMBER",
    }


def review_comment(base: str, value: Comment) -> Json:
    """A comment on a line, as `pull_request_review_comment` webhooks carry it."""
    page = f"{base}/{value.pull.repo.full_name}/pull/{value.pull.number}"
    return {
        "id": value.id,
        "node_id": node_id("PullRequestReviewComment", value.id),
        "user": user(base, value.author),
        "body": value.body,
        "commit_id": value.pull.head_sha,
        "created_at": stamp(value.created_at),
        "updated_at": stamp(value.updated_at),
        "html_url": f"{page}#discussion_r{value.id}",
        "author_association": "MEMBER",
    }


def issue(base: str, value: Pull) -> Json:
    """The issue half of a pull request, as `issue_comment` webhooks carry it."""
    whole = full_pull(base, value)
    url = whole["issue_url"]
    who = ("number", "title", "user", "assignee", "assignees", "author_association", "milestone", "labels")
    what = ("id", "node_id", "html_url", "state", "locked", "active_lock_reason", "body", "comments")
    when = ("created_at", "updated_at", "closed_at")
    links = ("url", "html_url", "diff_url", "patch_url")
    return {name: whole[name] for name in (*who, *what, *when)} | {
        "url": url,
        "repository_url": api_url(base, value.repo),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "reactions": _reactions(url),
        "pull_request": {name: whole[name] for name in links},
    }
