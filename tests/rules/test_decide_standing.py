"""What is decided about policies, installations and repositories."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import (
    DRIFT,
    REPO,
    A,
    at,
    book,
    decided,
    job,
    moved,
    only,
    pull,
    pushed,
    seen,
    told,
)

from github_app.rules.case import Case, Decision
from github_app.rules.decide import decide
from github_app.rules.effects import (
    Effect,
    ForgetInstallation,
    PublishComment,
    PublishGate,
    PublishLabels,
    PublishPolicyCheck,
)
from github_app.rules.events import InstallationMoved, PolicyRead, RepoMoved
from github_app.rules.records import Installation, PolicySource

OPENED = moved(pull(), "opened")


def policy_read(text: str | None, minute: float = 50, sha: str = "d" * 40) -> PolicyRead:
    return PolicyRead(repo=REPO, cause="guid", received_at=at(minute), sha=sha, text=text)


def with_policy(text: str | None, case: Case | None = None) -> Case:
    return decided(policy_read(text), case=case)[0].case


def test_a_new_policy_is_shown_on_every_open_line_of_work() -> None:
    """Its mode, its gate and its notices show on all of them."""
    case = told(OPENED, moved(pull(number=2, open=False), "closed"), pushed("cart", A, 1))
    [decision] = decided(policy_read("schema: 1\nmode: enforce\n"), case=case)
    shown = (PublishGate(REPO.id, A), PublishComment(REPO.id, 1), PublishLabels(REPO.id, 1))
    assert decision.effects == (PublishPolicyCheck(REPO.id, "d" * 40), *shown)
    assert [note.kind for note in decision.notes] == ["policy"]


def test_reading_the_same_policy_again_only_says_when_it_was_read() -> None:
    case = with_policy("schema: 1\n", told(OPENED))
    [decision] = decided(policy_read("schema: 1\n", minute=70, sha="e" * 40), case=case)
    assert (decision.notes, decision.effects) == ((), ())
    assert decision.case.source is not None
    assert (decision.case.source.read_at, decision.case.source.sha) == (at(70), "e" * 40)


def test_a_policy_that_was_read_before_a_newer_one_changes_nothing() -> None:
    case = with_policy("schema: 1\n")
    assert decided(policy_read("schema: 1\nmode: observe\n", minute=20), case=case) == [Decision(case)]


def test_a_broken_policy_is_told_in_sentences() -> None:
    [decision] = decided(policy_read("schema: 1\nmode: sometimes\n"))
    [note] = decision.notes
    assert note.reason.endswith("mode: input should be 'enforce' or 'observe'")


def test_a_policy_of_an_empty_repository_has_no_commit_to_be_shown_on() -> None:
    assert decided(policy_read(None, sha=""))[0].effects == ()


def test_what_is_decided_rests_on_owners_that_were_read() -> None:
    source = PolicySource(REPO, "d" * 40, at(0), codeowners="* @grace\n")
    case = decided(OPENED)[-1].case
    drift = seen(A, job(says=DRIFT))
    decision = decide(case, drift, book(source=source), drift.received_at)
    assert [person.login for person in only(decision.case).owner.accountable.people] == ["grace"]


def installation(state: str, minute: float = 1) -> InstallationMoved:
    return InstallationMoved(installation_id=1, account="octo", state=state, cause="guid", received_at=at(minute))


def test_an_installation_is_what_it_was_last_said_to_be() -> None:
    for order in ((("active", 1), ("suspended", 2)), (("suspended", 2), ("active", 1))):
        case = decided(*(installation(state, minute) for state, minute in order))[-1].case
        assert case.installation == Installation(1, "octo", "suspended", at(2))


@pytest.mark.parametrize(("state", "effects"), [("active", ()), ("deleted", (ForgetInstallation(1),))])
def test_a_removed_installation_is_forgotten(state: str, effects: tuple[Effect, ...]) -> None:
    [decision] = decided(installation(state))
    assert decision.effects == effects
    assert [(note.subject, note.reason) for note in decision.notes] == [
        ("installation/1", f"The installation is {state}")
    ]


def test_a_renamed_repository_is_shown_by_its_new_name() -> None:
    renamed = replace(REPO, name="store")
    event = RepoMoved(repo=renamed, cause="guid", received_at=at(60))
    [decision] = decided(event, case=with_policy(None))
    assert decision.case.source is not None
    assert decision.case.source.repo == renamed
    assert decided(event) == [Decision(Case())]
