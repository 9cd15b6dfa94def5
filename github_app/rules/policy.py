"""The policy in force: three layers of files resolved to one value that answers every question of a verdict.

Built-in matrix, then the organisation's file, then the repository's. A later file replaces what an earlier one says
about the same category; an entry for a kind beats an entry for the category above it, whichever file it stands in.
When a value depends on a fact that nobody knows, the strictest row holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Any, Final

from github_app.rules.contracts import ContractPolicy
from github_app.rules.policy_schema import SlaClass, Tier
from github_app.rules.policy_yaml import Problem
from github_app.rules.signatures import Signature
from github_app.rules.verdicts import Mode, Permission, Verdict
from pytest_failure_review.report import Severity, is_at_or_below

REGRESSION: Final = "regression_percent"
"""The measure of a verdict that says how much slower it got."""

FIELDS: Final = (
    "owner", "inform", "sla", "at_risk", "class", "tier",
    "override", "why", "needs", "approver", "runbook", "blocks_all", "qa",
)  # fmt: skip

NEEDED: Final = ("owner", "sla", "class", "tier", "override", "why")
"""What every category has to have, its own or from above (S1-002)."""

_AXES: Final = {
    "critical": "severity", "high": "severity", "medium": "severity", "low": "severity",
    "simple": "complexity", "complex": "complexity", "small": "regression", "large": "regression",
}  # fmt: skip
_STRICTEST_FIRST: Final = ("critical", "high", "medium", "large", "simple", "", "low", "small", "complex")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of the policy and the line that it comes from."""

    value: Any
    where: str


Settings = Mapping[str, Mapping[str, Mapping[str, Setting]]]
"""Category or kind -> field -> case ("" holds for every case) -> setting."""


@dataclass(frozen=True, slots=True)
class RoleHolders:
    """Who fills a role, and where it is spoken to; `note` names the place of the mapping."""

    users: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    slack: str | None = None
    linear_team: str | None = None

    @property
    def empty(self) -> bool:
        return not self.users and not self.teams


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """Which jobs count, as glob patterns on `workflow / job` or on the job's name.

    No `jobs` means every job of Actions. `settle_s` is how long to wait for a first job, in seconds. `pinned` are those
    of the patterns that the organisation's own file names (T14).
    """

    jobs: tuple[str, ...]
    ignore: tuple[str, ...]
    settle_s: int
    pinned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """Which jobs prove a fix, as glob patterns on `workflow / job` or on the job's name (S1-007, S1-023).

    No `test_jobs` means that test jobs are told by their names.
    """

    contract_checks: tuple[str, ...] = ()
    test_jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What the policy says of itself (S1-001, S1-197)."""

    name: str
    version: str
    decided_on: date | None
    participants: tuple[str, ...]
    status: str
    related: tuple[str, ...]
    review_by: date | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What the policy says about one kind of failure, and the line of every value.

    Durations are seconds; `sla_s` None means that it has no deadline. `target_of` names the kind whose target it is
    where that is another one.
    """

    name: str
    owners: tuple[str, ...]
    informed: tuple[str, ...]
    sla_s: int | None
    at_risk_s: int | None
    sla_class: SlaClass
    tier: Tier
    permission: Permission
    why: str
    needs: tuple[str, ...]
    approver: str | None
    runbook: str | None
    blocks_all: bool
    qa: str | None
    provenance: Mapping[str, str]
    target_of: str = ""


_REMEMBERED: Final = 1000  # rules that were looked up; a stranger's subcategories may not fill the memory


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy in force for one repository; `version` is a hash of everything that can change a verdict."""

    about: About
    version: str
    mode: Mode | None
    gate: GatePolicy
    roles: Mapping[str, RoleHolders]
    fallback: RoleHolders
    settings: Settings
    components: Mapping[str, str]
    protected_paths: Mapping[str, tuple[str, ...]]
    schema_paths: tuple[str, ...]
    regression_limit: Decimal
    confirmed: frozenset[str]
    retention_days: int
    provenance: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    signatures: tuple[Signature, ...] = ()  # own ones, beside those that are shipped
    artifacts: tuple[str, ...] = ()  # names of those that hold results of other tools, as glob patterns
    contracts: ContractPolicy = field(default_factory=ContractPolicy)
    verification: VerificationPolicy = field(default_factory=VerificationPolicy)
    _rules: dict[tuple[str, tuple[str, ...]], Rule] = field(default_factory=dict, init=False, repr=False, compare=False)

    def rule_for(
        self,
        category: str,
        *,
        kind: str | None = None,
        severity: Severity | None = None,
        complexity: str | None = None,
        regression: Decimal | None = None,
    ) -> Rule:
        """Return the rule of a category, or of the `kind` below it; `regression` is in percent.

        What is not said for a kind comes from the category above. Raises LookupError for a category that no layer
        describes, which a resolved policy over the built-in matrix never has.
        """
        name = _dotted(category, kind)
        size = None if regression is None else size_of(regression, self.regression_limit)
        return self.rule_in(name, tuple(case for case in (severity, complexity, size) if case is not None))

    def rule_in(self, name: str, cases: tuple[str, ...] = ()) -> Rule:
        """Return the rule of a category or kind in given cases, such as `critical` or `simple`; see `rule_for`."""
        known = self._rules.get((name, cases))
        if known is None:
            found = {field: find(self.settings, name, field, cases) for field in FIELDS}
            known = _rule(name, {field: setting for field, setting in found.items() if setting is not None})
            if len(self._rules) < _REMEMBERED:
                self._rules[name, cases] = known
        return known

    def cases_of(self, name: str) -> tuple[str, ...]:
        """Return the cases in which a category's rule differs, the strictest first; ("",) when it never does."""
        tables = (table_of(self.settings, name, field) for field in FIELDS)
        found = {case for table in tables for case in table}
        return tuple(case for case in _STRICTEST_FIRST if case in found - {""}) or ("",)

    def protected_path(self, changed: Iterable[str]) -> str | None:
        """Return the first changed path under which no override is given (S1-046, C18), or None.

        Capital letters make no difference: `OAuthClient.ts` is no way around `*oauth*`.
        """
        patterns = tuple(pattern.lower() for group in self.protected_paths.values() for pattern in group)
        return next((path for path in changed if first_match(patterns, (path.lower(),)) is not None), None)


