"""A policy file may add signatures: they fill gaps and may raise a verdict, never lower one."""

from __future__ import annotations

import pytest

from github_app import builtin
from github_app.rules.categorise import categorise
from github_app.rules.model import Evidence, Excerpt, Job, Source
from github_app.rules.overrides import rule_in_force
from github_app.rules.policy import Policy
from github_app.rules.policy_file import ORGANISATION, PolicyFile, parse
from github_app.rules.policy_layers import resolve
from github_app.rules.results.values import FailedTest, FileKind, FileReport
from github_app.rules.signatures import Signatures
from github_app.rules.verdicts import Verdict
from pytest_failure_review.report import Category

VPN = """\
schema: 1
signatures:
  - id: office-vpn
    category: infra.network
    pattern: 'tunnel (\\w+) is down'
    unless: rehearsal
    description: the way into the office is closed.
    causes: The tunnel was restarted.
    advice: [Run the job again.]
    matches: tunnel seven is down
    not_matches: [rehearsal tunnel seven is down]
"""
LINE = "tunnel seven is down"


def file_of(text: str, origin: str = ".github/failure-review.yml") -> PolicyFile:
    read = parse(text, origin)
    assert isinstance(read, PolicyFile)
    return read


def policy(text: str, org: str | None = None) -> Policy:
    shipped = file_of(builtin.default_policy_text())
    return resolve(shipped, file_of(org, ORGANISATION) if org else None, file_of(text))


def judged(signatures: Signatures, *lines: str) -> Verdict:
    evidence = Evidence(excerpts=(Excerpt(1, lines, "last lines"),))
    job = Job(1, Source.ACTIONS, "github-actions", "job", "completed", "failure", evidence=evidence)
    return categorise(job, signatures)


def own(text: str = VPN) -> Signatures:
    return builtin.signatures().under(policy(text).signatures)


def test_an_own_signature_fills_a_gap_and_explains_itself() -> None:
    verdict = judged(own(), LINE)
    assert (verdict.category, verdict.rule) == (Category.INFRA_NETWORK, "own-office-vpn")
    assert verdict.reason == "The log says `tunnel seven is down` (line 1): the way into the office is closed."
    assert (verdict.causes, verdict.advice) == (("The tunnel was restarted.",), ("Run the job again.",))


def test_what_it_excepts_does_not_count() -> None:
    assert judged(own(), f"rehearsal {LINE}").rule == "none:no_match"


@pytest.mark.parametrize(
    ("shipped", "category"),
    [
        ("3:15PM WRN leaks found: 2", Category.SECURITY_SECRET),
        ("error: 2 vulnerabilities found!", Category.SECURITY_VULNERABILITY),
        ("Generated client is out of date", Category.GENERATOR_DRIFT),
        ("FAILED tests/test_cart.py::test_total - assert 3 == 4", Category.TEST_UNIT),
    ],
)
def test_it_never_lowers_what_the_shipped_rules_find(shipped: str, category: Category) -> None:
    verdict = judged(own(), LINE, shipped)
    assert verdict.category is category


def test_what_it_may_not_lower_it_still_is_told_beside() -> None:
    verdict = judged(own(), LINE, "FAILED tests/test_cart.py::test_total - assert 3 == 4")
    assert verdict.runner_up == "infra.network, by rule `own-office-vpn`"


def filed(signatures: Signatures, message: str, *lines: str) -> Verdict:
    tests = FileReport("JUnit XML", FileKind.TESTS, "junit.xml", (FailedTest("a::b", message),), total=1, failed=1)
    evidence = Evidence(excerpts=(Excerpt(1, lines, "last lines"),) if lines else (), files=(tests,))
    return categorise(
        Job(1, Source.ACTIONS, "github-actions", "job", "completed", "failure", evidence=evidence), signatures
    )


def test_in_the_message_of_a_test_it_never_lowers_what_the_shipped_rules_find() -> None:
    """T15: neither in that message nor in the log."""
    assert filed(own(), LINE).category is Category.INFRA_NETWORK
    assert filed(own(), f"{LINE}\nGenerated client is out of date").category is Category.GENERATOR_DRIFT
    assert filed(own(), LINE, "FAILED tests/test_cart.py::test_total - x").category is Category.TEST_UNIT
    assert filed(own(), LINE, "error: 2 vulnerabilities found!").category is Category.SECURITY_VULNERABILITY


