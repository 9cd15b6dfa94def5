"""Records as JSON text and back: the rules' values on one side, the store's documents on the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from github_app.rules.case import Case
from github_app.rules.records import Commit, Failure, Installation, PolicySource, Ref, Reply, installation_doc_id


@dataclass(frozen=True, slots=True)
class Document:
    """A record as the store sees it: JSON text under an id, with the few fields that it is looked up by.

    `version` counts commits of this document; 0 means that it is not stored yet.
    `open_key` is unique among all documents that have one: two open records of one failure cannot exist (R2).
    """

    id: str
    kind: str
    installation_id: int
    repo_id: int
    body: str
    sha: str | None = None
    ref: str | None = None
    open_key: str | None = None
    print: str | None = None
    version: int = 0


Record = Commit | Ref | Failure | PolicySource | Installation | Reply

_KINDS: dict[str, type[Any]] = {
    "commit": Commit,
    "ref": Ref,
    "failure": Failure,
    "policy": PolicySource,
    "installation": Installation,
    "reply": Reply,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_document(record: Record, version: int) -> Document:
    """Return the document that keeps a record; `version` is the one that it was loaded at, 0 for a new one."""
    name = _NAMES[type(record)]
    body = _adapter(name).dump_json(record).decode()
    match record:
        case Installation():
            return Document(installation_doc_id(record.id), name, record.id, 0, body, version=version)
        case Failure():
            newest = max(record.legs, key=lambda leg: leg.order)
            where = {"ref": record.ref, "sha": newest.sha, "open_key": record.open_key, "print": record.fingerprint}
        case Ref():
            waits = record.id if record.open and record.gated else None
            where = {"ref": record.name, "sha": record.head_sha, "open_key": waits}
        case Commit():
            where = {"sha": record.sha}
        case Reply():
            where = {"ref": record.ref}
        case _:
            where = {}  # a policy is only ever asked for by its id
    return Document(record.id, name, record.repo.installation_id, record.repo.id, body, version=version, **where)


def to_record(document: Document) -> Record:
    """Return the record that a document keeps.

    Raises pydantic's ValidationError when the body is not what this version writes.
    """
    record: Record = _adapter(document.kind).validate_json(document.body)
    return record


def to_case(documents: Iterable[Document]) -> Case:
    """Return the case that some documents make up."""
    records = [to_record(document) for document in documents]
    case = Case(
        commit=next((item for item in records if isinstance(item, Commit)), None),
        source=next((item for item in records if isinstance(item, PolicySource)), None),
        installation=next((item for item in records if isinstance(item, Installation)), None),
        reply=next((item for item in records if isinstance(item, Reply)), None),
    )
    return case.with_refs(item for item in records if isinstance(item, Ref)).with_failures(
        item for item in records if isinstance(item, Failure)
    )


def records_of(case: Case) -> dict[str, Record]:
    """Return the case's records by document id."""
    singles: list[Record] = [item for item in (case.commit, case.source, case.reply) if item is not None]
    found: dict[str, Record] = {item.id: item for item in (*singles, *case.refs, *case.failures)}  # type: ignore[misc]  # all but Installation have text ids
    if case.installation is not None:
        found[installation_doc_id(case.installation.id)] = case.installation
    return found


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[name])
