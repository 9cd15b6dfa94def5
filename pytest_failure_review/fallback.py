"""Makes a failure's record from what pytest knows of the test alone, where nothing else could be learnt of it."""

from __future__ import annotations

from . import strangers
from .evidence import short_hash, text_of
from .exceptions import message_of, qualified_name
from .happening import Happening, Place
from .redaction import Redactor
from .report import Category, Failure, Owner


def least(happening: Happening, place: Place, redactor: Redactor, trouble: str) -> Failure:
    """The record of a failure that could not be looked at; `trouble` says in words what that raised."""
    said = strangers.attempt(text_of, happening.shown)[0] or ""
    message = strangers.attempt(message_of, happening.exception)[0] if happening.exception is not None else said
    record: Failure = redactor.redact(
        Failure(
            record="failure",
            nodeid=happening.nodeid,
            node_hash=short_hash(happening.nodeid),
            phase=happening.phase,
            attempt=happening.attempt,
            worker=happening.worker,
            outcome=happening.outcome,
            category=Category.UNKNOWN,
            rule="the failure could not be looked at",
            confidence=0.0,
            owner=Owner(names=[], source="", line=None),
            sla=None,
            exception=qualified_name(type(happening.exception)) if happening.exception is not None else "",
            message=message or "",
            path=place.of(happening.nodeid),
            line=happening.line,
            frames=[],
            text=said,
            fingerprint=short_hash(f"{happening.nodeid}\0{happening.phase}\0{trouble}"),
            notes=[f"the failure could not be looked at: {trouble}"],
        ),
        happening.secrets,
    )
    return record
