"""The project's own rules: what holds, what they decide, and what is said of one that cannot be understood."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from plugin_project import Project

from pytest_failure_review.rules import CONDITIONS as CONDITIONS_THERE_ARE
from pytest_failure_review.rules import BadRuleError, Rule, Seen, read_rules

WHERE = "rule 1 of tool.failure_review in pyproject.toml"


def rules(folder: Path, text: str) -> tuple[Rule, ...]:
    (folder / "pyproject.toml").write_text(text)
    return read_rules(folder, folder)


def rule(folder: Path, text: str) -> Rule:
    (only,) = rules(folder, f"[[tool.failure_review.rules]]\ncategory = 'performance'\n{text}\n")
    return only


def seen(**changes: Any) -> Seen:
    facts: dict[str, Any] = {
        "ancestries": [frozenset({"shop.errors.GatewayDown", "OSError", "Exception"})],
        "module": "tests/db/test_orders.py",
        "phase": "setup",
        "message": "GatewayDown: no answer from 10.0.0.7",
        "fixture": "gateway",
        "fixtures": ("gateway", "tmp_path"),
        "keywords": frozenset({"slow", "test_orders"}),
    }
    return Seen(**(facts | changes))


@pytest.mark.parametrize(
    "condition",
    [
        "exception = 'shop.errors.GatewayDown'",
        "exception = ['KeyError', 'OSError']",
        "module = 'tests/db/*'",
        "module = 'tests.db.*'",
        "module = 'test*.py'",
        "fixture = 'gateway'",
        "fixture = 'gate*'",
        "phase = ['setup', 'teardown']",
        "message = 'no answer from [0-9.]+'",
        "message = ['refused', 'answer']",
        "keyword = 'slow'",
        "exception = 'OSError'\nphase = 'setup'\nkeyword = 'slow'",
    ],
)
def test_a_condition_that_fits_holds(tmp_path: Path, condition: str) -> None:
    assert rule(tmp_path, condition).holds(seen())


@pytest.mark.parametrize(
    "condition",
    [
        "exception = 'GatewayDown'",
        "module = 'tests/unit/*'",
        "fixture = 'tmp_path'",
        "phase = 'call'",
        "message = '^no answer'",
        "keyword = 'slo'",
        "exception = 'OSError'\nphase = 'call'",
    ],
)
def test_a_condition_that_does_not_fit_does_not_hold(tmp_path: Path, condition: str) -> None:
    assert not rule(tmp_path, condition).holds(seen())


def test_where_no_fixture_failed_those_that_the_test_uses_count(tmp_path: Path) -> None:
    assert rule(tmp_path, "fixture = 'tmp_path'").holds(seen(fixture="", phase="call"))


def test_a_rule_that_reads_only_messages_is_less_sure(tmp_path: Path) -> None:
    assert rule(tmp_path, "message = 'x'").confidence < rule(tmp_path, "message = 'x'\nkeyword = 'slow'").confidence


CONDITIONS = "exception, module, fixture, phase, message or keyword"
NO_TIME = "is no time: write '30m', '4h', '7d' or a number of hours"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "catgory = 'build'",
            f"{WHERE} has no word 'catgory': conditions are {CONDITIONS}, then category, owner or sla",
        ),
        (
            "category = 'build'",
            f"{WHERE} has no condition, so it would hold for every failure: give it one of {CONDITIONS}",
        ),
        ("phase = 'call'", f"{WHERE} decides nothing: give it a category, an owner or an sla"),
        ("phase = 'x'\nsla = '4h'", f"{WHERE}: there is no phase 'x', only collect, setup, call or teardown"),
        (
            "message = '('\nsla = '4h'",
            f"{WHERE}: message '(' is no regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("keyword = 7\nsla = '4h'", f"{WHERE}: keyword must be a text or a list of texts, not 7"),
        ("keyword = []\nsla = '4h'", f"{WHERE}: keyword must be a text or a list of texts, not []"),
        ("phase = 'call'\nowner = ['@ann', 7]", f"{WHERE}: owner must be a text or a list of texts, not ['@ann', 7]"),
        ("phase = 'call'\nsla = 'soon'", f"{WHERE}: sla 'soon' {NO_TIME}"),
        ("phase = 'call'\nsla = true", f"{WHERE}: sla True {NO_TIME}"),
    ],
)
def test_a_rule_that_cannot_be_understood_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadRuleError) as refused:
        rules(tmp_path, f"[[tool.failure_review.rules]]\n{text}\n")
    assert str(refused.value) == sentence


@pytest.mark.parametrize("category", ["flaky", "", "Build", "build.C++"])
def test_a_category_that_is_none_is_refused_with_those_there_are(tmp_path: Path, category: str) -> None:
    with pytest.raises(
        BadRuleError, match=r"there is no category '.*'; they are build, build\.compile, .* or unknown$"
    ):
        rules(tmp_path, f"[[tool.failure_review.rules]]\nphase = 'call'\ncategory = '{category}'\n")


@pytest.mark.parametrize(
    "text", ["[tool.failure_review]\nrules = 'x'", "[tool.failure_review]\nrules = [1]", "[tool]\nfailure_review = 7"]
)
def test_rules_that_are_no_tables_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadRuleError, match=r"no list of tables: write \[\[tool.failure_review.rules\]\]$"):
        rules(tmp_path, text)


@pytest.mark.parametrize("text", ["[[tool.failure_review.rule]]\nphase = 'call'", "[tool.failure_review]\nrule = 7"])
def test_a_word_that_nobody_reads_is_refused_with_those_that_are_read(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadRuleError) as refused:
        rules(tmp_path, text)
    assert str(refused.value) == "tool.failure_review in pyproject.toml has no word 'rule', only rules, gates, drift"


def test_what_only_the_commands_read_is_no_matter_of_the_rules(tmp_path: Path) -> None:
    assert rules(tmp_path, "[tool.failure_review.gates.ruff]\n[tool.failure_review.drift]\n") == ()


def test_a_run_with_a_misspelt_table_ends_before_its_first_test(project: Project) -> None:
    project.write("pyproject.toml", "[[tool.failure_review.rule]]\nphase = 'call'\nsla = '4h'\n")
    project.write("test_a.py", "def test_a(): pass\n")
    ran = project.run_and_die()
    assert ran.result.ret == pytest.ExitCode.USAGE_ERROR
    assert any("has no word 'rule', only rules, gates, drift" in line for line in ran.result.outlines)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRuleError, match=r"^pyproject\.toml cannot be read: "):
        rules(tmp_path, "[[tool.failure_review.rules]")


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1", "# failure_review\n"])
def test_without_rules_there_are_none(tmp_path: Path, text: str) -> None:
    assert rules(tmp_path, text) == ()


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_rules(tmp_path, tmp_path) == ()


def test_the_repositorys_file_counts_where_the_rootdir_has_none(tmp_path: Path) -> None:
    inside = tmp_path / "services"
    inside.mkdir()
    rule(tmp_path, "phase = 'call'")
    assert len(read_rules(inside, tmp_path)) == 1


RULES = """
    [[tool.failure_review.rules]]
    exception = "test_shop.GatewayDown"
    category = "infra.network"

    [[tool.failure_review.rules]]
    keyword = "test_pays"
    category = "test.unit"
    owner = ["@org/payments", "@ann"]
    sla = "90m"
