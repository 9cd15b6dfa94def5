"""How one document that describes an API changed, from its two texts: the same for a pull request and at a desk."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from github_app.rules.contracts import ContractChange, ContractPolicy, ContractReport, report
from github_app.rules.openapi import Tree, Unreadable, read
from github_app.rules.openapi_diff import compare
from github_app.rules.redaction import redact

_WIDTH: Final = 300
_NOTHING: Final[Tree] = MappingProxyType({})


def compared(path: str, before: str | None, after: str | None, policy: ContractPolicy) -> ContractReport:
    """Return what became of a document; None stands for no file, a new or gone one describes nothing on that side."""
    if before is None and after is None:
        return ContractReport(path, gap="there is no such file")
    try:
        base, head = (read(text) if text is not None else _NOTHING for text in (before, after))
    except Unreadable as reason:
        return ContractReport(path, gap=str(reason))
    kept = report(path, compare(base, head), policy)
    return replace(kept, changes=tuple(map(_clean, kept.changes)))


def _clean(change: ContractChange) -> ContractChange:
    """Whoever made the change wrote these names (law 6)."""
    where, what = (redact(" ".join(text.split())).text[:_WIDTH] for text in (change.where, change.what))
    return replace(change, where=where, what=what)
