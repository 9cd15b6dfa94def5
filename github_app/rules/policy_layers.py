"""Lays the policy files over each other: built-in matrix, organisation, repository.

What a later file may not do: loosen a `never`. The organisation may loosen those of the built-in matrix, except for
secrets and critical vulnerabilities, which nobody may (C03); a repository may loosen none, nor what its organisation
pins (T14): `mode: enforce`, the protected paths, and the gate. A file of the organisation that enforces or says
anything of which jobs gate pins all of the gate, or a repository could leave nothing in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeVar

from github_app.rules.contracts import ContractPolicy
from github_app.rules.policy import (
    GatePolicy,
    Policy,
    RoleHolders,
    Setting,
    VerificationPolicy,
    find,
    table_of,
)
from github_app.rules.policy_about import about, fingerprint, provenance
from github_app.rules.policy_aliases import Said, contributions
from github_app.rules.policy_file import BUILT_IN, ORGANISATION, PolicyFile
from github_app.rules.policy_schema import CategoryEntry, Document, FallbackEntry, RoleEntry
from github_app.rules.policy_yaml import Problem
from github_app.rules.signatures import Signature
from github_app.rules.sla import duration_in_words
from github_app.rules.verdicts import Mode, Permission
from pytest_failure_review.report import Category, Severity, is_at_or_below

_CASES: Final = ("", "critical", "high", "medium", "low", "simple", "complex", "small", "large")

REGRESSION_LIMIT: Final = Decimal(20)
RETENTION_DAYS: Final = 90
SETTLE_S: Final = 300
UNEXPLAINED: Final = "the policy says so"

T = TypeVar("T")
Table = dict[str, dict[str, dict[str, Setting]]]


@dataclass(slots=True)
class _Draft:
    settings: Table = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def resolve(builtin: PolicyFile, org: PolicyFile | None = None, repo: PolicyFile | None = None) -> Policy:
    """Lay the organisation's and the repository's file over the built-in matrix.

    What a file may not say is left out and listed in `Policy.problems`, so an older file stays safe under a newer,
    stricter organisation policy.
    """
    builtin = replace(builtin, origin=BUILT_IN)
    org = None if org is None else replace(org, origin=ORGANISATION)
    layers = [layer for layer in (builtin, org, repo) if layer is not None]
    documents = [layer.document for layer in layers]
    draft = _Draft()
    for layer in layers:
        _lay(draft, layer)
    policy = Policy(
        about=about(documents),
        version="",
        mode=_mode(draft, org, repo),
        gate=_gate(draft, builtin, org, repo),
        roles=MappingProxyType({role: _holders(entry) for d in documents for role, entry in d.roles.items()}),
        fallback=_holders(_last(documents, lambda d: d.fallback, FallbackEntry())),
        settings=_frozen(draft.settings),
        components=MappingProxyType({glob: role for d in reversed(documents) for glob, role in d.components.items()}),
        protected_paths=_protected(builtin, org, repo),
        schema_paths=tuple(_last(documents, lambda d: d.schema_paths, [])),
        regression_limit=_regression_limit(draft, documents, repo),
        confirmed=frozenset(item for document in documents for item in document.confirmed),
        retention_days=_last(documents, lambda d: d.retention_days, RETENTION_DAYS),
        provenance=MappingProxyType(provenance(layers)),
        signatures=_signatures(draft, layers),
        problems=tuple(draft.problems),
        artifacts=_artifacts(documents),
        contracts=_contracts(documents),
        verification=_verification(documents),
    )
    return replace(policy, version=fingerprint(policy))


def _artifacts(documents: Iterable[Document]) -> tuple[str, ...]:
    """Return the artifacts that any of the files names; more evidence makes nothing milder, so each may add."""
    return tuple(dict.fromkeys(glob for document in documents for glob in document.evidence.artifacts))


def _signatures(draft: _Draft, layers: Sequence[PolicyFile]) -> tuple[Signature, ...]:
    """Return what all files add; an id is taken by the first who gives it, and may not come twice."""
    found: dict[str, Signature] = {}
    for layer in layers:
        for place, entry in enumerate(layer.document.signatures):
            if (signature := entry.signature()).id in found:
                path = ("signatures", str(place), "id")
                draft.problems.append(layer.problem(path, f"{'.'.join(path)}: there is already one of this id"))
            found.setdefault(signature.id, signature)
    return tuple(found.values())


def _contracts(documents: Sequence[Document]) -> ContractPolicy:
    """Return the API descriptions that any of the files names, and who uses them; the repository knows best."""
    told = [document.contracts for document in documents]
    components = {glob: name for entry in told for glob, name in entry.components.items()}
    return ContractPolicy(
        tuple(dict.fromkeys(path for entry in reversed(told) for path in entry.openapi)), MappingProxyType(components)
    )


def _verification(documents: Iterable[Document]) -> VerificationPolicy:
    """Return what proves a fix: a file may add to what the one before it names, and take nothing away."""
    told = [document.verification for document in documents]
    return VerificationPolicy(
        contract_checks=tuple(dict.fromkeys(glob for entry in told for glob in entry.contract_checks)),
        test_jobs=tuple(dict.fromkeys(glob for entry in told for glob in entry.test_jobs)),
    )


def _lay(draft: _Draft, layer: PolicyFile) -> None:
    floor = {name: dict(fields) for name, fields in draft.settings.items()}
    for name, field_name, value, path in _said(layer.document):
        fields = draft.settings.setdefault(name, {})
        where = layer.where(path, _source(layer.document, name, field_name))
        if field_name == "override" and layer.origin != BUILT_IN:
            _lay_override(draft, layer, floor, (name, field_name, value, path))
        else:
            fields[field_name] = _replaced(fields.get(field_name, {}), value, where)


def _lay_override(draft: _Draft, layer: PolicyFile, floor: Table, said: Said) -> None:
    """Take over who may override, unless that would loosen a `never`; the reason of the older rule goes with it."""
    name, _, value, path = said
    fields = draft.settings[name]
    before = fields.get("override", {})
    where = layer.where(path, _source(layer.document, name, "override"))
    fields["override"] = _replaced(before, value, where)
    refused = [case for case in _never_cases(floor, name, layer) if not _is_never(draft.settings, name, case)]
    if refused:
        fields["override"] = before
        named = [case for case in refused if case in table_of(draft.settings, name, "override")]
        draft.problems.append(layer.problem(path, _refusal(name, named)))
        return
    why = dict.fromkeys(value, UNEXPLAINED) if isinstance(value, dict) else UNEXPLAINED
    fields["why"] = _replaced(fields.get("why", {}), why, where)


def _said(document: Document) -> Iterator[Said]:
    """Everything a file says about categories; its own entries come after the block of the decision record (C14)."""
    if document.failure_detection is not None:
        yield from contributions(document.failure_detection)
    for name, entry in document.categories.items():
        for field_name, value in _entries(entry):
            yield name, field_name, value, ("categories", name, field_name)


def _entries(entry: CategoryEntry) -> Iterator[tuple[str, object]]:
    for attribute, information in CategoryEntry.model_fields.items():
        value = getattr(entry, attribute)
        if attribute != "source" and value is not None:
            yield information.alias or attribute, value


def _source(document: Document, name: str, field_name: str) -> str | None:
    entry = document.categories.get(name)
    return entry.source.get(field_name) if entry is not None else None


def _replaced(before: dict[str, Setting], value: object, where: str) -> dict[str, Setting]:
    if isinstance(value, dict):
        return before | {case: Setting(item, where) for case, item in value.items()}
    return {"": Setting(value, where)}


def _never_cases(settings: Table, name: str, layer: PolicyFile) -> tuple[str, ...]:
    """Return the cases of a category that are `never` now and that this layer may not loosen."""
    cases = tuple(case for case in _CASES if _is_never(settings, name, case))
    return tuple(case for case in cases if _is_locked(name, case)) if layer.origin == ORGANISATION else cases


def _is_never(settings: Table, name: str, case: str) -> bool:
    setting = find(settings, name, "override", (case,) if case else ())
    return setting is not None and setting.value is Permission.NEVER


def _is_locked(name: str, case: str) -> bool:
    secret = is_at_or_below(name, Category.SECURITY_SECRET)
    return secret or (is_at_or_below(name, Category.SECURITY_VULNERABILITY) and case in ("", Severity.CRITICAL))


def _refusal(name: str, cases: Sequence[str]) -> str:
    which = ", ".join(case for case in cases if case)
    return f"categories.{name}.override: `never` cannot be loosened here" + (f" for {which}" if which else "")


def _mode(draft: _Draft, org: PolicyFile | None, repo: PolicyFile | None) -> Mode | None:
    pinned = org.document.mode if org is not None else None
    wanted = repo.document.mode if repo is not None else None
    if repo is not None and pinned is Mode.ENFORCE and wanted is Mode.OBSERVE:
        draft.problems.append(repo.problem(("mode",), "mode: the organisation pins `enforce`"))
        return pinned
    return wanted or pinned


def _gate(draft: _Draft, builtin: PolicyFile, org: PolicyFile | None, repo: PolicyFile | None) -> GatePolicy:
    below = [layer.document for layer in (builtin, org) if layer is not None]
    nothing: list[str] = []
    gate = GatePolicy(
        jobs=tuple(_last(below, lambda d: d.gate.jobs, nothing)),
        ignore=tuple(_last(below, lambda d: d.gate.ignore, nothing)),
        settle_s=_last(below, lambda d: d.gate.settle, SETTLE_S),
        pinned=tuple(org.document.gate.jobs or ()) if org is not None else (),
    )
    if repo is None:
        return gate
    if org is not None and _pins_gate(org.document):
        return _with_additions(draft, gate, repo)
    own = repo.document.gate
    return replace(
        gate,
        jobs=gate.jobs if own.jobs is None else tuple(own.jobs),
        ignore=gate.ignore if own.ignore is None else tuple(own.ignore),
        settle_s=gate.settle_s if own.settle is None else own.settle,
    )


def _pins_gate(document: Document) -> bool:
    """Whether the organisation's file says what gates; one that enforces but names no jobs means all of them."""
    gate = document.gate
    return document.mode is Mode.ENFORCE or gate.jobs is not None or gate.ignore is not None