def effective_mode(policy: Policy, *, ever_had_file: bool) -> Mode:
    """Return the mode in force: observing is the default only while a repository has never had a policy file."""
    if policy.mode is not None:
        return policy.mode
    return Mode.ENFORCE if ever_had_file else Mode.OBSERVE


def rule_of(verdict: Verdict, policy: Policy, complexity: str | None = None) -> Rule:
    """Return the rule for a verdict; `complexity` is `simple` or `complex` where it matters (C02)."""
    return policy.rule_for(
        verdict.category,
        kind=verdict.subcategory,
        severity=verdict.severity,
        complexity=complexity,
        regression=regression_of(verdict),
    )


def regression_of(verdict: Verdict) -> Decimal | None:
    """Return the measured regression in percent; None when there is none that can be read."""
    try:
        value = Decimal(verdict.measures.get(REGRESSION, "").strip(" +%"))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < Decimal(10) ** 9 else None


def size_of(regression: Decimal, limit: Decimal) -> str:
    """Tell a small regression from a large one, in percent; exactly at the limit is large (C06)."""
    return "small" if rounded(regression) < limit else "large"


def rounded(percent: Decimal) -> Decimal:
    """Round to the two places that percentages are compared and shown with (C06)."""
    return percent.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def first_match(patterns: Iterable[str], names: Iterable[str]) -> str | None:
    """Return the first glob pattern that one of the names matches; `*` also crosses `/`."""
    candidates = tuple(names)
    return next((p for p in patterns if any(fnmatchcase(name, p) for name in candidates)), None)


def find(settings: Settings, name: str, field: str, cases: tuple[str, ...] = ()) -> Setting | None:
    """Look a field up for a category or kind; None when no one says anything."""
    table = table_of(settings, name, field)
    return _pick(table, cases) if table else None


def table_of(settings: Settings, name: str, field: str) -> dict[str, Setting]:
    """Return what holds in each case, from the family down; "" is every other case."""
    table: dict[str, Setting] = {}
    for ancestor in lineage(name):
        own = settings.get(ancestor, {}).get(field, {})
        table = dict(own) if "" in own else table | dict(own)
    return table


def lineage(name: str) -> tuple[str, ...]:
    """Return a dotted name's ancestors and itself, the family first."""
    parts = name.split(".")
    return tuple(".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _pick(table: Mapping[str, Setting], cases: tuple[str, ...]) -> Setting:
    for case in cases:
        if case in table:
            return table[case]
    axes = {_AXES[case] for case in table if case}
    if "" in table and axes <= {_AXES[case] for case in cases}:
        return table[""]
    return next(table[case] for case in _STRICTEST_FIRST if case in table)


def _dotted(category: str, kind: str | None) -> str:
    if not kind:
        return str(category)
    return kind if is_at_or_below(kind, category) else f"{category}.{kind}"


def _rule(name: str, found: Mapping[str, Setting]) -> Rule:
    missing = [field for field in NEEDED if field not in found]
    if missing:
        raise LookupError(f"the policy says no {', '.join(missing)} for {name}")
    values = {field: setting.value for field, setting in found.items()}
    owners = tuple(values["owner"])
    return Rule(
        name=name,
        owners=owners,
        informed=tuple(dict.fromkeys((*owners[1:], *values.get("inform", ())))),
        sla_s=None if values["sla"] == "none" else values["sla"],
        at_risk_s=values.get("at_risk"),
        sla_class=values["class"],
        tier=values["tier"],
        permission=values["override"],
        why=values["why"],
        needs=tuple(values.get("needs", ())),
        approver=values.get("approver"),
        runbook=values.get("runbook"),
        blocks_all=values.get("blocks_all", False),
        qa=values.get("qa"),
        provenance={field: setting.where for field, setting in found.items()},
    )
