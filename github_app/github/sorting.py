"""One look at a delivery's body: whom it concerns, and whether there is anything to do (X66, F32, F33)."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from github_app.github.payloads import Envelope
from github_app.inbox import Sorted

HANDLED: dict[str, frozenset[str] | None] = {
    "check_run": frozenset({"created", "completed", "rerequested"}),
    "check_suite": frozenset({"completed", "rerequested"}),
    "issue_comment": frozenset({"created", "edited", "deleted"}),
    "pull_request_review": frozenset({"submitted", "edited", "dismissed"}),
    "pull_request_review_comment": frozenset({"created", "edited", "deleted"}),
    "installation": frozenset({"created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"}),
    "installation_repositories": frozenset({"added", "removed"}),
    "merge_group": frozenset({"checks_requested", "destroyed"}),
    "pull_request": frozenset({"opened", "reopened", "synchronize", "edited", "closed", "labeled", "unlabeled"})
    | frozenset({"assigned", "unassigned", "ready_for_review", "converted_to_draft"}),
    "push": None,
    "repository": frozenset({"renamed", "transferred", "edited", "publicized", "privatized", "deleted"}),
    "status": None,
    "workflow_job": frozenset({"queued", "waiting", "in_progress", "completed"}),
    "workflow_run": frozenset({"requested", "in_progress", "completed"}),
}
"""Events and their actions that are looked into; None: the event has no actions."""


def sort(event: str, body: bytes) -> Sorted:
    """Say what a signed delivery is; never raises, whatever the body is.

    What cannot be read is quarantined, so that it can be looked at; what nobody handles is kept and counted.
    """
    payload = _object(body)
    if isinstance(payload, str):
        return Sorted(None, None, None, "quarantined", payload)
    try:
        envelope = Envelope.model_validate(payload)
    except ValidationError as error:
        return Sorted(None, None, None, "quarantined", _sentence(error))
    installation_id = envelope.installation.id if envelope.installation else None
    repo_id = envelope.repository.id if envelope.repository else None
    reason = _ignored(event, envelope)
    if reason:
        return Sorted(None, installation_id, repo_id, "ignored", reason)
    return Sorted(_subject(event, payload, installation_id, repo_id), installation_id, repo_id, "ready")


def _object(body: bytes) -> dict[str, Any] | str:
    """Return the JSON object in a body, or the sentence that says why there is none.

    The first parser bounds the depth and refuses what is no text, the second sees that a key stands twice (L5).
    """
    try:
        value = from_json(body, allow_inf_nan=False)
        json.loads(body, object_pairs_hook=_refuse_twice)
    except ValueError as error:
        return f"The body is not JSON: {str(error)[:200]}"
    return value if isinstance(value, dict) else "The body is not a JSON object"


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice in one object")


def _ignored(event: str, envelope: Envelope) -> str:
    if event not in HANDLED:
        return f"No handler for the event {event}"
    actions = HANDLED[event]
    if actions is not None and envelope.action not in actions:
        return f"No handler for the action {envelope.action[:60]} of {event}"
    if envelope.installation is None:
        return "Names no installation of this App"
    if envelope.repository is None and not event.startswith("installation"):
        return "Names no repository"
    return ""


def _subject(event: str, payload: dict[str, Any], installation_id: int | None, repo_id: int | None) -> str:
    """Deliveries with the same subject are handled one after the other."""
    if event.startswith("installation"):
        return f"installation/{installation_id}"
    told = payload.get(event)
    inner = told if isinstance(told, dict) else payload
    pull = payload.get("issue" if event == "issue_comment" else "pull_request")
    if event.startswith("pull_request") or event == "issue_comment":
        return f"{repo_id}/pull/{pull.get('number') if isinstance(pull, dict) else None}"
    sha = inner.get("head_sha") or payload.get("sha") or payload.get("after")
    return f"{repo_id}/{str(sha)[:64]}" if sha else f"{repo_id}"


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"The payload cannot be read: {where}: {first['msg']}"[:300]