def _with_additions(draft: _Draft, gate: GatePolicy, repo: PolicyFile) -> GatePolicy:
    """Take over what makes a pinned gate stricter, which is further jobs and a longer wait, and refuse the rest."""
    own = repo.document.gate
    if own.jobs and not gate.jobs:
        _refuse(draft, repo, "jobs", "every job gates by the organisation's policy; a repository cannot narrow that")
    if not set(own.ignore or ()) <= set(gate.ignore):
        _refuse(draft, repo, "ignore", "the organisation says which jobs gate; a repository may only add to them")
    if own.settle is not None and own.settle < gate.settle_s:
        _refuse(draft, repo, "settle", f"a repository may only lengthen it; it is {duration_in_words(gate.settle_s)}")
    jobs = tuple(dict.fromkeys((*gate.jobs, *(own.jobs or ())))) if gate.jobs else ()
    return replace(gate, jobs=jobs, settle_s=max(gate.settle_s, own.settle or 0))


def _refuse(draft: _Draft, repo: PolicyFile, key: str, sentence: str) -> None:
    draft.problems.append(repo.problem(("gate", key), f"gate.{key}: {sentence}"))


def _regression_limit(draft: _Draft, documents: Sequence[Document], repo: PolicyFile | None) -> Decimal:
    """From this limit on a regression is never waved through, so a repository may only lower it."""
    limit = _last(documents, lambda d: d.regression_limit_percent, REGRESSION_LIMIT)
    if repo is None:
        return limit
    floor = _last(documents[:-1], lambda d: d.regression_limit_percent, REGRESSION_LIMIT)
    if limit > floor:
        path = ("regression_limit_percent",)
        draft.problems.append(repo.problem(path, f"{path[0]}: a repository may only lower it; it is {floor}"))
    return min(limit, floor)


