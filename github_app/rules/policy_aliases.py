"""The decision record's own names, so that its YAML blocks work as a policy section just as they stand.

A domain speaks for the whole family: `test_failure` gives owners to kinds that no entry names (C14). A routing name
says which categories, and for some of them which cases only, it means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from github_app.rules.policy_schema import DetectionEntry, Domain, Routed, SlaClass, Tier

DOMAINS: Final[dict[Domain, str]] = {
    "generator_drift": "generator_drift",
    "security_scan": "security",
    "test_failure": "test",
    "infrastructure": "infra",
    "build_error": "build",
    "performance": "performance",
}

ROUTES: Final[dict[Routed, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "security_secrets": (("security.secret", ()),),
    "infrastructure_critical": (("infra.runner", ()), ("infra.database", ())),
    "generator_drift": (("generator_drift", ()),),
    "test_failures": (("test", ()),),
    "build_errors": (("build", ()),),
    "security_standard": (("security.vulnerability", ("high", "medium")),),  # critical ones page at once (C04)
    "performance_regression": (("performance", ("large",)),),  # a small one is for the digest (S1-038)
    "complex_integration": (("test.integration", ()),),
}
"""Routing name -> categories, each with the cases it means (none: all)."""

Said = tuple[str, str, object, tuple[str, ...]]
"""A category, a field, its value or table, and the path in the file where it is said."""


def contributions(block: DetectionEntry) -> Iterator[Said]:
    """Translate the block into what it says about categories (S1-080 to S1-088, C05)."""
    root = ("failure_detection",)
    for number, owners in enumerate(block.categorization):
        for domain, roles in owners.items():
            yield DOMAINS[domain], "owner", roles, (*root, "categorization", str(number), domain)
    for tier in ("immediate", "standard", "investigation"):
        for number, name in enumerate(getattr(block.notification_routing, tier)):
            path = (*root, "notification_routing", tier, str(number))
            for category, cases in ROUTES[name]:
                yield from _routed(tier, category, cases, path)


def _routed(tier: str, category: str, cases: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Said]:
    value = Tier.STANDARD if tier == "investigation" else Tier(tier)
    yield category, "tier", dict.fromkeys(cases, value) if cases else value, path
    if tier == "investigation":
        yield category, "class", SlaClass.COMPLEX, path
