from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from policies import layered

from github_app.rules.model import (
    Annotation,
    Evidence,
    Hand,
    Job,
    Person,
    Pull,
    Repo,
    ReportedFailure,
    Source,
    TestReport,
)
from github_app.rules.ownership import Facts, failing_paths, hands_of, owner_from
from github_app.rules.policy import Policy
from github_app.rules.records import Ref
from github_app.rules.roster import Absent, Roster, notices
from github_app.rules.verdicts import Owner, Party
from pytest_failure_review.report import Category, Severity

T0 = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ADA = Person(1, "ada")
EVE = Person(3, "eve")
BOT = Person(2, "renovate[bot]", human=False)
REPO = Repo(10, 20, "acme", "shop")
JOB = Job(30, Source.ACTIONS, "github-actions", "unit", "completed", "failure")
ROLES = """
roles:
  backend_dev: {users: [bea], teams: [acme/backend]}
  frontend_dev: {teams: [acme/web]}
  qa_analyst: {users: [quinn]}
  database_specialist: {users: [dan]}
  devops_specialist: {teams: [acme/ops]}
  security_specialist: {teams: [acme/sec]}
  domain_specialist: {users: [dom]}
fallback: {teams: [acme/everyone]}
"""


def party(role: str, *names: str, note: str = "") -> Party:
    people = tuple(Person(0, name) for name in names if "/" not in name)
    return Party(role, people, tuple(name for name in names if "/" in name), note)


def decided(
    category: str = "test.unit",
    policy: Policy | None = None,
    facts: Facts | None = None,
    benchmark: str = "",
    severity: Severity | None = None,
) -> Owner:
    policy = policy or layered(ROLES)
    facts = facts or Facts(hands=(Hand(ADA, "opened pull request #12"),))
    facts = replace(facts, benchmark=benchmark)
    return owner_from(facts, policy.rule_for(category, severity=severity), policy)


# --- roles -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S1-005")
@pytest.mark.requirement("S1-006")
def test_drift_is_the_backend_s_and_the_frontend_is_told() -> None:
    """C24."""
    assert decided("generator_drift") == Owner(
        accountable=party("backend_dev", "bea", "acme/backend"),
        informed=(party("frontend_dev", "acme/web"),),
        steps=("backend_dev: roles.backend_dev names bea, acme/backend",),
    )


@pytest.mark.requirement("S1-012")
def test_an_integration_test_is_the_backend_s_and_qa_is_told() -> None:
    owner = decided("test.integration")
    assert owner.accountable.role == "backend_dev"
    assert owner.informed == (party("qa_analyst", "quinn"),)


@pytest.mark.requirement("S1-020")
def test_database_connectivity_is_operations_and_the_database_specialist_is_told() -> None:
    """C15."""
    owner = decided("infra.database")
    assert owner.accountable == party("devops_specialist", "acme/ops")
    assert owner.informed == (party("database_specialist", "dan"),)


@pytest.mark.requirement("S1-016")
def test_a_vulnerability_is_the_security_specialist_s_and_the_author_is_told() -> None:
    owner = decided("security.vulnerability", severity=Severity.HIGH)
    assert owner.accountable == party("security_specialist", "acme/sec")
    assert owner.informed == (Party("code_author", (ADA,)),)


@pytest.mark.requirement("S1-017")
def test_a_secret_is_the_security_specialist_s_and_its_committer_is_told() -> None:
    assert decided("security.secret").informed == (Party("original_committer", (ADA,), private=True),)


@pytest.mark.requirement("S1-017")
def test_the_committer_of_a_secret_is_whoever_wrote_its_line_and_is_named_in_private_alone() -> None:
    facts = Facts(
        hands=(Hand(ADA, "opened pull request #12"),),
        committers=(Hand(BOT, "wrote line 3 of a.env in commit 1234567"), Hand(EVE, "wrote b.env in commit abc1234")),
    )
    owner = decided("security.secret", facts=facts)
    [told] = owner.informed
    assert (told.people, told.private, told.names) == ((EVE,), True, ("the committer (told privately)",))
    assert told.public == Party("original_committer", private=True)
    assert owner.steps == ("security_specialist: roles.security_specialist names acme/sec",)
    assert owner.private_steps[-1] == "original_committer: eve wrote b.env in commit abc1234"


def test_a_committer_who_is_accountable_by_a_repository_s_policy_is_not_named_either() -> None:
    policy = layered("categories: {security.secret: {owner: original_committer}}")
    owner = decided("security.secret", policy)
    assert owner.accountable.names == ("the committer (told privately)",)
    assert not any("ada" in step for step in owner.steps)


