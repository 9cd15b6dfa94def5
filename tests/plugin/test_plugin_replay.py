"""A recorded failure can be run again as it was, and a report can do no more than that."""

from __future__ import annotations

import json
import random
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from plugin_project import Project, Ran, a_failure, a_start

SUITE = """
    import pytest

    STATE = []

    def test_first():
        STATE.append(1)

    @pytest.mark.parametrize("name", ["a", "b::c", "d[1]", "-e", "f g"])
    def test_named(name):
        assert name == "a"

    def test_only_after_the_first():
        assert not STATE
"""


def replayed(project: Project, *arguments: str) -> pytest.RunResult:
    return project.run_plain("-v", *arguments)


def ran_tests(result: pytest.RunResult) -> list[str]:
    return [line.rpartition(" ")[0].partition("::")[2] for line in result.outlines if line.endswith("%]")]


def command_of(failure: dict[str, Any]) -> list[str]:
    return shlex.split(failure["replay"])[1:]


@pytest.fixture
def ran(project: Project) -> Ran:
    project.pytester.makepyfile(test_suite=SUITE)
    return project.run()


def test_the_command_of_each_failure_runs_that_test_and_no_other(project: Project, ran: Ran) -> None:
    assert len(ran.failures) == 5
    for failure in ran.failures[:4]:
        result = replayed(project, *command_of(failure))
        result.assert_outcomes(failed=1, deselected=6)
        assert failure["nodeid"].partition("::")[2].replace(" ", "") in "".join(result.outlines).replace(" ", "")


def test_with_what_ran_before_a_failure_by_order_comes_again(project: Project, ran: Ran) -> None:
    last = command_of(ran.failures[-1])
    replayed(project, *last).assert_outcomes(passed=1, deselected=6)
    result = replayed(project, *last, "--failure-review-replay-before")
    result.assert_outcomes(passed=2, failed=5)
    assert ran_tests(result)[0].startswith("test_first")


def test_each_record_names_the_tests_since_the_record_before_it(ran: Ran) -> None:
    assert [failure.get("before", []) for failure in ran.failures] == [
        ["test_suite.py::test_first", "test_suite.py::test_named[a]"], [], [], [], [],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("", 5),
        ("#2", 1),
        ("#test_suite.py::test_only_after_the_first", 1),
        ("#test_suite.py::test_named[b::c]", 1),
    ],
)
def test_a_folder_is_its_newest_run_and_a_failure_is_named_by_number_or_id(
    project: Project, ran: Ran, selector: str, count: int
) -> None:
    result = replayed(project, f"--failure-review-replay=reports{selector}")
    assert sum(result.parseoutcomes().get(outcome, 0) for outcome in ("passed", "failed")) == count


def test_a_broken_file_in_the_folder_keeps_no_other_back(project: Project, ran: Ran) -> None:
    project.write("reports/failure-review-zz-main.jsonl", "no report")
    replayed(project, "--failure-review-replay=reports#1").assert_outcomes(failed=1, deselected=6)


def test_a_fingerprint_names_all_failures_that_look_alike(project: Project, ran: Ran) -> None:
    result = replayed(project, f"--failure-review-replay=reports#{ran.failures[0]['fingerprint'][:10]}")
    alike = [failure for failure in ran.failures if failure["fingerprint"] == ran.failures[0]["fingerprint"]]
    assert result.parseoutcomes()["failed"] == len(alike)


def test_options_that_would_take_the_test_away_do_not_count(project: Project, ran: Ran) -> None:
    result = replayed(project, *command_of(ran.failures[0]), "-k", "nothing", "-m", "slow", "-n2", "nowhere")
    result.assert_outcomes(failed=1, deselected=6)


def test_an_id_with_a_secret_in_it_is_found_all_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "canary-4711")
    project.pytester.makepyfile(
        "import pytest\n@pytest.mark.parametrize('key', ['other', 'canary-4711'])\n"
        "def test_a(key): assert key == 'other'"
    )
    failure = project.run().failure
    assert failure["nodeid"].endswith("[***]")
    replayed(project, *command_of(failure)).assert_outcomes(failed=1, deselected=1)


def test_a_file_that_could_not_be_collected_is_collected_again(project: Project) -> None:
    project.write("test_broken.py", "import nothing_like_it")
    project.write("test_fine.py", "def test_ok(): pass")
    failure = project.run().failure
    replayed(project, *command_of(failure)).assert_outcomes(errors=1)
    project.write("test_broken.py", "def test_mended(): pass")
    replayed(project, *command_of(failure)).assert_outcomes(passed=1)


