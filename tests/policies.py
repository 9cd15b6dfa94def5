"""Policies for tests: the built-in matrix, and texts laid over it."""

from __future__ import annotations

from functools import cache

from github_app.builtin import default_policy_text
from github_app.rules.policy import Policy
from github_app.rules.policy_file import BUILT_IN, ORGANISATION, REPOSITORY, PolicyFile, parse
from github_app.rules.policy_layers import resolve


def usable(text: str, origin: str = REPOSITORY) -> PolicyFile:
    file = parse(text, origin)
    assert isinstance(file, PolicyFile), file
    return file


@cache
def builtin() -> PolicyFile:
    return usable(default_policy_text(), BUILT_IN)


def layered(repo: str | None = None, org: str | None = None) -> Policy:
    return resolve(
        builtin(),
        None if org is None else usable(org, ORGANISATION),
        None if repo is None else usable(repo),
    )


BLOCK = """\
# Failure detection and escalation workflow
failure_detection:
  categorization:
    - generator_drift: backend_dev, frontend_dev
    - security_scan: security_specialist
    - test_failure: code_author, qa_analyst
    - infrastructure: devops_specialist
    - build_error: code_author
    - performance: domain_specialist
  
  notification_routing:
    immediate: [security_secrets, infrastructure_critical, generator_drift]
    standard: [test_failures, build_errors, security_standard]
    investigation: [performance_regression, complex_integration]
"""  # noqa: W293  (as it stands there)
"""A block of the decision record, as it stands there."""
