"""What is wrong with a policy that can be read, and what its owners should know about it (S1-002)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from github_app.rules.ownership import AUTHORS, DOMAIN_SPECIALIST
from github_app.rules.policy import FIELDS, NEEDED, Policy, find, table_of
from github_app.rules.policy_file import PolicyFile
from github_app.rules.policy_yaml import Problem
from github_app.rules.sla import duration_in_words
from pytest_failure_review.report import Category

ROLE_FIELDS: Final = ("owner", "inform", "approver")


def findings(policy: Policy, file: PolicyFile) -> tuple[Problem, ...]:
    """Return what has to be put right in `file`, the newest layer of `policy`."""
    return tuple(sorted({*policy.problems, *_gaps(policy, file), *_empty_fallback(file)}))


def notes(policy: Policy) -> tuple[str, ...]:
    """Return what is no mistake but should be known or decided."""
    return (*_unconfirmed(policy), *_unmapped(policy), *_unproven(policy), *_unused(policy), *_shadowed(policy))


def _gaps(policy: Policy, file: PolicyFile) -> Iterator[Problem]:
    for category in Category:
        missing = [field for field in NEEDED if find(policy.settings, category, field) is None]
        if missing:
            sentence = f"categories.{category}: no {', '.join(missing)}, neither here nor in a category above"
            yield file.problem(("categories", category), sentence)


def _empty_fallback(file: PolicyFile) -> Iterator[Problem]:
    fallback = file.document.fallback
    if fallback is not None and not fallback.users and not fallback.teams:
        yield file.problem(("fallback",), "fallback: it names nobody; add users or teams, or leave it out")


def _unconfirmed(policy: Policy) -> Iterator[str]:
    if "C01" not in policy.confirmed:
        in_force = ", ".join(
            f"{name} {_target(policy, name)}" for name in (Category.INFRA_DATABASE, Category.INFRA_RUNNER)
        )
        yield (
            f"C01: two lines of the decision record swap these targets; in force are {in_force}. "
            "Ask its owners, then write `confirmed: [C01]`"
        )


def _target(policy: Policy, name: str) -> str:
    setting = find(policy.settings, name, "sla")
    return duration_in_words(setting.value) if setting is not None and setting.value != "none" else "none"


def _unmapped(policy: Policy) -> Iterator[str]:
    empty = {role for role, holders in policy.roles.items() if holders.empty}
    missing = sorted(((_roles_in_use(policy) - set(policy.roles)) | empty) - AUTHORS)
    if missing:
        yield f"nobody is mapped to {', '.join(missing)}: add them under `roles`"
    if policy.fallback.empty:
        yield "no fallback: the `*` line of CODEOWNERS stands in, else the repository's admins"


def _unproven(policy: Policy) -> Iterator[str]:
    """Whoever describes an API here may want it guarded too (S1-007)."""
    if policy.contracts.openapi and not policy.verification.contract_checks:
        yield (
            "contracts.openapi describes an API, but verification.contract_checks names no check of it: "
            "only QA can verify a drift then, by `/qa-ok`"
        )


def _unused(policy: Policy) -> Iterator[str]:
    for role in sorted(set(policy.roles) - _roles_in_use(policy)):
        yield f"roles.{role}: no category asks for this role"


def _shadowed(policy: Policy) -> Iterator[str]:
    """A value for a family that no category of it gets, because all have their own."""
    for name, fields in sorted(policy.settings.items()):
        below = [category for category in Category if category.startswith(f"{name}.")]
        for field in (field for field in FIELDS if below and field in fields and name not in tuple(Category)):
            reached = [setting for category in below for setting in table_of(policy.settings, category, field).values()]
            for setting in fields[field].values():
                if setting not in reached:
                    yield f"{name} {field} ({setting.where}) reaches no category: each below it has its own"


def _roles_in_use(policy: Policy) -> set[str]:
    used = {DOMAIN_SPECIALIST, *policy.components.values()}
    for name in policy.settings:
        for field in ROLE_FIELDS:
            for setting in table_of(policy.settings, name, field).values():
                used |= {setting.value} if isinstance(setting.value, str) else set(setting.value)
    return used
