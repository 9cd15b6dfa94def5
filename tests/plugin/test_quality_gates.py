"""Quality gates: how a tool ends becomes a record that people and the App can read."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from gate_project import PYTHON, Checkout
from plugin_project import Project

from pytest_failure_review.checking import check
from pytest_failure_review.gates import ratchet
from pytest_failure_review.gates.of_pytest import gate_of_pytest, with_gate
from pytest_failure_review.git import NoBaseError, ask, base_of
from pytest_failure_review.report import Counts, Gate


def test_any_command_is_a_gate(checkout: Checkout) -> None:
    assert checkout.run("gate", "own", "--", "true") == (0, "Gate own passed: `true` ended with exit status 0.\n")
    assert [record["record"] for record in checkout.records] == ["start", "gate", "gate", "finish"]
    assert checkout.gate["passed"] is True


def test_a_command_that_fails_is_shown_and_kept_with_its_last_line(checkout: Checkout) -> None:
    status, said = checkout.run("gate", "own", "--", "sh", "-c", "echo first; echo 'broken at the end.' >&2; exit 3")
    assert status == 1
    assert said.splitlines()[:2] == ["first", "broken at the end."]
    assert checkout.gate["passed"] is False
    assert checkout.gate["summary"].endswith("ended with exit status 3: broken at the end.")
    assert checkout.gate["details"]["output"] == "first\nbroken at the end."


@pytest.mark.parametrize("command", [["no-such-tool"], ["sh", "-c", "no-such-tool 2>&1"], ["./pyproject.toml"]])
def test_a_tool_that_cannot_be_started_has_failed_with_the_reason(checkout: Checkout, command: list[str]) -> None:
    checkout.gates("")
    (checkout.path / "pyproject.toml").chmod(0o755)
    status, said = checkout.run("gate", "own", "--", *command)
    assert status == 2
    assert "Gate own failed: It could not run: " in said
    assert checkout.gate["passed"] is False


def test_a_gate_that_takes_longer_than_it_may_is_stopped_with_all_that_it_started(checkout: Checkout) -> None:
    """Its child holds the output open, and does not heed SIGTERM."""
    checkout.write("child.sh", "trap '' TERM\necho started\nwhile :; do echo beat >> beats; sleep 0.05; done\n")
    checkout.gates("[gates.own]\ncommand = ['sh', '-c', 'sh child.sh; true']\ntimeout = 0.5\n")
    status, said = checkout.run("gate", "own")
    beats = (checkout.path / "beats").stat().st_size
    time.sleep(0.3)
    assert (checkout.path / "beats").stat().st_size == beats > 0
    assert status == 2
    assert said.endswith(
        "Gate own failed: It could not run: `sh -c 'sh child.sh; true'` did not end within 0.5 seconds and was stopped"
        " (`timeout` allows more): started.\n"
    )
    assert checkout.gate["passed"] is False


def test_nobody_waits_for_what_a_tool_left_behind_with_its_output_open(checkout: Checkout) -> None:
    started = time.monotonic()
    assert checkout.run("gate", "own", "--", "sh", "-c", "sleep 20 & echo done")[0] == 0
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("value", ["-1", "'long'", "true"])
def test_a_time_limit_is_a_number_of_seconds(checkout: Checkout, value: str) -> None:
    checkout.gates(f"[gates.own]\ncommand = 'true'\ntimeout = {value}\n")
    status, said = checkout.run("gate", "own")
    assert status == 2
    assert "timeout must be a number that is not negative" in said


def test_a_tool_is_found_beside_the_python_that_runs_the_gate(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert checkout.run("gate", "own", "--", Path(sys.executable).name, "-c", "")[0] == 0


def test_secrets_of_the_environment_do_not_reach_the_report(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "hush-hush-hush")
    checkout.run("gate", "own", "--", "sh", "-c", "echo $SHOP_TOKEN; exit 1")
    assert checkout.gate["details"]["output"] == "***"
    assert "hush" not in str(checkout.records)


@pytest.mark.requirement("S2-061")
def test_the_gate_ruff_counts_what_ruff_finds(checkout: Checkout) -> None:
    checkout.write("a.py", "import os\nimport sys\n")
    status, said = checkout.run("gate", "ruff")
    assert status == 1
    assert said.endswith("Gate ruff failed: ruff finds 2 errors in 1 file (2 F401).\n")
    assert checkout.gate["details"]["codes"] == {"F401": 2}


@pytest.mark.requirement("S2-061")
def test_the_gate_ruff_passes_where_ruff_finds_nothing_and_fails_where_it_cannot_judge(checkout: Checkout) -> None:
    checkout.write("a.py", "import os\n\nos.getpid()\n")
    assert checkout.run("gate", "ruff")[1].endswith("Gate ruff passed: ruff finds nothing.\n")
    checkout.write("ruff.toml", "no-such-setting = 1\n")
    status, said = checkout.run("gate", "ruff")
    assert status == 2
    assert "Gate ruff failed: It could not run: `ruff check" in said


def test_all_gates_of_the_project_run_when_none_is_named(checkout: Checkout) -> None:
    checkout.gates("[gates.first]\ncommand = 'false'\n[gates.second]\ncommand = ['true']\n")
    status, said = checkout.run("gate")
    assert status == 1
    assert [line.partition(":")[0] for line in said.splitlines()] == ["Gate first failed", "Gate second passed"]
    assert check(checkout.path / ".failure-review").failed_gates == ("first",)


def test_a_gate_that_is_killed_stands_in_the_report_as_failed(checkout: Checkout) -> None:
    kept = "import shutil; shutil.copytree('.failure-review', 'as_it_was')"
    checkout.gates(f'[gates.own]\n{PYTHON}"{kept}"]\n')
    checkout.run("gate", "own")
    found = check(checkout.path / "as_it_was")
    assert not found.complete
    assert found.failed_gates == ("own",)
    assert "ends early: a quality gate was stopped; " in found.sentences[0]
    assert found.sentences[1] == "Gate own failed: It was started and did not come to its end."


@pytest.mark.parametrize(
    ("toml", "name", "why"),
    [
        ("", "none", "there is no command for the gate none"),
        ("[gates.own]\ncomand = 'true'\n", "own", "has no word 'comand', only kind, command,"),
        ("[gates.own]\nkind = 'magic'\n", "own", "there is no kind 'magic', only mypy, ruff, golden, command"),
        ('[gates.own]\ncommand = "a \'b"\n', "own", 'command "a \'b" cannot be read'),
        ("[gates.own]\ncommand = [1]\n", "own", "command must be a text or a list of texts, not [1]"),
        ("[gates.own]\nexpected = 'a.csv'\n", "own", "needs two files, `expected` and `actual`"),
        ("[gates.own]\ncommand = 'true'\nabsolute = -1\n", "own", "absolute must be a number that is not negative"),
        ("[gates.mypy]\ndropped = {a = ' '}\n", "mypy", "dropped must give each module its reason"),
        ("tool.failure_review.gates.own = 1\n", "own", "tool.failure_review.gates.own in pyproject.toml is no table"),
        ("tool.failure_review.gates = 1\n", "own", "tool.failure_review.gates in pyproject.toml is no table"),
        ("tool.failure_review = 1\n", "own", "tool.failure_review in pyproject.toml is no table"),
        (
            "[tool.failure_review.gate.own]\ncommand = 'true'\n",
            "own",
            "tool.failure_review in pyproject.toml has no word 'gate', only rules, gates, drift",
        ),
        ("[", "own", "pyproject.toml cannot be read"),
    ],
)
def test_settings_that_cannot_be_understood_fail_the_gate(checkout: Checkout, toml: str, name: str, why: str) -> None:
    checkout.gates(toml)
    status, said = checkout.run("gate", name)
    assert status == 2
    assert why in said
    assert checkout.gate["passed"] is False
    assert why in checkout.gate["summary"]


@pytest.mark.parametrize("arguments", [("gate",), ("gate", "pytest"), ("gate", "a,b\nc", "--", "true")])
def test_what_is_no_gate_is_refused_and_leaves_no_report(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    checkout.gates("")
    assert checkout.run(*arguments)[0] == 2
    assert [record for record in checkout.records if record.get("passed")] == []


# -- mypy and its list of modules --


@pytest.fixture
def typed(checkout: Checkout) -> Checkout:
    """A main branch that checks two modules."""
    checkout.write("shop/__init__.py", "")
    checkout.write("shop/cart.py", "def total(prices: list[int]) -> int:\n    return sum(prices)\n")
    checkout.write("shop/pay.py", "RATE = 2\n")
    checkout.write("shop/old.py", "def broken() -> int:\n    return 'no'\n")
    checkout.gates("[gates.mypy]\nmodules = ['shop.cart', 'shop.pay']\n")
    checkout.write(".gitignore", ".failure-review\n.mypy_cache\n")
    checkout.commit()
    return checkout


@pytest.mark.requirement("S2-060")
def test_mypy_checks_the_modules_of_the_list_and_no_others(typed: Checkout) -> None:
    status, said = typed.run("gate", "mypy")
    assert status == 0
    assert said.endswith("Gate mypy passed: mypy finds nothing in 2 modules.\n")


@pytest.mark.requirement("S2-060")
def test_the_list_may_grow_and_what_is_new_must_pass_too(typed: Checkout) -> None:
    typed.git("checkout", "-qb", "work")
    typed.gates("[gates.mypy]\nmodules = ['shop']\n")
    status, said = typed.run("gate", "mypy")
    assert status == 1
    assert said.endswith("Gate mypy failed: mypy finds 1 error in 1 file (1 return-value).\n")
    assert typed.gate["details"]["new"] == ["shop"]
    assert typed.gate["details"]["missing"] == []


@pytest.mark.requirement("S2-060")
def test_the_list_may_not_shrink_without_a_reason(typed: Checkout) -> None:
    typed.git("checkout", "-qb", "work")
    typed.gates("[gates.mypy]\ncommand = 'true'\nmodules = ['shop.cart']\n")
    typed.commit()
    status, said = typed.run("gate", "mypy")
    assert status == 1
    assert "The list of modules shrank: shop.pay had been in it. Put it back, or give the reason" in said
    assert typed.gate["details"]["since"] == typed.git("rev-parse", "main")


@pytest.mark.requirement("S2-060")
def test_with_a_reason_the_list_may_shrink(typed: Checkout) -> None:
    typed.gates("[gates.mypy]\ncommand = 'true'\nmodules = ['shop.cart']\ndropped = {'shop.pay' = 'others pay'}\n")
    assert typed.run("gate", "mypy")[0] == 0
    assert typed.gate["details"]["dropped"] == {"shop.pay": "others pay"}


@pytest.mark.requirement("S2-060")
def test_a_gate_that_cannot_see_the_earlier_list_fails(typed: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_BASE_REF", "release")
    status, said = typed.run("gate", "mypy")
    assert status == 2
    assert "git knows no commit origin/release here: fetch more history (actions/checkout with" in said


def test_a_package_stands_for_what_is_below_it() -> None:
    assert ratchet.missing(["shop.cart", "shopping"], ["shop"], {}) == ["shopping"]
    assert ratchet.new(["shop"], ["shop.cart", "shopping"]) == ["shopping"]


def test_outside_of_git_there_is_no_earlier_list(
    checkout: Checkout, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    settings = folder / "pyproject.toml"
    settings.write_text("[tool.failure_review.gates.mypy]\ncommand = 'true'\nmodules = ['shop']\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    assert checkout.run("gate", "mypy") == (0, "Gate mypy passed: mypy finds nothing in 1 module.\n")
    settings.write_text("[tool.failure_review.gates.mypy]\ncommand = 'no-such'\n", encoding="utf-8")
    assert "It could not run: there is no program `no-such`" in checkout.run("gate", "mypy")[1]
    monkeypatch.setenv("PATH", "")
    assert ask(folder, "status") is None


def test_ruff_that_is_not_there_fails_the_gate(checkout: Checkout) -> None:
    checkout.gates("[gates.ruff]\ncommand = 'no-such'\n")
    assert "It could not run: there is no program `no-such`" in checkout.run("gate", "ruff")[1]


def test_where_a_change_began_is_never_guessed(checkout: Checkout) -> None:
    with pytest.raises(NoBaseError, match="git knows no commit here"):
        base_of(checkout.path, ".", "", {})
    checkout.git("checkout", "-qb", "trunk")
    checkout.write("a", "1")
    checkout.commit()
    first = checkout.git("rev-parse", "HEAD")
    assert base_of(checkout.path, ".", "", {}) == first
    checkout.write("a", "2")
    assert base_of(checkout.path, "a", "", {}) == first
    checkout.commit()
    assert base_of(checkout.path, "a", "", {}) == first
    checkout.git("checkout", "-q", "--orphan", "other")
    checkout.commit()
    with pytest.raises(NoBaseError, match="git finds no commit that HEAD and trunk share: fetch more history"):
        base_of(checkout.path, ".", "trunk", {})


# -- pytest's own --


@pytest.mark.requirement("S2-059")
@pytest.mark.parametrize(
    ("source", "passed", "summary"),
    [
        ("def test_a(): pass", True, "1 passed."),
        ("def test_a(): assert 0", False, "1 failed. pytest ended with status 1: tests failed."),
        ("", False, "No test ran. pytest ended with status 5: no test was collected."),
    ],
)
def test_a_run_of_pytest_is_a_gate_of_its_own(project: Project, source: str, passed: bool, summary: str) -> None:
    project.write("test_a.py", source)
    ran = project.run()
    gate = ran.files["main"][-2]
    assert (gate["record"], gate["name"], gate["passed"], gate["summary"]) == ("gate", "pytest", passed, summary)
    assert check(project.reports).failed_gates == (() if passed else ("pytest",))


def test_a_status_that_a_plugin_chose_is_said_so() -> None:
    counts = Counts(passed=0, failed=0, error=0, skipped=0, xfailed=0, xpassed=0)
    assert gate_of_pytest(77, counts)["summary"] == "No test ran. pytest ended with status 77: a plugin chose it."


@pytest.mark.parametrize("name", ["", "a,b", "a\ncomplete=true", "x" * 61])
def test_a_name_that_no_gate_can_have_is_passed_over(name: str) -> None:
    """T16: it would become part of an output of the Action's step."""
    assert with_gate([], Gate(record="gate", name=name, passed=False, summary="", details={})) == []
