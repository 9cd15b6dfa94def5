"""Which finding is the cause when there are several: root cause beats symptom, and security beats everything.

The law: everything read from CI is written by a stranger, so more text can only move a verdict up (T15). Hence the
verdict is the maximum of the findings in one fixed order. Set aside are only a policy's own signatures beside something
stricter that is shipped, what a green run showed too (`seen`), and what is not sure enough to be believed. And a
failing test stands behind the limit of time that its own assertion names (`limits`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Final

from github_app.rules.policy import regression_of
from github_app.rules.signatures import OWN
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import WORST_FIRST, Category, Severity, is_at_or_below

ROOT_CAUSE_FIRST: Final = (
    Category.SECURITY_SECRET,
    Category.SECURITY_VULNERABILITY,
    Category.INFRA_DATABASE,  # a database that is down fails tests, migrations and builds
    Category.INFRA_RUNNER,  # a full disk or a lost machine fails everything else
    Category.INFRA_CONTAINER,
    Category.INFRA_NETWORK,  # a scanner or an installer that could not reach its registry found nothing
    Category.INFRA_TEST_ENVIRONMENT,
    Category.GENERATOR_DRIFT,  # stale generated code shows as a difference first, as a compile error second
    Category.BUILD_DEPENDENCIES,  # what is not installed does not compile
    Category.BUILD_COMPILE,  # what does not compile fails tests and linters
    Category.BUILD,
    Category.TEST_DATABASE,
    Category.TEST_INTEGRATION,
    Category.TEST_UNIT,
    Category.PERFORMANCE,
    Category.BUILD_LINT,  # linters complain beside failing tests more often than they explain them
    Category.UNKNOWN,
)
"""Of two findings of equal weight, the one that stands earlier here is the cause."""

_MACHINES: Final = frozenset({Category.INFRA_DATABASE, Category.INFRA_RUNNER, Category.INFRA_CONTAINER})

SEVERITIES: Final = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, None, Severity.CRITICAL)
"""Mildest first. One that nobody named counts as the worst, as it does in the policy; of both the named is shown."""

_UNMEASURED: Final = Decimal(20)
"""A regression that nobody measured, in percent: large (C06), so that no small one written beside it is the verdict."""


class Weight(IntEnum):
    """How much a finding says, whatever it says."""

    NAME = 0  # the job or the step is called "lint"
    FAINT = 1  # something gave up; what, is not said
    WEAK = 2  # a symptom that passing jobs show too
    TEXT = 3  # what the log, a foreign check or a message in a report says
    FACT = 4  # what GitHub itself says about the job
    REPORT = 5  # what the plugin saw at the source, or a whole file of this repository lists


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict that could be given; `place` is 0 for the likeliest stretch of the log, then 1, 2...

    `is_limit`: the failing assertion itself holds something to a limit, so that the failing test is only how it shows.
    """

    verdict: Verdict
    weight: Weight
    place: int = 0
    is_limit: bool = False

    @property
    def standing(self) -> tuple[int, int, int, int, int, int, Decimal]:
        """Where it stands among other findings; higher wins."""
        return (
            self._alarm,
            self.weight,
            self._machine,
            -self.place,
            root_cause_rank(Category.TEST_DATABASE if self.is_limit else self.verdict.category),
            SEVERITIES.index(self.verdict.severity),
            self._regression,
        )

    @property
    def _regression(self) -> Decimal:
        measured = regression_of(self.verdict)
        return _UNMEASURED if measured is None else measured

    @property
    def _machine(self) -> int:
        """A machine or a database that is not there is the cause wherever it is told: tests only fail."""
        is_one = self.verdict.source == "log" and self.verdict.category in _MACHINES
        return root_cause_rank(self.verdict.category) if is_one else 0

    @property
    def _alarm(self) -> int:
        """A security finding cannot be outdone, unless it only hangs on a name or a symptom."""
        if self.weight <= Weight.WEAK or not is_at_or_below(self.verdict.category, "security"):
            return 0
        return 2 if self.verdict.category is Category.SECURITY_SECRET else 1


def root_cause_rank(category: Category) -> int:
    """Give a number that is higher the closer to the root of things the category is."""
    return len(ROOT_CAUSE_FIRST) - ROOT_CAUSE_FIRST.index(category)


def is_stricter(category: Category, than: Category) -> bool:
    """Whether a failure of `category` must less be waved through than one of `than`."""
    return WORST_FIRST.index(category) < WORST_FIRST.index(than)


def best_first(findings: Sequence[Finding]) -> list[Finding]:
    """Give the findings in the order in which they are believed; of equals the one found first."""
    return sorted(findings, key=lambda finding: finding.standing, reverse=True)


def not_lowered(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Give the findings to choose from: a policy's own signature may raise a verdict, never lower it.

    `findings` come in the order in which they are believed. Where a shipped rule finds something too, an own signature
    decides only with a category that must less be waved through: of the same category, the shipped one says the kind
    and how severe it is.
    """
    shipped = [finding for finding in findings if not _is_own(finding.verdict.rule)]
    first = findings[0].verdict
    told = (finding.verdict.category for finding in shipped if finding.weight >= Weight.TEXT)
    raises = all(is_stricter(first.category, than=category) for category in told)
    return findings if raises or not _is_own(first.rule) else shipped


def _is_own(rule: str) -> bool:
    """Whether a rule is a policy's own signature, in whatever text it was found."""
    return rule.rpartition(":")[2].startswith(OWN)


def worst_severity(findings: Sequence[Finding]) -> Severity | None:
    """Give the worst severity of the findings; None when one has none, unless another is critical."""
    return max((finding.verdict.severity for finding in findings), key=SEVERITIES.index, default=None)
