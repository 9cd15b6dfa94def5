"""Which rule decides the category, and in which order."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from pytest_failure_review.categorise import FOLDERS, TABLE, Facts, categorise
from pytest_failure_review.report import Category


def of_driver(name: str, base: type[Exception] = Exception, **attributes: Any) -> type[Exception]:
    """An exception type that is called as a driver calls it, without the driver."""
    module, _, short = name.rpartition(".")
    return type(short, (base,), {"__module__": module, **attributes})


def psycopg(state: str | None) -> Exception:
    return of_driver("psycopg.OperationalError", of_driver("psycopg.Error"), sqlstate=state)("no route")


def mysql(number: int) -> Exception:
    return of_driver("pymysql.err.OperationalError", of_driver("pymysql.err.Error"))(number, "no")


def facts(*exceptions: BaseException, phase: str = "call", path: str = "test_a.py", **more: Any) -> Facts:
    return Facts(exceptions=exceptions, phase=phase, path=path, **more)


@pytest.mark.parametrize(
    ("exception", "category"),
    [
        (psycopg(None), "infra.database"),
        (psycopg("08006"), "infra.database"),
        (psycopg("57P01"), "infra.database"),
        (psycopg("53300"), "infra.database"),
        (psycopg("40P01"), "test.database"),
        (of_driver("psycopg2.OperationalError", of_driver("psycopg2.Error"), pgcode="08001")(), "infra.database"),
        (of_driver("asyncpg.exceptions._base.PostgresError", sqlstate="57P03")(), "infra.database"),
        (of_driver("asyncpg.exceptions._base.PostgresError", sqlstate=None)(), "test.database"),
        (of_driver("psycopg.errors.UniqueViolation", of_driver("psycopg.Error"))(), "test.database"),
        (mysql(2003), "infra.database"),
        (mysql(1064), "test.database"),
        (of_driver("sqlite3.OperationalError", of_driver("sqlite3.Error"))("no such table"), "test.database"),
        (of_driver("sqlalchemy.exc.OperationalError")(), "infra.database"),
        (of_driver("sqlalchemy.exc.IntegrityError", of_driver("sqlalchemy.exc.DBAPIError"))(), "test.database"),
        (of_driver("oracledb.exceptions.OperationalError")("DPY-6005: cannot connect"), "infra.database"),
        (of_driver("shop.db.InterfaceError")("connection already closed"), "infra.database"),
        (of_driver("docker.errors.APIError", of_driver("docker.errors.DockerException"))(), "infra.container"),
        (of_driver("selenium.common.exceptions.SessionNotCreatedException")(), "infra.test_environment"),
        (OSError(errno.ENOSPC, "full"), "infra.runner"),
        (OSError(errno.EMFILE, "too many"), "infra.runner"),
        (MemoryError(), "infra.runner"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "infra.network"),
        (of_driver("socket.gaierror", OSError)(-2, "unknown host"), "infra.network"),
        (of_driver("httpx.ConnectError", of_driver("httpx.TransportError"))(), "infra.network"),
        (TimeoutError(), "infra.network"),
        (of_driver("Failed")("Timeout (>1.0s) from pytest-timeout."), "test.unit"),
        (FileNotFoundError(errno.ENOENT, "missing"), "unknown"),
        (OSError("no number"), "unknown"),
        (KeyError("x"), "test.unit"),
        (ImportError("late"), "unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{type(value).__name__}-{value}",
)
def test_the_type_of_the_exception_decides(exception: Exception, category: str) -> None:
    assert categorise(facts(exception)).category == category


@pytest.mark.parametrize(
    ("message", "category"),
    [("Timeout (>1.0s) from pytest-timeout.", "performance"), ("no", "test.unit"), ("", "test.unit")],
)
def test_a_test_that_pytest_timeout_stopped_is_a_matter_of_performance(message: str, category: str) -> None:
    exception = pytest.fail.Exception(message)
    assert categorise(facts(exception)).category == category


def test_a_failure_without_words_is_judged_like_any_other() -> None:
    exception = pytest.fail.Exception()
    exception.args = ()
    assert categorise(facts(exception)).category == "test.unit"


@pytest.mark.parametrize(
    ("exception", "category"), [(ModuleNotFoundError(), "build.dependencies"), (SyntaxError(), "build.compile")]
)
def test_what_cannot_be_collected_did_not_build(exception: Exception, category: str) -> None:
    assert categorise(facts(exception, phase="collect")).category == category


@pytest.mark.parametrize("phase", ["collect", "setup", "call", "teardown"])
@pytest.mark.parametrize(
    "stopped",
    [
        facts(interrupted=True, path="tests/unit/test_a.py"),
        facts(KeyboardInterrupt(), fixture=("stack", "session")),
        facts(ConnectionError(), pytest.exit.Exception("enough")),
    ],
    ids=["by a worker's end", "by Ctrl-C", "by pytest.exit"],
)
def test_a_run_that_was_stopped_says_nothing_of_the_test(stopped: Facts, phase: str) -> None:
    verdict = categorise(stopped._replace(phase=phase))
    assert verdict == ("unknown", "the run was interrupted while it ran", 0.0)


def test_what_a_test_raises_after_it_caught_ctrl_c_is_its_own() -> None:
    assert categorise(facts(KeyboardInterrupt(), AssertionError())).category == "test.unit"


def test_a_database_behind_a_refused_connection_is_the_database() -> None:
    found = categorise(facts(ConnectionRefusedError(), of_driver("redis.exceptions.ConnectionError")("away")))
    assert found.category == "infra.database"
    assert found.rule == "the database could not be reached (redis.exceptions.ConnectionError)"


def test_a_leaf_of_a_group_decides() -> None:
    group = ExceptionGroup("many", [ValueError(), ConnectionResetError()])
    assert categorise(facts(group, *group.exceptions)).category == "infra.network"


def test_the_marker_goes_before_everything() -> None:
    verdict = categorise(facts(ConnectionError(), path="tests/db/test_a.py", marked="build.compile.cpp"))
    assert (verdict.category, verdict.confidence) == ("build.compile.cpp", 1.0)


def test_a_marker_that_names_no_category_is_passed_over_and_said() -> None:
    verdict = categorise(facts(ConnectionError(), marked="flaky"))
    assert verdict.category == "infra.network"
    assert verdict.rule == "a connection failed (ConnectionError) (its marker names 'flaky', which is no category)"


@pytest.mark.parametrize(
    ("scope", "category"),
    [
        ("session", "infra.test_environment"),
        ("package", "infra.test_environment"),
        ("module", "infra.test_environment"),
        ("class", "test.integration"),
        ("function", "test.integration"),
    ],
)
@pytest.mark.parametrize("phase", ["setup", "teardown"])
def test_a_fixture_that_fails_is_judged_by_its_scope(scope: str, category: str, phase: str) -> None:
    verdict = categorise(facts(RuntimeError(), phase=phase, fixture=("stack", scope)))
    assert verdict.category == category
    assert f"fixture 'stack' of scope {scope} failed in {phase}" in verdict.rule


def test_a_fixture_that_is_called_in_the_test_itself_is_not_blamed() -> None:
    assert categorise(facts(RuntimeError(), fixture=("factory", "session"))).category == "test.unit"


@pytest.mark.parametrize(("folder", "category"), FOLDERS.items())
def test_the_folder_of_the_test_decides_when_the_exception_says_nothing(folder: str, category: Category) -> None:
    assert categorise(facts(AssertionError(), path=f"tests/{folder}/deep/test_a.py")).category == category


def test_the_innermost_folder_goes_first() -> None:
    assert categorise(facts(AssertionError(), path="tests/unit/db/test_a.py")).category == "test.database"


@pytest.mark.parametrize("path", ["unit", "tests/db.py", "my-unit/test_a.py"])
def test_only_a_folder_of_that_name_decides(path: str) -> None:
    assert categorise(facts(KeyError(), path=path)).rule == "the test raised KeyError, and names no kind"


def test_a_failed_assertion_of_a_test_that_names_no_kind_is_a_unit_test_but_not_surely() -> None:
    verdict = categorise(facts(AssertionError()))
    assert (verdict.category, verdict.confidence) == ("test.unit", 0.4)


def test_whatever_else_the_code_raises_is_a_unit_test_even_less_surely() -> None:
    verdict = categorise(facts(LookupError()))
    assert (verdict.category, verdict.confidence) == ("test.unit", 0.3)


@pytest.mark.parametrize("phase", ["setup", "teardown", "collect"])
def test_an_assertion_outside_of_the_test_says_nothing(phase: str) -> None:
    assert categorise(facts(AssertionError(), phase=phase)).category == "unknown"


def test_a_worker_that_died_is_a_matter_of_the_runner() -> None:
    verdict = categorise(facts(crashed=True))
    assert (verdict.category, verdict.confidence) == ("infra.runner", 0.5)


@pytest.mark.parametrize(
    "message", ["psycopg.OperationalError: 08006", "Connection refused", "No space left on device"]
)
def test_words_in_a_message_never_make_it_the_infrastructure(message: str) -> None:
    """T15: whoever writes a test writes its messages."""
    assert categorise(facts(AssertionError(message))).category == "test.unit"


def test_no_row_of_the_table_claims_to_be_certain() -> None:
    assert all(0 < row.confidence < 1 for row in TABLE)