def test_chance_is_as_it_was_when_the_test_began(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import random

        def test_a(): random.random()

        def test_b(checkpoint):
            drawn = [random.random(), random.gauss(0, 1), random.gauss(0, 1)]
            checkpoint("drawn", state=drawn)
            assert checkpoint.load("drawn") == drawn
        """
    )
    failure = project.run("-k", "test_b").failure
    random.seed(7)
    replayed(project, *command_of(failure)).assert_outcomes(passed=1, deselected=1)


def test_numpy_s_chance_is_as_it_was_too(project: Project) -> None:
    project.write(
        "test_a.py",
        """
import numpy.random

def test_b(checkpoint):
    drawn = [*numpy.random.random(3).tolist(), numpy.random.standard_normal()]
    checkpoint("drawn", state=drawn)
    assert checkpoint.load("drawn") == drawn
""",
    )
    project.write("test_first.py", "import numpy.random\n\ndef test_a(): numpy.random.seed(None)\n")
    failure = project.run("test_first.py", "test_a.py", alone=True).failure
    again = project.pytester.runpytest_subprocess("-pno:asyncio", "-pno:cacheprovider", *command_of(failure))
    again.assert_outcomes(passed=1, deselected=0)


def test_a_test_without_checkpoints_gets_chance_back_by_what_ran_before(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pathlib
        import random

        def test_a(): random.random()

        def test_b():
            drawn, last = str(random.random()), pathlib.Path("last.txt")
            assert last.exists() and last.read_text() == drawn, last.write_text(drawn)
        """
    )
    failure = project.run().failure
    random.seed(7)
    replayed(project, *command_of(failure), "--failure-review-replay-before").assert_outcomes(passed=2)


def test_the_recorded_state_is_given_back_and_the_world_with_it(project: Project) -> None:
    project.pytester.makeconftest(
        """
        def pytest_failure_review_restore(checkpoint):
            print("restored", checkpoint.label, checkpoint.state["cart"])
        """
    )
    project.pytester.makepyfile(
        """
        def test_checkout(checkpoint):
            cart = checkpoint.load("cart filled") or {"cart": ["apple"]}
            checkpoint("cart filled", state=cart)
            cart["cart"].append("pear")
            print("now", cart)
            assert 0
        """
    )
    ran = project.run()
    ran.result.stdout.fnmatch_lines(["now {'cart': ['apple', 'pear']}"])
    result = replayed(project, *command_of(ran.failure))
    result.stdout.fnmatch_lines(["restored cart filled ['apple']", "now {'cart': ['apple', 'pear']}"])


def test_a_label_that_was_not_recorded_is_refused_with_those_that_were(project: Project) -> None:
    project.pytester.makepyfile(
        "def test_a(checkpoint):\n    checkpoint.load('b')\n    checkpoint('a')\n    assert not checkpoint.load('b')\n"
        "    assert 0"
    )
    failure = project.run().failure
    result = replayed(project, *command_of(failure))
    result.stdout.fnmatch_lines(["*KeyError: *'b' is no checkpoint of failure-review-*-main.jsonl#1; it has *'a'*"])


def test_the_recorded_example_of_hypothesis_runs_again(project: Project) -> None:
    project.pytester.makepyfile(
        """
        from hypothesis import given, settings, strategies as st

        @settings(print_blob=True, database=None, derandomize=False)
        @given(st.integers())
        def test_small(number):
            print("tried", number)
            assert number < 1234
        """
    )
    failure = project.run("-p", "no:randomly").failure
    facts = failure["checkpoints"][-1]["provided"]["hypothesis"]
    assert set(facts) == {"blob", "seed", "version"}
    result = replayed(project, *command_of(failure))
    assert [line for line in result.outlines if line.startswith("tried")] == ["tried 1234"]


