"""What the escalation matrix says of each kind of failure, for a run without a policy; the App has the last word.

The law: it says what the App's built-in policy says (`tests/plugin/test_plugin_matrix.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from .report import Category, Owner

SOURCE: Final = "matrix"


class Entry(NamedTuple):
    """Who is accountable, as a role, and how soon it must be fixed, in hours."""

    role: str
    hours: float
    tier: str
    """How fast people are told: `immediate`, `standard` or `digest`."""

    @property
    def owner(self) -> Owner:
        return Owner(names=[self.role], source=SOURCE, line=None)


_RUNNER: Final = Entry("devops_specialist", 1, "immediate")
_OPERATIONS: Final = Entry("devops_specialist", 1, "standard")
_BUILD: Final = Entry("code_author", 2, "standard")

MATRIX: Final[Mapping[str, Entry]] = {
    Category.GENERATOR_DRIFT: Entry("backend_dev", 2, "immediate"),
    Category.TEST_UNIT: Entry("code_author", 4, "standard"),
    Category.TEST_INTEGRATION: Entry("backend_dev", 8, "standard"),
    Category.TEST_DATABASE: Entry("database_specialist", 4, "standard"),
    Category.SECURITY_SECRET: Entry("security_specialist", 1, "immediate"),
    Category.SECURITY_VULNERABILITY: Entry("security_specialist", 24, "immediate"),
    Category.INFRA_RUNNER: _RUNNER,
    Category.INFRA_CONTAINER: _OPERATIONS,
    Category.INFRA_DATABASE: Entry("devops_specialist", 0.5, "immediate"),
    Category.INFRA_NETWORK: _OPERATIONS,
    Category.INFRA_TEST_ENVIRONMENT: _OPERATIONS,
    Category.BUILD: _BUILD,
    Category.BUILD_COMPILE: _BUILD,
    Category.BUILD_LINT: _BUILD,
    Category.BUILD_DEPENDENCIES: _BUILD,
    Category.PERFORMANCE: Entry("domain_specialist", 24, "standard"),
    Category.UNKNOWN: Entry("qa_analyst", 4, "standard"),
}

_SPECIALISTS: Final = frozenset({"devops_specialist", "database_specialist", "security_specialist"})


def entry_of(category: str) -> Entry:
    """What the matrix says of a category, or of the nearest one above it."""
    while category not in MATRIX:
        category = category.rpartition(".")[0] or Category.UNKNOWN
    return MATRIX[category]


def answerable(category: str, of_file: Owner) -> Owner:
    """Who answers where nobody was named for this failure: specialists for what is theirs, else the file's owner.

    What ails the machines or the data is no matter of whoever owns the test that met it.
    """
    entry = entry_of(category)
    return of_file if of_file["names"] and entry.role not in _SPECIALISTS else entry.owner
