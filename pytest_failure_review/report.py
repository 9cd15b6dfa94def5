"""The report format and its vocabulary: the one contract between the plugin and the App.

It imports no pytest and nothing of the App, so that either side can change alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

SCHEMA: Final = 1
"""Version of the report's records; a reader refuses a higher one and ignores unknown fields."""

FILE_PREFIX: Final = "failure-review"
"""Report files are `failure-review-<run>-<worker>.jsonl`; artifacts `failure-review-<job>-<index>-<attempt>`."""


class Category(StrEnum):
    """What kind of failure it is. A policy may name kinds below these, separated by dots (`build.compile.cpp`)."""

    GENERATOR_DRIFT = "generator_drift"
    TEST_UNIT = "test.unit"
    TEST_INTEGRATION = "test.integration"
    TEST_DATABASE = "test.database"
    SECURITY_SECRET = "security.secret"  # noqa: S105  (a category, not a password)
    SECURITY_VULNERABILITY = "security.vulnerability"
    INFRA_RUNNER = "infra.runner"
    INFRA_CONTAINER = "infra.container"
    INFRA_DATABASE = "infra.database"
    INFRA_NETWORK = "infra.network"
    INFRA_TEST_ENVIRONMENT = "infra.test_environment"
    BUILD = "build"
    BUILD_COMPILE = "build.compile"
    BUILD_LINT = "build.lint"
    BUILD_DEPENDENCIES = "build.dependencies"
    PERFORMANCE = "performance"
    UNKNOWN = "unknown"


class State(StrEnum):
    """Why there is no category to speak of; stands beside `Category.UNKNOWN`, never instead of it."""

    NO_LOG = "no_log"
    NO_MATCH = "no_match"
    NOT_RUN = "not_run"
    CANCELLED = "cancelled"
    AWAITING_APPROVAL = "awaiting_approval"


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def is_at_or_below(category: str, ancestor: str) -> bool:
    """Whether `category` is `ancestor` or a kind below it (`build.compile` is below `build`)."""
    return category == ancestor or category.startswith(f"{ancestor}.")
