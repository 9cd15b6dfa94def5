"""What a run leaves in its report, from a passing test to a session that cannot be collected."""

from __future__ import annotations

import hashlib
import shutil
import stat
import subprocess
from importlib.util import find_spec

import pytest
from plugin_project import Project

FAILING = """
    import pytest

    @pytest.fixture
    def broken():
        raise RuntimeError("not up")

    @pytest.fixture
    def leaking():
        yield
        raise RuntimeError("not down")

    def test_call():
        assert 1 == 2

    def test_setup(broken):
        pass

    def test_teardown(leaking):
        pass
"""


def test_a_passing_run_leaves_start_and_finish(project: Project) -> None:
    project.pytester.makepyfile("def test_ok(): pass")
    ran = project.run()
    assert [record["record"] for record in ran.files["main"]] == ["start", "gate", "finish"]
    assert ran.finish["counts"]["passed"] == 1
    assert ran.finish["exit_status"] == 0


def test_a_passing_run_prints_no_table(project: Project) -> None:
    project.pytester.makepyfile("def test_ok(): pass")
    project.run().result.stdout.no_fnmatch_line("*failure review*")


@pytest.mark.parametrize(
    ("test", "phase", "outcome"),
    [("test_call", "call", "failed"), ("test_setup", "setup", "error"), ("test_teardown", "teardown", "error")],
)
def test_each_phase_is_recorded_with_its_outcome(project: Project, test: str, phase: str, outcome: str) -> None:
    project.pytester.makepyfile(FAILING)
    failure = project.run("-k", test).failure
    assert (failure["phase"], failure["outcome"]) == (phase, outcome)


def test_a_test_that_fails_in_call_and_teardown_has_two_records(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def leaking():
            yield
            raise RuntimeError("not down")

        def test_both(leaking):
            assert False
        """
    )
    ran = project.run()
    assert [failure["phase"] for failure in ran.failures] == ["call", "teardown"]
    assert ran.finish["counts"] == {"passed": 0, "failed": 1, "error": 1, "skipped": 0, "xfailed": 0, "xpassed": 0}


@pytest.mark.parametrize(
    ("source", "category"),
    [("import nothing_like_it", "build.dependencies"), ("def test_(:", "build.compile")],
)
def test_a_file_that_cannot_be_collected_is_a_build_failure(project: Project, source: str, category: str) -> None:
    project.write("test_broken.py", source)
    failure = project.run().failure
    assert (failure["phase"], failure["category"], failure["path"], failure["line"]) == (
        "collect",
        category,
        "test_broken.py",
        1,
    )


def test_the_failure_points_at_the_deepest_line_of_the_repository(project: Project) -> None:
    project.write("shop.py", "import json\n\n\ndef total(text):\n    return json.loads(text)\n")
    project.write("test_shop.py", "import shop\n\n\ndef test_total():\n    shop.total('{')\n")
    failure = project.run().failure
    assert (failure["path"], failure["line"], failure["exception"]) == ("shop.py", 5, "json.decoder.JSONDecodeError")
    assert [frame["function"] for frame in failure["frames"] if frame["in_repo"]] == ["test_total", "total"]


def test_paths_start_at_the_repository_even_when_the_project_is_a_folder_of_it(project: Project) -> None:
    project.write(".git", "gitdir: elsewhere")
    project.write(".github/CODEOWNERS", "/services/ @org/services\n")
    project.write("services/pytest.ini", "[pytest]\n")
    project.write("services/test_a.py", "def test_a():\n    assert False\n")
    failure = project.run("--rootdir=services", "services").failure
    assert (failure["nodeid"], failure["path"]) == ("test_a.py::test_a", "services/test_a.py")
    assert failure["owner"] == {"names": ["@org/services"], "source": ".github/CODEOWNERS", "line": 1}


def test_a_strict_xfail_that_passes_is_recorded(project: Project) -> None:
    project.pytester.makepyfile("import pytest\n\n\n@pytest.mark.xfail(strict=True)\ndef test_a(): pass")
    failure = project.run().failure
    assert (failure["outcome"], failure["exception"], failure["category"]) == ("failed", "", "test.unit")


def test_skips_and_expected_failures_are_counted_and_not_recorded(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        def test_skipped():
            pytest.skip()

        @pytest.mark.xfail
        def test_xfailed():
            assert False

        @pytest.mark.xfail
        def test_xpassed():
            pass
        """,
        test_module="import pytest\npytest.skip(allow_module_level=True)",
    )
    ran = project.run()
    assert ran.failures == []
    assert ran.finish["counts"] == {"passed": 0, "failed": 0, "error": 0, "skipped": 2, "xfailed": 1, "xpassed": 1}


@pytest.mark.skipif(
    not hasattr(pytest, "Subtests") and find_spec("pytest_subtests") is None,
    reason="sub-tests are part of pytest since version 9, and pytest-subtests is not installed",
)
def test_a_test_with_failed_subtests_counts_as_one_failure(project: Project) -> None:
    project.pytester.makepyfile(
        """
        def test_many(subtests):
            for number in range(3):
                with subtests.test(number=number):
                    assert number == 0
        """
    )
    ran = project.run()
    assert [failure["message"].splitlines()[0] for failure in ran.failures] == [
        "AssertionError: assert 1 == 0",
        "AssertionError: assert 2 == 0",
    ]
    assert (ran.finish["counts"]["failed"], ran.finish["counts"]["passed"]) == (1, 0)


