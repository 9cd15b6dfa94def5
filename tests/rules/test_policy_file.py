from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
from policies import BLOCK, layered, usable

from github_app.builtin import default_policy_text
from github_app.rules.policy import Policy
from github_app.rules.policy_aliases import ROUTES
from github_app.rules.policy_file import BUILT_IN, PolicyFile, parse
from github_app.rules.policy_layers import resolve
from github_app.rules.policy_schema import CATEGORY, ROLE, SHAPES, json_schema
from github_app.rules.policy_yaml import Problem, read
from pytest_failure_review.report import Category

NO_DURATION = "is no duration: write one such as 30m, 4h or 7d, at most 366d"
WORDS = st.sampled_from(
    [
        "categories",
        "build",
        "sla",
        "2h",
        "override",
        "never",
        "roles",
        "users",
        "mode",
        "gate",
        "&a",
        "*a",
        "!!x",
        "- ",
        ": ",
    ]
)


def problems_of(text: str) -> list[str]:
    found = parse(text)
    assert isinstance(found, tuple), found
    return [str(problem).removeprefix(".github/failure-review.yml ") for problem in found]


# --- any text --------------------------------------------------------------------------------------------------------


@settings(deadline=None)  # the machine may be busy; how long a hostile text takes has its own tests
@given(st.one_of(st.text(), st.lists(st.one_of(WORDS, st.text("\n {}[],:-#'\"|>%@`\\")), max_size=40).map("".join)))
@example("a: 2025-13-45")
@example("a: !!int x\nb: 0o9\nc: 1:99:99")
@example("\ud800")
@example("%YAML 9.9\n---\na")
@example("a: " + "9" * 5000)
@example("{? [a] : b}")
@example("<<: 1")
def test_no_text_makes_the_reader_raise(text: str) -> None:
    found = parse(text)
    assert isinstance(found, PolicyFile) or all(p.line >= 1 and p.column >= 1 and p.sentence for p in found)


@settings(deadline=None)
@given(
    st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["2h", "never", "none"])
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["categories", "build", "sla", "owner", "roles", "gate", "critical", "x", "tier"]),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=12,
    )
)
def test_no_structure_makes_the_reader_raise(value: Any) -> None:
    found = parse(yaml.safe_dump(value))
    policy = layered() if isinstance(found, tuple) else resolve(usable(default_policy_text(), BUILT_IN), None, found)
    assert isinstance(policy, Policy)


@settings(deadline=None)
@given(st.text())
def test_whatever_a_file_says_every_category_keeps_a_whole_rule(text: str) -> None:
    """X76: an unusable file leaves the policy that was in force."""
    found = parse(text)
    policy = layered() if isinstance(found, tuple) else resolve(usable(default_policy_text(), BUILT_IN), None, found)
    assert all(policy.rule_for(category).owners for category in Category)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}", "---\n...\n"])
def test_an_empty_file_is_a_policy_that_changes_nothing(text: str) -> None:
    assert layered(text).version == layered().version


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x [1]\nb: *x\n", "line 2, column 4: aliases (`*name`) are not allowed here: write the value out"),
        ("a: " + "[" * 20, "line 1, column 15: nested deeper than 12 levels"),
        ("mode: observe\nmode: enforce\n", "line 2, column 1: `mode` stands here twice"),
        ("? [a]\n: b\n", "line 1, column 3: a key must be a word"),
        ("a: !!binary aGk=\n", "line 1, column 4: the tag `tag:yaml.org,2002:binary` is not allowed here"),
        ("mode: enforce\na: [1", "line 2, column 6: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("mode: enforce\n\x07", "line 2, column 1: a character that YAML does not allow"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: not YAML: but found another document"),
        ("#" * 65_537, "line 1, column 1: the file is larger than 64 KB"),
        ("- a", "line 1, column 1: the file: a mapping (`key: value`) belongs here"),
    ],
)
def test_an_unreadable_file_is_one_sentence_with_its_place(text: str, sentence: str) -> None:
    assert problems_of(text) == [sentence]


