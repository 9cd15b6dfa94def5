"""Repositories: themselves, their files, branches, rules and commits."""

from __future__ import annotations

from github_app.sandbox.acts.repos import branch_of, changed_paths, history
from github_app.sandbox.calls import Answer, Call, Refusal, Routes, not_found
from github_app.sandbox.shapes import repos as shapes
from github_app.sandbox.shapes.pulls import changes, comparison

ROUTES = Routes()
_R = "/repos/{owner}/{repo}"


@ROUTES.get(_R, "metadata:read")
def repository(call: Call) -> Answer:
    return Answer(shapes.repository(call.base, call.repo))


@ROUTES.get(_R + "/contents/{path:.*}", "contents:read")
def contents(call: Call) -> Answer:
    """A file or a folder at `ref`, which is the default branch unless given."""
    sha = branch_of(call.repo, call.query.get("ref") or call.repo.default_branch)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {call.query.get('ref')}")
    tree, path = dict(call.repo.commits[sha].tree), call.vars["path"].strip("/")
    if path in tree:
        return Answer(shapes.file(call.base, call.repo, path, tree[path]))
    listing = shapes.directory(call.base, call.repo, path, tree)
    if not listing:
        raise not_found()
    return Answer(listing)


def _branch(call: Call) -> str:
    name = call.vars["branch"]
    if name not in call.repo.branches:
        raise Refusal(404, "Branch not found")
    return name


@ROUTES.get(_R + "/branches/{branch:.+}/protection", "administration:read")
def protection(call: Call) -> Answer:
    name = _branch(call)
    if name not in call.repo.protection:
        raise Refusal(404, "Branch not protected")
    return Answer({"required_status_checks": shapes.required_checks(call.repo, name)})


@ROUTES.get(_R + "/branches/{branch:.+}", "contents:read")
def branch(call: Call) -> Answer:
    return Answer(shapes.branch(call.base, call.repo, _branch(call)))


@ROUTES.get(_R + "/rules/branches/{branch:.+}", "metadata:read")
def rules(call: Call) -> Answer:
    name = call.vars["branch"]
    return call.page([shapes.rule(call.repo, name)] if name in call.repo.protection else [])


@ROUTES.get(_R + "/rulesets", "metadata:read")
def rulesets(call: Call) -> Answer:
    return call.page([shapes.ruleset(call.base, call.repo)] if call.repo.protection else [])


@ROUTES.get(_R + "/rulesets/{ruleset_id}", "metadata:read")
def ruleset(call: Call) -> Answer:
    if not call.repo.protection or call.number("ruleset_id") != call.repo.id:
        raise not_found()
    names = list(call.repo.protection)
    conditions = {"ref_name": {"include": [f"refs/heads/{name}" for name in names], "exclude": []}}
    rules = [{key: shapes.rule(call.repo, name)[key] for key in ("type", "parameters")} for name in names]
    return Answer(shapes.ruleset(call.base, call.repo) | {"conditions": conditions, "rules": rules})


@ROUTES.get(_R + "/compare/{basehead:.+}", "contents:read")
def compare(call: Call) -> Answer:
    """`BASE...HEAD`, each a branch or a SHA; commits come in pages, and the files with the first one only."""
    first, _, second = call.vars["basehead"].partition("...")
    old, new = branch_of(call.repo, first), branch_of(call.repo, second)
    if old is None or new is None:
        raise not_found()
    theirs, mine = list(history(call.repo, old)), list(history(call.repo, new))
    common = next(sha for sha in mine if sha in theirs)
    ahead, behind = mine[: mine.index(common)], theirs.index(common)
    answer = comparison(call.base, call.repo, old, new, common, ahead=len(ahead), behind=behind)
    page = call.page([shapes.commit(call.base, call.repo, call.repo.commits[sha]) for sha in reversed(ahead)])
    if call.query_number("page", 1) > 1:
        del answer["files"]
    return Answer(answer | {"commits": page.body}, headers=page.headers)


@ROUTES.get(_R + "/commits", "contents:read")
def commits(call: Call) -> Answer:
    """The history of a branch or SHA, newest first; with `path` only what changed that file."""
    sha, path = branch_of(call.repo, call.query.get("sha") or call.repo.default_branch), call.query.get("path")
    if sha is None:
        raise not_found()
    found = [call.repo.commits[each] for each in history(call.repo, sha)]
    if path is not None:
        found = [each for each in found if path in changed_paths(call.repo, each)]
    return call.page([shapes.commit(call.base, call.repo, each) for each in found])


@ROUTES.get(_R + "/commits/{ref:.+}", "contents:read")
def commit(call: Call) -> Answer:
    sha = branch_of(call.repo, call.vars["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.vars['ref']}")
    found = call.repo.commits[sha]
    files = changes(call.base, call.repo, found.parent, sha)
    count = {name: sum(each[name] for each in files) for name in ("additions", "deletions")}
    stats = count | {"total": sum(count.values())}
    return Answer(shapes.commit(call.base, call.repo, found) | {"stats": stats, "files": files})
