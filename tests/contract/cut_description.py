"""Cuts GitHub's OpenAPI description down to the operations this project knows, without prose and examples.

Two slips of the description are mended: a nullable field that lists its values gets null among them, and the account in
the list of installations, said to be a user and an enterprise at once, is what it is in the single installation.

Get the whole one with `npm pack @octokit/openapi@23.0.2`, unpack it, and run
`python tests/contract/cut_description.py package/generated/api.github.com.json tests/contract/github-rest.json.gz`.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = """
get /app
get patch /app/hook/config
get /app/hook/deliveries
get /app/hook/deliveries/{delivery_id}
post /app/hook/deliveries/{delivery_id}/attempts
get /app/installations
get /app/installations/{installation_id}
post /app/installations/{installation_id}/access_tokens
post /app-manifests/{code}/conversions
get /installation/repositories
delete /installation/token
get /meta
get /orgs/{org}/teams/{team_slug}
get /orgs/{org}/teams/{team_slug}/members
get /orgs/{org}/teams/{team_slug}/memberships/{username}
get /rate_limit
get /user
get /user/{account_id}
get /users/{username}
get R
get R/actions/artifacts/{artifact_id}/{archive_format}
get R/actions/jobs/{job_id}
get R/actions/jobs/{job_id}/logs
post R/actions/jobs/{job_id}/rerun
get R/actions/runs
get R/actions/runs/{run_id}
get R/actions/runs/{run_id}/artifacts
get R/actions/runs/{run_id}/attempts/{attempt_number}
get R/actions/runs/{run_id}/attempts/{attempt_number}/jobs
get R/actions/runs/{run_id}/jobs
post R/actions/runs/{run_id}/rerun
post R/actions/runs/{run_id}/rerun-failed-jobs
get R/actions/workflows/{workflow_id}
get R/actions/workflows/{workflow_id}/runs
get R/branches/{branch}
get R/branches/{branch}/protection
post R/check-runs
get patch R/check-runs/{check_run_id}
get R/check-runs/{check_run_id}/annotations
post R/check-runs/{check_run_id}/rerequest
get R/check-suites/{check_suite_id}
get R/check-suites/{check_suite_id}/check-runs
get R/collaborators
get R/codeowners/errors
get R/collaborators/{username}
get R/collaborators/{username}/permission
get R/commits
get R/commits/{commit_sha}/pulls
get R/commits/{ref}
get R/commits/{ref}/check-runs
get R/commits/{ref}/check-suites
get R/commits/{ref}/status
get R/compare/{basehead}
get R/contents/{path}
get R/installation
get patch delete R/issues/comments/{comment_id}
post R/issues/comments/{comment_id}/reactions
get post R/issues/{issue_number}/comments
get post put delete R/issues/{issue_number}/labels
delete R/issues/{issue_number}/labels/{name}
get post R/labels
get R/labels/{name}
get R/pulls
post R/pulls/comments/{comment_id}/reactions
get R/pulls/{pull_number}
get R/pulls/{pull_number}/commits
get R/pulls/{pull_number}/files
get R/rules/branches/{branch}
get R/rulesets
get R/rulesets/{ruleset_id}
post R/statuses/{sha}
get R/teams
"""
# What is left out: explanations, and hints at which alternative to try (one stands where a list may be, and breaks it).
PROSE = {
    "discriminator",
    "description",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "title",
    "tags",
    "x-github",
    "x-octokit",
}


def wanted() -> list[tuple[str, str]]:
    """(method, path template) of every operation."""
    lines = [line.split() for line in OPERATIONS.split("\n") if line]
    return [
        (method, REPOSITORY + path[1:] if path.startswith("R") else path)
        for *methods, path in lines
        for method in methods
    ]


def without_prose(node: Any, *, names: bool = False) -> Any:
    """The same without explanations; `names` says that the keys here are names of fields, which all stay."""
    if isinstance(node, list):
        return [without_prose(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if names or key not in PROSE}
    if kept.get("nullable") is True and None not in kept.get("enum", [None]):
        kept["enum"] = [*kept["enum"], None]
    return {
        key: without_prose(value, names=key in ("properties", "schemas") and not names) for key, value in kept.items()
    }


def references(node: Any) -> set[str]:
    """Every `$ref` below a node."""
    if isinstance(node, list):
        return {found for each in node for found in references(each)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own | {found for each in node.values() for found in references(each)}


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """The description with the wanted operations and what they refer to. KeyError for one that GitHub does not have."""
    paths: dict[str, Any] = {}
    for method, path in wanted():
        paths.setdefault(path, {})[method] = whole["paths"][path][method]
    listed = paths["/app/installations"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    listed["items"] = {"$ref": "#/components/schemas/installation"}
    components: dict[str, dict[str, Any]] = {}
    open_references = references(paths)
    while open_references:
        _, _, kind, name = open_references.pop().split("/", 3)
        if name not in components.setdefault(kind, {}):
            components[kind][name] = whole["components"][kind][name]
            open_references |= references(components[kind][name])
    info = {"title": "GitHub REST API, an excerpt", "version": whole["info"]["version"], "license": {"name": "MIT"}}
    # One walk each, because a path could be called like prose.
    small = {path: without_prose(item) for path, item in sorted(paths.items())}
    parts = {kind: {n: without_prose(c) for n, c in sorted(each.items())} for kind, each in sorted(components.items())}
    return {"openapi": whole["openapi"], "info": info, "paths": small, "components": parts}


if __name__ == "__main__":
    source, target = sys.argv[1:]
    text = json.dumps(cut(json.loads(Path(source).read_text())), separators=(",", ":"))
    Path(target).write_bytes(gzip.compress(text.encode(), mtime=0))
