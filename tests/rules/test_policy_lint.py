from __future__ import annotations

import re

import pytest
from policies import builtin, layered, usable

from github_app.builtin import default_policy_text
from github_app.rules.policy import NEEDED
from github_app.rules.policy_file import BUILT_IN
from github_app.rules.policy_layers import resolve
from github_app.rules.policy_lint import findings, notes
from github_app.rules.policy_matrix import as_json, markdown, rules
from pytest_failure_review.report import Category

EVERY_ROLE = (
    "backend_dev", "frontend_dev", "qa_analyst", "database_specialist", "devops_specialist",
    "security_specialist", "domain_specialist", "senior_dev_triage",
)  # fmt: skip
COMPLETE = (
    "confirmed: [C01]\nfallback: {teams: [acme/all]}\nroles:\n"
    + "".join(f"  {role}: {{users: [ada]}}\n" for role in EVERY_ROLE)
)  # fmt: skip


def without(field: str, category: str) -> str:
    """The built-in matrix with one value of one category taken out, together with the line of its source."""
    lines: list[str] = []
    inside, cut = False, False
    for line in default_policy_text().splitlines():
        if re.fullmatch(r"  [a-z_.]+:", line):
            inside = line == f"  {category}:"
        if re.match(r" {0,4}\S", line):
            cut = inside and line.startswith(f"    {field}:")
        if not cut:
            lines.append(line)
    return "\n".join(lines)


@pytest.mark.requirement("S1-002")
def test_the_built_in_matrix_lacks_nothing() -> None:
    assert findings(layered(), builtin()) == ()


@pytest.mark.requirement("S1-002")
@pytest.mark.parametrize("field", NEEDED)
def test_a_value_taken_out_of_the_matrix_is_missed_with_its_line(field: str) -> None:
    file = usable(without(field, "generator_drift"), BUILT_IN)
    [problem] = findings(resolve(file), file)
    line = file.tree.value["categories"] and file.tree.places["categories", "generator_drift"].line
    assert (problem.line, problem.sentence) == (
        line,
        f"categories.generator_drift: no {field}, neither here nor in a category above",
    )


@pytest.mark.requirement("S1-002")
def test_a_category_taken_out_of_the_matrix_is_missed() -> None:
    file = usable(default_policy_text().replace("  unknown:\n", "  performance.unknown:\n"), BUILT_IN)
    [problem] = findings(resolve(file), file)
    assert problem.sentence.startswith("categories.unknown: no owner, sla, class, tier, override, why, neither here")
    assert problem.line == file.tree.places["categories",].line


@pytest.mark.requirement("S1-002")
def test_a_fallback_has_to_name_somebody() -> None:
    file = usable("\nfallback: {users: []}\n")
    [problem] = findings(resolve(builtin(), None, file), file)
    assert (problem.line, problem.sentence) == (2, "fallback: it names nobody; add users or teams, or leave it out")


def test_what_a_file_may_not_say_is_a_finding() -> None:
    file = usable("categories: {security.secret: {override: approval}}")
    assert [p.sentence for p in findings(resolve(builtin(), None, file), file)] == [
        "categories.security.secret.override: `never` cannot be loosened here"
    ]


def test_a_complete_file_leaves_nothing_to_note() -> None:
    assert notes(layered(COMPLETE)) == ()


def test_a_contradiction_of_the_decision_record_is_noted_until_it_is_confirmed() -> None:
    """C01."""
    note = (
        "C01: two lines of the decision record swap these targets; in force are infra.database 30 min, infra.runner 1 h"
    )
    assert any(text.startswith(note) for text in notes(layered()))
    assert not any("C01" in text for text in notes(layered("confirmed: [C01]")))


def test_a_target_of_none_is_noted_as_none() -> None:
    assert "infra.database none" in notes(layered("categories: {infra.database: {sla: none}}"))[0]


def test_roles_that_nobody_fills_are_noted() -> None:
    text = COMPLETE.replace("  qa_analyst: {users: [ada]}\n", "  qa_analyst: {slack: '#qa'}\n")
    text = text.replace("  backend_dev: {users: [ada]}\n", "")
    assert notes(layered(text)) == ("nobody is mapped to backend_dev, qa_analyst: add them under `roles`",)


def test_a_role_that_the_change_itself_fills_is_not_asked_for() -> None:
    assert notes(layered(COMPLETE.replace("roles:\n", "roles:\n  code_author: {}\n"))) == ()


