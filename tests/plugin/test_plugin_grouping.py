"""One cause is one record: a shared fixture that fails many tests, and a test that fails twice."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_project import Project

from pytest_failure_review.checking import check

SHARED = """
    import pytest

    @pytest.fixture(scope="{scope}")
    def database():
        raise ConnectionRefusedError("no database")

    @pytest.mark.parametrize("number", range({count}))
    def test_order(database, number):
        pass
"""


def groups(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for record in records if record["record"] == "group"]


@pytest.mark.parametrize("scope", ["session", "package", "module"])
def test_a_shared_fixture_that_fails_all_tests_is_one_record_and_a_count(project: Project, scope: str) -> None:
    project.pytester.makepyfile(SHARED.format(scope=scope, count=120))
    ran = project.run()
    failure, last = ran.failure, groups(ran.files["main"])[-1]
    assert (failure["category"], failure["fixture"]) == ("infra.network", {"name": "database", "scope": scope})
    assert (last["group"], last["count"], len(last["nodeids"])) == (failure["group"], 120, 50)
    assert last["nodeids"][0].endswith("test_order[1]")
    assert ran.finish["counts"]["error"] == 120


def test_the_report_accounts_for_all_of_them(project: Project) -> None:
    project.pytester.makepyfile(SHARED.format(scope="session", count=5))
    project.run()
    assert check(project.reports).complete


def test_the_table_counts_all_of_them(project: Project) -> None:
    project.pytester.makepyfile(SHARED.format(scope="session", count=40))
    project.run().result.stdout.fnmatch_lines(["40x  infra.network * and 39 more"])


def test_a_run_that_dies_has_told_of_at_least_half(project: Project) -> None:
    dies = "\n    def test_z():\n        import os\n        os._exit(1)\n"
    project.pytester.makepyfile(SHARED.format(scope="session", count=40) + dies)
    assert groups(project.run(alone=True).files["main"])[-1]["count"] > 20


def test_a_fixture_of_each_test_fails_each_test(project: Project) -> None:
    project.pytester.makepyfile(SHARED.format(scope="function", count=4))
    ran = project.run()
    assert (len(ran.failures), groups(ran.files["main"])) == (4, [])
    assert len({failure["group"] for failure in ran.failures}) == 4


def test_an_exception_that_is_raised_anew_is_recorded_anew(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session", params=[1, 2])
        def database(request):
            raise ConnectionRefusedError("no database")

        def test_a(database): pass
        def test_b(database): pass
        """
    )
    ran = project.run()
    assert len(ran.failures) == 2
    assert groups(ran.files["main"])[-1]["count"] == 3


@pytest.mark.parametrize(
    "source",
    [
        "def setup_module():\n    raise OSError\n\ndef test_a(): pass\ndef test_b(): pass",
        (
            "class TestA:\n    @classmethod\n    def setup_class(cls):\n        raise OSError\n\n"
            "    def test_a(self): pass\n    def test_b(self): pass"
        ),
        (
            "import unittest\n\nclass TestA(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n"
            "        raise OSError\n\n    def test_a(self): pass\n    def test_b(self): pass"
        ),
    ],
    ids=["setup_module", "setup_class", "setUpClass"],
)
def test_what_pytest_makes_a_fixture_of_is_shared_as_well(project: Project, source: str) -> None:
    project.pytester.makepyfile(source)
    ran = project.run()
    assert (len(ran.failures), groups(ran.files["main"])[-1]["count"]) == (1, 2)


def test_workers_give_one_cause_the_same_group(project: Project) -> None:
    project.pytester.makepyfile(SHARED.format(scope="session", count=8))
    ran = project.run("-n", "2")
    assert len({failure["group"] for failure in ran.failures}) == 1
    assert check(project.reports).complete


def test_call_and_teardown_of_one_test_are_one_group(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def leaking():
            yield
            raise RuntimeError

        def test_a(leaking): assert 0
        def test_b(): assert 0
        """
    )
    call, teardown, other = project.run().failures
    assert (call["phase"], teardown["phase"]) == ("call", "teardown")
    assert call["group"] == teardown["group"] != other["group"]


def test_ids_in_a_group_hold_no_secret(project: Project) -> None:
    secret = SHARED.format(scope="session", count=2).replace(
        '"number", range(2)', '"password", ["s3sam-open", "tr0ub4dor"]'
    )
    project.pytester.makepyfile(secret.replace("database, number", "database, password"))
    ran = project.run()
    assert groups(ran.files["main"])[-1]["nodeids"][0].endswith("test_order[***]")
    assert ran.failure["nodeid"].endswith("test_order[***]")


def test_what_a_note_tells_of_one_occasion_makes_no_other_failure(project: Project) -> None:
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("example", ["ann", "bob"])
        def test_total(example):
            error = LookupError("no total")
            error.add_note(f"Falsifying example: test_total(name={example})")
            raise error
        """
    )
    one, other = project.run().failures
    assert "name=ann" in one["message"]
    assert "name=bob" in other["message"]
    assert one["fingerprint"] == other["fingerprint"]
    assert one["fingerprint_root"] == other["fingerprint_root"]
