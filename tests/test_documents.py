"""Records as documents: what is stored is what comes back, and under what it can be found."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stories import ADA, REPO, A, B, at, foreign, job, moved, only, pull, pushed, queued, run, seen, told

from github_app.documents import Document, Record, records_of, to_case, to_document, to_record
from github_app.rules.case import Case
from github_app.rules.records import Commit, Failure, FailureState, Installation, PolicySource, Ref, SignOff, Validity

OPENED = moved(pull(), "opened")
RED = seen(A, job(), foreign(), runs=(run(),), branch="cart")
FIXED = told(OPENED, RED, seen(A, job("success", run=11, minute=40)))

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MOMENTS = st.datetimes(timezones=st.just(at(0).tzinfo))
SOURCES = st.builds(
    PolicySource,
    repo=st.just(REPO),
    sha=TEXT,
    read_at=MOMENTS,
    text=st.none() | TEXT,
    org_text=st.none() | TEXT,
    problems=st.lists(TEXT, max_size=2).map(tuple),
    codeowners=st.none() | TEXT,
    admins=st.lists(st.just(ADA), max_size=2).map(tuple),
    ever_had_file=st.booleans(),
)
INSTALLATIONS = st.builds(Installation, st.integers(1), TEXT, TEXT, MOMENTS)


def story(name: str, minute: float) -> Case:
    return told(
        moved(pull(title=name, labels=(name,), changed=(name,), minute=minute), "opened"),
        pushed(name, A, minute),
        queued(A, minute),
        seen(A, job(name=name or "x", says=name, minute=minute), runs=(run(workflow=name),), branch=name or None),
        seen(A, job("success", name or "x", attempt=2, minute=minute + 1)),
        moved(pull(minute=minute + 3, open=False), "closed"),
    )


RECORDS = st.one_of(
    SOURCES,
    INSTALLATIONS,
    st.builds(story, TEXT, st.integers(0, 10_000)).flatmap(
        lambda case: st.sampled_from(sorted(records_of(case).items())).map(lambda item: item[1])
    ),
)


@given(record=RECORDS, version=st.integers(0))
def test_a_record_comes_back_as_it_was(record: Record, version: int) -> None:
    document = to_document(record, version)
    assert to_record(document) == record
    assert document.version == version


@pytest.mark.parametrize("kind", [Commit, Ref, Failure])
def test_the_story_holds_every_kind_of_record(kind: type) -> None:
    assert any(isinstance(record, kind) for record in records_of(story("x", 0)).values())


def found_by(record: Record) -> tuple[str, str, int, int, str | None, str | None, str | None]:
    told_of = to_document(record, 0)
    return (
        told_of.id,
        told_of.kind,
        told_of.installation_id,
        told_of.repo_id,
        told_of.sha,
        told_of.ref,
        told_of.open_key,
    )


def test_a_commit_is_found_by_its_sha() -> None:
    [commit] = [record for record in records_of(FIXED).values() if isinstance(record, Commit)]
    assert found_by(commit) == (f"commit/7/{A}", "commit", 1, 7, A, None, None)


def test_a_pull_request_is_found_by_head_and_name_and_waits_while_it_is_open() -> None:
    [opened] = told(OPENED).refs
    [shut] = told(OPENED, moved(pull(B, minute=5, open=False), "closed")).refs
    assert found_by(opened) == ("ref/7/pull/1", "ref", 1, 7, A, "pull/1", "ref/7/pull/1")
    assert found_by(shut) == ("ref/7/pull/1", "ref", 1, 7, B, "pull/1", None)


def test_a_branch_never_waits() -> None:
    [branch] = told(pushed("cart", A, 1)).refs
    assert found_by(branch) == ("ref/7/branch/cart", "ref", 1, 7, A, "branch/cart", None)


def test_a_failure_is_found_by_its_ref_and_newest_commit_and_open_once_only() -> None:
    """R2."""
    open_one = only(told(OPENED, seen(A, job())))
    newer = replace(open_one.legs[0], sha=B, order=(99, 1, 0))
    assert found_by(replace(open_one, legs=(newer, *open_one.legs))) == (
        open_one.id,
        "failure",
        1,
        7,
        B,
        "pull/1",
        open_one.open_key,
    )
    [fixed] = [failure for failure in FIXED.failures if failure.ref == "pull/1" and failure.workflow == "CI"]
    assert to_document(fixed, 0).open_key is None


def test_a_policy_and_an_installation_are_found_by_their_ids() -> None:
    assert found_by(PolicySource(REPO, A, at(0))) == ("policy/7", "policy", 1, 7, None, None, None)
    assert found_by(Installation(4, "octo", "active", at(0))) == (
        "installation/4",
        "installation",
        4,
        0,
        None,
        None,
        None,
    )


def test_a_case_comes_back_from_its_documents() -> None:
    case = replace(FIXED, source=PolicySource(REPO, A, at(0)), installation=Installation(4, "octo", "active", at(0)))
    documents = [to_document(record, 1) for record in records_of(case).values()]
    assert to_case(documents[::-1]) == case
    assert to_case([]) == Case()


def test_a_body_that_this_version_does_not_write_is_refused() -> None:
    with pytest.raises(ValidationError):
        to_record(Document("policy/7", "policy", 1, 7, "{}"))


def test_what_qa_said_and_how_commits_differ_comes_back() -> None:
    said = SignOff(holds=False, by=ADA, at=at(50), sha=A, reason="no")
    failure = replace(FIXED.failures[0], sign_offs=(said,), validity=Validity(A, B, ("gone",), "hidden"), verified=True)
    assert to_record(to_document(failure, 1)) == failure


def test_a_failure_that_was_closed_before_fixes_were_verified_claims_no_proof() -> None:
    document = to_document(replace(FIXED.failures[0], state=FailureState.CLOSED), 1)
    body = json.loads(document.body)
    for name in ("red_sha", "sign_offs", "validity", "verified", "proof"):
        del body[name]
    record = to_record(replace(document, body=json.dumps(body)))
    assert isinstance(record, Failure)
    assert (record.state, record.verified, record.proof) == (FailureState.CLOSED, False, "")