def test_without_its_example_hypothesis_begins_with_the_recorded_seed(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pathlib
        from hypothesis import given, settings, strategies as st

        @settings(print_blob=False, database=None, derandomize=False, max_examples=5)
        @given(st.integers(0, 10**30))
        def test_drawn(number):
            with open("tried.txt", "a") as tried:
                print(number, file=tried)
            assert number < 2
        """
    )
    failure = project.run().failure
    assert set(failure["checkpoints"][-1]["provided"]["hypothesis"]) == {"seed"}
    first = (project.path / "tried.txt").read_text()
    (project.path / "tried.txt").unlink()
    replayed(project, *command_of(failure)).assert_outcomes(failed=1)
    assert (project.path / "tried.txt").read_text() == first


def test_another_hash_seed_is_told_and_stands_in_the_command(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    project.pytester.makepyfile("def test_a(): assert 0")
    failure = project.run().failure
    assert failure["replay"].startswith("PYTHONHASHSEED=7 pytest ")
    monkeypatch.setenv("PYTHONHASHSEED", "8")
    result = replayed(project, *shlex.split(failure["replay"])[2:])
    result.stdout.fnmatch_lines(["it ran with another hash seed; to have that too, start it with PYTHONHASHSEED=7"])


# -- what a report cannot do --


def refused(project: Project, name: str, *records: Any, selector: str = "") -> str:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    project.write(name, "\n".join(lines))
    result = replayed(project, f"--failure-review-replay={name}{selector}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "reached" not in result.outlines
    (line,) = [line for line in result.errlines if line.startswith("ERROR: ")]
    return line.removeprefix("ERROR: ")


def test_what_is_no_report_is_refused_with_a_sentence(project: Project) -> None:
    assert refused(project, "a.jsonl") == "a.jsonl is no report: it does not begin with a start record"
    assert refused(project, "a.jsonl", "[" * 100_000) == "a.jsonl is no report: it does not begin with a start record"
    assert refused(project, "a.jsonl", a_start(schema=9)) == "a.jsonl has schema 9, this version reads 1"
    assert refused(project, "a.jsonl", a_start()).endswith("a.jsonl tells of no failure: there is nothing to run again")
    assert refused(project, "a.jsonl", a_start(), a_failure(nodeid=7)) == (
        "a.jsonl#1 is no failure record: it names no test"
    )
    assert refused(project, "a.jsonl", a_start(), a_failure(), selector="#2").endswith(
        "a.jsonl has no failure number 2: it tells of 1"
    )
    assert refused(project, "a.jsonl", a_start(), a_failure(), selector="#nothing").endswith(
        "a.jsonl tells of no failure 'nothing': give its number (1 to 1), the test's id or the fingerprint"
    )
    result = replayed(project, "--failure-review-replay=nowhere")
    result.stderr.fnmatch_lines(["ERROR: nowhere: there is no such report"])
    (project.path / "empty").mkdir()
    replayed(project, "--failure-review-replay=empty").stderr.fnmatch_lines(["ERROR: *empty holds no report:*"])


@pytest.mark.parametrize(
    "nodeid",
    [
        "../outside/test_x.py::test_x",
        "{outside}/test_x.py::test_x",
        "link/test_x.py::test_x",
        "gone.py::test_x",
        ".",
        "\n",
    ],
)
def test_a_report_reaches_no_file_outside_of_the_rootdir(project: Project, tmp_path: Path, nodeid: str) -> None:
    outside = project.path.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "test_x.py").write_text("print('reached')\ndef test_x(): pass")
    (project.path / "link").symlink_to(outside)
    sentence = refused(project, "a.jsonl", a_start(), a_failure(nodeid=nodeid.format(outside=outside)))
    assert sentence.startswith("a.jsonl#1 cannot be run again: ")


def test_a_report_runs_no_file_that_pytest_would_not_collect_by_itself(project: Project) -> None:
    project.write("deploy.py", "print('reached')\ndef test_x(): pass")
    project.write("build/test_x.py", "print('reached')\ndef test_x(): pass")
    for nodeid in ("deploy.py::test_x", "build/test_x.py::test_x"):
        assert "pytest finds no test" in refused(project, "a.jsonl", a_start(), a_failure(nodeid=nodeid))
    for phase in ("collect", "call"):
        project.write("a.jsonl", "\n".join(map(json.dumps, [a_start(), a_failure(nodeid="deploy.py", phase=phase)])))
        replayed(project, "--failure-review-replay=a.jsonl").stdout.no_fnmatch_line("*reached*")


def test_seeds_and_states_that_are_none_are_passed_over(project: Project) -> None:
    project.pytester.makepyfile(test_a="def test_a(checkpoint): assert checkpoint.load('x') == 1")
    hostile: list[Any] = [
        {"random_state": {"random": {"words": "AAAA", "position": 3, "gauss": None}}},
        {"random_state": {"random": {"words": "!", "position": 3, "gauss": None}}},
        {"random_state": {"random": {"words": 7, "position": 10**9, "gauss": "x"}}},
        {"random_state": 7},
        {"hypothesis": {"blob": "'); import os #", "version": "6"}},
        [],
    ]
    for provided in hostile:
        marked = [
            {"kind": "begun", "provided": provided},
            {"kind": "failure", "provided": provided},
            {"label": "x", "state": 1},
            7,
        ]
        start = a_start(seeds={"randomly": "x; y", "hypothesis": [], "PYTHONHASHSEED": "1\n::error::x; id"})
        project.write("a.jsonl", "\n".join(map(json.dumps, [start, a_failure(checkpoints=marked)])))
        replayed(project, "--failure-review-replay=a.jsonl").assert_outcomes(passed=1)


def test_a_worker_s_failure_is_replayed_in_this_process(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # this test may itself run in a worker
    project.pytester.makepyfile(test_a="import os\ndef test_a(): assert 'PYTEST_XDIST_WORKER' not in os.environ")
    failure = project.run("-n1").failure
    assert "-gw0.jsonl#1" in failure["replay"]
    replayed(project, *command_of(failure), "-n2").assert_outcomes(passed=1)


def test_without_the_option_nothing_of_it_is_loaded(project: Project) -> None:
    project.pytester.makepyfile("import sys\ndef test_a(): assert 'pytest_failure_review.replay' not in sys.modules")
    for name in ("replay", "recorded"):
        sys.modules.pop(f"pytest_failure_review.{name}", None)
    replayed(project).assert_outcomes(passed=1)


def test_the_name_of_a_file_cannot_write_to_the_terminal(project: Project) -> None:
    project.write("a\x1b[31m.jsonl", "{}")
    result = project.run_plain("--failure-review-replay=a\x1b[31m.jsonl")
    assert "\x1b[31m.jsonl" not in result.stderr.str() + result.stdout.str()
    result.stderr.fnmatch_lines(["*a?[[]31m.jsonl is no report: *"])