@pytest.mark.parametrize(
    ("shipped", "category", "extra"),
    [
        ("FAILED tests/test_cart.py::test_total - assert 3 == 4", "test.unit", "subcategory: soft"),
        ("Generated client is out of date", "generator_drift", "subcategory: soft"),
        ("3:15PM WRN leaks found: 2", "security.secret", "subcategory: soft\n    severity: critical"),
        ("error: 2 vulnerabilities found!", "security.vulnerability", "severity: low"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_of_the_same_category_the_shipped_rule_says_the_kind_and_how_severe_it_is(
    shipped: str, category: str, extra: str, *, first: bool
) -> None:
    """T15: else a line that the policy knows would turn any such failure into a kind that may wait."""
    text = VPN.replace("infra.network", category).replace("    causes", f"    {extra}\n    causes")
    text += f"categories:\n  {category}.soft: {{override: approval, sla: 30d}}\n"
    if category.startswith("security."):
        text = text[: text.index("categories:")]
    alone, beside = judged(own(text), shipped), judged(own(text), *((LINE, shipped) if first else (shipped, LINE)))
    assert (beside.category, beside.subcategory, beside.severity) == (
        alone.category,
        alone.subcategory,
        alone.severity,
    )
    rules = [rule_in_force(verdict, policy(text)) for verdict in (alone, beside)]
    assert (rules[1].sla_s, rules[1].permission) == (rules[0].sla_s, rules[0].permission)


def test_it_may_raise_a_verdict() -> None:
    raised = own(VPN.replace("infra.network", "security.secret"))
    assert judged(raised, "FAILED tests/test_cart.py::test_total - x", LINE).category is Category.SECURITY_SECRET


def test_the_organisation_and_the_repository_both_add() -> None:
    both = policy(VPN, VPN.replace("office-vpn", "bastion"))
    assert [signature.id for signature in both.signatures] == ["own-bastion", "own-office-vpn"]


def test_an_id_that_is_taken_is_a_problem_of_the_later_file() -> None:
    both = policy(VPN.replace("infra.network", "build"), VPN)
    assert [str(problem) for problem in both.problems] == [
        ".github/failure-review.yml line 3, column 5: signatures.0.id: there is already one of this id"
    ]
    assert [signature.category for signature in both.signatures] == [Category.INFRA_NETWORK]


def test_another_signature_is_another_version_of_the_policy() -> None:
    assert policy(VPN).version != policy(VPN.replace("seven is", "seven was").replace(" is down'", "'")).version


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (
            "tunnel (",
            "(?=x)tunnel (",
            r"line 5, column 5: signatures.0.pattern: `(?=x)tunnel (\w+) is down` is no RE2 pattern: invalid perl",
        ),
        ("infra.network", "weather", "line 4, column 5: signatures.0.category: input should be"),
        ("office-vpn", "Office VPN", "line 3, column 5: signatures.0.id: this is a word of small letters"),
        ("unless:", "unles:", "line 6, column 5: `unles` is not a key here; did you mean `unless`?"),
        ("matches: tunnel", "matches: canal", "line 3, column 5: signatures.0: `office-vpn` is not found in its own"),
        ("[rehearsal tunnel", "[tunnel", "line 3, column 5: signatures.0: `office-vpn` is found in `tunnel seven"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(before: str, after: str, sentence: str) -> None:
    problems = parse(VPN.replace(before, after))
    assert isinstance(problems, tuple)
    assert str(problems[0]).startswith(f".github/failure-review.yml {sentence}")


@pytest.mark.parametrize("pattern", [".*", "a*", "x|"])
def test_a_pattern_that_every_line_matches_is_refused(pattern: str) -> None:
    read = parse(VPN.replace("'tunnel (\\w+) is down'", f"'{pattern}'"))
    assert not isinstance(read, PolicyFile)
    assert f"`{pattern}` is found in an empty line, so in every line" in read[0].sentence


def test_a_field_that_is_missing_is_named() -> None:
    read = parse(VPN.replace("    description: the way into the office is closed.\n", ""))
    assert not isinstance(read, PolicyFile)
    assert read[0].sentence == "signatures.0: `description` is missing"