"""
SHOP = """
    class GatewayDown(Exception):
        pass

    class Refused(GatewayDown):
        pass

    def test_pays():
        raise Refused("no")
"""


def test_the_first_rule_that_names_a_thing_decides_it_and_the_record_says_which(project: Project) -> None:
    project.pytester.makepyprojecttoml(RULES)
    project.pytester.makepyfile(test_shop=SHOP)
    failure = project.run().failure
    assert (failure["category"], failure["confidence"]) == ("infra.network", 0.9)
    assert failure["rule"] == f"{WHERE} (exception 'test_shop.GatewayDown')"
    assert failure["owner"] == {"names": ["@org/payments", "@ann"], "source": "rules", "line": None}
    assert failure["sla_terms"] == {"hours": 1.5, "tier": "standard", "source": "rules"}


def test_a_marker_goes_before_the_rules(project: Project) -> None:
    project.pytester.makepyprojecttoml(RULES)
    marked = "import pytest\n\npytestmark = pytest.mark.failure_review('build', owner='@bo', sla=4)\n"
    project.write("test_shop.py", marked + "def test_pays():\n    assert 0\n")
    failure = project.run().failure
    assert (failure["category"], failure["owner"]["names"]) == ("build", ["@bo"])
    assert (failure["sla"], failure["sla_terms"]) == ("4h", {"hours": 4.0, "tier": "standard", "source": "marker"})


@pytest.mark.parametrize("more", [(), ("-n", "1")], ids=["alone", "with workers"])
def test_a_bad_rule_ends_the_run_before_its_first_test_with_the_sentence(
    project: Project, more: tuple[str, ...]
) -> None:
    project.pytester.makepyprojecttoml("[[tool.failure_review.rules]]\nphase = 'call'\n")
    project.pytester.makepyfile("def test_a(): assert 0")
    result = project.run(*more).result
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {WHERE} decides nothing: give it a category, an owner or an sla"])


def test_a_bad_rule_is_no_matter_of_a_run_that_is_not_reviewed(project: Project) -> None:
    project.pytester.makepyprojecttoml("[[tool.failure_review.rules]]\nphase = 'call'\n")
    project.pytester.makepyfile("def test_a(): pass")
    assert project.run_plain().ret == 0


def test_the_rules_of_the_guide_are_understood(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "plugin-rules.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"^```toml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    first, second = rules(tmp_path, written)
    assert (first.category, first.owner, first.sla) == ("infra.network", ("@your-org/payments",), 4.0)
    assert (second.owner, second.module) == (("@your-org/speed", "ann@example.org"), ("tests/slow/*",))
    assert set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)) == set(CONDITIONS_THERE_ARE)