@pytest.mark.parametrize("category", ["test.unit", "test.integration", "test.database"])
def test_qa_is_told_of_every_test_failure(category: str) -> None:
    """C14."""
    assert party("qa_analyst", "quinn") in decided(category).informed


def test_qa_is_told_even_when_a_repository_gives_the_test_to_somebody_else() -> None:
    policy = layered(ROLES + "categories: {test.unit: {owner: frontend_dev}}")
    owner = decided("test.unit", policy)
    assert (owner.accountable.role, owner.informed) == ("frontend_dev", (party("qa_analyst", "quinn"),))


def test_nobody_is_told_of_what_they_are_accountable_for() -> None:
    policy = layered("roles: {qa_analyst: {users: [quinn]}, backend_dev: {users: [quinn]}}")
    assert decided("test.integration", policy).informed == ()


# --- the code's author -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("S1-011")
def test_a_unit_test_is_its_human_author_s() -> None:
    """C52."""
    owner = decided("test.unit")
    assert owner.accountable == Party("code_author", (ADA,))
    assert owner.steps == ("code_author: ada opened pull request #12",)


def test_a_bot_s_change_is_the_next_human_s_who_had_a_hand_in_it() -> None:
    owner = decided(facts=Facts(hands=(Hand(BOT, "opened pull request #12"), Hand(ADA, "merged it"))))
    assert owner.accountable == Party("code_author", (ADA,))
    assert owner.steps == (
        "code_author: renovate[bot], who opened pull request #12, is a bot",
        "code_author: ada merged it",
    )


def test_a_change_of_bots_alone_is_the_failing_file_s_owner_s() -> None:
    facts = Facts(
        (Hand(BOT, "opened pull request #12"),), paths=("src/a.py",), codeowners="* @zoe\n/src/ @acme/core @max\n"
    )
    owner = decided(facts=facts)
    assert owner.accountable == party("code_author", "max", "acme/core", note="owns src/a.py")
    assert owner.steps[1:] == ("code_author: CODEOWNERS line 2 (`/src/`) names max, acme/core for src/a.py",)


def test_a_change_that_nobody_can_be_found_for_is_the_fallback_s() -> None:
    facts = Facts(paths=("docs/x.md",), codeowners="/src/ @max\n/docs/\n")
    owner = decided(facts=facts)
    assert owner.accountable == party("code_author", "acme/everyone", note="no human author was found")
    assert owner.steps == (
        "code_author: no pull request and no commit says who wrote the change",
        "code_author: CODEOWNERS names nobody for docs/x.md",
        "fallback: the policy names acme/everyone",
    )


@pytest.mark.parametrize(
    ("person", "step"),
    [
        (Person(10137, "ghost"), "the account that wrote commit abc1234 was deleted"),
        (Person(0, "", human=False), "whoever wrote commit abc1234 has no account on GitHub"),
    ],
)
def test_whoever_cannot_answer_any_more_is_passed_over_with_a_sentence(person: Person, step: str) -> None:
    """C52."""
    owner = decided(facts=Facts((Hand(person, "wrote commit abc1234"), Hand(ADA, "merged it"))))
    assert owner.accountable == Party("code_author", (ADA,))
    assert owner.steps[0] == f"code_author: {step}"


@pytest.mark.requirement("S1-022")
@pytest.mark.parametrize("category", ["build", "build.compile", "build.lint", "build.dependencies"])
def test_a_build_is_the_author_s_of_the_commit_that_broke_it_whoever_opened_the_pull_request(category: str) -> None:
    opened, broke = Hand(ADA, "opened pull request #12"), Hand(EVE, "wrote commit abc1234")
    owner = decided(category, facts=Facts((opened,), (broke,), "abc1234" + "0" * 33))
    assert owner.accountable == Party("code_author", (EVE,))
    assert owner.steps == (
        "code_author: the first red commit since the last green one is abc1234",
        "code_author: eve wrote commit abc1234",
    )


@pytest.mark.requirement("S1-011")
def test_a_unit_test_is_the_pull_request_author_s_whoever_wrote_the_commit() -> None:
    """C52."""
    facts = Facts((Hand(ADA, "opened pull request #12"),), (Hand(EVE, "wrote commit abc1234"),), "abc1234")
    assert decided(facts=facts).accountable == Party("code_author", (ADA,))


# --- nobody mapped ---------------------------------------------------------------------------------------------------

UNMAPPED = "nobody is mapped to backend_dev: add roles.backend_dev"


