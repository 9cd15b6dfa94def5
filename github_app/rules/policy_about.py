"""What a policy says of itself: its name and date, its hash, and the line that each of its values comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any, Final

from github_app.rules.policy import About, Policy, Setting
from github_app.rules.policy_file import PolicyFile
from github_app.rules.policy_schema import Document
from github_app.rules.signatures import Signature

_SAID_OF_ITSELF: Final = frozenset({"about", "version", "provenance", "problems"})


def about(documents: Sequence[Document]) -> About:
    """Return what the newest layer that says it says (S1-001, S1-197)."""
    said: dict[str, Any] = {}
    for document in documents:
        given = {item.name: getattr(document, item.name) for item in fields(About)}
        said |= {name: value for name, value in given.items() if value is not None}
    return About(
        name=said.get("name", ""),
        version=said.get("version", ""),
        decided_on=said.get("decided_on"),
        participants=tuple(said.get("participants", ())),
        status=said.get("status", ""),
        related=tuple(said.get("related", ())),
        review_by=said.get("review_by"),
    )


def fingerprint(policy: Policy) -> str:
    """Return a short hash of all that can change a verdict; two policies with the same hash judge alike."""
    names = (item.name for item in fields(policy) if item.name not in _SAID_OF_ITSELF)
    content = {name: _plain(getattr(policy, name)) for name in names}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def provenance(layers: Sequence[PolicyFile]) -> dict[str, str]:
    """Return where each value outside the categories comes from."""
    found: dict[str, str] = {}
    for layer in layers:
        document = layer.document
        for name in document.model_fields_set - {"version_of_schema", "categories", "failure_detection", "source"}:
            found[name] = layer.where((name,), document.source.get(name))
    return dict(sorted(found.items()))


def _plain(value: Any) -> Any:
    if isinstance(value, Setting):
        return _plain(value.value)
    if isinstance(value, Signature):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (int, str, type(None))) else str(value)
