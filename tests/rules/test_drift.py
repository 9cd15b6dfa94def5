"""Drift of nothing but a client's types is told from drift of the API itself."""

from __future__ import annotations

import pytest
from stories import A, job, moved, only, pull, seen, told
from verdicts import log

from github_app.rules.drift import drifted, is_types
from pytest_failure_review.report import Category

STALE = "Generated client is out of date"


@pytest.mark.parametrize(
    "line",
    [
        "diff --git a/web/api.ts b/web/api.ts",
        "+++ b/web/api.ts",
        "\tmodified:   web/api.ts",
        " M web/api.ts",
        "?? web/api.ts",
        " web/api.ts | 12 +++---",
    ],
)
def test_a_file_that_differs_is_read_however_git_lists_it(line: str) -> None:
    assert drifted(log(STALE, line)) == ("web/api.ts",)


@pytest.mark.parametrize("line", ["web/api.ts changed", "M", "diff a b", " M  two words here", "modified: "])
def test_no_other_line_lists_a_file(line: str) -> None:
    assert drifted(log(line)) == ()


@pytest.mark.requirement("S1-006")
@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("web/api.ts", "web/types/cart.d.ts"), True),
        (("web/api.ts", "openapi.json"), False),
        (("web/api.ts", "server/models.py"), False),
        ((), False),
    ],
)
def test_types_alone_are_files_of_the_client_and_nothing_else(paths: tuple[str, ...], expected: bool) -> None:
    assert is_types(paths) is expected


@pytest.mark.requirement("S1-006")
def test_drift_of_types_alone_is_still_the_backend_s_and_the_frontend_is_told() -> None:
    """C24."""
    says = f"{STALE}\n"
    evidence = log(says.strip(), " M web/api.ts")
    failure = only(told(moved(pull(), "opened"), seen(A, job(evidence=evidence)), policy=ROLES))
    assert (failure.verdict.category, failure.verdict.subcategory) == (Category.GENERATOR_DRIFT, "types")
    assert failure.owner.accountable.role == "backend_dev"
    assert [party.role for party in failure.owner.informed] == ["frontend_dev"]
    assert failure.clock.target_s == 2 * 3600


ROLES = "schema: 1\nroles: {backend_dev: {users: [bea]}, frontend_dev: {users: [fay]}}\n"