def test_a_policy_without_a_fallback_says_who_stands_in() -> None:
    assert notes(layered(COMPLETE.replace("fallback: {teams: [acme/all]}\n", ""))) == (
        "no fallback: the `*` line of CODEOWNERS stands in, else the repository's admins",
    )


def test_a_role_that_no_category_asks_for_is_noted() -> None:
    assert notes(layered(COMPLETE + "  backend_devs: {users: [ada]}\n")) == (
        "roles.backend_devs: no category asks for this role",
    )


def test_a_value_that_reaches_no_category_is_noted() -> None:
    assert notes(layered(COMPLETE + "categories: {test: {owner: qa_analyst}}\n")) == (
        "test owner (.github/failure-review.yml line 12) reaches no category: each below it has its own",
    )


# --- the matrix ------------------------------------------------------------------------------------------------------


TABLE = """\
| Category | Accountable | Informed | Fix within | People hear of it | Override |
| --- | --- | --- | --- | --- | --- |
| `generator_drift` | backend_dev | frontend_dev | 2 h | immediate | never: drift indicates a real contract issue |
| `test.unit` | code_author | qa_analyst | 4 h | standard | hotfix: a failing test is a code quality issue |
| `test.integration` | backend_dev | qa_analyst | 8 h | standard | hotfix: a failing test is a code quality issue |
| `test.database` (simple) | database_specialist | qa_analyst | 4 h | standard | hotfix: a failing test is a code quality issue |
| `test.database` (complex) | database_specialist | qa_analyst | 8 h | standard | hotfix: a failing test is a code quality issue |
| `security.secret` | security_specialist | original_committer | 1 h | immediate | never: an exposed credential cannot be bypassed, it must be rotated |
| `security.vulnerability` (critical) | security_specialist | code_author | 24 h | immediate | never: a critical vulnerability is never waved through |
| `security.vulnerability` (high) | security_specialist | code_author | 24 h | standard | approval: the security team decides |
| `security.vulnerability` (medium) | security_specialist | code_author | 7 d | standard | approval: the security team decides |
| `security.vulnerability` (low) | security_specialist | code_author | no deadline | digest | approval: the security team decides |
| `infra.runner` | devops_specialist |  | 1 h | immediate | approval: when the root cause is identified and a fix is in progress |
| `infra.container` | devops_specialist |  | 1 h | standard | approval: when the root cause is identified and a fix is in progress |
| `infra.database` | devops_specialist | database_specialist | 30 min | immediate | approval: when the root cause is identified and a fix is in progress |
| `infra.network` | devops_specialist |  | 1 h | standard | approval: when the root cause is identified and a fix is in progress |
| `infra.test_environment` | devops_specialist |  | 1 h | standard | approval: when only the test environment is at fault and not the code |
| `build` | code_author |  | 2 h | standard | approval: rarely needed, most build failures are quick to fix |
| `build.compile` | code_author |  | 2 h | standard | approval: rarely needed, most build failures are quick to fix |
| `build.lint` | code_author |  | 2 h | standard | approval: rarely needed, most build failures are quick to fix |
| `build.dependencies` | code_author |  | 2 h | standard | approval: rarely needed, most build failures are quick to fix |
| `performance` (large) | domain_specialist |  | 24 h | standard | never: it is too large to be accepted without a fix |
| `performance` (small) | domain_specialist |  | 24 h | digest | approval: when the date of the fix is set |
| `unknown` | qa_analyst |  | 4 h | standard | approval: nobody knows yet what failed, so a person has to look |
"""  # noqa: E501  (rows of a table are as long as they are)


@pytest.mark.requirement("S1-178")
def test_the_matrix_as_a_table_has_a_row_for_every_category_and_case() -> None:
    assert markdown(layered()) == TABLE


def test_a_kind_stands_behind_its_category() -> None:
    policy = layered("categories: {build.compile.cpp: {sla: 1h}, test.unit.js: {sla: 1h}}")
    names = list(dict.fromkeys(rule.name for _, rule in rules(policy)))
    assert names[names.index("test.unit") + 1] == "test.unit.js"
    assert names[names.index("build.compile") + 1] == "build.compile.cpp"


@pytest.mark.requirement("S1-001")
@pytest.mark.requirement("S1-178")
def test_the_matrix_as_json_names_the_policy_and_every_category() -> None:
    said = as_json(layered())
    assert (said["name"], said["decided_on"], said["review_by"]) == (
        "CI failure escalation matrix",
        "2025-08-16",
        "2027-02-16",
    )
    assert {row["category"] for row in said["matrix"]} == set(Category)
    assert {row["case"] for row in said["matrix"]} >= {None, "critical", "complex", "large"}
