"""Pull requests, branches and merge groups: what is newer counts, whatever was heard first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import permutations

import pytest
from stories import REPO, A, B, at, decided, job, moved, pull, pushed, queued, run, seen, told

from github_app.rules.events import Event
from github_app.rules.records import Ref
from github_app.rules.refs import UNMOVED


def ref_after(*events: Event) -> Ref:
    [ref] = told(*events).refs
    return ref


def in_any_order(*events: Event) -> Ref:
    found = {ref_after(*order) for order in permutations(events)}
    [only] = found
    return only


def test_a_pull_request_stands_on_its_newest_head() -> None:
    ref = in_any_order(moved(pull(A), "opened"), moved(pull(B, minute=5)))
    assert (ref.head_sha, ref.moved_at) == (B, at(5))


def test_a_force_push_back_to_an_earlier_commit_moves_it_back() -> None:
    """F36."""
    assert in_any_order(moved(pull(A), "opened"), moved(pull(B, minute=5)), moved(pull(A, minute=9))).head_sha == A


def test_of_two_moves_in_one_second_the_one_heard_last_counts() -> None:
    assert ref_after(moved(pull(A), "opened"), moved(pull(B))).head_sha == B
    assert ref_after(moved(pull(B)), moved(pull(A), "opened")).head_sha == A


@pytest.mark.parametrize("end", [pull(open=False), pull(open=False, merged=True)])
def test_in_one_second_the_end_of_a_pull_request_beats_everything_else(end: object) -> None:
    """R6: stop beats start."""
    assert isinstance(end, type(pull()))
    assert not in_any_order(moved(pull(), "edited"), moved(end, "closed")).open


def test_a_merge_beats_closing() -> None:
    ref = in_any_order(moved(pull(open=False), "closed"), moved(pull(open=False, merged=True), "closed"))
    assert ref.pull is not None
    assert ref.pull.merged


@pytest.mark.parametrize(
    ("moves", "closed"),
    [
        ((), ()),
        (((5, False),), ((at(5), None),)),
        (((5, False), (9, True)), ((at(5), at(9)),)),
        (((5, False), (9, True), (12, False)), ((at(5), at(9)), (at(12), None))),
        (((5, False), (6, False), (9, True)), ((at(5), at(9)),)),
    ],
)
def test_the_spans_in_which_it_was_closed_are_known_in_any_order(
    moves: tuple[tuple[float, bool], ...], closed: tuple[tuple[datetime, datetime | None], ...]
) -> None:
    """E27."""
    told_moves = [
        moved(pull(minute=minute, open=is_open), "reopened" if is_open else "closed") for minute, is_open in moves
    ]
    ref = in_any_order(moved(pull(), "opened"), *told_moves)
    assert (ref.closed, ref.open) == (closed, not closed or closed[-1][1] is not None)


def test_closing_that_was_never_told_of_is_seen_from_any_later_view() -> None:
    ref = ref_after(moved(pull(), "opened"), seen(A, pulls=(pull(minute=30, open=False),)))
    assert (ref.open, ref.closed) == (False, ((at(30), None),))


def test_paths_that_are_known_stay_known_for_the_same_head() -> None:
    bare, knowing = pull(changed=None, minute=5), pull(changed=("a.py",))
    ref = in_any_order(moved(bare, "labeled"), seen(A, pulls=(knowing,)))
    assert ref.pull == replace(bare, changed=("a.py",))


def test_paths_of_another_head_are_forgotten() -> None:
    ref = in_any_order(moved(pull(A, changed=("a.py",)), "opened"), moved(pull(B, minute=5, changed=None)))
    assert ref.pull is not None
    assert ref.pull.changed is None


# --- branches and merge groups ---------------------------------------------------------------------------------------


def test_a_branch_stands_on_what_was_pushed_last() -> None:
    ref = in_any_order(pushed("cart", A, 1), pushed("cart", B, 2))
    assert (ref.head_sha, ref.open) == (B, True)


def test_a_deleted_branch_is_closed_and_open_again_when_it_is_made_anew() -> None:
    """E26."""
    gone = pushed("cart", "0" * 40, 5, deleted=True)
    deleted = in_any_order(pushed("cart", A, 1), gone)
    assert (deleted.open, deleted.closed) == (False, ((at(5), None),))
    anew = in_any_order(pushed("cart", A, 1), gone, pushed("cart", B, 9))
    assert (anew.open, anew.closed, anew.turns) == (True, (), ((at(5), False),))


def test_a_branch_that_only_jobs_tell_of_has_no_head_yet() -> None:
    [ref] = told(seen(A, job(event="push"), branch="cart")).refs
    assert (ref.name, ref.head_sha, ref.moved_at, ref.gated) == ("branch/cart", "", UNMOVED, False)


def test_jobs_do_not_move_a_branch() -> None:
    ref = ref_after(pushed("cart", B, 1), seen(A, job(event="push"), branch="cart"))
    assert ref.head_sha == B


def test_a_merge_group_is_no_branch() -> None:
    """E34."""
    ref = in_any_order(queued(A, 1), queued(A, 9, destroyed=True))
    assert (ref.name, ref.gated, ref.open) == (f"queue/main/pr-1-{A}", True, False)
    assert (ref.moved_at, ref.closed) == (at(1), ((at(9), None),))


# --- which commits a line of work is on ------------------------------------------------------------------------------


def test_a_commit_was_part_of_a_pull_request_however_late_that_is_heard_of() -> None:
    case = told(moved(pull(B, minute=5)))
    late = decided(moved(pull(A), "opened"), case=replace(case, commit=None))[-1].case
    assert late.commit is not None
    assert (late.commit.sha, late.commit.refs, late.refs[0].head_sha) == (A, ("pull/1",), B)


def test_jobs_of_a_head_are_about_its_pull_request_though_they_do_not_say_so() -> None:
    """X13, G20."""
    case = told(seen(B, pulls=(pull(A),)))
    after = decided(seen(A, job()), case=replace(case, commit=None))[-1].case
    assert after.commit is not None
    assert after.commit.refs == ("pull/1",)


def test_jobs_of_a_commit_that_a_branch_stands_on_are_about_the_branch_only_if_they_say_so() -> None:
    case = told(pushed("cart", A, 1), seen(A, job()))
    assert case.commit is not None
    assert case.commit.refs == ()


def test_greens_are_remembered_on_every_line_of_work() -> None:
    case = told(moved(pull(), "opened"), seen(A, job("success"), job("neutral", "b"), job("skipped", "c")))
    assert [(green.slot.rpartition("|")[2], green.at) for green in case.refs[0].greens] == [
        ("b", at(10)),
        ("unit", at(10)),
    ]


def test_a_green_without_an_end_counts_from_when_its_commit_was_seen() -> None:
    case = told(moved(pull(), "opened"), seen(A, job("success", completed_at=None), minute=30))
    assert [green.at for green in case.refs[0].greens] == [moved(pull()).received_at]


def test_the_names_of_a_repository_are_those_told_last() -> None:
    renamed = replace(REPO, name="store")
    events = (moved(pull(), "opened"), seen(A, runs=(run(),)))
    later = tuple(replace(event, repo=renamed) for event in (moved(pull(minute=1)), seen(A, job())))
    case = told(*events, *later)
    assert case.commit is not None
    assert {case.commit.repo, *(ref.repo for ref in case.refs)} == {renamed}


def test_a_repository_is_called_by_its_owner_and_name() -> None:
    assert REPO.full_name == "octo/shop"