def test_a_billion_laughs_are_refused_at_once() -> None:
    """T18."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    started = time.process_time()
    assert "aliases" in problems_of("\n".join(lines))[0]
    assert time.process_time() - started < 1


@pytest.mark.parametrize("bracket", ["[", "{", "- ", "? ", "{a: "])
def test_a_deep_text_is_refused_at_once(bracket: str) -> None:
    """T18."""
    started = time.process_time()
    assert len(problems_of((bracket * 60_000)[: 64 * 1024])) == 1
    assert time.process_time() - started < 2


def test_the_largest_file_is_read_within_seconds() -> None:
    text = "components:\n" + "".join(f"  bench-{n}: backend_dev\n" for n in range(2500))
    assert 60_000 < len(text) < 64 * 1024
    started = time.process_time()
    assert isinstance(parse(text), PolicyFile)
    assert time.process_time() - started < 5


# --- what is wrong, and where ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("moode: observe\n", "line 1, column 1: `moode` is not a key here; did you mean `mode`?"),
        ("weather: fine\n", "line 1, column 1: `weather` is not a key here"),
        ("mode: maybe\n", "line 1, column 1: mode: input should be 'enforce' or 'observe'"),
        (
            "categories:\n  build:\n    sla: 2 hours\n",
            f"line 3, column 5: categories.build.sla: `2 hours` {NO_DURATION}",
        ),
        (
            "categories:\n  build:\n    sla: 400d\n",
            f"line 3, column 5: categories.build.sla: `400d` {NO_DURATION}",
        ),
        ("gate: {settle: 5}\n", "line 1, column 8: gate.settle: write a duration such as 30m, 4h or 7d"),
        (
            "categories:\n  build: {override: sometimes}\n",
            "line 2, column 11: categories.build.override: input should be 'never', 'approval' or 'hotfix'",
        ),
        ("categories: {build: 3}\n", "line 1, column 14: categories.build: a mapping (`key: value`) belongs here"),
        (
            "roles:\n  backend_dev:\n    users: [a b]\n",
            "line 3, column 13: roles.backend_dev.users.0: this is no GitHub login",
        ),
        ("roles:\n  Backend Dev: {}\n", f"line 2, column 3: roles.Backend Dev: {SHAPES[ROLE]}"),
        ("fallback: {teams: [core]}\n", "line 1, column 20: fallback.teams.0: a team is written as organisation/team"),
        ("retention_days: 0\n", "line 1, column 1: retention_days: input should be greater than or equal to 1"),
        ("schema: 2\n", "line 1, column 1: schema: input should be 1"),
    ],
)
def test_a_mistake_is_a_sentence_with_its_place(text: str, sentence: str) -> None:
    assert problems_of(text) == [sentence]


def test_every_mistake_is_told_at_once_in_the_order_of_the_file() -> None:
    assert [line.split(":")[0] for line in problems_of("mode: x\nretention_days: y\nfoo: z\n")] == [
        "line 1, column 1",
        "line 2, column 1",
        "line 3, column 1",
    ]


def test_an_unknown_category_is_told_with_those_that_exist() -> None:
    [sentence] = problems_of("categories:\n  biuld: {sla: 1h}\n")
    assert sentence.startswith(
        "line 2, column 3: categories.biuld: no such category; use one of test, security, infra,"
    )


def test_a_kind_below_a_category_is_no_unknown_category() -> None:
    assert isinstance(parse("categories: {build.compile.cpp: {sla: 1h}}"), PolicyFile)


@pytest.mark.parametrize("text", ["owner: 'backend_dev, qa_analyst'", "owner: [backend_dev, qa_analyst]"])
def test_roles_are_a_list_or_words_with_commas(text: str) -> None:
    assert layered(f"categories: {{build: {{{text}}}}}").rule_for("build").owners == ("backend_dev", "qa_analyst")


def test_logins_and_teams_may_be_written_with_an_at_sign() -> None:
    holders = layered("roles: {backend_dev: {users: ['@ada'], teams: ['@org/api']}}").roles["backend_dev"]
    assert (holders.users, holders.teams) == (("ada",), ("org/api",))


def test_a_role_says_where_it_is_spoken_to() -> None:
    holders = layered("roles: {qa_analyst: {slack: '#qa', linear_team: QA}}").roles["qa_analyst"]
    assert (holders.slack, holders.linear_team, holders.empty) == ("#qa", "QA", True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes", True),
        ("a: off", False),
        ("a: 12", 12),
        ("a: -1.5", -1.5),
        ("a: 1:30", "1:30"),
        ("a: 0x1f", "0x1f"),
        ("a: .inf", ".inf"),
        ("a: 1e5", "1e5"),
        ("a: 2025-08-16", "2025-08-16"),
        ("a:", None),
        ("a: !!bool perhaps", "perhaps"),
    ],
)
def test_only_what_everybody_reads_alike_is_no_text(text: str, value: object) -> None:
    tree = read(text)
    assert not isinstance(tree, Problem)
    assert tree.value == {"a": value}


@pytest.mark.requirement("S1-192")
def test_a_runbook_is_a_link() -> None:
    policy = layered("categories: {build: {runbook: 'https://wiki.example.com/build'}}")
    assert policy.rule_for("build.lint").runbook == "https://wiki.example.com/build"
    assert (
        "runbook: a link starts with https:// and has no spaces"
        in problems_of("categories: {build: {runbook: 'javascript:x'}}")[0]
    )


# --- the decision record's own blocks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "requirement", [pytest.param(f"S1-{n:03}", marks=pytest.mark.requirement(f"S1-{n:03}")) for n in range(80, 89)]
)
def test_the_block_of_the_decision_record_parses_as_it_stands(requirement: str) -> None:
    """Each line of the block is one requirement."""
    block = usable(BLOCK).document.failure_detection
    assert block is not None
    assert block.categorization == [
        {"generator_drift": ["backend_dev", "frontend_dev"]},
        {"security_scan": ["security_specialist"]},
        {"test_failure": ["code_author", "qa_analyst"]},
        {"infrastructure": ["devops_specialist"]},
        {"build_error": ["code_author"]},
        {"performance": ["domain_specialist"]},
    ]
    assert block.notification_routing.immediate == ["security_secrets", "infrastructure_critical", "generator_drift"]
    assert block.notification_routing.standard == ["test_failures", "build_errors", "security_standard"]
    assert block.notification_routing.investigation == ["performance_regression", "complex_integration"]


@pytest.mark.requirement("S1-082")
def test_the_block_agrees_with_the_built_in_matrix() -> None:
    """C04, C05, C14: every rule stays as it is."""
    policy, matrix = layered(BLOCK), layered()
    assert policy.problems == ()
    for category in Category:
        for case in matrix.cases_of(category):
            cases = (case,) if case else ()
            theirs, ours = policy.rule_in(category, cases), matrix.rule_in(category, cases)
            assert (theirs.owners, theirs.informed, theirs.tier) == (ours.owners, ours.informed, ours.tier)
            assert (theirs.sla_class, theirs.sla_s) == (ours.sla_class, ours.sla_s)


@pytest.mark.parametrize(
    ("line", "category", "expected"),
    [
        pytest.param("build_error: platform", "build.lint", ("platform",), marks=pytest.mark.requirement("S1-084")),
        pytest.param("generator_drift: a, b", "generator_drift", ("a", "b"), marks=pytest.mark.requirement("S1-080")),
        pytest.param("performance: speed", "performance", ("speed",), marks=pytest.mark.requirement("S1-085")),
        pytest.param("infrastructure: sre", "infra.network", ("sre",), marks=pytest.mark.requirement("S1-083")),
        pytest.param("infrastructure: sre", "infra.runner", ("devops_specialist",)),
        pytest.param("test_failure: anybody", "test.unit", ("code_author",), marks=pytest.mark.requirement("S1-082")),
        pytest.param("security_scan: a", "security.secret", ("security_specialist", "original_committer"),
                     marks=pytest.mark.requirement("S1-081")),
    ],
)  # fmt: skip
def test_a_domain_speaks_for_what_no_entry_names(line: str, category: str, expected: tuple[str, ...]) -> None:
    """C14: the matrix wins over the list of a domain."""
    policy = layered(f"failure_detection:\n  categorization:\n    - {line}\n")
    assert policy.rule_for(category).owners == expected


def test_a_value_out_of_the_block_names_its_line() -> None:
    policy = layered("failure_detection:\n  categorization:\n    - build_error: platform\n")
    assert policy.rule_for("build").provenance["owner"] == ".github/failure-review.yml line 3"


@pytest.mark.requirement("S1-086")
def test_a_routing_name_means_categories_and_cases() -> None:
    policy = layered("failure_detection: {notification_routing: {immediate: [test_failures, security_standard]}}")
    tiers = {
        case: policy.rule_in("security.vulnerability", (case,)).tier for case in ("critical", "high", "medium", "low")
    }
    assert tiers == {"critical": "immediate", "high": "immediate", "medium": "immediate", "low": "digest"}
    assert policy.rule_for("test.unit").tier == "immediate"


@pytest.mark.requirement("S1-088")
def test_investigation_is_the_standard_tier_with_a_complex_deadline() -> None:
    policy = layered("failure_detection: {notification_routing: {investigation: [build_errors]}}")
    rule = policy.rule_for("build")
    assert (rule.tier, rule.sla_class) == ("standard", "complex")


def test_a_file_s_own_entry_wins_over_its_block() -> None:
    policy = layered(
        "categories: {build: {owner: a}}\nfailure_detection: {categorization: [{build_error: b}]}\n",
    )
    assert policy.rule_for("build").owners == ("a",)


def test_an_unknown_routing_name_is_told() -> None:
    [sentence] = problems_of("failure_detection:\n  notification_routing:\n    immediate: [everything]\n")
    assert sentence.startswith("line 3, column 17: failure_detection.notification_routing.immediate.0: input should be")


# --- for editors -----------------------------------------------------------------------------------------------------


def test_the_json_schema_accepts_what_the_reader_accepts() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    editor = Draft202012Validator(schema)
    for text in (default_policy_text(), BLOCK, "mode: observe\nroles: {qa_analyst: {users: [ada]}}\n"):
        tree = read(text)
        assert not isinstance(tree, Problem)
        assert [error.message for error in editor.iter_errors(tree.value)] == []


@pytest.mark.parametrize("text", ["moode: x", "categories: {build: {sla: 2 hours}}", "mode: maybe"])
def test_the_json_schema_refuses_what_the_reader_refuses(text: str) -> None:
    tree = read(text)
    assert not isinstance(tree, Problem)
    assert not Draft202012Validator(json_schema()).is_valid(tree.value)


def test_every_pattern_has_words_for_who_does_not_meet_it() -> None:
    patterns = set(re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps(json_schema())))
    durations = {pattern for pattern in patterns if "[mhd]" in pattern}
    assert {json.loads(pattern) for pattern in patterns - durations} == set(SHAPES) - {CATEGORY}
    assert "a category is words with dots" in problems_of("categories: {Build: {sla: 1h}}")[0]


@pytest.mark.requirement("S1-086")
def test_what_each_routing_name_means_is_told_to_editors() -> None:
    words = json_schema()["$defs"]["RoutingEntry"]["description"]
    for name, targets in ROUTES.items():
        assert name in words or name == "generator_drift"
        assert all(f"`{category}`" in words for category, _ in targets if category != "generator_drift")