def test_an_unmapped_role_falls_to_the_policy_s_fallback_first() -> None:
    owner = decided("generator_drift", layered("fallback: {users: [zoe]}"), Facts(codeowners="* @max"))
    assert owner.accountable == party("backend_dev", "zoe", note=UNMAPPED)
    assert owner.steps == (f"backend_dev: {UNMAPPED}", "fallback: the policy names zoe")


def test_an_unmapped_role_falls_to_the_catch_all_line_of_codeowners() -> None:
    owner = decided("generator_drift", layered(), Facts(codeowners="# all\n* @max @acme/all\n*.md @docs\n"))
    assert owner.accountable == party("backend_dev", "max", "acme/all", note=UNMAPPED)
    assert owner.steps[-1] == "fallback: CODEOWNERS line 2 (`*`) names max, acme/all"


@pytest.mark.parametrize("codeowners", [None, "", "/src/ @max", "*", "* someone@example.com"])
def test_an_unmapped_role_falls_to_the_admins_at_last(codeowners: str | None) -> None:
    owner = decided("generator_drift", layered(), Facts(codeowners=codeowners, admins=(BOT, ADA)))
    assert owner.accountable == Party("backend_dev", (ADA,), note=UNMAPPED)
    assert owner.steps[1:] == (
        "fallback: the policy names nobody",
        "fallback: CODEOWNERS has no `*` line that names anybody",
        "fallback: the repository's admins, ada",
    )


def test_with_nobody_at_all_the_role_itself_stands_there_with_what_to_do() -> None:
    owner = decided("generator_drift", layered(), Facts())
    assert owner.accountable == Party("backend_dev", note=UNMAPPED)
    assert owner.steps[-1] == "fallback: no admin of the repository is known"


def test_a_role_that_is_mapped_to_nobody_falls_through_at_once() -> None:
    policy = layered("roles: {backend_dev: {slack: '#backend'}}")
    assert decided("generator_drift", policy, Facts(admins=(ADA,))).accountable.note == UNMAPPED


def test_nobody_stands_in_for_somebody_who_is_only_told() -> None:
    owner = decided("generator_drift", layered("roles: {backend_dev: {users: [bea]}}\nfallback: {users: [zoe]}"))
    assert owner.informed == (Party("frontend_dev", note="nobody is mapped to frontend_dev: add roles.frontend_dev"),)


# --- people who left -------------------------------------------------------------------------------------------------

GONE = Roster(
    people=(Person(70, "bea"),),
    absent=(Absent("alice", "has no access any more"), Absent("acme/old", "has no members")),
    unknown_owners=(Absent("max", "GitHub does not know as an owner"),),
)


def test_whoever_left_is_passed_over_and_who_is_still_there_answers() -> None:
    policy = layered("roles: {backend_dev: {users: [Alice, bea], teams: [acme/old]}}")
    owner = decided("generator_drift", policy, Facts(roster=GONE))
    assert owner.accountable == Party("backend_dev", (Person(70, "bea"),))
    assert owner.steps == (
        "backend_dev: roles.backend_dev names alice, who has no access any more",
        "backend_dev: roles.backend_dev names team acme/old, which has no members",
        "backend_dev: roles.backend_dev names bea",
    )


def test_a_role_that_everybody_left_falls_through_at_once_and_says_so() -> None:
    policy = layered("roles: {backend_dev: {users: [alice]}}\nfallback: {teams: [acme/old], users: [zoe]}")
    owner = decided("generator_drift", policy, Facts(roster=GONE))
    note = "nobody of roles.backend_dev is left: alice, who has no access any more"
    assert owner.accountable == party("backend_dev", "zoe", note=note)
    assert owner.steps[1:] == (
        "fallback: the policy names team acme/old, which has no members",
        "fallback: the policy names zoe",
    )


def test_an_owner_whom_github_does_not_know_owns_no_file() -> None:
    facts = Facts(paths=("src/a.py",), codeowners="* @zoe @max\n/src/ @max", roster=GONE)
    owner = decided("test.unit", layered(), facts)
    assert owner.accountable == party("code_author", "zoe", note="no human author was found")
    assert owner.steps[1] == "code_author: CODEOWNERS line 2 (`/src/`) names max, who GitHub does not know as an owner"


def test_an_author_who_left_does_not_answer() -> None:
    facts = Facts((Hand(Person(5, "alice"), "opened pull request #12"),), admins=(ADA,), roster=GONE)
    owner = decided("test.unit", layered(), facts)
    assert owner.accountable.people == (ADA,)
    assert owner.steps[0] == "code_author: alice, who opened pull request #12, has no access any more"


