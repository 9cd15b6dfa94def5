"""Makes the failure record from what happened: evidence, category, owner and terms in one value. It writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from . import circumstances
from .asking import implemented
from .book import Clean
from .deciding import Decided, Judge
from .evidence import short_hash
from .exceptions import message_of, qualified_name
from .grouping import shared_group
from .happening import Happening, Place, Read, read
from .harvest import secrets_near
from .marker import MISREAD, Marked
from .redaction import Redactor
from .report import Cause, Failure
from .strangers import attempt, plain


def conclude(
    happening: Happening,
    place: Place,
    judge: Judge,
    redactor: Redactor,
    *,
    keeps_locals: bool = False,
    hindsight: Callable[[Clean], dict[str, Any]] = lambda _: {},
) -> Failure:
    """The failure's record, secrets taken out. `hindsight` gives more fields, with what takes secrets out."""
    found = read(happening, place)
    decided = judge.decide(happening, found)
    record = _record(happening, found, decided)
    evidence = _evidence(happening, judge, found.notes)
    captured = circumstances.captured_of(happening.sections)
    if captured:
        record["captured"] = captured
    if evidence:
        record["evidence"] = evidence
    if happening.duration is not None:
        record["duration"] = round(max(float(happening.duration), 0.0), 6)
    if keeps_locals:
        record["locals"] = attempt(circumstances.locals_of, found.live)[0] or {}
    if found.notes:
        record["notes"] = list(dict.fromkeys(found.notes))
    clean = _clean(happening, found, redactor)
    redacted: Failure = clean({**record, **hindsight(clean)})
    return redacted


def shown_id(happening: Happening, redactor: Redactor) -> str:
    """The test's node id without secrets."""
    near, _ = attempt(secrets_near, {}, circumstances.params_by_name(happening.node), ())
    return str(redactor.redact(happening.nodeid, {*(near or ()), *happening.secrets}))


def _clean(happening: Happening, found: Read, redactor: Redactor) -> Clean:
    """What takes secrets out, those included that stand beside this failure alone."""
    redactor.look_again()
    redactor.read_masks(happening.sections)
    node = happening.node
    given, _ = attempt(circumstances.given_of, node)
    near, _ = attempt(secrets_near, given or {}, circumstances.params_by_name(node), found.live, found.beside)
    return partial(redactor.redact, near={*(near or ()), *happening.secrets})


def _record(happening: Happening, found: Read, decided: Decided) -> Failure:
    node_hash = short_hash(happening.nodeid)
    place = found.path if found.line is None else f"{found.path}:{found.line}"
    shared = shared_group(happening.nodeid, happening.phase, found.fixture, decided.fingerprint_root)
    return {
        "record": "failure",
        "nodeid": happening.nodeid,
        "node_hash": node_hash,
        "phase": happening.phase,
        "attempt": happening.attempt,
        "worker": happening.worker,
        "outcome": happening.outcome,
        "category": str(decided.verdict.category),
        "rule": _with_what_was_ignored(decided.verdict.rule, happening.marker),
        "confidence": decided.verdict.confidence,
        "owner": decided.owner,
        "sla": happening.marker.sla,
        "sla_terms": decided.sla_terms,
        "exception": found.exception,
        "message": found.message,
        "path": found.path,
        "line": found.line,
        "crash_line": f"{place}: {found.exception or happening.outcome}",
        "frames": found.frames,
        "text": found.text,
        "fingerprint": decided.fingerprint,
        "fingerprint_root": decided.fingerprint_root,
        "group": shared or f"{node_hash}-{happening.attempt}",
        "chain": _causes(found.links, found),
        "leaves": _causes(found.leaves, found),
        "fixture": found.fixture,
        "fixtures": found.fixtures,
        "params": found.params,
        "markers": found.markers,
        "suspect": decided.suspect,
        "suspect_path": decided.suspect_path,
    }


def _causes(exceptions: Sequence[BaseException], found: Read) -> list[Cause]:
    return [
        Cause(
            type=qualified_name(type(each)),
            message=found.message if each is found.root else message_of(each),
        )
        for each in exceptions
    ]


def _evidence(happening: Happening, judge: Judge, notes: list[str]) -> dict[str, Any]:
    """What hooks know besides; of two that give the same name, the first asked wins."""
    caller = implemented(judge.hooks, happening.node, "pytest_failure_review_evidence")
    if caller is None:
        return {}
    merged: dict[str, Any] = {}
    given = {"item": happening.node, "excinfo": happening.excinfo, "phase": happening.phase}
    for who, answer in judge.asker.answers(caller, **given):
        facts = plain(answer)
        if isinstance(facts, dict):
            merged = facts | merged
        else:
            judge.asker.notes.append(f"{who} was passed over: it gave no mapping")
    notes.extend(judge.asker.take_notes())
    return merged


def _with_what_was_ignored(rule: str, marker: Marked) -> str:
    return " ".join([rule, *(f"({MISREAD}{words})" for words in marker.ignored)])
