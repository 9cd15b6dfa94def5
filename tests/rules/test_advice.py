"""Whatever the plugin's report names, the person reads what to do."""

from __future__ import annotations

import pytest

from github_app.rules.advice import remedy_for
from pytest_failure_review.report import Category


@pytest.mark.parametrize("category", list(Category))
def test_every_category_comes_with_something_to_do(category: Category) -> None:
    assert all(step.endswith(".") for step in remedy_for(category).advice)
    assert remedy_for(category).advice


def test_kinds_of_build_share_one_remedy() -> None:
    assert remedy_for(Category.BUILD_LINT) == remedy_for(Category.BUILD)