def test_the_marker_decides_category_owner_and_sla(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.failure_review(category="performance", owner="@org/all", sla="8h")

        @pytest.mark.failure_review(owner=["@ann", "@ben"])
        def test_slow():
            raise ConnectionError
        """
    )
    failure = project.run("--strict-markers").failure
    assert (failure["category"], failure["rule"], failure["confidence"]) == (
        "performance",
        "the test's failure_review marker",
        1.0,
    )
    assert failure["owner"] == {"names": ["@ann", "@ben"], "source": "marker", "line": None}
    assert failure["sla"] == "8h"


def test_the_attempt_of_a_rerun_is_recorded(project: Project) -> None:
    project.write("conftest.py", "def pytest_itemcollected(item):\n    item.execution_count = 3\n")
    project.pytester.makepyfile("def test_a():\n    assert False")
    assert project.run().failure["attempt"] == 3


def test_the_finish_record_vouches_for_everything_before_it(project: Project) -> None:
    project.pytester.makepyfile(FAILING)
    ran = project.run()
    (file,) = project.reports.glob("*.jsonl")
    *before, _ = file.read_bytes().splitlines(keepends=True)
    assert ran.finish["sha256"] == hashlib.sha256(b"".join(before)).hexdigest()
    assert ran.finish["failures"] == len(ran.failures) == 3


def test_only_its_user_may_read_a_report(project: Project) -> None:
    project.pytester.makepyfile("def test_ok(): pass")
    project.run()
    (file,) = project.reports.glob("*.jsonl")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_each_run_has_its_own_file(project: Project) -> None:
    project.pytester.makepyfile("def test_ok(): pass")
    project.run()
    project.run()
    assert len(list(project.reports.glob("*.jsonl"))) == 2


def test_the_start_record_says_where_it_ran(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "REPOSITORY": "octo/shop",
        "RUN_ID": "9",
        "RUN_ATTEMPT": "2",
        "JOB": "unit",
        "SHA": "c" * 40,
        "WORKFLOW": "CI",
    }
    for name, value in said.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    project.pytester.makepyfile("def test_ok(): pass")
    start = project.run().files["main"][0]
    assert start["github"] == {name.lower(): value for name, value in said.items()}


def test_outside_of_actions_the_start_record_claims_no_job(project: Project) -> None:
    project.pytester.makepyfile("def test_ok(): pass")
    assert project.run().files["main"][0]["github"] is None


def test_secrets_of_the_environment_reach_neither_report_nor_table(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", "correct-horse-battery")
    project.pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.parametrize("value", [os.environ["DEPLOY_TOKEN"]])
        def test_deploy(value):
            assert value == "other", {"password": "staple"}
        """
    )
    ran = project.run("-l")
    (file,) = project.reports.glob("*.jsonl")
    kept = file.read_text()
    assert "correct-horse" not in kept
    assert "staple" not in kept
    assert ran.failure["nodeid"].endswith("::test_deploy[***]")
    assert ran.finish["redactions"] > 0
    assert not [line for line in _own_lines(ran.result.outlines) if "correct-horse" in line]


def _own_lines(lines: list[str]) -> list[str]:
    start = next(number for number, line in enumerate(lines) if "= failure review =" in line)
    return lines[start : start + 3]


def test_the_start_record_says_which_commit_ran(project: Project) -> None:
    project.write("test_a.py", "def test_a(): pass\n")
    assert project.run().files["main"][0]["git"] is None
    for words in ("init -q", "add test_a.py", "-c user.name=a -c user.email=a@b commit -q -m first"):
        subprocess.run(["git", *words.split()], cwd=project.path, check=True)
    sha = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project.path, check=True, stdout=subprocess.PIPE).stdout
    found = []
    for content in ("def test_a(): pass\n", "def test_a(): assert True\n"):
        project.write("test_a.py", content)
        shutil.rmtree(project.reports)
        start = project.run().files["main"][0]
        found.append(start["git"])
        assert start["dist"] == "no"
    assert found == [{"sha": sha.decode().strip(), "dirty": dirty} for dirty in (False, True)]


def test_a_failure_says_how_long_its_phase_took(project: Project) -> None:
    project.write(
        "conftest.py",
        """
def pytest_runtest_logreport(report):
    if report.failed:
        with open("took", "a") as file:
            print(report.duration, file=file)
""",
    )
    project.write(
        "test_a.py",
        """
import time, pytest

@pytest.fixture
def slow():
    time.sleep(0.2)
    raise ConnectionError

def test_call():
    assert False

def test_setup(slow): pass
""",
    )
    call, setup = project.run().failures
    took = map(float, (project.path / "took").read_text().split())
    assert [call["duration"], setup["duration"]] == [round(each, 6) for each in took]
    assert call["duration"] > 0
    assert setup["duration"] >= 0.2


def test_a_file_that_cannot_be_collected_has_no_duration(project: Project) -> None:
    project.write("test_a.py", "import nothing_like_it")
    assert "duration" not in project.run().failure