def _protected(
    builtin: PolicyFile, org: PolicyFile | None, repo: PolicyFile | None
) -> MappingProxyType[str, tuple[str, ...]]:
    """The organisation replaces groups of the built-in matrix; a repository only adds."""
    groups = dict(builtin.document.protected_paths) | (org.document.protected_paths if org is not None else {})
    added = repo.document.protected_paths if repo is not None else {}
    names = dict.fromkeys((*groups, *added))
    return MappingProxyType({name: (*groups.get(name, ()), *added.get(name, ())) for name in names})


def _holders(entry: RoleEntry | FallbackEntry) -> RoleHolders:
    slack, linear = (entry.slack, entry.linear_team) if isinstance(entry, RoleEntry) else (None, None)
    return RoleHolders(tuple(entry.users), tuple(entry.teams), slack, linear)


def _last(documents: Sequence[Document], ask: Callable[[Document], T | None], otherwise: T) -> T:
    return next((answer for answer in map(ask, reversed(documents)) if answer is not None), otherwise)


def _frozen(settings: Table) -> MappingProxyType[str, MappingProxyType[str, MappingProxyType[str, Setting]]]:
    return MappingProxyType(
        {
            name: MappingProxyType({key: MappingProxyType(table) for key, table in fields.items() if table})
            for name, fields in settings.items()
        }
    )
