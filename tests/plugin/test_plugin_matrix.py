"""What the plugin takes from the escalation matrix where nobody said anything else."""

from __future__ import annotations

import pytest
from plugin_project import Project
from policies import layered

from pytest_failure_review.matrix import MATRIX, Entry, answerable, entry_of
from pytest_failure_review.report import Category, Owner

QA = Owner(names=["@shop/qa"], source=".github/CODEOWNERS", line=3)
NOBODY = Owner(names=[], source="", line=None)


@pytest.mark.parametrize("category", Category)
def test_it_says_what_the_apps_built_in_policy_says(category: Category) -> None:
    rule = layered().rule_for(category)
    assert rule.sla_s is not None
    assert MATRIX[category] == Entry(rule.owners[0], rule.sla_s / 3600, rule.tier)


def test_a_kind_below_a_category_has_what_the_category_has() -> None:
    assert entry_of("build.compile.cpp") == MATRIX["build.compile"]
    assert entry_of("no.such.thing") == MATRIX["unknown"]


@pytest.mark.parametrize("category", ["infra.database", "infra.runner", "test.database", "security.secret"])
def test_what_is_a_specialists_goes_past_the_tests_owner(category: str) -> None:
    assert answerable(category, QA)["names"] == [MATRIX[category].role]


@pytest.mark.parametrize("category", ["test.unit", "test.integration", "build.lint", "performance", "unknown"])
def test_anything_else_is_the_files_owners_and_the_roles_only_without_one(category: str) -> None:
    assert answerable(category, QA) == QA
    assert answerable(category, NOBODY) == {"names": [entry_of(category).role], "source": "matrix", "line": None}


def test_a_failing_run_says_kind_owner_and_hours_of_each_failure(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        def test_sum():
            assert 1 + 1 == 3

        def test_gateway():
            raise ConnectionRefusedError("gateway.example:443")

        @pytest.mark.failure_review(sla="30m")
        def test_soon():
            assert 0
        """
    )
    ran = project.run()
    told = [(one["category"], one["owner"]["names"], one["sla_terms"]) for one in ran.failures]
    assert told == [
        ("test.unit", ["code_author"], {"hours": 4, "tier": "standard", "source": "matrix"}),
        ("infra.network", ["devops_specialist"], {"hours": 1, "tier": "standard", "source": "matrix"}),
        ("test.unit", ["code_author"], {"hours": 0.5, "tier": "standard", "source": "marker"}),
    ]
    ran.result.stdout.fnmatch_lines(["*infra.network*devops_specialist*1h*::test_gateway"])
