"""What a repository's policy is made of: the last good file holds, and every problem is a sentence (X75, X76)."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from policies import builtin, layered
from stories import ADA, REPO, at

from github_app.rules.events import PolicyRead
from github_app.rules.policy import effective_mode
from github_app.rules.policy_source import policy_of, taken_in
from github_app.rules.records import PolicySource
from github_app.rules.verdicts import Mode

GOOD, BETTER = "schema: 1\nmode: enforce\n", "schema: 1\nmode: observe\n"
BROKEN = "schema: 1\nmode: sometimes\n"


def read(text: str | None = None, *, org: str | None = None, minute: float = 1, sha: str = "d" * 40) -> PolicyRead:
    return PolicyRead(
        repo=REPO,
        cause="guid",
        received_at=at(minute),
        sha=sha,
        text=text,
        org_text=org,
        codeowners="* @ada",
        admins=(ADA,),
    )


def after(*events: PolicyRead) -> PolicySource:
    source: PolicySource | None = None
    for event in events:
        source = taken_in(source, event)
    assert source is not None
    return source


def test_everything_that_was_read_is_kept() -> None:
    assert after(read(GOOD, org=BETTER)) == PolicySource(
        REPO, "d" * 40, at(1), GOOD, BETTER, (), "* @ada", (ADA,), ever_had_file=True
    )


def test_a_repository_without_a_file_never_had_one() -> None:
    source = after(read())
    assert (source.text, source.problems, source.ever_had_file) == (None, (), False)


def test_a_broken_file_keeps_the_last_good_one_and_says_where_it_is_wrong() -> None:
    """X76."""
    source = after(read(GOOD), read(BROKEN, minute=2))
    assert source.text == GOOD
    [problem] = source.problems
    assert problem.startswith(".github/failure-review.yml line 2, column 1: mode")


def test_a_broken_first_file_counts_as_having_had_one() -> None:
    source = after(read(BROKEN))
    assert (source.text, len(source.problems), source.ever_had_file) == (None, 1, True)


def test_a_removed_file_keeps_the_last_good_one() -> None:
    source = after(read(GOOD), read(None, minute=2))
    assert (source.text, source.problems, source.ever_had_file) == (GOOD, (), True)


def test_a_mended_file_takes_the_problems_away() -> None:
    assert after(read(GOOD), read(BROKEN, minute=2), read(BETTER, minute=3)).problems == ()


def test_the_organisations_file_is_kept_like_the_repositorys_and_is_not_its_own() -> None:
    source = after(read(org=GOOD), read(org=BROKEN, minute=2))
    assert (source.org_text, len(source.problems), source.ever_had_file) == (GOOD, 1, False)


def test_a_problem_names_the_file_that_it_is_in() -> None:
    """X76."""
    assert [problem.split(" line ")[0] for problem in after(read(BROKEN, org=BROKEN)).problems] == [
        ".github/failure-review.yml",
        "organisation policy",
    ]


def test_the_policy_is_the_three_layers() -> None:
    assert policy_of(None, builtin()) == layered()
    assert policy_of(after(read(GOOD, org=BETTER)), builtin()) == layered(GOOD, BETTER)


def test_what_can_no_longer_be_read_is_left_out() -> None:
    """A text that an earlier version of the App took for good."""
    assert policy_of(replace(after(read(GOOD)), text=BROKEN), builtin()) == layered()


@pytest.mark.parametrize(
    ("events", "mode"),
    [
        ((), Mode.OBSERVE),
        ((read(),), Mode.OBSERVE),
        ((read(BROKEN),), Mode.ENFORCE),
        ((read("schema: 1\n"),), Mode.ENFORCE),
        ((read("schema: 1\n"), read(None, minute=2)), Mode.ENFORCE),
        ((read(BETTER),), Mode.OBSERVE),
        ((read(GOOD), read(BROKEN, minute=2)), Mode.ENFORCE),
        ((read(org=GOOD),), Mode.ENFORCE),
    ],
)
def test_observing_is_the_default_only_while_there_never_was_a_file(events: tuple[PolicyRead, ...], mode: Mode) -> None:
    source = after(*events) if events else None
    policy = policy_of(source, builtin())
    assert effective_mode(policy, ever_had_file=source is not None and source.ever_had_file) is mode


# --- readings that overtake each other -------------------------------------------------------------------------------


def test_an_older_reading_does_not_replace_a_newer_one() -> None:
    """F26."""
    readings = (read(GOOD), read(BETTER, minute=2))
    assert {after(*order) for order in permutations(readings)} == {after(*readings)}


@pytest.mark.parametrize("newest", [None, BROKEN])
def test_an_older_reading_fills_what_a_newer_one_lacks(newest: str | None) -> None:
    readings = (read(GOOD, org=GOOD), read(newest, org=newest, minute=2))
    assert after(*readings[::-1]) == after(*readings)


def test_an_older_reading_takes_no_problem_in() -> None:
    assert after(read(GOOD, minute=2), read(BROKEN)).problems == ()


def test_a_file_that_was_there_once_is_not_forgotten_though_heard_of_late() -> None:
    assert after(read(None, minute=2), read(BROKEN)).ever_had_file
