"""What to do about each kind of failure when the plugin's report names it: a report knows the kind, not the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pytest_failure_review.report import Category, is_at_or_below


@dataclass(frozen=True, slots=True)
class Remedy:
    """Likely causes and steps to take, each a sentence."""

    causes: tuple[str, ...]
    advice: tuple[str, ...]


_NONE: Final = Remedy((), ("Read the failing tests named below, then the job's log.",))

REMEDIES: Final[Mapping[Category, Remedy]] = {
    Category.GENERATOR_DRIFT: Remedy(
        ("A source was changed without running its generator.",),
        ("Run the generator, look at what it changes, and commit that.",),
    ),
    Category.TEST_UNIT: Remedy(
        ("The change broke what the test checks.", "The test expects what is no longer meant."),
        ("Run the named test alone.", "If the test is what is wrong, say so in the change that mends it."),
    ),
    Category.TEST_INTEGRATION: Remedy(
        ("Two parts no longer agree.", "What the test starts did not come up in time."),
        ("Run the named test alone, with the services that it needs.", "Compare both sides of the call that failed."),
    ),
    Category.TEST_DATABASE: Remedy(
        ("A migration is missing or does not fit the code.", "The test's data breaks a constraint."),
        (
            "Run the migrations on an empty database, then the named test.",
            "Read the statement that was refused.",
        ),
    ),
    Category.SECURITY_SECRET: Remedy(
        ("A credential was committed.",), ("Revoke the credential first; removing the line does not take it back.",)
    ),
    Category.SECURITY_VULNERABILITY: Remedy(
        ("A dependency has a published weakness.",),
        ("Move to the version that mends it.",),
    ),
    Category.INFRA_RUNNER: Remedy(
        ("The machine ran out of memory or disk.", "The process was killed from outside."),
        ("Run the job again.", "Watch the machine's memory and disk in that step."),
    ),
    Category.INFRA_CONTAINER: Remedy(
        ("An image or a container could not be started.",), ("Start the named image by hand with the same settings.",)
    ),
    Category.INFRA_DATABASE: Remedy(
        ("The database was not up yet, or stopped.", "Its address or its password is wrong in CI."),
        ("Look whether the database's container was healthy before the tests began.", "Run the job again once it is."),
    ),
    Category.INFRA_NETWORK: Remedy(
        ("A service outside was not reachable.",), ("Run the job again; if it repeats, look at that service's status.",)
    ),
    Category.INFRA_TEST_ENVIRONMENT: Remedy(
        ("What many tests share did not come up.",), ("Look at the fixture that is named, not at each test.",)
    ),
    Category.BUILD: Remedy(("The code or its dependencies do not fit together.",), ("Repeat the import that failed.",)),
    Category.PERFORMANCE: Remedy(
        ("The change does more work than before.", "The machine was busy."),
        ("Run it once more to see whether it repeats.", "Compare with the base branch on the same machine."),
    ),
}


def remedy_for(category: Category) -> Remedy:
    """Return the remedy of a category; kinds of build share one."""
    own = Category.BUILD if is_at_or_below(category, Category.BUILD) else category
    return REMEDIES.get(own, _NONE)
