"""The issue side of pull requests: comments and labels."""

from __future__ import annotations

from github_app.sandbox.acts import pulls as acts
from github_app.sandbox.calls import Answer, Call, Refusal, Routes, invalid, not_found
from github_app.sandbox.shapes import pulls as shapes
from github_app.sandbox.state import Comment, Label

ROUTES = Routes()
_R = "/repos/{owner}/{repo}"
_READ, _WRITE = "issues:read|pull_requests:read", "issues:write|pull_requests:write"
_LONGEST_BODY = 65_536


def _text(call: Call) -> str:
    body = call.fields.get("body")
    if not isinstance(body, str) or not body.strip():
        raise invalid("IssueComment", "body", "body can't be blank")
    if len(body) > _LONGEST_BODY:
        raise invalid("IssueComment", "body", f"body is too long (maximum is {_LONGEST_BODY} characters)")
    return body


def _comment(call: Call) -> Comment:
    found = call.repo.comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


@ROUTES.get(_R + "/issues/{issue_number}/comments", _READ)
def comments(call: Call) -> Answer:
    pull = call.pull("issue_number")
    mine = [each for each in call.repo.comments.values() if each.pull is pull]
    return call.page([shapes.comment(call.base, each) for each in mine])


@ROUTES.post(_R + "/issues/{issue_number}/comments", _WRITE)
def create_comment(call: Call) -> Answer:
    if call.pull("issue_number").locked:
        raise Refusal(403, "Unable to create comment because issue is locked.")
    app = call.actor.token.installation.app if call.actor.token else None
    made = acts.comment(call.world, call.pull("issue_number"), call.actor.account, _text(call), app)
    return Answer(shapes.comment(call.base, made), 201)


@ROUTES.get(_R + "/issues/comments/{comment_id}", _READ)
def comment(call: Call) -> Answer:
    return Answer(shapes.comment(call.base, _comment(call)))


@ROUTES.on("PATCH", _R + "/issues/comments/{comment_id}", _WRITE)
def edit_comment(call: Call) -> Answer:
    found = _comment(call)
    acts.edit_comment(call.world, found, _text(call), call.actor.account)
    return Answer(shapes.comment(call.base, found))


@ROUTES.on("DELETE", _R + "/issues/comments/{comment_id}", _WRITE)
def delete_comment(call: Call) -> Answer:
    acts.delete_comment(call.world, _comment(call), call.actor.account)
    return Answer(None, 204)


_REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def _reacted(call: Call, value: Comment | None) -> Answer:
    if value is None:
        raise not_found()
    content = call.fields.get("content")
    if content not in _REACTIONS:
        raise invalid("Reaction", "content", "content is not one of the reactions")
    made, is_new = acts.react(call.world, value, call.actor.account, str(content))
    return Answer(shapes.reaction(call.base, made), 201 if is_new else 200)


@ROUTES.post(_R + "/issues/comments/{comment_id}/reactions", _WRITE)
def react_to_comment(call: Call) -> Answer:
    return _reacted(call, _comment(call))


@ROUTES.post(_R + "/pulls/comments/{comment_id}/reactions", "pull_requests:write")
def react_to_review_comment(call: Call) -> Answer:
    found = call.repo.remarks.get(call.number("comment_id"))
    return _reacted(call, found if found is not None and found.review == "line" else None)


def _names(call: Call) -> list[str]:
    """Names of labels: a list, or an object with one; each a string or an object with a name."""
    given = call.body["labels"] if isinstance(call.body, dict) and "labels" in call.body else call.body
    if not isinstance(given, list):
        raise Refusal(422, "Invalid request.")
    return [each["name"] if isinstance(each, dict) else str(each) for each in given]


def _labelled(call: Call, names: list[str]) -> Answer:
    pull = call.pull("issue_number")
    acts.set_labels(call.world, pull, names, call.actor.account)
    return labels_of(call)


@ROUTES.get(_R + "/issues/{issue_number}/labels", _READ)
def labels_of(call: Call) -> Answer:
    pull = call.pull("issue_number")
    return call.page([shapes.label(call.base, call.repo, each) for each in pull.labels])


@ROUTES.post(_R + "/issues/{issue_number}/labels", _WRITE)
def add_labels(call: Call) -> Answer:
    present = [label.name for label in call.pull("issue_number").labels]
    return _labelled(call, present + _names(call))


@ROUTES.on("PUT", _R + "/issues/{issue_number}/labels", _WRITE)
def replace_labels(call: Call) -> Answer:
    return _labelled(call, _names(call))


@ROUTES.on("DELETE", _R + "/issues/{issue_number}/labels", _WRITE)
def remove_labels(call: Call) -> Answer:
    _labelled(call, [])
    return Answer(None, 204)


@ROUTES.on("DELETE", _R + "/issues/{issue_number}/labels/{name}", _WRITE)
def remove_label(call: Call) -> Answer:
    names = [label.name for label in call.pull("issue_number").labels]
    wanted = call.vars["name"].lower()
    if wanted not in [name.lower() for name in names]:
        raise Refusal(404, "Label does not exist")
    return _labelled(call, [name for name in names if name.lower() != wanted])


@ROUTES.get(_R + "/labels", _READ)
def labels(call: Call) -> Answer:
    return call.page([shapes.label(call.base, call.repo, each) for each in call.repo.labels.values()])


@ROUTES.post(_R + "/labels", _WRITE)
def create_label(call: Call) -> Answer:
    name = call.fields.get("name") or ""
    if name.lower() in call.repo.labels:
        error = {"resource": "Label", "code": "already_exists", "field": "name"}
        raise Refusal(422, "Validation Failed", [error])
    made = acts.make_label(
        call.world, call.repo, name, call.fields.get("color") or "ededed", call.fields.get("description") or ""
    )
    return Answer(shapes.label(call.base, call.repo, made), 201)


def _label(call: Call) -> Label:
    found = call.repo.labels.get(call.vars["name"].lower())
    if found is None:
        raise not_found()
    return found


@ROUTES.get(_R + "/labels/{name}", _READ)
def label(call: Call) -> Answer:
    return Answer(shapes.label(call.base, call.repo, _label(call)))
