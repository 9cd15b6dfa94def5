"""Whose code a run executed: only that of the repository itself is trusted (T15, T16)."""

from __future__ import annotations

import pytest
from stories import pull

from github_app.github.facts import head_repo
from github_app.github.payloads import WorkflowRun

OURS, FORK = 7, 99


def a_run(head: int | None) -> WorkflowRun:
    told = {"id": 1, "head_sha": "a" * 40, "head_repository": None if head is None else {"id": head}}
    return WorkflowRun.model_validate(told)


@pytest.mark.parametrize(
    ("run", "heads", "whose"),
    [
        (a_run(OURS), [], OURS),
        (a_run(FORK), [], FORK),
        (a_run(FORK), [OURS], FORK),
        (a_run(None), [OURS], None),
        (None, [OURS], OURS),
        (None, [FORK], FORK),
        (None, [OURS, OURS], OURS),
        (None, [OURS, FORK], None),
        (None, [None], None),
        (None, [], None),
    ],
)
def test_the_code_is_that_of_the_runs_head_and_of_nobody_when_that_is_not_known(
    run: WorkflowRun | None, heads: list[int | None], whose: int | None
) -> None:
    assert head_repo(run, [pull(number=n, head_repo_id=head) for n, head in enumerate(heads, 1)]) == whose
