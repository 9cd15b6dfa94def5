"""A secret parameter is in its test's id: it reaches no file, the page of a dead process included."""

from __future__ import annotations

import pytest
from plugin_project import Project

from pytest_failure_review.checking import check, check_the_dead

CANARY = "canary-4711-x7f"
SUITE = """
import os
import pytest

seen = []

@pytest.mark.parametrize("password", ["{canary}"])
def test_pays(password):
    seen.append(1)
    {pays}

@pytest.mark.parametrize("count", [1, 2])
def test_ok(count):
    {then}
"""


def write(project: Project, pays: str, then: str = "pass") -> None:
    project.write("test_a.py", SUITE.format(canary=CANARY, pays=pays, then=then))


def on_disk(project: Project) -> bytes:
    return b"".join(path.read_bytes() for path in project.reports.rglob("*") if path.is_file())


def test_the_page_of_a_process_that_dies_in_it_does_not_hold_it(project: Project) -> None:
    write(project, "os._exit(3)")
    project.run_and_die()
    assert list(project.reports.glob("*.running"))
    assert CANARY.encode() not in on_disk(project)
    assert " died in the call of test_a.py::test_pays[***]" in check_the_dead(project.reports).sentences[0]
    assert CANARY.encode() not in on_disk(project)


def test_the_record_of_a_later_test_names_it_without_the_secret(project: Project) -> None:
    write(project, "pass", "assert count == 1")
    ran = project.run()
    assert ran.failure["before"] == ["test_a.py::test_pays[***]", "test_a.py::test_ok[1]"]
    assert CANARY.encode() not in on_disk(project)


def test_a_secret_inside_a_parameter_is_one_in_an_id_of_the_test_s_own_making(project: Project) -> None:
    project.write(
        "test_a.py",
        "import pytest\n\n"
        f"@pytest.mark.parametrize('login', [{{'password': {CANARY!r}}}], ids=lambda each: each['password'])\n"
        "def test_pays(login): pass\n\n"
        "def test_fails(): assert False\n",
    )
    assert project.run().failure["before"] == ["test_a.py::test_pays[***]"]
    assert CANARY.encode() not in on_disk(project)


@pytest.mark.parametrize(
    "options",
    [
        ("-prerunfailures", "--reruns=1"),
        ("-ppytest-retry", "--retries=1"),
        ("-pflaky", "--force-flaky", "--max-runs=2", "--no-flaky-report"),
    ],
    ids=["rerunfailures", "pytest-retry", "flaky"],
)
def test_a_flaky_test_is_told_of_without_it_and_counted_once(project: Project, options: tuple[str, ...]) -> None:
    write(project, "assert len(seen) > 1")
    ran = project.run_and_die(*options)
    assert [record["nodeid"] for record in ran.files["main"] if record["record"] == "flaky"] == [
        "test_a.py::test_pays[***]"
    ]
    assert CANARY.encode() not in on_disk(project)
    found = check(project.reports)
    assert (found.complete, found.failures) == (True, 0)


def test_the_process_that_outlives_a_worker_tells_of_its_test_without_it(project: Project) -> None:
    write(project, "os._exit(3)")
    ran = project.run_and_die("-n1")
    assert [failure["nodeid"] for failure in ran.failures] == ["test_a.py::test_pays[***]"]
    assert ran.failure["outcome"] == "crashed"
    assert CANARY.encode() not in on_disk(project)


def test_a_test_that_another_worker_passed_is_flaky_without_it(project: Project) -> None:
    flag = project.path / "flag"
    write(project, f"flag = {str(flag)!r}; existed = os.path.exists(flag); open(flag, 'w'); existed or os._exit(3)")
    ran = project.run_and_die("-prerunfailures", "--reruns=1", "-n1")
    assert ran.result.ret == 0
    assert CANARY.encode() not in on_disk(project)
    assert check(project.reports).failures == 0
