"""The hooks that the plugin offers: their example in the guide, and what happens to one that misbehaves."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pluggy
import pytest
from plugin_project import Project

from pytest_failure_review import hooks, values
from pytest_failure_review.asking import TIME_BOX, Asker
from pytest_failure_review.checking import check

GUIDE = (Path(__file__).parents[2] / "docs" / "plugin-hooks.md").read_text(encoding="utf-8")
NAMES = [name for name in vars(hooks) if name.startswith("pytest_failure_review_")]
SHOP = """
    class GatewayTimeout(Exception):
        provider = "acme"

    def test_pays():
        raise GatewayTimeout("customer-4711 was not charged")
"""


@pytest.fixture
def example(project: Project) -> Project:
    (source,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    project.write("conftest.py", source)
    project.pytester.makepyfile(test_shop=SHOP)
    return project


@pytest.mark.filterwarnings("default::pluggy.PluggyTeardownRaisedWarning")
def test_the_example_of_the_guide_decides_and_adds_what_it_says(example: Project) -> None:
    failure = example.run().failure
    assert (failure["category"], failure["confidence"]) == ("infra.network", 0.9)
    assert failure["rule"] == "pytest_failure_review_categorise of conftest.py"
    assert failure["owner"] == {"names": ["@your-org/network"], "source": "hook", "line": None}
    assert failure["sla_terms"] == {"hours": 1.5, "tier": "standard", "source": "hook"}
    assert failure["evidence"] == {"provider": "acme", "region": "eu-1"}
    assert failure["message"] == "test_shop.GatewayTimeout: *** was not charged"
    assert "customer-4711" not in str(failure)
    assert "notes" not in failure


def test_the_example_of_the_guide_hears_of_records_and_of_the_end(example: Project) -> None:
    example.run()
    assert (example.path / "failures.txt").read_text() == "infra.network test_shop.py::test_pays\n"
    assert (example.path / "summary.txt").read_text() == "1 failures, worst infra.network, reports"


def test_with_workers_the_end_is_told_once_and_of_all(example: Project) -> None:
    example.run("-n", "2")
    assert (example.path / "summary.txt").read_text() == "1 failures, worst infra.network, reports"


def test_the_guide_names_each_hook_with_its_arguments() -> None:
    specified = ast.parse(Path(hooks.__file__).read_text()).body
    expected = {
        f"{function.name}({', '.join(argument.arg for argument in function.args.args)})"
        for function in specified
        if isinstance(function, ast.FunctionDef)
    }
    assert set(re.findall(r"^\| `(\w+\([^)]*\))` \|", GUIDE, re.MULTILINE)) == expected


def test_the_example_of_the_guide_names_no_generic_type_without_its_argument() -> None:
    """As `mypy --strict` wants it."""
    assert re.findall(r"ExceptionInfo\b(.{15})", GUIDE) == ["[BaseException]"] * 2


def test_a_conftest_with_hooks_does_no_harm_to_a_run_that_is_not_reviewed(example: Project) -> None:
    result = example.pytester.runpytest_subprocess("-p", "no:asyncio")
    result.assert_outcomes(failed=1)
    assert not (example.path / "failures.txt").exists()


def test_the_hooks_load_nothing() -> None:
    code = (
        "import sys, pytest, pytest_failure_review.plugin; before = set(sys.modules); "
        "import pytest_failure_review.hooks; print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pytest_failure_review.hooks"]


@pytest.mark.parametrize("kind", [each for each in vars(values).values() if dataclasses.is_dataclass(each)])
def test_what_hooks_are_given_cannot_be_changed(kind: Any) -> None:
    assert kind.__dataclass_params__.frozen


@pytest.mark.parametrize(
    ("name", "body", "note"),
    [
        ("categorise", "raise ValueError('no idea')", "raised ValueError: no idea"),
        ("categorise", "import pytest; pytest.fail('no idea')", "raised Failed: no idea"),
        ("categorise", "raise SystemExit(3)", "raised SystemExit: 3"),
        ("categorise", "return 'flaky'", "was passed over: it gave no category"),
        ("categorise", "return 7", "was passed over: it gave no category"),
        ("owner", "return '@ann'", "was passed over: it gave no Owner with names"),
        ("owner", "from pytest_failure_review.values import Owner; return Owner(())", "it gave no Owner with names"),
        ("sla", "from pytest_failure_review.values import Sla; return Sla(-1)", "it gave no Sla with hours"),
        ("fingerprint", "return ['x']", "was passed over: it gave no text"),
        ("evidence", "return 'x'", "was passed over: it gave no mapping"),
        ("evidence", "raise KeyError", "raised KeyError"),
        ("redact", "raise OSError('down')", "raised OSError: down"),
    ],
)
def test_a_hook_that_misbehaves_becomes_a_note_and_the_failure_is_kept(
    project: Project, name: str, body: str, note: str
) -> None:
    project.write("conftest.py", f"def pytest_failure_review_{name}():\n    {body}\n")
    project.pytester.makepyfile("def test_a():\n    assert 0")
    ran = project.run()
    failure = ran.failure
    assert [line for line in ran.result.outlines if line.startswith("note: pytest_failure_review_")]
    assert (failure["category"], failure["owner"]["names"]) == ("test.unit", ["code_author"]) or name == "redact"
    assert [text for text in failure["notes"] if note in text]


def test_a_text_that_could_not_be_redacted_is_not_kept(project: Project) -> None:
    project.write("conftest.py", "def pytest_failure_review_redact(text, where):\n    assert where != 'message'\n")
    project.pytester.makepyfile("def test_a():\n    assert 'abc' == 0")
    failure = project.run().failure
    assert failure["message"] == "*** (what redacts it failed)"
    assert "'abc' == 0" in failure["text"]


def test_the_next_is_asked_when_one_does_not_know(project: Project) -> None:
    project.write("conftest.py", "def pytest_failure_review_categorise():\n    return 'performance'\n")
    project.write("tests/conftest.py", "def pytest_failure_review_categorise():\n    return 'nonsense'\n")
    project.write("tests/test_a.py", "def test_a():\n    assert 0\n")
    failure = project.run().failure
    assert failure["category"] == "performance"
    assert failure["notes"] == ["pytest_failure_review_categorise of conftest.py was passed over: it gave no category"]


def test_a_conftest_has_a_say_about_its_own_folder_only(project: Project) -> None:
    project.write("a/conftest.py", "def pytest_failure_review_categorise():\n    return 'performance'\n")
    project.write("a/test_a.py", "def test_a():\n    assert 0\n")
    project.write("b/test_b.py", "def test_b():\n    assert 0\n")
    assert [failure["category"] for failure in project.run().failures] == ["performance", "test.unit"]


def test_evidence_of_several_is_merged_and_made_plain_and_bounded(project: Project) -> None:
    project.write("conftest.py", "def pytest_failure_review_evidence():\n    return {'a': 1, 'deep': [[[[[[0]]]]]]}\n")
    project.write(
        "tests/conftest.py",
        "class Opaque:\n    def __repr__(self): raise ValueError\n\n"
        "def pytest_failure_review_evidence():\n"
        "    return {'a': 2, 'b': Opaque(), 'nan': float('nan'), 7: 10 ** 5000}\n",
    )
    project.write("tests/test_a.py", "def test_a():\n    assert 0\n")
    evidence = project.run().failure["evidence"]
    assert (evidence["a"], evidence["nan"]) == (2, "nan")
    assert evidence["deep"] == [[["[[[0]]]"]]]
    assert set(evidence) == {"a", "b", "nan", "7", "deep"}


class Slow:
    """A plugin whose hook takes its time."""

    def __init__(self) -> None:
        self.calls = 0

    @pluggy.HookimplMarker("pytest")
    def pytest_failure_review_evidence(self) -> dict[str, int]:
        self.calls += 1
        return {"calls": self.calls}


def test_who_took_too_long_is_answered_for_once_and_not_asked_again() -> None:
    manager, slow = pluggy.PluginManager("pytest"), Slow()
    manager.add_hookspecs(hooks)
    manager.register(slow, "slow")
    times = iter([0.0, TIME_BOX + 0.1])
    asker = Asker(lambda: next(times))
    caller = manager.hook.pytest_failure_review_evidence
    assert [answer for _, answer in asker.answers(caller)] == [{"calls": 1}]
    assert asker.take_notes() == [
        "pytest_failure_review_evidence of slow took 350 ms: it is not asked again in this run"
    ]
    assert list(asker.answers(caller)) == []
    assert asker.take_notes() == ["pytest_failure_review_evidence of slow was not asked: it took too long before"]
    assert slow.calls == 1


def test_a_hook_that_hangs_is_stopped_and_named_and_costs_no_other(project: Project) -> None:
    project.write(
        "conftest.py",
        "import time\n\ncalls = []\n\n"
        "def pytest_failure_review_evidence():\n"
        "    calls.append(1)\n"
        "    while True:\n"
        "        try: time.sleep(60)\n"
        "        except Exception: pass\n\n"
        "def pytest_failure_review_owner(failure):\n"
        "    from pytest_failure_review.values import Owner\n"
        "    return Owner(names=(f'@asked{len(calls)}',))\n",
    )
    project.write("test_a.py", "def test_a(): assert 0\ndef test_b(): assert 1 == 2\n")
    first, second = project.run().failures
    assert re.fullmatch(
        r"pytest_failure_review_evidence of conftest.py was stopped after 2\.\d s: it is not asked again in this run",
        first["notes"][0],
    )
    assert second["notes"] == ["pytest_failure_review_evidence of conftest.py was not asked: it took too long before"]
    assert second["owner"]["names"] == ["@asked1"]


def test_a_sink_that_raises_is_named_below_the_table(project: Project) -> None:
    project.write("conftest.py", "def pytest_failure_review_record(record): raise OSError('no queue')\n")
    project.write("test_a.py", "def test_a(): assert 0\n")
    ran = project.run()
    assert ran.result.outlines.count("note: pytest_failure_review_record of conftest.py raised OSError: no queue") == 1
    assert check(project.reports).complete