def test_whoever_keeps_the_policy_is_told_who_left() -> None:
    policy = layered("roles: {backend_dev: {users: [alice], teams: [acme/x]}}\nfallback: {teams: [acme/old]}")
    assert notices(policy, replace(GONE, unsure=("acme/x", "acme/y"))) == (
        "roles.backend_dev names alice, who has no access any more",
        "fallback names team acme/old, which has no members",
        "GitHub does not tell whether acme/x can still answer; whoever is not known to be gone counts",
    )


# --- components and integration --------------------------------------------------------------------------------------

COMPONENTS = "components: {'checkout_*': backend_dev, 'web/*': frontend_dev}"


@pytest.mark.requirement("S1-026")
@pytest.mark.parametrize(
    ("benchmark", "paths", "role", "step"),
    [
        ("checkout_total", (), "backend_dev", "components: `checkout_*` belongs to backend_dev"),
        ("", ("web/bench/list.ts",), "frontend_dev", "components: `web/*` belongs to frontend_dev"),
    ],
)
def test_a_regression_is_its_component_s(benchmark: str, paths: tuple[str, ...], role: str, step: str) -> None:
    owner = decided("performance", layered(ROLES + COMPONENTS), Facts(paths=paths), benchmark)
    assert (owner.accountable.role, owner.steps[0]) == (role, step)


@pytest.mark.requirement("S1-026")
@pytest.mark.parametrize(("benchmark", "what"), [("login", "login"), ("", "what got slower")])
def test_a_regression_of_no_component_is_the_domain_specialist_s_and_a_gap(benchmark: str, what: str) -> None:
    owner = decided("performance", layered(ROLES + COMPONENTS), Facts(), benchmark)
    gap = f"ownership gap: no entry of components names {what}"
    assert owner.accountable == party("domain_specialist", "dom", note=gap)
    assert owner.steps[0] == gap


def test_a_gap_and_an_unmapped_role_are_both_told() -> None:
    owner = decided("performance", layered(), Facts(admins=(ADA,)), "login")
    assert owner.accountable.note == (
        "ownership gap: no entry of components names login;"
        " nobody is mapped to domain_specialist: add roles.domain_specialist"
    )


def test_the_owners_of_the_failing_file_are_told_of_an_integration_test() -> None:
    """C53."""
    facts = Facts(paths=("web/a.ts", "web/b.ts", "lib/c.ts"), codeowners="/web/ @acme/web\n/lib/\n")
    informed = decided("test.integration", facts=facts).informed
    assert informed[1:] == (party("codeowners", "acme/web", note="CODEOWNERS line 1 (`/web/`)"),)


@pytest.mark.requirement("S1-128")
def test_the_owners_of_the_weak_file_are_told_of_a_vulnerability() -> None:
    facts = Facts(paths=("web/a.ts",), codeowners="/web/ @acme/web")
    informed = decided("security.vulnerability", facts=facts).informed
    assert informed[-1] == party("codeowners", "acme/web", note="CODEOWNERS line 1 (`/web/`)")


# --- what it is asked with -------------------------------------------------------------------------------------------


def pull(author: Person, **more: Any) -> Pull:
    told = {"open": True, "merged": False, "draft": False, "updated_at": T0, **more}
    return Pull(12, "Change", "a" * 40, "topic", 10, "main", 10, author, **told)


def test_a_pull_request_is_answered_for_by_whoever_opened_it_then_its_assignees_then_its_merger() -> None:
    """C52."""
    told = pull(BOT, assignees=(EVE, ADA), merged_by=ADA)
    assert [(hand.person, hand.deed) for hand in hands_of(Ref(REPO, "pull/12", "a" * 40, T0, pull=told))] == [
        (BOT, "opened pull request #12"),
        (EVE, "is assigned to pull request #12"),
        (ADA, "is assigned to pull request #12"),
        (ADA, "merged pull request #12"),
    ]


def test_a_branch_has_no_hands_but_its_commits_have() -> None:
    assert hands_of(Ref(REPO, "branch/main", "a" * 40, T0)) == ()


def test_failing_files_are_those_that_report_and_annotations_point_at() -> None:
    """GitHub's own annotation of a failed job points at `.github`, which is no file."""
    annotations = tuple(Annotation(path, 1, "failure", "x") for path in (".github", "b.py", "a.py", ""))
    failure = ReportedFailure("t::a", "call", "failed", Category.TEST_UNIT, "r", 0.9, "no", path="a.py")
    report = TestReport(complete=True, failures=(failure,), total=1, trusted=True)
    evidence = Evidence(annotations=annotations, report=report)
    job = Job(1, Source.ACTIONS, "x", "unit", "completed", evidence=evidence)
    assert failing_paths(job) == ("a.py", "b.py")
    assert failing_paths(JOB) == ()
